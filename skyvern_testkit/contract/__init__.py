"""The contract: cases that hold of Skyvern's server, each run against any target by any driver.

A case is a plain pytest function in ``contracts/cases``::

    @case("sessions.close.idempotent", fact="resources 9")
    def test_closing_twice(skyvern: Caller) -> None: ...

``contracts/README.md`` says how one is written.
"""

from skyvern_testkit.contract.calling import Caller
from skyvern_testkit.contract.cases import Case, case
from skyvern_testkit.contract.outcome import Outcome

__all__ = ["Caller", "Case", "Outcome", "case"]
