"""What a ``totp_url`` answers: a code, not yet, elsewhere, or what nobody can read (facts: runs 9)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urljoin

from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.messages import VERBATIM, code_in

__all__ = ["Answer", "read", "redirected"]

MOST_REDIRECTS: Final = 3
_BECOMES_GET: Final = frozenset({301, 302, 303})
_STAYS: Final = frozenset({307, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one look at a ``totp_url``.

    Args:
        code: it, if there was one.
        has_spoken: the answer was of the form that is expected, with a code or without.
        error: why the look failed, in the server's words.
    """

    code: str | None = None
    has_spoken: bool = False
    error: str | None = None


def redirected(effect: Effect, result: EffectResult) -> Effect | None:
    """The call at the address to which this one was sent on, or None: it is to be read as it is."""
    location = _header(result, "location")
    if location is None or effect.redirects >= MOST_REDIRECTS:
        return None
    if result.status not in _BECOMES_GET | _STAYS:
        return None
    return replace(
        effect,
        url=urljoin(effect.url, location),
        method="GET" if result.status in _BECOMES_GET else effect.method,
        redirects=effect.redirects + 1,
        first=None,
    )


def read(effect: Effect, result: EffectResult) -> Answer:
    """What an answer says that sends nobody on."""
    if not result.contacted:
        return Answer(has_spoken=True)  # as if it had nothing to say yet
    if result.status is None:
        return Answer(error=_failed((result.error or "").partition(":")[0] or "ConnectError"))
    if effect.redirects >= MOST_REDIRECTS and result.status in _BECOMES_GET | _STAYS:
        return Answer(error=_failed("TooManyRedirects"))
    if result.status != 200:
        return Answer()
    if not _is_json(result):
        return Answer(error=_failed("ContentTypeError"))
    try:
        answer = json.loads(result.body)
    except ValueError:
        return Answer(error=_failed("JSONDecodeError"))
    return _said(answer)


def _said(answer: Json) -> Answer:
    match answer:
        case {"verification_code": str() | int() as value} if value:
            return Answer(_code(str(value)), has_spoken=True)
        case {"verification_code": _}:
            return Answer(has_spoken=True)
        case dict():
            return Answer(has_spoken=not answer)
        case _:
            return Answer()


def _code(value: str) -> str | None:
    """A value of more than ten characters is a message, which holds a code or not."""
    if len(value.strip()) <= VERBATIM:
        return value.strip() or None
    code, kind = code_in(value)
    return code if kind == "totp" else None


def _failed(name: str) -> str:
    return f"totp_webhook_request_failed exception_type={name}"


def _is_json(result: EffectResult) -> bool:
    kind = (_header(result, "content-type") or "").partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _header(result: EffectResult, name: str) -> str | None:
    for given, value in result.headers.items():
        if given.lower() == name:
            return str(value)
    return None
