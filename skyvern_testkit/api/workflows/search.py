"""Which workflows a list shows (facts: resources 3, "Read")."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated

from pydantic import Field

from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.tags.searching import MAX_TERMS
from skyvern_testkit.api.workflows.words import WorkflowStatus
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.world import World

__all__ = ["ListQuery", "latest_versions", "like", "wanted"]

Titles = Mapping[str, str]

DEFAULT_STATUSES = (WorkflowStatus.published, WorkflowStatus.draft)


class ListQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10
    only_saved_tasks: bool = False
    only_workflows: bool = False
    only_templates: bool = False
    search_key: str | None = None
    title: str = ""
    folder_id: str | None = None
    status: list[WorkflowStatus] | None = None
    tags: Annotated[list[str], Field(max_length=MAX_TERMS)] | None = None
    template: bool = False


def latest_versions(world: World, organization_id: str) -> list[Workflow]:
    """The latest version of each workflow that is not deleted, newest version first."""
    latest = {row.permanent_id: row for row in world.rows(Workflow, organization_id)}
    rows = (world.workflow(permanent_id, organization_id) for permanent_id in latest)
    return sorted(
        (row for row in rows if row is not None),
        key=lambda row: (row.created_at, int(row.id.rpartition("_")[2])),
        reverse=True,
    )


def wanted(
    query: ListQuery, rows: list[Workflow], folders: Titles, tagged: Collection[str] | None = None
) -> list[Workflow]:
    """The rows that the query asks for.

    Args:
        query: what is asked for.
        rows: latest versions of workflows.
        folders: the titles of folders by their ids, in which is searched too.
        tagged: the permanent ids that the query's tags let through; None: all.

    Raises:
        Refusal: 400, the query contradicts itself.
    """
    if query.template:
        if tagged is not None:
            raise Refusal(400, "tags filter is not supported with template=true")
        return []  # no workflow is a template of all organisations
    if query.only_saved_tasks and query.only_workflows:
        raise Refusal(400, "only_saved_tasks and only_workflows cannot be used together")
    statuses = query.status or DEFAULT_STATUSES
    pattern = query.search_key or query.title
    return [
        row
        for row in rows
        if row.settings["status"] in statuses
        and (tagged is None or row.permanent_id in tagged)
        and not (query.only_saved_tasks and not row.settings["is_saved_task"])
        and not (query.only_workflows and row.settings["is_saved_task"])
        and not (query.only_templates and not row.settings["is_template"])
        and not (query.folder_id and row.settings["folder_id"] != query.folder_id)
        and _mentions(row, pattern, folders)
    ]


def like(pattern: str) -> re.Pattern[str]:
    """What SQL's LIKE finds within a text: ``%`` and ``_`` are not escaped by the server.

    Only the letters of ASCII are the same in capitals; a NUL ends the pattern, and with it the text.
    """
    pattern, nul, _ = pattern.partition("\0")
    signs = ({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in pattern)
    end = r"\Z" if nul else ""
    return re.compile("".join(signs) + end, re.IGNORECASE | re.DOTALL | re.ASCII)


def _mentions(row: Workflow, pattern: str, folders: Titles) -> bool:
    if not pattern:
        return True
    if pattern.lower() in row.permanent_id.lower():
        return True
    found = like(pattern)
    return any(found.search(text) for text in _texts(row, folders))


def _texts(row: Workflow, folders: Titles) -> Iterator[str]:
    yield row.title
    yield folders.get(row.settings["folder_id"] or "", "")
    for parameter in row.definition["parameters"]:
        yield parameter["key"]
        yield parameter["description"] or ""
        default = parameter.get("default_value")
        if default is not None:
            yield default if isinstance(default, str) else json.dumps(default)
