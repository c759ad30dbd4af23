"""A schema's combinations resolved into plain keywords: ``$ref``, ``allOf``, ``anyOf``, ``oneOf``."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import unquote

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.schemas import TYPES, is_list, is_object

__all__ = ["Flattener"]

_COMBINING: Final = frozenset({"$ref", "allOf", "anyOf", "oneOf"})
MAX_PARTS: Final = 200
"""Parts that one schema may be combined of."""

_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "object": (
        "properties", "required", "additionalProperties", "patternProperties", "minProperties",
        "maxProperties", "propertyNames", "dependentRequired",
    ),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format"),
}  # fmt: skip
"""Which type a schema that names none is about."""

_COUNTS: Final = (
    "minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties",
    "minContains",
)  # fmt: skip
_SHAPED: Final[Mapping[str, type]] = {
    "properties": dict,
    "patternProperties": dict,
    "required": list,
    "prefixItems": list,
    "enum": list,
}


class Flattener:
    """Resolves a schema's combinations, within one document.

    Args:
        root: the whole schema, which references point into.
        rng: chooses among alternatives; without it, the first that can be is taken.
    """

    def __init__(self, root: JsonObject, rng: random.Random | None) -> None:
        self._root = root
        self._rng = rng

    def flatten(self, schema: Any, *, lean: bool) -> JsonObject:
        """The schema without combinations; its ``type`` is a list, and never empty.

        Args:
            schema: a part of the document.
            lean: prefer alternatives that come to an end.
        """
        flat = self._flat(schema, frozenset(), [MAX_PARTS], lean=lean)
        types = flat.get("type") or _types_about(flat)
        return {**flat, "type": types}

    def property(self, flat: JsonObject, name: str) -> Any:
        """The schema of a property: its own, one whose pattern fits, or the additional one."""
        if name in flat.get("properties", {}):
            return flat["properties"][name]
        for pattern, part in flat.get("patternProperties", {}).items():
            try:
                if re.search(pattern, name):
                    return part
            except re.error:
                continue
        part = flat.get("additionalProperties", True)
        # required and forbidden at once: nothing satisfies that, and a value reads better
        return True if part is False and name in flat.get("required", []) else part

    def _flat(
        self, schema: Any, seen: frozenset[str], left: list[int], *, lean: bool
    ) -> JsonObject:
        left[0] -= 1
        if not is_object(schema) or left[0] < 0:
            return {}
        flat = _cleaned({key: value for key, value in schema.items() if key not in _COMBINING})
        ref = schema.get("$ref")
        if isinstance(ref, str) and ref not in seen:
            seen |= {ref}
            flat = _merged(flat, self._flat(self._resolve(ref), seen, left, lean=lean))
        for part in _parts(schema.get("allOf")):
            flat = _merged(flat, self._flat(part, seen, left, lean=lean))
        for keyword in ("anyOf", "oneOf"):
            if branches := _parts(schema.get(keyword)):
                flat = self._with_branch(flat, branches, seen, left, lean=lean)
        return flat

    def _with_branch(
        self,
        flat: JsonObject,
        branches: list[Any],
        seen: frozenset[str],
        left: list[int],
        *,
        lean: bool,
    ) -> JsonObject:
        merged = [_merged(flat, self._flat(part, seen, left, lean=lean)) for part in branches]
        possible = [
            candidate
            for part, candidate in zip(branches, merged, strict=True)
            if part is not False and candidate.get("type") != []
        ] or merged
        if self._rng is not None:
            return self._rng.choice(possible)
        nulls = [candidate for candidate in possible if candidate.get("type") == ["null"]]
        others = [candidate for candidate in possible if candidate.get("type") != ["null"]]
        return ((nulls + others) if lean else (others + nulls))[0]

    def _resolve(self, ref: str) -> Any:
        """What a reference points at; everything goes for one that points outside or nowhere."""
        if not ref.startswith("#"):
            return True
        found: Any = self._root
        for raw in ref[1:].split("/")[1:]:
            step = unquote(raw).replace("~1", "/").replace("~0", "~")
            if is_object(found):
                found = found.get(step, True)
            elif is_list(found) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                return True
        return found


def _parts(value: Any) -> list[Any]:
    return value if is_list(value) else []


def _cleaned(given: JsonObject) -> JsonObject:
    """A schema's own keywords in one form, without those whose values make no sense."""
    flat: JsonObject = {
        key: value
        for key, value in given.items()
        if key not in _SHAPED or isinstance(value, _SHAPED[key])
    }
    for key in _COUNTS:
        value = flat.get(key)
        if key in flat and (not isinstance(value, int | float) or value < 0):
            del flat[key]
        elif key in flat:
            flat[key] = int(flat[key])
    kinds = flat.pop("type", None)
    known = [kind for kind in (kinds if is_list(kinds) else [kinds]) if kind in TYPES]
    if known:
        flat["type"] = known
    if isinstance(flat.get("items"), list):  # a tuple, as drafts before 2020-12 write it
        flat["prefixItems"] = flat.pop("items")
        flat["items"] = flat.get("additionalItems", True)
    if "required" in flat:
        flat["required"] = [name for name in flat["required"] if isinstance(name, str)]
    for bound, side in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if flat.get(bound) is True and side in flat:  # draft 4
            flat[bound] = flat.pop(side)
    return flat


