"""``explore(client_function, ...)``: client code in many worlds, each another that the server could be."""

from __future__ import annotations

from collections.abc import Callable, Collection
from itertools import islice
from typing import Any, Final

from hypothesis import Phase, Verbosity, given, settings
from hypothesis import seed as with_seed
from hypothesis.errors import Flaky

from skyvern_testkit.clock import ClockError, running_clock, running_library
from skyvern_testkit.exploration.client_function import ClientFunction, name_of
from skyvern_testkit.exploration.scenarios import Scenario, plain_scenarios, scenarios
from skyvern_testkit.exploration.trial import Failure, Trial
from skyvern_testkit.strategies import STATUSES, WAYS, Way, every_fault, faults, run_scripts
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.wire.jsontext import Json

__all__ = ["explore"]

PHONE: Final = "demo@example.com"


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
    seed: int = 0,
    **world: Any,
) -> None:
    """Run client code in many worlds, and see that it ends in time and raises only what it declares.

    Each is a fresh world on virtual time. In it runs take every legal way through their states,
    hang, wait for codes that come late or never; requests are answered 503 or 429, connections
    break. The first world is without any trouble, and shows which kinds of run and which operations
    the client uses. Then comes each trouble by itself, up to half of the worlds; in the others
    Hypothesis mixes them: by the seed, so that the same code has the same verdict every time.

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
        ValueError: an unknown kind, operation or way; a function without parameters
            whose own client asks the fake for nothing.
    """
    __tracebackhide__ = True  # pytest shows the caller, and the error's own traceback
    _check_place()
    if own := sorted({"clock", "strict", "max_virtual"} & world.keys()):
        raise TypeError(f"explore() opens its worlds with {own[0]}= of its own")
    client = ClientFunction(client_function)
    if client.takes_nothing:
        world.setdefault("intercept", True)
    declared = raises if isinstance(raises, type) else tuple(raises)
    trial = Trial(
        client,
        (declared,) if isinstance(declared, type) else declared,
        check,
        setup,
        deadline,
        world,
    )
    seen = trial.run(Scenario())
    if isinstance(seen, Failure):
        trial.tell(seen)
    if client.takes_nothing and operations is None and not seen.operations:
        raise ValueError(
            f"{client_function!r} asked the fake for nothing, so there is nothing to explore: give it "
            "the fake's client (a parameter named client, http or fake), or let its own one be caught "
            'with intercept=True; one for another address, such as "http://localhost:8000", is not.'
        )
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
        if isinstance(outcome, Failure):
            trial.tell(outcome)
    found: list[Failure] = []

    @settings(
        max_examples=left,
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
        if isinstance(outcome, Failure):
            found.append(outcome)
            raise outcome.error

    try:
        with_seed(seed)(examine)()
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
