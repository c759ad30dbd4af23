"""Texts that match a regular expression, for the simple ones that schemas have.

It walks the tree of Python's own parser. That is no public module: where it is missing or shows
something new, there is simply no text.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any, Final

__all__ = ["text_matching"]

TRIES: Final = 20
MAX_LENGTH: Final = 200
MAX_PATTERN: Final = 500

_CATEGORIES: Final = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcdefghijklmnopqrstuvwxyz0123456789_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "abcdefghij",
    "CATEGORY_NOT_WORD": "-. ",
    "CATEGORY_NOT_SPACE": "abcdefghijklmnopqrstuvwxyz",
}
_USUAL: Final = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ -_."


class _TooHard(Exception):
    """The pattern has something that is not made here."""


def text_matching(pattern: str, rng: random.Random, least: int, most: int) -> str | None:
    """A text in which the pattern is found, of a length in bounds; None where none was found.

    Args:
        pattern: the regular expression, in Python's dialect.
        rng: choices are drawn from it.
        least: the fewest characters.
        most: the most characters.
    """
    tree = _tree(pattern)
    if tree is None:
        return None
    expression = re.compile(pattern)
    for extra in range(TRIES):
        try:
            text = _Writer(rng, extra).sequence(tree)
        except (_TooHard, RecursionError):
            return None
        if len(text) < least and not pattern.endswith("$"):
            text = text.ljust(min(least, MAX_LENGTH), "x")
        if least <= len(text) <= most and expression.search(text):
            return text
    return None


@cache
def _tree(pattern: str) -> Any:
    if len(pattern) > MAX_PATTERN:
        return None
    try:
        re.compile(pattern)
        return import_module("re._parser").parse(pattern)
    except (re.error, ImportError, RecursionError, OverflowError):
        return None


class _Writer:
    """Writes one text for a tree; ``extra`` repetitions more than the fewest."""

    def __init__(self, rng: random.Random, extra: int) -> None:
        self._rng = rng
        self._extra = extra
        self._written = 0
        self._groups: dict[int, str] = {}

    def sequence(self, tree: Any) -> str:
        return "".join(self._one(str(kind), value) for kind, value in tree)

    def _one(self, kind: str, value: Any) -> str:
        self._written += 1
        if self._written > MAX_LENGTH * 5 or kind not in _WRITERS:
            raise _TooHard(kind)
        return _WRITERS[kind](self, value)

    def literal(self, value: int) -> str:
        return chr(value)

    def not_literal(self, value: int) -> str:
        return self._rng.choice([one for one in _USUAL if one != chr(value)])

    def any(self, _: Any) -> str:
        return self._rng.choice(_USUAL[:26])

    def nothing(self, _: Any) -> str:
        return ""

    def of_set(self, parts: list[tuple[Any, Any]]) -> str:
        first, *_ = parts
        negated = str(first[0]) == "NEGATE"
        named = "".join(_characters(str(kind), value) for kind, value in parts[negated:])
        choices = [one for one in _USUAL if one not in named] if negated else named
        if not choices:
            raise _TooHard("an empty set")
        return self._rng.choice(choices)

    def category(self, value: Any) -> str:
        return self._rng.choice(_characters("CATEGORY", value))

    def branch(self, value: tuple[Any, list[Any]]) -> str:
        return self.sequence(self._rng.choice(value[1]))

    def group(self, value: tuple[int | None, int, int, Any]) -> str:
        text = self.sequence(value[3])
        if value[0] is not None:
            self._groups[value[0]] = text
        return text

    def back_reference(self, value: int) -> str:
        return self._groups.get(value, "")

    def repeat(self, value: tuple[int, Any, Any]) -> str:
        least, most, tree = int(value[0]), int(value[1]), value[2]
        usual = 1 if least == 0 and self._extra else least
        count = min(max(usual, least) + self._extra, most)
        if count > MAX_LENGTH:
            raise _TooHard("too many")
        return "".join(self.sequence(tree) for _ in range(count))


def _characters(kind: str, value: Any) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "RANGE":
            first, last = value
            return "".join(map(chr, range(first, min(last, first + 255) + 1)))
        case "CATEGORY" if str(value) in _CATEGORIES:
            return _CATEGORIES[str(value)]
        case _:
            raise _TooHard(kind)


_WRITERS: Final[Mapping[str, Callable[[_Writer, Any], str]]] = {
    "LITERAL": _Writer.literal,
    "NOT_LITERAL": _Writer.not_literal,
    "ANY": _Writer.any,
    "AT": _Writer.nothing,
    "ASSERT": _Writer.nothing,  # the text is searched again in the end
    "ASSERT_NOT": _Writer.nothing,
    "IN": _Writer.of_set,
    "CATEGORY": _Writer.category,
    "BRANCH": _Writer.branch,
    "SUBPATTERN": _Writer.group,
    "GROUPREF": _Writer.back_reference,
    "MAX_REPEAT": _Writer.repeat,
    "MIN_REPEAT": _Writer.repeat,
    "POSSESSIVE_REPEAT": _Writer.repeat,
}
