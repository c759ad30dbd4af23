"""What comes next in a walk: the next step of the block at work, or the next block, or the end.

To the run machine a walk is one more source of steps. All that happens to blocks on the way (they
begin, they end, loops turn) happens here, at one instant, until something takes time.
"""

from __future__ import annotations

from dataclasses import replace

from skyvern_testkit.script import (
    DEFAULT_SCRIPT,
    FINAL,
    RunReaches,
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
from skyvern_testkit.world.blocks import current_block, workflow_of
from skyvern_testkit.world.endings import shown_errors
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.own_errors import found_by_server
from skyvern_testkit.world.playing import script_step
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.walking import kinds, requests
from skyvern_testkit.world.walking.beginning import begin, begun_as, block_at, share
from skyvern_testkit.world.walking.ending import block_over, close, follow, turn_over
from skyvern_testkit.world.walking.graph import every_block, find, first_label
from skyvern_testkit.world.walking.standing import definition_at, moved, version_of, walk_of
from skyvern_testkit.world.walking.walk import Frame, Outcome, Walk
from skyvern_testkit.world.world import World

__all__ = ["answered", "end_block", "expect", "let_go", "next_step", "set_out"]


def set_out(world: World, run: Run) -> Run:
    """The run at the beginning of its workflow: with the first step it begins."""
    workflow = workflow_of(world, run)
    blocks = workflow.blocks if workflow else []
    last = workflow.definition.get("finally_block_label") if workflow else None
    walked = tuple(block for block in blocks if block["label"] != last)
    frame = Frame(blocks=walked, label=first_label(walked, version_of(world, run)))
    _advise_on_rules(world, run, blocks)
    return world.change(
        run, walk=Walk(frames=(frame,)), script=DEFAULT_SCRIPT, modified_at=run.modified_at
    )


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
        walk = walk_of(run)
        if walk.outcome is not None:
            run = block_over(world, run, walk.outcome)
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


def _of_block(world: World, run: Run, sent: Json) -> tuple[Run, Step | None]:
    """The next step of the block's script; None: the block has ended instead."""
    child = _awaited(world, run)
    if child is not None and child.is_over:
        return moved(world, run, outcome=_of_child(child)), None
    run, step = script_step(world, run, sent, share(world, run))
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
    outcome = Outcome(state=state, reason=reason, errors=errors, output=walk_of(run).said)
    walk = walk_of(run)
    if walk.scripted and state is State.COMPLETED:
        begun = kinds.redirect(block_at(world, run), outcome)
        if not isinstance(begun, Outcome):
            return begun_as(world, run, begun), None
        outcome = begun
    return moved(world, run, outcome=outcome), None


def _awaited(world: World, run: Run) -> Run | None:
    """The child run that the block at work waits for."""
    child = walk_of(run).child
    return world.run(child) if child is not None else None


def let_go(world: World, run: Run) -> Run:
    """The block at work of a canceled run comes to its own end."""
    child = _awaited(world, run)
    outcome = Outcome() if child is None else _of_child(child)
    run = moved(world, run, outcome=None, at_work=False, said=outcome.output)
    definition = definition_at(run)
    run, row = close(world, run, definition, outcome)
    return follow(world, run, definition, replace(outcome, state=State.COMPLETED), row)


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
    return moved(world, run, outcome=outcome)


def expect(world: World, run: Run, child: Run) -> Run:
    """The block at work waits for the end of a run that it has started."""
    run = moved(world, run, child=child.id)
    return world.change(run, waiting_for=RunReaches(child.id, FINAL), modified_at=run.modified_at)


def answered(world: World, effect: Effect, result: EffectResult) -> Outcome | None:
    """How a block ends whose request has been answered; None: it is over by now."""
    run, asked = world.run(effect.run.id), current_block(effect.run)
    block = current_block(run)
    if run.is_over or block is None or asked is None or block.id != asked.id:
        return None
    return requests.outcome(effect, result)


def _go_further(world: World, run: Run) -> tuple[Run, Step | None]:
    """Begin the next block, or the next turn of a loop; the step is the run's end."""
    walk = walk_of(run)
    frame = walk.frames[-1]
    if frame.label is not None:
        return begin(world, run), None
    if frame.loop is not None:
        return turn_over(world, run), None
    return _at_the_end(world, run)


def _at_the_end(world: World, run: Run) -> tuple[Run, Step | None]:
    """After the last block comes the one that always comes, and then the end."""
    walk, workflow = walk_of(run), workflow_of(world, run)
    label = workflow.definition.get("finally_block_label") if workflow else None
    last = find(workflow.blocks, label) if workflow and label else None
    if last is not None and not walk.at_last:
        frame = Frame(blocks=(last,), label=label)
        return moved(world, run, frames=(frame,), at_last=True), None
    ending = walk.ending or Outcome()
    match ending.state:
        case State.FAILED:
            return run, failed(ending.reason)
        case State.TERMINATED:
            return run, terminated(ending.reason)
        case _:
            return run, completed()
