"""JSON as the real server writes it: compact, raw non-ASCII, field order as given."""

from __future__ import annotations

import json
import math
from typing import Any, cast

__all__ = ["Json", "JsonObject", "dump_answer", "dump_refusal", "dump_webhook", "without_nul"]

Json = Any
JsonObject = dict[str, Any]


def dump_refusal(value: Json) -> bytes:
    """The bytes of a refusal.

    Raises:
        UnicodeEncodeError: the value holds half of a surrogate pair.
        ValueError: it holds NaN or an infinity. The real server cannot write either.
    """
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def dump_answer(value: Json) -> bytes:
    """The bytes of an HTTP answer, in which NaN and the infinities are ``null`` (seen on 1.0.56).

    Raises:
        UnicodeEncodeError: the value holds half of a surrogate pair.
    """
    try:
        return dump_refusal(value)
    except UnicodeEncodeError:
        raise
    except ValueError:
        return dump_refusal(_without_nan(value))


def without_nul(value: Json) -> Json:
    """The value with no NUL in its texts, as the server keeps what people fill in."""
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, dict):
        fields = cast("JsonObject", value)
        return {key.replace("\0", ""): without_nul(item) for key, item in fields.items()}
    if isinstance(value, list | tuple):
        return [without_nul(item) for item in cast("list[Json]", value)]
    return value


def _without_nan(value: Json) -> Json:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        fields = cast("JsonObject", value)
        return {key: _without_nan(item) for key, item in fields.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(item) for item in cast("list[Json]", value)]
    return value


def _whole_floats_as_integers(value: Json) -> Json:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        fields = cast("JsonObject", value)
        return {key: _whole_floats_as_integers(item) for key, item in fields.items()}
    if isinstance(value, list | tuple):
        return [_whole_floats_as_integers(item) for item in cast("list[Json]", value)]
    return value


def dump_webhook(value: Json) -> bytes:
    """The bytes of a webhook body: as an answer, but ``1.0`` goes out as ``1`` (facts: runs 8)."""
    return dump_answer(_whole_floats_as_integers(value))
