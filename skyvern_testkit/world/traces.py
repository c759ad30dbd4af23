"""What a run leaves behind as it works: blocks, thoughts, downloads, outputs (facts: runs 4 and 6)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import UNSET, Family, State, Step, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import MICROSECOND
from skyvern_testkit.world.agent import (
    act,
    code_failed,
    conclude,
    open_browser,
    with_block,
    works_in_browser,
)
from skyvern_testkit.world.blocks import (
    OPENS_BROWSER,
    TASK_BLOCKS,
    block_output,
    current_block,
    definitions_of,
    had_no_browser,
    outputs_so_far,
)
from skyvern_testkit.world.endings import navigation_error, shown_errors
from skyvern_testkit.world.events import BrowserOpen
from skyvern_testkit.world.keeping import keep
from skyvern_testkit.world.rows import BlockRun, Credential, Run, Thought
from skyvern_testkit.world.world import World

__all__ = [
    "begin",
    "browser_open",
    "close",
    "close_block",
    "expect_browser",
    "open_row",
    "show",
    "unwind_block",
]


# --- beginning --------------------------------------------------------------------------------


def begin(world: World, run: Run) -> Run:
    """The agent sits down to work: first block, first step; the browser is there a little later."""
    match run.family:
        case Family.TASK:
            run = world.change(run, step_count=1)
        case Family.WORKFLOW if run.walk is not None:
            return run  # it opens its blocks itself, one after the other
        case Family.WORKFLOW:
            run = _open_block(world, run, None)
        case Family.TASK_V2:
            pass  # it makes up its first block when the browser is there
    return expect_browser(world, run)


def expect_browser(world: World, run: Run) -> Run:
    """Where the run is at something that needs a browser, one is there a little later."""
    if works_in_browser(run) and run.recording is None:
        world.schedule(world.now + world.timing.browser, BrowserOpen(run.id, run.attempt))
    return run


def browser_open(world: World, event: BrowserOpen) -> None:
    """The browser of a run is there."""
    run = world.run(event.run_id)
    if run.attempt == event.attempt and not run.is_over:
        _plan(world, open_browser(world, _first_page(world, run)))


# --- blocks -----------------------------------------------------------------------------------


def _moment(world: World, run: Run) -> int:
    """Now, or just after the newest row of the timeline: rows keep their order."""
    rows = (*(block.created_at for block in run.blocks), *(thought.at for thought in run.thoughts))
    return max(world.now, max(rows, default=0) + MICROSECOND)


def _open_block(world: World, run: Run, label: str | None) -> Run:
    """Begin a block of the workflow (the first, if none is named); the one before is done."""
    definitions = definitions_of(world, run)
    if not definitions:
        return run
    definition = next((item for item in definitions if item["label"] == label), None)
    if label is not None and definition is None:
        known = ", ".join(str(item["label"]) for item in definitions)
        raise LookupError(
            f"run {run.id}: its workflow {run.workflow_permanent_id} has no block {label!r} "
            f"(blocks: {known})"
        )
    definition = definition or definitions[0]
    now = current_block(run)
    if now is not None and now.label == definition["label"]:
        return run
    if now is not None and now.status == "running":
        run = close_block(world, run, State.COMPLETED, None, ())
    return open_row(world, run, definition)


def open_row(world: World, run: Run, definition: JsonObject, **more: Any) -> Run:
    """A block of that definition begins: it has a row in the timeline, its task begins."""
    kind = definition["block_type"]
    at = _moment(world, run)
    opened = BlockRun(
        id=world.new_id("wrb"),
        label=definition["label"],
        block_type=kind,
        status="running",
        attempt=run.attempt,
        created_at=at,
        modified_at=at,
        definition=definition,
        task_id=world.new_id("tsk") if kind in TASK_BLOCKS else None,
        payload=_payload(world, run, kind),
        **more,
    )
    begun = 1 if kind in TASK_BLOCKS else 0
    return world.change(run, blocks=(*run.blocks, opened), step_count=run.step_count + begun)


_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _payload(world: World, run: Run, kind: str) -> JsonObject:
    """What the agent of a login is shown instead of the secrets."""
    credential = world.get(Credential, run.credential_id, run.organization_id)
    if kind != "login" or credential is None:
        return {}
    names = ("password", "username", *(("totp",) if credential.totp_seed else ()))
    drawn = {name: "".join(world.random.choices(_LETTERS, k=4)) for name in names}
    return {
        "credential": {
            "context": "These values are placeholders. When you type this in, the real value gets "
            "inserted (For security reasons)",
            **{name: f"placeholder_{letters}_{name}" for name, letters in drawn.items()},
        }
    }


def close_block(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
) -> Run:
    """End the block at work; what it gave goes into the run's output."""
    block = current_block(run)
    if block is None or block.status != "running":
        return run
    if block.block_type in OPENS_BROWSER and state is State.COMPLETED:
        run = open_browser(world, run)
    if block.block_type in TASK_BLOCKS - {"goto_url"} and block.task_id is not None:
        run = conclude(world, run, state, reason, errors)
    if block.block_type == "code" and state is State.FAILED and not had_no_browser(reason):
        run = code_failed(world, run, reason)
    lost = navigation_error(reason) if state is State.FAILED else None
    codes = () if lost is None else (str(lost["error_code"]),)
    run = with_block(world, run, status=str(state), failure_reason=reason, error_codes=codes)
    return _keep_output(world, run, state, reason, errors)


