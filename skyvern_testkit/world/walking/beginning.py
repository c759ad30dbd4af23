"""A block begins: its row, and its script or what its kind does."""

from __future__ import annotations

from typing import Any, Final

from skyvern_testkit.script import UNSET, Script, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world import traces
from skyvern_testkit.world.blocks import TASK_BLOCKS, current_block, workflow_of
from skyvern_testkit.world.playing import choose_block_script
from skyvern_testkit.world.rows import Run, Session
from skyvern_testkit.world.walking import kinds
from skyvern_testkit.world.walking.begun import Begun, Block
from skyvern_testkit.world.walking.context import names, not_rendered, turn_of
from skyvern_testkit.world.walking.graph import every_block
from skyvern_testkit.world.walking.standing import definition_at, moved, walk_of, with_row
from skyvern_testkit.world.walking.templates import TemplateError, failed_template, render_all
from skyvern_testkit.world.walking.walk import Frame, Outcome
from skyvern_testkit.world.world import World

__all__ = ["begin", "begun_as", "block_at", "open_next", "share"]


def begin(world: World, run: Run) -> Run:
    """Begin the block that comes next: its row, its script or what its kind does."""
    definition = definition_at(run)
    kind = definition["block_type"]
    known = names(world, run, walk_of(run), definition["label"])
    shown, broken = definition, None
    if kind in TASK_BLOCKS:
        try:
            shown = {
                **definition,
                **{name: render_all(definition.get(name), known) for name in _RENDERED},
            }
        except TemplateError as error:
            broken = failed_template(error)
            shown = {**definition, **dict.fromkeys(_RENDERED)}
    if kind == "task_v2":
        shown = _shown_if_rendered(definition, known)
    run = _open(world, run, shown)
    run = traces.expect_browser(world, run)
    run = moved(world, run, at_work=True, said=UNSET, scripted=False, child=None)
    block = block_at(world, run)
    if broken is not None:
        run = _without_task(world, run)
        output = not_rendered(broken, known)
        outcome = Outcome(state=State.FAILED, reason=str(broken), output=output)
        return moved(world, run, outcome=outcome)
    if kind == "human_interaction":
        run = _keep_browser(world, run)
    script = choose_block_script(world, run, definition["label"], kind)
    begun = kinds.begin(block) if script is None else script
    if kind == "validation" and isinstance(begun, Outcome):
        run = _without_task(world, run)
    return begun_as(world, run, begun, scripted=script is not None)


def _shown_if_rendered(definition: JsonObject, known: dict[str, Any]) -> JsonObject:
    """A 2.0 task whose words cannot be rendered shows none of them."""
    words = {name: definition.get(name) for name in ("prompt", "url")}
    try:
        render_all(words, known)
    except TemplateError:
        return {**definition, **dict.fromkeys(words)}
    return definition


_RENDERED: Final = (
    "url",
    "navigation_goal",
    "data_extraction_goal",
    "complete_criterion",
    "terminate_criterion",
)


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


def begun_as(world: World, run: Run, begun: Begun, *, scripted: bool = False) -> Run:
    """A block has begun so: it has ended at once, or is a loop, or plays a script."""
    if isinstance(begun, Outcome):
        return moved(world, run, outcome=begun)
    if isinstance(begun, Frame):
        values = begun.loop.values if begun.loop else None
        if values is not None:
            run = with_row(world, run, begun.block_id, loop_values=values)
        return moved(world, run, frames=(*walk_of(run).frames, begun), at_work=False)
    return _play(world, run, begun, scripted=scripted)


def _play(world: World, run: Run, script: Script, *, scripted: bool) -> Run:
    """A script begins: the log of the one before is of no use any more."""
    world.players.pop(run.id, None)
    run = world.change(
        run, script=script, cursor=0, sent=(), yielded=(), modified_at=run.modified_at
    )
    return moved(world, run, scripted=scripted)


def _without_task(world: World, run: Run) -> Run:
    """It never came to its task."""
    block = current_block(run)
    run = with_row(world, run, block.id if block else None, task_id=None)
    return world.change(run, step_count=run.step_count - 1, modified_at=run.modified_at)


def _open(world: World, run: Run, definition: JsonObject) -> Run:
    return traces.open_row(world, run, definition, **_place(run))


def open_next(world: World, run: Run) -> Run:
    """The row of the block that comes next; the block itself does not begin."""
    return _open(world, run, definition_at(run))


def _place(run: Run) -> JsonObject:
    """Where a block stands in the timeline: inside of what, and in which turn."""
    frame = walk_of(run).frames[-1]
    parent = frame.parents.get(str(frame.label), frame.block_id)
    turn = turn_of(walk_of(run).frames)
    if turn is None or turn.loop is None:
        return {"parent_id": parent}
    value = None if turn.loop.values is None else str(turn.loop.value)
    return {"parent_id": parent, "current_value": value, "current_index": turn.loop.index}


def share(world: World, run: Run) -> float:
    """Seconds of work of a block that nobody has scripted: all of them together have a run's life."""
    workflow = workflow_of(world, run)
    blocks = every_block(workflow.blocks) if workflow else ()
    return world.timing.life / max(1, sum(block["block_type"] in _WORK for block in blocks))


_WORK: Final = TASK_BLOCKS | {"code", "text_prompt", "task_v2", "print_page"}


def block_at(world: World, run: Run) -> Block:
    """The same block with all that its kind may ask for."""
    definition = definition_at(run)
    row = current_block(run)
    return Block(
        world=world,
        run=run,
        definition=definition,
        row_id=row.id if row else "",
        names=names(world, run, walk_of(run), definition["label"]),
        share=share(world, run),
    )
