"""What older releases of Skyvern did otherwise than the newest, as one table.

A row says what differs, and until which release; from the next one on things are as everywhere else
in this package. A row holds ``since`` a release where something came, went and came back. The kinds
of row stand in :mod:`skyvern_testkit.api.difference`, and how a row takes effect is the business of
:mod:`skyvern_testkit.api.dialects`, by its kind alone: another release is taught by adding rows.

The older servers themselves were not recorded. What is known of them is what their own SDK could ask
and read (facts: sdk-surface) and what the reference page of the time of 1.0.24 says. An operation, a
field or a word that no SDK of a time knew is taken to be younger than that.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field

from skyvern_testkit.api.difference import (
    NEWEST,
    RELEASES,
    Difference,
    Forgets,
    LeavesOut,
    NoOperation,
    NoSpelling,
    NoWord,
    Number,
    Public,
    Says,
    Takes,
)

__all__ = ["DIFFERENCES", "NEWEST", "RELEASES"]

_Minutes: Any = Annotated[int, Field(ge=5, le=1440)]

_PAGE: Final = "reference page"
_GLANCE: Final = "sdk-surface, at a glance"
_METHODS: Final = "sdk-surface (a), methods"
_SENT: Final = "sdk-surface (a), fields sent"
_PATHS: Final = "sdk-surface (b)"
_ENUMS: Final = "sdk-surface (d)"
_WRAPPER: Final = "sdk-surface (e)"
_MODELS: Final = "sdk-surface.json, models"

_RUNS: Final = ("run_task", "run_workflow", "login", "download_files", "get_run")
_SESSIONS: Final = (
    "create_browser_session",
    "get_browser_session",
    "get_browser_sessions",
    "extend_browser_session",
    "update_browser_session",
)
_PROFILES: Final = (
    "create_browser_profile",
    "get_browser_profile",
    "list_browser_profiles",
    "update_browser_profile",
)
_CREDENTIALS: Final = (
    "create_credential",
    "get_credential",
    "get_credentials",
    "update_credential",
)
_ARTIFACTS: Final = ("get_artifact", "get_run_artifacts")
_WORKFLOWS: Final = (
    "create_workflow",
    "get_workflow",
    "get_workflows",
    "get_workflow_versions",
    "update_workflow",
    "update_workflow_folder",
)
_FOLDERS: Final = (
    "create_folder",
    "get_folders",
    "get_folder",
    "update_folder",
    "delete_folder",
    "update_workflow_folder",
)
_ONE_SCHEDULE: Final = (
    "schedules.create",
    "schedules.get",
    "schedules.update",
    "schedules.enable",
    "schedules.disable",
)
_LISTS_OF_SCHEDULES: Final = ("schedules.list", "schedules.list_all")
_SCHEDULES: Final = (*_ONE_SCHEDULE, *_LISTS_OF_SCHEDULES, "schedules.delete")
_WORKFLOW_RUNS: Final = ("get_workflow_runs", "get_workflow_runs_by_id")
_BY_INTERVAL: Final = ("interval_seconds", "first_fire_at", "run_at")
_TIMED: Final = (*_BY_INTERVAL, "dispatch_status", "workflow_run_id")
_PROXY: Final = ("proxy_location", "proxy_session_id", "rotate_proxy_session_id")

# fmt: off
DIFFERENCES: Final[tuple[Difference, ...]] = (
    # --- operations and their paths
    NoSpelling("1.0.44", _PATHS, ("/v1/agents", "/v1/run/agents")),
    NoSpelling("1.0.28", _PATHS, (
        "/v1/schedules", "/v1/workflows/{workflow_permanent_id}/schedules",
    ), since="1.0.25"),
    Public("1.0.28", _METHODS, "get_artifact"),
    Public("1.0.28", _METHODS, "change_tier_api_v1billing_change_tier_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "create_checkout_session_api_v1billing_checkout_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "create_portal_session_api_v1billing_portal_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "get_organization_billing_api_v1billing_state_get", since="1.0.11"),
    NoOperation("1.0.0", _METHODS, ("prompts.improve_prompt",)),
    NoOperation("1.0.2", _METHODS, ("download_files",)),
    NoOperation("1.0.3", _METHODS, ("upload_file", "delete_file")),
    NoOperation("1.0.12", _METHODS, ("get_workflow", "get_workflow_versions")),
    NoOperation("1.0.13", _METHODS, ("get_workflow_runs", "update_credential")),
    NoOperation("1.0.18", _METHODS, ("clear_workflow_cache",)),
    NoOperation("1.0.23", _GLANCE, _FOLDERS, since="1.0.3"),
    NoOperation("1.0.24", _METHODS, _SCHEDULES),
    NoOperation("1.0.30", _METHODS, _SCHEDULES, since="1.0.29"),
    NoOperation("1.0.28", _METHODS, ("get_runs_v2",)),
    NoOperation("1.0.36", _METHODS, (
        "bulk_cancel_runs", "get_workflow_runs_by_id", "retry_workflow_run",
        "update_browser_profile", "agents.reset_workflow_browser_profile", "get_version",
    )),
    NoOperation("1.0.44", _METHODS, (
        "apply_workflow_tags", "get_workflow_tags", "delete_workflow_tag",
        "get_workflow_tag_history", "batch_get_workflow_tags", "batch_get_workflow_tags_post",
        "list_tag_keys", "update_tag_key", "delete_tag_key", "update_browser_session",
    )),
    NoOperation("1.0.46", _METHODS, (
        "apply_run_tags", "get_run_tags", "delete_run_tag", "get_run_tag_history",
        "batch_get_run_tags", "batch_get_run_tags_post", "get_run_tag_suggestions",
        "list_tag_values", "create_tag_value", "update_tag_value", "delete_tag_value",
        "rename_tag_value",
        "create_custom_llm", "list_custom_llms", "update_custom_llm", "delete_custom_llm",
    )),
    NoOperation("1.0.48", _METHODS, ("extend_browser_session", "schedules.cancel")),
    # --- requests: types, limits, defaults
    Takes("1.0.28", _PAGE, "create_browser_session", "timeout", _Minutes | None, 60),
    Number("1.0.28", _PAGE, "session_minutes", 1440),
    Takes("1.0.29", _WRAPPER, "run_task", "engine", default="skyvern-2.0"),
    Takes("1.0.44", _SENT, "run_workflow", "agent_id",
          Annotated[str, Field(validation_alias="workflow_id")]),
    Takes("1.0.48", _MODELS, "schedules.create", "cron_expression", str),
    Takes("1.0.48", _MODELS, "schedules.update", "cron_expression", str),
    # --- requests: words
    NoWord("1.0.36", _ENUMS, "RunEngine", ("yutori-navigator",)),
    NoWord("1.0.48", _ENUMS, "RunEngine", ("skyvern-3.0",)),
    NoWord("1.0.36", _ENUMS, "RunType", ("yutori_navigator",)),
    NoWord("1.0.48", _ENUMS, "RunType", ("task_v3",)),
    NoWord("1.0.47", _ENUMS, "RunStatus", ("paused",)),
    NoWord("1.0.24", _ENUMS, "PersistentBrowserType", ("stealth-chromium",)),
    NoWord("1.0.6", _ENUMS, "ProxyLocation", ("RESIDENTIAL_PH",)),
    NoWord("1.0.22", _ENUMS, "ProxyLocation", ("RESIDENTIAL_KR",)),
    NoWord("1.0.32", _ENUMS, "ProxyLocation", ("RESIDENTIAL_SA",)),
    NoWord("1.0.2", _ENUMS, "CredentialType", ("secret",)),
    NoWord("1.0.44", _ENUMS, "VaultType", ("skyvern", "gcp")),
    NoWord("1.0.47", _ENUMS, "TotpType", ("passkey",)),
    NoWord("1.0.10", _ENUMS, "ArtifactType", ("pdf",)),
    NoWord("1.0.24", _ENUMS, "ArtifactType", ("step_archive", "task_archive")),
    NoWord("1.0.36", _ENUMS, "ArtifactType", ("download",)),
    NoWord("1.0.44", _ENUMS, "ArtifactType", ("audio", "session_replay")),
    NoWord("1.0.48", _ENUMS, "ArtifactType", (
        "eval_score", "eval_trajectory", "eval_rubrics", "browser_session_action_log",
        "screenshot_proxy", "screenshot_pre_submit", "html_pre_submit", "unknown",
    )),
    NoWord("1.0.1", _ENUMS, "BlockType", ("conditional",)),
    NoWord("1.0.10", _ENUMS, "BlockType", ("print_page",)),
    NoWord("1.0.23", _ENUMS, "BlockType", ("workflow_trigger",)),
    NoWord("1.0.31", _ENUMS, "BlockType", ("while_loop",)),
    NoWord("1.0.36", _ENUMS, "BlockType", ("google_sheets_read", "google_sheets_write")),
    NoWord("1.0.46", _ENUMS, "BlockType", ("pdf_fill", "split_pdf", "email_inbox")),
    # of these no SDK knows, the newest one's included, which cannot read a workflow that has one
    NoWord("1.0.55", _ENUMS, "BlockType", ("data_export", "terminate", "web_search")),
    NoWord("1.0.12", _ENUMS, "FileType", ("image",)),
    NoWord("1.0.13", _ENUMS, "FileType", ("docx",)),
    NoWord("1.0.31", _ENUMS, "FileType", ("auto_detect",)),
    NoWord("1.0.46", _ENUMS, "FileType", ("zip",)),
    NoWord("1.0.43", _ENUMS, "FileStorageType", ("google_drive",)),
    NoWord("1.0.46", _ENUMS, "FileStorageType", ("sftp",)),
    # --- requests: fields
    Forgets("1.0.10", _SENT, "create_browser_session", ("extensions", "browser_type")),
    Forgets("1.0.23", _SENT, "create_browser_session", ("browser_profile_id",)),
    Forgets("1.0.43", _SENT, "create_browser_session", ("proxy_session_id",)),
    Forgets("1.0.46", _SENT, "create_browser_session", ("proxy_session_id",), since="1.0.45"),
    Forgets("1.0.44", _SENT, "create_browser_session", ("generate_browser_profile",)),
    Forgets("1.0.47", _SENT, "create_browser_session", ("url",)),
    Forgets("1.0.43", _SENT, "create_browser_profile", ("proxy_location", "proxy_session_id")),
    Forgets("1.0.43", _SENT, "update_browser_profile", _PROXY),
    Forgets("1.0.36", _SENT, "list_browser_profiles", ("page", "page_size", "search_key")),
    Forgets("1.0.46", _SENT, "list_browser_profiles", ("managed",)),
    Forgets("1.0.28", _SENT, "create_credential", ("vault_type",)),
    Forgets("1.0.43", _SENT, "create_credential", _PROXY),
    Forgets("1.0.47", _SENT, "create_credential", ("tested_url",)),
    Forgets("1.0.28", _SENT, "update_credential", ("vault_type",)),
    Forgets("1.0.43", _SENT, "update_credential", _PROXY),
    Forgets("1.0.47", _SENT, "update_credential", ("tested_url",)),
    Forgets("1.0.28", _SENT, "get_credentials", ("vault_type",)),
    Forgets("1.0.44", _SENT, "get_credentials", ("credential_type", "search")),
    Forgets("1.0.10", _SENT, "send_totp_code", ("type",)),
    Forgets("1.0.36", _SENT, "run_workflow", ("max_elapsed_time_minutes", "cdp_connect_headers", "run_metadata")),
    Forgets("1.0.28", _PAGE, "run_task", ("browser_profile_id",)),
    Forgets("1.0.11", _SENT, "run_task", ("run_with",)),
    Forgets("1.0.36", _SENT, "run_task", ("cdp_connect_headers",)),
    Forgets("1.0.0", _SENT, "login", ("browser_profile_id",)),
    Forgets("1.0.36", _SENT, "login", ("cdp_connect_headers",)),
    Forgets("1.0.36", _SENT, "download_files", ("cdp_connect_headers",)),
    Forgets("1.0.3", _SENT, "retry_run_webhook", ("webhook_url",)),
    Forgets("1.0.46", _SENT, "get_runs_v2", ("run_type",)),
    Forgets("1.0.46", _SENT, "get_workflow_runs_by_id", ("created_at_start", "created_at_end")),
    Forgets("1.0.3", _SENT, "get_workflows", ("only_templates",)),
    Forgets("1.0.44", _SENT, "get_workflows", ("tags",)),
    Forgets("1.0.46", _SENT, "apply_workflow_tags", ("colors",)),
    Forgets("1.0.48", _SENT, "schedules.create", _BY_INTERVAL),
    Forgets("1.0.48", _SENT, "schedules.update", _BY_INTERVAL),
    # --- answers: words
    Says("1.0.44", _ENUMS, _CREDENTIALS, "vault_type", "skyvern", None),
    Says("1.0.47", _WRAPPER, ("get_run",), "status", "paused", "running"),
    # --- answers: fields
    LeavesOut("1.0.10", _MODELS, _RUNS, ("step_count",)),
    LeavesOut("1.0.11", _MODELS, ("run_task", "get_run"), ("run_request.run_with",)),
    LeavesOut("1.0.31", _MODELS, _RUNS, ("script_run.script_id", "script_run.script_revision_id")),
    LeavesOut("1.0.36", _MODELS, _RUNS, ("recording_archived", "script_id")),
    LeavesOut("1.0.36", _MODELS, (*_RUNS, *_SESSIONS), ("downloaded_files.artifact_id", "downloaded_files.file_size")),
    LeavesOut("1.0.36", _MODELS, _SESSIONS, ("recordings.artifact_id", "recordings.file_size")),
    LeavesOut("1.0.36", _MODELS, ("get_run_timeline",), ("thought.last_llm_model",)),
    LeavesOut("1.0.32", _MODELS, ("get_runs_v2",), ("workflow_deleted",)),
    LeavesOut("1.0.46", _MODELS, ("get_runs_v2",), ("trigger_type",)),
    LeavesOut("1.0.24", _MODELS, _WORKFLOW_RUNS, ("trigger_type", "workflow_schedule_id")),
    LeavesOut("1.0.28", _MODELS, _WORKFLOW_RUNS, ("failure_category",)),
    LeavesOut("1.0.31", _MODELS, _WORKFLOW_RUNS, ("script_run.script_id", "script_run.script_revision_id")),
    LeavesOut("1.0.36", _MODELS, _WORKFLOW_RUNS, (
        "cdp_connect_headers", "max_elapsed_time_minutes", "ignore_inherited_workflow_system_prompt",
        "copilot_session_id", "credits_used", "cached_credits_used",
    )),
    LeavesOut("1.0.10", _MODELS, _SESSIONS, ("status", "extensions", "browser_type")),
    LeavesOut("1.0.23", _MODELS, _SESSIONS, ("browser_profile_id",)),
    LeavesOut("1.0.44", _MODELS, _SESSIONS, ("generate_browser_profile",)),
    LeavesOut("1.0.36", _MODELS, _PROFILES, ("source_browser_type",)),
    LeavesOut("1.0.43", _MODELS, _PROFILES, ("proxy_location", "proxy_session_id")),
    LeavesOut("1.0.44", _MODELS, _PROFILES, ("is_managed", "workflow_permanent_id", "browser_profile_key_digest")),
    LeavesOut("1.0.1", _MODELS, _CREDENTIALS, ("credential.totp_identifier",)),
    LeavesOut("1.0.18", _MODELS, _CREDENTIALS, ("browser_profile_id", "tested_url")),
    LeavesOut("1.0.24", _MODELS, _CREDENTIALS, ("user_context",)),
    LeavesOut("1.0.28", _MODELS, _CREDENTIALS, ("vault_type", "save_browser_session_intent")),
    LeavesOut("1.0.43", _MODELS, _CREDENTIALS, ("proxy_location", "proxy_session_id")),
    LeavesOut("1.0.46", _MODELS, _CREDENTIALS, ("proxy_location", "proxy_session_id"), since="1.0.45"),
    LeavesOut("1.0.44", _MODELS, _CREDENTIALS, ("folder_id",)),
    LeavesOut("1.0.10", _MODELS, ("send_totp_code",), ("type",)),
    LeavesOut("1.0.3", _MODELS, _ARTIFACTS, ("run_id",)),
    LeavesOut("1.0.24", _MODELS, _ARTIFACTS, ("bundle_key",)),
    LeavesOut("1.0.36", _MODELS, _ARTIFACTS, ("checksum", "file_size", "browser_session_id", "archived")),
    LeavesOut("1.0.1", _MODELS, _WORKFLOWS, ("workflow_definition.version",)),
    LeavesOut("1.0.3", _MODELS, _WORKFLOWS, ("is_template",)),
    LeavesOut("1.0.10", _MODELS, _WORKFLOWS, ("workflow_definition.finally_block_label",)),
    LeavesOut("1.0.23", _MODELS, _WORKFLOWS, ("adaptive_caching", "generate_script_on_terminal")),
    LeavesOut("1.0.28", _MODELS, _WORKFLOWS, ("code_version",)),
    LeavesOut("1.0.36", _MODELS, _WORKFLOWS, ("browser_profile_id", "created_by", "edited_by")),
    LeavesOut("1.0.36", _MODELS, _WORKFLOWS, ("max_elapsed_time_minutes", "cdp_connect_headers")),
    LeavesOut("1.0.36", _MODELS, _WORKFLOWS, (
        "workflow_definition.error_code_mapping", "workflow_definition.workflow_system_prompt",
    )),
    LeavesOut("1.0.43", _MODELS, _WORKFLOWS, ("browser_profile_key",)),
    LeavesOut("1.0.46", _MODELS, _WORKFLOWS, ("browser_profile_key",), since="1.0.45"),
    LeavesOut("1.0.44", _MODELS, _WORKFLOWS, ("pin_saved_session_ip", "agent_id")),
    LeavesOut("1.0.46", _MODELS, _WORKFLOWS, ("enable_self_healing", "copilot_authored")),
    LeavesOut("1.0.46", _MODELS, ("delete_tag_key",), ("removed_from_run_count", "removed_count")),
    LeavesOut("1.0.48", _MODELS, _ONE_SCHEDULE, tuple(f"schedule.{name}" for name in _TIMED)),
    LeavesOut("1.0.48", _MODELS, _LISTS_OF_SCHEDULES, tuple(f"schedules.{name}" for name in _TIMED)),
)
# fmt: on
