"""What callers send as a schema: JSON Schema, or something that only looks a little like it.

Skyvern takes any object (facts: runs 4), so half of what comes is an example or a description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeGuard

from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["TYPES", "conforms", "is_json_schema", "is_list", "is_object"]

TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


def is_object(value: Json) -> TypeGuard[JsonObject]:
    """Is it a JSON object?"""
    return isinstance(value, dict)


def is_list(value: Json) -> TypeGuard[list[Json]]:
    """Is it a JSON array?"""
    return isinstance(value, list)


def _is_type(value: Json) -> bool:
    if is_list(value):
        return bool(value) and all(item in TYPES for item in value)
    return value in TYPES


_SHAPES: Final[Mapping[str, type | tuple[type, ...]]] = {
    "$schema": str,
    "$ref": str,
    "$defs": dict,
    "definitions": dict,
    "properties": dict,
    "patternProperties": dict,
    "required": list,
    "items": (dict, list),
    "prefixItems": list,
    "enum": list,
    "anyOf": list,
    "oneOf": list,
    "allOf": list,
    "pattern": str,
    "format": str,
    "minimum": (int, float),
    "maximum": (int, float),
    "minLength": int,
    "maxLength": int,
    "minItems": int,
    "maxItems": int,
    "multipleOf": (int, float),
}
"""Keywords that make an object a JSON Schema, and what their values are."""


def is_json_schema(value: Json) -> TypeGuard[JsonObject]:
    """Does an object use JSON Schema's keywords as JSON Schema does?"""
    if not is_object(value) or not _is_type(value.get("type", "null")):
        return False
    if "type" in value or "const" in value:
        return True
    return any(isinstance(value.get(name, ...), shape) for name, shape in _SHAPES.items())


def conforms(value: Json, schema: Json) -> list[str]:
    """How a value violates a schema: ``$.invoices[0].total: '12' is not of type 'number'``.

    Formats are annotations and are not checked. Nothing is fetched: a schema with a reference to
    another document is not usable.

    Returns:
        one line a violation; none when the schema is not a usable JSON Schema.
    """
    if not is_json_schema(schema):
        return []

    import jsonschema
    from jsonschema.validators import validator_for
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import EMPTY_REGISTRY

    usable = _with_null(schema)
    kind: Any = validator_for(usable, default=jsonschema.Draft202012Validator)
    try:
        kind.check_schema(usable)
        found = sorted(
            kind(usable, registry=EMPTY_REGISTRY).iter_errors(value),
            key=lambda error: list(map(str, error.absolute_path)),
        )
    except (jsonschema.SchemaError, Unresolvable, RecursionError, ValueError):
        return []
    return [f"{error.json_path}: {_shortened(error.message)}" for error in found]


def _shortened(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:120]} ... {text[-70:]}"


def _with_null(schema: Any) -> Any:
    """``nullable: true``, which is OpenAPI's, in JSON Schema's own words."""
    if is_list(schema):
        return [_with_null(item) for item in schema]
    if not is_object(schema):
        return schema
    plain = {key: _with_null(item) for key, item in schema.items()}
    if plain.get("nullable") is True and _is_type(plain.get("type", ...)):
        plain["type"] = [*_listed(plain["type"]), "null"]
        if isinstance(plain.get("enum"), list):
            plain["enum"] = [*plain["enum"], None]
    return plain


def _listed(value: Any) -> list[Any]:
    return value if is_list(value) else [value]
