"""Work handed to threads of a pool: counted, and no longer part of virtual time than the job itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from skyvern_testkit.clock._participants import Hold, Job

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern_testkit.clock._scheduler import Scheduler

__all__ = ["HeldJob"]

Ts = TypeVarTuple("Ts")
R = TypeVar("R")


class HeldJob:
    """Holds the clock from its making until :meth:`delivered`.

    If the work itself waits for virtual time (a sync client in ``asyncio.to_thread``), its thread is a participant, and
    the hold does not count while that thread is watched.
    """

    def __init__(self, scheduler: Scheduler, why: str) -> None:
        self._scheduler = scheduler
        self._hold = Hold(why)
        self._job = Job(self._hold)
        scheduler.hold(self._hold)

    def run(self, fn: Callable[[*Ts], R], *args: *Ts) -> R:
        """Call `fn` in the thread of the pool."""
        self._scheduler.begin_job(self._job)
        try:
            return fn(*args)
        finally:
            # In this order: the hold counts again before the thread is no participant any more.
            self._scheduler.end_job(self._job)
            if self._job.participant is not None:
                self._scheduler.dismiss(self._job.participant)

    def delivered(self, _: object = None) -> None:
        """The result has reached its event loop, or nobody waits for it any more."""
        self._scheduler.unhold(self._hold)
