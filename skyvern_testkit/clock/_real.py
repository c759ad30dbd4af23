"""The clock of everybody else."""

from __future__ import annotations

import contextlib
import math
import threading
from typing import TYPE_CHECKING

from skyvern_testkit.clock import _waiting
from skyvern_testkit.clock._base import Clock, refuse_inside_loop
from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._loops import Loops
from skyvern_testkit.clock._stdlib import (
    NANOSECONDS,
    real_monotonic_ns,
    real_sleep,
    real_time_ns,
    to_ns,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from skyvern_testkit.clock._flag import Flag
    from skyvern_testkit.clock._timelines import Timeline

__all__ = ["RealClock"]


class RealClock(Clock):
    """Real time behind the interface of a clock: a daemon thread plays the events of the world when they are due.

    Args:
      epoch_ns: unix time of the clock's zero, in ns; by default the real present.
      lock: see :class:`Clock`.
      rate: its seconds in a real one: at 60, a minute of the world takes a second.
    """

    def __init__(
        self,
        *,
        epoch_ns: int | None = None,
        lock: threading.RLock | None = None,
        rate: float = 1.0,
    ) -> None:
        super().__init__(epoch_ns=real_time_ns() if epoch_ns is None else epoch_ns, lock=lock)
        if not 0 < rate < math.inf:
            raise ValueError(f"a clock goes forward: rate must be positive, not {rate!r}")
        self.rate = rate
        self._zero_ns = real_monotonic_ns()
        self._changed = threading.Event()
        self._timer: threading.Thread | None = None
        self._closed = False
        self._loops = Loops()
        self._failure: BaseException | None = None

    def __repr__(self) -> str:
        faster = "" if self.rate == 1 else f", {self.rate:g} times as fast as real time"
        return f"<RealClock at {self.now:g} s{faster}>"

    @property
    def now_ns(self) -> int:
        passed = real_monotonic_ns() - self._zero_ns
        return passed if self.rate == 1 else int(passed * self.rate)

    def attach(self, timeline: Timeline, *, describe: Callable[[], str] | None = None) -> None:
        if self._closed:
            raise ClockError("this clock is closed")
        with self.lock:
            super().attach(timeline, describe=describe)
        if self._timer is None:
            self._timer = threading.Thread(
                target=self._keep_time, name="skyvern-testkit real clock", daemon=True
            )
            self._timer.start()
        self.changed()

    def detach(self, timeline: Timeline) -> None:
        with self.lock:
            super().detach(timeline)

    def changed(self) -> None:
        """The world's next event may be earlier than it was: look again."""
        self._changed.set()

    def close(self) -> None:
        """Stop the thread that plays the world, and raise what a script raised there.

        May be called more than once.
        """
        self._closed = True
        self._changed.set()
        timer, self._timer = self._timer, None
        if timer is not None and timer is not threading.current_thread():
            timer.join()
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    @contextlib.contextmanager
    def hold(self, why: str = "clock.hold()") -> Generator[None]:  # noqa: ARG002
        """Nothing: real time stands still for nobody."""
        yield

    def wait_until_sync(self, at_ns: int) -> None:
        self._raise_failure()
        while (rest := at_ns - self.now_ns) > 0:
            real_sleep(self._real(rest))

    async def wait_until(self, at_ns: int) -> None:
        self.check_participant()
        while (rest := at_ns - self.now_ns) > 0:
            await _waiting.sleep(round(self._real(rest) * NANOSECONDS))

    def wait_for_sync(self, flag: Flag, until_ns: int | None = None) -> bool:
        self._raise_failure()
        event = threading.Event()
        forget = flag.listen(event.set)
        try:
            event.wait(None if until_ns is None else self._real(max(0, until_ns - self.now_ns)))
        finally:
            forget()
        return flag.is_set

    def enlist_thread(self) -> None:
        self._raise_failure()
        self._loops.enlist()

    def check_participant(self) -> None:
        self.enlist_thread()

    def advance(self, seconds: float) -> None:
        refuse_inside_loop(seconds)
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: advance({seconds!r})")
        self.wait_until_sync(self.now_ns + to_ns(seconds))

    def call_in_client(self, fn: Callable[[], None]) -> None:
        self._loops.call(fn)

    @contextlib.contextmanager
    def _awaiting(self, flag: Flag) -> Generator[None]:  # noqa: ARG002
        yield

    def _real(self, ns: int) -> float:
        """Real seconds for so many nanoseconds of this clock."""
        return ns / NANOSECONDS / self.rate

    def keep(self, error: BaseException) -> None:
        """A script has raised that where nobody of the test's is to be told: the next request tells, or the end."""
        self._failure = self._failure or error

    def _raise_failure(self) -> None:
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _keep_time(self) -> None:
        while not self._closed:
            self._changed.clear()
            with self.lock:
                due = self.timelines.next_due()
                if due is not None and due <= self.now_ns:
                    try:
                        self.timelines.play(self.now_ns)
                    except BaseException as error:  # noqa: BLE001 - a script may raise anything
                        self.keep(error)
                    continue
            self._changed.wait(
                LOOK if due is None else min(LOOK, self._real(max(0, due - self.now_ns)))
            )


LOOK = 0.05
"""Real seconds between two looks at the world for events that nobody announced with :meth:`RealClock.changed`."""
