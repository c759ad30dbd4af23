"""The clock of a trio run: trio's own time until a virtual clock runs, then a participant of that.

trio lets a third party tell the time, but not jump it: only its own ``MockClock`` is asked when a run is idle. So each
run gets a system task, the pump, that sleeps in ``wait_all_tasks_blocked``; when it wakes and nobody else is runnable,
the run rests, and the pump asks the scheduler for its turn.
"""

from __future__ import annotations

import contextlib
import functools
import math
import threading
from typing import TYPE_CHECKING, Any

import trio
import trio.testing

from skyvern_testkit.clock._dial import GRAIN, due_at
from skyvern_testkit.clock._running import on_change, running_clock
from skyvern_testkit.clock._stdlib import NANOSECONDS, real_monotonic

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["TrioClock", "run_on_our_clock"]

FOREVER = 999_999_999.0
HALF_NS = 0.5e-9


def run_on_our_clock(original: Callable[..., Any]) -> Callable[..., Any]:
    """``trio.run`` or ``start_guest_run``, with our clock where the caller gives none."""

    @functools.wraps(original)
    def run(async_fn: Callable[..., Awaitable[Any]], *args: Any, **options: Any) -> Any:
        if options.get("clock") is not None:
            return original(async_fn, *args, **options)
        clock = TrioClock()
        pump = Pump(clock)
        options["clock"] = clock
        options["instruments"] = [*options.get("instruments", ()), pump]
        return original(pump.main, async_fn, *args, **options)

    return run


class TrioClock(trio.abc.Clock):
    """What a run reads its time from; it never goes back.

    In a run that begins under a running clock, ``trio.current_time()`` equals :attr:`Clock.now`.
    """

    def __init__(self) -> None:
        self._clock = running_clock()
        self._shift = -real_monotonic() if self._clock is None else 0.0
        self._reached = (-1, 0.0)

    def start_clock(self) -> None:
        pass

    def current_time(self) -> float:
        clock = running_clock()
        if clock is not self._clock:
            before = self._read()
            self._clock, self._shift = clock, 0.0
            self._shift = math.ceil((before - self._read()) / GRAIN) * GRAIN
        return self._read()

    def deadline_to_sleep_time(self, deadline: float) -> float:
        left = deadline - self.current_time()
        return left if self._clock is None or left <= 0 else FOREVER

    def _read(self) -> float:
        if self._clock is None:
            return real_monotonic() + self._shift
        now_ns = self._clock.now_ns
        now = self._clock.now + self._shift
        reached_ns, reached = self._reached
        return max(now, reached) if now_ns == reached_ns else now

    def next_deadline(self, clock: VirtualClock) -> int | None:
        """The ns at which the run's next deadline is due, if it has one."""
        left = trio.lowlevel.current_statistics().seconds_to_next_deadline
        if left == math.inf:
            return None
        now = self.current_time()
        # trio expires a deadline once `deadline <= now`, to the last bit of the floats. A time that
        # differs from it only by their grain must count as reached, without another nanosecond.
        if left < HALF_NS / 2:
            self._reached = (clock.now_ns, math.nextafter(now + left, math.inf))
            return clock.now_ns
        at = due_at(clock.now_ns, left, math.ulp(now + left))
        self._reached = (at, now + left)
        return at


class Pump(trio.abc.Instrument):
    """Gives the turns of one trio run."""

    def __init__(self, clock: TrioClock) -> None:
        self._clock = clock
        self._task: trio.lowlevel.Task | None = None
        self._runnable: set[trio.lowlevel.Task] = set()
        self._others_ran = False
        """Since the pump was last made runnable."""
        self._resting: Callable[[], None] | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._event = trio.Event()
        self._scope = trio.CancelScope()
        self._error: BaseException | None = None

    # -- what trio tells us: who is runnable -------------------------------------------------------------------------

    def task_scheduled(self, task: trio.lowlevel.Task) -> None:
        if task is self._task:
            self._others_ran = False
        else:
            self._runnable.add(task)
            if self._resting is not None:
                self._resting()
                self._event.set()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        if task is not self._task:
            self._runnable.discard(task)
            self._others_ran = True

    # -- the run -----------------------------------------------------------------------------------------------------

    async def main(self, async_fn: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        """The user's main task, with the pump beside it."""
        self._token = trio.lowlevel.current_trio_token()
        trio.lowlevel.spawn_system_task(self._pump, self._token)
        on_change[id(self)] = self._wake
        result: Any = None
        try:
            with self._scope:
                result = await async_fn(*args)
        finally:
            del on_change[id(self)]
            self._leave()
        if self._error is not None:
            raise self._error
        return result

    def _leave(self) -> None:
        clock = running_clock()
        me = None if clock is None else clock.scheduler.me()
        if me is not None:
            me.post = None

    def _wake(self) -> None:
        """End the pump's nap, from any thread."""
        if self._token is not None:
            with contextlib.suppress(trio.RunFinishedError):
                self._token.run_sync_soon(lambda: self._event.set())  # noqa: PLW0108 - the event of that moment

    async def _pump(self, token: trio.lowlevel.TrioToken) -> None:
        self._task = trio.lowlevel.current_task()
        while True:
            clock = running_clock()
            if clock is None:
                await self._nap(math.inf)
                continue
            await trio.testing.wait_all_tasks_blocked()
            # Others may have waited for the same idleness, and gone first: then the run is not idle.
            if self._runnable or self._others_ran or running_clock() is not clock:
                continue
            try:
                await self._rest(clock, token)
            except Exception as error:  # raised in the test, by main()
                if self._error is not None:
                    raise  # the run was cancelled and cannot even end
                self._error = error
                self._scope.cancel()

    async def _rest(self, clock: VirtualClock, token: trio.lowlevel.TrioToken) -> None:
        """One rest of this run: until its turn, or until something real has come up."""
        scheduler = clock.scheduler
        me = scheduler.enlist()
        me.post = token.run_sync_soon
        deadline = self._clock.next_deadline(clock)
        why = (
            "in trio, with no deadline"
            if deadline is None
            else f"in trio, until {deadline / NANOSECONDS:g} s"
        )
        scheduler.lie_down(me, deadline, why, self._wake)
        self._resting = functools.partial(scheduler.poke, me)
        try:
            # After a jump (0) trio has a look first: at its deadlines, and at what the world has scheduled.
            while not self._runnable and (seconds := scheduler.step(me)):
                await self._nap(seconds)
        finally:
            self._resting = None
            error = scheduler.get_up(me)
        if error is not None:
            raise error

    async def _nap(self, seconds: float) -> None:
        """Real time, in which trio goes on with its I/O: it has no real timers now, so a thread keeps this one."""
        timer = None if seconds == math.inf else threading.Timer(seconds, self._wake)
        if timer is not None:
            timer.daemon = True
            timer.start()
        try:
            await self._event.wait()
        finally:
            self._event = trio.Event()
            if timer is not None:
                timer.cancel()
