"""What comes next in a walk: the next step of the block at work, or the next block, or the end.

To the run machine a walk is one more source of steps. All that happens to blocks on the way (they
begin, they end, loops turn) happens here, at one instant, until something takes time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from skyvern_testkit.script import (
    DEFAULT_SCRIPT,
    FINAL,
    UNSET,
    RunReaches,
    Script,
    State,
    Step,
    completed,
    failed,
    queued,
    running,
    terminated,
)
from skyvern_testkit.script.runscript import check_step_of_block
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world import traces
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.blocks import TASK_BLOCKS, current_block, outputs_so_far, workflow_of
from skyvern_testkit.world.endings import navigation_error, shown_errors
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.own_errors import found_by_server
from skyvern_testkit.world.playing import choose_block_script, script_step
from skyvern_testkit.world.rows import BlockRun, Run, Session
from skyvern_testkit.world.walking import kinds, loops, requests
from skyvern_testkit.world.walking.begun import Begun, Block
from skyvern_testkit.world.walking.context import names, turn_of
from skyvern_testkit.world.walking.graph import (
    every_block,
    find,
    first_label,
    inside_branches,
    next_label,
)
from skyvern_testkit.world.walking.templates import TemplateError, render_all
from skyvern_testkit.world.walking.walk import Frame, Outcome, Walk
from skyvern_testkit.world.world import World

__all__ = [
    "answered",
    "close_loop",
    "end_block",
    "expect",
    "keep",
    "let_go",
    "next_step",
    "open_next",
    "set_out",
    "turn_over",
]


def set_out(world: World, run: Run) -> Run:
    """The run at the beginning of its workflow: with the first step it begins."""
    workflow = workflow_of(world, run)
    blocks = workflow.blocks if workflow else []
    last = workflow.definition.get("finally_block_label") if workflow else None
    walked = tuple(block for block in blocks if block["label"] != last)
    frame = Frame(blocks=walked, label=first_label(walked, _version(world, run)))
    _advise_on_rules(world, run, blocks)
    return world.change(
        run, walk=Walk(frames=(frame,)), script=DEFAULT_SCRIPT, modified_at=run.modified_at
    )


def _version(world: World, run: Run) -> int:
    workflow = workflow_of(world, run)
    return int(workflow.definition.get("version") or 1) if workflow else 1


def _advise_on_rules(world: World, run: Run, blocks: list[JsonObject]) -> None:
    """A rule for a block that this workflow does not have is a slip of the pen, most likely."""
    every = list(every_block(blocks))
    known = ", ".join(str(block["label"]) for block in every)
    for rule in world.rules:
        match = rule.match
        if not match.is_for_block or rule.organization_id not in (None, run.organization_id):
            continue
        if match.workflow is None or replace(match, block=None, block_type=None).misses(run.input):
            continue
        asked = (
            replace(run.input, block=block["label"], block_type=block["block_type"])
            for block in every
        )
        if all(match.misses(block) for block in asked):
            text = f"{match} fits no block of the workflow of run {run.id} (blocks: {known})"
            advise(world, "block_unknown", run.id, text=text)


def next_step(world: World, run: Run, sent: Json) -> tuple[Run, Step | None]:
    """The run's next step, and the run moved on: blocks are opened and closed on the way."""
    if run.status is State.CREATED and world.timing.queue and run.is_queued_for:
        return run, queued(world.timing.queue / SECOND)
    if run.started_at is None:
        return run, running()
    while True:
        walk = _walk(run)
        if walk.outcome is not None:
            run = _block_over(world, run, walk.outcome)
        elif walk.at_work:
            run, step = _of_block(world, run, sent)
            if step is not None:
                return run, step
            sent = None
        elif run.status is State.PAUSED:
            return run, running()
        else:
            run, step = _go_further(world, run)
            if step is not None:
                return run, step


