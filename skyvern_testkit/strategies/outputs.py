"""Outputs that conform to a JSON Schema, in more variety than one plausible instance."""

from __future__ import annotations

import math
from copy import deepcopy
from random import Random
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.flatten import Flattener
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.scalars import text_for
from skyvern_testkit.world.schemas import conforms, is_json_schema

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["outputs"]

DEEP: Final = 5
"""Below this a schema gets only what it requires: recursive ones come to an end."""
MOST_ITEMS: Final = 4
WIDEST: Final = 10**6


def outputs(schema: Json) -> SearchStrategy[Json]:
    """Instances of a JSON Schema: what a model may have extracted for it.

    Optional properties come and go, lists are empty or not, numbers touch their bounds, ``anyOf``
    takes each branch. Every instance is checked with jsonschema. What is no JSON Schema (an
    example, a description in words) gets what the fake itself would give.

    Raises:
        ValueError: nothing was found that conforms: the schema contradicts itself, or says more than
            is understood here.
    """
    if not is_json_schema(schema):

        def plain(seed: int) -> Json:
            return plausible(schema, Random(seed))

        return st.integers(0, 99).map(plain)
    known = [
        guess for seed in range(3) if not conforms(guess := plausible(schema, Random(seed)), schema)
    ]
    if not known:
        raise ValueError(
            f"found no instance of this schema: {schema!r}. If it has some, draw them yourself and "
            "give run_scripts() the strategy as outputs_from="
        )
    return _conforming(schema, known)


@st.composite
def _conforming(draw: DrawFn, schema: JsonObject, known: list[Json]) -> Json:
    value = _Instance(draw, schema).of(schema, "value", 0)
    if conforms(value, schema):  # it says more than is understood here
        return deepcopy(draw(st.sampled_from(known)))
    return value


class _Instance:
    """Draws one instance. Hypothesis chooses wherever a schema leaves a choice."""

    def __init__(self, draw: DrawFn, schema: JsonObject) -> None:
        self._draw = draw
        self._rng = draw(st.randoms(use_true_random=False))
        self._flattener = Flattener(schema, self._rng)

    def of(self, schema: Any, name: str, depth: int) -> Json:
        """An instance of a part of the schema; `name` is the property it is for."""
        lean = depth >= DEEP
        flat = self._flattener.flatten(schema, lean=lean)
        if "const" in flat:
            return flat["const"]
        if flat.get("enum"):
            return self._draw(st.sampled_from(flat["enum"]))
        kinds: list[str] = flat["type"]
        kind = "null" if lean and "null" in kinds else self._draw(st.sampled_from(kinds))
        match kind:
            case "object":
                return self._object(flat, name, depth)
            case "array":
                return self._array(flat, name, depth)
            case "integer" | "number":
                return self._draw(_numbers(flat, whole=kind == "integer"))
            case "boolean":
                return self._draw(st.booleans())
            case "null":
                return None
            case _:
                return self._text(flat, name)

    def _object(self, flat: JsonObject, name: str, depth: int) -> JsonObject:
        required: list[str] = flat.get("required", [])
        optional = [item for item in flat.get("properties", {}) if item not in required]
        names = list(required)
        if depth < DEEP:
            names += [item for item in optional if self._draw(st.booleans())]
        made = {
            item: self.of(part, item, depth + 1)
            for item in names
            if (part := self._flattener.property(flat, item)) is not False
        }
        for number in range(len(made) + 1, flat.get("minProperties", 0) + 1):
            extra = f"{name}_{number}"
            made[extra] = self.of(self._flattener.property(flat, extra), extra, depth + 1)
        return made

    def _array(self, flat: JsonObject, name: str, depth: int) -> list[Json]:
        first: list[Any] = flat.get("prefixItems", [])
        rest = flat.get("items", True)
        least = flat.get("minItems", 0)
        most = flat.get("maxItems", max(least, MOST_ITEMS))
        if rest is False:
            most = min(most, len(first))
        if depth >= DEEP:
            most = least
        count = self._draw(st.integers(least, max(least, min(most, least + MOST_ITEMS))))
        made: list[Json] = []
        for index in range(count):
            part = first[index] if index < len(first) else rest
            item = self.of(part, name, depth + 1)
            if item not in made or flat.get("uniqueItems") is not True:
                made.append(item)
        return made

    def _text(self, flat: JsonObject, name: str) -> str:
        least = flat.get("minLength", 0)
        most = flat.get("maxLength", max(least, 20))
        if "pattern" in flat or "format" in flat or self._draw(st.booleans()):
            return text_for(flat, name, self._draw(st.integers(1, 99)), self._rng)
        letters = st.characters(exclude_categories=["C"])
        return self._draw(st.text(letters, min_size=least, max_size=min(most, least + 20)))


def _numbers(flat: JsonObject, *, whole: bool) -> SearchStrategy[Any]:
    low, high = _bound(flat.get("minimum"), -WIDEST), _bound(flat.get("maximum"), WIDEST)
    above, below = flat.get("exclusiveMinimum"), flat.get("exclusiveMaximum")
    if isinstance(above, int | float):
        low = max(low, math.nextafter(above, math.inf))
    if isinstance(below, int | float):
        high = min(high, math.nextafter(below, -math.inf))
    high = max(low, high)
    factor = flat.get("multipleOf")
    if isinstance(factor, int | float) and factor > 0:
        first, last = math.ceil(low / factor), math.floor(high / factor)
        return st.integers(first, max(first, last)).map(lambda count: count * factor)
    if whole:
        first = math.ceil(low)
        return st.integers(first, max(first, math.floor(high)))
    whole_ones = st.integers(math.ceil(low), math.floor(high)).map(float)
    ends = st.sampled_from((low, high))
    if math.ceil(low) > math.floor(high):
        return st.one_of(st.floats(low, high), ends)
    return st.one_of(whole_ones, st.floats(low, high), ends)


def _bound(value: Any, otherwise: float) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else otherwise
