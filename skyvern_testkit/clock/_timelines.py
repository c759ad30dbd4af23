"""The worlds that are attached to a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from skyvern_testkit.clock._errors import ClockError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Timeline", "Timelines"]


class Timeline(Protocol):
    """The other side of a clock: a world whose events fall due. All times are integer ns of the clock.

    A clock calls these while it holds its :attr:`Clock.lock`.
    """

    def next_due(self) -> int | None:
        """When the next event of the world is due, or ``None`` if there is none."""
        ...

    def advance(self, to: int) -> None:
        """Play every event due until `to`, inclusive. What it raises comes out in the test."""
        ...

    def reaches_client(self) -> bool:
        """Whether playing what is due could ever reach a client: an effect is due, an exchange waits, ..."""
        ...


class Timelines:
    """Several worlds as one; their clock calls it with its lock held."""

    def __init__(self) -> None:
        self._lines: list[Timeline] = []
        self._describers: dict[int, Callable[[], str]] = {}

    def add(self, line: Timeline, describe: Callable[[], str] | None) -> None:
        """Attach `line`; `describe` gives the text for the end of an error message."""
        self._lines.append(line)
        if describe is not None:
            self._describers[id(line)] = describe

    def remove(self, line: Timeline) -> None:
        """Detach `line`, if it is attached."""
        self._lines = [other for other in self._lines if other is not line]
        self._describers.pop(id(line), None)

    def next_due(self) -> int | None:
        """When the first event of all worlds is due, in ns."""
        return min(
            (due for line in self._lines if (due := line.next_due()) is not None), default=None
        )

    def reach_client(self) -> bool:
        """Whether any world has an event due that could ever reach a client."""
        return any(line.next_due() is not None and line.reaches_client() for line in self._lines)

    def play(self, to: int) -> None:
        """Play what is due until `to`, inclusive, world by world in the order of attaching.

        Raises:
          ClockError: a world has played and still has an event due until `to`; time could never go on.
        """
        for line in list(self._lines):
            if (due := line.next_due()) is None or due > to:
                continue
            line.advance(to)
            if (due := line.next_due()) is not None and due <= to:
                raise ClockError(
                    f"{line!r} was advanced to {to} ns and still has an event due at {due} ns"
                )

    def described(self) -> str:
        """What the worlds have to say at the end of an error message."""
        texts = [text for describe in list(self._describers.values()) if (text := describe())]
        return "".join(f"\n{text}" for text in texts)
