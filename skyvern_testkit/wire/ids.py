"""Ids that look like the real server's: ``wr_600330255282589466`` (facts: resources 2)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.wire.times import SECOND

__all__ = ["ID_EPOCH", "compose_id"]

ID_EPOCH: Final = 1_655_683_200
"""2022-06-20T00:00:00Z in Unix seconds: where the time part of an id starts."""


def compose_id(instant: int, worker: int, previous: int) -> int:
    """The next id's number: seconds in bits 63..32, worker in 31..11, sequence in 10..1, bit 0 zero.

    Args:
        instant: now, in nanoseconds since the Unix epoch.
        worker: 21 bits that tell one server process from another.
        previous: the last number given out. The real sequence wraps after 1,024 ids in a second;
            ours goes on counting instead, so ids always grow and never repeat.
    """
    fresh = ((instant // SECOND - ID_EPOCH) << 32) | (worker << 11)
    return max(fresh, previous + 2)
