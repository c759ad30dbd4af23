"""The run machine: it plays scripts as time goes by, by the server's own tables.

Everything a run does happens here, as the handling of an event: :func:`play` is what the world
calls for each. Nothing here is done because somebody looks, but for the one trigger that asks for
it (``polls``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import (
    FINAL,
    After,
    CodeFound,
    Family,
    Never,
    Polls,
    RunReaches,
    SessionClosed,
    Signal,
    State,
    Step,
    Trigger,
    Unset,
    WebhookAnswered,
    bridge,
    check_move,
    completed,
)
from skyvern_testkit.wire.times import MINUTE, SECOND
from skyvern_testkit.world import traces
from skyvern_testkit.world.codes import Sources, seed_code, sources_of, stored_code
from skyvern_testkit.world.endings import (
    default_output,
    failure_reason,
    otp_timeout,
    session_lost,
    shown_errors,
)
from skyvern_testkit.world.events import (
    ArchiveReady,
    AttemptDue,
    CodeDeadline,
    Effect,
    EffectDue,
    EffectResult,
    ElapsedLimit,
    Event,
    LookForCode,
    RecordingReady,
    SessionExpires,
    SessionFreed,
    SessionLost,
    StepOver,
)
from skyvern_testkit.world.playing import choose_script, next_input, next_step
from skyvern_testkit.world.retries import close_attempt, decide
from skyvern_testkit.world.rows import Run, Session, Workflow
from skyvern_testkit.world.world import Change, Problem, World

__all__ = [
    "cancel",
    "effect_done",
    "end_session",
    "fire_signal",
    "play",
    "read_by_client",
    "start",
    "webhook_now",
]


def play(world: World, event: Event) -> None:
    """Let an event happen.

    Raises:
        Exception: a script of the user's went wrong; the run stays where it was, and the world
            remembers the problem.
    """
    _HANDLERS[type(event)](world, event)


def start(world: World, run: Run) -> Run:
    """Let a run that was just accepted begin: its script plays from the next event on."""
    world.changes.append(Change(world.now, run.id, "-", run.status, "accepted"))
    world.schedule(world.now, StepOver(run.id, run.turn))
    return run


# --- going on ---------------------------------------------------------------------------------


def _step_over(world: World, event: StepOver) -> None:
    run = world.run(event.run_id)
    if run.turn == event.turn and run.is_live:
        _go_on(world, run)


def _go_on(world: World, run: Run, sent: Any = None, why: str = "script") -> Run:
    """Play steps until one takes time."""
    try:
        while True:
            run, step = next_step(world, run, sent)
            run = _enter(world, run, step or completed(), why)
            if run.is_over or step is None:
                return run
            if isinstance(step.until, CodeFound):
                code = _code_at_once(world, run, step.until)
                if code is None:
                    return run
                sent, why = code, "code of the stored seed"
                continue
            if not (isinstance(step.until, After) and step.until.nanoseconds == 0):
                _arm(world, run, step.until)
                return run
            sent, why = None, "script"
    except Exception as error:
        world.problems.append(Problem(run.id, error))
        world.change(world.run(run.id), turn=run.turn + 1, waiting_for=Never())
        raise


def _enter(world: World, run: Run, step: Step, why: str) -> Run:
    """Bring the run into the step's state, on the way that every run goes."""
    if run.script.illegal:
        way: tuple[State, ...] = ()
    elif step.state is run.status:
        if run.is_over:
            check_move(run.family, run.status, step.state, who=f"run {run.id}")
        way = ()
    else:
        check = bridge(run.family, run.status, step.state) if not run.is_over else None
        if check is None:
            check_move(run.family, run.status, step.state, who=f"run {run.id}")
        way = check or ()
    for state in way:
        run = _move(world, run, state, why)
    if run.is_over and not run.script.illegal:
        return run  # it could not begin its work (a session that is busy), so the script is over
    if step.state not in FINAL:
        if step.state is not run.status:
            run = _move(world, run, step.state, why)
            if run.is_over:
                return run
        run = traces.show(world, run, step)
        return world.change(run, turn=run.turn + 1, waiting_for=step.until, polls=0)
    return _finish(world, traces.show(world, run, step), step, why)


