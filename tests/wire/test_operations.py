"""The table of operations against the real server's own list of routes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from skyvern_testkit.api.dialects import NEWEST, dialect_named
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.wire.operations import (
    PUBLIC,
    TABLE,
    Operation,
    UnknownOperation,
    operation_named,
)

LISTED = json.loads((Path(__file__).parents[2] / "contracts" / "routes.json").read_text("utf-8"))
FACTS = LISTED["routes"]
HIDDEN = LISTED["hidden"]
"""What the real server answers beside them: in neither its public schema nor the SDK."""


def test_every_public_operation_of_the_real_server_is_in_the_table():
    assert {f"{row.method} {row.path}" for row in PUBLIC} == set(FACTS)


@pytest.mark.parametrize("operation", PUBLIC, ids=lambda row: row.name)
def test_an_operation_has_exactly_the_spellings_of_the_real_server(operation: Operation):
    own = f"{operation.method} {operation.path}"
    assert sorted({f"{method} {path}" for method, path in operation.routes}) == sorted(
        {own, *FACTS[own]}
    )


def unnamed(route: str) -> str:
    """The route without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", route)


def test_every_hidden_route_of_the_real_server_is_served_or_declined_with_a_reason():
    settled = {
        unnamed(f"{method} {path}")
        for operation in TABLE
        for method, path in operation.routes
        if operation.name in endpoints() or operation.declined
    }
    assert len(HIDDEN) == 312
    assert [route for route in HIDDEN if unnamed(route) not in settled] == []


def test_no_route_is_made_up():
    known = {*HIDDEN, *FACTS, *(alias for aliases in FACTS.values() for alias in aliases)}
    newest = dialect_named(NEWEST).operations
    routes = {f"{method} {path}" for row in newest for method, path in row.routes}
    assert {unnamed(route) for route in routes} <= {unnamed(route) for route in known}


def test_names_are_unique():
    assert len({operation.name for operation in TABLE}) == len(TABLE)


def test_a_misspelt_operation_is_answered_with_the_nearest_names():
    with pytest.raises(UnknownOperation, match=r"'get_runs'.*Did you mean .*get_run\b"):
        operation_named("get_runs")


def test_a_name_like_no_other_is_answered_without_a_guess():
    with pytest.raises(UnknownOperation, match=r"named as the SDK's methods\.$"):
        operation_named("zzzzzz")
