"""The faults as values: what each does to an exchange."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from skyvern_testkit.wire.errors import server_error
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import SECOND

__all__ = [
    "AnswerWith",
    "Damage",
    "EmptyBody",
    "Fault",
    "MalformedBody",
    "NeverAnswer",
    "ResetConnection",
    "Slow",
]


@dataclass(frozen=True, slots=True)
class AnswerWith:
    """The server answers with this status instead of doing what was asked."""

    status: int
    body: Json
    retry_after: str | None = None

    def __str__(self) -> str:
        return f"answer {self.status}"


@dataclass(frozen=True, slots=True)
class Slow:
    """The server takes so many nanoseconds, then does and answers what was asked."""

    nanoseconds: int

    def __str__(self) -> str:
        return f"slow by {self.nanoseconds / SECOND:g} s"


@dataclass(frozen=True, slots=True)
class NeverAnswer:
    """The server takes the request and never answers; nothing is done."""

    def __str__(self) -> str:
        return "never answered"


@dataclass(frozen=True, slots=True)
class ResetConnection:
    """The connection breaks before an answer; ``done``: after the server did what was asked."""

    done: bool = False

    def __str__(self) -> str:
        return "connection reset" + (" after the work was done" if self.done else "")


@dataclass(frozen=True, slots=True)
class EmptyBody:
    """What was asked is done, but the answer has no body."""

    status: int = 200

    def __str__(self) -> str:
        return "empty body"


@dataclass(frozen=True, slots=True)
class MalformedBody:
    """What was asked is done, but the body breaks off in the middle of its JSON."""

    status: int = 200

    def __str__(self) -> str:
        return "body cut in the middle"


Damage = EmptyBody | MalformedBody
Fault = AnswerWith | Slow | NeverAnswer | ResetConnection | EmptyBody | MalformedBody

_DIALECT: Final[Mapping[int, Json]] = {
    # the texts of the real server where it has one of its own (facts: resources 1)
    400: {"detail": "There was an error parsing the body"},
    403: {"detail": "Invalid credentials"},
    404: {"detail": "Not Found"},
    405: {"detail": "Method Not Allowed"},
    422: {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]},
    500: server_error("Exception"),
    503: {"error": "Database temporarily unavailable"},
}
_REASONS: Final[Mapping[int, str]] = {
    402: "Payment Required",
    408: "Request Timeout",
    409: "Conflict",
    413: "Request Entity Too Large",
    425: "Too Early",
    429: "Too Many Requests",
    501: "Not Implemented",
    502: "Bad Gateway",
    504: "Gateway Timeout",
}


def body_in_dialect(status: int, detail: Json | None) -> Json:
    """The body that the provider would send with that status: its own text, or a plain reason."""
    if detail is not None:
        return {"detail": detail}
    if status in _DIALECT:
        return _DIALECT[status]
    return {"detail": _REASONS.get(status, f"HTTP {status}")}
