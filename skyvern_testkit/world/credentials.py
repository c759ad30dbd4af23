"""Rows beside the credentials: their folders, and the tokens of an organisation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Row

__all__ = ["AuthToken", "CredentialFolder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFolder(Row):
    """A folder of credentials; which are in it says their ``folder_id``."""

    PREFIX: ClassVar[str] = "cfld"
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthToken(Row):
    """What an organisation shows elsewhere, or others show here: to a vault, or as an API key.

    Of each ``type`` but ``api`` it has one at most. ``secret`` is what was stored.
    """

    PREFIX: ClassVar[str] = "oat"
    type: str
    secret: JsonObject = field(default_factory=dict[str, Json], repr=False)