def _move(world: World, run: Run, state: State, why: str) -> Run:
    """Change the state, with the times and duties that belong to it."""
    world.changes.append(Change(world.now, run.id, run.status, state, why))
    before, run = run.status, world.change(run, status=state)
    match state:
        case State.QUEUED if run.family is not Family.TASK:
            return world.change(run, queued_at=world.now)
        case State.RUNNING if before is not State.PAUSED:
            return _begin_work(world, run)
        case _:
            return run


def _begin_work(world: World, run: Run) -> Run:
    run = world.change(run, started_at=world.now)
    if run.family is Family.TASK_V2 and run.queued_at is None:
        run = world.change(run, queued_at=world.now)
    if run.max_elapsed_minutes is not None:
        limit = world.now + run.max_elapsed_minutes * MINUTE
        world.schedule(limit, ElapsedLimit(run.id, run.attempt))
    refused = _occupy(world, run)
    if refused is not None:
        return _end(world, run, State.FAILED, refused, why="browser session", in_block=False)
    return traces.begin(world, run)


_BUSY_PREFIX: Final = {
    Family.TASK: "",
    Family.TASK_V2: "Failed to run task 2.0: ",
    Family.WORKFLOW: "Failed to begin browser session for workflow run: ",
}


def _occupy(world: World, run: Run) -> str | None:
    """Take the browser session the run asked for; the reason why not, if that fails."""
    session = world.session_of(run)
    if session is None:
        return None
    if session.is_over:
        return session_lost()
    if session.occupant is not None and session.occupant != run.id:
        return (
            f"{_BUSY_PREFIX[run.family]}Browser session {session.id} is already occupied by "
            f"{session.occupant}. Wait for that run to finish or cancel it, then retry."
        )
    world.change(
        session,
        occupant=run.id,
        was_used=True,
        started_at=session.started_at or world.now,
    )
    return None


def _arm(world: World, run: Run, trigger: Trigger | None) -> None:
    """Let the trigger of the step just begun be heard."""
    match trigger:
        case After(nanoseconds):
            world.schedule(world.now + nanoseconds, StepOver(run.id, run.turn))
        case RunReaches(other, states):
            row = world.get(Run, other)
            if row is not None and row.status in states:
                world.schedule(world.now, StepOver(run.id, run.turn))
        case _:
            pass  # somebody else's event ends the step: a poll, a signal, a code, a session


def _wake(world: World, hears: Callable[[Run, Trigger], bool], why: str) -> int:
    """Let every run go on whose trigger has been waiting for just this; returns how many."""
    woken = 0
    for run in list(world.rows(Run)):
        if run.is_live and run.waiting_for is not None and hears(run, run.waiting_for):
            _go_on(world, run, why=why)
            woken += 1
    return woken


def fire_signal(world: World, name: str) -> int:
    """Fire a named signal; returns how many runs went on."""
    return _wake(
        world, lambda _, trigger: isinstance(trigger, Signal) and trigger.name == name, f"signal {name}"
    )


def read_by_client(world: World, run: Run) -> Run:
    """The client reads a run: counts as a poll, and ends a step that waits for just that."""
    run = world.change(run, polls=run.polls + 1, modified_at=run.modified_at)
    if (
        isinstance(run.waiting_for, Polls)
        and run.is_live
        and run.polls >= run.waiting_for.count
    ):
        run = _go_on(world, run, why=f"poll {run.polls}")
    return run


# --- the second factor ------------------------------------------------------------------------


