"""``with fake_skyvern() as fake:`` - the way in for tests without pytest's fixtures, and what those stand on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Generator
from datetime import datetime
from typing import Final, Literal

from skyvern_testkit.clock import (
    Clock,
    ClockError,
    RealClock,
    VirtualClock,
    running_clock,
    running_library,
    virtual_time,
)
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.interception import guarded
from skyvern_testkit.wire.times import DEFAULT_EPOCH, from_datetime
from skyvern_testkit.world.world import Timing

__all__ = ["fake_skyvern", "seeded_random"]

WEEK: Final = 7 * 24 * 3600


@contextlib.contextmanager
def fake_skyvern(
    *,
    seed: int = 0,
    clock: Literal["virtual", "real"] = "virtual",
    fake: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] = ".",
    strict: bool = False,
    intercept: bool = False,
    epoch: datetime | None = None,
    timing: Timing | None = None,
    strict_keys: bool = False,
    max_virtual: float = WEEK,
    max_requests: int = 10_000,
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
        clock: ``"real"`` lets time be what it is: a run of 30 minutes takes 30 minutes.
        fake: name or path of a YAML fake to begin with.
        root: the project whose ``fakes/`` folder is looked at first.
        strict: end with an error that names every rule and fault that was not used, every run that no
            rule matched while there were rules, and every advice.
        intercept: catch all httpx clients; see :meth:`InProcessSkyvern.intercept`.
        epoch: when the world begins; default: 2026-01-01 UTC, or now if the clock is real.
        timing: how long the server takes for what scripts do not say.
        strict_keys: take only API keys that were added.
        max_virtual: virtual seconds after which a runaway test ends in ``VirtualTimeExceeded``.
        max_requests: requests after which it ends in ``TooManyRequests``.
        hold_cap: real seconds for which virtual time may stand still.
        wallclock: whether ``datetime.now`` follows, through time-machine; None: if that is installed.

    Raises:
        ClockError: the event loop that runs already does not follow virtual time.
        FakeNotFound: there is no ``fake`` of that name.
        FakeFileError: it is wrong; the message names file, line and field.
        StrictFailure: ``strict`` found something.
    """
    if clock not in ("virtual", "real"):
        raise ValueError(f"clock must be 'virtual' or 'real', not {clock!r}")
    with contextlib.ExitStack() as stack:
        began = None if epoch is None else from_datetime(epoch)
        time = (
            _real(stack)
            if clock == "real"
            else _virtual(
                stack, began, max_virtual=max_virtual, hold_cap=hold_cap, wallclock=wallclock
            )
        )
        world = InProcessSkyvern(
            time,
            strict=strict,
            seed=seed,
            epoch=time.wall_ns if began is None else began,
            strict_keys=strict_keys,
            timing=timing,
            max_requests=max_requests,
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
            _explain(world, error)
            raise
        world.verify()


def _real(stack: contextlib.ExitStack) -> Clock:
    clock = RealClock()
    stack.callback(clock.close)
    return clock


def _virtual(
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


def _explain(world: InProcessSkyvern, error: Exception) -> None:
    """Put the report at the end of the error, unless it is only a test framework's way of speaking."""
    world.forgive()
    speaks_for = type(error).__module__.partition(".")[0]
    if speaks_for in {"hypothesis", "_pytest", "unittest"} or isinstance(
        error, asyncio.CancelledError
    ):
        return
    error.add_note(f"The fake Skyvern: {world.report(besides=error)}")
