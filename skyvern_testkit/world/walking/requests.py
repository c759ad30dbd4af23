"""``http_request`` blocks: what goes out, and what the block makes of the answer.

The fake asks receivers in this process and this machine; of anybody else it takes that they have
answered 200 with an empty object (recorded group ``walk_http`` for the form of the output).
"""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from skyvern_testkit.script import State
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.events import Effect, EffectResult, Outgoing
from skyvern_testkit.world.schemas import is_object
from skyvern_testkit.world.walking.begun import Block
from skyvern_testkit.world.walking.templates import render_all
from skyvern_testkit.world.walking.walk import Outcome

__all__ = ["outcome", "send"]

_JSON: Final = {"Content-Type": "application/json"}
_MALFORMED: Final = "Invalid url: malformed."
_REFUSED: Final = 400


def send(block: Block) -> Effect | Outcome:
    """Let the request of a block go out.

    Raises:
        TemplateError: a part of it cannot be rendered.
    """
    world, definition = block.world, block.definition
    url = str(render_all(definition.get("url") or "", block.names)).strip()
    headers: dict[str, str] = {
        str(name): str(value)
        for name, value in _rendered(definition.get("headers"), block.names).items()
    }
    body: Json = render_all(definition.get("body"), block.names)
    if "://" not in url:
        url = f"https://{url}"
    host = urlsplit(url).hostname
    if not host or " " in host:
        return Outcome(state=State.FAILED, reason=_MALFORMED)
    if not any(name.lower() == "content-type" for name in headers):
        headers |= _JSON
    effect = world.new_effect(
        kind="http_request",
        url=url,
        run=block.run,
        api_key="",
        outgoing=Outgoing(
            method=str(definition.get("method") or "GET"), headers=headers, body=body
        ),
    )
    return world.emit(effect)


def _rendered(value: Json, names: Any) -> JsonObject:
    rendered = render_all(value or {}, names)
    return rendered if is_object(rendered) else {}


def outcome(effect: Effect, result: EffectResult) -> Outcome:
    """How the block ends whose request has been answered, or has not."""
    sent = effect.outgoing or Outgoing(method="GET")
    if not result.contacted:
        result = EffectResult(status=200, body="{}", headers=_JSON)
    if result.status is None:
        why = result.error or "no answer"
        return Outcome(
            state=State.FAILED,
            reason=f"HTTP request failed: {why}",
            output={"error": why, "error_type": "unknown"},
        )
    headers = {_known_name(name): value for name, value in result.headers.items()}
    body = _parsed(result)
    output: JsonObject = {
        "status_code": result.status,
        "response_headers": headers,
        "response_body": body,
        "request_method": sent.method,
        "request_url": effect.url,
        "request_headers": dict(sent.headers),
        "request_body": sent.body,
        "headers": headers,
        "body": body,
        "url": effect.url,
    }
    if result.status >= _REFUSED:
        return Outcome(
            state=State.FAILED, reason=f"HTTP {result.status}: {result.body}", output=output
        )
    return Outcome(output=output)


_ODD_NAMES: Final = {name.lower(): name for name in ("Content-MD5", "WWW-Authenticate")}
_KNOWN_NAMES: Final = frozenset(
    {
        "accept-ranges",
        "access-control-allow-credentials",
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "access-control-max-age",
        "age",
        "allow",
        "cache-control",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-language",
        "content-length",
        "content-location",
        "content-md5",
        "content-range",
        "content-transfer-encoding",
        "content-type",
        "cookie",
        "date",
        "digest",
        "etag",
        "expires",
        "keep-alive",
        "last-modified",
        "link",
        "location",
        "origin",
        "pragma",
        "proxy-authenticate",
        "retry-after",
        "server",
        "set-cookie",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "vary",
        "via",
        "warning",
        "www-authenticate",
    }
)


def _known_name(name: str) -> str:
    """A usual header as the server's client writes it, whatever came; others as they came."""
    lower = name.lower()
    if lower not in _KNOWN_NAMES:
        return name
    return _ODD_NAMES.get(lower, lower.title())


def _parsed(result: EffectResult) -> Json:
    try:
        return json.loads(result.body)
    except ValueError:
        return result.body
