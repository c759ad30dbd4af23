"""Ranges of releases, as people write them: ``1.0.25..1.0.48``, ``1.0.37+``, ``all``."""

from collections.abc import Iterable, Iterator, Sequence

from skyvern_testkit.api.differences import NEWEST, RELEASES

__all__ = ["ranges", "within"]


def within(releases: str) -> tuple[str, ...]:
    """The releases of a range, ends included."""
    if releases == "all":
        return RELEASES
    first, _, last = releases.removesuffix("+").partition("..")
    last = NEWEST if releases.endswith("+") else last or first
    return RELEASES[RELEASES.index(first) : RELEASES.index(last) + 1]


def ranges(releases: Iterable[str]) -> str:
    """Those releases as ranges."""
    return ", ".join(map(_written, _runs(sorted(map(RELEASES.index, releases)))))


def _runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of each stretch without a gap."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number > last + 1:
            yield first, last
            first = number
        last = number
    yield first, last


def _written(run: tuple[int, int]) -> str:
    first, last = run
    newest = len(RELEASES) - 1
    if run == (0, newest):
        return "all"
    if first == last:
        return RELEASES[first]
    return f"{RELEASES[first]}+" if last == newest else f"{RELEASES[first]}..{RELEASES[last]}"