def _walk(run: Run) -> Walk:
    if run.walk is None:
        raise TypeError(f"run {run.id} does not walk")
    return run.walk


def _moved(world: World, run: Run, **changes: object) -> Run:
    """The run with its walk changed."""
    walk = replace(_walk(run), **changes)  # type: ignore[arg-type]  # by name
    return world.change(run, walk=walk, modified_at=run.modified_at)


# --- the block at work --------------------------------------------------------------------------


def _of_block(world: World, run: Run, sent: Json) -> tuple[Run, Step | None]:
    """The next step of the block's script; None: the block has ended instead."""
    child = _awaited(world, run)
    if child is not None and child.is_over:
        return _moved(world, run, outcome=_of_child(child)), None
    run, step = script_step(world, run, sent, _share(world, run))
    step = step or completed()
    check_step_of_block(step)
    if not step.is_final:
        return run, step
    run = traces.show(world, run, step)
    errors = shown_errors(world, run, step.errors)
    state, reason = step.state, step.reason
    found = found_by_server(run, step)
    if found is not None:
        steps = max(run.step_count, found.step_count or 0)
        run = world.change(run, step_count=steps, modified_at=run.modified_at)
        reason, errors = found.reason, (*found.errors, *errors)
    outcome = Outcome(state=state, reason=reason, errors=errors, output=_walk(run).said)
    walk = _walk(run)
    if walk.scripted and state is State.COMPLETED:
        begun = kinds.redirect(_block(world, run), outcome)
        if not isinstance(begun, Outcome):
            return _begun(world, run, begun), None
        outcome = begun
    return _moved(world, run, outcome=outcome), None


def _awaited(world: World, run: Run) -> Run | None:
    """The child run that the block at work waits for."""
    child = _walk(run).child
    return world.run(child) if child is not None else None


def let_go(world: World, run: Run) -> Run:
    """The block at work of a canceled run comes to its own end."""
    child = _awaited(world, run)
    outcome = Outcome() if child is None else _of_child(child)
    run = _moved(world, run, outcome=None, at_work=False, said=outcome.output)
    definition = _definition(run)
    run, row = _close(world, run, definition, outcome)
    return _follow(world, run, definition, replace(outcome, state=State.COMPLETED), row)


def _of_child(child: Run) -> Outcome:
    outputs: JsonObject = {}
    if child.output is not None:
        outputs = {key: value for key, value in child.output.items() if key.endswith("_output")}
    output: JsonObject = {
        "workflow_run_id": child.id,
        "workflow_permanent_id": child.workflow_permanent_id,
        "status": str(child.status),
        "failure_reason": child.failure_reason,
        "outputs": outputs,
    }
    good = child.status is State.COMPLETED
    return Outcome(
        state=State.COMPLETED if good else State.FAILED,
        reason=None if good else child.failure_reason,
        output=output,
    )


def end_block(world: World, run: Run, outcome: Outcome) -> Run:
    """Something from outside has ended the block at work; the next step looks at it."""
    return _moved(world, run, outcome=outcome)


def expect(world: World, run: Run, child: Run) -> Run:
    """The block at work waits for the end of a run that it has started."""
    run = _moved(world, run, child=child.id)
    return world.change(run, waiting_for=RunReaches(child.id, FINAL), modified_at=run.modified_at)


def answered(world: World, effect: Effect, result: EffectResult) -> Outcome | None:
    """How a block ends whose request has been answered; None: it is over by now."""
    run, asked = world.run(effect.run.id), current_block(effect.run)
    block = current_block(run)
    if run.is_over or block is None or asked is None or block.id != asked.id:
        return None
    return requests.outcome(effect, result)


# --- the next block -----------------------------------------------------------------------------


def _go_further(world: World, run: Run) -> tuple[Run, Step | None]:
    """Begin the next block, or the next turn of a loop; the step is the run's end."""
    walk = _walk(run)
    frame = walk.frames[-1]
    if frame.label is not None:
        return _begin(world, run), None
    if frame.loop is not None:
        return turn_over(world, run), None
    return _at_the_end(world, run)


