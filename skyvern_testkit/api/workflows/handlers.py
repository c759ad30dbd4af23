"""The operations on workflows."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from pydantic import AfterValidator, Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.workflows.answers import render
from skyvern_testkit.api.workflows.making import add_version
from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.api.workflows.search import ListQuery, latest_versions, wanted
from skyvern_testkit.wire.errors import Refusal, ServerCrash, Unstorable, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Workflow

__all__ = ["ENDPOINTS"]

_LARGEST_NUMBER = 2**63 - 1
"""What the real server's database can be asked for."""


# --- what is asked ----------------------------------------------------------------------------


class _Definition:
    """Stands for the request model of a workflow, which is made on the first request."""

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.nullable_schema(handler.generate_schema(request_model()))


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


class CreateBody(Lazy):
    json_definition: Annotated[Any, _Definition] = None
    yaml_definition: str | None = None


class ReadQuery(Lazy):
    version: int | None = None
    template: bool = False


class VersionsQuery(Lazy):
    template: bool = False


# --- what is answered -------------------------------------------------------------------------


def create_workflow(call: Call) -> JsonObject:
    request = _requested(call.body)
    folder_id = call.query.folder_id
    permanent_id = _permanent_id_for(call)
    if permanent_id is not None:
        versions = call.world.workflow_versions(permanent_id, call.organization_id)
        if versions:
            return render(versions[0])
    if folder_id is not None:
        request = {**request, "folder_id": folder_id}
    check_storable(request["proxy_location"])
    try:
        made = add_version(call.world, call.organization_id, request, permanent_id=permanent_id)
    except Unstorable as error:
        raise Refusal(500, f"Failed to create workflow. Error: {error.why}") from None
    return render(made)


def _requested(body: CreateBody) -> JsonObject:
    """The request as JSON with its defaults. YAML wins where both are given."""
    if body.yaml_definition:
        raise Refusal(
            501, "skyvern-testkit does not read yaml_definition yet; the real server does."
        )
    if body.json_definition is None:
        raise Refusal(
            422,
            "Invalid workflow definition. "
            "Workflow should be provided in either yaml or json format.",
        )
    request: JsonObject = body.json_definition.model_dump(mode="json")
    return request


def _permanent_id_for(call: Call) -> str | None:
    """The id that an idempotency key stands for, whatever the body and even if it is deleted."""
    key = call.headers.idempotency_key
    if key is None:
        return None
    return "wpid_" + hashlib.sha256(f"{call.organization_id}:{key}".encode()).hexdigest()


def _not_found(permanent_id: str, version: int | None = None) -> Refusal:
    asked = "" if version is None else f", version={version}"
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
        raise _not_found(permanent_id, version)
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
    rows = wanted(query, latest_versions(call.world, call.organization_id))
    return [_listed(call, row) for row in page_of(rows, query.page, query.page_size)]


def _listed(call: Call, row: Workflow) -> JsonObject:
    first = call.world.workflow_versions(row.permanent_id, call.organization_id)[0]
    return render(row, original_created_at=first.created_at)


def delete_workflow(call: Call) -> None:
    for row in _versions(call, call.params["workflow_id"]):
        call.world.change(row, deleted_at=call.now)


ENDPOINTS = (
    Endpoint(
        "create_workflow",
        create_workflow,
        body=CreateBody,
        query=CreateQuery,
        headers=CreateHeaders,
    ),
    Endpoint("get_workflows", get_workflows, query=ListQuery),
    Endpoint("get_workflow", get_workflow, query=ReadQuery),
    Endpoint("get_workflow_versions", get_workflow_versions, query=VersionsQuery),
    Endpoint("delete_workflow", delete_workflow),
)
