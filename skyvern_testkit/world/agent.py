"""The agent at its browser: opening it, acting, saying that it is done (recorded lives)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MICROSECOND
from skyvern_testkit.world.blocks import (
    OPENS_BROWSER,
    SCREENSHOTS_SHOWN,
    TASK_BLOCKS,
    current_block,
)
from skyvern_testkit.world.keeping import LOOK, SCRAPE, THINK, keep, keep_all
from skyvern_testkit.world.rows import Action, Artifact, BlockRun, Run, Scene
from skyvern_testkit.world.world import World

__all__ = [
    "act",
    "code_failed",
    "conclude",
    "leave_traffic",
    "open_browser",
    "put_down",
    "step_at_work",
    "with_block",
    "works_in_browser",
]


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
        kept = keep(world, run, "recording", step_id=world.new_id("stp"))
        run = world.change(run, recording=kept.id, step_count=max(run.step_count, 1))
    block = current_block(run)
    if block is not None and block.task_id is None:  # a code block has its own from here on
        run = with_block(world, run, task_id=world.new_id("tsk"))
    return run


def step_at_work(world: World, run: Run) -> str:
    """The step that the agent is at: that of the recording, until it has acted."""
    recording = world.get(Artifact, run.recording) if run.recording else None
    block = current_block(run)
    here = block.task_id if block else run.id
    first = recording is not None and recording.task_id == here and not _actions(run)
    step_id = recording.step_id if recording is not None and first else None
    return step_id or world.new_id("stp")


def _seen(run: Run, words: str, picture: bytes | None = None) -> Scene:
    block = current_block(run)
    url = (block.definition.get("url") if block else None) or run.input.url
    return Scene(words=words, url=url, picture=picture)


_ASK: Final = ("screenshot_llm", *THINK)


def _leave_step(
    world: World, run: Run, kind: str, scene: Scene, step_id: str, *, checked: bool
) -> Artifact:
    """What a step leaves behind, in the recorded order; returns what was seen after the action.

    The 3.0 engine keeps nothing but that.
    """
    if run.run_type == "task_v3":
        return keep(world, run, "screenshot_action", scene=scene, step_id=step_id)
    _describe(world, run, scene)
    block = current_block(run)
    if kind == "extract":
        keep_all(world, run, THINK, scene, step_id, "what the page says")
    keep_all(world, run, SCRAPE, scene, step_id)
    if block is not None and block.block_type == "action":
        keep_all(world, run, THINK, scene, step_id, "which element is meant")
    keep_all(world, run, _ASK, scene, step_id, "what to do on this page")
    if checked and kind != "click":
        keep_all(world, run, _ASK, scene, step_id, "whether the goal is reached")
    shot, _ = keep_all(world, run, LOOK, scene, step_id)
    if checked and kind == "click":
        keep_all(world, run, _ASK, scene, step_id, "whether the goal is reached")
    return shot


def _describe(world: World, run: Run, scene: Scene) -> None:
    """The picture of which a block is described: it was taken just before its browser's recording."""
    block = current_block(run)
    if block is None or block.actions:
        return
    taken = keep(world, run, "screenshot_llm", scene=scene, of_block=True)
    recording = world.get(Artifact, run.recording) if run.recording else None
    if recording is not None and recording.task_id == block.task_id:
        at = recording.created_at - 9 * MICROSECOND
        world.change(taken, created_at=at, modified_at=at + 4 * MICROSECOND)


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
    step_id = step_at_work(world, run)
    scene = _seen(run, words, picture)
    checked = _is_checked(run, current_block(run), kind, errors, downloads)
    shot = _leave_step(world, run, kind, scene, step_id, checked=checked)
    action = Action(
        id=world.new_id("act"),
        step_id=step_id,
        words=words,
        at=world.now,
        kind=kind,
        by_server=_is_by_server(errors),
        step_order=len(_actions(run)),
        screenshot_id=shot.id,
        errors=errors,
        downloads=downloads,
    )
    if _actions(run):  # the first step is counted from the start
        run = world.change(run, step_count=run.step_count + 1)
    return _with_screenshot(world, _with_action(world, run, action), shot)


def _is_by_server(errors: tuple[JsonObject, ...]) -> bool:
    return any(str(error["error_code"]).startswith("OTP_") for error in errors)


def _is_checked(
    run: Run,
    block: BlockRun | None,
    kind: str,
    errors: tuple[JsonObject, ...],
    downloads: tuple[str, ...],
) -> bool:
    """Is the model asked once more: whether that was the goal, or which errors there are?"""
    if kind == "terminate":
        return bool(errors) and not _is_by_server(errors)
    if run.family is Family.TASK_V2 or (block is not None and block.block_type == "validation"):
        return False
    return kind in ("click", "complete") and not downloads


def put_down(world: World, run: Run) -> None:
    """What is left of the step that the agent did not come to the end of."""
    block = current_block(run)
    agents = block is None or (block.block_type in TASK_BLOCKS and block.status == "running")
    if run.recording is None or run.run_type == "task_v3" or not agents:
        return
    scene, step_id = _seen(run, "The page is open."), step_at_work(world, run)
    if block is not None and block.block_type != "goto_url":
        _describe(world, run, scene)
    keep_all(world, run, SCRAPE, scene, step_id)
    keep_all(world, run, _ASK, scene, step_id, "what to do on this page")
    if run.family is Family.TASK and run.status is State.CANCELED:
        keep(world, run, "screenshot_final", scene=scene, step_id=step_id)


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
        saw_page = not (reason or "").startswith("Failed to navigate to ")
        if state is State.FAILED and saw_page and not _actions(run):
            put_down(world, run)
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
    last = keep(world, run, "screenshot_final", scene=_seen(run, words), step_id=step_id)
    run = world.change(run, last_screenshot=last.id)
    return run if run.family is Family.TASK else _with_screenshot(world, run, last)


def _stems(world: World, downloads: tuple[str, ...]) -> tuple[str, ...]:
    """The files as an action names them: without their endings."""
    found = (world.get(Artifact, artifact_id) for artifact_id in downloads)
    return tuple(file.filename.rpartition(".")[0] or file.filename for file in found if file)


def code_failed(world: World, run: Run, reason: str | None) -> Run:
    """A code block has failed: its one row says where."""
    run = open_browser(world, run)
    keep(world, run, "screenshot_llm", scene=_seen(run, reason or ""), of_block=True)
    action = Action(
        id=world.new_id("act"),
        step_id=world.new_id("stp"),
        words=reason or "",
        at=world.now,
        kind="null_action",
        status="failed",
    )
    return _with_action(world, run, action)


def leave_traffic(world: World, run: Run) -> None:
    """The browser is closed, and what went over its wires is kept.

    The 3.0 engine keeps what its model was asked after that, too.
    """
    actions = [action for action in run.actions if action.step_id]
    block = current_block(run)
    if block is not None and block.actions:
        step_id = block.actions[-1].step_id
    else:
        step_id = actions[0].step_id if actions else step_at_work(world, run)
    code = block is not None and block.block_type == "code"
    keep(
        world,
        run,
        "har",
        scene=Scene(words="", about="nothing" if code else ""),
        step_id=step_id,
    )
    if run.run_type == "task_v3" and actions:
        for about in ("what to do", "whether it is done")[
            : 2 if run.status is State.COMPLETED else 1
        ]:
            keep_all(world, run, ("llm_request", "llm_response"), _seen(run, about), step_id, about)
