"""The models of its own that an organisation lets Skyvern use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Row

__all__ = ["CustomLlm"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomLlm(Row):
    """``config`` as it is answered, but with the key itself: never shown, so not in the repr."""

    PREFIX: ClassVar[str] = "oat"
    config: JsonObject = field(default_factory=dict[str, Json], repr=False)
