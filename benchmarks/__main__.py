"""Speed as ratios against named peers, measured in one run: ``python -m benchmarks``.

Each pair runs in turn, A B A B ..., and the median of the ratios pair by pair is printed, so that a
machine that slows down slows both. Nothing here passes or fails.
"""

from __future__ import annotations

from benchmarks import calls, imports, waits, worlds
from benchmarks.pairs import Comparison, show


def main() -> None:
    found: list[Comparison] = [*calls.run(), *waits.run(), *worlds.run(), *imports.run()]
    print(show(found))


if __name__ == "__main__":
    main()
