"""Client code in many worlds: :func:`~skyvern_testkit.exploration.exploring.explore`.

The package is not named ``explore``, so that ``from skyvern_testkit import explore`` is the function,
whatever was imported before.
"""

from skyvern_testkit.exploration.counterexample import Counterexample
from skyvern_testkit.exploration.exploring import explore
from skyvern_testkit.exploration.scenarios import Scenario, scenarios

__all__ = ["Counterexample", "Scenario", "explore", "scenarios"]
