"""JSON Schema as values: without words, renamed, followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["COMPONENTS", "bare", "names_in", "renamed", "without"]

COMPONENTS: Final = "#/components/schemas/"
_WORDS: Final = frozenset({"title", "description"})
_VALUES: Final = frozenset({"const", "default", "enum", "required"})


def bare(schema: Json) -> Json:
    """The schema without titles and descriptions, which are those of our classes."""
    if isinstance(schema, list):
        return [bare(item) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    found: JsonObject = {}
    for key, value in cast("JsonObject", schema).items():
        if key == "properties":
            found[key] = {name: bare(item) for name, item in value.items()}
        elif key in _VALUES:
            found[key] = value
        elif key not in _WORDS:
            found[key] = bare(value)
    return found


def renamed(schema: Json, name: Callable[[str], str]) -> Json:
    """The schema with another name for each model that it refers to.

    Args:
        schema: its references, and the mapping of a discriminator, name models behind a last ``/``.
        name: the new name of a model.
    """
    if isinstance(schema, list):
        return [renamed(item, name) for item in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    found: JsonObject = {}
    for key, value in cast("JsonObject", schema).items():
        if key == "$ref" and isinstance(value, str):
            found[key] = COMPONENTS + name(value.rpartition("/")[2])
        elif key == "mapping":
            found[key] = {
                tag: COMPONENTS + name(reference.rpartition("/")[2])
                for tag, reference in cast("dict[str, str]", value).items()
            }
        else:
            found[key] = renamed(value, name)
    return found


def names_in(schema: Json) -> Iterator[str]:
    """The models that a schema refers to."""
    if isinstance(schema, list):
        for item in cast("list[object]", schema):
            yield from names_in(item)
    elif isinstance(schema, dict):
        for key, value in cast("JsonObject", schema).items():
            if key == "$ref" and isinstance(value, str):
                yield value.removeprefix(COMPONENTS)
            else:
                yield from names_in(value)


def without(schema: Json, fields: frozenset[str], models: dict[str, Any]) -> Json:
    """The schema of an answer, or of each of a list, that has not those fields."""
    if "$ref" in schema:
        schema = models[schema["$ref"].removeprefix(COMPONENTS)]
    if schema.get("type") == "array":
        return {**schema, "items": without(schema["items"], fields, models)}
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            rest = {key: value for key, value in schema.items() if key != "discriminator"}
            return {**rest, choice: [without(item, fields, models) for item in schema[choice]]}
    if "properties" not in schema:
        return schema
    return {
        **schema,
        "properties": {
            name: field for name, field in schema["properties"].items() if name not in fields
        },
        "required": [name for name in schema.get("required", ()) if name not in fields],
    }
