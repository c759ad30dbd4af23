"""What goes out of a world: webhook bodies, their signature, calls of a ``totp_url`` (facts: runs 8, 9)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from typing import Any, Final
from urllib.parse import SplitResult, unquote, urlsplit

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.runs.answers import (
    attempt_body,
    attempts_of,
    downloads,
    last_screenshot_url,
    queued_at,
    recording_url,
    run_body,
)
from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.http import Headers, Request
from skyvern_testkit.wire.jsontext import JsonObject, dump_webhook
from skyvern_testkit.wire.times import SECOND, timestamp, timestamp_or_none
from skyvern_testkit.world.blocks import current_block, workflow_of
from skyvern_testkit.world.events import Effect
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = ["render", "replayed_body", "sign", "webhook_body"]

USER_AGENT: Final = "python-httpx/0.28.1"
"""What the real server's webhooks say they are."""


def sign(body: bytes, api_key: str) -> str:
    """The signature of a webhook: hex HMAC-SHA256 of the exact bytes, keyed with the API key's text."""
    return hmac.new(api_key.encode(), body, hashlib.sha256).hexdigest()


def render(effect: Effect, world: World, links: Links) -> Request:
    """The request that an effect is: where, which headers, which bytes."""
    if effect.first is not None:
        body = effect.first.request_body
    elif effect.kind == "webhook":
        told = replayed_body if effect.replayed else webhook_body
        body = dump_webhook(told(world, effect.run, links))
    else:
        body = dump_webhook(_totp_body(effect.run))
    parts = urlsplit(effect.url)
    headers: Headers = (
        ("Host", _host(parts)),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate, zstd"),
        ("Connection", "keep-alive"),
        ("User-Agent", USER_AGENT),
        ("x-skyvern-timestamp", str(effect.at // SECOND)),
        ("x-skyvern-signature", sign(body, effect.api_key)),
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
        *_basic(parts),
    )
    return Request(
        "POST", parts.path or "/", parts.query, headers, body, scheme=parts.scheme or "http"
    )


def _host(parts: SplitResult) -> str:
    host = parts.netloc.rpartition("@")[2]
    return host.removesuffix(_DEFAULT_PORTS.get(parts.scheme, " "))


_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def _basic(parts: SplitResult) -> Headers:
    """The user and password of a URL, sent as httpx sends them: as ``Authorization``."""
    if not parts.username and not parts.password:
        return ()
    pair = f"{unquote(parts.username or '')}:{unquote(parts.password or '')}"
    return (("Authorization", f"Basic {b64encode(pair.encode()).decode()}"),)


def _totp_body(run: Run) -> JsonObject:
    """What a ``totp_url`` is told: the task, and in a workflow run also the run and its workflow."""
    if run.family is not Family.WORKFLOW:
        return {"task_id": run.id}
    block = current_block(run)
    return {
        "task_id": block.task_id if block else None,
        "workflow_run_id": run.id,
        "workflow_permanent_id": run.workflow_permanent_id,
    }


def webhook_body(world: World, run: Run, links: Links) -> JsonObject:
    """The body of a run's webhook: the older answer merged with the newer one (facts: runs 8)."""
    return _BODIES[run.family](world, run, links)


_EVERYWHERE: Final = (
    "downloaded_files",
    "recording_url",
    "recording_archived",
    "screenshot_urls",
    "failure_reason",
)


def _task_body(world: World, run: Run, links: Links) -> JsonObject:
    new = run_body(world, run, links)
    shots = new["screenshot_urls"]
    files = new["downloaded_files"]
    read_back = run.request_read_back
    return {
        "task_id": run.id,
        "status": new["status"],
        "created_at": new["created_at"],
        "modified_at": new["modified_at"],
        "extracted_information": run.output,
        "action_screenshot_urls": shots,
        "screenshot_url": last_screenshot_url(world, run, links),
        "recording_url": new["recording_url"],
        "recording_archived": False,
        "browser_console_log_url": None,
        "downloaded_files": files,
        "downloaded_file_urls": [item["url"] for item in files or ()] or None,
        "failure_reason": run.failure_reason,
        "failure_category": None,
        "webhook_failure_reason": run.webhook_failure_reason,
        "errors": new["errors"],
        "max_steps_per_run": read_back["max_steps"],
        "workflow_run_id": None,
        "queued_at": new["queued_at"],
        "started_at": new["started_at"],
        "finished_at": new["finished_at"],
        "max_screenshot_scrolls": read_back["max_screenshot_scrolls"],
        "step_count": run.step_count,
        "browser_session_id": None,
        "run_id": run.id,
        "output": run.output,
        "screenshot_urls": shots,
        "app_url": new["app_url"],
        "browser_profile_id": None,
        "script_run": None,
        "run_type": run.run_type,
    }


_SUMMARY: Final = "The task is done."
"""A model's words in the real server."""


def _task_v2_body(world: World, run: Run, links: Links) -> JsonObject:
    new = run_body(world, run, links)
    asked = run.request
    row: JsonObject = {
        "task_id": run.id,
        "status": new["status"],
        "organization_id": run.organization_id,
        "workflow_run_id": run.hidden_run_id,
        "workflow_id": run.workflow_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "prompt": asked["prompt"],
        "url": asked["url"],
        "summary": _SUMMARY if run.status is State.COMPLETED else None,
        "output": run.output,
        "totp_verification_url": asked["totp_url"],
        "totp_identifier": asked["totp_identifier"],
        "proxy_location": asked["proxy_location"],
        "webhook_callback_url": asked["webhook_url"],
        "webhook_failure_reason": run.webhook_failure_reason,
        "extracted_information_schema": asked["data_extraction_schema"],
        "error_code_mapping": asked["error_code_mapping"],
        "workflow_system_prompt": None,
        "model": None,
        "queued_at": new["queued_at"],
        "started_at": new["started_at"],
        "finished_at": new["finished_at"],
        "max_screenshot_scrolling_times": asked["max_screenshot_scrolls"],
        "extra_http_headers": None,
        "cdp_connect_headers": None,
        "browser_address": None,
        "run_with": None,
        "failure_category": None,
        "created_at": new["created_at"],
        "modified_at": new["modified_at"],
    }
    return {
        **row,
        "run_id": run.id,
        **{name: new[name] for name in _EVERYWHERE},
        "app_url": new["app_url"],
        "browser_session_id": None,
        "browser_profile_id": None,
        "max_screenshot_scrolls": None,
        "script_run": None,
        "errors": new["errors"],
        "step_count": run.step_count,
        "run_type": run.run_type,
    }


def _workflow_body(world: World, run: Run, links: Links) -> JsonObject:
    new = run_body(world, run, links)
    asked = run.request_read_back
    workflow = workflow_of(world, run)
    files = downloads(world, run, links)
    recording = recording_url(world, run, links)
    nothing: JsonObject | None = {} if run.origin in ("login", "download_files") else None
    old: JsonObject = {
        "workflow_id": run.workflow_permanent_id,
        "workflow_run_id": run.id,
        "status": new["status"],
        "attempt": run.attempt,
        "retry_pending": run.retry_pending,
        "next_attempt_at": timestamp_or_none(run.next_attempt_at),
        "attempts": [attempt_body(entry) for entry in run.attempts],
        "failure_reason": run.failure_reason,
        "failure_category": None,
        "retried_from_workflow_run_id": None,
        "retried_by_workflow_run_id": None,
        "proxy_location": asked["proxy_location"],
        "webhook_callback_url": run.webhook_url,
        "webhook_failure_reason": run.webhook_failure_reason,
        "totp_verification_url": asked["totp_url"],
        "totp_identifier": asked["totp_identifier"],
        "extra_http_headers": run.extra_http_headers or nothing,
        "cdp_connect_headers": run.request["cdp_connect_headers"] or nothing,
        "queued_at": queued_at(run),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        "parameters": asked["parameters"] or {},
        "screenshot_urls": new["screenshot_urls"],
        "recording_url": recording,
        "recording_urls": [recording] if recording else None,
        "recording_archived": False,
        "downloaded_files": files,
        "downloaded_file_urls": [item["url"] for item in files] or None,
        "outputs": new["output"],
        "total_steps": run.step_count,
        "total_cost": None,
        "credits_used": run.credits,
        "cached_credits_used": 0,
        "task_v2": None,
        "workflow_title": workflow.title if workflow else None,
        # these three are null in the webhook even where get_run has them
        "browser_session_id": None,
        "browser_profile_id": None,
        "browser_seed_source": run.browser_seed_source,
        "browser_sink_profile_id": None,
        "max_screenshot_scrolls": new["max_screenshot_scrolls"],
        "browser_address": asked["browser_address"],
        "run_with": run.run_with,
        "browser_type": None,
        "script_run": None,
        "script_id": None,
        "errors": new["errors"],
        "agent_id": run.workflow_permanent_id,
        "agent_run_id": run.id,
    }
    request: dict[str, Any] = {**asked, "browser_session_id": None, "browser_profile_id": None}
    return {
        **old,
        "run_id": run.id,
        "output": new["output"],
        "app_url": new["app_url"],
        "step_count": run.step_count,
        "run_type": run.run_type,
        "ai_fallback": None,
        "browser_settings_receipt": None,
        "run_request": request,
    }


_NOT_REPLAYED: Final = frozenset(
    {
        "webhook_callback_url",
        "totp_verification_url",
        "totp_identifier",
        "extra_http_headers",
        "run_request",
    }
)


def replayed_body(world: World, run: Run, links: Links) -> JsonObject:
    """The body of a webhook that is sent once more: by kind of run, it says less (facts: runs 8)."""
    match run.family:
        case Family.TASK:
            return _task_body(world, run, links)
        case Family.TASK_V2:
            body = run_body(world, run, links)
            return {name: value for name, value in body.items() if name != "run_request"}
        case Family.WORKFLOW:
            body = _workflow_body(world, run, links)
            attempts = [attempt_body(entry) for entry in attempts_of(run)]
            body |= {"attempts": attempts, "total_steps": None, "step_count": None}
            return {name: value for name, value in body.items() if name not in _NOT_REPLAYED}


_BODIES: Final = {
    Family.TASK: _task_body,
    Family.TASK_V2: _task_v2_body,
    Family.WORKFLOW: _workflow_body,
}
