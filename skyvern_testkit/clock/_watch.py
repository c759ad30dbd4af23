"""Who plays the world while the only participants wait for other threads.

A sync test may wait for a webhook in ``threading.Event.wait``. It holds the event's own lock there, so it cannot play
the world itself: after a moment of real quiet, a watch does it, a thread that rests on behalf of those that are parked.
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING

from skyvern_testkit.clock._participants import State
from skyvern_testkit.clock._stdlib import allocate_lock, original_thread_start

if TYPE_CHECKING:
    from skyvern_testkit.clock._participants import Participant
    from skyvern_testkit.clock._scheduler import Scheduler

__all__ = ["keep_watch"]


def keep_watch(scheduler: Scheduler, parked: Participant) -> None:
    """Start a watch for `parked`, if the world could reach it and nobody rests who would play the world anyway."""
    others = [p for p in list(scheduler.participants.values()) if p is not parked]
    if any(p.state is not State.PARKED for p in others):
        return
    with scheduler.clock.lock:
        if not scheduler.clock.timelines.reach_client():
            return
    name = "skyvern-testkit plays the world"
    watch = threading.Thread(target=_watch, args=(scheduler, parked), name=name, daemon=True)
    original_thread_start(watch)


def _watch(scheduler: Scheduler, parked: Participant) -> None:
    gate = allocate_lock()
    gate.acquire()

    def nap(seconds: float) -> bool:
        if seconds:
            gate.acquire(timeout=min(seconds, LOOK) if seconds != math.inf else LOOK)
        return parked.state is not State.PARKED

    def wake() -> None:
        if gate.locked():
            gate.release()

    try:
        while parked.state is State.PARKED and not scheduler.stopped:
            scheduler.rest(None, "for the world, on behalf of a thread that waits", nap, wake)
    except BaseException as error:  # noqa: BLE001 - it is the parked thread's to raise
        parked.error = error
        if scheduler.failure is error:
            scheduler.failure = None
    finally:
        if (me := scheduler.me()) is not None:
            scheduler.dismiss(me)


LOOK = 0.02
"""Real seconds between two looks at whether the parked thread goes on."""
