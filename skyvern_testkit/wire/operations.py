"""The public operations of Skyvern and every spelling of their paths, as one table.

An operation is named as the SDK's method, because that is the word its users have for it.
The spellings follow three habits of the real server (facts: resources 1, "Paths and aliases"):

* *mirrors*: ``W`` also answers under ``/v1/workflows`` (the older word for agents),
  ``A`` also under ``/api``;
* *slash twins*: an explicit route with a trailing slash, for all spellings (``ALL``), for all but
  the ``/v1/agents`` ones (``OLD``) or for none;
* a few odd spellings, written out.

The order of the rows matters: the first route that matches wins.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum

from skyvern_testkit.wire.declined import DECLINED, Declined

__all__ = [
    "GONE",
    "OPERATIONS",
    "PUBLIC",
    "Operation",
    "SlashTwins",
    "UnknownOperation",
    "operation_named",
]


class SlashTwins(Enum):
    """Which spellings of a path also answer with a trailing slash."""

    NONE = "none"
    OLD = "all but /v1/agents"
    ALL = "all"


NONE, OLD, ALL = SlashTwins.NONE, SlashTwins.OLD, SlashTwins.ALL


class UnknownOperation(LookupError):
    """A name that is no operation of Skyvern's SDK."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing a client can ask for; ``routes`` are its spellings as ``(method, path template)``."""

    name: str
    method: str
    path: str
    routes: tuple[tuple[str, str], ...]
    hidden: bool = False
    """Answered by the server, but neither in its public schema nor in the SDK."""
    declined: str | None = None
    """Why the fake does not serve it, where that is meant to stay so."""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in the path, in order."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))


def _op(
    name: str, route: str, mirrors: str, twins: SlashTwins, *others: str, hidden: bool = False
) -> Operation:
    method, path = route.split(" ")
    older = path.replace("/v1/agents", "/v1/workflows").replace("/run/agents", "/run/workflows")
    spellings = [(method, path)]
    if "W" in mirrors:
        spellings.append((method, older))
    if "A" in mirrors:
        spellings.append((method, "/api" + older))
    for other in others:
        verb, spelling = other.split(" ")
        spellings.append((verb, spelling))
    routes: list[tuple[str, str]] = []
    for verb, spelling in spellings:
        routes.append((verb, spelling))
        if twins is ALL or (twins is OLD and not spelling.startswith("/v1/agents")):
            routes.append((verb, spelling + "/"))
    return Operation(name, method, path, tuple(routes), hidden)


def _hidden(name: str, route: str, mirrors: str, twins: SlashTwins) -> Operation:
    """A route outside the public schema. Its name is ours: the SDK has none for it."""
    return _op(name, route, mirrors, twins, hidden=True)


def _declined(group: Declined) -> Operation:
    method, path = group.routes[0]
    return Operation(group.name, method, path, group.routes, hidden=True, declined=group.reason)


