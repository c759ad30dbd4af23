"""What tags may look like, wherever they are named: keys, values, colours (facts: resources 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final

from pydantic import BeforeValidator

from skyvern_testkit.world.tags import COLORS, SYSTEM_PREFIX

__all__ = [
    "MAX_TAGS",
    "Colour",
    "GroupedValue",
    "NeededKey",
    "NeededValue",
    "PossibleKey",
    "PossibleValue",
    "check_grouped",
    "check_key",
    "check_label",
    "colour",
    "entries",
    "colours",
]

MAX_TAGS: Final = 20
_KEY_LENGTH: Final = 64
_VALUE_LENGTH: Final = 256
_PATTERN: Final = "^[A-Za-z0-9][A-Za-z0-9_.-]*$"
_BUCKETS: Final = ("__untagged__", "__other__")


def check_key(key: str) -> str:
    """A key as it may be said by a caller.

    Raises:
        ValueError: it may not.
    """
    if len(key) > _KEY_LENGTH:
        raise ValueError(f"tag keys must be at most {_KEY_LENGTH} characters")
    if not re.match(_PATTERN, key):
        raise ValueError(
            f"tag keys must match '{_PATTERN}' "
            "(alphanumeric, underscore, dot, hyphen; must start with alphanumeric)"
        )
    if key.startswith(SYSTEM_PREFIX):
        raise ValueError(f"tag keys must not start with the reserved '{SYSTEM_PREFIX}' prefix")
    return key


def _text(given: Any, noun: str) -> str:
    if not isinstance(given, str):
        raise ValueError(f"tag {noun} must be a string")  # noqa: TRY004 - see pydantic
    return given.strip()


def _possible_key(given: Any) -> str | None:
    if given is None:
        return None
    key = _text(given, "key")
    return check_key(key) if key else None


def _needed_key(given: Any) -> str:
    key = _possible_key(given)
    if key is None:
        raise ValueError("tag key is required")
    return key


def _check_value(value: str) -> str:
    if len(value) > _VALUE_LENGTH:
        raise ValueError(f"tag values must be at most {_VALUE_LENGTH} characters")
    if "," in value:
        raise ValueError("tag values must not contain ','")
    return value


def _possible_value(given: Any) -> str | None:
    if given is None:
        return None
    return _check_value(_text(given, "value")) or None


def _needed_value(given: Any) -> str:
    value = _check_value(_text(given, "value"))
    if not value:
        raise ValueError("tag value is required")
    return value


def _check_bucket(value: str) -> None:
    if value in _BUCKETS:
        raise ValueError(
            f"tag values must not be exactly '{value}' (reserved as an analytics bucket marker)"
        )


def check_grouped(value: str) -> str:
    """A value that a group may be given.

    Raises:
        ValueError: it means something else.
    """
    _check_bucket(value)
    if value == "*":
        raise ValueError(
            "grouped tag values must not be exactly '*' (reserved as the group filter wildcard)"
        )
    return value


def check_label(value: str) -> str:
    """A value that may stand without a group.

    Raises:
        ValueError: it would be read otherwise.
    """
    _check_bucket(value)
    if ":" in value:
        raise ValueError(
            "standalone label values must not contain ':' (use a group, e.g. key:value)"
        )
    return value


def colour(given: Any) -> str:
    """One of the palette.

    Raises:
        ValueError: another.
    """
    name = _text(given, "color").lower()
    if name not in COLORS:
        raise ValueError(f"tag color must be one of: {', '.join(COLORS)}")
    return name


def entries(noun: str) -> Callable[[Any], Any]:
    """The check of a list of tags, before what is in it is looked at."""

    def check(given: Any) -> Any:
        if given is None:
            return []
        if not isinstance(given, list):
            raise ValueError(f"{noun} must be a JSON array of {{key, value}} objects")  # noqa: TRY004 - see pydantic
        return _few(given, noun)

    return check


def _few(given: Any, noun: str) -> Any:
    if len(given) > MAX_TAGS:
        raise ValueError(f"{noun} can include at most {MAX_TAGS} entries")
    return given


def colours(given: Any) -> dict[str, str]:
    """Key -> colour.

    Raises:
        ValueError: the first thing that is wrong.
    """
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("colors must be a JSON object mapping a tag key to a palette color")  # noqa: TRY004 - see pydantic
    found: dict[str, str] = {}
    for name, asked in _few(given, "colors").items():
        key = name.strip()
        if not key:
            raise ValueError("colors keys must be non-empty tag keys")
        found[check_key(key)] = colour(asked)
    return found


PossibleKey = Annotated[str | None, BeforeValidator(_possible_key)]
PossibleValue = Annotated[str | None, BeforeValidator(_possible_value)]
NeededKey = Annotated[str, BeforeValidator(_needed_key)]
NeededValue = Annotated[str, BeforeValidator(_needed_value)]
GroupedValue = Annotated[str, BeforeValidator(lambda given: check_grouped(_needed_value(given)))]
Colour = Annotated[str, BeforeValidator(colour)]
