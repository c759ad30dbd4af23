"""Is an answer one that the server's own schema allows?

The schemas are those of ``contracts/schemas``: derived from the real server, with the places where it leaves them
named in ``departures.json``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from skyvern_testkit.api.schemas import answer_models, answers_of, arguments_of, refusal_schema
from skyvern_testkit.contractfiles import read_contract
from skyvern_testkit.wire.operations import operation_named

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

__all__ = ["WrongAnswer", "check_answer", "faults_of", "place_of_argument"]

MOST: Final = 5
"""Faults that a message shows."""


class WrongAnswer(AssertionError):
    """An answer that the server's own schema does not allow."""


def place_of_argument(operation: str, argument: str) -> tuple[str, str]:
    """Where an argument travels, ``path``, ``query``, ``headers`` or ``body``, and under which name."""
    row = arguments_of(operation)
    if f"{{{argument}}}" in operation_named(operation).path:
        return "path", argument
    if argument in row.get("headers", {}):
        return "headers", row["headers"][argument]
    if argument in row["query"] or "body" not in row:
        return "query", argument
    return "body", argument


def check_answer(operation: str, status: int, content_type: str, body: bytes, value: Any) -> None:
    """Hold an answer against the schema of its operation and status.

    Args:
        operation: as the SDK names it.
        status: of the answer.
        content_type: its header, or an empty string.
        body: its bytes.
        value: the body read as JSON; None where it is none.

    Raises:
        WrongAnswer: the message names what is wrong, and where.
    """
    found = list(faults_of(operation, status, content_type, body, value))
    if found:
        more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
        raise WrongAnswer(
            "\n- ".join((f"{operation}: this {status} is not in its schema:", *found[:MOST], *more))
        )


def faults_of(
    operation: str, status: int, content_type: str, body: bytes, value: Any
) -> Iterator[str]:
    """What is wrong with an answer, one line each; see :func:`check_answer`."""
    if status >= 400:
        shape, _ = refusal_schema(operation_named(operation).path, status)
        yield from _faults(_refusals(shape), value)
        return
    answers = answers_of(operation)
    if str(status) not in answers:
        yield f"the status is none of {', '.join(answers) or 'those known: no schema is'}"
        return
    schema = answers[str(status)]
    if schema is None:
        if body and content_type.startswith("application/json"):
            yield "there is a body; the schema knows none"
    elif schema and not content_type.startswith("application/json"):
        yield f"the content type is {content_type or 'missing'}, not application/json"
    elif schema:
        yield from _faults(_validator(operation, str(status)), value)


def _faults(validator: Validator, value: Any) -> Iterator[str]:
    from jsonschema.exceptions import relevance

    for error in validator.iter_errors(value):
        deepest = max(error.context, key=relevance) if error.context else error
        where = "".join(f"[{part!r}]" for part in deepest.absolute_path) or "the whole"
        yield f"{where}: {deepest.message[:300]}"


@cache
def _validator(operation: str, status: str) -> Validator:
    return _validator_of(answers_of(operation)[status])


@cache
def _refusals(shape: str) -> Validator:
    return _validator_of(read_contract("schemas/refusals.json")[shape])


def _validator_of(schema: dict[str, Any]) -> Validator:
    from jsonschema import Draft202012Validator, FormatChecker
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    formats = FormatChecker(formats=())
    formats.checks("date-time", raises=ValueError)(_is_time)
    models = {"$id": "models.json", "$defs": answer_models()}
    resource: Any = DRAFT202012.create_resource(models)
    registry: Any = Registry[Any]().with_resource("models.json", resource)
    return Draft202012Validator(schema, registry=registry, format_checker=formats)


def _is_time(value: object) -> bool:
    """ISO 8601, with a zone or without: the server writes both (facts: resources 3)."""
    return not isinstance(value, str) or bool(datetime.fromisoformat(value))
