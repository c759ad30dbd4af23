"""The operations on workflows."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.tags.searching import tagged
from skyvern_testkit.api.workflows.answers import render
from skyvern_testkit.api.workflows.asked import Asked, DefinitionBody, asked_by
from skyvern_testkit.api.workflows.filing import touch
from skyvern_testkit.api.workflows.making import (
    add_next_version,
    add_version,
    check_browser_type,
    check_recording,
)
from skyvern_testkit.api.workflows.search import ListQuery, latest_versions, wanted
from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.wire.errors import Refusal, ServerCrash, Unstorable, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Folder, Workflow
from skyvern_testkit.world.schedules import Schedule
from skyvern_testkit.world.tags import Kind

__all__ = ["ENDPOINTS", "CreateQuery", "create_asked", "not_found", "update_asked"]

_LARGEST_NUMBER = 2**63 - 1
"""What the real server's database can be asked for."""


# --- what is asked ----------------------------------------------------------------------------


def _visible_ascii(key: str | None) -> str | None:
    if key is not None and not (1 <= len(key) <= 255 and all("!" <= sign <= "~" for sign in key)):
        raise Refusal(422, "Idempotency-Key must contain 1 to 255 visible ASCII bytes.")
    return key


class CreateHeaders(Lazy):
    idempotency_key: Annotated[str | None, AfterValidator(_visible_ascii)] = Field(
        default=None, alias="idempotency-key"
    )


class CreateQuery(Lazy):
    folder_id: str | None = None


class FolderBody(Lazy):
    folder_id: str | None = None


class ReadQuery(Lazy):
    version: int | None = None
    template: bool = False


class VersionsQuery(Lazy):
    template: bool = False


# --- what is answered -------------------------------------------------------------------------


def create_workflow(call: Call) -> JsonObject:
    with _failing(_CREATE_FAILED):
        request = asked_by(call.body).request
    permanent_id = _permanent_id_for(call)
    if permanent_id is not None:
        versions = call.world.workflow_versions(permanent_id, call.organization_id)
        if versions:
            return render(versions[0])
    return create_asked(call, request, permanent_id)


_CREATE_FAILED: Final = "Failed to create workflow. Error: {why}"


def create_asked(call: Call, request: JsonObject, permanent_id: str | None = None) -> JsonObject:
    """Make the workflow of a valid request, in the folder that the query names."""
    folder_id = call.query.folder_id
    if folder_id is not None:
        request = {**request, "folder_id": folder_id}
    check_storable(request["proxy_location"])
    with _failing(_CREATE_FAILED):
        check_browser_type(request)
        if permanent_id is None:
            check_recording(request)
        made = add_version(call.world, call.organization_id, request, permanent_id=permanent_id)
    return render(made)


@contextmanager
def _failing(sentence: str) -> Generator[None]:
    """What the server trips over inside is said in that sentence, of its ``name`` and ``why``."""
    try:
        yield
    except (Tripped, Unstorable) as trip:
        raise Refusal(500, sentence.format(name=trip.name, why=trip.why)) from None


def _permanent_id_for(call: Call) -> str | None:
    """The id that an idempotency key stands for, whatever the body and even if it is deleted."""
    key = call.headers.idempotency_key
    if key is None:
        return None
    return "wpid_" + hashlib.sha256(f"{call.organization_id}:{key}".encode()).hexdigest()


def update_workflow(call: Call) -> JsonObject:
    """Make the next version; a deleted workflow is back with it (facts: resources 3, "Update")."""
    with _failing(_update_failed(call)):
        asked = asked_by(call.body)
    return update_asked(call, asked)


def _update_failed(call: Call) -> str:
    permanent_id = call.params["workflow_id"]
    return f"Failed to update workflow with ID {permanent_id}. Error: <{{name}}: {{why}}>"


def update_asked(call: Call, asked: Asked) -> JsonObject:
    """Make the next version by a valid request."""
    permanent_id = call.params["workflow_id"]
    check_browser_type(asked.request)
    with _failing(_update_failed(call)):
        check_recording(asked.request)
    versions = call.world.workflow_versions(permanent_id, call.organization_id)
    if not versions:
        raise not_found(permanent_id)
    check_storable(asked.request["proxy_location"])
    with _failing(_update_failed(call)):
        made = add_next_version(call.world, asked, versions[-1])
    return render(made)


