"""Making versions of workflows: the checks in the server's order, then the row."""

from __future__ import annotations

from typing import Any, Final

from skyvern_testkit.api.fields import checked_url
from skyvern_testkit.api.workflows.answers import settings_of
from skyvern_testkit.api.workflows.asked import Asked, asked_for
from skyvern_testkit.api.workflows.checks import check_definition
from skyvern_testkit.api.workflows.credentials import settled
from skyvern_testkit.api.workflows.definition import build_definition
from skyvern_testkit.api.workflows.filing import folder_for, touch
from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.wire.errors import Refusal, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.world import World

__all__ = [
    "add_next_version",
    "add_version",
    "check_browser_type",
    "check_recording",
    "make_workflow",
]


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
        ServerCrash: the server would answer with a 500.
    """
    model = request_model().model_validate(
        {"title": title, "workflow_definition": definition, **settings}
    )
    return add_version(world, organization_id, asked_for(model).request)


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
        ServerCrash: the server would answer with a 500, and make nothing either.
    """
    check_browser_type(request)
    asked = request["workflow_definition"]
    parameters = [settled(world, organization_id, item) for item in asked["parameters"]]
    asked = {**asked, "parameters": parameters}
    hook = request["webhook_callback_url"]
    hook = checked_url(hook, "webhook_callback_url") if hook else hook
    folder = folder_for(world, organization_id, request["folder_id"])
    check_definition(asked)
    workflow_id = world.new_id(Workflow.PREFIX)
    permanent_id = permanent_id or world.new_id("wpid")
    made = world.make(
        Workflow,
        organization_id,
        id=workflow_id,
        permanent_id=permanent_id,
        version=version,
        title=request["title"],
        definition=build_definition(world, workflow_id, asked),
        settings=settings_of({**request, "webhook_callback_url": hook}),
    )
    if folder is not None:
        touch(world, folder)
    return made


def add_next_version(world: World, asked: Asked, previous: Workflow) -> Workflow:
    """The version after that one, deleted or not: what was asked for, and little else.

    A field that was not asked for goes back to its default, but for those of the tables below,
    which are as they were (facts: resources 3, "Update"; contracts/recorded, ``updates``).

    Raises:
        Refusal, ServerCrash: as :func:`add_version`.
    """
    kept = [name for name in _KEPT_WHEN_ABSENT if name not in asked.given]
    kept += [name for name in _KEPT_WHEN_NULL if asked.request[name] is None]
    request: JsonObject = {
        **asked.request,
        **{name: {} for name in _EMPTY_WHEN_NULL if asked.request[name] is None},
        **{name: previous.settings[name] for name in kept},
        "folder_id": previous.settings["folder_id"],  # only its own route moves a workflow
        "is_template": previous.settings["is_template"],  # nor does any other change this
    }
    request["workflow_definition"] = {
        **{name: previous.definition[name] for name in _KEPT_PARTS if name in previous.definition},
        **request["workflow_definition"],
    }
    return add_version(
        world,
        previous.organization_id,
        request,
        permanent_id=previous.permanent_id,
        version=previous.version + 1,
    )


_KEPT_WHEN_NULL: Final = ("mask_secrets", "enable_self_healing", "code_version")
_EMPTY_WHEN_NULL: Final = ("extra_http_headers", "cdp_connect_headers")
_KEPT_WHEN_ABSENT: Final = (
    *_EMPTY_WHEN_NULL,
    "proxy_location",
    "webhook_callback_url",
    "totp_verification_url",
    "totp_identifier",
    "pin_saved_session_ip",
    "max_elapsed_time_minutes",
)
_KEPT_PARTS: Final = ("browser_settings",)
"""Of the definition."""


def check_recording(request: JsonObject) -> None:
    """There is no recording of a browser here that a workflow could be made of.

    Raises:
        Refusal: 404, one is named.
        Unstorable: its name is no text.
    """
    if (recording_id := request["recording_id"]) is not None:
        check_storable(recording_id)
        raise Refusal(404, f"Browser recording {recording_id} not found")


def check_browser_type(request: JsonObject) -> None:
    """No engine may be chosen on a server of one's own.

    Raises:
        Refusal: 400, one is.
    """
    if (browser_type := request["browser_type"]) is not None:
        raise Refusal(
            400,
            f"browser_type='{browser_type}' is not supported by this runtime: it has no "
            "dynamic-browser capability to honor an explicit engine selection. "
            "Remove the browser_type setting or run on Skyvern Cloud.",
        )
