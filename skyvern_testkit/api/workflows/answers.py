"""A workflow as it is answered, and the settings that it keeps for that (facts: resources 3, 14)."""

from __future__ import annotations

from typing import Final, cast

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.rows import Workflow

__all__ = ["render", "settings_of"]

_BEFORE_DEFINITION: Final = ("is_saved_task", "is_template", "description")
_AFTER_DEFINITION: Final = (
    "proxy_location",
    "webhook_callback_url",
    "totp_verification_url",
    "totp_identifier",
    "persist_browser_session",
    "reuse_browser_session",
    "mask_secrets",
    "pin_saved_session_ip",
    "browser_profile_id",
    "browser_profile_key",
    "model",
    "status",
    "max_screenshot_scrolls",
    "max_elapsed_time_minutes",
    "extra_http_headers",
    "cdp_connect_headers",
    "run_with",
    "browser_type",
    "ai_fallback",
    "cache_key",
    "adaptive_caching",
    "enable_self_healing",
    "code_version",
    "generate_script_on_terminal",
    "run_sequentially",
    "sequential_key",
    "folder_id",
    "import_error",
    "created_by",
    "edited_by",
    "copilot_authored",
)

_INSTEAD_OF_NOTHING: Final[dict[str, Json]] = {
    "is_template": False,
    "mask_secrets": False,
    "cache_key": "default",
    "enable_self_healing": False,
    "code_version": 2,
    "copilot_authored": False,
}
"""What the server keeps where null or empty text is asked for, or where nothing can be."""


def _proxy(asked: Json) -> Json:
    """A place as the server keeps it; an object that is neither a place nor a URL is dropped."""
    if not isinstance(asked, dict):
        return asked
    place = cast("JsonObject", asked)
    if "url" in place:
        return place
    if "country" not in place or "isISP" not in place:
        return None
    region: str | None = place["subdivision"]
    return {
        **place,
        "country": place["country"].upper(),
        "subdivision": region and region.rpartition("-")[2].upper(),
    }


def _setting(name: str, asked: Json) -> Json:
    match name:
        case "proxy_location":
            return _proxy(asked)
        case "max_screenshot_scrolls":
            return None if asked is None else min(max(0, asked), 1000)
        case _ if asked is None or asked == "":
            return _INSTEAD_OF_NOTHING.get(name, asked)
        case _:
            return asked


def settings_of(request: JsonObject) -> JsonObject:
    """What a workflow keeps of a request besides title and definition, by wire names."""
    return {
        name: _setting(name, request.get(name))
        for name in (*_BEFORE_DEFINITION, *_AFTER_DEFINITION)
    }


def render(
    workflow: Workflow, *, read: bool = False, original_created_at: int | None = None
) -> JsonObject:
    """A version of a workflow as it is answered.

    Args:
        workflow: the version.
        read: the answer of ``get_workflow``, which says one thing more than the others.
        original_created_at: when version 1 was made; only lists say so.
    """
    settings = workflow.settings
    headers = settings["cdp_connect_headers"]
    hidden = {"cdp_connect_headers": headers and dict.fromkeys(headers, "***")}
    return {
        "workflow_id": workflow.id,
        "organization_id": workflow.organization_id,
        "title": workflow.title,
        "workflow_permanent_id": workflow.permanent_id,
        "version": workflow.version,
        **{name: settings[name] for name in _BEFORE_DEFINITION},
        "workflow_definition": workflow.definition,
        **{name: settings[name] for name in _AFTER_DEFINITION},
        **hidden,
        **({"effective_default_engine": None} if read else {}),
        "original_created_by": None,
        "original_created_at": timestamp_or_none(original_created_at),
        "created_at": timestamp(workflow.created_at),
        "modified_at": timestamp(workflow.modified_at),
        "deleted_at": timestamp_or_none(workflow.deleted_at),
        "agent_id": workflow.permanent_id,
    }
