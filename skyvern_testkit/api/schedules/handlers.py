"""The operations on schedules."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.schedules.answers import listed_body, one_body, schedule_body
from skyvern_testkit.api.schedules.checks import check_calendar, check_soon, checked_parameters
from skyvern_testkit.api.schedules.requests import ListQuery, UpsertBody
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject, without_nul
from skyvern_testkit.wire.times import SECOND, from_datetime
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.schedules import PENDING, Schedule, arm

__all__ = ["ENDPOINTS"]

_UNTITLED: Final = "Untitled Workflow"


# --- which ------------------------------------------------------------------------------------


def _workflow(call: Call) -> Workflow:
    permanent_id = call.params["workflow_permanent_id"]
    workflow = call.world.workflow(permanent_id, call.organization_id)
    if workflow is None:
        raise Refusal(404, f"Workflow {permanent_id} not found")
    return workflow


def _asked(call: Call) -> Schedule:
    """The schedule of the path; its workflow is looked for first."""
    workflow, schedule_id = _workflow(call), call.params["workflow_schedule_id"]
    refusal = Refusal(404, f"Schedule {schedule_id} not found")
    schedule = call.find(Schedule, schedule_id, refusal)
    if schedule.workflow_permanent_id != workflow.permanent_id:
        raise refusal
    return schedule


def _told(call: Call, schedule: Schedule) -> JsonObject:
    return one_body(schedule, call.now)


# --- making and changing ----------------------------------------------------------------------


def _instant(moment: datetime | None) -> int | None:
    return None if moment is None else from_datetime(moment)


def _columns(asked: UpsertBody, parameters: JsonObject | None, first: int | None) -> dict[str, Any]:
    """What a request says of a schedule, by the names of its row."""
    return {
        "timezone": asked.timezone,
        "cron_expression": asked.cron_expression,
        "interval_seconds": asked.interval_seconds,
        "first_fire_at": first,
        "run_at": _instant(asked.run_at),
        "dispatch_status": None if asked.run_at is None else PENDING,
        "parameters": without_nul(parameters),
        "name": asked.name,
        "description": asked.description,
    }


def _first_tick(call: Call, asked: UpsertBody) -> int | None:
    """When an interval begins: as asked for, or one interval from now."""
    if asked.interval_seconds is None or asked.first_fire_at is not None:
        return _instant(asked.first_fire_at)
    return (call.now // SECOND + asked.interval_seconds) * SECOND


def create_schedule(call: Call) -> JsonObject:
    asked: UpsertBody = call.body
    check_calendar(asked, call.now)
    check_soon(asked.run_at, "run_at", call.now)
    check_soon(asked.first_fire_at, "first_fire_at", call.now)
    workflow = _workflow(call)
    parameters = checked_parameters(call, workflow, asked.parameters)
    made = call.world.make(
        Schedule,
        call.organization_id,
        workflow_permanent_id=workflow.permanent_id,
        enabled=asked.enabled is not False,
        api_key=call.api_key,
        **_columns(asked, parameters, _first_tick(call, asked)),
    )
    arm(call.world, made)
    return _told(call, made)


def update_schedule(call: Call) -> JsonObject:
    """Replace all of it, but whether it is paused and when its interval began: those are kept."""
    asked: UpsertBody = call.body
    schedule = _asked(call)
    if (asked.run_at is not None) != schedule.is_once:
        raise Refusal(
            422,
            "A schedule cannot switch between one-time and recurring; "
            "create a new schedule instead",
        )
    _refuse_over(schedule)
    check_calendar(asked, call.now)
    check_soon(asked.run_at, "run_at", call.now)
    first = _first_tick(call, asked)
    if asked.first_fire_at is not None and first != schedule.first_fire_at:
        check_soon(asked.first_fire_at, "first_fire_at", call.now)
    elif asked.interval_seconds is not None:
        first = schedule.first_fire_at or first
    parameters = checked_parameters(call, _workflow(call), asked.parameters)
    columns = _columns(asked, parameters, first)
    if asked.enabled is not None and "enabled" in asked.model_fields_set:
        columns["enabled"] = asked.enabled
    return _changed(call, schedule, **columns)


def _changed(call: Call, schedule: Schedule, **values: Any) -> JsonObject:
    changed = call.world.change(schedule, turn=schedule.turn + 1, **values)
    arm(call.world, changed)
    return _told(call, changed)


def _refuse_over(schedule: Schedule) -> None:
    if schedule.dispatch_status not in (None, PENDING):
        raise Refusal(
            409,
            f"Schedule {schedule.id} already fired or was canceled, so it can no longer change",
        )


def _pause_or_go_on(call: Call, *, enabled: bool) -> JsonObject:
    schedule = _asked(call)
    if schedule.is_once:
        raise Refusal(
            422,
            "A one-time schedule cannot be paused or resumed; cancel it, or update run_at to move it",
        )
    return _changed(call, schedule, enabled=enabled)


def enable_schedule(call: Call) -> JsonObject:
    return _pause_or_go_on(call, enabled=True)


def disable_schedule(call: Call) -> JsonObject:
    return _pause_or_go_on(call, enabled=False)


def cancel_schedule(call: Call) -> JsonObject:
    schedule = _asked(call)
    if not schedule.is_once:
        raise Refusal(
            422,
            "Only a one-time schedule can be canceled; "
            "disable or delete a recurring schedule instead",
        )
    _refuse_over(schedule)
    return _changed(call, schedule, dispatch_status="canceled")


def delete_schedule(call: Call) -> JsonObject:
    call.world.change(_asked(call), deleted_at=call.now)
    return {"ok": True}


# --- reading ----------------------------------------------------------------------------------


def get_schedule(call: Call) -> JsonObject:
    return _told(call, _asked(call))


def list_schedules(call: Call) -> JsonObject:
    """Those of a workflow, the oldest first."""
    workflow = _workflow(call)
    rows = [
        schedule_body(row)
        for row in call.world.rows(Schedule, call.organization_id)
        if row.workflow_permanent_id == workflow.permanent_id
    ]
    return {"schedules": rows}


def list_all_schedules(call: Call) -> JsonObject:
    """Those of the organisation, the newest first."""
    query: ListQuery = call.query
    titles = _titles(call)
    found = [
        row
        for row in reversed(list(call.world.rows(Schedule, call.organization_id)))
        if _is_wanted(row, query, titles.get(row.workflow_permanent_id))
    ]
    shown = [
        listed_body(row, titles.get(row.workflow_permanent_id, _UNTITLED), call.now)
        for row in page_of(found, query.page, query.page_size)
    ]
    return {
        "schedules": shown,
        "total_count": len(found),
        "page": query.page,
        "page_size": query.page_size,
    }


def _titles(call: Call) -> dict[str, str]:
    """The titles of the workflows by their latest versions; deleted ones have none."""
    ids = {row.permanent_id for row in call.world.rows(Workflow, call.organization_id)}
    rows = (call.world.workflow(permanent_id, call.organization_id) for permanent_id in ids)
    return {row.permanent_id: row.title for row in rows if row is not None}


def _mentions(search: str, *texts: str | None) -> bool:
    """Is it in one of them? Only the letters of ASCII are the same in capitals."""
    found = re.compile(re.escape(search), re.IGNORECASE | re.ASCII)
    return any(found.search(text) for text in texts if text)


def _is_wanted(schedule: Schedule, query: ListQuery, title: str | None) -> bool:
    if query.search and not _mentions(query.search, title, schedule.name):
        return False
    match query.status:
        case None:
            return True
        case "active":
            return schedule.enabled and schedule.dispatch_status in (None, PENDING)
        case "paused":
            return not schedule.enabled


ENDPOINTS: Final = (
    Endpoint("schedules.create", create_schedule, body=UpsertBody),
    Endpoint("schedules.list", list_schedules),
    Endpoint("schedules.get", get_schedule),
    Endpoint("schedules.update", update_schedule, body=UpsertBody),
    Endpoint("schedules.delete", delete_schedule),
    Endpoint("schedules.enable", enable_schedule),
    Endpoint("schedules.disable", disable_schedule),
    Endpoint("schedules.cancel", cancel_schedule),
    Endpoint("schedules.list_all", list_all_schedules, query=ListQuery),
)
