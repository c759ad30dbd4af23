"""Which operation a request asks for: the real server's routing, its 404, 405 and 307."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import TABLE, Operation

__all__ = ["ROUTER", "Matched", "Redirect", "Router", "Unroutable"]


@dataclass(frozen=True, slots=True)
class Matched:
    """The operation and what its path says."""

    operation: Operation
    params: dict[str, str]
    path: str
    """The spelling that matched, decoded."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """307 to the same path with or without its last slash."""

    path: str


@dataclass(frozen=True, slots=True)
class Unroutable:
    """404, or 405 with the methods of the first route that has the path."""

    allow: str | None = None


@dataclass(frozen=True, slots=True)
class _Route:
    method: str
    operation: Operation
    pattern: re.Pattern[str]
    allow: str
    """The methods that a 405 names: a route of GET is none of HEAD, but for those that say so."""


class Router:
    """The routing table, in the order in which the real server tries it.

    Extra operations (the hidden routes) are appended after the public ones.
    """

    def __init__(self, table: tuple[Operation, ...] = TABLE) -> None:
        self._table = table

    @cached_property
    def _by_length(self) -> dict[int, list[_Route]]:
        found: dict[int, list[_Route]] = {}
        for operation in self._table:
            for method, path in operation.routes:
                pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
                allow = "GET, HEAD" if ("HEAD", path) in operation.routes else method
                route = _Route(method, operation, pattern, allow)
                found.setdefault(path.count("/"), []).append(route)
        return found

    def _find(self, method: str, path: str) -> Matched | Unroutable:
        allow: str | None = None
        for route in self._by_length.get(path.count("/"), ()):
            match = route.pattern.fullmatch(path)
            if match is None:
                continue
            if route.method == method:
                return Matched(route.operation, match.groupdict(), path)
            allow = allow or route.allow
        return Unroutable(allow)

    def match(self, request: Request) -> Matched | Redirect | Unroutable:
        """Where the request goes. Percent-escapes are decoded first, so ``%2F`` is a slash."""
        path = unquote(request.path)
        found = self._find(request.method, path)
        if isinstance(found, Unroutable) and found.allow is None and path != "/":
            twin = path.rstrip("/") if path.endswith("/") else path + "/"
            other = self._find(request.method, twin)
            if isinstance(other, Matched) or other.allow is not None:
                return Redirect(twin)
        return found


ROUTER = Router()
