"""Scripts: what clients upload, what finished runs leave, and which one a workflow would use."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar, Final

from skyvern_testkit.world.rows import Row

__all__ = ["MAIN", "CachedScript", "ScriptFile", "ScriptVersion"]

MAIN: Final = "main.py"


@dataclass(frozen=True, slots=True)
class ScriptFile:
    """One file of a version. Not in the repr: a script may hold anything."""

    path: str
    content: bytes = field(repr=False)
    mime_type: str | None
    created_at: int

    @property
    def digest(self) -> str:
        return f"sha256:{hashlib.sha256(self.content).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptVersion(Row):
    """One version of a script; ``id`` is the revision's own (``sr_...``).

    ``files`` are all it has: those that its deploy did not name came over from the version before.
    """

    PREFIX: ClassVar[str] = "sr"
    script_id: str
    version: int
    run_id: str | None = None
    files: tuple[ScriptFile, ...] = ()
    blocks: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Label -> code, of what the server generated; what clients upload has none."""

    @property
    def main_script(self) -> str | None:
        """The text of ``main.py``; an empty one counts as none."""
        found = next((file for file in self.files if file.path == MAIN), None)
        return found.content.decode() or None if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedScript(Row):
    """The script that runs of a workflow would use where its cache key has that value."""

    PREFIX: ClassVar[str] = "ws"
    workflow_permanent_id: str
    script_id: str
    cache_key: str
    cache_key_value: str
    run_id: str | None = None
    pinned_at: int | None = None
