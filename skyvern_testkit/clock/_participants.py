"""Who takes part in a virtual time, and what holds it."""

from __future__ import annotations

import enum
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable

    from skyvern_testkit.clock._flag import Flag

__all__ = ["Hold", "Job", "Participant", "State"]


class State(enum.Enum):
    """What a participant's thread does."""

    RUNNING = "running"
    """It executes code, or waits in a way that the clock cannot see. Time stands still."""
    RESTING = "resting"
    """It waits for virtual time: in our event loop's selector, in ``time.sleep``, for a flag."""
    PARKED = "parked"
    """It waits for another thread: in ``Thread.join``, ``Future.result``, ``Queue.get``."""


class Participant:
    """One thread that takes part: time jumps only while no participant runs. Its event loop is part of it."""

    __slots__ = (
        "deadline",
        "errands",
        "error",
        "flag",
        "index",
        "loop",
        "parked_on",
        "post",
        "released",
        "starting",
        "state",
        "thread",
        "wake",
        "why",
    )

    def __init__(self, thread: threading.Thread, index: int) -> None:
        self.thread = thread
        self.index = index
        """Order of enlisting: breaks ties between participants that are due at the same time."""
        self.state = State.RUNNING
        self.deadline: int | None = None
        """While resting: when it wants to go on, in ns."""
        self.flag: Flag | None = None
        """While resting: the flag that gives it the turn."""
        self.released = False
        """While resting: the turn is its own; it was taken for running at that moment."""
        self.wake: Callable[[], None] = lambda: None
        """While resting: ends its real wait, from any thread."""
        self.why = ""
        """While resting: what it waits for, for error messages."""
        self.error: BaseException | None = None
        """To be raised where it rests."""
        self.errands: list[Callable[[], None]] = []
        """To be run by it as soon as it has let go of the world it plays."""
        self.loop: AbstractEventLoop | None = None
        self.post: Callable[[Callable[[], None]], None] | None = None
        """Runs a function soon on its event loop, from any thread."""
        self.parked_on: object = None
        self.starting = 0

    def reach(self) -> Callable[[Callable[[], None]], None] | None:
        """What runs a function soon on its event loop, if one runs."""
        return self.post if self.loop is None or self.loop.is_running() else None

    def __repr__(self) -> str:
        return f"<Participant {self.describe()}>"

    def describe(self) -> str:
        """One line for an error message: the thread, and what it does."""
        name = f"thread {self.thread.name!r}"
        if self.state is State.RESTING:
            return f"{name} waits {self.why}" if self.why else f"{name} waits"
        if self.state is State.PARKED:
            return f"{name} waits for another thread"
        frame = sys._current_frames().get(self.thread.ident or 0)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the one way to see another thread
        place = f" at {frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""
        return f"{name} runs{place}"


class Hold:
    """One reason for time to stand still."""

    __slots__ = ("owner", "why")

    def __init__(self, why: str) -> None:
        self.why = why
        self.owner: Participant | None = None
        """The participant that does the held work. It is watched itself, so the hold does not count meanwhile."""

    @property
    def counts(self) -> bool:
        return self.owner is None


class Job:
    """One piece of work in a thread of a pool. If it enlists its thread, that ends with the job, not with the pool."""

    __slots__ = ("hold", "participant")

    def __init__(self, hold: Hold | None = None) -> None:
        self.hold = hold
        self.participant: Participant | None = None