def _keep_output(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
) -> Run:
    """What the block that has just ended gave; a script may say it under the block's label."""
    block = current_block(run)
    if block is None or state in (State.CANCELED, State.TIMED_OUT):
        return run
    if run.walk is not None:
        there, value = block_output(world, run, block, state, reason, errors, run.walk.said)
        return with_block(world, run, output=value, has_output=there, modified_at=block.modified_at)
    there, value = block_output(world, run, block, state, reason, errors)
    said = _said(run, f"{block.label}_output")
    if not isinstance(said, Unset):
        there, value = True, said
    run = with_block(world, run, output=value, has_output=there, modified_at=block.modified_at)
    if run.family is Family.WORKFLOW and not run.output_is_scripted:
        run = world.change(run, output=outputs_so_far(run))
    return run


def _said(run: Run, name: str) -> Json | Unset:
    """What the script says of that part of the run's output."""
    match run.output:
        case {**parts} if run.output_is_scripted:
            return parts.get(name, UNSET)
        case _:
            return UNSET


# --- the thoughts of a 2.0 task ---------------------------------------------------------------


def _think(world: World, run: Run, scenario: str, words: str, **values: str | JsonObject) -> Run:
    thought = Thought(
        id=world.new_id("ot"),
        words=words,
        at=_moment(world, run),
        scenario=scenario,
        **values,  # type: ignore[arg-type]
    )
    return world.change(run, thoughts=(*run.thoughts, thought))


def _check_goal(world: World, run: Run, *, achieved: bool = False, stop: str | None = None) -> Run:
    output: JsonObject = {
        "user_goal_achieved": achieved,
        "should_terminate": stop is not None,
        "termination_reason": stop,
    }
    words = "The goal is reached." if achieved else stop or "The goal is not reached yet."
    return _think(world, run, "user_goal_check", words, output=output)


def _first_page(world: World, run: Run) -> Run:
    """A 2.0 task that was given a URL goes there first."""
    starts = run.family is Family.TASK_V2 and current_block(run) is None
    return _open_block(world, run, None) if starts and run.input.url else run


def _plan(world: World, run: Run) -> Run:
    """A 2.0 task that has seen its first page makes a plan and goes to work."""
    run = _first_page(world, run)
    block = current_block(run)
    if run.family is not Family.TASK_V2 or (block and block.block_type != "goto_url"):
        return run
    if block is not None:
        run = close_block(world, run, State.COMPLETED, None, ())
        run = _check_goal(world, run)
    goal = run.input.prompt or ""
    output: JsonObject = {
        "task_type": "navigate",
        "user_goal_achieved": False,
        "should_terminate": False,
        "termination_reason": None,
    }
    run = _think(world, run, "generate_plan", "Go on from here.", answer=goal, output=output)
    return _open_block(world, run, definitions_of(world, run)[-1]["label"])


