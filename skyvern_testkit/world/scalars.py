"""Plausible texts and numbers."""

from __future__ import annotations

import math
import random
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.patterns import text_matching
from skyvern_testkit.world.schemas import TYPES

__all__ = ["NAMED_TYPES", "number_between", "text_for"]

MAX_LENGTH: Final = 10_000

_FIRST_DAY: Final = datetime(2026, 1, 1, 9, 30, tzinfo=UTC)

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "string": ("string", "str", "text"),
    "number": ("number", "float", "decimal", "currency"),
    "integer": ("integer", "int"),
    "boolean": ("boolean", "bool"),
    "array": ("array", "list"),
    "object": ("object", "dict"),
    "null": ("null",),
    "date": ("date",),
    "date-time": ("datetime", "date-time"),
    "uri": ("url", "uri", "link"),
    "email": ("email",),
}

NAMED_TYPES: Final[Mapping[str, JsonObject]] = {
    word: {"type": kind} if kind in TYPES else {"type": "string", "format": kind}
    for kind, words in _WORDS.items()
    for word in words
}
"""Words that stand for types in what is no JSON Schema."""


# --- numbers ------------------------------------------------------------------------------------------


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) < 1e300 else None


def _bounds(flat: JsonObject) -> tuple[float | None, float | None]:
    """The inclusive bounds of a schema, exclusive ones moved by as little as a float can."""
    low, high = _number(flat.get("minimum")), _number(flat.get("maximum"))
    above, below = _number(flat.get("exclusiveMinimum")), _number(flat.get("exclusiveMaximum"))
    if above is not None and (low is None or above >= low):
        low = math.nextafter(above, math.inf)
    if below is not None and (high is None or below <= high):
        high = math.nextafter(below, -math.inf)
    return low, high


def number_between(flat: JsonObject, rng: random.Random, *, whole: bool) -> float:
    """A number within a schema's bounds.

    Args:
        flat: the schema; ``minimum``, ``maximum``, the exclusive ones and ``multipleOf`` count.
        rng: where it is drawn from.
        whole: an integer.
    """
    low, high = _bounds(flat)
    span = 99 if whole else 999
    if low is None:
        low = 1 if high is None or high >= 1 else high - span
    if high is None or high < low:
        high = low + span
    factor = _number(flat.get("multipleOf"))
    if factor is not None and factor > 0:
        return _multiple(factor, low, high, rng, whole=whole)
    if whole:
        return _drawn(math.ceil(low), math.floor(high), rng)
    value: float = round(low + (high - low) * rng.random(), 2)
    return value if low <= value <= high else low


def _drawn(first: int, last: int, rng: random.Random) -> int:
    return first + rng.randrange(min(last - first, 99) + 1) if last > first else first


def _multiple(factor: float, low: float, high: float, rng: random.Random, *, whole: bool) -> float:
    first, last = math.ceil(low / factor), math.floor(high / factor)
    start = _drawn(first, last, rng)
    near = range(first, min(last, first + 1000) + 1)
    for count in (start, *near):
        value: float = count * factor
        # a float such as 19.99 is no multiple of 0.01 to a validator
        if low <= value <= high and value / factor == count:
            if whole and float(value).is_integer():
                return int(value)
            if not whole:
                return value
    return start * factor


# --- texts --------------------------------------------------------------------------------------------


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "value"


def _moment(number: int, rng: random.Random) -> datetime:
    return _FIRST_DAY + timedelta(days=number - 1 + rng.randrange(28), minutes=rng.randrange(480))


Text = Callable[[str, int, random.Random], str]

_FORMATS: Final[Mapping[str, Text]] = {
    "date": lambda _, number, rng: _moment(number, rng).date().isoformat(),
    "date-time": lambda _, number, rng: f"{_moment(number, rng):%Y-%m-%dT%H:%M:%SZ}",
    "time": lambda _, number, rng: f"{_moment(number, rng):%H:%M:%SZ}",
    "duration": lambda _, number, __: f"P{number}D",
    **dict.fromkeys(
        ("email", "idn-email"), lambda name, number, _: f"{_slug(name)}{number}@example.com"
    ),
    **dict.fromkeys(
        ("uri", "url", "iri", "uri-reference", "iri-reference"),
        lambda name, number, _: f"https://example.com/{_slug(name)}/{number}",
    ),
    **dict.fromkeys(
        ("hostname", "idn-hostname"), lambda _, number, __: f"host{number}.example.com"
    ),
    "uuid": lambda _, __, rng: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
    "ipv4": lambda _, number, __: f"192.0.2.{number % 256}",
    "ipv6": lambda _, number, __: f"2001:db8::{number:x}",
    "regex": lambda _, __, ___: ".*",
    "json-pointer": lambda name, number, _: f"/{_slug(name)}/{number}",
}

_NAMED: Final = (
    (re.compile(r"(?:^|[_-])e?mail$", re.IGNORECASE), "email"),
    (re.compile(r"(?:^|[_-])(?:url|uri|link|href|website)$", re.IGNORECASE), "uri"),
    (re.compile(r"(?:^|[_-])date$", re.IGNORECASE), "date"),
)
"""Property names that say what their texts look like."""


def text_for(flat: JsonObject, name: str, number: int, rng: random.Random) -> str:
    """A text for a property: in its format, of its pattern, or ``"invoice_number 1"``.

    Args:
        flat: the schema; ``format``, ``pattern`` and the lengths count.
        name: the property's name.
        number: tells the items of a list apart.
        rng: where it is drawn from.
    """
    least, most = flat.get("minLength", 0), flat.get("maxLength", MAX_LENGTH)
    pattern = flat.get("pattern")
    if isinstance(pattern, str):
        found = text_matching(pattern, rng, least, most)
        if found is not None:
            return found
    form = flat.get("format")
    if form is None and pattern is None:
        form = next((kind for names, kind in _NAMED if names.search(name)), None)
    text = f"{name} {number}"
    if isinstance(form, str) and form in _FORMATS:
        formed = _FORMATS[form](name, number, rng)
        if least <= len(formed) <= most:
            return formed
    return _of_length(text, least, most)


def _of_length(text: str, least: int, most: int) -> str:
    least = min(least, MAX_LENGTH)
    while len(text) < least:
        text = f"{text} {text}"
    return text[: max(most, 0)]
