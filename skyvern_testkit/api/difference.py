"""The kinds of row that the table of differences has, and the releases that it speaks of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from skyvern_testkit.wire.jsontext import Json

__all__ = [
    "AS_IT_IS",
    "NEWEST",
    "RELEASES",
    "Difference",
    "Forgets",
    "LeavesOut",
    "NoOperation",
    "NoSpelling",
    "NoWord",
    "Number",
    "Public",
    "Says",
    "Takes",
]

# fmt: off
RELEASES: Final = (
    "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.6", "1.0.10", "1.0.11", "1.0.12", "1.0.13", "1.0.14",
    "1.0.15", "1.0.16", "1.0.17", "1.0.18", "1.0.19", "1.0.20", "1.0.21", "1.0.22", "1.0.23",
    "1.0.24", "1.0.25", "1.0.26", "1.0.27", "1.0.28", "1.0.29", "1.0.30", "1.0.31", "1.0.32",
    "1.0.33", "1.0.34", "1.0.35", "1.0.36", "1.0.37", "1.0.40", "1.0.41", "1.0.42", "1.0.43",
    "1.0.44", "1.0.45", "1.0.46", "1.0.47", "1.0.48", "1.0.55", "1.0.56",
)
# fmt: on
"""Every release of 1.x, oldest first; the numbers between were never published."""
NEWEST: Final = RELEASES[-1]

AS_IT_IS: Final[Any] = object()
"""Stands for the newest release's own."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something was otherwise from ``since`` until ``until``, both included."""

    until: str
    source: str
    since: str = field(default=RELEASES[0], kw_only=True)


@dataclass(frozen=True, slots=True)
class NoOperation(Difference):
    """The operations were not there: 404."""

    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoSpelling(Difference):
    """Paths did not begin so; another spelling of the same operation was the documented one."""

    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Public(Difference):
    """The operation was documented, and a method of the SDK."""

    operation: str


@dataclass(frozen=True, slots=True)
class Takes(Difference):
    """A field of a request had another type, other limits or another default."""

    operation: str
    field: str
    annotation: Any = AS_IT_IS
    default: Any = ...


@dataclass(frozen=True, slots=True)
class Forgets(Difference):
    """Fields of a body or of a query were ignored in silence; who sends one is told so by an advice."""

    operation: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoWord(Difference):
    """Words of an enumeration were not there: as any other unknown word, they are refused."""

    enumeration: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeavesOut(Difference):
    """Fields were not in these answers, nor in those of a list; ``schedule.run_at`` is one inside."""

    operations: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Says(Difference):
    """A field of these answers could not have that value; another one was the nearest."""

    operations: tuple[str, ...]
    field: str
    value: Json
    instead: Json


@dataclass(frozen=True, slots=True)
class Number(Difference):
    """A limit that a handler asks for by its name had another value."""

    name: str
    value: int
