"""What a run leaves behind as it works: blocks, actions, thoughts, screenshots, files, recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import Family, State, Step, Unset
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.blocks import (
    OPENS_BROWSER,
    TASK_BLOCKS,
    block_output,
    current_block,
    definitions_of,
    outputs_so_far,
)
from skyvern_testkit.world.endings import navigation_error, shown_errors
from skyvern_testkit.world.events import BrowserOpen
from skyvern_testkit.world.keeping import keep
from skyvern_testkit.world.pictures import RECORDING, screenshot
from skyvern_testkit.world.rows import Action, Artifact, BlockRun, Credential, Run, Thought
from skyvern_testkit.world.world import World

__all__ = ["begin", "close", "open_browser", "show", "unwind_block", "works_in_browser"]

_SCREENSHOTS_SHOWN: Final = 3


# --- beginning --------------------------------------------------------------------------------


def begin(world: World, run: Run) -> Run:
    """The agent sits down to work: first block, first step; the browser is there a little later."""
    is_task = run.family is Family.TASK
    run = world.change(run, step_count=1) if is_task else _open_block(world, run, None)
    if works_in_browser(run):
        world.schedule(world.now + world.timing.browser, BrowserOpen(run.id, run.attempt))
    return run


def works_in_browser(run: Run) -> bool:
    """Is the run at something that needs a browser?"""
    block = current_block(run)
    return run.family is Family.TASK or (block is not None and block.block_type in OPENS_BROWSER)


def open_browser(world: World, run: Run) -> Run:
    """The browser is there, if it was not: a recording begins to grow."""
    if run.recording is not None or not works_in_browser(run):
        return run
    kept = keep(world, run, "recording", RECORDING)
    return world.change(run, recording=kept.id, step_count=max(run.step_count, 1))


def _with_block(world: World, run: Run, **changes: Any) -> Run:
    """The run with its block at work changed; in a task there is none."""
    block = current_block(run)
    if block is None:
        return run
    changed = replace(block, **{"modified_at": world.now, **changes})
    return world.change(run, blocks=(*run.blocks[:-1], changed))


# --- blocks -----------------------------------------------------------------------------------


def _open_block(world: World, run: Run, label: str | None) -> Run:
    """Begin a block of the workflow (the first, if none is named); the one before is done."""
    definitions = _definitions(world, run)
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
        run = _close_block(world, run, State.COMPLETED, None, ())
    kind = definition["block_type"]
    opened = BlockRun(
        id=world.new_id("wrb"),
        label=definition["label"],
        block_type=kind,
        status="running",
        attempt=run.attempt,
        created_at=world.now,
        modified_at=world.now,
        definition=definition,
        task_id=world.new_id("tsk") if kind in OPENS_BROWSER else None,
        payload=_payload(world, run, kind),
    )
    begun = 1 if kind in TASK_BLOCKS else 0
    return world.change(run, blocks=(*run.blocks, opened), step_count=run.step_count + begun)


def _definitions(world: World, run: Run) -> list[JsonObject]:
    """The blocks to go through; a 2.0 task makes up its own."""
    if run.family is not Family.TASK_V2:
        return definitions_of(world, run)
    names = ("goto_url", "navigation") if run.input.url else ("navigation",)
    number = int(run.id.rpartition("_")[2])
    return [
        {
            "block_type": name,
            "label": f"{name}_{_five_letters(number, name)}",
            "url": run.input.url,
            "navigation_goal": run.input.prompt if name == "navigation" else None,
        }
        for name in names
    ]


_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _five_letters(number: int, name: str) -> str:
    """The made-up end of a label, the same each time it is asked for."""
    seed = number * 31 + len(name)
    return "".join(_LETTERS[(seed // len(_LETTERS) ** place) % len(_LETTERS)] for place in range(5))


def _payload(world: World, run: Run, kind: str) -> JsonObject:
    """What the agent of a login is shown instead of the secrets."""
    credential = world.get(Credential, run.credential_id, run.organization_id)
    if kind != "login" or credential is None:
        return {}
    names = ["password", "username", *(["totp"] if credential.totp_seed else [])]
    return {
        "credential": {
            "context": "These values are placeholders. When you type this in, the real value gets "
            "inserted (For security reasons)",
            **{
                name: f"placeholder_{''.join(world.random.choices(_LETTERS, k=4))}_{name}"
                for name in names
            },
        }
    }


# --- what a step shows ------------------------------------------------------------------------


def show(world: World, run: Run, step: Step) -> Run:
    """Let the run show what a step of its script says."""
    if run.family is Family.WORKFLOW and step.block is not None:
        run = _open_block(world, run, step.block)
    if step.activity is not None:
        run = _act(world, run, "click", step.activity, picture=step.screenshot)
    if step.thought is not None:
        thought = Thought(id=world.new_id("ot"), words=step.thought, at=world.now)
        run = world.change(run, thoughts=(*run.thoughts, thought))
    if step.downloads:
        run = open_browser(world, run)
        kept = tuple(
            keep(world, run, "download", item.content, filename=item.filename).id
            for item in step.downloads
        )
        run = world.change(run, downloads=(*run.downloads, *kept))
        block = current_block(run)
        if block is not None:
            run = _with_block(world, run, downloads=(*block.downloads, *kept))
    if not isinstance(step.output, Unset):
        run = world.change(run, output=step.output, output_is_scripted=True)
    if step.errors and not step.is_final:
        run = world.change(run, errors=(*run.errors, *shown_errors(world, run, step.errors)))
    if step.credits:
        run = world.change(run, credits=run.credits + step.credits)
    return run


def _act(
    world: World,
    run: Run,
    kind: str,
    words: str,
    *,
    picture: bytes | None = None,
    errors: tuple[JsonObject, ...] = (),
    downloads: tuple[str, ...] = (),
) -> Run:
    """One action of the agent: a row of the timeline, a step, what was seen before and after."""
    run = _reach_work(world, run)
    run = open_browser(world, run)
    block = current_block(run)
    mine = run.actions if block is None else block.actions
    step_id = world.new_id("stp")
    picture = picture if picture is not None else screenshot(words)
    html = f"<html><body><p>{words}</p></body></html>".encode()
    keep(world, run, "html_scrape", html, step_id=step_id)
    keep(world, run, "screenshot_llm", picture, step_id=step_id)
    shot = keep(world, run, "screenshot_action", picture, step_id=step_id)
    keep(world, run, "html_action", html, step_id=step_id)
    action = Action(
        id=world.new_id("act"),
        step_id=step_id,
        words=words,
        at=world.now,
        kind=kind,
        step_order=len(mine),
        screenshot_id=shot.id,
        errors=errors,
        downloads=downloads,
    )
    run = _with_screenshot(world, run, shot)
    if mine:
        run = world.change(run, step_count=run.step_count + 1)
    if block is None:
        return world.change(run, actions=(*run.actions, action))
    return _with_block(
        world, run, actions=(*block.actions, action), screenshots=_of_block(run, shot)
    )


def _of_block(run: Run, shot: Artifact) -> tuple[str, ...]:
    block = current_block(run)
    return (shot.id, *(block.screenshots if block else ()))[:_SCREENSHOTS_SHOWN]


def _with_screenshot(world: World, run: Run, shot: Artifact) -> Run:
    return world.change(run, screenshots=(shot.id, *run.screenshots)[:_SCREENSHOTS_SHOWN])


def _reach_work(world: World, run: Run) -> Run:
    """A 2.0 task that does something has left the ``goto_url`` it begins with."""
    if run.family is Family.TASK_V2:
        return _open_block(world, run, _definitions(world, run)[-1]["label"])
    return run


# --- endings ----------------------------------------------------------------------------------


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
    if state is State.COMPLETED:
        run = _reach_work(world, run)
        run = _open_the_rest(world, run)
    if state is State.TIMED_OUT:
        reason = _CLEANED_UP
    if run.family is Family.TASK:
        return _conclude(world, run, state, reason, errors)
    return _close_block(world, run, state, reason, errors)


_CLEANED_UP: Final = "Workflow run timed out: child entity cascade cleanup."


def _open_the_rest(world: World, run: Run) -> Run:
    """A run that ends well has been through every block of its workflow."""
    done = {block.label for block in run.blocks if block.attempt == run.attempt}
    for definition in _definitions(world, run):
        if definition["label"] not in done:
            run = _open_block(world, run, definition["label"])
    return run


_LAST_ACTION: Final = {State.COMPLETED: "complete", State.TERMINATED: "terminate"}


def _conclude(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
) -> Run:
    """The agent says that it is done, or that it gives up; the last picture is taken."""
    kind = _LAST_ACTION.get(state)
    if kind is None:
        return run
    block = current_block(run)
    downloads: tuple[str, ...] = ()
    if block is not None and kind == "complete":
        if block.block_type == "extraction":
            kind = "extract"
        if block.block_type == "file_download" and block.downloads:
            kind, downloads = "click", block.downloads
    words = reason or "The goal is reached."
    run = _act(world, run, kind, words, errors=errors, downloads=downloads)
    step_id = (run.actions or run.blocks[-1].actions)[-1].step_id
    last = keep(world, run, "screenshot_final", screenshot(words), step_id=step_id)
    run = world.change(run, last_screenshot=last.id)
    if run.family is Family.TASK:
        return run
    run = _with_screenshot(world, run, last)
    return _with_block(world, run, screenshots=_of_block(run, last))


def _close_block(
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
    if block.block_type in TASK_BLOCKS - {"goto_url"}:
        run = _conclude(world, run, state, reason, errors)
    lost = navigation_error(reason) if state is State.FAILED else None
    codes = () if lost is None else (str(lost["error_code"]),)
    run = _with_block(world, run, status=str(state), failure_reason=reason, error_codes=codes)
    return _keep_output(world, run, state, reason, errors)


def _keep_output(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
) -> Run:
    block = current_block(run)
    if block is None or state in (State.CANCELED, State.TIMED_OUT):
        return run
    there, value = block_output(world, block, state, reason, errors)
    run = _with_block(world, run, output=value, has_output=there, modified_at=block.modified_at)
    if run.family is Family.WORKFLOW and not run.output_is_scripted:
        run = world.change(run, output=outputs_so_far(run))
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
        return _with_block(world, run, status="canceled", failure_reason=reason)
    return _close_block(world, run, State.COMPLETED, None, ())