def _sum_up(world: World, run: Run, state: State, reason: str | None) -> Run:
    """How a 2.0 task comes to its end: its block is done, then it looks back."""
    if state is State.TERMINATED:
        run = _first_page(world, run)
        run = close_block(world, run, State.COMPLETED, None, ())
        return _check_goal(world, run, stop=reason)
    run = _plan(world, run)
    run = close_block(world, run, State.COMPLETED, None, ())
    run = _check_goal(world, run, achieved=True)
    words = "The task is done."
    output: JsonObject = {"description": words, "output": run.output}
    return _think(world, run, "summarization", words, output=output)


# --- what a step shows ------------------------------------------------------------------------


def show(world: World, run: Run, step: Step) -> Run:
    """Let the run show what a step of its script says."""
    if run.family is Family.WORKFLOW and step.block is not None:
        run = _open_block(world, run, step.block)
    if step.activity is not None:
        run = _plan(world, run)
        run = act(world, run, "click", step.activity, picture=step.screenshot)
    if step.thought is not None:
        run = _think(world, run, "user_goal_check", step.thought)
    if step.downloads:
        run = _download(world, run, step)
    if not isinstance(step.output, Unset):
        run = _say(world, run, step.output)
    if step.errors and not step.is_final:
        run = world.change(run, errors=(*run.errors, *shown_errors(world, run, step.errors)))
    if step.credits:
        run = world.change(run, credits=run.credits + step.credits)
    return run


def _say(world: World, run: Run, output: Json) -> Run:
    """What a script says of the output: the block's, if the run walks, else the run's."""
    if run.walk is not None:
        return world.change(run, walk=replace(run.walk, said=output))
    return world.change(run, output=output, output_is_scripted=True)


def _download(world: World, run: Run, step: Step) -> Run:
    run = open_browser(world, run)
    kept = tuple(
        keep(world, run, "download", item.content, filename=item.filename).id
        for item in step.downloads
    )
    run = world.change(run, downloads=(*run.downloads, *kept))
    block = current_block(run)
    return with_block(world, run, downloads=(*block.downloads, *kept)) if block else run


# --- endings ----------------------------------------------------------------------------------

_CLEANED_UP: Final = "Workflow run timed_out: child entity cascade cleanup."


def close(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
) -> Run:
    """The work is over: the block at work ends as the run does, the last artifacts are stored.

    What a canceled run was at goes on for a little while (:func:`unwind_block`).
    """
    if run.started_at is None or state is State.CANCELED:
        return run
    if run.walk is not None:
        return _clean_up(world, run, state)
    if run.family is Family.TASK:
        return conclude(world, run, state, reason, errors)
    if run.family is Family.TASK_V2 and state in (State.COMPLETED, State.TERMINATED):
        return _sum_up(world, run, state, reason)
    if state is State.COMPLETED:
        run = _open_the_rest(world, run)
    if state is State.TIMED_OUT:
        reason = _CLEANED_UP
    return close_block(world, run, state, reason, errors)


def _clean_up(world: World, run: Run, state: State) -> Run:
    """A limit has ended a run that walks: whatever is at work ends with it."""
    blocks = tuple(
        replace(block, status=str(state), failure_reason=_CLEANED_UP, modified_at=world.now)
        if block.status == "running"
        else block
        for block in run.blocks
    )
    return world.change(run, blocks=blocks)


def _open_the_rest(world: World, run: Run) -> Run:
    """A run that ends well has been through every block of its workflow."""
    done = {block.label for block in run.blocks if block.attempt == run.attempt}
    for definition in definitions_of(world, run):
        if definition["label"] not in done:
            run = _open_block(world, run, definition["label"])
    return run


def unwind_block(world: World, run: Run) -> Run:
    """What a canceled run was at comes to its end: a task is canceled, a wait simply ends.

    The read-back of a canceled task loses its files for good (facts: runs 4, recorded lives).
    """
    if run.family is Family.TASK:
        return world.change(run, files_lost=True)
    block = current_block(run)
    if block is None or block.status != "running":
        return run
    if block.block_type in OPENS_BROWSER:
        reason = f"Task {block.task_id} was canceled"
        return with_block(world, run, status="canceled", failure_reason=reason)
    return close_block(world, run, State.COMPLETED, None, ())
