"""A monotonic time that follows the running clock, whichever that is at the moment, and never goes back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._stdlib import NANOSECONDS, real_monotonic

if TYPE_CHECKING:
    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["GRAIN", "GRAIN_NS", "Dial", "due_at"]

GRAIN_NS = NANOSECONDS // 512
GRAIN = 1 / 512
"""Times are shifted against each other by multiples of this: exact as a float of seconds and as an int of ns, so that
differences of shifted times come out the same in every run."""

MICROSECOND = 1000
"""In ns."""


def due_at(now_ns: int, left: float, ulp: float) -> int:
    """The ns at which a timer is due that is `left` seconds away; always later than `now_ns`.

    Never earlier than the timer, but for what floats of grain `ulp` (seconds) cannot express. A timer that was meant
    for a whole microsecond gets it, however large the floats are: a tie between a client that sleeps 0.3 s and a world
    that acts after 0.3 s is decided by the rules, not by a rounding error.
    """
    wait = left * NANOSECONDS
    floor = now_ns + math.floor(wait)
    fraction = wait - math.floor(wait)
    blur = 0.25 + 1.5 * ulp * NANOSECONDS
    whole = (floor + MICROSECOND // 2) // MICROSECOND * MICROSECOND
    exact = whole if abs(whole - floor - fraction) <= blur else floor + math.ceil(fraction - blur)
    return max(now_ns + 1, exact)


class Dial:
    """What a loop reads its time from."""

    __slots__ = ("_ahead", "_last", "changed", "clock")

    def __init__(self) -> None:
        self.clock: VirtualClock | None = None
        self.changed = False
        """Whether another clock has taken over since somebody reset this."""
        self._ahead = 0.0
        self._last = 0.0

    def time(self) -> float:
        """Seconds; equal to ``time.monotonic()`` but for what a former, faster clock has left it ahead."""
        clock = running_clock()
        if clock is not self.clock:
            self.clock, self.changed = clock, True
            self._ahead = max(0, math.ceil((self._last - self._read()) / GRAIN)) * GRAIN
        self._last = self._read() + self._ahead
        return self._last

    def _read(self) -> float:
        return real_monotonic() if self.clock is None else self.clock.monotonic()
