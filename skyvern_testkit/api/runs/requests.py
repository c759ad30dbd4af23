"""What a client may send to start a run, in the order in which the server echoes it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from skyvern_testkit.api.fields import (
    BrowserAddress,
    Lazy,
    ProxyLocation,
    Scrolls,
    TaskProxy,
    WorkflowProxy,
)
from skyvern_testkit.wire.errors import ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = [
    "RUN_TYPE_OF_ENGINE",
    "CredentialSource",
    "DownloadFilesRequest",
    "LoginRequest",
    "RunEngine",
    "RunHeaders",
    "TaskRunRequest",
    "WorkflowRunHeaders",
    "WorkflowRunQuery",
    "WorkflowRunRequest",
]


class RunEngine(StrEnum):
    SKYVERN_V1 = "skyvern-1.0"
    SKYVERN_V2 = "skyvern-2.0"
    SKYVERN_V3 = "skyvern-3.0"
    OPENAI_CUA = "openai-cua"
    ANTHROPIC_CUA = "anthropic-cua"
    UI_TARS = "ui-tars"
    YUTORI_NAVIGATOR = "yutori-navigator"


def _look_up(name: Any) -> Any:
    if isinstance(name, list | dict):  # the server looks it up, and cannot
        raise ServerCrash("TypeError")
    return name


_Runner = Annotated[
    Any,
    AfterValidator(_look_up),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "null"}]}),
]
"""A text, says the server's schema; other plain values are taken (recorded exchanges bad.run_with)."""

RUN_TYPE_OF_ENGINE: Final = {
    RunEngine.SKYVERN_V1: "task_v1",
    RunEngine.SKYVERN_V2: "task_v2",
    RunEngine.SKYVERN_V3: "task_v3",
    RunEngine.OPENAI_CUA: "openai_cua",
    RunEngine.ANTHROPIC_CUA: "anthropic_cua",
    RunEngine.YUTORI_NAVIGATOR: "yutori_navigator",
}
"""``ui-tars`` is missing on purpose: a server must be set up for it (facts: runs 1)."""

_FRESH_AGAINST: Final = {
    "browser_session_id": "a live session is the browser for the run.",
    "browser_profile_id": "pick one: a fresh browser or a specific profile.",
    "browser_address": "connecting to an existing remote browser reuses its session state.",
}


class _MayStartFresh(Lazy):
    @model_validator(mode="after")
    def _fresh_stands_alone(self) -> _MayStartFresh:
        if getattr(self, "start_fresh_browser", False):
            for name, why in _FRESH_AGAINST.items():
                if getattr(self, name, None):
                    raise ValueError(f"start_fresh_browser cannot be combined with {name} — {why}")
        return self


class TaskRunRequest(_MayStartFresh):
    prompt: str
    url: str | None = None
    engine: RunEngine = RunEngine.SKYVERN_V1
    title: str | None = None
    proxy_location: TaskProxy = ProxyLocation.RESIDENTIAL
    data_extraction_schema: dict[Any, Any] | list[Any] | str | None = None
    error_code_mapping: dict[str, str] | None = None
    max_steps: int | None = None
    webhook_url: str | None = None
    totp_identifier: str | None = None
    totp_url: str | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    start_fresh_browser: bool = False
    model: dict[str, Any] | None = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    publish_workflow: bool = False
    include_action_history_in_verification: bool | None = False
    max_screenshot_scrolls: Scrolls = None
    browser_address: BrowserAddress = None
    run_with: _Runner = None
    file_ids: Annotated[list[str], Field(max_length=50)] | None = None


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("max_elapsed_time_minutes must be an integer, not a boolean")  # noqa: TRY004 - an item of a 422
    return value


_Minutes = Annotated[
    Annotated[int, Field(ge=1, le=480)] | None,
    BeforeValidator(_no_boolean),
]

_METADATA_ENTRIES: Final = 20
_METADATA_KEY: Final = 64
_METADATA_VALUE: Final = 256


def _tidied(metadata: dict[str, str] | None) -> dict[str, str] | None:
    """Without spaces around keys and values, without what is blank or has a key of the server's."""
    kept = {key.strip(): value.strip() for key, value in (metadata or {}).items()}
    kept = {
        key: value
        for key, value in kept.items()
        if key and value and not key.startswith("skyvern.")
    }
    if len(kept) > _METADATA_ENTRIES:
        raise ValueError(f"run_metadata can include at most {_METADATA_ENTRIES} entries")
    if any(len(key) > _METADATA_KEY for key in kept):
        raise ValueError(f"run_metadata keys must be at most {_METADATA_KEY} characters")
    if any(len(value) > _METADATA_VALUE for value in kept.values()):
        raise ValueError(f"run_metadata values must be at most {_METADATA_VALUE} characters")
    return kept or None


