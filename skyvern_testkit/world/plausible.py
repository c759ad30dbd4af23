"""Outputs that look like what a model would have extracted: instances of a caller's schema."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.flatten import Flattener
from skyvern_testkit.world.scalars import NAMED_TYPES, number_between, text_for
from skyvern_testkit.world.schemas import conforms, is_json_schema, is_list, is_object

__all__ = ["plausible"]

ATTEMPTS: Final = 12
MAX_VALUES: Final = 2_000
"""Values in one instance, however the schema multiplies them."""
FULL_DEPTH: Final = 6
"""Below this, and inside itself, a schema gets only what it requires: recursive ones come to an end."""
MAX_DEPTH: Final = 25
MAX_ITEMS: Final = 200

_UNSURE: Final = frozenset(
    {
        "$ref", "allOf", "oneOf", "anyOf", "not", "if", "examples", "enum", "const", "pattern",
        "contains", "uniqueItems", "minProperties", "maxProperties", "propertyNames", "multipleOf",
        "dependentRequired", "dependentSchemas", "patternProperties", "unevaluatedProperties",
        "unevaluatedItems",
    }
)  # fmt: skip
"""Keywords by which a first guess may turn out wrong, so that it is checked."""


def plausible(schema: Json, rng: random.Random) -> Json:
    """An instance that satisfies a JSON Schema, with readable values: ``"invoice_number 1"``.

    What no instance can satisfy, or what lies beyond the keywords that people use, gets the nearest
    that was found. An example instead of a schema (``{"title": "string", "points": 0}``) is filled
    in; a schema given as JSON text is read; a description in words gets a small object.

    Args:
        schema: what the caller sent.
        rng: numbers, dates and choices are drawn from it; the same state gives the same instance.

    Returns:
        None for no schema at all.
    """
    if isinstance(schema, str):
        schema = _read(schema)
    if schema is None:
        return None
    if is_json_schema(schema):
        return _best(schema, rng)
    filled = _filled(schema, "value", 1, rng, 0) if isinstance(schema, dict | list) else None
    return filled or {"value": "value 1"}


def _read(text: str) -> Json:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return True  # words: anything goes


def _best(schema: JsonObject, rng: random.Random) -> Json:
    maker = _Maker(schema, rng, daring=False)
    best = maker.root()
    if maker.is_full or not any(name in _UNSURE for name in _keywords(schema)):
        return best
    fewest = len(conforms(best, schema))
    for _ in range(ATTEMPTS):
        if not fewest:
            break
        guess = _Maker(schema, rng, daring=True).root()
        if (wrong := len(conforms(guess, schema))) < fewest:
            best, fewest = guess, wrong
    return best


def _keywords(schema: Any, depth: int = 0) -> Iterator[str]:
    if depth > MAX_DEPTH:
        return
    if is_object(schema):
        yield from schema
        for item in schema.values():
            yield from _keywords(item, depth + 1)
    elif is_list(schema):
        for item in schema:
            yield from _keywords(item, depth + 1)


class _Maker:
    """Makes one instance. A daring one chooses at random where the first takes what reads best."""

    def __init__(self, schema: JsonObject, rng: random.Random, *, daring: bool) -> None:
        self._schema = schema
        self._rng = rng
        self._daring = daring
        self._flattener = Flattener(schema, rng if daring else None)
        self._made = 0
        self._open: list[int] = []

    @property
    def is_full(self) -> bool:
        return self._made > MAX_VALUES

    def root(self) -> Json:
        return self.make(self._schema, "value", 1, 0)

    def make(self, schema: Any, name: str, number: int, depth: int) -> Json:
        """An instance of a part of the schema.

        Args:
            schema: the part.
            name: the property it is for.
            number: which item of a list it belongs to, from 1.
            depth: how deep it stands.
        """
        self._made += 1
        if self.is_full or depth > MAX_DEPTH:
            return None
        lean = depth >= FULL_DEPTH or id(schema) in self._open
        self._open.append(id(schema))
        try:
            return self._made_of(
                self._flattener.flatten(schema, lean=lean), name, number, depth, lean=lean
            )
        finally:
            self._open.pop()

    def _made_of(self, flat: JsonObject, name: str, number: int, depth: int, *, lean: bool) -> Json:
        if "const" in flat:
            return deepcopy(flat["const"])
        if flat.get("enum"):
            return self._one_of(flat["enum"])
        examples = flat.get("examples")
        if is_list(examples) and examples and not self._daring:
            return deepcopy(examples[0])
        match self._type(flat, lean=lean):
            case "object":
                return self._object(flat, name, number, depth, lean=lean)
            case "array":
                return self._array(flat, name, depth, lean=lean)
            case "integer" | "number" as kind:
                return number_between(flat, self._rng, whole=kind == "integer")
            case "boolean":
                return self._rng.random() < 0.5
            case "null":
                return None
            case _:
                return text_for(flat, name, number, self._rng)

    def _one_of(self, values: list[Json]) -> Json:
        there = [value for value in values if value is not None]
        return deepcopy(self._rng.choice(there if there and not self._daring else values))

    def _type(self, flat: JsonObject, *, lean: bool) -> str:
        types: list[str] = flat["type"]
        if self._daring:
            return self._rng.choice(types)
        if lean and "null" in types:
            return "null"
        return next((kind for kind in types if kind != "null"), "null")

    def _object(
        self, flat: JsonObject, name: str, number: int, depth: int, *, lean: bool
    ) -> JsonObject:
        properties: JsonObject = flat.get("properties", {})
        required: list[str] = flat.get("required", [])
        names = list(required) if lean else list(dict.fromkeys([*properties, *required]))
        most = flat.get("maxProperties")
        if isinstance(most, int) and len(names) > most:
            names = [*required, *(item for item in names if item not in required)][:most]
        made = {
            item: self.make(part, item, number, depth + 1)
            for item in names
            if (part := self._flattener.property(flat, item)) is not False
        }
        least = flat.get("minProperties", 0)
        is_map = not properties and isinstance(flat.get("additionalProperties"), dict)
        extras = max(least - len(made), 1 if is_map and not lean and not made else 0)
        if flat.get("additionalProperties") is not False and most != 0:
            for index in range(1, min(extras, MAX_ITEMS) + 1):
                extra = f"{name}_{index}"
                made[extra] = self.make(
                    self._flattener.property(flat, extra), extra, index, depth + 1
                )
        return made

    def _array(self, flat: JsonObject, name: str, depth: int, *, lean: bool) -> list[Json]:
        first: list[Any] = flat.get("prefixItems", [])
        rest = flat.get("items", True)
        least, most = flat.get("minItems", 0), flat.get("maxItems", MAX_ITEMS)
        if "contains" in flat:
            rest = {"allOf": [rest, flat["contains"]]}
            least = max(least, flat.get("minContains", 1))
        usual = 0 if lean else max(len(first), 0 if rest is False else 2)
        count = min(max(usual, least), most, MAX_ITEMS)
        if rest is False:
            count = min(count, len(first))
        made: list[Json] = []
        for index in range(count):
            part = first[index] if index < len(first) else rest
            item = self.make(part, _singular(name), index + 1, depth + 1)
            for _ in range(8 if flat.get("uniqueItems") is True and item in made else 0):
                item = self.make(part, _singular(name), index + 1, depth + 1)
                if item not in made:
                    break
            if flat.get("uniqueItems") is not True or item not in made or index < least:
                made.append(item)
        return made


_IRREGULAR: Final = {"children": "child", "people": "person", "data": "data", "news": "news"}


def _singular(name: str) -> str:
    """``invoices`` -> ``invoice``: what an item of the list is called."""
    if name in _IRREGULAR:
        return _IRREGULAR[name]
    if name.endswith("ies") and len(name) > 4:
        return f"{name[:-3]}y"
    if name.endswith(("sses", "shes", "ches", "xes")):
        return name[:-2]
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us", "is")) else name


# --- examples instead of schemas -----------------------------------------------------------------------


def _filled(example: Json, name: str, number: int, rng: random.Random, depth: int) -> Json:
    """An example with its places filled in: names of types become values, words become texts."""
    if depth > MAX_DEPTH:
        return None
    if depth and is_json_schema(example):  # {"title": {"type": "string"}}: bare properties
        return _Maker(example, rng, daring=False).make(example, name, number, depth)
    if is_object(example):
        return {
            key: _filled(item, key, number, rng, depth + 1)
            for key, item in list(example.items())[:MAX_ITEMS]
        }
    if is_list(example):
        item = example[0] if example else "string"
        return [_filled(item, _singular(name), index, rng, depth + 1) for index in (1, 2)]
    match example:
        case bool():
            return rng.random() < 0.5
        case int() | float():
            return number_between({}, rng, whole=isinstance(example, int))
        case str():
            schema = NAMED_TYPES.get(example.strip().lower(), {"type": "string"})
            return _Maker(schema, rng, daring=False).make(schema, name, number, depth)
        case _:
            return None
