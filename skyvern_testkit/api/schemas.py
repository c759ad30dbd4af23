"""What the real server's answers look like: its own public schema, and where it leaves it.

From ``contracts/schemas``. They are read when they are first needed.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any, Final

from skyvern_testkit.contractfiles import read_contract

__all__ = ["answer_models", "answers_of", "arguments_of", "asked_of", "refusal_schema"]

_SHAPES: Final = {416: "no_range", 500: "crash"}
"""Statuses with a shape of their own in ``refusals.json``; the others share one."""
_SECRETS: Final = "/v1/credentials"
"""Under this path what was sent is never repeated."""


@cache
def _operations() -> dict[str, dict[str, Any]]:
    """All operations, with the answers that they only give by another path."""
    rows: dict[str, dict[str, Any]] = deepcopy(
        read_contract("schemas/operations.json")["operations"]
    )
    for row in read_contract("schemas/departures.json")["answers"]:
        rows[row["operation"]]["answers"][row["status"]] = row["schema"]
    return rows


def answers_of(operation: str) -> dict[str, Any]:
    """Status -> schema of an operation's answers; None is an answer that is no JSON.

    Of an operation that only older releases have, nothing is known.
    """
    answers: dict[str, Any] = _operations().get(operation, {}).get("answers", {})
    return answers


def arguments_of(operation: str) -> dict[str, Any]:
    """Where an operation's arguments travel: ``query``, ``headers``, ``body``."""
    return _operations()[operation]


@cache
def answer_models() -> dict[str, Any]:
    """The models that those schemas name, with the departures of the real server."""
    models: dict[str, Any] = deepcopy(read_contract("schemas/models.json")["$defs"])
    for row in read_contract("schemas/departures.json")["departures"]:
        models[row["model"]]["properties"][row["field"]] = row["schema"]
    return models


def refusal_schema(path: str, status: int) -> tuple[str, Any]:
    """The name and the schema of a refusal.

    Args:
        path: of the operation: what is under ``/v1/credentials`` refuses in a form of its own.
        status: 400 or above.
    """
    shape = _SHAPES.get(status, "secret" if path.startswith(_SECRETS) else "refusal")
    return shape, read_contract("schemas/refusals.json")[shape]


def asked_of(operation: str) -> dict[str, Any]:
    """How the real server's document files a public operation: ``id``, ``tags``, ``statuses``.

    The statuses are those it declares and, of ``departures.json``, those it gives undeclared. Of an
    operation outside the public schema there is nothing.
    """
    return _asked().get(operation, {"id": operation, "tags": [], "statuses": []})


@cache
def _asked() -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = deepcopy(read_contract("schemas/requests.json")["operations"])
    for row in read_contract("schemas/departures.json")["statuses"]:
        for operation in row["operations"]:
            rows[operation]["statuses"].append(row["status"])
    return rows
