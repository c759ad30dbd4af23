"""Making versions of workflows: the checks in the server's order, then the row."""

from __future__ import annotations

from typing import Any

from skyvern_testkit.api.fields import checked_url
from skyvern_testkit.api.workflows.answers import settings_of
from skyvern_testkit.api.workflows.checks import check_definition
from skyvern_testkit.api.workflows.credentials import settled
from skyvern_testkit.api.workflows.definition import build_definition
from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.world import World

__all__ = ["add_version", "make_workflow"]


def make_workflow(
    world: World,
    organization_id: str,
    definition: JsonObject,
    *,
    title: str = "Workflow",
    **settings: Any,
) -> Workflow:
    """A new workflow, made without HTTP.

    Args:
        world: where it is made.
        organization_id: whose it is.
        definition: the ``workflow_definition`` of a create request: ``parameters`` and ``blocks``.
        title: its title.
        settings: further fields of the request, such as ``webhook_callback_url`` or ``status``.

    Raises:
        pydantic.ValidationError: the server would answer 422 with a list.
        Refusal: the server would answer otherwise than 200.
    """
    model = request_model().model_validate(
        {"title": title, "workflow_definition": definition, **settings}
    )
    return add_version(world, organization_id, model.model_dump(mode="json"))


def add_version(
    world: World,
    organization_id: str,
    request: JsonObject,
    *,
    permanent_id: str | None = None,
    version: int = 1,
) -> Workflow:
    """A version of a workflow.

    Args:
        world: where it is made.
        organization_id: whose it is.
        request: the whole request, valid and with its defaults.
        permanent_id: of the workflow; None gives a new one.
        version: its number.

    Raises:
        Refusal: the server would answer so; nothing was made.
    """
    _check_browser_type(request["browser_type"])
    asked = request["workflow_definition"]
    parameters = [settled(world, organization_id, item) for item in asked["parameters"]]
    asked = {**asked, "parameters": parameters}
    hook = request["webhook_callback_url"]
    hook = checked_url(hook, "webhook_callback_url") if hook else hook
    _check_folder(request["folder_id"])
    check_definition(asked)
    workflow_id = world.new_id(Workflow.PREFIX)
    permanent_id = permanent_id or world.new_id("wpid")
    return world.make(
        Workflow,
        organization_id,
        id=workflow_id,
        permanent_id=permanent_id,
        version=version,
        title=request["title"],
        definition=build_definition(world, workflow_id, asked),
        settings=settings_of({**request, "webhook_callback_url": hook}),
    )


def _check_browser_type(browser_type: str | None) -> None:
    if browser_type is not None:
        raise Refusal(
            400,
            f"browser_type='{browser_type}' is not supported by this runtime: it has no "
            "dynamic-browser capability to honor an explicit engine selection. "
            "Remove the browser_type setting or run on Skyvern Cloud.",
        )


def _check_folder(folder_id: str | None) -> None:
    # There are no folders yet, so each is unknown; the real text goes on with SQL of its database.
    if folder_id is not None:
        raise Refusal(500, "Failed to create workflow. Error: FOREIGN KEY constraint failed")
