"""One client in one world: what it used, or how it failed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from skyvern_testkit.clock import ClockError, Deadlock, VirtualTimeExceeded
from skyvern_testkit.exploration.client_function import ClientFunction, name_of
from skyvern_testkit.exploration.counterexample import Counterexample
from skyvern_testkit.exploration.program import as_test
from skyvern_testkit.exploration.scenarios import Scenario
from skyvern_testkit.fake.fake import TooManyRequests
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.opening import fake_skyvern
from skyvern_testkit.wire.operations import OPERATIONS

__all__ = ["Failure", "Seen", "Trial"]

FUSES: Final = (ClockError, TooManyRequests)
"""What says that the client never ends: no client can declare these."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a client used in a world."""

    kinds: tuple[str, ...]
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    error: BaseException
    scenario: Scenario
    report: str
    in_check: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """One client and what is asked of it; it can be run in any number of worlds."""

    client: ClientFunction
    raises: tuple[type[Exception], ...]
    check: Callable[[Any, InProcessSkyvern], object] | None
    setup: Callable[[InProcessSkyvern], object] | None
    deadline: float
    world: dict[str, Any]

    def run(self, scenario: Scenario) -> Seen | Failure:
        """The client in that scenario's world."""
        options: dict[str, Any] = {
            "seed": scenario.seed,
            **self.world,
            "max_virtual": self.deadline,
        }
        error: BaseException | None = None
        fake: InProcessSkyvern | None = None
        returned = begun = False
        try:
            with fake_skyvern(**options) as fake:
                if self.setup is not None:
                    self.setup(fake)
                scenario.apply(fake)
                begun = True
                try:
                    result = self.client(fake)
                    returned = True
                    if self.check is not None:
                        self.check(result, fake)
                except _failures() as raised:
                    if returned or isinstance(raised, FUSES) or not isinstance(raised, self.raises):
                        error = raised
                        fake.forgive()
        except Exception as raised:  # what the client has swallowed comes out at the end
            if fake is None or not begun:
                raise
            error = error or raised
        if error is None:
            return _seen(fake)
        return Failure(error, _used(scenario, fake), fake.report(besides=error), returned)

    def tell(self, failure: Failure) -> NoReturn:
        """Raise what was found, for people: in the world without what nobody used."""
        __tracebackhide__ = True
        again = self.run(failure.scenario)
        if isinstance(again, Failure) and type(again.error) is type(failure.error):
            failure = again
        error = failure.error
        bare = isinstance(error, self.raises)  # a fuse under a declared base class
        code = as_test(
            failure.scenario,
            self.client,
            setup=self.setup,
            check=self.check,
            raises=() if bare else self.raises,
            world={"seed": failure.scenario.seed, **self.world, "max_virtual": self.deadline},
        )
        raise Counterexample(
            self._sentence(failure), scenario=failure.scenario, code=code, report=failure.report
        ) from error

    def _sentence(self, failure: Failure) -> str:
        name, error = name_of(self.client.function), failure.error
        first = (str(error).splitlines() or [""])[0]
        match error:
            case VirtualTimeExceeded():
                return (
                    f"{name} has not ended after {self.deadline:g} virtual seconds, its deadline."
                )
            case Deadlock():
                return f"{name} would hang for ever. {first}"
            case TooManyRequests():
                return f"{name} does not stop asking. {first}"
            case _ if failure.in_check:
                return f"{name} returned what fails the check: {type(error).__name__}: {first}"
            case _:
                may = ", ".join(kind.__name__ for kind in self.raises) or "nothing"
                kind = type(error).__name__
                return f"{name} raised {kind}, and declares {may}: {first}"


def _failures() -> tuple[type[BaseException], ...]:
    """What a test fails by; ``pytest.fail`` and a cancellation are no Exceptions."""
    pytest: Any = sys.modules.get("pytest")
    failed = (pytest.fail.Exception,) if pytest is not None else ()
    return (Exception, asyncio.CancelledError, *failed)


def _used(scenario: Scenario, fake: InProcessSkyvern) -> Scenario:
    """Without the scripts that no run has played."""
    rules = fake.world.rules[len(fake.world.rules) - len(scenario.scripts) :]
    pairs = zip(rules, scenario.scripts, strict=True)
    played = tuple(item for rule, item in pairs if fake.world.rule_uses.get(rule.number))
    return replace(scenario, scripts=played)


def _seen(fake: InProcessSkyvern) -> Seen:
    kinds = tuple(dict.fromkeys(run.run_type for run in fake.runs))
    asked = dict.fromkeys(name for call in fake.journal if (name := call.operation) in OPERATIONS)
    if kinds:
        asked["cancel_run"] = None  # asked for when something is wrong
    return Seen(kinds, tuple(asked))
