"""``datetime.now`` and the rest of the wall clock, through time-machine."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._stdlib import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["wallclock_patched"]


@contextlib.contextmanager
def wallclock_patched(clock: VirtualClock, *, wanted: bool | None) -> Generator[None]:
    """``datetime.now``, ``date.today``, ``time.gmtime``, ... follow `clock` in the threads of participants.

    time-machine replaces these inside CPython, for all threads and however they were imported. It asks a traveller for
    the time; ours answers by thread.

    Args:
      clock: the running clock.
      wanted: true: it is an error if time-machine is missing. None: only if it can be imported. False: no.
    """
    time_machine = _time_machine(wanted=wanted)
    if time_machine is None:
        yield
        return
    real = time_machine.escape_hatch.time

    def time_ns() -> int:
        return clock.wall_ns if clock.scheduler.me() is not None else int(real.time_ns())

    travel = time_machine.travel(clock.wall_ns / NANOSECONDS, tick=False)
    traveller: Any = travel.start()
    try:
        traveller.time_ns = time_ns
        traveller.time = lambda: time_ns() / NANOSECONDS  # asked by time-machine 2
        yield
    finally:
        travel.stop()


def _time_machine(*, wanted: bool | None) -> Any:
    if wanted is False:
        return None
    try:
        import time_machine
    except ImportError:
        if wanted:
            raise ClockError(
                "wallclock=True needs time-machine, which is not installed: pip install 'skyvern-testkit[wallclock]'"
            ) from None
        return None
    return time_machine
