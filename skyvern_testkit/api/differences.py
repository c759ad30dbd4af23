"""What older releases of Skyvern did otherwise than the newest, as one table.

A row says what differs, and until which release; from the next one on things are as everywhere else
in this package. A row holds ``since`` a release where something came, went and came back. How a
row takes effect is the business of :mod:`skyvern_testkit.api.dialects`, by its kind alone: another
release is taught by adding rows.

The older servers themselves were not recorded. What is known of them is what their own SDK could ask
and read (facts: sdk-surface) and what the reference page of the time of 1.0.24 says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field

__all__ = [
    "DIFFERENCES",
    "NEWEST",
    "RELEASES",
    "Difference",
    "Forgets",
    "LeavesOut",
    "NoOperation",
    "NoSpelling",
    "Number",
    "Public",
    "Takes",
]

# fmt: off
RELEASES: Final = (
    "1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.6", "1.0.10", "1.0.11", "1.0.12", "1.0.13", "1.0.14",
    "1.0.15", "1.0.16", "1.0.17", "1.0.18", "1.0.19", "1.0.20", "1.0.21", "1.0.22", "1.0.23",
    "1.0.24", "1.0.25", "1.0.26", "1.0.27", "1.0.28", "1.0.29", "1.0.30", "1.0.31", "1.0.32",
    "1.0.33", "1.0.34", "1.0.35", "1.0.36", "1.0.37", "1.0.40", "1.0.41", "1.0.42", "1.0.43",
    "1.0.44", "1.0.45", "1.0.46", "1.0.47", "1.0.48", "1.0.55", "1.0.56",
)
# fmt: on
"""Every release of 1.x, oldest first; the numbers between were never published."""
NEWEST: Final = RELEASES[-1]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something was otherwise from ``since`` until ``until``, both included."""

    until: str
    source: str
    since: str = field(default=RELEASES[0], kw_only=True)


@dataclass(frozen=True, slots=True)
class NoOperation(Difference):
    """The operations were not there: 404."""

    operations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoSpelling(Difference):
    """Paths did not begin so; another spelling of the same operation was the documented one."""

    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Public(Difference):
    """The operation was documented, and a method of the SDK."""

    operation: str


@dataclass(frozen=True, slots=True)
class Takes(Difference):
    """A field of a request had another type, other limits or another default."""

    operation: str
    field: str
    annotation: Any
    default: Any = ...


@dataclass(frozen=True, slots=True)
class Forgets(Difference):
    """Fields of a request were ignored in silence; who sends one is told so by an advice."""

    operation: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeavesOut(Difference):
    """Fields were not in these answers, nor in those of a list."""

    operations: tuple[str, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Number(Difference):
    """A limit that a handler asks for by its name had another value."""

    name: str
    value: int


class _EnginesUntil36(StrEnum):
    SKYVERN_V1 = "skyvern-1.0"
    SKYVERN_V2 = "skyvern-2.0"
    OPENAI_CUA = "openai-cua"
    ANTHROPIC_CUA = "anthropic-cua"
    UI_TARS = "ui-tars"


class _EnginesUntil48(StrEnum):
    SKYVERN_V1 = "skyvern-1.0"
    SKYVERN_V2 = "skyvern-2.0"
    OPENAI_CUA = "openai-cua"
    ANTHROPIC_CUA = "anthropic-cua"
    UI_TARS = "ui-tars"
    YUTORI_NAVIGATOR = "yutori-navigator"


_Minutes: Any = Annotated[int, Field(ge=5, le=1440)]

_PAGE: Final = "reference page"
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
)