_Metadata = Annotated[dict[str, str] | None, AfterValidator(_tidied)]


class WorkflowRunRequest(_MayStartFresh):
    agent_id: str = Field(validation_alias=AliasChoices("agent_id", "workflow_id"))
    parameters: dict[str, Any] | None = None
    title: str | None = None
    proxy_location: WorkflowProxy = ProxyLocation.RESIDENTIAL
    webhook_url: str | None = None
    totp_url: str | None = None
    totp_identifier: str | None = None
    browser_session_id: str | None = None
    reuse_browser_session: bool | None = None
    browser_profile_id: str | None = None
    start_fresh_browser: bool = False
    max_screenshot_scrolls: Scrolls = None
    max_elapsed_time_minutes: _Minutes = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    browser_address: BrowserAddress = None
    ai_fallback: bool | None = None
    run_with: _Runner = None
    browser_type: str | None = None
    run_metadata: _Metadata = None
    file_ids: Annotated[list[str], Field(max_length=50)] | None = None

    @field_validator("browser_type", mode="before")
    @classmethod
    def _known_browser(cls, value: Any) -> Any:
        known = ("msedge", "chrome", "stealth-chromium")
        if value is not None and str(value) not in known:
            raise ValueError(f"Invalid browser_type '{value}'; must be one of: {', '.join(known)}")
        return value


class CredentialSource(StrEnum):
    SKYVERN = "skyvern"
    BITWARDEN = "bitwarden"
    ONEPASSWORD = "1password"
    AZURE_VAULT = "azure_vault"


class _BrowserTaskRequest(_MayStartFresh):
    """What a login and a download have in common."""

    url: str | None = None
    webhook_url: str | None = None
    proxy_location: ProxyLocation | None = None
    totp_identifier: str | None = None
    totp_url: str | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    start_fresh_browser: bool = False
    browser_address: str | None = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    max_screenshot_scrolling_times: Scrolls = None


class LoginRequest(_BrowserTaskRequest):
    credential_type: CredentialSource
    prompt: str | None = None
    credential_id: str | None = None
    bitwarden_collection_id: str | None = None
    bitwarden_item_id: str | None = None
    onepassword_vault_id: str | None = None
    onepassword_item_id: str | None = None
    onepassword_totp_field_name: str | None = None
    azure_vault_name: str | None = None
    azure_vault_username_key: str | None = None
    azure_vault_password_key: str | None = None
    azure_vault_totp_secret_key: str | None = None


class DownloadFilesRequest(_BrowserTaskRequest):
    navigation_goal: str
    download_suffix: str | None = None
    download_timeout: float | None = None
    max_steps_per_run: int | None = None


class RunHeaders(Lazy):
    user_agent: str | None = Field(default=None, alias="x-user-agent")


class WorkflowRunHeaders(Lazy):
    max_steps_override: int | None = Field(default=None, alias="x-max-steps-override")
    user_agent: str | None = Field(default=None, alias="x-user-agent")


class WorkflowRunQuery(Lazy):
    template: bool = False


_TASK_FIELDS: Final = tuple(TaskRunRequest.model_fields)
_WORKFLOW_FIELDS: Final = (
    "workflow_id",
    *(name for name in WorkflowRunRequest.model_fields if name != "agent_id"),
)
_FALSE_FIELDS: Final = frozenset(
    {"start_fresh_browser", "publish_workflow", "include_action_history_in_verification"}
)


def _echo(fields: tuple[str, ...], kept: JsonObject) -> JsonObject:
    empty = {name: False if name in _FALSE_FIELDS else None for name in fields}
    return {**empty, **kept}


def task_echo(**kept: Any) -> JsonObject:
    """A task's ``run_request``: every field in order, the ones that are not kept empty."""
    return _echo(_TASK_FIELDS, kept)


def workflow_echo(**kept: Any) -> JsonObject:
    """A workflow run's ``run_request``: every field in order, the ones that are not kept empty."""
    return _echo(_WORKFLOW_FIELDS, kept)
