"""Instants on the wire. Inside the kit an instant is integer nanoseconds since the Unix epoch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = [
    "DEFAULT_EPOCH",
    "MICROSECOND",
    "MILLISECOND",
    "MINUTE",
    "SECOND",
    "from_datetime",
    "seconds",
    "timestamp",
    "timestamp_or_none",
    "timestamp_z",
]

MICROSECOND: Final = 1_000
MILLISECOND: Final = 1_000_000
SECOND: Final = 1_000_000_000
MINUTE: Final = 60 * SECOND

_UNIX_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_datetime(moment: datetime) -> int:
    """Nanoseconds since the Unix epoch; a naive datetime is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _UNIX_EPOCH) // timedelta(microseconds=1) * MICROSECOND


DEFAULT_EPOCH: Final = from_datetime(datetime(2026, 1, 1, tzinfo=UTC))
"""Where the time of a world starts unless it is told otherwise: 2026-01-01T00:00:00Z."""


def seconds(value: float) -> int:
    """Nanoseconds for a number of seconds."""
    return round(value * SECOND)


def timestamp(instant: int) -> str:
    """Microseconds, UTC, no zone: the server's usual form (facts: resources 2)."""
    moment = _UNIX_EPOCH + timedelta(microseconds=instant // MICROSECOND)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds")


def timestamp_or_none(instant: int | None) -> str | None:
    """As :func:`timestamp`; None stays None."""
    return None if instant is None else timestamp(instant)


def timestamp_z(instant: int) -> str:
    """With a ``Z``: the form of workflow and credential parameters (facts: resources 2)."""
    return timestamp(instant) + "Z"