# fmt: off
DIFFERENCES: Final[tuple[Difference, ...]] = (
    # --- operations and their paths
    NoSpelling("1.0.44", _PATHS, ("/v1/agents", "/v1/run/agents")),
    Public("1.0.28", _METHODS, "get_artifact"),
    Public("1.0.28", _METHODS, "change_tier_api_v1billing_change_tier_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "create_checkout_session_api_v1billing_checkout_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "create_portal_session_api_v1billing_portal_post", since="1.0.11"),
    Public("1.0.28", _METHODS, "get_organization_billing_api_v1billing_state_get", since="1.0.11"),
    NoOperation("1.0.2", _METHODS, ("download_files",)),
    NoOperation("1.0.3", _METHODS, ("upload_file", "delete_file")),
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
        "batch_get_run_tags", "batch_get_run_tags_post", "list_tag_values", "create_tag_value",
        "update_tag_value", "delete_tag_value", "rename_tag_value",
        "create_custom_llm", "list_custom_llms", "update_custom_llm", "delete_custom_llm",
    )),
    NoOperation("1.0.48", _METHODS, (
        "extend_browser_session", "schedules.cancel",
    )),
    # --- requests
    Takes("1.0.28", _PAGE, "create_browser_session", "timeout",
          _Minutes | None, 60),
    Number("1.0.28", _PAGE, "session_minutes", 1440),
    Takes("1.0.29", _WRAPPER, "run_task", "engine",
          _EnginesUntil36, _EnginesUntil36.SKYVERN_V2),
    Takes("1.0.36", _ENUMS, "run_task", "engine",
          _EnginesUntil36, _EnginesUntil36.SKYVERN_V1, since="1.0.30"),
    Takes("1.0.48", _ENUMS, "run_task", "engine",
          _EnginesUntil48, _EnginesUntil48.SKYVERN_V1, since="1.0.37"),
    Takes("1.0.44", _SENT, "run_workflow", "agent_id",
          Annotated[str, Field(validation_alias="workflow_id")]),
    Forgets("1.0.10", _SENT, "create_browser_session", ("extensions", "browser_type")),
    Forgets("1.0.23", _SENT, "create_browser_session", ("browser_profile_id",)),
    Forgets("1.0.43", _SENT, "create_browser_session", ("proxy_session_id",)),
    Forgets("1.0.44", _SENT, "create_browser_session", ("generate_browser_profile",)),
    Forgets("1.0.47", _SENT, "create_browser_session", ("url",)),
    Forgets("1.0.43", _SENT, "create_browser_profile", ("proxy_location", "proxy_session_id")),
    Forgets("1.0.28", _SENT, "create_credential", ("vault_type",)),
    Forgets("1.0.47", _SENT, "create_credential", ("tested_url",)),
    Forgets("1.0.10", _SENT, "send_totp_code", ("type",)),
    Forgets("1.0.36", _SENT, "run_workflow", ("max_elapsed_time_minutes", "cdp_connect_headers", "run_metadata")),
    Forgets("1.0.28", _PAGE, "run_task", ("browser_profile_id",)),
    Forgets("1.0.11", _SENT, "run_task", ("run_with",)),
    Forgets("1.0.36", _SENT, "run_task", ("cdp_connect_headers",)),
    Forgets("1.0.0", _SENT, "login", ("browser_profile_id",)),
    Forgets("1.0.36", _SENT, "login", ("cdp_connect_headers",)),
    Forgets("1.0.36", _SENT, "download_files", ("cdp_connect_headers",)),
    # --- answers
    LeavesOut("1.0.10", _MODELS, _RUNS, ("step_count",)),
    LeavesOut("1.0.36", _MODELS, _RUNS, ("recording_archived", "script_id")),
    LeavesOut("1.0.10", _MODELS, _SESSIONS, ("status", "extensions", "browser_type")),
    LeavesOut("1.0.23", _MODELS, _SESSIONS, ("browser_profile_id",)),
    LeavesOut("1.0.44", _MODELS, _SESSIONS, ("generate_browser_profile",)),
    LeavesOut("1.0.36", _MODELS, _PROFILES, ("source_browser_type",)),
    LeavesOut("1.0.43", _MODELS, _PROFILES, ("proxy_location", "proxy_session_id")),
    LeavesOut("1.0.44", _MODELS, _PROFILES, ("is_managed", "workflow_permanent_id", "browser_profile_key_digest")),
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
    LeavesOut("1.0.3", _MODELS, _WORKFLOWS, ("is_template",)),
    LeavesOut("1.0.23", _MODELS, _WORKFLOWS, ("adaptive_caching", "generate_script_on_terminal")),
    LeavesOut("1.0.28", _MODELS, _WORKFLOWS, ("code_version",)),
    LeavesOut("1.0.36", _MODELS, _WORKFLOWS, ("browser_profile_id", "created_by", "edited_by")),
    LeavesOut("1.0.36", _MODELS, _WORKFLOWS, ("max_elapsed_time_minutes", "cdp_connect_headers")),
    LeavesOut("1.0.43", _MODELS, _WORKFLOWS, ("browser_profile_key",)),
    LeavesOut("1.0.44", _MODELS, _WORKFLOWS, ("pin_saved_session_ip", "agent_id")),
    LeavesOut("1.0.46", _MODELS, _WORKFLOWS, ("enable_self_healing", "copilot_authored")),
)
# fmt: on
