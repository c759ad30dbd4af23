"""The clock that does not wait."""

from __future__ import annotations

import asyncio
import contextlib
import math
from typing import TYPE_CHECKING

from skyvern_testkit.clock import _waiting
from skyvern_testkit.clock._base import DEFAULT_EPOCH_NS, Clock, refuse_inside_loop
from skyvern_testkit.clock._dial import GRAIN_NS
from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._participants import Hold
from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._scheduler import Scheduler
from skyvern_testkit.clock._stdlib import NANOSECONDS, allocate_lock, real_monotonic_ns, to_ns

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator

    from skyvern_testkit.clock._flag import Flag
    from skyvern_testkit.clock._participants import Participant

__all__ = ["VirtualClock"]


class VirtualClock(Clock):
    """Time that jumps: when no participant has anything to do, it is at once the time of what comes next.

    A clock runs inside :func:`virtual_time` (or :func:`running`). There, every asyncio loop made by
    ``asyncio.new_event_loop`` and every trio run takes part, as does the thread that started the clock and each thread
    that has sent a request to the world; all others keep real time.

    .. warning:: time moves only when everybody *waits*. Code that polls without sleeping
       (``while time.monotonic() < end: await asyncio.sleep(0)``) never gets there.

    Args:
      epoch_ns: unix time of the clock's zero, in ns; by default 2026-01-01T00:00:00Z.
      max_virtual: the fuse, in virtual seconds: a test that runs longer ends in :class:`VirtualTimeExceeded`.
      hold_cap: in real seconds: for how long time may stand still because of work that the clock waits for, before
        the test ends in :class:`HeldTooLong`.
      quiet: in real seconds: for how long time stands still after a connection of the loop has brought data (more
        may follow, and the client's reaction to it comes first), and at most until a thread that a participant has
        started sends its first request, or has ended.
      lock: see :class:`Clock`.
    """

    def __init__(
        self,
        *,
        epoch_ns: int = DEFAULT_EPOCH_NS,
        max_virtual: float = 7 * 24 * 3600,
        hold_cap: float = 30.0,
        quiet: float = 0.1,
        lock: threading.RLock | None = None,
    ) -> None:
        super().__init__(epoch_ns=epoch_ns, lock=lock)
        self.quiet = quiet
        self._monotonic_zero_ns = 0
        self.scheduler = Scheduler(self, cap=hold_cap, max_virtual_ns=to_ns(max_virtual))

    def __repr__(self) -> str:
        return f"<VirtualClock at {self.now:g} s>"

    @property
    def now_ns(self) -> int:
        return self.scheduler.now_ns

    def monotonic_ns(self) -> int:
        """What ``time.monotonic_ns()`` is in the threads of participants."""
        return self._monotonic_zero_ns + self.scheduler.now_ns

    def monotonic(self) -> float:
        """What ``time.monotonic()`` and ``loop.time()`` are in the threads of participants."""
        return self.monotonic_ns() / NANOSECONDS

    def is_running(self) -> bool:
        """Whether this clock is the one that drives time now."""
        return running_clock() is self

    @contextlib.contextmanager
    def hold(self, why: str = "clock.hold()") -> Generator[None]:
        hold = Hold(why)
        self.scheduler.hold(hold)
        try:
            yield
        finally:
            self.scheduler.unhold(hold)

    def wait_until_sync(self, at_ns: int) -> None:
        self._demand_running()
        while self.now_ns < at_ns and self.is_running():  # a clock that stops lets go of everybody
            self._rest(at_ns, f"until {at_ns / NANOSECONDS:g} s")

    def wait_for_sync(self, flag: Flag, until_ns: int | None = None) -> bool:
        self._demand_running()
        forget = flag.listen(self.scheduler.nudge)
        try:
            with self._awaiting(flag):
                while (
                    not flag.is_set
                    and self.is_running()
                    and (until_ns is None or self.now_ns < until_ns)
                ):
                    self._rest(until_ns, f"for {flag.what}", flag)
        finally:
            forget()
        return flag.is_set

    def enlist_thread(self) -> None:
        self.scheduler.enlist()

    def check_participant(self) -> None:
        self._demand_running()
        library = _waiting.running_library()
        if library == "asyncio":
            from skyvern_testkit.clock._loop import VirtualLoop

            loop = asyncio.get_running_loop()
            if not isinstance(loop, VirtualLoop):
                raise ClockError(
                    _FOREIGN.format(
                        what=f"the event loop {type(loop).__module__}.{type(loop).__name__}"
                    )
                )
        elif library == "trio":
            from skyvern_testkit.clock._trio import is_ours

            if not is_ours():
                raise ClockError(_FOREIGN.format(what="the clock of this trio run"))
        self.enlist_thread()

    def advance(self, seconds: float) -> None:
        refuse_inside_loop(seconds)
        if not seconds >= 0:
            raise ValueError(f"time cannot go back: advance({seconds!r})")
        self.wait_until_sync(self.now_ns + to_ns(seconds))

    def call_in_client(self, fn: Callable[[], None]) -> None:
        if (post := self._post()) is not None:
            post(fn)
        elif not self.scheduler.run_later(fn):
            fn()

    def sleep_ns(self, ns: int) -> None:
        """What ``time.sleep`` does in a participant's thread."""
        self.wait_until_sync(self.now_ns + ns)

    # -- start and stop, called by running() -------------------------------------------------------------------------

    def start(self) -> None:
        """Take over from real time, in the calling thread first."""
        # time.monotonic() must not go back.
        zero = real_monotonic_ns() - self.now_ns
        self._monotonic_zero_ns = -(-zero // GRAIN_NS) * GRAIN_NS
        self.scheduler.start()

    def stop(self) -> None:
        """Let go of whoever still waits for this clock."""
        self.scheduler.stop()

    def raise_failure(self) -> None:
        """Raise what went wrong in a thread whose errors the test cannot see."""
        failure, self.scheduler.failure = self.scheduler.failure, None
        if failure is not None:
            raise failure

    def _post(self) -> Callable[[Callable[[], None]], None] | None:
        """How to reach the client's event loop: the caller's own, else that of the test, else the first there is."""
        scheduler = self.scheduler
        participants: list[Participant | None] = [
            scheduler.me(),
            scheduler.home,
            *scheduler.participants.values(),
        ]
        return next((post for p in participants if p is not None and (post := p.reach())), None)

    def _rest(self, deadline: int | None, why: str, flag: Flag | None = None) -> None:
        gate = allocate_lock()
        gate.acquire()

        def nap(seconds: float) -> None:
            if seconds:
                gate.acquire(timeout=-1 if seconds == math.inf else seconds)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # it is awake
                gate.release()

        self.scheduler.rest(deadline, why, nap, wake, flag)

    @contextlib.contextmanager
    def _awaiting(self, flag: Flag) -> Generator[None]:
        self.scheduler.flags.append(flag)
        try:
            yield
        finally:
            self.scheduler.flags.remove(flag)

    def _demand_running(self) -> None:
        if not self.is_running():
            raise ClockError(
                "this virtual clock does not run: use it inside `with virtual_time(clock):`"
            )


_FOREIGN = (
    "{what} does not follow the virtual clock of this test, so its timers would run on real time. Either let "
    "asyncio.run, pytest-asyncio or anyio make a plain event loop (no loop_factory, no uvloop, no clock=), or give the "
    'test real time: @pytest.mark.skyvern(clock="real").'
)
