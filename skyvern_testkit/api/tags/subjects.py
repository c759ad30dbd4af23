"""Tags on things: the same operations for workflows and for runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, WithJsonSchema, create_model, model_validator

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.tags.fields import (
    MAX_TAGS,
    NeededValue,
    PossibleKey,
    PossibleValue,
    check_grouped,
    check_key,
    check_label,
    colours,
    entries,
)
from skyvern_testkit.wire.errors import Refusal, Unstorable, check_storable
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import from_datetime, timestamp
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.tagging import (
    as_shown,
    current,
    put,
    register,
    take,
    workflow_run_id,
)
from skyvern_testkit.world.tags import Kind, Tag, TagEvent

__all__ = ["ENDPOINTS", "key_in_path"]

_MAX_AT_ONCE: Final = 200


# --- what is asked ------------------------------------------------------------------------------


class TagInput(Lazy):
    key: PossibleKey = None
    value: NeededValue

    @model_validator(mode="after")
    def _is_readable(self) -> TagInput:
        check = check_label if self.key is None else check_grouped
        check(self.value)
        return self


class TagDeleteInput(Lazy):
    key: PossibleKey = None
    value: PossibleValue = None

    @model_validator(mode="after")
    def _is_one_target(self) -> TagDeleteInput:
        if self.key and self.value:
            raise ValueError(
                "a delete target must specify either a key (group) or a value (label), not both"
            )
        if not (self.key or self.value):
            raise ValueError("each delete target must specify a key (group) or a value (label)")
        return self


class ApplyBody(Lazy):
    tags: Annotated[tuple[TagInput, ...], BeforeValidator(entries("tags"))] = ()
    tags_to_delete: Annotated[
        tuple[TagDeleteInput, ...], BeforeValidator(entries("tags_to_delete"))
    ] = ()
    colors: Annotated[
        dict[str, str],
        BeforeValidator(colours),
        WithJsonSchema(  # null is read as none
            {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "string"}},
                    {"type": "null"},
                ]
            }
        ),
    ] = Field(default_factory=dict)


class HistoryQuery(Lazy):
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    since: datetime | None = None
    key: str | None = None


# --- things that can be tagged ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that can be tagged.

    Args:
        kind: as the world knows it.
        noun: as answers name it.
        id_field: what the path and the answers call its id.
        batch: the key of a batch's answer.
        exists: is there one of that id for this call?
    """

    kind: Kind
    noun: str
    id_field: str
    batch: str
    exists: Callable[[Call, str], bool]

    @property
    def ids_field(self) -> str:
        return f"{self.id_field}s"

    def asked(self, call: Call) -> str:
        """The id that is asked for.

        Raises:
            Refusal: 404, there is none for this caller.
        """
        subject_id = call.params[self.id_field]
        if not self.exists(call, subject_id):
            raise Refusal(404, f"{self.noun.capitalize()} {subject_id} not found")
        return subject_id

    def tags(self, call: Call, subject_id: str) -> list[TagEvent]:
        """What one of them is tagged with."""
        return as_shown(current(call.world, call.organization_id, self.kind, subject_id))

    def shown(self, call: Call, subject_id: str) -> JsonObject:
        tags = [_described(event) for event in self.tags(call, subject_id)]
        return {self.id_field: subject_id, "tags": tags}


def _is_workflow(call: Call, permanent_id: str) -> bool:
    return call.world.workflow(permanent_id, call.organization_id) is not None


def _is_workflow_run(call: Call, run_id: str) -> bool:
    runs = call.world.rows(Run, call.organization_id)
    return any(workflow_run_id(run) == run_id for run in runs)


WORKFLOW: Final = Subject(
    Kind.WORKFLOW, "workflow", "workflow_permanent_id", "workflow_tags", _is_workflow
)
RUN: Final = Subject(Kind.RUN, "workflow run", "workflow_run_id", "run_tags", _is_workflow_run)


def _described(event: TagEvent) -> JsonObject:
    return {
        "key": event.key,
        "value": event.value,
        "source": event.source,
        "set_at": timestamp(event.created_at),
        "set_by": event.set_by,
    }


def key_in_path(call: Call) -> str:
    """The key that the path names.

    Raises:
        Refusal: 400, no tag of a caller's can have it.
    """
    try:
        return check_key(call.params["key"])
    except ValueError as error:
        raise Refusal(400, str(error)) from None


# --- what is answered ---------------------------------------------------------------------------


def get_tags(call: Call, subject: Subject) -> JsonObject:
    return subject.shown(call, subject.asked(call))


def apply_tags(call: Call, subject: Subject) -> JsonObject:
    """Set and delete at once; a tag that is set and deleted is set, one that is the same stays."""
    subject_id, body = subject.asked(call), call.body
    wanted = _last_words(body.tags)
    unwanted = _last_words(body.tags_to_delete, but=wanted)
    before = {_identity(event.tag): event for event in subject.tags(call, subject_id)}
    new = [tag for name, tag in wanted.items() if name not in before or before[name].tag != tag]
    gone = [before[name] for name in unwanted if name in before]
    _check_count(subject, subject_id, before, wanted, gone)
    _check_storable(new)
    for tag in new:
        old = before.get(_identity(tag))
        put(call.world, call.organization_id, subject.kind, subject_id, tag, instead_of=old)
    for event in gone:
        take(call.world, event, whole_group=event.key is not None)
    for tag in wanted.values():
        if tag.key is not None:
            color = body.colors.get(tag.key)
            register(call.world, call.organization_id, tag.key, tag.value, color)
    return subject.shown(call, subject_id)


_Identity = tuple[str | None, str | None]


def _identity(tag: Tag) -> _Identity:
    """What makes two tags one: a group has one value, a label is its value."""
    return (None, tag.value) if tag.key is None else (tag.key, None)


