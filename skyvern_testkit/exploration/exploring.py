"""``explore(client_function, ...)``: client code in many worlds, each another that the server could be."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final, NoReturn

from hypothesis import Phase, Verbosity, given, settings
from hypothesis import seed as with_seed
from hypothesis.errors import Flaky

from skyvern_testkit.clock import (
    ClockError,
    Deadlock,
    VirtualTimeExceeded,
    running_clock,
    running_library,
)
from skyvern_testkit.exploration.client_function import ClientFunction, name_of
from skyvern_testkit.exploration.counterexample import Counterexample
from skyvern_testkit.exploration.program import as_test
from skyvern_testkit.exploration.scenarios import Scenario, plain_scenarios, scenarios
from skyvern_testkit.fake.fake import TooManyRequests
from skyvern_testkit.strategies import STATUSES, WAYS, Way, every_fault, faults, run_scripts
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.opening import fake_skyvern
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.operations import OPERATIONS

__all__ = ["explore"]

PHONE: Final = "demo@example.com"
FUSES: Final = (ClockError, TooManyRequests)
"""What says that the client never ends: no client can declare these."""


def explore(
    client_function: Callable[..., Any],
    *,
    deadline: float,
    raises: type[Exception] | Collection[type[Exception]] = (),
    check: Callable[[Any, InProcessSkyvern], object] | None = None,
    setup: Callable[[InProcessSkyvern], object] | None = None,
    kinds: Collection[str] | None = None,
    output_schema: Json | None = None,
    error_codes: Collection[str] = (),
    totp: str | None = PHONE,
    hangs: bool = True,
    longest: float = 3600.0,
    operations: Collection[str] | None = None,
    ways: Collection[Way] = WAYS,
    statuses: Collection[int] = STATUSES,
    max_examples: int = 100,
    seed: int | None = None,
    **world: Any,
) -> None:
    """Run client code in many worlds, and see that it ends in time and raises only what it declares.

    Each is a fresh world on virtual time. In it runs take every legal way through their states,
    hang, wait for codes that come late or never; requests are answered 503 or 429, connections
    break. The first world is without any trouble, and shows which kinds of run and which operations
    the client uses. Then comes each trouble by itself, up to half of the worlds; in the others
    Hypothesis mixes them, the same ones every time unless you give a seed.

    Args:
        client_function: async or not. Parameters named ``client`` (the SDK's, async or sync as the
            function is), ``sync_client``, ``http`` (a plain httpx client) and ``fake`` are filled.
            One without parameters makes its client itself, which is then intercepted.
        deadline: virtual seconds after which it must have ended.
        raises: what it may raise.
        check: called with its result and the fake when it has returned; raises what is wrong.
        setup: called with the fake before: what the client finds in its world.
        kinds: of runs that are scripted, as for :func:`~skyvern_testkit.strategies.run_scripts`;
            default: those that the client starts in the first world.
        output_schema: outputs of completed runs conform to it.
        error_codes: of the client's ``error_code_mapping``.
        totp: the identifier under which some runs wait for codes; None: none does.
        hangs: some runs never end.
        longest: virtual seconds that a run takes at most.
        operations: whose calls go wrong, ``"*"`` for any; default: those that the client uses in
            the first world, and ``cancel_run``. An empty list is for a perfect network.
        ways: how they go wrong, as for :func:`~skyvern_testkit.strategies.faults`.
        statuses: what servers in trouble answer.
        max_examples: how many worlds.
        seed: of the choice of worlds.
        world: further arguments for :func:`~skyvern_testkit.fake_skyvern`: ``fake="invoice_portal"``,
            ``intercept=True``.

    Raises:
        Counterexample: the client did not end in time, raised what it does not declare, or failed
            the check. Shrunk, with a test that fails in the same way.
        ClockError: called where virtual time or an event loop runs already.
        TypeError: parameters that cannot be filled; arguments that are explore's own.
        ValueError: an unknown kind, operation or way.
    """
    __tracebackhide__ = True  # pytest shows the caller, and the error's own traceback
    _check_place()
    if own := sorted({"clock", "strict", "max_virtual"} & world.keys()):
        raise TypeError(f"explore() opens its worlds with {own[0]}= of its own")
    client = ClientFunction(client_function)
    if client.takes_nothing:
        world.setdefault("intercept", True)
    declared = raises if isinstance(raises, type) else tuple(raises)
    trial = _Trial(
        client,
        (declared,) if isinstance(declared, type) else declared,
        check,
        setup,
        deadline,
        world,
    )
    seen = trial.run(Scenario())
    if isinstance(seen, _Failure):
        trial.tell(seen)
    kinds = seen.kinds if kinds is None else kinds
    operations = seen.operations if operations is None else operations
    drawn = scenarios(
        {
            kind: run_scripts(
                kind,
                output_schema=output_schema,
                error_codes=error_codes,
                totp=totp,
                hangs=hangs,
                longest=longest,
            )
            for kind in kinds
        },
        faults(operations, ways=ways, statuses=statuses),
    )
    rules = every_fault(operations, ways=ways, statuses=statuses)
    plain = plain_scenarios(kinds, rules, totp=totp, longest=longest, hangs=hangs)
    left = max_examples
    for scenario in islice(plain, max_examples // 2):
        left -= 1
        outcome = trial.run(scenario)
        if isinstance(outcome, _Failure):
            trial.tell(outcome)
    found: list[_Failure] = []

    @settings(
        max_examples=left,
        derandomize=seed is None,
        database=None,  # what is found is printed as a test; nothing is left in the user's folder
        deadline=None,  # time is virtual
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,  # the counterexample says it all
        print_blob=False,
    )
    @given(scenario=drawn)
    def examine(scenario: Scenario) -> None:
        outcome = trial.run(scenario)
        if isinstance(outcome, _Failure):
            found.append(outcome)
            raise outcome.error

    try:
        (examine if seed is None else with_seed(seed)(examine))()
    except Flaky as error:
        error.add_note(
            f"{name_of(client_function)} does not do the same in the same world. Does it keep "
            "something from one call to the next, or ask a clock, a random number or an address "
            "that is not the fake's?"
        )
        raise
    except BaseException as error:
        if not found or error is not found[-1].error:
            raise
        trial.tell(found[-1])


def _check_place() -> None:
    library = running_library()
    if library is not None:
        raise ClockError(
            f"explore() runs each world in an event loop of its own, and {library} runs one already: "
            "call it from a plain function (def test_...(), not async def)"
        )
    if running_clock() is not None:
        raise ClockError(
            "explore() opens worlds of its own, and a fake is open already: call it from a test without "
            "skyvern fixtures, outside of `with fake_skyvern()`"
        )


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a client used in a world."""

    kinds: tuple[str, ...]
    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Failure:
    error: BaseException
    scenario: Scenario
    report: str
    in_check: bool


@dataclass(frozen=True, slots=True)
class _Trial:
    """One client and what is asked of it; it can be run in any number of worlds."""

    client: ClientFunction
    raises: tuple[type[Exception], ...]
    check: Callable[[Any, InProcessSkyvern], object] | None
    setup: Callable[[InProcessSkyvern], object] | None
    deadline: float
    world: dict[str, Any]

    def run(self, scenario: Scenario) -> _Seen | _Failure:
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
        return _Failure(error, _used(scenario, fake), fake.report(besides=error), returned)

    def tell(self, failure: _Failure) -> NoReturn:
        """Raise what was found, for people: in the world without what nobody used."""
        __tracebackhide__ = True
        again = self.run(failure.scenario)
        if isinstance(again, _Failure) and type(again.error) is type(failure.error):
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

    def _sentence(self, failure: _Failure) -> str:
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


def _seen(fake: InProcessSkyvern) -> _Seen:
    kinds = tuple(dict.fromkeys(run.run_type for run in fake.runs))
    asked = dict.fromkeys(name for call in fake.journal if (name := call.operation) in OPERATIONS)
    if kinds:
        asked["cancel_run"] = None  # asked for when something is wrong
    return _Seen(kinds, tuple(asked))
