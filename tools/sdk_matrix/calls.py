"""How each operation is called, whatever the release: one table, with the names of the newest SDK."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tools.sdk_matrix.arranging import DEFINITION, SCRIPT_FILES, Needs

__all__ = ["CALLS", "FORMER_NAMES", "SYNONYMS", "Call", "call_of"]


@dataclass(frozen=True, slots=True)
class Call:
    """One operation, called twice: so that it answers, and so that it refuses.

    Args:
        given: arguments that every release's method takes.
        also: arguments that it is given where it takes them.
        wrong: what is put in their place to be refused; None where no argument can do that.
        status: of that refusal.
    """

    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    also: Mapping[str, Any] = field(default_factory=dict[str, Any])
    wrong: Mapping[str, Any] | None = None
    status: int = 404


WORKFLOW, SCHEDULE = Needs("workflow"), Needs("schedule")
NOWHERE: Final = "nowhere_404"
_SCHEDULED: Final = {"workflow_permanent_id": WORKFLOW, "workflow_schedule_id": SCHEDULE}
_NO_SCHEDULE: Final = {"workflow_schedule_id": NOWHERE}
_PASSWORD: Final = {
    "name": "Login",
    "credential_type": "password",
    "credential": {"username": "u", "password": "p"},
}
_LLM: Final = {"display_name": "Ours", "provider": "ollama", "model_name": "m"}
_PAGE: Final = {"page": 1, "page_size": 5}
_PAGE_0: Final = {"page": 0}
_TAGS: Final = [{"key": "team", "value": "blue"}]
_CRON: Final = {"timezone": "UTC", "cron_expression": "0 9 * * *"}


def _one(name: str, need: str, /, **also: Any) -> Call:
    """A call whose one argument is an id."""
    return Call({name: Needs(need)}, also, {name: NOWHERE})


CALLS: Final[Mapping[str, Call]] = {
    # --- runs
    "run_task": Call(
        {"prompt": "p", "url": "https://example.com"},
        {"title": "t", "max_steps": 5, "run_with": "agent", "user_agent": "matrix"},
        {"engine": "no-engine"},
        422,
    ),
    "run_workflow": Call(
        {"agent_id": WORKFLOW},
        {"parameters": {"who": "me"}, "max_steps_override": 5, "run_metadata": {"a": "b"}},
        {"agent_id": NOWHERE},
    ),
    "login": Call(
        {
            "credential_type": "skyvern",
            "credential_id": Needs("credential"),
            "url": "https://example.com",
        },
        {"prompt": "log in", "browser_profile_id": Needs("profile")},
        {"credential_type": "keychain"},
        422,
    ),
    "download_files": Call(
        {"navigation_goal": "the invoice", "url": "https://example.com"},
        {"download_timeout": 12.5},
        {"proxy_location": "NOWHERE"},
        422,
    ),
    "get_run": _one("run_id", "task"),
    "cancel_run": _one("run_id", "running task"),
    "bulk_cancel_runs": Call(
        {"run_ids": [Needs("running task"), NOWHERE]},
        wrong={"run_ids": [NOWHERE] * 101},
        status=422,
    ),
    "get_run_timeline": _one("run_id", "workflow run"),
    "get_run_artifacts": Call(  # of one that is not there: none
        {"run_id": Needs("task")},
        {"artifact_type": ["screenshot_final", "recording"]},
        {"artifact_type": "nonsense"},
        422,
    ),
    "retry_run_webhook": _one(
        "run_id", "task", request={"webhook_url": "https://example.com/again"}
    ),
    "get_runs_v2": Call({}, {**_PAGE, "status": "completed"}, _PAGE_0, 422),
    "get_workflow_runs": Call({}, {**_PAGE, "status": "completed"}, _PAGE_0, 422),
    "get_workflow_runs_by_id": Call({"workflow_id": WORKFLOW}, _PAGE, _PAGE_0, 422),
    "retry_workflow_run": _one("workflow_run_id", "workflow run"),
    "get_artifact": _one("artifact_id", "artifact"),
    "artifacts.get_artifact_content": _one("artifact_id", "artifact"),
    # --- workflows
    "create_workflow": Call(
        {"json_definition": DEFINITION}, wrong={"json_definition": {}}, status=422
    ),
    "get_workflows": Call(
        {}, {**_PAGE, "only_workflows": True, "status": "published"}, _PAGE_0, 422
    ),
    "get_workflow": _one("workflow_permanent_id", "workflow", version=1),
    "get_workflow_versions": Call(  # of one that is not there: none
        {"workflow_permanent_id": WORKFLOW}, {"template": False}
    ),
    "update_workflow": Call(
        {"workflow_id": WORKFLOW, "json_definition": DEFINITION}, wrong={"workflow_id": NOWHERE}
    ),
    "delete_workflow": Call({"workflow_id": WORKFLOW}),  # of one that is not there: 200, too
    "update_workflow_folder": Call(
        {"workflow_permanent_id": WORKFLOW, "folder_id": Needs("folder")},
        wrong={"workflow_permanent_id": NOWHERE},
    ),
    "agents.reset_workflow_browser_profile": _one("workflow_permanent_id", "workflow"),
    "create_folder": Call({"title": "Folder"}, {"description": "d"}, {"title": ""}, 422),
    "get_folders": Call({}, {**_PAGE, "search": "fold"}, _PAGE_0, 422),
    "get_folder": _one("folder_id", "folder"),
    "update_folder": _one("folder_id", "folder", title="Other"),
    "delete_folder": _one("folder_id", "folder"),
    # --- schedules
    "schedules.create": Call(
        {"workflow_permanent_id": WORKFLOW, **_CRON},
        {"enabled": True, "name": "daily"},
        {"cron_expression": "never"},
        400,
    ),
    "schedules.list": _one("workflow_permanent_id", "workflow"),
    "schedules.list_all": Call({}, {**_PAGE, "status": "active"}, _PAGE_0, 422),
    "schedules.get": Call(_SCHEDULED, wrong=_NO_SCHEDULE),
    "schedules.update": Call({**_SCHEDULED, **_CRON}, {"name": "weekly"}, _NO_SCHEDULE),
    "schedules.delete": Call(_SCHEDULED, wrong=_NO_SCHEDULE),
    "schedules.enable": Call(_SCHEDULED, wrong=_NO_SCHEDULE),
    "schedules.disable": Call(_SCHEDULED, wrong=_NO_SCHEDULE),
    "schedules.cancel": Call(
        {"workflow_permanent_id": WORKFLOW, "workflow_schedule_id": Needs("one-time schedule")},
        wrong=_NO_SCHEDULE,
    ),
    # --- browsers
    "create_browser_session": Call(
        {"timeout": 30},
        {"proxy_location": "RESIDENTIAL", "extensions": ["ad-blocker"], "browser_type": "chrome"},
        {"timeout": 4},
        422,
    ),
    "get_browser_session": _one("browser_session_id", "session"),
    "get_browser_sessions": Call(),
    "close_browser_session": _one("browser_session_id", "session"),
    "extend_browser_session": Call(
        {"browser_session_id": Needs("session"), "additional_minutes": 5},
        wrong={"browser_session_id": NOWHERE},
    ),
    "update_browser_session": Call(
        {"browser_session_id": Needs("session"), "generate_browser_profile": True},
        wrong={"browser_session_id": NOWHERE},
    ),
    "create_browser_profile": Call(
        {"name": "Made"}, {"description": "d"}, {"browser_session_id": NOWHERE}
    ),
    "list_browser_profiles": Call({}, {"include_deleted": True, **_PAGE}),
    "get_browser_profile": _one("profile_id", "profile"),
    "update_browser_profile": _one("profile_id", "profile", name="Renamed"),
    "delete_browser_profile": _one("profile_id", "profile"),
    # --- credentials
    "create_credential": Call(_PASSWORD, wrong={"credential_type": "fingerprint"}, status=422),
    "get_credentials": Call({}, _PAGE, _PAGE_0, 422),
    "get_credential": _one("credential_id", "credential"),
    "update_credential": Call(
        {"credential_id": Needs("credential"), **_PASSWORD}, wrong={"credential_id": NOWHERE}
    ),
    "delete_credential": _one("credential_id", "credential"),
    "send_totp_code": Call(
        {"totp_identifier": "me@example.com", "content": "123456"},
        {"type": "totp", "source": "email"},
        {"workflow_run_id": NOWHERE},
        400,
    ),
    # --- files and scripts
    "upload_file": Call({"file": ("hello.txt", b"hello", "text/plain")}),
    "create_script": Call(
        {"files": SCRIPT_FILES}, wrong={"files": [{"path": "a", "content": "!"}]}, status=400
    ),
    "get_scripts": Call({}, _PAGE, _PAGE_0, 422),
    "get_script": _one("script_id", "script"),
    "deploy_script": Call(
        {"script_id": Needs("script"), "files": SCRIPT_FILES}, wrong={"script_id": NOWHERE}
    ),
    "scripts.run_script": Call({"script_id": Needs("script")}),
    "run_sdk_action": Call(
        {"url": "https://example.com", "action": {"type": "extract", "prompt": "p"}},
        {"browser_session_id": Needs("session")},
        {"browser_session_id": NOWHERE},
    ),
    # --- tags
    "apply_workflow_tags": Call(
        {"workflow_permanent_id": WORKFLOW, "tags": _TAGS}, wrong={"workflow_permanent_id": NOWHERE}
    ),
    "get_workflow_tags": _one("workflow_permanent_id", "tagged workflow"),
    "get_workflow_tag_history": _one("workflow_permanent_id", "tagged workflow", limit=5),
    "delete_workflow_tag": Call(
        {"workflow_permanent_id": Needs("tagged workflow"), "key": "team"},
        wrong={"workflow_permanent_id": NOWHERE},
    ),
    "batch_get_workflow_tags": Call({"workflow_permanent_ids": Needs("tagged workflow")}),
    "batch_get_workflow_tags_post": Call({"workflow_permanent_ids": [Needs("tagged workflow")]}),
    "apply_run_tags": Call(
        {"workflow_run_id": Needs("workflow run"), "tags": _TAGS},
        wrong={"workflow_run_id": NOWHERE},
    ),
    "get_run_tags": _one("workflow_run_id", "tagged run"),
    "get_run_tag_history": _one("workflow_run_id", "tagged run", limit=5),
    "delete_run_tag": Call(
        {"workflow_run_id": Needs("tagged run"), "key": "team"}, wrong={"workflow_run_id": NOWHERE}
    ),
    "batch_get_run_tags": Call({"workflow_run_ids": Needs("tagged run")}),
    "batch_get_run_tags_post": Call({"workflow_run_ids": [Needs("tagged run")]}),
    "list_tag_keys": Call(),
    "update_tag_key": Call({"key": Needs("tag key"), "description": "d"}, wrong={"key": NOWHERE}),
    "delete_tag_key": _one("key", "tag key"),
    "list_tag_values": Call({}, {"key": Needs("tag key")}),
    "update_tag_value": Call(
        {"key": Needs("tag key"), "value": "blue", "color": "red"}, wrong={"key": NOWHERE}
    ),
    "delete_tag_value": Call({"key": Needs("tag key"), "value": "blue"}, wrong={"key": NOWHERE}),
    "rename_tag_value": Call(
        {"key": Needs("tag key"), "value": "blue", "new_value": "green"}, wrong={"key": NOWHERE}
    ),
    # --- the rest
    "create_custom_llm": Call(
        {"config": _LLM}, wrong={"config": {**_LLM, "provider": "p"}}, status=422
    ),
    "list_custom_llms": Call(),
    "update_custom_llm": Call(
        {"custom_llm_id": Needs("custom llm"), "config": _LLM}, wrong={"custom_llm_id": NOWHERE}
    ),
    "delete_custom_llm": _one("custom_llm_id", "custom llm"),
    "get_version": Call(),
    "prompts.improve_prompt": Call({"prompt": "p", "use_case": "new_workflow"}),
    "clear_workflow_cache": _one("workflow_permanent_id", "workflow"),
    "change_tier_api_v1billing_change_tier_post": Call({"tier": "pro"}),
    "create_checkout_session_api_v1billing_checkout_post": Call({"tier": "pro"}),
    "create_portal_session_api_v1billing_portal_post": Call(),
    "get_organization_billing_api_v1billing_state_get": Call(),
}

FORMER_NAMES: Final[Mapping[str, str]] = {
    **{
        f"browser_profiles.{name}": name
        for name in (
            "create_browser_profile",
            "delete_browser_profile",
            "get_browser_profile",
            "list_browser_profiles",
        )
    },
    **{
        f"workflows.{name}": name
        for name in (
            "create_folder",
            "delete_folder",
            "get_folder",
            "get_folders",
            "update_folder",
            "update_workflow_folder",
        )
    },
    "workflows.reset_workflow_browser_profile": "agents.reset_workflow_browser_profile",
    "server.get_version": "get_version",
    "agent.create_workflow_schedule": "schedules.create",
    "agent.delete_workflow_schedule_route": "schedules.delete",
    "agent.disable_workflow_schedule": "schedules.disable",
    "agent.enable_workflow_schedule": "schedules.enable",
    "agent.get_workflow_schedule": "schedules.get",
    "agent.list_organization_schedules": "schedules.list_all",
    "agent.list_workflow_schedules": "schedules.list",
    "agent.update_workflow_schedule": "schedules.update",
}
"""Methods of older releases -> what the newest calls the same (facts: sdk-surface (b))."""

SYNONYMS: Final[Mapping[str, str]] = {"agent_id": "workflow_id"}
"""An argument -> its name in the methods that do not know it."""


def call_of(method: str) -> Call:
    """How a method of any release is called.

    Raises:
        KeyError: the table does not know it: a new release has something new.
    """
    return CALLS[FORMER_NAMES.get(method, method)]