def _at_the_end(world: World, run: Run) -> tuple[Run, Step | None]:
    """After the last block comes the one that always comes, and then the end."""
    walk, workflow = _walk(run), workflow_of(world, run)
    label = workflow.definition.get("finally_block_label") if workflow else None
    last = find(workflow.blocks, label) if workflow and label else None
    if last is not None and not walk.at_last:
        frame = Frame(blocks=(last,), label=label)
        return _moved(world, run, frames=(frame,), at_last=True), None
    ending = walk.ending or Outcome()
    match ending.state:
        case State.FAILED:
            return run, failed(ending.reason)
        case State.TERMINATED:
            return run, terminated(ending.reason)
        case _:
            return run, completed()


def _definition(run: Run) -> JsonObject:
    frame = _walk(run).frames[-1]
    found = find(frame.blocks, frame.label)
    if found is None:
        raise LookupError(f"run {run.id}: its workflow has no block {frame.label!r}")
    return found


def _share(world: World, run: Run) -> float:
    """Seconds of work of a block that nobody has scripted: all of them together have a run's life."""
    workflow = workflow_of(world, run)
    blocks = every_block(workflow.blocks) if workflow else ()
    return world.timing.life / max(1, sum(block["block_type"] in _WORK for block in blocks))


_WORK: Final = TASK_BLOCKS | {"code", "text_prompt", "task_v2", "print_page"}


def _block(world: World, run: Run) -> Block:
    definition = _definition(run)
    row = current_block(run)
    return Block(
        world=world,
        run=run,
        definition=definition,
        row_id=row.id if row else "",
        names=names(world, run, _walk(run), definition["label"]),
        share=_share(world, run),
    )


_RENDERED: Final = (
    "url",
    "navigation_goal",
    "data_extraction_goal",
    "complete_criterion",
    "terminate_criterion",
)


def _begin(world: World, run: Run) -> Run:
    """Begin the block that comes next: its row, its script or what its kind does."""
    definition = _definition(run)
    kind = definition["block_type"]
    known = names(world, run, _walk(run), definition["label"])
    shown, broken = definition, None
    if kind in TASK_BLOCKS:
        try:
            shown = {
                **definition,
                **{name: render_all(definition.get(name), known) for name in _RENDERED},
            }
        except TemplateError as error:
            broken = error
    run = _open(world, run, shown)
    run = traces.expect_browser(world, run)
    run = _moved(world, run, at_work=True, said=UNSET, scripted=False, child=None)
    block = _block(world, run)
    if broken is not None:
        reason = f"Failed to format jinja template: {broken}"
        return _moved(world, run, outcome=Outcome(state=State.FAILED, reason=reason))
    if kind == "human_interaction":
        run = _keep_browser(world, run)
    script = choose_block_script(world, run, definition["label"], kind)
    begun = kinds.begin(block) if script is None else script
    if kind == "validation" and isinstance(begun, Outcome):
        run = _without_task(world, run)
    return _begun(world, run, begun, scripted=script is not None)


def _keep_browser(world: World, run: Run) -> Run:
    """A run that waits for a person keeps its browser: a session is made (recorded: ``walk.human``)."""
    if run.browser_session_id is not None:
        return run
    session_id = world.new_id(Session.PREFIX)
    told = {**run.request_read_back, "browser_session_id": session_id}
    return world.change(
        run,
        browser_session_id=session_id,
        request_read_back=told,
        modified_at=run.modified_at,
    )


def _open(world: World, run: Run, definition: JsonObject) -> Run:
    return traces.open_row(world, run, definition, **_place(run))


def open_next(world: World, run: Run) -> Run:
    """The row of the block that comes next; the block itself does not begin."""
    return _open(world, run, _definition(run))


