"""What a run leaves behind as it works: steps, blocks, thoughts, screenshots, downloads, recording."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from skyvern_testkit.script import Family, State, Step, Unset
from skyvern_testkit.world.endings import BROWSERLESS, shown_errors
from skyvern_testkit.world.pictures import png, webm
from skyvern_testkit.world.retries import mark_sent
from skyvern_testkit.world.rows import Action, Artifact, BlockRun, Run, Thought, Workflow
from skyvern_testkit.world.world import World

__all__ = ["begin", "close", "show", "webhook_sent"]

_SCREENSHOTS_SHOWN: Final = 3


def begin(world: World, run: Run) -> Run:
    """The agent sits down to work: first block, first step, a recording that grows."""
    if run.family is Family.WORKFLOW:
        run = _open_block(world, run, None)
        if run.blocks and run.blocks[-1].block_type not in BROWSERLESS:
            run = world.change(run, step_count=1)
    else:
        run = world.change(run, step_count=1)
    if run.step_count:
        recording = _keep(world, run, "recording", "recording.webm", webm(run.id), "video/webm")
        run = world.change(run, recording=recording.id)
    return run


def show(world: World, run: Run, step: Step) -> Run:
    """Let the run show what a step of its script says."""
    if run.family is Family.WORKFLOW and step.block is not None:
        run = _open_block(world, run, step.block)
    if step.activity is not None:
        run = _act(world, run, step)
    if step.thought is not None:
        thought = Thought(id=world.new_id("ot"), words=step.thought, at=world.now)
        run = world.change(run, thoughts=(*run.thoughts, thought))
    if step.downloads:
        kept = tuple(
            _keep(world, run, "download", item.filename, item.content).id for item in step.downloads
        )
        run = world.change(run, downloads=(*run.downloads, *kept))
    if not step.is_final:
        if not isinstance(step.output, Unset):
            run = world.change(run, output=step.output)
        if step.errors:
            run = world.change(
                run, errors=(*run.errors, *shown_errors(world, run, step.errors))
            )
    if step.credits:
        run = world.change(run, credits=run.credits + step.credits)
    return run


def _act(world: World, run: Run, step: Step) -> Run:
    step_id = world.new_id("stp")
    picture = step.screenshot if step.screenshot is not None else png(step.activity or "")
    _keep(world, run, "screenshot_llm", "screenshot_llm.png", picture, "image/png", step_id)
    html = f"<html><body><p>{step.activity}</p></body></html>".encode()
    _keep(world, run, "html_scrape", "html_scrape.html", html, "text/html", step_id)
    shot = _keep(
        world, run, "screenshot_action", "screenshot_action.png", picture, "image/png", step_id
    )
    action = Action(
        id=world.new_id("act"),
        step_id=step_id,
        words=step.activity or "",
        at=world.now,
        screenshot_id=shot.id,
    )
    acted = sum(len(block.actions) for block in run.blocks) if run.blocks else run.actions_seen
    run = world.change(
        run,
        step_count=max(run.step_count, acted + 1),
        actions_seen=run.actions_seen + 1,
        screenshots=(shot.id, *run.screenshots)[:_SCREENSHOTS_SHOWN],
    )
    if run.blocks:
        block = run.blocks[-1]
        busy = replace(block, actions=(*block.actions, action), modified_at=world.now)
        run = world.change(run, blocks=(*run.blocks[:-1], busy))
    return run


def _open_block(world: World, run: Run, label: str | None) -> Run:
    """Begin a block of the workflow (the first, if none is named); the one before is done."""
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    blocks = workflow.blocks if workflow else []
    if not blocks:
        return run
    definition = next((block for block in blocks if block["label"] == label), None)
    if label is not None and definition is None:
        known = ", ".join(str(block["label"]) for block in blocks)
        raise LookupError(
            f"run {run.id}: its workflow {run.workflow_permanent_id} has no block {label!r} "
            f"(blocks: {known})"
        )
    definition = definition or blocks[0]
    mine = [block for block in run.blocks if block.attempt == run.attempt]
    if mine and mine[-1].label == definition["label"]:
        return run
    before = tuple(
        replace(block, status="completed", modified_at=world.now)
        if block.status == "running"
        else block
        for block in run.blocks
    )
    opened = BlockRun(
        id=world.new_id("wrb"),
        label=definition["label"],
        block_type=definition["block_type"],
        status="running",
        attempt=run.attempt,
        created_at=world.now,
        modified_at=world.now,
    )
    return world.change(run, blocks=(*before, opened))


def close(world: World, run: Run, state: State, reason: str | None) -> Run:
    """The work is over: the block at work ends as the run does, the last artifacts are stored."""
    if run.started_at is None:
        return run
    if state is State.COMPLETED:
        run = _open_the_rest(world, run)
    status = "completed" if state is State.COMPLETED else str(state)
    blocks = tuple(
        replace(block, status=status, failure_reason=reason, modified_at=world.now)
        if block.status == "running" and block.attempt == run.attempt
        else block
        for block in run.blocks
    )
    return world.change(run, blocks=blocks)


def _open_the_rest(world: World, run: Run) -> Run:
    """A run that ends well has been through every block of its workflow."""
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    done = {block.label for block in run.blocks if block.attempt == run.attempt}
    for block in workflow.blocks if workflow else []:
        if block["label"] not in done:
            run = _open_block(world, run, block["label"])
    return run


def _keep(
    world: World,
    run: Run,
    kind: str,
    filename: str,
    content: bytes,
    content_type: str = "application/octet-stream",
    step_id: str | None = None,
) -> Artifact:
    block = run.blocks[-1].id if run.blocks else None
    return world.make(
        Artifact,
        run.organization_id,
        type=kind,
        run_id=run.id,
        filename=filename,
        content=content,
        content_type=content_type,
        step_id=step_id,
        workflow_run_block_id=block,
    )


def webhook_sent(world: World, run_id: str, attempt: int) -> None:
    """Note in the run's attempts that their webhook went out."""
    run = world.run(run_id)
    if run.attempts:
        world.change(run, attempts=mark_sent(run, attempt, world.now))
