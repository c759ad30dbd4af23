"""Two JSON Schemas that should take the same: where do they differ?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]

LIMITS = (
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength",
    "minItems", "maxItems", "pattern", "format", "enum", "const",
)  # fmt: skip


@dataclass
class Comparison:
    """Ours against the real server's; models are looked up by the last part of a reference."""

    ours: dict[str, Schema]
    theirs: dict[str, Schema]
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def differences(self, ours: Schema, theirs: Schema, at: str) -> Iterator[str]:
        mine = by_kind(ours, self.ours)
        real = by_kind(theirs, self.theirs)
        for kind in sorted(mine.keys() - real.keys()):
            yield f"{at}: only ours may be {kind}"
        for kind in sorted(real.keys() - mine.keys()):
            yield f"{at}: only theirs may be {kind}"
        for kind in sorted(mine.keys() & real.keys()):
            yield from self._plain(mine[kind], real[kind], at)

    def _plain(self, ours: Schema, theirs: Schema, at: str) -> Iterator[str]:
        pair = (ours.get("model", ""), theirs.get("model", ""))
        if all(pair) and pair in self._seen:
            return
        self._seen.add(pair)
        for limit in LIMITS:
            mine, real = ours.get(limit), theirs.get(limit)
            if isinstance(mine, list) and isinstance(real, list):
                mine, real = sorted(mine), sorted(real)
            if mine != real:
                yield f"{at}: {limit} is {mine!r}, theirs {real!r}"
        mine, real = ours.get("properties", {}), theirs.get("properties", {})
        for name in [*mine, *(name for name in real if name not in mine)]:
            where = f"{at}.{name}"
            if name not in real:
                yield f"{where}: only ours"
            elif name not in mine:
                yield f"{where}: only theirs"
            else:
                yield from self.differences(mine[name], real[name], where)
        if set(ours.get("required", ())) != set(theirs.get("required", ())):
            yield f"{at}: required {ours.get('required')}, theirs {theirs.get('required')}"
        for part in ("items", "additionalProperties"):
            mine, real = ours.get(part), theirs.get(part)
            if isinstance(mine, dict) and isinstance(real, dict):
                yield from self.differences(mine, real, f"{at}[{part}]")
            elif mine != real and (mine is False or real is False):
                yield f"{at}: {part} {mine!r}, theirs {real!r}"


def by_kind(schema: Schema, models: dict[str, Schema]) -> dict[str, Schema]:
    """The alternatives of a schema, each plain, by type; objects by what tells them apart.

    One that stands for itself has its name as ``model``.
    """
    return {_kind(item): item for item in _alternatives(schema, models)}


def _alternatives(schema: Schema, models: dict[str, Schema]) -> Iterator[Schema]:
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from _alternatives({**models[name], "model": name}, models)
        return
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            for item in schema[choice]:
                yield from _alternatives(item, models)
            return
    types = schema.get("type", [])
    for kind in [types] if isinstance(types, str) else types or ["anything"]:
        yield {"type": "null"} if kind == "null" else {**schema, "type": kind}


def _kind(schema: Schema) -> str:
    kind: str = schema["type"]
    for name, item in schema.get("properties", {}).items():
        if "const" in item:
            return f"{kind} with {name} {item['const']}"
    if kind == "object" and schema.get("properties"):
        return f"{kind} with fields"
    return kind
