"""Which release of Skyvern a fake speaks: the rows of the table of differences, applied.

A dialect takes effect at six places: which routes there are, what a request's models take, the words
of their enumerations, which fields of a request are read, the limits that handlers ask for, and what
an answer has and says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast, get_type_hints

from skyvern_testkit.api.difference import (
    AS_IT_IS,
    NEWEST,
    RELEASES,
    Difference,
    Forgets,
    LeavesOut,
    NoOperation,
    NoSpelling,
    NoWord,
    Number,
    Public,
    Says,
    Takes,
)
from skyvern_testkit.api.differences import DIFFERENCES
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
        """The model of an operation's body, with the fields and words that were otherwise."""
        taken = self._taken.get(operation)
        return self.worded(_changed(model, taken) if taken else model)

    def worded(self, model: type[BaseModel]) -> type[BaseModel]:
        """A model with no words but those of this release."""
        if not self.missing_words:
            return model
        from skyvern_testkit.api.narrowing import narrowed

        return narrowed(model, self.missing_words)

    @cached_property
    def missing_words(self) -> frozenset[tuple[str, str]]:
        """Words of enumerations that this release does not know, each with the enumeration's name."""
        return frozenset((row.enumeration, word) for row in self._of(NoWord) for word in row.words)

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

    def read_query(
        self, operation: str, items: list[tuple[str, str]]
    ) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
        """The parameters without those that this release does not know, and which those are."""
        forgotten = self.forgotten(operation)
        ignored = tuple(dict.fromkeys(name for name, _ in items if name in forgotten))
        return [item for item in items if item[0] not in forgotten], ignored

    def forgotten(self, operation: str) -> frozenset[str]:
        """The fields of its body and of its query that this release does not know."""
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
        """The answer, or each of a list, as this release has it."""
        said = self._said.get(operation)
        if said:
            body = _each(body, lambda one: _says(one, said))
        left_out = self._left_out.get(operation)
        return _lighter(body, left_out) if left_out else body

    def left_out(self, operation: str) -> frozenset[str]:
        """The fields that its answer, or each of a list, does not have in this release."""
        return frozenset(name for name in self._left_out.get(operation, ()) if "." not in name)

    @cached_property
    def _left_out(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for row in self._of(LeavesOut):
            for operation in row.operations:
                found[operation] = found.get(operation, frozenset()) | set(row.fields)
        return found

    @cached_property
    def _said(self) -> dict[str, tuple[Says, ...]]:
        rows = tuple(self._of(Says))
        return {
            operation: tuple(row for row in rows if operation in row.operations)
            for operation in {name for row in rows for name in row.operations}
        }


def _each(body: Json, change: Callable[[Json], Json]) -> Json:
    """What is changed: the body, or each item of a list."""
    if not isinstance(body, list):
        return change(body)
    items = cast("list[object]", body)
    return [change(item) for item in items]


def _says(value: Json, rows: tuple[Says, ...]) -> Json:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Json]", value)
    instead = {row.field: row.instead for row in rows if fields.get(row.field) == row.value}
    return {**fields, **instead}


def _lighter(body: Json, names: frozenset[str]) -> Json:
    """Without the fields; ``a.b`` is the field ``b`` of the object, or of each of the list, ``a``."""
    here = frozenset(name for name in names if "." not in name)
    inside: dict[str, frozenset[str]] = {}
    for name in names - here:
        first, _, rest = name.partition(".")
        inside[first] = inside.get(first, frozenset()) | {rest}

    def lighten(one: object) -> Json:
        if not isinstance(one, dict):
            return one
        fields = cast("dict[str, Json]", one)
        return {
            name: _lighter(item, inside[name]) if name in inside else item
            for name, item in fields.items()
            if name not in here
        }

    return _each(body, lighten)


def _without(value: Json, names: frozenset[str]) -> Json:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Json]", value)
    return {name: item for name, item in fields.items() if name not in names}


@cache
def _changed(model: type[BaseModel], rows: tuple[Takes, ...]) -> type[BaseModel]:
    """The model with other types or defaults for some of its fields."""
    from pydantic import create_model

    hints = get_type_hints(model, include_extras=True)
    fields: dict[str, Any] = {
        row.field: (hints[row.field] if row.annotation is AS_IT_IS else row.annotation, row.default)
        for row in rows
    }
    return create_model(model.__name__, __base__=model, **fields)
