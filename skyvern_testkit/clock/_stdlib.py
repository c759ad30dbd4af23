"""The standard library's own clock and locks, taken before anything is patched.

Virtual time replaces ``time.sleep``, ``time.monotonic`` and others while it is active. What measures *real* time (caps,
quiet periods, other threads) must never see those replacements, so it takes its functions from here.
"""

from __future__ import annotations

import concurrent.futures
import threading
import time
from _thread import LockType, allocate_lock, get_ident

__all__ = [
    "NANOSECONDS",
    "LockType",
    "allocate_lock",
    "get_ident",
    "original_condition_notify",
    "original_condition_wait",
    "original_submit",
    "original_thread_join",
    "original_thread_start",
    "real_monotonic",
    "real_monotonic_ns",
    "real_sleep",
    "real_time",
    "real_time_ns",
    "to_ns",
]

NANOSECONDS = 1_000_000_000

real_sleep = time.sleep
if (
    time.get_clock_info("monotonic").implementation
    == time.get_clock_info("perf_counter").implementation
):
    # One clock under two names, on Linux and macOS. time-machine 2.13 replaces time.monotonic even for those who have
    # taken it before, but never perf_counter.
    real_monotonic = time.perf_counter
    real_monotonic_ns = time.perf_counter_ns
else:
    real_monotonic = time.monotonic
    real_monotonic_ns = time.monotonic_ns
real_time = time.time
real_time_ns = time.time_ns
original_condition_wait = threading.Condition.wait
original_condition_notify = threading.Condition.notify
original_submit = concurrent.futures.ThreadPoolExecutor.submit
original_thread_join = threading.Thread.join
original_thread_start = threading.Thread.start


def to_ns(seconds: float) -> int:
    """Whole nanoseconds for `seconds`; exact for integers of any size."""
    if isinstance(seconds, int):
        return seconds * NANOSECONDS
    return round(seconds * NANOSECONDS)
