"""From the bytes of a request to checked values, or to the 422 list that FastAPI would give."""

from __future__ import annotations

import json
from email.message import Message
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from skyvern_testkit.wire.errors import Invalid, Refusal, ServerCrash
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json, JsonObject, dump_refusal

__all__ = ["MISSING", "check_body", "check_headers", "check_query", "read_body", "refuse"]


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()
"""No body at all; ``null`` counts as missing too."""


def _is_json(content_type: str | None) -> bool:
    if not content_type:
        return False
    message = Message()
    message["content-type"] = content_type
    main, _, sub = message.get_content_type().partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


def read_body(request: Request, *, reduced: bool = False) -> Any:
    """The body as the server reads it before it looks at the key (facts: resources 1, "Bodies").

    Args:
        request: whose body it is.
        reduced: an error has the form of the credential routes.

    Raises:
        Refusal: 422 ``json_invalid``; 400 for bytes that are no text, nesting without end and
            numbers of thousands of digits.
    """
    if not request.body:
        return MISSING
    if not _is_json(request.header("content-type")):
        return request.body
    try:
        return json.loads(request.body)
    except json.JSONDecodeError as error:
        where = ("body", error.pos)
        found = Invalid("json_invalid", where, "JSON decode error", {}, {"error": error.msg})
        raise refuse([found], reduced=reduced) from None
    except (ValueError, RecursionError):
        raise Refusal(400, "There was an error parsing the body") from None


@cache
def _adapter(model: type[BaseModel]) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _items(error: ValidationError, where: str) -> list[Invalid]:
    found: list[Invalid] = []
    for item in error.errors(include_url=False):
        context: JsonObject | None = item.get("ctx")
        if context is not None and isinstance(context.get("error"), Exception):
            context = {**context, "error": {}}
        found.append(
            Invalid(item["type"], (where, *item["loc"]), item["msg"], item["input"], context)
        )
    return found


def check_body(model: type[BaseModel], value: Any, *, required: bool) -> tuple[Any, list[Invalid]]:
    """The body as its model, and what is wrong with it."""
    if value is MISSING or value is None:
        if required:
            return None, [Invalid("missing", ("body",), "Field required", None)]
        return None, []
    if isinstance(value, bytes):  # not JSON: to the checks it is a text
        value = value.decode("utf-8", "replace")
    try:
        return _adapter(model).validate_python(value, from_attributes=True), []
    except ValidationError as error:
        return None, _items(error, "body")
    except UnicodeEncodeError as error:  # half of a surrogate pair, where a check looks or tells
        raise ServerCrash(type(error).__name__) from None


def check_query(model: type[BaseModel], pairs: list[tuple[str, str]]) -> tuple[Any, list[Invalid]]:
    """The query as its model: lists take every value of a name, others the last one."""
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in model.model_fields and _takes_many(model, name):
            given.setdefault(name, []).append(value)
        else:
            given[name] = value
    try:
        return _adapter(model).validate_python(given), []
    except ValidationError as error:
        return None, [
            Invalid(
                item.type,
                item.loc,
                item.msg,
                None if item.type == "missing" else item.input,
                item.ctx,
            )
            for item in _items(error, "query")
        ]


@cache
def _takes_many(model: type[BaseModel], name: str) -> bool:
    return "list[" in str(model.model_fields[name].annotation).lower()


def check_headers(model: type[BaseModel], request: Request) -> tuple[Any, list[Invalid]]:
    """The headers that the endpoint reads, as their model."""
    given = {
        alias: value
        for item in model.model_fields.values()
        if (alias := item.alias) is not None and (value := request.header(alias)) is not None
    }
    try:
        return _adapter(model).validate_python(given), []
    except ValidationError as error:
        return None, _items(error, "header")


def refuse(found: list[Invalid], *, reduced: bool) -> Refusal:
    """The 422 for these items.

    Raises:
        ServerCrash: an item echoes NaN or half a surrogate pair, which the real server cannot
            write either.
    """
    items: Json = [item.reduced() if reduced else item.full() for item in found]
    try:
        dump_refusal(items)
    except ValueError as error:
        raise ServerCrash(type(error).__name__) from None
    return Refusal(422, items)