def _code_at_once(world: World, run: Run, need: CodeFound) -> str | None:
    """The code of a stored seed; without one the run begins to look elsewhere."""
    sources = sources_of(world, run, need)
    if sources.seed is not None:
        return seed_code(sources.seed, world.now)
    if sources.url is None and sources.identifier is None:
        reason, error = (
            "No TOTP verification code found. Going to terminate.",
            otp_timeout("")[1] | {"error_code": "MISSING_TOTP_SOURCE"},
        )
        _end(world, run, State.TERMINATED, reason, errors=(error,), why="no source of codes")
        return None
    timing = world.timing
    run = world.change(run, need_since=world.now)
    world.schedule(world.now + timing.first_code_look, LookForCode(run.id, run.turn))
    world.schedule(world.now + timing.code_budget, CodeDeadline(run.id, run.turn))
    return None


def _waits_for_code(world: World, run_id: str, turn: int) -> tuple[Run, Sources] | None:
    run = world.run(run_id)
    if run.turn != turn or run.is_over or not isinstance(run.waiting_for, CodeFound):
        return None
    return run, sources_of(world, run, run.waiting_for)


def _look_for_code(world: World, event: LookForCode) -> None:
    waiting = _waits_for_code(world, event.run_id, event.turn)
    if waiting is None:
        return
    run, sources = waiting
    if sources.url is not None:
        world.emit(
            world.new_effect(kind="totp_url", url=sources.url, run=run, api_key=run.api_key)
        )
        return  # its answer is looked at in effect_done, in the same tick
    _take_stored_code(world, run, sources)


def _take_stored_code(world: World, run: Run, sources: Sources) -> None:
    code = stored_code(world, run, sources.identifier) if sources.identifier else None
    if code is not None:
        _go_on(world, run, code, why="second-factor code")
        return
    world.schedule(_next_look(world, run), LookForCode(run.id, run.turn))


def _next_look(world: World, run: Run) -> int:
    """The next tick after now: ticks count from the need, however long a ``totp_url`` took."""
    timing = world.timing
    first = (run.need_since or world.now) + timing.first_code_look
    ticks = max(0, world.now - first) // timing.code_look + 1
    return first + ticks * timing.code_look


def _code_deadline(world: World, event: CodeDeadline) -> None:
    waiting = _waits_for_code(world, event.run_id, event.turn)
    if waiting is not None:
        run, sources = waiting
        reason, error = otp_timeout(sources.polled)
        _end(world, run, State.TERMINATED, reason, errors=(error,), why="no second-factor code")


# --- endings ----------------------------------------------------------------------------------


def _finish(world: World, run: Run, step: Step, why: str) -> Run:
    """End the run as its script says."""
    if step.state is State.COMPLETED:
        run = world.change(run, output=default_output(world, run, step))
    elif not isinstance(step.output, Unset):
        run = world.change(run, output=step.output)
    errors = shown_errors(world, run, step.errors)
    return _end(world, run, step.state, step.reason, errors=errors, why=why)


def _end(
    world: World,
    run: Run,
    state: State,
    reason: str | None,
    *,
    errors: tuple[dict[str, Any], ...] = (),
    why: str,
    in_block: bool = True,
) -> Run:
    """Bring a run to its end, and set off what follows from it."""
    text = failure_reason(world, run, state, reason) if in_block else reason
    run = traces.close(world, run, state, reason)
    run = _move(world, run, state, why)
    run = world.change(
        run,
        failure_reason=text,
        errors=(*run.errors, *errors),
        finished_at=world.now,
        turn=run.turn + 1,
        waiting_for=None,
    )
    world.players.pop(run.id, None)
    decision = decide(world, run)
    run = close_attempt(world, run, decision)
    if decision.retries:
        delay = decision.delay or 0
        run = world.change(run, retry_pending=True, next_attempt_at=world.now + delay)
        world.schedule(world.now + delay, AttemptDue(run.id, run.attempt + 1))
    if state is not State.CANCELED:
        _free_session(world, run)
    world.schedule(world.now + world.timing.recording, RecordingReady(run.id))
    if run.webhook_url and state is not State.CANCELED and decision.tells:
        _webhook_later(world, run, _webhook_delay(world, run))
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    if workflow is not None and workflow.persists_browser_session and run.started_at is not None:
        world.schedule(world.now + world.timing.archive, ArchiveReady(run.id))
    _wake(
        world,
        lambda _, trigger: isinstance(trigger, RunReaches)
        and trigger.run_id == run.id
        and state in trigger.states,
        f"run {run.id} is {state}",
    )
    return world.run(run.id)


