"""What the server answers when it refuses: ``detail`` texts, 422 lists, the 500 form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from skyvern_testkit.wire.http import Headers
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["Invalid", "Refusal", "ServerCrash", "Unstorable", "check_storable", "server_error"]


class Refusal(Exception):
    """A handler's "no": it becomes the answer ``{"detail": ...}`` with this status.

    Args:
        status: HTTP status.
        detail: a text, or the object or list that the real server sends in that place.
        headers: further headers of the answer.
    """

    def __init__(self, status: int, detail: Json, *, headers: Headers = ()) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = headers

    @property
    def body(self) -> JsonObject:
        return {"detail": self.detail}


class ServerCrash(Exception):
    """The real server crashes on this request, with a 500 that names its exception.

    Raised only where the facts say so; an error of our own is never turned into one.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Unstorable(ServerCrash):
    """A text with half of a surrogate pair, which the real server's database does not take.

    Args:
        why: what the server's log, and a few of its answers, say of it.
    """

    def __init__(self, why: str) -> None:
        super().__init__("UnicodeEncodeError")
        self.why = why


def check_storable(*values: object) -> None:
    """Texts can be kept in a column of their own; what is no text is passed over.

    Texts inside of JSON are kept whatever they hold.

    Raises:
        Unstorable: one of them holds half of a surrogate pair.
    """
    for value in values:
        if isinstance(value, str) and not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise Unstorable(str(error)) from None


def server_error(name: str) -> JsonObject:
    """The body of the real server's own 500 (facts: resources 1, "Unhandled")."""
    return {"error": f"Unexpected error: {name}"}


@dataclass(frozen=True, slots=True)
class Invalid:
    """One item of a 422 list."""

    type: str
    loc: tuple[str | int, ...]
    msg: str
    input: Any = None
    ctx: JsonObject | None = None

    def full(self) -> JsonObject:
        item: JsonObject = {
            "type": self.type,
            "loc": list(self.loc),
            "msg": self.msg,
            "input": self.input,
        }
        if self.ctx is not None:
            item["ctx"] = self.ctx
        return item

    def reduced(self) -> JsonObject:
        """The form of the credential routes: no input, no ctx (facts: resources 1)."""
        return {"loc": list(self.loc), "msg": self.msg, "type": self.type}
