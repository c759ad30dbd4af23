"""What a scheduler says when it gives up: the state it was in, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyvern_testkit.clock._errors import Deadlock, HeldTooLong, VirtualTimeExceeded
from skyvern_testkit.clock._participants import State
from skyvern_testkit.clock._stdlib import NANOSECONDS

if TYPE_CHECKING:
    from skyvern_testkit.clock._scheduler import Scheduler

__all__ = ["deadlock", "exceeded", "held_too_long"]


def deadlock(scheduler: Scheduler) -> Deadlock:
    """Everybody waits and nothing is due."""
    waiting = "; ".join(p.describe() for p in list(scheduler.participants.values()))
    flags = ", ".join(flag.what for flag in scheduler.flags)
    return Deadlock(
        f"at {_now(scheduler)} virtual seconds everything waits and nothing is due: {waiting}."
        f"{f' Awaited: {flags}.' if flags else ''} Most likely the client awaits something that nobody will set, or "
        "has no timeout where the world will never answer. Work in bare threads, subprocesses and trio's threads is "
        "not seen by the clock: put `with clock.hold():` round the wait for it."
        f"{scheduler.clock.timelines.described()}"
    )


def exceeded(scheduler: Scheduler) -> VirtualTimeExceeded:
    """What comes next is past the fuse."""
    return VirtualTimeExceeded(
        f"this test is at {_now(scheduler)} virtual seconds and what comes next is past max_virtual="
        f"{scheduler.max_virtual_ns / NANOSECONDS:g} s: it probably polls for something that never happens. If it "
        f"really takes that long, raise max_virtual.{scheduler.clock.timelines.described()}"
    )


def held_too_long(scheduler: Scheduler) -> HeldTooLong:
    """Time has stood still for as long as the cap allows."""
    holders = [hold.why for hold in list(scheduler.holds) if hold.counts]
    holders += [
        p.describe() for p in list(scheduler.participants.values()) if p.state is State.RUNNING
    ]
    return HeldTooLong(
        f"virtual time stood still at {_now(scheduler)} s for {scheduler.cap:g} real seconds, held by: "
        f"{'; '.join(holders) or 'the thread that plays the world'}. If that work really takes so long, raise "
        "hold_cap; if it waits for virtual time itself, do not hold the clock round it."
        f"{scheduler.clock.timelines.described()}"
    )


def _now(scheduler: Scheduler) -> str:
    return f"{scheduler.now_ns / NANOSECONDS:.9f}".rstrip("0").rstrip(".")
