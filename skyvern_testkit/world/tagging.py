"""Setting and deleting tags, and what the server itself tags runs with (facts: resources 5)."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from skyvern_testkit.script import Family
from skyvern_testkit.world.failure_category import main_category
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.tags import (
    COLORS,
    SYSTEM_PREFIX,
    Kind,
    Tag,
    TagEvent,
    TagKey,
    TagValue,
)
from skyvern_testkit.world.world import World

__all__ = [
    "as_shown",
    "current",
    "key_row",
    "put",
    "register",
    "tag_end",
    "tag_start",
    "take",
    "value_row",
    "workflow_run_id",
]


def current(
    world: World, organization_id: str, kind: Kind | None = None, subject_id: str | None = None
) -> Iterator[TagEvent]:
    """The tags that are set now: of one thing, of all of a kind, or of both kinds."""
    for event in world.rows(TagEvent, organization_id):
        if (
            event.superseded_at is None
            and event.event_type == "set"
            and kind in (None, event.on)
            and subject_id in (None, event.subject_id)
        ):
            yield event


def as_shown(events: Iterable[TagEvent]) -> list[TagEvent]:
    """Labels of their own first, then groups by their keys."""
    return sorted(events, key=lambda event: (event.key or "", event.value or ""))


def put(
    world: World,
    organization_id: str,
    kind: Kind,
    subject_id: str,
    tag: Tag,
    *,
    instead_of: TagEvent | None = None,
    source: str = "manual",
    set_by: str | None = None,
) -> TagEvent:
    """Set a tag.

    Args:
        world: where.
        organization_id: whose.
        kind: of what is tagged.
        subject_id: its id.
        tag: the tag.
        instead_of: the event that set the group's value so far.
        source: ``manual`` or ``system``.
        set_by: None: the organisation itself.
    """
    if instead_of is not None:
        _supersede(world, instead_of)
    return world.make(
        TagEvent,
        organization_id,
        id=world.new_id(kind.event_prefix),
        on=kind,
        subject_id=subject_id,
        key=tag.key,
        value=tag.value,
        source=source,
        set_by=set_by or organization_id,
    )


def take(world: World, event: TagEvent, *, whole_group: bool = False) -> None:
    """Delete the tag that an event set; with ``whole_group`` the deletion names no value."""
    _supersede(world, event)
    world.make(
        TagEvent,
        event.organization_id,
        id=world.new_id(event.on.event_prefix),
        on=event.on,
        subject_id=event.subject_id,
        key=event.key,
        value=None if whole_group else event.value,
        event_type="delete",
        set_by=event.organization_id,
    )


def _supersede(world: World, event: TagEvent) -> None:
    world.change(event, superseded_at=world.now)


# --- the register -------------------------------------------------------------------------------


def key_row(world: World, organization_id: str, key: str) -> TagKey | None:
    rows = world.rows(TagKey, organization_id)
    return next((row for row in rows if row.key == key), None)


def value_row(world: World, organization_id: str, key: str, value: str) -> TagValue | None:
    rows = world.rows(TagValue, organization_id)
    return next((row for row in rows if (row.key, row.value) == (key, value)), None)


def register(
    world: World, organization_id: str, key: str, value: str, color: str | None = None
) -> TagValue:
    """Let the organisation know a value of a group; a colour that is given is its colour from now on.

    Without one a new value has any colour, the same in every world of that seed.
    """
    if key_row(world, organization_id, key) is None:
        world.make(TagKey, organization_id, key=key)
    known = value_row(world, organization_id, key, value)
    if known is not None:
        return world.change(known, color=color) if color else known
    drawn = random.Random(f"{world.seed} {key}:{value}").choice(COLORS)
    return world.make(TagValue, organization_id, key=key, value=value, color=color or drawn)


# --- what the server itself says of runs --------------------------------------------------------


def workflow_run_id(run: Run) -> str | None:
    """What can be tagged of a run: itself, the workflow run behind a 2.0 task, nothing of others."""
    return run.id if run.family is Family.WORKFLOW else run.hidden_run_id


def tag_start(world: World, run: Run, domain: str | None) -> None:
    """A workflow run that was made carries what set it off, and where its first address leads."""
    told = {"trigger": run.trigger_type, "target_domain": domain}
    _tag(world, run, told, "system:creation-tagging")


def tag_end(world: World, run: Run) -> None:
    """A workflow run that is over, and will not be tried again, carries how it ended."""
    told = {
        "status": run.status.value,
        "execution_mode": run.run_with,
        "failure_category": main_category(run),
    }
    _tag(world, run, told, "system:completion-tagging")


def _tag(world: World, run: Run, told: dict[str, str | None], by: str) -> None:
    run_id = workflow_run_id(run)
    if run_id is None:
        return
    for name, value in told.items():
        if value is not None:
            tag = Tag(value, SYSTEM_PREFIX + name)
            register(world, run.organization_id, SYSTEM_PREFIX + name, value)
            put(world, run.organization_id, Kind.RUN, run_id, tag, source="system", set_by=by)