def not_found(permanent_id: str, version: int | None = None) -> Refusal:
    asked = f", version={version}" if version else ""
    return Refusal(404, f"Workflow not found. workflow_permanent_id={permanent_id}{asked}")


def get_workflow(call: Call) -> JsonObject:
    permanent_id, version = call.params["workflow_permanent_id"], call.query.version
    _refuse_template(call, permanent_id)
    rows = _versions(call, permanent_id)
    if version:  # version 0 is the latest, as no version is
        if abs(version) > _LARGEST_NUMBER:
            raise ServerCrash("OverflowError")
        rows = [row for row in rows if row.version == version]
    if not rows:
        raise not_found(permanent_id, version)
    return render(rows[-1], read=True)


def _refuse_template(call: Call, permanent_id: str) -> None:
    if call.query.template:  # no workflow is a template of all organisations
        raise Refusal(
            400,
            f"Invalid template workflow permanent id: {permanent_id}. "
            "Please make sure the workflow is a valid template.",
        )


def _versions(call: Call, permanent_id: str) -> list[Workflow]:
    """The versions that are not deleted, oldest first."""
    rows = call.world.workflow_versions(permanent_id, call.organization_id)
    return [row for row in rows if row.deleted_at is None]


def get_workflow_versions(call: Call) -> list[JsonObject]:
    permanent_id = call.params["workflow_permanent_id"]
    _refuse_template(call, permanent_id)
    return [render(row) for row in reversed(_versions(call, permanent_id))]


def get_workflows(call: Call) -> list[JsonObject]:
    query: ListQuery = call.query
    folders = {row.id: row.title for row in call.world.rows(Folder, call.organization_id)}
    tags = tagged(call.world, call.organization_id, Kind.WORKFLOW, query.tags)
    rows = wanted(query, latest_versions(call.world, call.organization_id), folders, tags)
    return [_listed(call, row) for row in page_of(rows, query.page, query.page_size)]


def _listed(call: Call, row: Workflow) -> JsonObject:
    first = call.world.workflow_versions(row.permanent_id, call.organization_id)[0]
    return render(row, original_created_at=first.created_at)


def delete_workflow(call: Call) -> None:
    """Its schedules go with it, and do not come back when it is revived."""
    permanent_id = call.params["workflow_id"]
    for row in _versions(call, permanent_id):
        call.world.change(row, deleted_at=call.now)
    for schedule in list(call.world.rows(Schedule, call.organization_id)):
        if schedule.workflow_permanent_id == permanent_id:
            call.world.change(schedule, deleted_at=call.now)


def update_workflow_folder(call: Call) -> JsonObject:
    """Move the latest version: no new version is made (facts: resources 3, "Other").

    It counts as changed by that, also where it was there before (recorded ``moves``).
    """
    permanent_id, folder_id = call.params["workflow_permanent_id"], call.body.folder_id
    workflow = call.world.workflow(permanent_id, call.organization_id)
    if workflow is None:
        raise Refusal(404, f"Workflow {permanent_id} not found")
    if folder_id == "":
        raise ServerCrash("IntegrityError")
    try:
        check_storable(folder_id)
    except Unstorable as trip:
        raise Refusal(400, trip.why) from None
    if folder_id is not None:
        refusal = Refusal(400, f"Folder {folder_id} not found")
        touch(call.world, call.find(Folder, folder_id, refusal))
    settings = {**workflow.settings, "folder_id": folder_id}
    moved = call.world.change(workflow, settings=settings)
    return {**render(moved), "is_template": False}  # which this answer does not look up


ENDPOINTS = (
    Endpoint(
        "create_workflow",
        create_workflow,
        body=DefinitionBody,
        query=CreateQuery,
        headers=CreateHeaders,
    ),
    Endpoint("update_workflow", update_workflow, body=DefinitionBody),
    Endpoint("get_workflows", get_workflows, query=ListQuery),
    Endpoint("get_workflow", get_workflow, query=ReadQuery),
    Endpoint("get_workflow_versions", get_workflow_versions, query=VersionsQuery),
    Endpoint("delete_workflow", delete_workflow),
    Endpoint("update_workflow_folder", update_workflow_folder, body=FolderBody),
)