def _webhook_delay(world: World, run: Run) -> int:
    timing = world.timing
    return timing.workflow_webhook if run.family is Family.WORKFLOW else timing.task_webhook


def _webhook_later(world: World, run: Run, delay: int) -> None:
    if run.webhook_url:
        effect = world.new_effect(
            kind="webhook", url=run.webhook_url, run=run, api_key=run.api_key
        )
        world.schedule(world.now + delay, EffectDue(effect))


def webhook_now(world: World, run: Run) -> Effect | None:
    """Send the run's webhook at once (a cancel does, and waits for it); None without a URL."""
    if not run.webhook_url:
        return None
    return world.emit(
        world.new_effect(kind="webhook", url=run.webhook_url, run=run, api_key=run.api_key)
    )


def cancel(world: World, run: Run) -> Run:
    """Cancel a run that is not over: its record changes at once, its work ends a little later."""
    worked = run.started_at is not None
    run = _end(world, run, State.CANCELED, None, why="cancel")
    if worked:
        session = world.session_of(run)
        if session is not None:
            world.schedule(world.now + world.timing.unwind, SessionFreed(session.id, run.id))
        # the block at work ends by itself, and then sends the webhook once more (facts: runs 8)
        _webhook_later(world, run, world.timing.unwind)
    return world.run(run.id)


def revoke_retry(world: World, run: Run) -> Run:
    """A cancel while a retry is pending: there will be none (facts: runs 3.3)."""
    last = replace(
        run.attempts[-1], decision="revoked", decision_reason="cancel", next_attempt_at=None
    )
    return world.change(
        run, retry_pending=False, next_attempt_at=None, attempts=(*run.attempts[:-1], last)
    )


def _elapsed_limit(world: World, event: ElapsedLimit) -> None:
    run = world.run(event.run_id)
    if not run.is_over and run.attempt == event.attempt:
        _end(world, run, State.TIMED_OUT, None, why="elapsed limit")


def _attempt_due(world: World, event: AttemptDue) -> None:
    run = world.run(event.run_id)
    if not run.retry_pending or run.attempt + 1 != event.attempt:
        return
    again = next_input(run)
    world.changes.append(
        Change(world.now, run.id, run.status, State.QUEUED, f"attempt {event.attempt}")
    )
    run = world.change(
        run,
        input=again,
        script=choose_script(world, again),
        cursor=0,
        sent=(),
        yielded=(),
        turn=run.turn + 1,
        status=State.QUEUED,
        attempt=event.attempt,
        retry_pending=False,
        next_attempt_at=None,
        queued_at=world.now,
        started_at=None,
        finished_at=None,
        failure_reason=None,
        errors=(),
        output=None,
        recording=None,
        screenshots=(),
        step_count=0,
    )
    world.schedule(world.now, StepOver(run.id, run.turn))


def _recording_ready(world: World, event: RecordingReady) -> None:
    run = world.run(event.run_id)
    if run.is_over and run.recording is not None:
        world.change(run, recording_is_final=True)


def _archive_ready(world: World, event: ArchiveReady) -> None:
    world.change(world.run(event.run_id), archive_ready_at=world.now)


# --- sessions ---------------------------------------------------------------------------------


def _free_session(world: World, run: Run) -> None:
    session = world.session_of(run)
    if session is not None and session.occupant == run.id:
        world.change(session, occupant=None)


