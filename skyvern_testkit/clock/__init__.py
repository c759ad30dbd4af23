"""One time for a client and its world: virtual, so that thirty minutes pass at once, or real.

>>> clock = VirtualClock()
>>> with virtual_time(clock):
...     asyncio.run(the_code_under_test())

See :class:`VirtualClock` for what takes part, and :class:`Timeline` for the world's side.
"""

from skyvern_testkit.clock._activation import patched_loops, running, virtual_time
from skyvern_testkit.clock._base import DEFAULT_EPOCH_NS, Clock
from skyvern_testkit.clock._connections import accounted
from skyvern_testkit.clock._errors import ClockError, Deadlock, HeldTooLong, VirtualTimeExceeded
from skyvern_testkit.clock._flag import Flag
from skyvern_testkit.clock._hand import HandClock
from skyvern_testkit.clock._loop import VirtualLoop
from skyvern_testkit.clock._real import RealClock
from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._timelines import Timeline
from skyvern_testkit.clock._virtual import VirtualClock
from skyvern_testkit.clock._waiting import running_library

__all__ = [
    "DEFAULT_EPOCH_NS",
    "Clock",
    "ClockError",
    "Deadlock",
    "Flag",
    "HandClock",
    "HeldTooLong",
    "RealClock",
    "Timeline",
    "VirtualClock",
    "VirtualLoop",
    "VirtualTimeExceeded",
    "accounted",
    "patched_loops",
    "running",
    "running_clock",
    "running_library",
    "virtual_time",
]
