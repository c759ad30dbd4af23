"""The ``time`` module of a virtual test: virtual in the threads of participants, real in all others."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, SupportsIndex

from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._stdlib import (
    NANOSECONDS,
    real_monotonic,
    real_monotonic_ns,
    real_sleep,
    real_time,
    real_time_ns,
    to_ns,
)

if TYPE_CHECKING:
    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["PATCHES"]


def _clock() -> VirtualClock | None:
    clock = running_clock()
    return clock if clock is not None and clock.scheduler.me() is not None else None


def sleep(seconds: float | SupportsIndex, /) -> None:
    clock = _clock()
    # What is no positive number is left to the original: sleep(0) yields, the rest are its errors.
    length = (
        seconds.__index__()
        if not isinstance(seconds, float) and hasattr(seconds, "__index__")
        else seconds
    )
    if clock is None or not isinstance(length, int | float) or not 0 < length < float("inf"):
        real_sleep(seconds)
    else:
        clock.sleep_ns(max(1, to_ns(length)))


def monotonic() -> float:
    clock = _clock()
    return real_monotonic() if clock is None else clock.monotonic()


def monotonic_ns() -> int:
    clock = _clock()
    return real_monotonic_ns() if clock is None else clock.monotonic_ns()


def wall_time() -> float:
    clock = _clock()
    return real_time() if clock is None else clock.wall_ns / NANOSECONDS


def wall_time_ns() -> int:
    clock = _clock()
    return real_time_ns() if clock is None else clock.wall_ns


PATCHES: list[tuple[Any, str, Any]] = [
    (time, "sleep", sleep),
    (time, "monotonic", monotonic),
    (time, "monotonic_ns", monotonic_ns),
    (time, "time", wall_time),
    (time, "time_ns", wall_time_ns),
]
