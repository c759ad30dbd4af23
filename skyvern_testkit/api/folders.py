"""Folders of workflows (facts: resources 4)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.workflows.filing import touch
from skyvern_testkit.api.workflows.search import latest_versions, like
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.rows import Folder, Workflow

__all__ = ["ENDPOINTS"]

_Title = Annotated[str, Field(min_length=1, max_length=255)]


class CreateBody(Lazy):
    title: _Title
    description: str | None = None


class UpdateBody(Lazy):
    title: _Title | None = None
    description: str | None = None


class ListQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=500)] = 100
    search: str | None = None


class DeleteQuery(Lazy):
    delete_workflows: bool = False


def _asked(call: Call) -> Folder:
    folder_id = call.params["folder_id"]
    return call.find(Folder, folder_id, f"Folder {folder_id} not found")


def _inside(call: Call, folder_id: str) -> list[Workflow]:
    """The workflows in it, by their latest versions."""
    rows = latest_versions(call.world, call.organization_id)
    return [row for row in rows if row.settings["folder_id"] == folder_id]


def _listed(call: Call) -> list[Folder]:
    """All folders, the last changed one first."""
    rows = call.world.rows(Folder, call.organization_id)
    return sorted(
        rows, key=lambda row: (row.modified_at, int(row.id.rpartition("_")[2])), reverse=True
    )


def _shown(call: Call, folder: Folder) -> JsonObject:
    return {
        "title": folder.title,
        "description": folder.description,
        "folder_id": folder.id,
        "organization_id": folder.organization_id,
        "workflow_count": len(_inside(call, folder.id)),
        "created_at": timestamp(folder.created_at),
        "modified_at": timestamp(folder.modified_at),
    }


def create_folder(call: Call) -> JsonObject:
    title, description = call.body.title, call.body.description
    made = call.world.make(Folder, call.organization_id, title=title, description=description)
    if _listed(call)[0] is not made:
        made = touch(call.world, made)
    return _shown(call, made)


def get_folder(call: Call) -> JsonObject:
    return _shown(call, _asked(call))


def get_folders(call: Call) -> list[JsonObject]:
    query: ListQuery = call.query
    found = [row for row in _listed(call) if _mentions(row, query.search)]
    return [_shown(call, row) for row in page_of(found, query.page, query.page_size)]


def _mentions(folder: Folder, pattern: str | None) -> bool:
    if not pattern:
        return True
    found = like(pattern)
    return any(found.search(text) for text in (folder.title, folder.description or ""))


def update_folder(call: Call) -> JsonObject:
    """Null and what is absent leave a field as it is; the folder counts as changed all the same."""
    folder = _asked(call)
    asked = {name: value for name, value in call.body.model_dump().items() if value is not None}
    return _shown(call, touch(call.world, folder, **asked))


def delete_folder(call: Call) -> JsonObject:
    """Workflows stay, without a folder, or go with it: then old versions of others still name it."""
    folder, with_workflows = _asked(call), call.query.delete_workflows
    gone = {row.permanent_id for row in _inside(call, folder.id)} if with_workflows else set[str]()
    for row in list(call.world.rows(Workflow, call.organization_id)):
        if row.permanent_id in gone:
            call.world.change(row, deleted_at=call.now)
        elif row.settings["folder_id"] == folder.id and not with_workflows:
            call.world.change(row, settings={**row.settings, "folder_id": None})
    call.world.change(folder, deleted_at=call.now)
    return {"status": "deleted", "folder_id": folder.id, "workflows_deleted": with_workflows}


ENDPOINTS = (
    Endpoint("create_folder", create_folder, body=CreateBody),
    Endpoint("get_folders", get_folders, query=ListQuery),
    Endpoint("get_folder", get_folder),
    Endpoint("update_folder", update_folder, body=UpdateBody),
    Endpoint("delete_folder", delete_folder, query=DeleteQuery),
)
