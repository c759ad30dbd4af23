"""How runs end: by their script, by a cancel, by a limit, by a lost browser; and what follows."""

from __future__ import annotations

from typing import Any

from skyvern_testkit.script import Family, RunReaches, State, Step
from skyvern_testkit.wire.times import MICROSECOND
from skyvern_testkit.world import traces
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.agent import leave_traffic, put_down, works_in_browser
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.deliveries import webhook_at_end
from skyvern_testkit.world.endings import (
    block_reason,
    default_output,
    failure_reason,
    navigation_error,
    session_lost,
    shown_errors,
)
from skyvern_testkit.world.events import (
    ArchiveReady,
    AttemptDue,
    ElapsedLimit,
    ErrorsDue,
    RecordingReady,
    SessionLost,
    StepOver,
    Unwound,
)
from skyvern_testkit.world.occupancy import free_session
from skyvern_testkit.world.own_errors import Found, found_by_server
from skyvern_testkit.world.playing import coming_step
from skyvern_testkit.world.retries import close_attempt, decide, policy_of
from skyvern_testkit.world.rows import Artifact, Run
from skyvern_testkit.world.script_cache import leave_script
from skyvern_testkit.world.tagging import tag_end
from skyvern_testkit.world.waking import wake
from skyvern_testkit.world.walking.steps import end_block
from skyvern_testkit.world.walking.unwinding import children_of, lets_go_at
from skyvern_testkit.world.walking.unwinding import unwind as unwind_walk
from skyvern_testkit.world.walking.walk import Outcome
from skyvern_testkit.world.world import Change, World

__all__ = [
    "archive_ready",
    "cancel",
    "elapsed_limit",
    "end",
    "end_work",
    "errors_due",
    "finish",
    "later",
    "recording_ready",
    "session_gone",
    "tell_early",
    "unwind",
]


def later(world: World, run: Run) -> int:
    """Now, or a moment after the run's last instant: no server does two things at once.

    The instants of a run differ, as the real server's do, although the world's time stands still.
    """
    last = max(run.created_at, run.modified_at, run.queued_at or 0, run.started_at or 0)
    return max(world.now, last + 7 * MICROSECOND)


def finish(world: World, run: Run, step: Step, why: str) -> Run:
    """End a run as its script says."""
    if run.origin == "download_files" and step.state is State.COMPLETED and not run.downloads:
        advise(world, "download_empty", run.id)
    if step.state is State.COMPLETED and run.family is not Family.WORKFLOW:
        run = world.change(run, output=default_output(world, run))
    found = found_by_server(run, step)
    reason, errors = step.reason, shown_errors(world, run, step.errors)
    if found is not None:
        run = _count_steps(world, run, found)
        reason, errors = found.reason, (*found.errors, *errors)
    return end(world, run, step.state, reason, errors=() if run.told_early else errors, why=why)


def _count_steps(world: World, run: Run, found: Found) -> Run:
    return world.change(run, step_count=max(run.step_count, found.step_count or 0))


def tell_early(world: World, run: Run, last: Step) -> Run:
    """Let the errors of the run's last step show while it still runs.

    They do so one look before the status moves (facts: runs 3.1; recorded life ``wf_retry_codes``).
    """
    found = found_by_server(run, last)
    mapping = run.error_code_mapping or {}
    errors = shown_errors(world, run, tuple(it for it in last.errors if it.code in mapping))
    if found is not None:
        run = _count_steps(world, run, found)
        errors = (*found.errors, *errors)
    if run.told_early or run.status is not State.RUNNING or not errors:
        return run
    return world.change(run, errors=(*run.errors, *errors), told_early=True)


def errors_due(world: World, event: ErrorsDue) -> None:
    """The model has found what is wrong, and the run is about to end."""
    run = world.run(event.run_id)
    last = coming_step(world, run)
    if run.turn == event.turn and not run.is_over and last is not None and last.is_final:
        tell_early(world, run, last)


