"""What goes out of a world: webhook bodies, their signature, calls of a ``totp_url`` (facts: runs 8, 9)."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.runs.answers import (
    attempt_body,
    attempts_of,
    last_screenshot_url,
    run_body,
)
from skyvern_testkit.api.runs.older import older_task, older_task_v2, older_workflow_run
from skyvern_testkit.script import Family
from skyvern_testkit.wire.http import Headers, Request
from skyvern_testkit.wire.jsontext import JsonObject, dump_webhook
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.events import Effect, Outgoing
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
    if effect.outgoing is not None:
        return _request_of_block(effect, effect.outgoing)
    if effect.method == "GET":  # sent on by a redirect
        body = b""
    elif effect.first is not None:
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
        *((("Content-Length", str(len(body))),) if effect.method == "POST" else ()),
        *_basic(parts),
    )
    return Request(
        effect.method, parts.path or "/", parts.query, headers, body, scheme=parts.scheme or "http"
    )


def _request_of_block(effect: Effect, sent: Outgoing) -> Request:
    """What an ``http_request`` block sends (recorded: ``walk_http``)."""
    parts = urlsplit(effect.url)
    body = b"" if sent.body is None else json.dumps(sent.body).encode()
    headers: Headers = (
        ("Host", _host(parts)),
        *sent.headers.items(),
        ("Accept", "*/*"),
        ("Accept-Encoding", "gzip, deflate"),
        ("User-Agent", "Python/3.11 aiohttp/3.14.5"),
        *((("Content-Length", str(len(body))),) if body or sent.method != "GET" else ()),
        *_basic(parts),
    )
    return Request(
        sent.method, parts.path or "/", parts.query, headers, body, scheme=parts.scheme or "http"
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
    old = older_task(world, run, links)
    return {
        **{name: value for name, value in old.items() if name != "request"},
        "screenshot_url": last_screenshot_url(world, run, links),
        "run_id": run.id,
        "output": run.output,
        "screenshot_urls": new["screenshot_urls"],
        "app_url": new["app_url"],
        "browser_profile_id": None,
        "script_run": None,
        "run_type": run.run_type,
    }


def _task_v2_body(world: World, run: Run, links: Links) -> JsonObject:
    new = run_body(world, run, links)
    return {
        **older_task_v2(run),
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
    # these are null in the webhook even where get_run has them
    names = ("browser_session_id", "browser_profile_id", "max_screenshot_scrolls")
    untold: JsonObject = dict.fromkeys(names)
    attempts = [attempt_body(entry) for entry in run.attempts]
    return {
        **older_workflow_run(world, run, links),
        **untold,
        "attempts": attempts,
        "run_id": run.id,
        "output": new["output"],
        "app_url": new["app_url"],
        "step_count": run.step_count,
        "run_type": run.run_type,
        "run_with": "agent",
        "ai_fallback": None,
        "browser_settings_receipt": None,
        "run_request": {**run.request_read_back, **untold},
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
