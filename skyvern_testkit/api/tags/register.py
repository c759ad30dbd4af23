"""The register of an organisation's tags: its keys, and the values of each."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any, Final, TypeVar

from pydantic import BeforeValidator, model_validator

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.tags.fields import (
    Colour,
    GroupedValue,
    NeededKey,
    NeededValue,
    check_grouped,
    colour,
)
from skyvern_testkit.api.tags.subjects import key_in_path
from skyvern_testkit.wire.errors import Refusal, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.tagging import current, key_row, put, register, take, value_row
from skyvern_testkit.world.tags import Kind, Tag, TagEvent, TagKey, TagValue

__all__ = ["ENDPOINTS"]

_DESCRIPTION_LENGTH: Final = 500


# --- what is asked ------------------------------------------------------------------------------


def _description(given: Any) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise ValueError("description must be a string")  # noqa: TRY004 - see pydantic
    text = given.strip()
    if len(text) > _DESCRIPTION_LENGTH:
        raise ValueError(f"tag description must be at most {_DESCRIPTION_LENGTH} characters")
    return text or None


def _possible_colour(given: Any) -> str | None:
    return None if given is None else colour(given)


class KeyUpdate(Lazy):
    description: Annotated[str | None, BeforeValidator(_description)] = None


class ValueCreate(Lazy):
    key: NeededKey
    value: GroupedValue
    color: Annotated[str | None, BeforeValidator(_possible_colour)] = None


class ValueUpdate(Lazy):
    value: NeededValue
    color: Colour


class ValueRename(Lazy):
    value: NeededValue
    new_value: NeededValue

    @model_validator(mode="after")
    def _is_another(self) -> ValueRename:
        if self.new_value == self.value:
            raise ValueError("new_value must differ from the current value")
        check_grouped(self.new_value)
        return self


class ValueDelete(Lazy):
    value: NeededValue


class ValuesQuery(Lazy):
    key: str | None = None


# --- keys ---------------------------------------------------------------------------------------


def list_tag_keys(call: Call) -> list[JsonObject]:
    rows = call.world.rows(TagKey, call.organization_id)
    return [_shown_key(call, row) for row in sorted(rows, key=lambda row: row.key)]


def _shown_key(call: Call, row: TagKey) -> JsonObject:
    """Deleted workflows count here, as they do not among values."""
    return {
        "key": row.key,
        "description": row.description,
        "workflow_count": _counted(_uses(call, row.key))[Kind.WORKFLOW],
    }


def _uses(call: Call, key: str, value: str | None = None) -> list[TagEvent]:
    """Where a group is set, to any value or to this one."""
    return [
        event
        for event in current(call.world, call.organization_id)
        if event.key == key and value in (None, event.value)
    ]


def _counted(events: list[TagEvent]) -> Counter[Kind]:
    return Counter(event.on for event in events)


def update_tag_key(call: Call) -> JsonObject:
    row = _asked_key(call)
    return _shown_key(call, call.world.change(row, description=call.body.description))


def _asked_key(call: Call) -> TagKey:
    key = key_in_path(call)
    return _found(key_row(call.world, call.organization_id, key), f"Tag key '{key}' not found")


R = TypeVar("R")


def _found(row: R | None, detail: str) -> R:
    if row is None:
        raise Refusal(404, detail)
    return row


def delete_tag_key(call: Call) -> JsonObject:
    """Forget a group and all its values; whatever had it has it no longer."""
    row = _asked_key(call)
    for value in list(call.world.rows(TagValue, call.organization_id)):
        if value.key == row.key:
            call.world.change(value, deleted_at=call.now)
    call.world.change(row, deleted_at=call.now)
    return {"key": row.key, **_removed(call, _uses(call, row.key), whole_group=True)}


def _removed(call: Call, events: list[TagEvent], *, whole_group: bool = False) -> JsonObject:
    for event in events:
        take(call.world, event, whole_group=whole_group)
    counts = _counted(events)
    return {
        "removed_from_workflow_count": counts[Kind.WORKFLOW],
        "removed_from_run_count": counts[Kind.RUN],
        "removed_count": counts.total(),
    }


# --- values -------------------------------------------------------------------------------------


def list_tag_values(call: Call) -> list[JsonObject]:
    rows = [
        row
        for row in call.world.rows(TagValue, call.organization_id)
        if call.query.key in (None, row.key)
    ]
    return [_shown_value(call, row) for row in sorted(rows, key=lambda row: (row.key, row.value))]


def _shown_value(call: Call, row: TagValue) -> JsonObject:
    live = [
        event
        for event in _uses(call, row.key, row.value)
        if event.on is Kind.WORKFLOW
        and call.world.workflow(event.subject_id, call.organization_id) is not None
    ]
    return {
        "key": row.key,
        "value": row.value,
        "color": row.color,
        "workflow_count": len(live),
    }


def create_tag_value(call: Call) -> JsonObject:
    asked: ValueCreate = call.body
    check_storable(asked.value)
    if value_row(call.world, call.organization_id, asked.key, asked.value) is not None:
        raise Refusal(409, _exists(asked.key, asked.value))
    made = register(call.world, call.organization_id, asked.key, asked.value, asked.color)
    return _shown_value(call, made)


def _exists(key: str, value: str) -> str:
    return f"tag value '{key}:{value}' already exists"


def _asked_value(call: Call) -> TagValue:
    key, value = key_in_path(call), call.body.value
    check_storable(value)
    row = value_row(call.world, call.organization_id, key, value)
    return _found(row, f"Tag value '{key}:{value}' not found")


def update_tag_value(call: Call) -> JsonObject:
    row = _asked_value(call)
    return _shown_value(call, call.world.change(row, color=call.body.color))


def rename_tag_value(call: Call) -> JsonObject:
    """Call a value otherwise, here and wherever it is set; only workflows are counted."""
    row, new = _asked_value(call), call.body.new_value
    check_storable(new)
    if value_row(call.world, call.organization_id, row.key, new) is not None:
        raise Refusal(409, f"{_exists(row.key, new)}; rename would merge labels (not supported)")
    events = _uses(call, row.key, row.value)
    tag = Tag(new, row.key)
    for event in events:
        put(
            call.world,
            call.organization_id,
            event.on,
            event.subject_id,
            tag,
            instead_of=event,
        )
    renamed = call.world.change(row, value=new)
    return {
        "key": renamed.key,
        "value": renamed.value,
        "color": renamed.color,
        "renamed_workflow_count": _counted(events)[Kind.WORKFLOW],
    }


def delete_tag_value(call: Call) -> JsonObject:
    row = _asked_value(call)
    call.world.change(row, deleted_at=call.now)
    removed = _removed(call, _uses(call, row.key, row.value))
    return {"key": row.key, "value": row.value, **removed}


ENDPOINTS: Final = (
    Endpoint("list_tag_keys", list_tag_keys),
    Endpoint("update_tag_key", update_tag_key, body=KeyUpdate),
    Endpoint("delete_tag_key", delete_tag_key),
    Endpoint("list_tag_values", list_tag_values, query=ValuesQuery),
    Endpoint("create_tag_value", create_tag_value, body=ValueCreate),
    Endpoint("update_tag_value", update_tag_value, body=ValueUpdate),
    Endpoint("delete_tag_value", delete_tag_value, body=ValueDelete),
    Endpoint("rename_tag_value", rename_tag_value, body=ValueRename),
)