def _last_words(
    said: Sequence[TagInput | TagDeleteInput], but: dict[_Identity, Tag] | None = None
) -> dict[_Identity, Tag]:
    """The tags that are named, each once: groups first."""
    tags = [Tag(item.value or "", item.key) for item in said]
    found = {_identity(tag): tag for tag in sorted(tags, key=lambda tag: tag.key is None)}
    return {name: tag for name, tag in found.items() if name not in (but or {})}


def _check_count(
    subject: Subject,
    subject_id: str,
    before: dict[_Identity, TagEvent],
    wanted: dict[_Identity, Tag],
    gone: list[TagEvent],
) -> None:
    own = {name for name, event in before.items() if not event.is_system}
    count = len((own - {_identity(event.tag) for event in gone}) | wanted.keys())
    if count > MAX_TAGS and wanted:
        raise Refusal(
            422,
            f"{subject.noun} {subject_id} would have {count} user-writable tags; max is {MAX_TAGS}",
        )


def _check_storable(tags: list[Tag]) -> None:
    try:
        check_storable(*(tag.value for tag in tags))
    except Unstorable as error:
        raise Refusal(422, error.why) from None


def delete_tag(call: Call, subject: Subject) -> JsonObject:
    """Take a group from it; what it never had is gone, too."""
    key = key_in_path(call)
    subject_id = subject.asked(call)
    for event in subject.tags(call, subject_id):
        if event.key == key:
            take(call.world, event, whole_group=True)
    return subject.shown(call, subject_id)


def get_history(call: Call, subject: Subject) -> JsonObject:
    """What was set and deleted, the last first; ``since`` is read as UTC whatever its zone."""
    subject_id, query = subject.asked(call), call.query
    since = from_datetime(query.since.replace(tzinfo=UTC)) if query.since else 0
    events = [
        event
        for event in call.world.rows(TagEvent, call.organization_id)
        if (event.on, event.subject_id) == (subject.kind, subject_id)
        and event.created_at >= since
        and query.key in (None, event.key)
    ]
    events.sort(key=lambda event: (event.created_at, _number(event)), reverse=True)
    return {subject.id_field: subject_id, "events": [_told(e) for e in events[: query.limit]]}


def _number(event: TagEvent) -> int:
    return int(event.id.rpartition("_")[2])


def _told(event: TagEvent) -> JsonObject:
    over = event.superseded_at
    return {
        "tag_event_id": event.id,
        "key": event.key,
        "value": event.value,
        "event_type": event.event_type,
        "source": event.source,
        "set_at": timestamp(event.created_at),
        "set_by": event.set_by,
        "superseded_at": None if over is None else timestamp(over),
    }


def get_by_query(call: Call, subject: Subject) -> JsonObject:
    return _batch(call, subject, (getattr(call.query, subject.ids_field) or "").split(","))


def get_by_body(call: Call, subject: Subject) -> JsonObject:
    return _batch(call, subject, getattr(call.body, subject.ids_field))


def _batch(call: Call, subject: Subject, asked: Sequence[str]) -> JsonObject:
    """Of every id that is asked for its tags; an id that is none of the caller's has none."""
    ids = [text.strip() for text in asked if text.strip()]
    if len(ids) > _MAX_AT_ONCE:
        raise Refusal(400, f"At most {_MAX_AT_ONCE} {subject.noun} IDs may be requested at once")
    check_storable(*ids)
    found: dict[str, Json] = {}
    for subject_id in ids:
        known = subject.exists(call, subject_id)
        events = subject.tags(call, subject_id) if known else ()
        found[subject_id] = [{"key": event.key, "value": event.value} for event in events]
    return {subject.batch: found}


def get_run_tag_suggestions(call: Call) -> JsonObject:
    """What runs are tagged with now: every key, the first values of each, every label."""
    groups: dict[str, set[str]] = {}
    labels: set[str] = set()
    for event in current(call.world, call.organization_id, Kind.RUN):
        among = labels if event.key is None else groups.setdefault(event.key, set())
        among.add(event.tag.value)
    keys = sorted(groups)
    return {
        "keys": keys,
        "values_by_key": {key: sorted(groups[key])[:_VALUES_SUGGESTED] for key in keys},
        "labels": sorted(labels),
    }


_VALUES_SUGGESTED: Final = 3


# --- operations ---------------------------------------------------------------------------------


def _endpoints(subject: Subject, word: str) -> tuple[Endpoint, ...]:
    """The operations of a thing; ``word`` is what they call it."""

    def of(
        handler: Callable[[Call, Subject], JsonObject],
    ) -> Callable[[Call], JsonObject]:
        return lambda call: handler(call, subject)

    ids: dict[str, Any] = {subject.ids_field: (str | None, None)}
    query = create_model("BatchQuery", __base__=Lazy, **ids)
    ids = {subject.ids_field: (list[str], [])}
    body = create_model("BatchBody", __base__=Lazy, **ids)
    return (
        Endpoint(f"apply_{word}_tags", of(apply_tags), body=ApplyBody),
        Endpoint(f"get_{word}_tags", of(get_tags)),
        Endpoint(f"delete_{word}_tag", of(delete_tag)),
        Endpoint(f"get_{word}_tag_history", of(get_history), query=HistoryQuery),
        Endpoint(f"batch_get_{word}_tags", of(get_by_query), query=query),
        Endpoint(f"batch_get_{word}_tags_post", of(get_by_body), body=body),
    )


ENDPOINTS: Final = (
    *_endpoints(WORKFLOW, "workflow"),
    *_endpoints(RUN, "run"),
    Endpoint("get_run_tag_suggestions", get_run_tag_suggestions),
)
