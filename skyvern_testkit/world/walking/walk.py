"""Where a run is in its workflow: immutable values, so a fork of a world forks its walks too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from skyvern_testkit.script import UNSET, State, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["Frame", "Loop", "Outcome", "Walk"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a block ended.

    Args:
        state: ``completed``, ``failed`` or ``terminated``.
        reason: why, in the words of the block.
        output: what it gave; ``UNSET``: what its kind gives.
        errors: entries of the run's ``errors``.
        final: it ends the run whatever ``continue_on_failure`` says.
    """

    state: State = State.COMPLETED
    reason: str | None = None
    output: Json | Unset = UNSET
    errors: tuple[JsonObject, ...] = ()
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """The turns of a loop.

    Args:
        values: what is looped over; None for a ``while_loop``, which asks before each turn.
        index: the turn at work, from 0.
        turns: what the blocks of each turn gave, the one at work last.
    """

    values: tuple[Json, ...] | None
    index: int = -1
    turns: tuple[tuple[JsonObject, ...], ...] = ()

    @property
    def value(self) -> Json:
        return self.values[self.index] if self.values is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A list of blocks that is being walked: the workflow's own, or those of a loop.

    Args:
        blocks: their definitions.
        label: of the block that comes next; None: the end of the list.
        block_id: id of the loop's row in the timeline; None: the workflow's own list.
        definition: the loop's.
        loop: its turns.
        parents: label of a block inside a branch -> id of its conditional's row.
    """

    blocks: tuple[JsonObject, ...]
    label: str | None
    block_id: str | None = None
    definition: JsonObject = field(default_factory=dict[str, Json], repr=False)
    loop: Loop | None = None
    parents: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A run's way through its workflow.

    Args:
        frames: the lists that are being walked, the innermost last.
        outputs: label -> what the block gave last, in the order of their first ends.
        at_work: the block that is at work was entered, and its script (if any) plays.
        scripted: the script is one that the test gave.
        outcome: how the block at work has ended, to be looked at by the next step.
        said: the output that the block's script has told so far.
        ending: how the run will end, when it stops before its last block.
        child: id of the run that the block at work has started and waits for.
        at_last: the ``finally`` block is at work.
    """

    frames: tuple[Frame, ...]
    outputs: Mapping[str, Json] = field(default_factory=dict[str, Json])
    at_work: bool = False
    scripted: bool = False
    outcome: Outcome | None = None
    said: Json | Unset = UNSET
    ending: Outcome | None = None
    child: str | None = None
    at_last: bool = False
