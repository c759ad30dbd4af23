"""Which release of Skyvern a fake speaks: the rows of the table of differences, applied.

A dialect takes effect at five places: which routes there are, what a request's model takes, which
fields of a request are read, the limits that handlers ask for, and which fields an answer has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

from skyvern_testkit.api.differences import (
    DIFFERENCES,
    NEWEST,
    RELEASES,
    Difference,
    Forgets,
    LeavesOut,
    NoOperation,
    NoSpelling,
    Number,
    Public,
    Takes,
)
from skyvern_testkit.api.routing import ROUTER, Router
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.operations import GONE, TABLE, Operation

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["NEWEST", "Dialect", "UnknownDialect", "dialect_named", "nearest_releases"]

D = TypeVar("D", bound=Difference)


class UnknownDialect(ValueError):
    """No release of Skyvern has that number."""


@cache
def dialect_named(release: str) -> Dialect:
    """The dialect of a release.

    Raises:
        UnknownDialect: there is no such release; the message names the nearest.
    """
    if release not in RELEASES:
        raise UnknownDialect(
            f"{release!r} is no dialect: a dialect is a release of Skyvern "
            f"({RELEASES[0]} to {NEWEST}). The nearest: {' and '.join(nearest_releases(release))}."
        )
    at = RELEASES.index(release)
    rows = tuple(
        row for row in DIFFERENCES if RELEASES.index(row.since) <= at <= RELEASES.index(row.until)
    )
    return Dialect(release, rows)


def nearest_releases(release: str) -> list[str]:
    """The releases around a number; where it is none, those that are written most alike."""
    number = _number(release)
    if number is None:
        return get_close_matches(release, RELEASES, n=2, cutoff=0.0) or [NEWEST]
    before = [known for known in RELEASES if (_number(known) or ()) < number]
    after = [known for known in RELEASES if (_number(known) or ()) > number]
    return [*before[-1:], *after[:1]]


def _number(release: str) -> tuple[int, ...] | None:
    parts = release.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() for part in parts) else None


@dataclass(frozen=True)
class Dialect:
    """A release of Skyvern and all in which it differs from the newest."""

    release: str
    rows: tuple[Difference, ...] = ()

    def _of(self, kind: type[D]) -> Iterator[D]:
        return (row for row in self.rows if isinstance(row, kind))

    # --- routes ---------------------------------------------------------------------------

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """The operations that this release has, with the paths that it has for them."""
        missing = {name for row in self._of(NoOperation) for name in row.operations}
        prefixes = tuple(prefix for row in self._of(NoSpelling) for prefix in row.prefixes)
        public = {row.operation for row in self._of(Public)}
        found: list[Operation] = []
        for operation in (*TABLE, *(item for item in GONE if item.name in public)):
            routes = tuple(
                route
                for route in operation.routes
                if not (prefixes and route[1].startswith(prefixes))
            )
            if operation.name in missing or not routes:
                continue
            method, path = routes[0]
            hidden = operation.hidden and operation.name not in public
            found.append(replace(operation, method=method, path=path, routes=routes, hidden=hidden))
        return tuple(found)

    @cached_property
    def router(self) -> Router:
        return Router(self.operations) if self.rows else ROUTER

    # --- requests -------------------------------------------------------------------------

    def model_of(self, operation: str, model: type[BaseModel]) -> type[BaseModel]:
        """The model of an operation's body, with the fields that were otherwise."""
        taken = self._taken.get(operation)
        return _changed(model, taken) if taken else model

    @cached_property
    def _taken(self) -> dict[str, tuple[Takes, ...]]:
        rows = tuple(self._of(Takes))
        return {
            operation: tuple(row for row in rows if row.operation == operation)
            for operation in {row.operation for row in rows}
        }

    def read(self, operation: str, body: Json) -> tuple[Json, tuple[str, ...]]:
        """The body without the fields that this release does not know, and which those are."""
        forgotten = self.forgotten(operation)
        if not forgotten or not isinstance(body, dict):
            return body, ()
        sent = cast("dict[str, Json]", body)
        ignored = tuple(name for name in sent if name in forgotten and sent[name] is not None)
        return _without(sent, forgotten), ignored

    def forgotten(self, operation: str) -> frozenset[str]:
        """The fields of its body that this release does not know."""
        return self._forgotten.get(operation, frozenset())

    @cached_property
    def _forgotten(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for row in self._of(Forgets):
            found[row.operation] = found.get(row.operation, frozenset()) | set(row.fields)
        return found

    def number(self, name: str, newest: int) -> int:
        """A limit by its name.

        Args:
            name: as in the table.
            newest: what it is in the newest release.
        """
        return next((row.value for row in self._of(Number) if row.name == name), newest)

    # --- answers --------------------------------------------------------------------------

    def write(self, operation: str, body: Json) -> Json:
        """The answer, or each of a list, without the fields that this release does not have."""
        left_out = self.left_out(operation)
        if not left_out:
            return body
        if isinstance(body, list):
            items = cast("list[object]", body)
            return [_without(item, left_out) for item in items]
        return _without(body, left_out)

    def left_out(self, operation: str) -> frozenset[str]:
        """The fields that its answer, or each of a list, does not have in this release."""
        return self._left_out.get(operation, frozenset())

    @cached_property
    def _left_out(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for row in self._of(LeavesOut):
            for operation in row.operations:
                found[operation] = found.get(operation, frozenset()) | set(row.fields)
        return found


def _without(value: Json, names: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Json]", value)
    return {name: item for name, item in fields.items() if name not in names}


@cache
def _changed(model: type[BaseModel], rows: tuple[Takes, ...]) -> type[BaseModel]:
    """The model with other types for some of its fields."""
    from pydantic import create_model

    fields: dict[str, Any] = {row.field: (row.annotation, row.default) for row in rows}
    return create_model(model.__name__, __base__=model, **fields)