def _session_freed(world: World, event: SessionFreed) -> None:
    session = world.get(Session, event.session_id)
    if session is not None and session.occupant == event.run_id:
        world.change(session, occupant=None)


def end_session(world: World, session: Session, status: str = "completed") -> Session:
    """Close a browser session (or let it run out): runs that use it notice a little later."""
    session = world.change(session, status=status, completed_at=world.now)
    used_by = session.occupant
    _wake(
        world,
        lambda run, trigger: isinstance(trigger, SessionClosed)
        and run.browser_session_id == session.id,
        f"session {session.id} is {status}",
    )
    if used_by is not None:
        world.schedule(world.now + 3 * SECOND, SessionLost(session.id, used_by))
    return world.get(Session, session.id) or session


def _session_expires(world: World, event: SessionExpires) -> None:
    session = world.get(Session, event.session_id)
    if session is not None and not session.is_over and _deadline(session) == event.at:
        end_session(world, session, "timeout")


def _deadline(session: Session) -> int | None:
    if session.timeout_minutes is None:
        return None
    return session.created_at + session.timeout_minutes * MINUTE


def expire_later(world: World, session: Session) -> None:
    """Let a session end by itself when its time is over."""
    deadline = _deadline(session)
    if deadline is not None:
        world.schedule(deadline, SessionExpires(session.id, deadline))


def _session_lost(world: World, event: SessionLost) -> None:
    run = world.run(event.run_id)
    if not run.is_over and run.browser_session_id == event.session_id:
        _end(world, run, State.FAILED, session_lost(), why=f"session {event.session_id} is over")


# --- effects ----------------------------------------------------------------------------------


def _effect_due(world: World, event: EffectDue) -> None:
    effect = event.effect
    if effect.kind == "webhook":  # what goes out is the run as it is now, recording and all
        effect = replace(effect, run=world.run(effect.run.id))
    world.emit(effect)


def effect_done(world: World, effect: Effect, result: EffectResult) -> None:
    """The outside has done what the world asked for, or failed to."""
    world.in_flight.pop(effect.id, None)
    world.results[effect.id] = result
    if effect.kind == "webhook":
        run = world.run(effect.run.id)
        world.change(run, webhook_failure_reason=_webhook_failure(result))
        traces.webhook_sent(world, run.id, effect.run.attempt)
        _wake(
            world,
            lambda _, trigger: isinstance(trigger, WebhookAnswered)
            and trigger.run_id in (None, run.id),
            f"webhook of {run.id} answered",
        )
        return
    waiting = _waits_for_code(world, effect.run.id, effect.run.turn)
    if waiting is None:
        return
    run, sources = waiting
    code = _code_in(result)
    if code:
        _go_on(world, run, code, why="second-factor code from totp_url")
    else:
        _take_stored_code(world, run, sources)


def _webhook_failure(result: EffectResult) -> str:
    if result.ok:
        return ""
    if result.status is None:
        return f"Webhook delivery failed before receiving a response: {result.error}"
    return f"Webhook failed with status code {result.status}, error message: {result.body}"


def _code_in(result: EffectResult) -> str | None:
    import json

    if result.status != 200:
        return None
    try:
        answer = json.loads(result.body)
    except ValueError:
        return None
    code = answer.get("verification_code") if isinstance(answer, dict) else None
    return str(code) if code else None


_HANDLERS: Final[dict[type, Callable[[World, Any], None]]] = {
    StepOver: _step_over,
    LookForCode: _look_for_code,
    CodeDeadline: _code_deadline,
    ElapsedLimit: _elapsed_limit,
    AttemptDue: _attempt_due,
    RecordingReady: _recording_ready,
    ArchiveReady: _archive_ready,
    SessionExpires: _session_expires,
    SessionFreed: _session_freed,
    SessionLost: _session_lost,
    EffectDue: _effect_due,
}
