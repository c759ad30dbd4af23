"""What an exploration has found: the error, and a test that shows it again."""

from __future__ import annotations

from skyvern_testkit.exploration.scenarios import Scenario

__all__ = ["Counterexample"]


class Counterexample(AssertionError):
    """Client code breaks what is asked of it, in a world that the real server could have been.

    The error itself is its ``__cause__``.

    Attributes:
        scenario: what that world had in store, shrunk.
        code: a test, complete with its imports, that fails in the same way.
        report: what happened in that world.
    """

    def __init__(self, sentence: str, *, scenario: Scenario, code: str, report: str) -> None:
        shown = "\n".join(f"    {line}" if line else "" for line in code.splitlines())
        super().__init__(
            f"{sentence}\n\nAs a test of its own:\n\n{shown}\n\nIn that world: {report}"
        )
        self.scenario = scenario
        self.code = code
        self.report = report
