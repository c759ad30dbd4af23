"""How the server mends a definition that comes as YAML (facts: resources 3, "YAML is repaired").

Labels and keys become identifiers and unique, and what refers to them follows: not everything, but
what the server was seen to rewrite (contracts/recorded, ``yaml.references``). JSON is not mended.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

from skyvern_testkit.api.workflows.checks import output_key
from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["repaired"]

_WITH_TEMPLATES: Final = frozenset(
    {"blocks", "parameters", "error_code_mapping", "workflow_system_prompt"}
)
"""The parts of a definition in which expressions follow."""


def repaired(document: Any) -> JsonObject:
    """The request that a YAML document stands for.

    Args:
        document: what the text says.

    Raises:
        Tripped: the document, a block or a parameter is no mapping.
    """
    request = _mapping(document)
    if _is_dict(definition := request.get("workflow_definition")):
        request["workflow_definition"] = _mended(definition)
    return request


def _mapping(value: Any) -> JsonObject:
    """A mapping, or a list of pairs. The words of the refusal are Python's, as the server's are."""
    try:
        return dict(value)
    except (TypeError, ValueError) as error:
        raise Tripped(type(error).__name__, str(error)) from None


def _is_dict(value: object) -> TypeGuard[JsonObject]:
    return isinstance(value, dict)


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


class _Names:
    """Gives every name a form that is an identifier and nobody else's, and remembers what it was."""

    def __init__(self, instead_of_nothing: str) -> None:
        self.renamed: dict[str, str] = {}
        self._instead_of_nothing = instead_of_nothing
        self._taken: set[str] = set()

    def give(self, asked: str) -> str:
        name = re.sub(r"[^a-zA-Z0-9]+", "_", asked).strip("_")
        name = f"_{name}" if name[:1].isdigit() else name or self._instead_of_nothing
        free, number = name, 1
        while free in self._taken:
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free)
        if free != asked:
            self.renamed[asked] = free
        return free


def _mended(definition: JsonObject) -> JsonObject:
    labels, keys = _Names("block"), _Names("parameter")
    definition = dict(definition)
    if _is_list(blocks := definition.get("blocks")):
        definition["blocks"] = _with_labels(blocks, labels)
    if _is_list(parameters := definition.get("parameters")):
        definition["parameters"] = [_with_name(_mapping(item), "key", keys) for item in parameters]
    templates = _Templates(labels, keys)
    for part in _WITH_TEMPLATES & definition.keys():
        definition[part] = templates.rewritten(definition[part])
    last = definition.get("finally_block_label")
    if isinstance(last, str):
        definition["finally_block_label"] = labels.renamed.get(last, last)
    if _is_list(blocks := definition.get("blocks")):
        definition["blocks"] = [_linked(block, labels, keys) for block in blocks]
    if _is_list(parameters := definition.get("parameters")):
        definition["parameters"] = _whole_texts(parameters, labels, keys)
    return definition


def _with_name(item: JsonObject, field: str, names: _Names) -> JsonObject:
    return {**item, field: names.give(item[field])} if isinstance(item.get(field), str) else item


def _with_labels(blocks: list[Any], labels: _Names) -> list[Any]:
    found: list[Any] = []
    for item in blocks:
        block = _with_name(_mapping(item), "label", labels)
        if _is_list(inner := block.get("loop_blocks")):
            block["loop_blocks"] = _with_labels(inner, labels)
        found.append(block)
    return found


# --- what refers to them ----------------------------------------------------------------------


class _Templates:
    """Rewrites the name that an expression begins with: ``{{ my key.x }}``, one rename at a time."""

    def __init__(self, labels: _Names, keys: _Names) -> None:
        self._steps = [
            (re.compile(rf"(\{{\{{\s*){re.escape(old)}(?![a-zA-Z0-9_])"), new)
            for old, new in _renames(labels, keys)
        ]

    def rewritten(self, value: Json) -> Json:
        match value:
            case _ if _is_dict(value):
                return {name: self.rewritten(inner) for name, inner in value.items()}
            case _ if _is_list(value):
                return [self.rewritten(inner) for inner in value]
            case str() if "{{" in value:
                for pattern, new in self._steps:
                    value = pattern.sub(rf"\g<1>{new}", value)
                return value
            case _:
                return value


def _renames(labels: _Names, keys: _Names) -> Iterator[tuple[str, str]]:
    for old, new in labels.renamed.items():
        yield output_key(old), output_key(new)
        yield old, new
    yield from keys.renamed.items()


def _linked(block: JsonObject, labels: _Names, keys: _Names) -> JsonObject:
    """A block whose next block and parameters have their new names; branches keep the old ones."""
    block = dict(block)
    following = block.get("next_block_label")
    if isinstance(following, str):
        block["next_block_label"] = labels.renamed.get(following, following)
    if _is_list(used := block.get("parameter_keys")):
        block["parameter_keys"] = [
            keys.renamed.get(key, key) if isinstance(key, str) else key for key in used
        ]
    if _is_list(inner := block.get("loop_blocks")):
        block["loop_blocks"] = [_linked(item, labels, keys) for item in inner]
    return block


def _whole_texts(value: Json, labels: _Names, keys: _Names) -> Json:
    """Parameters, where any text that is nothing but the name of an output or a key is rewritten.

    That goes for the key itself too, which is how ``a b`` beside ``a_b`` ends in a duplicate.
    """
    match value:
        case _ if _is_dict(value):
            return {name: _whole_texts(inner, labels, keys) for name, inner in value.items()}
        case _ if _is_list(value):
            return [_whole_texts(inner, labels, keys) for inner in value]
        case str():
            for old, new in labels.renamed.items():
                value = output_key(new) if value == output_key(old) else value
            for old, new in keys.renamed.items():
                value = new if value == old else value
            return value
        case _:
            return value
