"""Requests and responses as plain values: what travels between a transport and the fake."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl

__all__ = ["Headers", "Request", "Response"]

Headers = tuple[tuple[str, str], ...]


def _find(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), None)


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it was sent.

    ``path`` is raw: still percent-encoded, as the server's router saw it, without the query.
    """

    method: str
    path: str
    query: str = field(default="", repr=False)
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    scheme: str = "http"

    @classmethod
    def to(
        cls,
        method: str,
        target: str,
        *,
        headers: Headers = (),
        body: bytes = b"",
        scheme: str = "http",
    ) -> Request:
        """A request to ``target``, a path with an optional query (``/v1/runs?page=2``)."""
        path, _, query = target.partition("?")
        return cls(method.upper(), path, query, headers, body, scheme)

    def header(self, name: str) -> str | None:
        """The first header of that name (any case), or None."""
        return _find(self.headers, name)

    @property
    def query_items(self) -> list[tuple[str, str]]:
        """The query as pairs, in order, blanks kept, decoded as the real server decodes it."""
        return parse_qsl(self.query, keep_blank_values=True)

    @property
    def target(self) -> str:
        """Path and query as they stood on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def json(self) -> Any:
        """The body read as JSON; None when there is none.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; ``headers`` keep the order in which they go out."""

    status: int
    headers: Headers = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        """The first header of that name (any case), or None."""
        return _find(self.headers, name)

    def with_headers(self, *more: tuple[str, str]) -> Response:
        """The same answer with further headers at the end."""
        return replace(self, headers=(*self.headers, *more))

    @property
    def json(self) -> Any:
        """The body read as JSON; None when it is empty.

        Raises:
            ValueError: the body is not JSON.
        """
        return json.loads(self.body) if self.body else None
