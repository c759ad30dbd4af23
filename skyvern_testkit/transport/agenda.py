"""What the kit itself is to do later: end waits, send codes. The world has a heap of its own."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["Agenda", "Item"]


@dataclass(slots=True, order=True)
class Item:
    """Something to be done at an instant (nanoseconds since the Unix epoch)."""

    due: int
    number: int
    do: Callable[[], object] | None = field(compare=False)
    is_heard: bool = field(compare=False, default=True)


class Agenda:
    """Items by due time; those of one instant in the order of their making."""

    def __init__(self) -> None:
        self._heap: list[Item] = []
        self._made = 0

    def reaches_client(self) -> bool:
        """Is anything to be done that a client could hear of?"""
        return any(item.is_heard for item in self._heap if item.do is not None)

    def at(self, due: int, do: Callable[[], object], *, is_heard: bool = True) -> Item:
        """Let `do` be called at that instant.

        Args:
            due: nanoseconds since the Unix epoch.
            do: what.
            is_heard: could a client that waits hear of it? If not, it keeps none waiting.
        """
        self._made += 1
        item = Item(due, self._made, do, is_heard)
        heapq.heappush(self._heap, item)
        return item

    def forget(self, item: Item) -> None:
        """It is no longer to be done."""
        item.do = None

    def next_due(self) -> int | None:
        """When the first item is due, or None."""
        while self._heap and self._heap[0].do is None:
            heapq.heappop(self._heap)
        return self._heap[0].due if self._heap else None

    def run_first(self) -> None:
        """Do the first item."""
        if self.next_due() is not None:
            item = heapq.heappop(self._heap)
            if item.do is not None:
                item.do()
