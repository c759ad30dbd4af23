"""What every clock offers, and what it asks of the world on its other side."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

from skyvern_testkit.clock import _waiting
from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._flag import Flag
from skyvern_testkit.clock._stdlib import NANOSECONDS
from skyvern_testkit.clock._timelines import Timelines

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from skyvern_testkit.clock._timelines import Timeline

__all__ = ["DEFAULT_EPOCH_NS", "Clock", "refuse_inside_loop"]

DEFAULT_EPOCH_NS = 1_767_225_600 * NANOSECONDS
"""2026-01-01T00:00:00Z, the unix time (ns) at which a virtual clock starts."""


class Clock(ABC):
    """One time for a client and its world. See :class:`VirtualClock` and :class:`RealClock`.

    Args:
      epoch_ns: unix time, in ns, of the clock's zero.
      lock: the lock under which the clock plays events; give it to (or take it from) the world, so that no event is
        played while a request is served in another thread.
    """

    def __init__(
        self, *, epoch_ns: int = DEFAULT_EPOCH_NS, lock: threading.RLock | None = None
    ) -> None:
        self.epoch_ns = epoch_ns
        self.lock = threading.RLock() if lock is None else lock
        self.timelines = Timelines()

    @property
    @abstractmethod
    def now_ns(self) -> int:
        """Nanoseconds since the clock's start."""

    @property
    def now(self) -> float:
        """Seconds since the clock's start."""
        return self.now_ns / NANOSECONDS

    @property
    def wall_ns(self) -> int:
        """Unix time in ns, as this clock tells it."""
        return self.epoch_ns + self.now_ns

    def attach(self, timeline: Timeline, *, describe: Callable[[], str] | None = None) -> None:
        """Let the events of `timeline` fall due on this clock. Several may be attached.

        Args:
          timeline: the world.
          describe: text for the end of an error message, such as the world's last requests.
        """
        self.timelines.add(timeline, describe)

    def detach(self, timeline: Timeline) -> None:
        """Forget `timeline`: what is still due there is never played. Does nothing if it is not attached."""
        self.timelines.remove(timeline)

    def flag(self, what: str = "a flag") -> Flag:
        """A new one-shot :class:`Flag`; `what` names it in error messages."""
        return Flag(what)

    @abstractmethod
    def hold(self, why: str = "clock.hold()") -> AbstractContextManager[None]:
        """Virtual time stands still inside this block, in sync and async code, from any thread.

        Use it round work in bare threads, subprocesses and trio's threads, which a clock cannot see.

        .. warning:: whoever sleeps inside the block waits for a time that never comes; the real-time cap ends that.
        """

    async def wait_until(self, at_ns: int) -> None:
        """Wait on asyncio or trio until :attr:`now_ns` is `at_ns`. Counts as a timer of the client."""
        self.check_participant()
        while (rest := at_ns - self.now_ns) > 0:
            await _waiting.sleep(rest)

    @abstractmethod
    def wait_until_sync(self, at_ns: int) -> None:
        """The calling thread waits until :attr:`now_ns` is `at_ns`."""

    async def wait_for(self, flag: Flag) -> None:
        """Wait on asyncio or trio until `flag` is set. No timer: see :class:`Flag`. May be cancelled."""
        self.check_participant()
        with self._awaiting(flag):
            await _waiting.wait_for(flag)

    @abstractmethod
    def wait_for_sync(self, flag: Flag, until_ns: int | None = None) -> bool:
        """The calling thread waits for `flag`, or until :attr:`now_ns` is `until_ns`; true if the flag is set."""

    @abstractmethod
    def enlist_thread(self) -> None:
        """The calling thread takes part in this clock's time from now on, until it ends."""

    @abstractmethod
    def check_participant(self) -> None:
        """Enlist whoever calls, thread or loop; called by transports at each request.

        Raises:
          ClockError: the caller runs on an event loop whose time this clock cannot move.
        """

    @abstractmethod
    def advance(self, seconds: float) -> None:
        """Move time by hand, `seconds` ahead, playing what falls due; for sync tests.

        Raises:
          ClockError: inside a running event loop, where ``await asyncio.sleep(seconds)`` does it.
        """

    @abstractmethod
    def call_in_client(self, fn: Callable[[], None]) -> None:
        """Run `fn` soon where the client runs: on its event loop if it has one, else in the calling thread."""

    @abstractmethod
    def _awaiting(self, flag: Flag) -> AbstractContextManager[None]: ...


def refuse_inside_loop(seconds: float) -> None:
    """Raise if the caller is a coroutine: there, moving time would freeze the loop that is to follow it."""
    if (library := _waiting.running_library()) is not None:
        raise ClockError(
            f"clock.advance({seconds!r}) inside a running {library} event loop would move time under its feet; "
            f"write `await {library}.sleep({seconds!r})`: on a virtual clock it costs nothing."
        )
