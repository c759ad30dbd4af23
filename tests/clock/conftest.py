"""A world for clocks: a heap of events, and what happens at each."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable, Iterator

import pytest

from skyvern_testkit.clock import VirtualClock, running_clock, virtual_time
from skyvern_testkit.clock._stdlib import real_sleep

SECOND = 1_000_000_000


class World:
    """The smallest timeline. `trace` lists (virtual seconds, name) of what was played."""

    def __init__(self) -> None:
        self.trace: list[tuple[float, str]] = []
        self._events: list[tuple[int, int, str, Callable[[], object] | None, bool]] = []
        self._order = itertools.count()

    def at(
        self,
        seconds: float,
        name: str = "event",
        do: Callable[[], object] | None = None,
        *,
        reaches: bool = True,
    ) -> None:
        due = round(seconds * SECOND)
        heapq.heappush(self._events, (due, next(self._order), name, do, reaches))

    def next_due(self) -> int | None:
        return self._events[0][0] if self._events else None

    def advance(self, to: int) -> None:
        while self._events and self._events[0][0] <= to:
            due, _, name, do, _ = heapq.heappop(self._events)
            self.trace.append((due / SECOND, name))
            if do is not None:
                do()

    def reaches_client(self) -> bool:
        return any(reaches for *_, reaches in self._events)


@pytest.fixture
def make_world() -> type[World]:
    return World


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clock() -> VirtualClock:
    """Not running yet. The cap is short: nothing here holds time for longer than a few milliseconds."""
    return VirtualClock(hold_cap=5)


@pytest.fixture
def virtual(clock: VirtualClock, world: World) -> Iterator[VirtualClock]:
    """A running clock with `world` attached."""
    clock.attach(world)
    with virtual_time(clock):
        yield clock


@pytest.fixture(autouse=True)
def _real_time_again() -> Iterator[None]:
    yield
    assert running_clock() is None
    assert time.sleep is real_sleep
