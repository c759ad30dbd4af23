"""What may be shown of a request or an answer: everything but secrets (design: secure by default).

The journal itself is exact; every rendering of it goes through here.
"""

from __future__ import annotations

import json
import re
from typing import Final, cast
from urllib.parse import parse_qsl, urlencode

from skyvern_testkit.wire.http import Headers
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["HIDDEN", "redact_body", "redact_headers", "redact_json", "redact_target"]

HIDDEN: Final = "***"

_SECRET_HEADERS: Final = frozenset(
    {"x-api-key", "authorization", "cookie", "set-cookie", "x-skyvern-signature"}
)
_SECRET_NAMES: Final = re.compile(
    r"pass(word|wd|phrase|code)?$|secret|token|api_?key|^totp$|otp_?code|verification_code|"
    r"card_(number|cvv)|cvv|seed|^code$|^content$|^pin$|credential_data|cookie|signature|^sig$",
    re.IGNORECASE,
)
_SHOWN_ANYWAY: Final = frozenset({"credential_type", "totp_type", "has_totp", "secret_label"})


def _is_secret(name: str) -> bool:
    return name not in _SHOWN_ANYWAY and _SECRET_NAMES.search(name) is not None


def redact_json(value: Json) -> Json:
    """The same JSON with the values of secret fields hidden, at any depth."""
    if isinstance(value, dict):
        return {
            name: HIDDEN if _hides(name, item) else redact_json(item)
            for name, item in cast("JsonObject", value).items()
        }
    if isinstance(value, list | tuple):
        return [redact_json(item) for item in cast("list[Json]", value)]
    return value


def _hides(name: str, value: Json) -> bool:
    return _is_secret(name) and value is not None and not isinstance(value, dict | list)


def redact_headers(headers: Headers) -> Headers:
    """The same headers with keys, tokens and signatures hidden."""
    return tuple(
        (name, HIDDEN if name.lower() in _SECRET_HEADERS else value) for name, value in headers
    )


def redact_target(target: str) -> str:
    """A path and query with secret query values hidden."""
    path, mark, query = target.partition("?")
    if not mark:
        return path
    pairs = parse_qsl(query, keep_blank_values=True)
    shown = [(name, HIDDEN if _is_secret(name) else value) for name, value in pairs]
    return f"{path}?{urlencode(shown, safe='*')}"


def redact_body(body: bytes, *, limit: int = 2_000) -> str:
    """A body as text to show: secrets hidden, at most ``limit`` characters; no JSON, no text."""
    if not body:
        return ""
    try:
        text = json.dumps(redact_json(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"<{len(body)} bytes that are not JSON>"
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
