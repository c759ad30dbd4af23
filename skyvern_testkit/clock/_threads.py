"""Waits of one thread for another: a participant that waits so does not keep time from moving.

``Thread.join``, ``Future.result``, ``Queue.get`` and ``Event.wait`` all end in ``threading.Condition.wait`` or
``Thread.join``. While a clock runs, a participant inside them is *parked*: the others may jump. Their timeouts stay
real, since what is waited for may well be the work of a thread that keeps real time.
"""

from __future__ import annotations

import concurrent.futures
import math
import threading
from typing import TYPE_CHECKING, Any

from skyvern_testkit.clock._participants import Job
from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._stdlib import (
    original_condition_notify,
    original_condition_wait,
    original_submit,
    original_thread_join,
    original_thread_start,
    real_monotonic,
)
from skyvern_testkit.clock._watch import keep_watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern_testkit.clock._participants import Participant
    from skyvern_testkit.clock._scheduler import Scheduler

__all__ = ["PATCHES"]

SLICE = 0.05
"""Real seconds: how long a wait for another thread lasts before the world may go on meanwhile, and how often it looks
for an error to raise."""


def wait(self: threading.Condition, timeout: float | None = None) -> bool:
    clock = running_clock()
    me = None if clock is None else clock.scheduler.me()
    if clock is None or me is None or me.starting or timeout == 0:
        return original_condition_wait(self, timeout)
    # In slices: nobody can notify between two of them, since we hold the lock then.
    return _parked(
        clock.scheduler, me, self, lambda slice_: original_condition_wait(self, slice_), timeout
    )


def _parked(
    scheduler: Scheduler,
    me: Participant,
    on: object,
    wait_slice: Callable[[float], bool],
    timeout: float | None,
) -> bool:
    """Wait in slices until `wait_slice` is true or `timeout` real seconds are over, parked meanwhile."""
    deadline = None if timeout is None else real_monotonic() + timeout
    watched = False
    scheduler.park(me, on)
    try:
        while True:
            left = math.inf if deadline is None else deadline - real_monotonic()
            if wait_slice(max(0.0, min(SLICE, left))):
                return True
            if left <= SLICE:
                return False
            if me.error is not None:
                error, me.error = me.error, None
                raise error
            if not watched:
                watched = True
                keep_watch(scheduler, me)
    finally:
        scheduler.unpark(me)


def notify(self: threading.Condition, n: int = 1) -> None:
    if (clock := running_clock()) is not None:
        # Before it really wakes: were it still parked when the caller goes to rest, time would jump too early.
        parked = clock.scheduler.parked_on(self)
        waiters = len(getattr(self, "_waiters", parked))
        if n >= waiters or waiters == len(parked):
            for participant in parked[:n]:
                clock.scheduler.unpark(participant)
    original_condition_notify(self, n)


def join(self: threading.Thread, timeout: float | None = None) -> None:
    clock = running_clock()
    me = None if clock is None else clock.scheduler.me()
    if clock is None or me is None or not self.is_alive() or self is me.thread:
        original_thread_join(self, timeout)
        return

    def join_slice(seconds: float) -> bool:
        original_thread_join(self, seconds)
        return not self.is_alive()

    _parked(clock.scheduler, me, self, join_slice, timeout)


def start(self: threading.Thread) -> None:
    clock = running_clock()
    me = None if clock is None else clock.scheduler.me()
    if clock is None or me is None:
        original_thread_start(self)
        return
    clock.scheduler.expect(self, clock.quiet)
    me.starting += (
        1  # start() waits for the new thread's first sign of life; no time passes meanwhile
    )
    try:
        original_thread_start(self)
    finally:
        me.starting -= 1


def submit(
    self: concurrent.futures.ThreadPoolExecutor,
    fn: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> concurrent.futures.Future[Any]:
    clock = running_clock()
    if clock is None:
        return original_submit(self, fn, *args, **kwargs)
    scheduler = clock.scheduler
    job = Job()

    def run() -> Any:
        scheduler.begin_job(job)
        try:
            return fn(*args, **kwargs)
        finally:
            scheduler.end_job(job)

    def done(_: object) -> None:
        # Called after those who wait for the result have been notified, so that nobody jumps before they run.
        if job.participant is not None:
            scheduler.dismiss(job.participant)

    if scheduler.me() is not None:
        scheduler.expect(job, clock.quiet)
    future = original_submit(self, run)
    future.add_done_callback(done)
    return future


PATCHES: list[tuple[Any, str, Any]] = [
    (threading.Condition, "wait", wait),
    (threading.Condition, "notify", notify),
    (threading.Thread, "join", join),
    (threading.Thread, "start", start),
    (concurrent.futures.ThreadPoolExecutor, "submit", submit),
]
