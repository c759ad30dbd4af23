"""What is wrong with a fake file, and where: values, and the one error that shows them all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

__all__ = ["FakeFileError", "Place", "Problem", "Report", "nearest", "shortened"]

_PLAIN_KEY = re.compile(r"[\w-]+")
_WIDTH = 100


def shortened(text: str) -> str:
    """A text of somebody else's as it fits into a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: line and column from 1, and the way to it through the file's fields."""

    line: int
    column: int
    path: str = ""

    def key(self, name: str, line: int, column: int) -> Place:
        """A field of what stands here."""
        short = shortened(name)
        shown = short if _PLAIN_KEY.fullmatch(short) else f"[{short!r}]"
        dot = "." if self.path and not shown.startswith("[") else ""
        return Place(line, column, f"{self.path}{dot}{shown}")

    def item(self, index: int, line: int, column: int) -> Place:
        """An item of the list that stands here."""
        return Place(line, column, f"{self.path}[{index}]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    place: Place
    text: str
    excerpt: str = field(default="", compare=False)


class FakeFileError(ValueError):
    """A fake file is wrong. Nothing of it was applied.

    Attributes:
        source: the file's name as it was given.
        problems: all that is wrong, in the file's order.
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda it: (it.place.line, it.place.column)))
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        head = f"{self.source}: {count} problem{'' if count == 1 else 's'}, nothing was applied"
        return "\n".join([head, *map(self._shown, self.problems)])

    def _shown(self, problem: Problem) -> str:
        place = problem.place
        where = f"{self.source}:{place.line}:{place.column}"
        path = f" {place.path}" if place.path else ""
        return f"\n{where}{path}\n    {problem.text}{problem.excerpt}"


class Report:
    """Collects the problems of one text while it is read."""

    def __init__(self, source: str, text: str) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._lines = re.split(r"\r\n|[\n\r\x85\u2028\u2029]", text)

    def add(self, place: Place, text: str) -> None:
        """Something is wrong there."""
        self.problems.append(Problem(place, text, self._excerpt(place)))

    def _excerpt(self, place: Place) -> str:
        if not 1 <= place.line <= len(self._lines):
            return ""
        line = self._lines[place.line - 1]
        start = max(0, place.column - _WIDTH)
        shown = "".join(c if c.isprintable() else " " for c in line[start : start + _WIDTH + 20])
        if not shown.strip():
            return ""
        number = f"{place.line} | "
        caret = " " * (len(number) - 2) + "| " + " " * (place.column - 1 - start) + "^"
        return f"\n      {number}{shown.rstrip()}\n      {caret}"


def nearest(name: str, names: Iterable[str]) -> str:
    """A half sentence with the names that look like it, or "" when none does."""
    known = {item.lower(): item for item in names}
    found = get_close_matches(name.lower(), known, n=2, cutoff=0.6)
    if not found:
        return ""
    return f" Did you mean {' or '.join(f'`{known[item]}`' for item in found)}?"