def _begun(world: World, run: Run, begun: Begun, *, scripted: bool = False) -> Run:
    if isinstance(begun, Outcome):
        return _moved(world, run, outcome=begun)
    if isinstance(begun, Frame):
        values = begun.loop.values if begun.loop else None
        if values is not None:
            run = _with_row(world, run, begun.block_id, loop_values=values)
        return _moved(world, run, frames=(*_walk(run).frames, begun), at_work=False)
    return _play(world, run, begun, scripted=scripted)


def _play(world: World, run: Run, script: Script, *, scripted: bool) -> Run:
    """A script begins: the log of the one before is of no use any more."""
    world.players.pop(run.id, None)
    run = world.change(
        run, script=script, cursor=0, sent=(), yielded=(), modified_at=run.modified_at
    )
    return _moved(world, run, scripted=scripted)


def _without_task(world: World, run: Run) -> Run:
    """It never came to its task."""
    block = current_block(run)
    run = _with_row(world, run, block.id if block else None, task_id=None)
    return world.change(run, step_count=run.step_count - 1, modified_at=run.modified_at)


def _place(run: Run) -> JsonObject:
    """Where a block stands in the timeline: inside of what, and in which turn."""
    frame = _walk(run).frames[-1]
    parent = frame.parents.get(str(frame.label), frame.block_id)
    turn = turn_of(_walk(run).frames)
    if turn is None or turn.loop is None:
        return {"parent_id": parent}
    value = None if turn.loop.values is None else str(turn.loop.value)
    return {"parent_id": parent, "current_value": value, "current_index": turn.loop.index}


# --- blocks that have ended ---------------------------------------------------------------------


def _block_over(world: World, run: Run, outcome: Outcome) -> Run:
    """A block has ended: its row, its output, and where the run goes from there."""
    definition = _definition(run)
    run = _moved(world, run, outcome=None, at_work=False, said=outcome.output)
    reason = outcome.reason
    if reason is None:
        reason = _UNSAID.get((outcome.state, definition["block_type"] == "workflow_trigger"))
    outcome = replace(outcome, reason=reason)
    if definition["block_type"] in _PARSERS and outcome.state is State.FAILED:
        outcome = _of_parser(outcome)
        run = _moved(world, run, said=outcome.output)
    run, row = _close(world, run, definition, outcome)
    if definition["block_type"] == "for_loop" and row is not None:
        run = _with_row(world, run, row.id, output=None, loop_values=())
    return _follow(world, run, definition, outcome, row)


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


