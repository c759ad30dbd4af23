"""What becomes of a canceled run's blocks: the one at work comes to its own end, loops notice.

Recorded groups ``walk_cancel`` and ``walk_kids``.
"""

from __future__ import annotations

from skyvern_testkit.script import State
from skyvern_testkit.world.agent import with_block
from skyvern_testkit.world.blocks import OPENS_BROWSER, current_block
from skyvern_testkit.world.events import StepOver
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.walking import beginning, ending, steps
from skyvern_testkit.world.walking.walk import Frame
from skyvern_testkit.world.world import World

__all__ = ["children_of", "lets_go_at", "unwind"]


def children_of(world: World, run: Run) -> list[Run]:
    """The runs at work that blocks of this one have started."""
    return [child for child in world.live_runs() if child.parent_run_id == run.id]


def lets_go_at(world: World, run: Run) -> int | None:
    """When the block at work ends by itself: a wait does not notice that its run is canceled."""
    block = current_block(run)
    if run.walk is None or block is None or block.block_type != "wait":
        return None
    for due, event in world.due_events():
        if isinstance(event, StepOver) and (event.run_id, event.turn) == (run.id, run.turn):
            return due
    return None


def unwind(world: World, run: Run) -> Run:
    """The block at work comes to its end, and the loops around it are canceled."""
    block = current_block(run)
    if run.walk is None or block is None:
        return run
    if block.status == "running" and block.block_type in OPENS_BROWSER:
        reason = f"Task {block.task_id} was canceled"
        run = with_block(world, run, status="canceled", failure_reason=reason)
    elif block.status == "running" and block.block_type not in ("for_loop", "while_loop"):
        run = steps.let_go(world, run)
    return _cancel_loops(world, run)


def _cancel_loops(world: World, run: Run) -> Run:
    """What would come next in a loop is canceled before it begins, and then the loop."""
    walk = run.walk
    if walk is None or walk.frames[-1].loop is None:
        return run
    if walk.frames[-1].label is None:
        run = ending.turn_over(world, run)
        walk = run.walk or walk
    *_, frame = walk.frames
    if frame.loop is None or frame.label is None:
        return run
    definition = next(block for block in frame.blocks if block["label"] == frame.label)
    run = beginning.open_next(world, run)
    run = with_block(world, run, status="canceled")
    run = ending.keep(world, run, definition, None)
    told = definition
    while (around := _innermost(run)) is not None:
        reason = (
            f"Block({told['label']}) with type {told['block_type']} was canceled, "
            "canceling for loop"
        )
        told = around.definition
        run = ending.close_loop(world, run, around, State.CANCELED, reason)
    return run


def _innermost(run: Run) -> Frame | None:
    frame = run.walk.frames[-1] if run.walk is not None else None
    return frame if frame is not None and frame.loop is not None else None
