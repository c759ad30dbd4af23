"""Which answer holds what another operation asks for: links, so that a tool can walk the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.operations import Operation

__all__ = ["links_from"]

_RUN: Final = {"run_id": "$response.body#/run_id"}
_WORKFLOW_RUN: Final = {**_RUN, "workflow_run_id": "$response.body#/run_id"}
_SCHEDULE: Final = {
    "workflow_permanent_id": "$request.path.workflow_permanent_id",
    "workflow_schedule_id": "$response.body#/schedule/workflow_schedule_id",
}

_GIVES: Final[Mapping[str, Mapping[str, str]]] = {
    "create_workflow": {
        "workflow_id": "$response.body#/workflow_permanent_id",
        "workflow_permanent_id": "$response.body#/workflow_permanent_id",
    },
    "run_task": _RUN,
    "run_workflow": _WORKFLOW_RUN,
    "create_folder": {"folder_id": "$response.body#/folder_id"},
    "create_tag_value": {"key": "$response.body#/key"},
    "get_run_artifacts": {"artifact_id": "$response.body#/0/artifact_id"},
    "upload_file": {"file_id": "$response.body#/file_id"},
    "create_browser_profile": {"profile_id": "$response.body#/browser_profile_id"},
    "create_browser_session": {"browser_session_id": "$response.body#/browser_session_id"},
    "create_credential": {"credential_id": "$response.body#/credential_id"},
    "create_custom_llm": {"custom_llm_id": "$response.body#/custom_llm_id"},
    "create_script": {"script_id": "$response.body#/script_id"},
    "schedules.create": _SCHEDULE,
}
"""Operation -> parameters of a path that it gives, and where they stand."""

_FEEDS: Final[Mapping[tuple[str, str], Mapping[str, str]]] = {
    ("create_workflow", "run_workflow"): {"workflow_id": "$response.body#/workflow_permanent_id"},
    ("create_folder", "update_workflow_folder"): {"folder_id": "$response.body#/folder_id"},
    ("create_browser_session", "run_task"): {
        "browser_session_id": "$response.body#/browser_session_id"
    },
}
"""(Operation, another) -> fields of the other's body."""


def links_from(
    operation: Operation, others: Mapping[str, Operation], ids: Mapping[str, str]
) -> JsonObject:
    """The links of an operation's answer.

    Args:
        operation: whose answer.
        others: all operations of the document, by name.
        ids: their ``operationId``.
    """
    given = _GIVES.get(operation.name, {})
    found: JsonObject = {}
    for other in others.values():
        asked = other.path_parameters
        if other is not operation and asked and given.keys() >= set(asked):
            where = {f"path.{name}": given[name] for name in asked}
            found[other.name] = {"operationId": ids[other.name], "parameters": where}
        fed = _FEEDS.get((operation.name, other.name))
        if fed is not None:
            link = found.setdefault(other.name, {"operationId": ids[other.name]})
            link["requestBody"] = dict(fed)
    return found
