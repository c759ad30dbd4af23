"""The agent at its browser: opening it, acting, saying that it is done (recorded lives)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.blocks import OPENS_BROWSER, SCREENSHOTS_SHOWN, current_block
from skyvern_testkit.world.keeping import keep
from skyvern_testkit.world.pictures import RECORDING, screenshot
from skyvern_testkit.world.rows import Action, Artifact, Run
from skyvern_testkit.world.world import World

__all__ = ["act", "code_failed", "conclude", "open_browser", "with_block", "works_in_browser"]


def with_block(world: World, run: Run, **changes: Any) -> Run:
    """The run with its block at work changed; in a task there is none."""
    block = current_block(run)
    if block is None:
        return run
    changed = replace(block, **{"modified_at": world.now, **changes})
    return world.change(run, blocks=(*run.blocks[:-1], changed))


def works_in_browser(run: Run) -> bool:
    """Is the run at something that needs a browser?"""
    block = current_block(run)
    is_workflow = run.family is Family.WORKFLOW
    return not is_workflow or (block is not None and block.block_type in OPENS_BROWSER)


def open_browser(world: World, run: Run) -> Run:
    """The browser is there, if it was not: a recording begins to grow."""
    if not works_in_browser(run):
        return run
    if run.recording is None:
        kept = keep(world, run, "recording", RECORDING)
        run = world.change(run, recording=kept.id, step_count=max(run.step_count, 1))
    block = current_block(run)
    if block is not None and block.task_id is None:  # a code block has its own from here on
        run = with_block(world, run, task_id=world.new_id("tsk"))
    return run


def act(
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
    run = open_browser(world, run)
    step_id = world.new_id("stp")
    picture = picture if picture is not None else screenshot(words)
    html = f"<html><body><p>{words}</p></body></html>".encode()
    looks = run.run_type != "task_v3"  # the 3.0 engine keeps none of these
    if looks:
        keep(world, run, "html_scrape", html, step_id=step_id)
        keep(world, run, "screenshot_llm", picture, step_id=step_id)
    shot = keep(world, run, "screenshot_action", picture, step_id=step_id)
    if looks:
        keep(world, run, "html_action", html, step_id=step_id)
    action = Action(
        id=world.new_id("act"),
        step_id=step_id,
        words=words,
        at=world.now,
        kind=kind,
        by_server=any(str(error["error_code"]).startswith("OTP_") for error in errors),
        step_order=len(_actions(run)),
        screenshot_id=shot.id,
        errors=errors,
        downloads=downloads,
    )
    if _actions(run):  # the first step is counted from the start
        run = world.change(run, step_count=run.step_count + 1)
    return _with_screenshot(world, _with_action(world, run, action), shot)


def _actions(run: Run) -> tuple[Action, ...]:
    block = current_block(run)
    return run.actions if block is None else block.actions


def _with_action(world: World, run: Run, action: Action) -> Run:
    actions = (*_actions(run), action)
    if run.family is Family.TASK:
        return world.change(run, actions=actions)
    return with_block(world, run, actions=actions)


def _with_screenshot(world: World, run: Run, shot: Artifact) -> Run:
    run = world.change(run, screenshots=(shot.id, *run.screenshots)[:SCREENSHOTS_SHOWN])
    block = current_block(run)
    if block is None:
        return run
    return with_block(world, run, screenshots=(shot.id, *block.screenshots)[:SCREENSHOTS_SHOWN])


_LAST_ACTION: Final = {State.COMPLETED: "complete", State.TERMINATED: "terminate"}


def conclude(
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
            kind, downloads = "click", _stems(world, block.downloads)
    words = reason or "The goal is reached."
    run = act(world, run, kind, words, errors=errors, downloads=downloads)
    step_id = _actions(run)[-1].step_id
    last = keep(world, run, "screenshot_final", screenshot(words), step_id=step_id)
    run = world.change(run, last_screenshot=last.id)
    return run if run.family is Family.TASK else _with_screenshot(world, run, last)


def _stems(world: World, downloads: tuple[str, ...]) -> tuple[str, ...]:
    """The files as an action names them: without their endings."""
    found = (world.get(Artifact, artifact_id) for artifact_id in downloads)
    return tuple(file.filename.rpartition(".")[0] or file.filename for file in found if file)


def code_failed(world: World, run: Run, reason: str | None) -> Run:
    """A code block has failed: its one row says where."""
    run = open_browser(world, run)
    action = Action(
        id=world.new_id("act"),
        step_id=world.new_id("stp"),
        words=reason or "",
        at=world.now,
        kind="null_action",
        status="failed",
    )
    return _with_action(world, run, action)