def _close(
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
        run = _with_row(world, run, row.id, error_codes=codes, branch=_branch(row))
    in_loop = _walk(run).frames[-1].loop is not None
    if row is not None and (row.has_output or in_loop):  # there each block counts
        run = keep(world, run, definition, row.output)
    run = world.change(run, errors=(*run.errors, *errors), modified_at=run.modified_at)
    return run, row


def keep(world: World, run: Run, definition: JsonObject, output: Json) -> Run:
    """What a block gave is there for later blocks, for the turn of its loop and in the run's output."""
    walk = _walk(run)
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
    run = _moved(world, run, frames=(*outer, frame))
    return _tell(world, run, definition, output)


def _tell(world: World, run: Run, definition: JsonObject, output: Json) -> Run:
    """The run's output has that of a block; that of a loop grows with each turn."""
    outputs: Mapping[str, Json] = {**_walk(run).outputs, str(definition["label"]): output}
    run = _moved(world, run, outputs=outputs)
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


def _follow(
    world: World, run: Run, definition: JsonObject, outcome: Outcome, row: BlockRun | None
) -> Run:
    """Where the run goes after a block that ended so."""
    *outer, frame = _walk(run).frames
    version = _version(world, run)
    goes_on = bool(definition.get("continue_on_failure")) and not outcome.final
    if outcome.state is State.COMPLETED or goes_on:
        if definition["block_type"] == "conditional" and outcome.state is State.COMPLETED:
            frame = _into_branch(frame, definition, row)
        else:
            frame = replace(frame, label=next_label(frame.blocks, definition, version))
        return _moved(world, run, frames=(*outer, frame))
    if frame.loop is not None:
        skips = definition.get("next_loop_on_failure") or frame.definition.get(
            "next_loop_on_failure"
        )
        if skips and not outcome.final:
            return _moved(world, run, frames=(*outer, replace(frame, label=None)))
        return _loop_over(world, run, frame, replace(outcome, errors=()))
    return _stop(world, run, definition, outcome)


def _stop(world: World, run: Run, definition: JsonObject, outcome: Outcome) -> Run:
    """The run ends with this block, but for the one that always comes."""
    walk = _walk(run)
    sentence = _SENTENCES[outcome.state].format(
        block=definition["block_type"], reason=outcome.reason
    )
    ending = walk.ending or replace(outcome, reason=sentence)
    frame = replace(walk.frames[0], label=None)
    return _moved(world, run, frames=(frame,), ending=ending)


_SENTENCES: Final = {
    State.FAILED: "{block} block failed. failure reason: {reason}",
    State.TERMINATED: "{block} block terminated. Reason: {reason}",
}


def _into_branch(frame: Frame, conditional: JsonObject, row: BlockRun | None) -> Frame:
    output = row.output if row is not None else None
    label = output["next_block_label"] if output is not None else None
    if row is None:
        return replace(frame, label=label)
    inside = dict.fromkeys(inside_branches(frame.blocks, conditional), row.id)
    return replace(frame, label=label, parents={**frame.parents, **inside})


# --- loops --------------------------------------------------------------------------------------


def turn_over(world: World, run: Run) -> Run:
    """The next turn of a loop, or its end."""
    *outer, frame = _walk(run).frames
    loop = frame.loop
    if loop is None:
        return run
    index, version = loop.index + 1, _version(world, run)
    if index > 0:
        run = _tell(world, run, frame.definition, loops.loop_output(frame))
    if loop.values is not None:
        on = index < len(loop.values)
    elif index >= loops.MOST_TURNS:
        reason = f"Reached max_loop_iterations limit of {loops.MOST_TURNS}"
        return _loop_over(world, run, frame, Outcome(state=State.FAILED, reason=reason))
    else:
        try:
            on = loops.holds(frame, names(world, run, _walk(run)), index)
        except TemplateError:
            reason = "Failed to evaluate while-loop condition."
            return _loop_over(world, run, frame, Outcome(state=State.FAILED, reason=reason))
    if not on:
        return _loop_over(world, run, frame, Outcome())
    return _moved(world, run, frames=(*outer, loops.next_turn(frame, version)))


def _loop_over(world: World, run: Run, frame: Frame, outcome: Outcome) -> Run:
    """A loop has ended: its own row, its output, and on in the list that it stands in."""
    run = close_loop(world, run, frame, outcome.state, outcome.reason)
    return _follow(world, run, frame.definition, outcome, None)


def close_loop(world: World, run: Run, frame: Frame, state: State, reason: str | None) -> Run:
    """The row and the output of the innermost loop; the walk is where the loop stands."""
    *outer, _ = _walk(run).frames
    run = _moved(world, run, frames=tuple(outer))
    output = loops.loop_output(frame)
    run = _with_row(
        world,
        run,
        frame.block_id,
        status=str(state),
        failure_reason=reason,
        output=output or None,
        modified_at=world.now,
    )
    return keep(world, run, frame.definition, output)


def _with_row(world: World, run: Run, block_id: str | None, **changes: object) -> Run:
    """The run with a row of its timeline changed."""
    blocks = tuple(
        replace(block, **changes) if block.id == block_id else block  # type: ignore[arg-type]  # by name
        for block in run.blocks
    )
    return world.change(run, blocks=blocks, modified_at=run.modified_at)
