"""When a cron expression is due, as the server's own calendar has it.

The server reckons with croniter 3.0.4, and what that makes of a zone whose clocks change shows in
``next_runs``. Here croniter only counts on a clock on the wall, where its releases agree:
:func:`told` does with zones what that one release does, :func:`next_due` what the wall says.
Instants are nanoseconds since the Unix epoch.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from skyvern_testkit.wire.times import SECOND, from_datetime

__all__ = ["CronError", "NeverDue", "check_often", "next_due", "told"]

_NO_TIME: Final = timedelta()
_SHORTEST: Final = timedelta(minutes=5)
_LOOKED_AT: Final = timedelta(hours=24)


class CronError(ValueError):
    """An expression that cannot be read, or is due too often; the text is the server's."""


class NeverDue(CronError):
    """The expression is due never, or never again."""

    def __init__(self) -> None:
        super().__init__("failed to find next date")


def check_often(expression: str, now: int) -> None:
    """Refuse an expression that cannot be read, is not due twice, or is due too often.

    Looked at are the instants within 24 hours of the first one, in UTC whatever the zone
    (recorded exchanges ``schedules_cron.cron.*``).

    Raises:
        CronError: as the server says it.
    """
    walls = _walls(expression, _moment(now).replace(tzinfo=None))
    first = before = next(walls)
    for wall in walls:
        if wall - before < _SHORTEST:
            raise CronError("Cron interval must be at least 5 minutes")
        if wall - first >= _LOOKED_AT:
            return
        before = wall


def next_due(expression: str, timezone: str, now: int) -> int:
    """The first instant after now.

    A wall time that a change of the clocks skips is due by the old clock, one that comes twice is
    due the first time.

    Raises:
        CronError: the expression cannot be read.
        NeverDue: there is no further instant.
    """
    zone = ZoneInfo(timezone)
    walls = _walls(expression, _moment(now).astimezone(zone).replace(tzinfo=None))
    dues = (from_datetime(wall.replace(tzinfo=zone)) for wall in walls)
    return next(due for due in dues if due > now)


def told(expression: str, timezone: str, now: int) -> Iterator[int]:
    """When the server says that it is due after now, in order.

    As :func:`next_due`, but where the clocks are changed in between croniter 3.0.4 brings some
    instants too early or too late by the change (recorded exchanges ``schedules_cron.zone.*``).

    Raises:
        CronError: the expression cannot be read.
        NeverDue: there is no further instant.
    """
    zone = ZoneInfo(timezone)
    grain = timedelta(seconds=60 if len(expression.split()) <= 5 else 1)
    found = reference = _moment(now).astimezone(zone)
    while True:
        # Counted from the first wall time that may be it: a change may lie before it.
        start = (_later(found, grain)).replace(tzinfo=None) - grain
        wall = next(_walls(expression, start))
        found = _as_it_is(wall.replace(tzinfo=zone))
        change = _offset(found) - _offset(reference)
        if change and _reaches_midnight(reference, found, change):
            found = reference = _as_it_is(found - change)
        yield from_datetime(found)


def _reaches_midnight(start: datetime, found: datetime, change: timedelta) -> bool:
    """Does the way to what was found go over the midnight after the start, by the wall?"""
    way = abs(found - start) + (abs(change) if change < _NO_TIME else _NO_TIME)
    return way >= timedelta(hours=24 - start.hour)


def _as_it_is(moment: datetime) -> datetime:
    """The same instant by a wall time that there is."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def _later(moment: datetime, by: timedelta) -> datetime:
    """So much later in real time, not by the clock on the wall."""
    return (moment.astimezone(UTC) + by).astimezone(moment.tzinfo)


def _offset(moment: datetime) -> timedelta:
    return moment.utcoffset() or _NO_TIME


def _moment(instant: int) -> datetime:
    """The second of an instant."""
    return datetime.fromtimestamp(instant // SECOND, UTC)


_DRAWN: Final = re.compile(r"(?<![a-z])r(?![a-z])", re.IGNORECASE)
_HASHED: Final = re.compile(r"(?<![a-z])h(?![a-z])", re.IGNORECASE)


_RANGE: Final = re.compile(r"(\w+)-(\w+)(?:/\d+)?")
_DAY_OF_WEEK: Final = 4
# fmt: off
_NAMES: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "sun": 0, "mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6,
}
# fmt: on


def _is_newer(expression: str) -> bool:
    """Would only releases of croniter after the server's read it: ``22-2``, ``15W``?"""
    for position, field in enumerate(expression.lower().split()):
        for part in field.split(","):
            if re.fullmatch(r"\d+w|l?w", part):
                return True
            found = _RANGE.fullmatch(part)
            if found is None:
                continue
            low, high = (_NAMES.get(text, text) for text in found.groups())
            if position == _DAY_OF_WEEK and high in (0, "0"):
                high = 7
            if str(low).isdecimal() and str(high).isdecimal() and int(low) > int(high):
                return True
    return False


def _walls(expression: str, start: datetime) -> Iterator[datetime]:
    """The wall times after the start, as croniter counts them.

    Raises:
        CronError: the expression cannot be read.
        NeverDue: there is no further one.
    """
    from croniter import CroniterBadDateError, croniter

    if _is_newer(expression):
        raise CronError("Invalid cron expression")
    hash_id = None
    if _DRAWN.search(expression) and not _HASHED.search(expression):
        # ``R`` is drawn anew each time; here it is the same each time: of the expression alone.
        hash_id, expression = expression.encode("utf-8", "replace"), _DRAWN.sub("H", expression)
    try:
        found = croniter(expression, start, hash_id=hash_id)
    except (ValueError, TypeError, LookupError, AttributeError):
        raise CronError("Invalid cron expression") from None
    while True:
        try:
            wall: datetime = found.get_next(datetime)
        except CroniterBadDateError:
            raise NeverDue from None
        yield wall
