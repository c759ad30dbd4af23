"""Measuring two things in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

__all__ = ["Comparison", "compare", "show"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Ours against a peer: medians in seconds, and the median of the ratios pair by pair."""

    what: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    spread: tuple[float, float]


def _timed(work: Callable[[], object]) -> float:
    begin = perf_counter()
    work()
    return perf_counter() - begin


def compare(
    what: str,
    peer: str,
    ours: Callable[[], object],
    theirs: Callable[[], object],
    *,
    pairs: int = 15,
    per: int = 1,
) -> Comparison:
    """Run both in turn after a warm-up.

    Args:
        what: what is measured, in words.
        peer: what it is measured against.
        ours: our side; called once a pair.
        theirs: the peer's side.
        pairs: how many pairs count.
        per: units of work in one call, to show the time of one.
    """
    ours()
    theirs()
    times = [(_timed(ours) / per, _timed(theirs) / per) for _ in range(pairs)]
    ratios = sorted(a / b for a, b in times)
    return Comparison(
        what,
        peer,
        median(a for a, _ in times),
        median(b for _, b in times),
        median(ratios),
        (ratios[0], ratios[-1]),
    )


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def show(found: Sequence[Comparison]) -> str:
    """The comparisons as a table."""
    rows = [("what", "ours", "peer", "theirs", "ratio", "min..max")]
    rows += [
        (
            item.what,
            _time(item.ours),
            item.peer,
            _time(item.theirs),
            f"{item.ratio:.2f}",
            f"{item.spread[0]:.2f}..{item.spread[1]:.2f}",
        )
        for item in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
