"""What a handler gets and gives: the call, its answer, and the waits that an answer may take."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.http import Headers, Request
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.operations import Operation, operation_named
from skyvern_testkit.world.keys import Keys
from skyvern_testkit.world.rows import Row
from skyvern_testkit.world.world import World

if TYPE_CHECKING:
    from pydantic import BaseModel

    from skyvern_testkit.api.dialects import Dialect

__all__ = ["After", "Answer", "Call", "Endpoint", "Handler", "Links", "Until", "Wait", "page_of"]

R = TypeVar("R", bound=Row)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Until:
    """The exchange goes on at that instant (nanoseconds since the Unix epoch)."""

    at: int


@dataclass(frozen=True, slots=True)
class After:
    """The exchange goes on when that effect has been done."""

    effect_id: int


Wait = Until | After


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is not just the endpoint's status with a JSON body.

    ``body`` is JSON; ``raw`` are bytes that are not, with their ``content-type`` among ``headers``.
    """

    status: int
    body: Json = None
    headers: Headers = ()
    raw: bytes | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """The addresses that answers hold: of the API itself and of Skyvern's web application."""

    base_url: str = "https://api.skyvern.com"
    app_url: str = "https://app.skyvern.com"
    url_secret: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authorised, valid request on its way to its handler."""

    world: World
    links: Links
    dialect: Dialect
    organization_id: str
    api_key: str = field(repr=False)
    keys: Keys
    params: dict[str, str]
    query: Any = None
    body: Any = None
    headers: Any = None
    request: Request

    @property
    def now(self) -> int:
        return self.world.now

    def find(self, kind: type[R], row_id: str | None, refusal: Refusal | str) -> R:
        """The caller's own row of that id.

        Raises:
            Refusal: there is none; a text stands for a 404 with that detail.
        """
        row = self.world.get(kind, row_id, self.organization_id)
        if row is None:
            raise Refusal(404, refusal) if isinstance(refusal, str) else refusal
        return row


Handler = Callable[[Call], Json | Answer | Generator[Wait, None, Json | Answer]]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one operation is served.

    Args:
        name: the operation, as the SDK's method.
        handler: makes the answer; a generator may ``yield Until(...)`` or ``After(...)`` first.
        body: model of the JSON body; None where the server reads none.
        form: reads the body of an operation that takes a form, before the key is looked at; what
            it returns is the call's ``body``.
        query: model of the query; a field that is a list takes a repeated parameter.
        headers: model of the request headers that the server reads, by alias.
        body_required: a missing body or ``null`` is a 422.
        status: of a plain answer.
        needs_key: False for the few open ones.
        registered_first: whether a key is registered is asked before whether its time is over, as
            on all routes of credentials.
        opened_by: names in the query that open it without a key when all of them are there, empty
            or not.
    """

    name: str
    handler: Handler
    body: type[BaseModel] | None = None
    form: Callable[[Request], Any] | None = None
    query: type[BaseModel] | None = None
    headers: type[BaseModel] | None = None
    body_required: bool = True
    status: int = 200
    needs_key: bool = True
    registered_first: bool = False
    opened_by: tuple[str, ...] = ()

    @property
    def operation(self) -> Operation:
        return operation_named(self.name)


_SQL_MAX = 2**63 - 1


def page_of(rows: Sequence[T], page: int, page_size: int) -> list[T]:
    """One page of a list; a page past the end is empty.

    Raises:
        ServerCrash: a page so far out that the real server's database refuses the number.
    """
    start = (page - 1) * page_size
    if start > _SQL_MAX or page_size > _SQL_MAX:
        raise ServerCrash("OverflowError")
    return list(rows[start : start + page_size])
