"""Where a walk stands, and the run with its walk, or a row of its timeline, changed."""

from __future__ import annotations

from dataclasses import replace

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.walking.graph import find
from skyvern_testkit.world.walking.walk import Walk
from skyvern_testkit.world.world import World

__all__ = ["definition_at", "moved", "version_of", "walk_of", "with_row"]


def walk_of(run: Run) -> Walk:
    """Where that run is; only runs that walk are asked."""
    if run.walk is None:
        raise TypeError(f"run {run.id} does not walk")
    return run.walk


def moved(world: World, run: Run, **changes: object) -> Run:
    """The run with its walk changed."""
    walk = replace(walk_of(run), **changes)  # type: ignore[arg-type]  # by name
    return world.change(run, walk=walk, modified_at=run.modified_at)


def with_row(world: World, run: Run, block_id: str | None, **changes: object) -> Run:
    """The run with a row of its timeline changed."""
    blocks = tuple(
        replace(block, **changes) if block.id == block_id else block  # type: ignore[arg-type]  # by name
        for block in run.blocks
    )
    return world.change(run, blocks=blocks, modified_at=run.modified_at)


def version_of(world: World, run: Run) -> int:
    """Of the rules by which blocks follow each other: 1 by their order, 2 by their labels."""
    workflow = workflow_of(world, run)
    return int(workflow.definition.get("version") or 1) if workflow else 1


def definition_at(run: Run) -> JsonObject:
    """The block that comes next, or is at work, as it is defined."""
    frame = walk_of(run).frames[-1]
    found = find(frame.blocks, frame.label)
    if found is None:
        raise LookupError(f"run {run.id}: its workflow has no block {frame.label!r}")
    return found