# fmt: off
_SERVED: tuple[Operation, ...] = (
    _op("get_openapi", "GET /openapi.json", "-", NONE, "HEAD /openapi.json", hidden=True),
    _op("run_task", "POST /v1/run/tasks", "-", ALL),
    _op("run_workflow", "POST /v1/run/agents", "W", ALL),
    _op("get_run", "GET /v1/runs/{run_id}", "-", ALL),
    _op("cancel_run", "POST /v1/runs/{run_id}/cancel", "-", ALL),
    _op("bulk_cancel_runs", "POST /v1/runs/cancel", "-", ALL),
    _op("create_workflow", "POST /v1/agents", "W", ALL),
    _hidden("older.create_workflow", "POST /api/v1/workflows", "-", ALL),
    _hidden("older.update_workflow", "PUT /api/v1/workflows/{workflow_id}", "-", ALL),
    _hidden("set_workflow_template", "PUT /v1/workflows/{workflow_permanent_id}/template", "-", NONE),
    _hidden("get_workflow_templates", "GET /api/v1/workflows/templates", "-", ALL),
    _op("get_workflows", "GET /v1/agents", "WA", OLD),
    _op("update_workflow", "POST /v1/agents/{workflow_id}", "W", ALL),
    _op("delete_workflow", "POST /v1/agents/{workflow_id}/delete", "W", ALL, "DELETE /api/v1/workflows/{workflow_id}"),
    _op("create_folder", "POST /v1/folders", "A", ALL),
    _op("get_folders", "GET /v1/folders", "A", ALL),
    _op("get_folder", "GET /v1/folders/{folder_id}", "A", ALL),
    _op("update_folder", "PUT /v1/folders/{folder_id}", "A", ALL),
    _op("delete_folder", "DELETE /v1/folders/{folder_id}", "A", ALL),
    _op("get_browser_types", "GET /v1/browser_types", "A", ALL),
    _op("apply_run_tags", "POST /v1/runs/{workflow_run_id}/tags", "A", ALL),
    _op("get_run_tags", "GET /v1/runs/{workflow_run_id}/tags", "A", ALL),
    _op("delete_run_tag", "DELETE /v1/runs/{workflow_run_id}/tags/{key}", "A", ALL),
    _op("get_run_tag_history", "GET /v1/runs/{workflow_run_id}/tags/history", "A", ALL),
    _op("list_tag_keys", "GET /v1/tag-keys", "A", ALL),
    _op("update_tag_key", "PATCH /v1/tag-keys/{key}", "A", ALL),
    _op("delete_tag_key", "DELETE /v1/tag-keys/{key}", "A", ALL),
    _op("list_tag_values", "GET /v1/tag-values", "A", ALL),
    _op("create_tag_value", "POST /v1/tag-values", "A", ALL),
    _op("update_tag_value", "PATCH /v1/tag-values/{key}", "A", ALL),
    _op("delete_tag_value", "DELETE /v1/tag-values/{key}", "A", ALL),
    _op("rename_tag_value", "PATCH /v1/tag-values/{key}/rename", "A", ALL),
    _op("batch_get_workflow_tags", "GET /v1/workflow-tags", "A", ALL),
    _op("batch_get_workflow_tags_post", "POST /v1/workflow-tags", "A", ALL),
    _op("batch_get_run_tags", "GET /v1/run-tags", "A", ALL),
    _op("batch_get_run_tags_post", "POST /v1/run-tags", "A", ALL),
    _op("get_run_tag_suggestions", "GET /v1/run-tag-suggestions", "A", ALL),
    _op("artifacts.get_artifact_content", "GET /v1/artifacts/{artifact_id}/content", "-", NONE),
    _hidden("get_artifact", "GET /v1/artifacts/{artifact_id}", "-", ALL),
    _hidden("get_artifact_signed_url", "GET /v1/artifacts/{artifact_id}/signed-url", "-", ALL),
    _op("get_run_artifacts", "GET /v1/runs/{run_id}/artifacts", "-", ALL),
    _op("retry_run_webhook", "POST /v1/runs/{run_id}/retry_webhook", "-", ALL),
    _op("get_run_timeline", "GET /v1/runs/{run_id}/timeline", "-", ALL),
    _op("get_version", "GET /v1/version", "A", ALL),
    _hidden("heartbeat", "GET /api/v1/heartbeat", "-", ALL),
    _hidden("receive_webhook", "POST /api/v1/webhook", "-", ALL),
    _op("get_auth_status", "GET /v1/internal/auth/status", "A", NONE, "GET /api/v2/internal/auth/status", hidden=True),
    _hidden("update_organization", "PUT /api/v1/organizations", "-", NONE),
    _hidden("get_organizations", "GET /api/v1/organizations", "-", ALL),
    _hidden("get_current_organization", "GET /api/v1/organizations/me", "-", ALL),
    _hidden("get_api_keys", "GET /api/v1/organizations/{organization_id}/apikeys", "-", ALL),
    _hidden("prompts.improve_prompt", "POST /v1/prompts/improve", "-", NONE),
    _op("get_runs_v2", "GET /v1/runs", "-", ALL),
    _op("upload_file", "POST /v1/upload_file", "A", ALL),
    _op("delete_file", "DELETE /v1/files/{file_id}", "-", ALL),
    _op("create_browser_profile", "POST /v1/browser_profiles", "-", ALL),
    _op("list_browser_profiles", "GET /v1/browser_profiles", "-", ALL),
    _op("get_browser_profile", "GET /v1/browser_profiles/{profile_id}", "-", ALL),
    _op("update_browser_profile", "PATCH /v1/browser_profiles/{profile_id}", "-", ALL),
    _op("delete_browser_profile", "DELETE /v1/browser_profiles/{profile_id}", "-", ALL),
    _op("get_browser_profile_usage", "GET /v1/browser_profiles/{profile_id}/usage", "-", ALL),
    _op("create_browser_session", "POST /v1/browser_sessions", "-", ALL),
    _op("get_browser_sessions", "GET /v1/browser_sessions", "-", ALL),
    _op("close_browser_session", "POST /v1/browser_sessions/{browser_session_id}/close", "-", ALL),
    _op("extend_browser_session", "POST /v1/browser_sessions/{browser_session_id}/extend", "-", ALL),
    _hidden("get_browser_sessions_history", "GET /v1/browser_sessions/history", "-", ALL),
    _op("update_browser_session", "PATCH /v1/browser_sessions/{browser_session_id}", "-", ALL),
    _op("get_browser_session", "GET /v1/browser_sessions/{browser_session_id}", "-", ALL),
    _hidden("get_browser_session_metadata", "GET /v1/browser_sessions/{browser_session_id}/metadata", "-", NONE),
    replace(
        _hidden("create_browser_session_action_logs", "POST /v1/browser_sessions/{browser_session_id}/action_logs", "-", NONE),
        declined="it takes down what somebody does by hand in a browser, and the fake has none",
    ),
    _hidden("get_browser_session_action_logs", "GET /v1/browser_sessions/{browser_session_id}/action_logs", "-", NONE),
    _op("send_totp_code", "POST /v1/credentials/totp", "-", ALL, "POST /api/v1/totp"),
    _hidden("get_totp_codes", "GET /v1/credentials/totp", "-", ALL),
    _op("create_credential", "POST /v1/credentials", "A", ALL),
    _op("get_credentials", "GET /v1/credentials", "A", ALL),
    _op("update_credential", "POST /v1/credentials/{credential_id}/update", "-", ALL, "PUT /api/v1/credentials/{credential_id}"),
    _op("delete_credential", "POST /v1/credentials/{credential_id}/delete", "-", ALL, "DELETE /api/v1/credentials/{credential_id}"),
    _hidden("rename_credential", "PATCH /v1/credentials/{credential_id}", "-", ALL),
    _hidden("delete_vault_credential", "DELETE /v1/credentials/{credential_type}", "-", ALL),
    _hidden("onepassword.get", "GET /v1/credentials/onepassword/get", "-", ALL),
    _hidden("onepassword.status", "GET /v1/credentials/onepassword/status", "-", ALL),
    _hidden("onepassword.items", "GET /v1/credentials/onepassword/items", "-", ALL),
    _hidden("onepassword.create", "POST /v1/credentials/onepassword/create", "-", ALL),
    _hidden("bitwarden.get", "GET /v1/credentials/bitwarden/get", "-", ALL),
    _hidden("bitwarden.items", "GET /v1/credentials/bitwarden/items", "-", ALL),
    _hidden("bitwarden.create", "POST /v1/credentials/bitwarden/create", "-", ALL),
    _hidden("azure_credential.get", "GET /v1/credentials/azure_credential/get", "-", ALL),
    _hidden("azure_credential.create", "POST /v1/credentials/azure_credential/create", "-", ALL),
    _hidden("custom_credential.get", "GET /v1/credentials/custom_credential/get", "-", ALL),
    _hidden("custom_credential.create", "POST /v1/credentials/custom_credential/create", "-", ALL),
    _hidden("custom_credential.test_connection", "POST /v1/credentials/custom_credential/test_connection", "-", ALL),
    _hidden("create_credential_folder", "POST /v1/credential_folders", "A", ALL),
    _hidden("get_credential_folder", "GET /v1/credential_folders/{folder_id}", "A", ALL),
    _hidden("get_credential_folders", "GET /v1/credential_folders", "A", ALL),
    _hidden("update_credential_folder", "PUT /v1/credential_folders/{folder_id}", "A", ALL),
    _hidden("delete_credential_folder", "DELETE /v1/credential_folders/{folder_id}", "A", ALL),
    _hidden("move_credential", "PUT /v1/credentials/{credential_id}/folder", "A", ALL),
    _op("get_credential", "GET /v1/credentials/{credential_id}", "A", ALL),
    _hidden("get_credential_totp_code", "GET /v1/credentials/{credential_id}/totp-code", "-", ALL),
    _op("list_custom_llms", "GET /v1/custom-llms", "-", ALL),
    _op("create_custom_llm", "POST /v1/custom-llms", "-", ALL),
    _op("update_custom_llm", "PUT /v1/custom-llms/{custom_llm_id}", "-", ALL),
    _op("delete_custom_llm", "DELETE /v1/custom-llms/{custom_llm_id}", "-", ALL),
    _hidden("get_models", "GET /api/v1/models", "-", ALL),
    _op("login", "POST /v1/run/tasks/login", "-", NONE),
    _op("download_files", "POST /v1/run/tasks/download_files", "-", NONE),
    _op("create_script", "POST /v1/scripts", "-", ALL),
    _op("get_scripts", "GET /v1/scripts", "-", ALL),
    _op("get_script", "GET /v1/scripts/{script_id}", "-", ALL),
    _op("deploy_script", "POST /v1/scripts/{script_id}/deploy", "-", ALL),
    _op("scripts.run_script", "POST /v1/scripts/{script_id}/run", "-", ALL),
    _hidden("get_script_versions", "GET /v1/scripts/{script_id}/versions", "-", ALL),
    _hidden("get_script_version", "GET /v1/scripts/{script_id}/versions/{version}", "-", ALL),
    _hidden("compare_script_versions", "GET /v1/scripts/{script_id}/compare", "-", ALL),
    _hidden("get_script_version_detail", "GET /v1/scripts/{script_id}/versions/{version}/detail", "-", ALL),
    _hidden("get_workflow_script_blocks", "POST /v1/scripts/{workflow_permanent_id}/blocks", "-", ALL),
    _hidden("get_workflow_cache_key_values", "GET /v1/scripts/{workflow_permanent_id}/{cache_key}/values", "-", ALL),
    _hidden("list_workflow_scripts", "GET /v1/scripts/workflows/{workflow_permanent_id}", "-", ALL),
    _hidden("get_script_runs", "GET /v1/scripts/{script_id}/runs", "-", ALL),
    _hidden("delete_workflow_cache_key_value", "DELETE /v1/scripts/{workflow_permanent_id}/value", "-", ALL),
    _hidden("clear_workflow_cache", "DELETE /v1/scripts/{workflow_permanent_id}/cache", "-", ALL),
    _hidden("pin_workflow_script", "POST /v1/scripts/{workflow_permanent_id}/pin", "-", ALL),
    _hidden("unpin_workflow_script", "POST /v1/scripts/{workflow_permanent_id}/unpin", "-", ALL),
    _hidden("get_fallback_episodes", "GET /v1/workflows/{workflow_permanent_id}/fallback-episodes", "-", ALL),
    _hidden("get_fallback_episode", "GET /v1/workflows/{workflow_permanent_id}/fallback-episodes/{episode_id}", "-", ALL),
    _op("run_sdk_action", "POST /v1/sdk/run_action", "-", ALL),
    _op("schedules.list_all", "GET /v1/schedules", "A", NONE),
    _op("update_workflow_folder", "PUT /v1/agents/{workflow_permanent_id}/folder", "WA", OLD),
    _op("apply_workflow_tags", "POST /v1/agents/{workflow_permanent_id}/tags", "WA", OLD),
    _op("get_workflow_tags", "GET /v1/agents/{workflow_permanent_id}/tags", "WA", OLD),
    _op("delete_workflow_tag", "DELETE /v1/agents/{workflow_permanent_id}/tags/{key}", "WA", OLD),
    _op("get_workflow_tag_history", "GET /v1/agents/{workflow_permanent_id}/tags/history", "WA", OLD),
    _op("retry_workflow_run", "POST /v1/agents/runs/{workflow_run_id}/retry", "W", OLD),
    _op("get_workflow_runs", "GET /v1/agents/runs", "WA", OLD),
    _op("get_workflow_runs_by_id", "GET /v1/agents/{workflow_id}/runs", "W", OLD),
    _op("get_workflow", "GET /v1/agents/{workflow_permanent_id}", "WA", OLD),
    _op("get_workflow_versions", "GET /v1/agents/{workflow_permanent_id}/versions", "WA", OLD),
    _op("agents.reset_workflow_browser_profile", "POST /v1/agents/{workflow_permanent_id}/browser_session/reset_profile", "W", OLD, "POST /v1/workflows/{workflow_permanent_id}/browser_session/refresh"),
    _op("schedules.create", "POST /v1/agents/{workflow_permanent_id}/schedules", "WA", NONE),
    _op("schedules.list", "GET /v1/agents/{workflow_permanent_id}/schedules", "WA", NONE),
    _op("schedules.get", "GET /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}", "WA", NONE),
    _op("schedules.update", "PUT /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}", "WA", NONE),
    _op("schedules.delete", "DELETE /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}", "WA", NONE),
    _op("schedules.cancel", "POST /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}/cancel", "WA", NONE),
    _op("schedules.enable", "POST /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}/enable", "WA", NONE),
    _op("schedules.disable", "POST /v1/agents/{workflow_permanent_id}/schedules/{workflow_schedule_id}/disable", "WA", NONE),
    _hidden("continue_workflow_run", "POST /v1/workflows/runs/{workflow_run_id}/continue", "-", ALL),
    _hidden("get_workflow_and_run", "GET /v1/workflows/runs/{workflow_run_id}", "-", ALL),
    _hidden("get_runs_of_browser_session", "GET /v1/browser_sessions/{browser_session_id}/workflow_runs", "-", ALL),
    _hidden("older.run_task", "POST /api/v1/tasks", "-", ALL),
    _hidden("older.get_task", "GET /api/v1/tasks/{task_id}", "-", ALL),
    _hidden("older.cancel_task", "POST /api/v1/tasks/{task_id}/cancel", "-", ALL),
    _hidden("older.cancel_workflow_run", "POST /api/v1/workflows/runs/{workflow_run_id}/cancel", "-", ALL),
    _hidden("older.cancel_workflow_run_of_browser_session", "POST /api/v1/runs/{browser_session_id}/workflow_run/{workflow_run_id}/cancel/", "-", NONE),
    _hidden("older.retry_task_webhook", "POST /api/v1/tasks/{task_id}/retry_webhook", "-", ALL),
    _hidden("older.get_tasks", "GET /api/v1/tasks", "-", ALL),
    _hidden("older.get_runs", "GET /api/v1/runs", "-", ALL),
    _hidden("older.get_steps", "GET /api/v1/tasks/{task_id}/steps", "-", ALL),
    _hidden("older.get_artifacts", "GET /api/v1/{entity_type}/{entity_id}/artifacts", "-", ALL),
    _hidden("older.get_step_artifacts", "GET /api/v1/tasks/{task_id}/steps/{step_id}/artifacts", "-", ALL),
    _hidden("older.get_actions", "GET /api/v1/tasks/{task_id}/actions", "-", ALL),
    _hidden("older.run_workflow", "POST /api/v1/workflows/{workflow_id}/run", "-", ALL),
    _hidden("older.get_workflow_runs_by_id", "GET /api/v1/workflows/{workflow_id}/runs", "-", ALL),
    _hidden("older.get_workflow_run_of_workflow", "GET /api/v1/workflows/{workflow_id}/runs/{workflow_run_id}", "-", ALL),
    _hidden("older.get_workflow_run_timeline", "GET /api/v1/workflows/{workflow_id}/runs/{workflow_run_id}/timeline", "-", ALL),
    _hidden("older.get_workflow_run", "GET /api/v1/workflows/runs/{workflow_run_id}", "-", ALL),
    _hidden("older.run_task_v2", "POST /api/v2/tasks", "-", ALL),
    _hidden("older.get_task_v2", "GET /api/v2/tasks/{task_id}", "-", ALL),
)
# fmt: on

