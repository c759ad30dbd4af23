"""``with fake_skyvern() as fake:`` - the way in for tests without pytest's fixtures, and what those stand on."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
from collections.abc import Generator
from datetime import datetime
from typing import Final, Literal, get_args

from skyvern_testkit.api.differences import NEWEST
from skyvern_testkit.clock import (
    Clock,
    ClockError,
    HandClock,
    RealClock,
    VirtualClock,
    running_clock,
    running_library,
    virtual_time,
)
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.interception import guarded
from skyvern_testkit.transport.verdict import Verdict
from skyvern_testkit.wire.times import DEFAULT_EPOCH, from_datetime
from skyvern_testkit.world.world import Timing

__all__ = [
    "CLOCKS_ARE",
    "ClockName",
    "explain",
    "fake_skyvern",
    "is_clock",
    "seeded_random",
    "virtual_clock",
]

WEEK: Final = 7 * 24 * 3600

ClockName = Literal["virtual", "real", "polls", "manual"]
CLOCKS_ARE: Final = (
    "'virtual', 'real', 'polls', 'manual' or how many times as fast as real time it is"
)


def is_clock(value: object) -> bool:
    """Is it the name of a clock, or the rate of one?"""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0 < value < math.inf
    return value in get_args(ClockName)


@contextlib.contextmanager
def fake_skyvern(
    *,
    seed: int = 0,
    clock: ClockName | float = "virtual",
    fake: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] = ".",
    strict: bool = False,
    intercept: bool = False,
    epoch: datetime | None = None,
    timing: Timing | None = None,
    strict_keys: bool = False,
    max_virtual: float = WEEK,
    one_organization: bool = True,
    max_requests: int | None = 10_000,
    journal_limit: int = 20_000,
    dialect: str = NEWEST,
    magic: bool = True,
    hold_cap: float = 30.0,
    wallclock: bool | None = None,
) -> Generator[InProcessSkyvern]:
    """A Skyvern that lives in this process until the end of the block.

    Inside, time is virtual for the calling thread, for every event loop made inside and for each
    thread that sends a request; nothing reaches the real Skyvern; the module ``random`` is seeded.
    All of it is put back at the end, where an exception of a script that the code under test has
    swallowed is raised, with its own traceback.

    Args:
        seed: of ids, generated values and the module ``random``. The same seed and the same calls
            give the same bytes.
        clock: ``"real"`` lets time be what it is: a run of 30 minutes takes 30 minutes; a number lets it
            pass so many times as fast. ``"polls"``: each answer to ``get_run`` brings the run to its next
            step, for clients on a time of their own. ``"manual"``: only ``fake.clock.advance(seconds)``
            moves time.
        fake: name or path of a YAML fake to begin with.
        root: the project whose ``fakes/`` folder is looked at first.
        strict: end with an error that names every rule and fault that was not used, every run that no
            rule matched while there were rules, and every advice.
        intercept: catch all httpx clients; see :meth:`InProcessSkyvern.intercept`.
        epoch: when the world begins; default: 2026-01-01 UTC, or now if the clock is real.
        timing: how long the server takes for what scripts do not say.
        strict_keys: take only API keys that were added.
        one_organization: keys that nobody added open the world's own organisation; otherwise each opens one
            of its own, as of a served world whose clients do not know each other.
        max_virtual: virtual seconds after which a runaway test ends in ``VirtualTimeExceeded``.
        max_requests: requests after which it ends in ``TooManyRequests``; None: never.
        journal_limit: requests that the journal remembers; the oldest are dropped first.
        dialect: the release of Skyvern that is spoken, such as ``"1.0.24"``.
        magic: requests may say what their runs do, where no rule is for them (``docs/magic.md``).
        hold_cap: real seconds for which virtual time may stand still.
        wallclock: whether ``datetime.now`` follows, through time-machine; None: if that is installed.

    Raises:
        ClockError: the event loop that runs already does not follow virtual time.
        ValueError: there is no such clock, or no such dialect.
        FakeNotFound: there is no ``fake`` of that name.
        FakeFileError: it is wrong; the message names file, line and field.
        StrictFailure: ``strict`` found something.
    """
    if not is_clock(clock):
        raise ValueError(f"clock must be {CLOCKS_ARE}, not {clock!r}")
    with contextlib.ExitStack() as stack:
        began = None if epoch is None else from_datetime(epoch)
        match clock:
            case "virtual":
                time: Clock = virtual_clock(
                    stack, began, max_virtual=max_virtual, hold_cap=hold_cap, wallclock=wallclock
                )
            case "polls" | "manual":
                time = HandClock(epoch_ns=DEFAULT_EPOCH if began is None else began)
            case rate:
                time = RealClock(rate=1.0 if rate == "real" else rate)
                stack.callback(time.close)
        world = InProcessSkyvern(
            time,
            strict=strict,
            by_polls=clock == "polls",
            seed=seed,
            epoch=time.wall_ns if began is None else began,
            strict_keys=strict_keys,
            one_organization=one_organization,
            timing=timing,
            max_requests=max_requests,
            journal_limit=journal_limit,
            dialect=dialect,
            magic=magic,
        )
        stack.enter_context(seeded_random(seed))
        stack.enter_context(guarded(world))
        world.open()
        stack.callback(world.shut)
        if fake is not None:
            from skyvern_testkit.fakefiles import load_fake

            with world.front.lock:
                load_fake(world, fake, root)
        if intercept:
            stack.enter_context(world.intercept())
        try:
            yield world
        except Exception as error:
            explain(world, error)
            raise
        world.verify()


def virtual_clock(
    stack: contextlib.ExitStack,
    began: int | None,
    *,
    max_virtual: float,
    hold_cap: float,
    wallclock: bool | None,
) -> Clock:
    """The clock that runs already, or a new one."""
    running = running_clock()
    if running is not None:
        return running
    clock = VirtualClock(
        epoch_ns=DEFAULT_EPOCH if began is None else began,
        max_virtual=max_virtual,
        hold_cap=hold_cap,
    )
    stack.enter_context(virtual_time(clock, wallclock=wallclock))
    if running_library() is not None:
        try:
            clock.check_participant()
        except ClockError as error:
            error.add_note(
                "This loop was made before fake_skyvern() began. Under pytest, mark the test with "
                "@pytest.mark.skyvern or ask for a fixture such as skyvern_fake, and its loop is made in "
                "time; elsewhere open the fake outside: `with fake_skyvern(): asyncio.run(main())`."
            )
            raise
    return clock


@contextlib.contextmanager
def seeded_random(seed: int) -> Generator[None]:
    """The module ``random`` begins with that seed, and goes on afterwards where it was.

    The SDK draws the jitter of its retries from it.
    """
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def explain(world: Verdict, error: Exception) -> None:
    """Put the report at the end of the error, unless it is only a test framework's way of speaking."""
    world.forgive()
    speaks_for = type(error).__module__.partition(".")[0]
    if speaks_for in {"hypothesis", "_pytest", "unittest"} or isinstance(
        error, asyncio.CancelledError
    ):
        return
    error.add_note(f"The fake Skyvern: {world.report(besides=error)}")
