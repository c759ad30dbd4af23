"""A block or a loop has ended: its row, its output, and where the run goes from there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from skyvern_testkit.script import State
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world import traces
from skyvern_testkit.world.blocks import TASK_BLOCKS, current_block, outputs_so_far
from skyvern_testkit.world.endings import navigation_error
from skyvern_testkit.world.rows import BlockRun, Run
from skyvern_testkit.world.walking import loops
from skyvern_testkit.world.walking.context import names
from skyvern_testkit.world.walking.graph import find, inside_branches, next_label
from skyvern_testkit.world.walking.standing import (
    definition_at,
    moved,
    version_of,
    walk_of,
    with_row,
)
from skyvern_testkit.world.walking.templates import TemplateError
from skyvern_testkit.world.walking.walk import Frame, Outcome
from skyvern_testkit.world.world import World

__all__ = ["block_over", "close", "close_loop", "follow", "keep", "turn_over"]


def block_over(world: World, run: Run, outcome: Outcome) -> Run:
    """A block has ended: its row, its output, and where the run goes from there."""
    definition = definition_at(run)
    run = moved(world, run, outcome=None, at_work=False, said=outcome.output)
    reason = outcome.reason
    if reason is None:
        reason = _UNSAID.get((outcome.state, definition["block_type"] == "workflow_trigger"))
    outcome = replace(outcome, reason=reason)
    if definition["block_type"] in _PARSERS and outcome.state is State.FAILED:
        outcome = _of_parser(outcome)
        run = moved(world, run, said=outcome.output)
    run, row = close(world, run, definition, outcome)
    if definition["block_type"] == "for_loop" and row is not None:
        run = with_row(world, run, row.id, output=None, loop_values=())
    return follow(world, run, definition, outcome, row)


_PARSERS: Final = ("file_url_parser", "pdf_parser")


def _of_parser(outcome: Outcome) -> Outcome:
    """How a parser tells that it could not read its file (recorded exchange ``walk.parse.end``)."""
    error: JsonObject = {
        "error_code": "FILE_PARSER_ERROR",
        "reasoning": outcome.reason,
        "confidence_float": 1.0,
    }
    output: JsonObject = {
        "status": "failed",
        "failure_reason": outcome.reason,
        "errors": [error],
    }
    return replace(outcome, errors=(*outcome.errors, error), output=output)


_UNSAID: Final[dict[tuple[State, bool], str]] = {
    (State.FAILED, False): "The page did not react as expected.",
    (State.TERMINATED, False): "The goal cannot be reached on this page.",
}
"""The usual words where a script gives no reason; a child run's reason is what it is."""


def close(
    world: World, run: Run, definition: JsonObject, outcome: Outcome
) -> tuple[Run, BlockRun | None]:
    """End the row of a block; what it gave goes into the run's output."""
    lost = None
    if definition["block_type"] in TASK_BLOCKS and outcome.state is State.FAILED:
        lost = navigation_error(outcome.reason)
    errors = (*outcome.errors, *((lost,) if lost else ()))
    own = tuple(error for error in errors if "error_type" in error)
    codes = tuple(str(error["error_code"]) for error in errors if "error_type" not in error)
    run = traces.close_block(world, run, outcome.state, outcome.reason, own)
    row = current_block(run)
    if row is not None:
        run = with_row(world, run, row.id, error_codes=codes, branch=_branch(row))
    in_loop = walk_of(run).frames[-1].loop is not None
    if row is not None and (row.has_output or in_loop):  # there each block counts
        run = keep(world, run, definition, row.output)
    run = world.change(run, errors=(*run.errors, *errors), modified_at=run.modified_at)
    return run, row


def keep(world: World, run: Run, definition: JsonObject, output: Json) -> Run:
    """What a block gave is there for later blocks, for the turn of its loop and in the run's output."""
    walk = walk_of(run)
    *outer, frame = walk.frames
    if frame.loop is not None:
        given: JsonObject = {
            "output_parameter": definition.get("output_parameter"),
            "output_value": output,
        }
        if frame.loop.values is not None:
            given = {"loop_value": frame.loop.value, **given}
        *past, turn = frame.loop.turns
        loop = replace(frame.loop, turns=(*past, (*turn, given)))
        frame = replace(frame, loop=loop)
    run = moved(world, run, frames=(*outer, frame))
    return _tell(world, run, definition, output)


def _tell(world: World, run: Run, definition: JsonObject, output: Json) -> Run:
    """The run's output has that of a block; that of a loop grows with each turn."""
    outputs: Mapping[str, Json] = {**walk_of(run).outputs, str(definition["label"]): output}
    run = moved(world, run, outputs=outputs)
    return world.change(run, output=outputs_so_far(run), modified_at=run.modified_at)


