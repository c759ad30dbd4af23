"""A clock that stands still until somebody moves it."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from skyvern_testkit.clock._base import DEFAULT_EPOCH_NS, Clock
from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._flag import Flag
from skyvern_testkit.clock._loops import Loops
from skyvern_testkit.clock._stdlib import NANOSECONDS, to_ns
from skyvern_testkit.clock._waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["HandClock"]

LATEST_NS = 253_402_300_799 * NANOSECONDS
"""The last second of the year 9999, which is the last that a timestamp can say."""


class HandClock(Clock):
    """Time as it is told: for a served world, whose clients live in other processes on times of their own.

    Whoever waits for it waits in real time, until another thread or a request moves it.

    Args:
      epoch_ns: unix time of the clock's zero, in ns; by default 2026-01-01T00:00:00Z.
      lock: see :class:`Clock`.
      cap: in real seconds: how long a thread waits for the clock to be moved.
    """

    def __init__(
        self,
        *,
        epoch_ns: int = DEFAULT_EPOCH_NS,
        lock: threading.RLock | None = None,
        cap: float = 30.0,
    ) -> None:
        super().__init__(epoch_ns=epoch_ns, lock=lock)
        self._now_ns = 0
        self._cap = cap
        self._loops = Loops()
        self._moved = Flag("the next move of the clock")

    def __repr__(self) -> str:
        return f"<HandClock at {self.now:g} s>"

    @property
    def now_ns(self) -> int:
        return self._now_ns

    def move_to(self, at_ns: int) -> None:
        """Play what is due until then, and be there; from any thread. A time that is past moves nothing."""
        if self.epoch_ns + at_ns > LATEST_NS:
            raise ValueError("a clock goes no further than the year 9999")
        with self.lock:
            if at_ns < self._now_ns:
                return
            try:
                while (due := self.timelines.next_due()) is not None and due <= at_ns:
                    self._now_ns = max(self._now_ns, due)
                    self.timelines.play(self._now_ns)
                self._now_ns = max(self._now_ns, at_ns)
            finally:
                moved, self._moved = self._moved, Flag("the next move of the clock")
                moved.set()

    def advance(self, seconds: float) -> None:
        """Move time by hand, `seconds` ahead, playing what falls due; inside event loops too."""
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: advance({seconds!r})")
        with self.lock:  # two that advance at once advance by both
            self.move_to(self.now_ns + to_ns(seconds))

    @contextlib.contextmanager
    def hold(self, why: str = "clock.hold()") -> Generator[None]:  # noqa: ARG002
        """Nothing: this clock never moves by itself."""
        yield

    async def wait_until(self, at_ns: int) -> None:
        while True:
            moved = self._moved  # taken first: a move after the look is not missed
            if self._now_ns >= at_ns:
                return
            await wait_for(moved)

    def wait_until_sync(self, at_ns: int) -> None:
        while True:
            moved = self._moved
            if self._now_ns >= at_ns:
                return
            why = f"until {at_ns / NANOSECONDS:g} s of a clock that is at {self.now:g} s"
            self._wait(moved, moved, why)

    def wait_for_sync(self, flag: Flag, until_ns: int | None = None) -> bool:
        while True:
            moved = self._moved
            if flag.is_set or (until_ns is not None and self._now_ns >= until_ns):
                return flag.is_set
            self._wait(flag, moved, f"for {flag.what}")

    def enlist_thread(self) -> None:
        self._loops.enlist()

    def check_participant(self) -> None:
        self.enlist_thread()

    def call_in_client(self, fn: Callable[[], None]) -> None:
        self._loops.call(fn)

    @contextlib.contextmanager
    def _awaiting(self, flag: Flag) -> Generator[None]:  # noqa: ARG002
        yield

    def _wait(self, flag: Flag, moved: Flag, why: str) -> None:
        """Until the flag is set or the clock is moved."""
        woken = threading.Event()
        forgets = [flag.listen(woken.set), moved.listen(woken.set)]
        try:
            if not woken.wait(self._cap):
                raise ClockError(
                    f"waited {self._cap:g} real seconds {why}: nobody moved the clock. "
                    "Another thread or a request has to, with clock.advance(seconds)."
                )
        finally:
            for forget in forgets:
                forget()