TABLE: tuple[Operation, ...] = (*_SERVED, *map(_declined, DECLINED))
"""All of them, in the order in which the server looks for a route, and after them the declined."""

PUBLIC: tuple[Operation, ...] = tuple(operation for operation in TABLE if not operation.hidden)
"""Those of the server's public schema, each with a method of the SDK."""

OPERATIONS: dict[str, Operation] = {operation.name: operation for operation in _SERVED}

# fmt: off
GONE: tuple[Operation, ...] = (
    _hidden("change_tier_api_v1billing_change_tier_post", "POST /api/v1/billing/change-tier", "-", NONE),
    _hidden("create_checkout_session_api_v1billing_checkout_post", "POST /api/v1/billing/checkout", "-", NONE),
    _hidden("create_portal_session_api_v1billing_portal_post", "POST /api/v1/billing/portal", "-", NONE),
    _hidden("get_organization_billing_api_v1billing_state_get", "GET /api/v1/billing/state", "-", NONE),
)
# fmt: on
"""Operations that the newest server has no more: they are there in releases where they were public."""

_NAMED: dict[str, Operation] = OPERATIONS | {operation.name: operation for operation in GONE}


def operation_named(name: str) -> Operation:
    """The operation of that name.

    Raises:
        UnknownOperation: no such operation; the message shows the nearest names.
    """
    try:
        return _NAMED[name]
    except KeyError:
        near = get_close_matches(name, [operation.name for operation in PUBLIC], n=3)
        hint = f" Did you mean {' or '.join(near)}?" if near else ""
        raise UnknownOperation(
            f"{name!r} is no operation of Skyvern; operations are named as the SDK's methods.{hint}"
        ) from None