def _types_about(flat: JsonObject) -> list[str]:
    for kind, keywords in _ABOUT.items():
        if any(name in flat for name in keywords):
            return [kind]
    return ["string"]


# --- two schemas at once ------------------------------------------------------------------------------


def _both(one: Any, other: Any) -> Any:
    return one if one == other else {"allOf": [one, other]}


def _common_types(one: list[str], other: list[str]) -> list[str]:
    found = [kind for kind in one if kind in other]
    for narrow, wide in ((one, other), (other, one)):
        if "integer" in narrow and "number" in wide and "integer" not in found:
            found.append("integer")
    return found


def _all_properties(one: JsonObject, other: JsonObject) -> JsonObject:
    return {
        name: _both(one[name], other[name])
        if name in one and name in other
        else one.get(name, other.get(name))
        for name in {**one, **other}
    }


def _both_lists(one: list[Any], other: list[Any]) -> list[Any]:
    common = [_both(*pair) for pair in zip(one, other, strict=False)]
    return common + one[len(common) :] + other[len(common) :]


def _strictest(one: Any, other: Any) -> Any:
    if one is False or other is False:
        return False
    return other if one is True else one if other is True else _both(one, other)


_MEET: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _common_types,
    "properties": _all_properties,
    "patternProperties": _all_properties,
    "required": lambda one, other: list(dict.fromkeys([*one, *other])),
    "enum": lambda one, other: [value for value in one if value in other],
    "items": _strictest,
    "additionalProperties": _strictest,
    "prefixItems": _both_lists,
    "uniqueItems": lambda one, other: one or other,
    **dict.fromkeys(
        ("minimum", "exclusiveMinimum", *(key for key in _COUNTS if "min" in key)), max
    ),
    **dict.fromkeys(
        ("maximum", "exclusiveMaximum", *(key for key in _COUNTS if "max" in key)), min
    ),
}
"""What holds where both schemas say something; elsewhere the later one wins."""


def _merged(one: JsonObject, other: JsonObject) -> JsonObject:
    both = {**one, **other}
    for key in one.keys() & other.keys():
        if key in _MEET:
            try:
                both[key] = _MEET[key](one[key], other[key])
            except TypeError:  # values that no schema should have
                both[key] = other[key]
    # the properties of one schema are additional ones to the other
    for strict, free in ((one, other), (other, one)):
        if strict.get("additionalProperties") is False and "properties" in free:
            allowed = strict.get("properties", {})
            both["properties"] = {
                name: part for name, part in both.get("properties", {}).items() if name in allowed
            }
    return both
