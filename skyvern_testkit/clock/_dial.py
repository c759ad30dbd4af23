"""A monotonic time that follows the running clock, whichever that is at the moment, and never goes back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ._running import running_clock
from ._stdlib import real_monotonic

if TYPE_CHECKING:
    from ._virtual import VirtualClock

__all__ = ["Dial"]


class Dial:
    """What a loop reads its time from."""

    __slots__ = ("_ahead", "changed", "clock")

    def __init__(self) -> None:
        self.clock: VirtualClock | None = None
        self.changed = False
        """Whether another clock has taken over since somebody reset this."""
        self._ahead = 0.0

    def time(self) -> float:
        """Seconds; equal to ``time.monotonic()`` but for what a former, faster clock has left it ahead."""
        clock = running_clock()
        if clock is not self.clock:
            self._follow(clock)
        return (real_monotonic() if clock is None else clock.monotonic()) + self._ahead

    def _follow(self, clock: VirtualClock | None) -> None:
        before = (real_monotonic() if self.clock is None else self.clock.monotonic()) + self._ahead
        self.clock, self.changed = clock, True
        after = real_monotonic() if clock is None else clock.monotonic()
        # Whole seconds, so that sums of whole seconds stay exact.
        self._ahead = float(max(0, math.ceil(before - after)))
