"""The journal on its way to another process: entries as JSON, secrets hidden, and back.

Only the journal in memory is exact. Whoever reads it from elsewhere gets the requests as they may be
shown; what it has sent itself, it knows exactly, and puts back in their place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from skyvern_testkit.fake.journal import Delivery, Entry
from skyvern_testkit.fake.redact import redact_headers, redact_json, redact_target, redact_text
from skyvern_testkit.wire.http import Headers, Request, Response
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.advice import KINDS
from skyvern_testkit.world.world import Advice

__all__ = [
    "Sent",
    "advice_as_json",
    "advice_of",
    "delivery_as_json",
    "delivery_of",
    "entry_as_json",
    "entry_of",
    "reunited",
]

BODY_LIMIT: Final = 256 << 10
"""Bytes of a body that is shown; of a longer one only the size is."""


def entry_as_json(entry: Entry) -> Json:
    """A request and what became of it; seconds are those of the world."""
    return {
        "number": entry.number,
        "operation": entry.operation,
        "params": {name: redact_text(value) for name, value in entry.params.items()},
        "began": entry.began,
        "ended": entry.ended,
        "left": entry.left,
        "outcome": entry.outcome,
        "fault": entry.fault,
        "request": _request_as_json(entry.request),
        "response": None if entry.response is None else _response_as_json(entry.response),
    }


def _request_as_json(request: Request) -> JsonObject:
    return {
        "method": request.method,
        "target": redact_target(request.target),
        "headers": _headers_as_json(request.headers),
        **_body_as_json(request.body),
    }


def _response_as_json(response: Response) -> JsonObject:
    return {
        "status": response.status,
        "headers": _headers_as_json(response.headers),
        **_body_as_json(response.body),
    }


def _headers_as_json(headers: Headers) -> Json:
    return [list(item) for item in redact_headers(headers)]


def _body_as_json(body: bytes) -> JsonObject:
    """``json`` is there only where the body is: ``null`` is JSON too."""
    if body and len(body) <= BODY_LIMIT:
        try:
            return {"size": len(body), "json": redact_json(json.loads(body))}
        except (ValueError, RecursionError):
            pass
    return {"size": len(body)}


def delivery_as_json(delivery: Delivery) -> Json:
    """A webhook that went out, or did not; without its body and its signature."""
    return {
        "at": delivery.at,
        "kind": delivery.kind,
        "run_id": delivery.run_id,
        "url": redact_target(delivery.url),
        "status": delivery.status,
        "error": None if delivery.error is None else redact_text(delivery.error),
        "fault": delivery.fault,
    }


# --- and back -------------------------------------------------------------------------------------


def entry_of(told: JsonObject, began: float) -> Entry:
    """An entry as another process told it.

    Args:
        told: see :func:`entry_as_json`.
        began: the world's second that is this process's zero.
    """
    asked, answered = told["request"], told["response"]
    path, _, query = asked["target"].partition("?")
    return Entry(
        number=told["number"],
        operation=told["operation"],
        params=told["params"],
        began=_since(told["began"], began),
        request=Request(asked["method"], path, query, _headers_of(asked), _body_of(asked)),
        ended=None if told["ended"] is None else _since(told["ended"], began),
        left=None if told["left"] is None else _since(told["left"], began),
        response=None
        if answered is None
        else Response(answered["status"], _headers_of(answered), _body_of(answered)),
        fault=told["fault"],
        outcome=told["outcome"],
    )


def advice_as_json(advice: Advice) -> Json:
    """What a test's author wants to know, with the fact behind it."""
    kind = KINDS[advice.kind]
    return {
        "kind": advice.kind,
        "run_id": advice.run_id,
        "text": redact_text(advice.text),
        "fact": kind.fact,
        "source": kind.source,
        "instead": kind.instead,
    }


def advice_of(told: Mapping[str, Any]) -> Advice:
    """An advice as it was written by :func:`advice_as_json`."""
    return Advice(told["kind"], told["text"], told["run_id"])


def delivery_of(told: JsonObject, began: float) -> Delivery:
    """A delivery as another process told it; see :func:`entry_of`."""
    given: dict[str, Any] = {**told, "at": _since(told["at"], began)}
    return Delivery(**given)


def _since(second: float, began: float) -> float:
    return round(second - began, 9)  # nanoseconds are exact


def _headers_of(told: JsonObject) -> Headers:
    return tuple((name, value) for name, value in told["headers"])


def _body_of(told: JsonObject) -> bytes:
    return json.dumps(told["json"], ensure_ascii=False).encode() if "json" in told else b""


@dataclass(slots=True)
class Sent:
    """A request that this process has sent itself, and its answer as it came."""

    request: Request
    response: Response | None = None

    @property
    def shown(self) -> Any:
        """It as an entry shows it: what the two are matched by."""
        told = _request_as_json(self.request)
        told.pop("headers")
        return json.loads(json.dumps(told))


def reunited(told: Iterable[JsonObject], sent: Iterable[Sent], began: float) -> list[Entry]:
    """The entries, each with the exact request and answer where this process has sent it.

    Args:
        told: entries as another process told them, oldest first.
        sent: what this one has sent, oldest first.
        began: see :func:`entry_of`.
    """
    ahead = [(one.shown, one) for one in sent]
    entries: list[Entry] = []
    for each in told:
        entry = entry_of(each, began)
        asked = {name: value for name, value in each["request"].items() if name != "headers"}
        for index, (shown, one) in enumerate(ahead):
            if shown == asked:
                entry.request = one.request
                entry.response = None if entry.response is None else one.response
                del ahead[index]
                break
        entries.append(entry)
    return entries