def end(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    *,
    errors: tuple[dict[str, Any], ...] = (),
    why: str,
    in_block: bool = True,
) -> Run:
    """Bring a run to its end, and set off what follows from it.

    Args:
        world: the run's world.
        run: not over yet.
        state: a final one.
        reason: why, in the words of the task or block; None for the usual words.
        errors: entries of its ``errors``.
        why: what ended it, for the report.
        in_block: it ended at its work; otherwise it never came to it, and the reason is the run's.
    """
    text = reason
    if in_block:
        text = failure_reason(world, run, state, reason)
        if run.family is Family.WORKFLOW and state is State.FAILED:
            lost = navigation_error(reason)
            errors = (*errors, lost) if lost else errors
        own = tuple(error for error in (*run.errors, *errors) if "error_type" in error)
        run = traces.close(world, run, state, block_reason(state, reason), own)
    world.changes.append(Change(world.now, run.id, run.status, state, why))
    _store_downloads(world, run)
    at = later(world, run)
    run = world.change(
        run,
        status=state,
        failure_reason=text,
        errors=(*run.errors, *errors),
        finished_at=at,
        modified_at=at + MICROSECOND,
        turn=run.turn + 1,
        waiting_for=None,
    )
    world.players.pop(run.id, None)
    decision = decide(world, run)
    run = close_attempt(world, run, decision)
    if run.next_attempt_at is not None:
        world.schedule(run.next_attempt_at, AttemptDue(run.id, run.attempt + 1))
    else:
        tag_end(world, run)
    if state is not State.CANCELED:
        _recording_later(world, run)
        free_session(world, run)
        if decision.tells:
            webhook_at_end(world, run)
    if state is State.COMPLETED:
        leave_script(world, run, workflow_of(world, run))
    if state is State.COMPLETED and _persists(world, run):
        # only what ended well leaves a state to make a profile of (recorded life wf_persist_fail)
        world.schedule(world.now + world.timing.archive, ArchiveReady(run.id))
    wake(
        world,
        lambda _, trigger: (
            isinstance(trigger, RunReaches) and trigger.run_id == run.id and state in trigger.states
        ),
        f"run {run.id} is {state}",
    )
    return world.run(run.id)


def end_work(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    *,
    errors: tuple[dict[str, Any], ...] = (),
    why: str,
) -> None:
    """What a run is at comes to an end from outside: the block of one that walks, else the run.

    Arguments are those of :func:`end`.
    """
    if run.walk is None or not run.walk.at_work:
        end(world, run, state, reason, errors=errors, why=why)
        return
    run = end_block(world, run, Outcome(state=state, reason=reason, errors=errors))
    world.schedule(world.now, StepOver(run.id, run.turn, why))


def _store_downloads(world: World, run: Run) -> None:
    """What was downloaded into the browser's folder is stored, and is an artifact from here on."""
    for artifact_id in run.downloads:
        artifact = world.get(Artifact, artifact_id)
        if artifact is not None:
            stored = later(world, run)
            world.change(artifact, created_at=stored, modified_at=stored + 4 * MICROSECOND)


def _persists(world: World, run: Run) -> bool:
    workflow = workflow_of(world, run)
    return workflow is not None and workflow.persists_browser_session


def cancel(world: World, run: Run) -> Run:
    """Cancel a run that is not over: its record changes at once, its work ends a little later.

    The runs that its blocks have started are canceled first (facts: runs 3.3).
    """
    for child in children_of(world, run):
        cancel(world, child)
    lets_go = lets_go_at(world, run) or world.now + world.timing.unwind
    run = end(world, run, State.CANCELED, None, why="cancel")
    if run.started_at is None:
        free_session(world, run)
    else:
        world.schedule(lets_go, Unwound(run.id, run.attempt))
    return run


def unwind(world: World, event: Unwound) -> None:
    """What a canceled run was at ends by itself, and then the webhook goes out once more.

    Under a retry policy it does not (recorded life ``wf_retry_cancel_running``).
    """
    run = world.run(event.run_id)
    put_down(world, run)
    run = (traces.unwind_block if run.walk is None else unwind_walk)(world, run)
    free_session(world, run)
    _recording_later(world, run)
    if policy_of(world, run) is None:
        webhook_at_end(world, run)


def _recording_later(world: World, run: Run) -> None:
    due = world.now + world.timing.recording
    world.schedule(due, RecordingReady(run.id, run.attempt))


def elapsed_limit(world: World, event: ElapsedLimit) -> None:
    """The run has worked as long as it may (facts: runs 3.3)."""
    run = world.run(event.run_id)
    if not run.is_over and run.attempt == event.attempt:
        end(world, run, State.TIMED_OUT, None, why="elapsed limit")


def session_gone(world: World, event: SessionLost) -> None:
    """Runs whose browser session is over find their browser gone.

    One that is at something without a browser does not notice: its next block opens another
    (recorded life ``se_lost_wait``).
    """
    for run in list(world.rows(Run, event.organization_id)):
        if (
            run.browser_session_id == event.session_id
            and not run.is_over
            and run.started_at is not None
            and works_in_browser(run)
        ):
            why = f"session {event.session_id} is over"
            end_work(world, run, State.FAILED, session_lost(run.family), why=why)


def recording_ready(world: World, event: RecordingReady) -> None:
    """The recording is uploaded (in a browser session it stays what it is), the traffic too."""
    run = world.run(event.run_id)
    if run.attempt != event.attempt or run.recording is None:
        return
    if run.browser_session_id is not None:
        return  # its browser is still open
    if run.family is Family.TASK or run.status is not State.CANCELED:
        leave_traffic(world, run)
    world.change(run, recording_is_final=True)


def archive_ready(world: World, event: ArchiveReady) -> None:
    """The browser's state is stored."""
    world.change(world.run(event.run_id), archive_ready_at=world.now)
