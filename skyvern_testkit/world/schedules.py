"""Schedules of workflows: their rows, and when each is due (facts: resources 6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.cron import CronError, next_due, told
from skyvern_testkit.world.events import ScheduleDue
from skyvern_testkit.world.rows import Row

if TYPE_CHECKING:
    from skyvern_testkit.world.world import World

__all__ = ["Schedule", "arm", "coming", "is_current"]

PENDING: Final = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule(Row):
    """When runs of a workflow start by themselves: by cron, at an interval, or once.

    Just one of ``cron_expression``, ``interval_seconds`` and ``run_at`` is set.
    """

    PREFIX: ClassVar[str] = "wfs"
    workflow_permanent_id: str
    timezone: str
    cron_expression: str | None = None
    interval_seconds: int | None = None
    first_fire_at: int | None = None
    run_at: int | None = None
    dispatch_status: str | None = None
    """Of a one-time schedule: ``pending``, ``fired`` or ``canceled``."""
    workflow_run_id: str | None = None
    enabled: bool = True
    parameters: JsonObject | None = None
    name: str | None = None
    description: str | None = None
    api_key: str = field(default="", repr=False)
    """Of whoever made it: it signs the webhooks of the runs that it starts."""
    turn: int = 0
    """Counts its changes; an event that names an older turn comes too late."""

    @property
    def is_once(self) -> bool:
        return self.run_at is not None


def coming(schedule: Schedule, now: int) -> Iterator[int]:
    """When the server says that it is due, paused or not; never once it has fired or was canceled.

    Raises:
        NeverDue: its cron expression has no further instant.
    """
    if schedule.run_at is not None:
        return iter([schedule.run_at] if schedule.dispatch_status == PENDING else [])
    if schedule.first_fire_at is not None and schedule.interval_seconds is not None:
        return _ticks(schedule.first_fire_at, schedule.interval_seconds * SECOND, now)
    return told(schedule.cron_expression or "", schedule.timezone, now)


def _ticks(first: int, interval: int, now: int) -> Iterator[int]:
    tick = first if now < first else first + ((now - first) // interval + 1) * interval
    while True:
        yield tick
        tick += interval


def _due(schedule: Schedule, now: int) -> int | None:
    if schedule.cron_expression is not None:
        return next_due(schedule.cron_expression, schedule.timezone, now)
    return next(coming(schedule, now), None)


def arm(world: World, schedule: Schedule) -> None:
    """Let the world hear when it is due next; a paused one is not heard."""
    if not schedule.enabled:
        return
    try:
        due = _due(schedule, world.now)
    except CronError:
        return  # there was a last one
    if due is not None:
        world.schedule(due, ScheduleDue(schedule.organization_id, schedule.id, schedule.turn, due))


def is_current(world: World, event: ScheduleDue) -> Schedule | None:
    """The schedule that the event is of, or None: changed, paused or deleted in the meantime."""
    schedule = world.get(Schedule, event.schedule_id, event.organization_id)
    if schedule is None or schedule.turn != event.turn or not schedule.enabled:
        return None
    return schedule
