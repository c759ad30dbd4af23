"""What there is when a block begins, and what its kind makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit.script import Script
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.walking.walk import Frame, Outcome
from skyvern_testkit.world.world import World

__all__ = ["Begun", "Block"]

Begun = Outcome | Script | Frame
"""It has ended at once, it plays a script, or it is a loop whose blocks come next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block that begins.

    Args:
        world: the run's world.
        run: it walks.
        definition: as the workflow has it.
        row_id: of its row in the timeline.
        names: what its templates may name.
        share: seconds of work of a block that nobody has scripted.
    """

    world: World = field(repr=False)
    run: Run
    definition: JsonObject = field(repr=False)
    row_id: str
    names: Mapping[str, Any] = field(repr=False)
    share: float
