"""What is refused of a schedule, in the server's order: calendar, zone, time, parameters."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from skyvern_testkit.api.runs.owner import Owner
from skyvern_testkit.api.runs.parameters import check_credential
from skyvern_testkit.api.schedules.requests import UpsertBody
from skyvern_testkit.api.timezones import is_timezone
from skyvern_testkit.wire.errors import Invalid, Refusal, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MINUTE, from_datetime
from skyvern_testkit.world.cron import CronError, check_often
from skyvern_testkit.world.rows import Workflow

__all__ = ["check_calendar", "check_soon", "checked_parameters"]

_SOONEST: Final = MINUTE


def check_calendar(asked: UpsertBody, now: int) -> None:
    """Refuse a cron expression or a time zone that the server does not take.

    Raises:
        Refusal: its 400.
        Unstorable: the zone's name is no text.
    """
    if asked.cron_expression is not None:
        try:
            check_often(asked.cron_expression, now)
        except CronError as error:
            raise Refusal(400, str(error)) from None
    check_storable(asked.timezone)
    if not is_timezone(asked.timezone):
        raise Refusal(400, f"Invalid timezone '{asked.timezone}'")


def check_soon(moment: datetime | None, field: str, now: int) -> None:
    """Refuse an instant less than a minute ahead; the item has not the form of a model's own.

    Raises:
        Refusal: the server's 422.
    """
    if moment is None or from_datetime(moment) >= now + _SOONEST:
        return
    text = f"{field} must be at least 60 seconds in the future"
    item = Invalid("value_error", ("body", field), text, moment.isoformat())
    raise Refusal(422, [item.full()])


def checked_parameters(
    owner: Owner, workflow: Workflow, given: JsonObject | None
) -> JsonObject | None:
    """The parameters as they are kept: none that are null, and none at all for an empty object.

    Only names are looked at, and credentials; a value of another type fails with its run.

    Raises:
        Refusal: 400, the workflow does not know one of them, lacks one, or a credential is unknown.
    """
    kept = {key: value for key, value in (given or {}).items() if value is not None}
    items: list[JsonObject] = workflow.definition.get("parameters") or []
    declared = {item["key"]: item for item in items if item.get("parameter_type") == "workflow"}
    _refuse("Unknown", workflow, set(given or {}) - set(declared))
    needed = {
        key
        for key, item in declared.items()
        if item.get("default_value") is None and item["workflow_parameter_type"] != "credential_id"
    }
    _refuse("Missing", workflow, needed - set(kept))
    for key, value in kept.items():
        if declared[key]["workflow_parameter_type"] == "credential_id":
            check_credential(owner, value)
    return kept or None


def _refuse(what: str, workflow: Workflow, names: set[str]) -> None:
    if names:
        listed = ", ".join(sorted(names))
        raise Refusal(
            400, f"{what} schedule parameters for workflow {workflow.permanent_id}: {listed}"
        )
