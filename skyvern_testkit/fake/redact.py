"""What may be shown of a request or an answer: everything but secrets (design: secure by default).

The journal itself is exact; every rendering of it goes through here.
"""

from __future__ import annotations

import json
import re
from typing import Final, cast
from urllib.parse import unquote_plus

from skyvern_testkit.wire.http import Headers
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = [
    "HIDDEN",
    "redact_body",
    "redact_headers",
    "redact_json",
    "redact_target",
    "redact_text",
]

HIDDEN: Final = "***"

# Names without hyphens, underscores and capitals: of fields, headers and query parameters alike.
_SECRET_WITHIN: Final = (
    "accesskey",
    "apikey",
    "authorization",
    "bearer",
    "cardnumber",
    "cookie",
    "credentialdata",
    "cvv",
    "jwt",
    "otpcode",
    "passcode",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "secret",
    "signature",
    "signingkey",
    "token",
    "verificationcode",
)
_SECRET_AT_THE_END: Final = ("pwd", "seed")
_SECRET_AS_A_WHOLE: Final = frozenset(
    {
        "auth",
        "code",
        "content",
        "cvc",
        "otp",
        "otps",
        "pass",
        "pin",
        "sig",
        "totp",
        "totps",
        "xauth",
    }
)
_SECRET_IN_A_QUERY: Final = frozenset({"key"})
"""In a body, ``key`` is the name of a workflow's parameter."""
_SHOWN_ANYWAY: Final = frozenset({"secretlabel"})

_USERINFO: Final = re.compile(r"^((?:[a-z][a-z0-9+.-]*:)?//)[^/?#]*@", re.IGNORECASE)
_URL_IN_TEXT: Final = re.compile(r"[a-z][a-z0-9+.-]*://[^\s\"'<>]+", re.IGNORECASE)
_PAIR: Final = re.compile(r"(?<=[?&#;])([^?&#;=]+)=([^&#;]*)")


def _is_secret(name: str) -> bool:
    plain = re.sub(r"[-_. ]", "", name).lower()
    return plain not in _SHOWN_ANYWAY and (
        plain in _SECRET_AS_A_WHOLE
        or plain.endswith(_SECRET_AT_THE_END)
        or any(part in plain for part in _SECRET_WITHIN)
    )


def redact_json(value: Json) -> Json:
    """The same JSON with what stands under secret names hidden, at any depth, and URLs redacted.

    ``credential`` and ``credentials`` are no secret names: the fields in them are hidden one by one.
    """
    if isinstance(value, dict):
        return {
            name: HIDDEN if item is not None and _is_secret(name) else redact_json(item)
            for name, item in cast("JsonObject", value).items()
        }
    if isinstance(value, list | tuple):
        return [redact_json(item) for item in cast("list[Json]", value)]
    return redact_text(value) if isinstance(value, str) else value


def redact_headers(headers: Headers) -> Headers:
    """The same headers with keys, tokens and signatures hidden."""
    return tuple(
        (name, HIDDEN if _is_secret(name) else redact_text(value)) for name, value in headers
    )


def redact_target(target: str) -> str:
    """A URL, or a path and query: its user and password and secret query values hidden."""
    return _PAIR.sub(_redact_pair, _USERINFO.sub(rf"\1{HIDDEN}@", target))


def _redact_pair(pair: re.Match[str]) -> str:
    name = unquote_plus(pair[1])
    hidden = _is_secret(name) or name.lower() in _SECRET_IN_A_QUERY
    return f"{pair[1]}={HIDDEN}" if hidden else pair[0]


def redact_text(text: str) -> str:
    """Words with the URLs in them redacted."""
    return _URL_IN_TEXT.sub(lambda url: redact_target(url[0]), text)


def redact_body(body: bytes, *, limit: int = 2_000) -> str:
    """A body as text to show: secrets hidden, at most ``limit`` characters; no JSON, no text."""
    if not body:
        return ""
    try:
        text = json.dumps(redact_json(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        return f"<{len(body)} bytes that are not JSON>"
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"
