"""Tags of workflows and of workflow runs (facts: resources 5).

What a thing is tagged with is what was last said of it: every setting and every deleting is an event,
and its present tags are those set and not superseded since. Beside them an organisation has a register
of its keys, with descriptions, and of the values of each, with colours; both outlive their last use.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from skyvern_testkit.world.rows import Row

__all__ = ["COLORS", "SYSTEM_PREFIX", "Kind", "Tag", "TagEvent", "TagKey", "TagValue"]

SYSTEM_PREFIX: Final = "skyvern."
"""Keys that begin with it are the server's own."""
# fmt: off
COLORS: Final = (
    "gray", "red", "orange", "amber", "yellow", "green",
    "teal", "blue", "cyan", "indigo", "purple", "pink",
)
# fmt: on


class Kind(StrEnum):
    """What can be tagged."""

    WORKFLOW = "workflow"
    RUN = "run"

    @property
    def event_prefix(self) -> str:
        return "tge" if self is Kind.WORKFLOW else "rtge"


@dataclass(frozen=True, slots=True)
class Tag:
    """A value in a group, or with no key a label of its own."""

    value: str
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagEvent(Row):
    """A tag was set on a thing or deleted from it, at ``created_at``.

    A group that is deleted with all its values names none (``value`` is None).
    """

    PREFIX: ClassVar[str] = "tge"
    on: Kind
    subject_id: str
    key: str | None
    value: str | None
    event_type: str = "set"
    source: str = "manual"
    set_by: str
    superseded_at: int | None = None

    @property
    def is_system(self) -> bool:
        return self.key is not None and self.key.startswith(SYSTEM_PREFIX)

    @property
    def tag(self) -> Tag:
        """Of an event that set one."""
        return Tag(self.value or "", self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagKey(Row):
    """A group of tags that an organisation knows."""

    PREFIX: ClassVar[str] = "tkey"
    key: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TagValue(Row):
    """A value that a group is known to have."""

    PREFIX: ClassVar[str] = "tval"
    key: str
    value: str
    color: str