def _branch(row: BlockRun) -> JsonObject:
    match row.output:
        case {"branch_id": branch_id} if row.block_type == "conditional":
            matched = row.output["criteria_type"] is not None
            return {
                "executed_branch_id": branch_id,
                "executed_branch_expression": row.output["criteria_expression"],
                "executed_branch_result": True if matched else None,
                "executed_branch_next_block": row.output["next_block_label"],
            }
        case _:
            return {}


def follow(
    world: World, run: Run, definition: JsonObject, outcome: Outcome, row: BlockRun | None
) -> Run:
    """Where the run goes after a block that ended so."""
    *outer, frame = walk_of(run).frames
    version = version_of(world, run)
    goes_on = bool(definition.get("continue_on_failure")) and not outcome.final
    if outcome.state is State.COMPLETED or goes_on:
        if definition["block_type"] == "conditional" and outcome.state is State.COMPLETED:
            frame = _into_branch(frame, definition, row)
            if frame.label is not None and not outer and find(frame.blocks, frame.label) is None:
                return _lost(world, run, frame.label)
        else:
            frame = replace(frame, label=next_label(frame.blocks, definition, version))
        return moved(world, run, frames=(*outer, frame))
    if frame.loop is not None:
        skips = definition.get("next_loop_on_failure") or frame.definition.get(
            "next_loop_on_failure"
        )
        if skips and not outcome.final:
            return moved(world, run, frames=(*outer, replace(frame, label=None)))
        return _loop_over(world, run, frame, replace(outcome, errors=()))
    return _stop(world, run, definition, outcome)


def _stop(world: World, run: Run, definition: JsonObject, outcome: Outcome) -> Run:
    """The run ends with this block, but for the one that always comes."""
    walk = walk_of(run)
    sentence = _SENTENCES[outcome.state].format(
        block=definition["block_type"], reason=outcome.reason
    )
    ending = walk.ending or replace(outcome, reason=sentence)
    frame = replace(walk.frames[0], label=None)
    return moved(world, run, frames=(frame,), ending=ending)


def _lost(world: World, run: Run, label: str) -> Run:
    """The run fails where a branch leads to no block."""
    reason = f"Next block label {label} not found in workflow definition"
    frame = replace(walk_of(run).frames[0], label=None)
    ending = walk_of(run).ending or Outcome(state=State.FAILED, reason=reason)
    return moved(world, run, frames=(frame,), ending=ending)


_SENTENCES: Final = {
    State.FAILED: "{block} block failed. failure reason: {reason}",
    State.TERMINATED: "{block} block terminated. Reason: {reason}",
}


def _into_branch(frame: Frame, conditional: JsonObject, row: BlockRun | None) -> Frame:
    output = row.output if row is not None else None
    label = output["next_block_label"] if output is not None else None
    if label is None:
        label = conditional.get("next_block_label")
    if row is None:
        return replace(frame, label=label)
    inside = dict.fromkeys(inside_branches(frame.blocks, conditional), row.id)
    return replace(frame, label=label, parents={**inside, **frame.parents})


def turn_over(world: World, run: Run) -> Run:
    """The next turn of a loop, or its end."""
    *outer, frame = walk_of(run).frames
    loop = frame.loop
    if loop is None:
        return run
    index, version = loop.index + 1, version_of(world, run)
    if index > 0:
        run = _tell(world, run, frame.definition, loops.loop_output(frame))
    if loop.values is not None:
        on = index < len(loop.values)
    elif index >= loops.MOST_TURNS:
        reason = f"Reached max_loop_iterations limit of {loops.MOST_TURNS}"
        return _loop_over(world, run, frame, Outcome(state=State.FAILED, reason=reason))
    else:
        try:
            on = loops.holds(frame, names(world, run, walk_of(run)), index)
        except TemplateError:
            reason = "Failed to evaluate while-loop condition."
            return _loop_over(world, run, frame, Outcome(state=State.FAILED, reason=reason))
    if not on:
        return _loop_over(world, run, frame, Outcome())
    return moved(world, run, frames=(*outer, loops.next_turn(frame, version)))


def _loop_over(world: World, run: Run, frame: Frame, outcome: Outcome) -> Run:
    """A loop has ended: its own row, its output, and on in the list that it stands in."""
    run = close_loop(world, run, frame, outcome.state, outcome.reason)
    return follow(world, run, frame.definition, outcome, None)


def close_loop(world: World, run: Run, frame: Frame, state: State, reason: str | None) -> Run:
    """The row and the output of the innermost loop; the walk is where the loop stands."""
    *outer, _ = walk_of(run).frames
    run = moved(world, run, frames=tuple(outer))
    output = loops.loop_output(frame)
    run = with_row(
        world,
        run,
        frame.block_id,
        status=str(state),
        failure_reason=reason,
        output=output or None,
        modified_at=world.now,
    )
    return keep(world, run, frame.definition, output)
