"""Schedules as clients see them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from typing import Final

from skyvern_testkit.wire.errors import ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp
from skyvern_testkit.world.cron import CronError
from skyvern_testkit.world.schedules import Schedule, coming

__all__ = ["listed_body", "one_body", "schedule_body"]

_TOLD_AHEAD: Final = 5


def _second(instant: int | None) -> str | None:
    """An instant of a calendar: whole seconds, with a ``Z``."""
    if instant is None:
        return None
    moment = datetime.fromtimestamp(instant // SECOND, UTC)
    return moment.replace(tzinfo=None).isoformat() + "Z"


def _calendar(schedule: Schedule) -> JsonObject:
    return {
        "cron_expression": schedule.cron_expression,
        "interval_seconds": schedule.interval_seconds,
        "first_fire_at": _second(schedule.first_fire_at),
        "run_at": _second(schedule.run_at),
        "dispatch_status": schedule.dispatch_status,
        "workflow_run_id": schedule.workflow_run_id,
        "timezone": schedule.timezone,
        "enabled": schedule.enabled,
        "parameters": schedule.parameters,
    }


def schedule_body(schedule: Schedule) -> JsonObject:
    """One schedule in itself."""
    return {
        "workflow_schedule_id": schedule.id,
        "organization_id": schedule.organization_id,
        "workflow_permanent_id": schedule.workflow_permanent_id,
        **_calendar(schedule),
        "temporal_schedule_id": f"local-wf-sched-{schedule.id}",
        "name": schedule.name,
        "description": schedule.description,
        "created_at": timestamp(schedule.created_at),
        "modified_at": timestamp(schedule.modified_at),
        "deleted_at": None,
    }


def one_body(schedule: Schedule, now: int) -> JsonObject:
    """The answer about one schedule: it tells the next instants, of a paused one too.

    Raises:
        ServerCrash: its cron expression has fewer instants than are told, as on the real server.
    """
    try:
        ahead = list(islice(coming(schedule, now), _TOLD_AHEAD))
    except CronError:
        raise ServerCrash("CroniterBadDateError") from None
    return {"schedule": schedule_body(schedule), "next_runs": [_second(due) for due in ahead]}


def listed_body(schedule: Schedule, title: str, now: int) -> JsonObject:
    """One schedule in the list of all."""
    try:
        due = next(iter(coming(schedule, now)), None) if schedule.enabled else None
    except CronError:
        due = None
    return {
        "workflow_schedule_id": schedule.id,
        "organization_id": schedule.organization_id,
        "workflow_permanent_id": schedule.workflow_permanent_id,
        "workflow_title": title,
        **_calendar(schedule),
        "name": schedule.name,
        "description": schedule.description,
        "next_run": _second(due),
        "created_at": timestamp(schedule.created_at),
        "modified_at": timestamp(schedule.modified_at),
    }
