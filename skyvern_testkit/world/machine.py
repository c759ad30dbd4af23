"""The run machine: it plays scripts as time goes by, by the server's own tables.

Everything a run does happens as the handling of an event: :func:`play` is what the world calls for
each. Nothing is done because somebody looks, but for the one trigger that asks for it (``polls``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.script import (
    DEFAULT_SCRIPT,
    FINAL,
    After,
    CodeFound,
    Family,
    GeneratorScript,
    IllegalMove,
    Never,
    Polls,
    RunReaches,
    RunScript,
    ScriptError,
    Signal,
    State,
    Step,
    Trigger,
    bridge,
    check_move,
    completed,
)
from skyvern_testkit.wire.times import MICROSECOND, MINUTE
from skyvern_testkit.world import finishing, occupancy, second_factor, traces
from skyvern_testkit.world.deliveries import emit_due, webhook_now, webhook_sent
from skyvern_testkit.world.events import (
    ArchiveReady,
    AttemptDue,
    BrowserOpen,
    Effect,
    EffectDue,
    EffectResult,
    ElapsedLimit,
    ErrorsDue,
    Event,
    LookForCode,
    RecordingReady,
    SessionExpires,
    SessionFree,
    SessionLost,
    StepOver,
    Unwound,
)
from skyvern_testkit.world.finishing import cancel
from skyvern_testkit.world.occupancy import end_session, expire_later
from skyvern_testkit.world.playing import choose_script, coming_step, next_input, script_step
from skyvern_testkit.world.retries import revoke_retry
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.tries import try_again
from skyvern_testkit.world.waking import wake
from skyvern_testkit.world.walking import steps as walk
from skyvern_testkit.world.walking.walk import Outcome
from skyvern_testkit.world.world import Change, Problem, World

__all__ = [
    "cancel",
    "effect_done",
    "end_session",
    "expire_later",
    "fire_signal",
    "force",
    "let_go_on",
    "play",
    "read_by_client",
    "revoke_retry",
    "block_over",
    "start",
    "wait_for_child",
    "webhook_now",
]


def play(world: World, event: Event) -> None:
    """Let an event happen.

    Raises:
        Exception: a script of the user's went wrong; the run stays where it was, and the world
            remembers the problem.
    """
    _HANDLERS[type(event)](world, event)


# --- what comes from outside ------------------------------------------------------------------


def start(world: World, run: Run, *, walks: bool = False) -> Run:
    """Let a run that was just accepted begin: it plays from the next event on.

    Args:
        world: the run's world.
        run: it has a script for its whole life, unless
        walks: it goes through the blocks of its workflow.
    """
    if walks:
        run = walk.set_out(world, run)
    world.changes.append(Change(world.now, run.id, "-", run.status, "accepted"))
    world.schedule(world.now, StepOver(run.id, run.turn))
    return run


def block_over(world: World, run: Run, outcome: Outcome) -> None:
    """Something from outside has ended the block at work of a run that walks."""
    run = walk.end_block(world, run, outcome)
    world.schedule(world.now, StepOver(run.id, run.turn, "block"))


def wait_for_child(world: World, run: Run, child: Run) -> None:
    """The block at work ends with a run that it has started."""
    run = walk.expect(world, run, child)
    _arm(world, run, run.waiting_for)


def fire_signal(world: World, name: str, organization_id: str | None = None) -> int:
    """Fire a named signal, for the runs of one organisation or of all; returns how many went on."""
    woken = wake(
        world,
        lambda run, trigger: (
            isinstance(trigger, Signal)
            and trigger.name == name
            and organization_id in (None, run.organization_id)
        ),
        f"signal {name}",
    )
    world.advance(world.now)
    return woken


def read_by_client(world: World, run: Run) -> Run:
    """The client reads a run: counts as a poll, and ends a step that waits for just that."""
    run = world.change(run, polls=run.polls + 1, modified_at=run.modified_at)
    if not isinstance(run.waiting_for, Polls) or not run.is_live:
        return run
    left = run.waiting_for.count - run.polls
    if left <= 0:
        return _go_on(world, run, why=f"poll {run.polls}")
    if left == 1 and (last := coming_step(world, run)) is not None and last.is_final:
        return finishing.tell_early(world, run, last)
    return run


def let_go_on(world: World, run: Run) -> Run:
    """A person lets a run go on: the step at which it stands is over, whatever it waits for."""
    if run.walk is not None and run.walk.at_work:
        run = walk.end_block(world, run, Outcome())
    return _go_on(world, run, why="continued by a person")


def force(world: World, run: Run, step: Step, *, illegal: bool = False) -> Run:
    """The test brings a run into a state: its script is over, and it stays there.

    Args:
        world: the run's world.
        run: whichever state it is in.
        step: where it is to be; what is not an end lasts until somebody ends it.
        illegal: by a move, too, that the real server never makes.

    Raises:
        IllegalMove: it cannot get there; nothing has changed.
    """
    script = RunScript(step, illegal=illegal)
    _way(replace(run, script=script), step.state)
    if step.state is State.CANCELED and not illegal:
        return cancel(world, run)
    world.players.pop(run.id, None)
    played = script.played(0)
    run = world.change(
        run,
        script=script,
        cursor=len(played) - 1,  # its end alone, without the work before it
        sent=(),
        yielded=(),
        walk=None,
        turn=run.turn + 1,
        waiting_for=None,
    )
    return _go_on(world, run, why="forced by the test")


def effect_done(world: World, effect: Effect, result: EffectResult) -> None:
    """The outside has done what the world asked for, or failed to."""
    world.in_flight.pop(effect.id, None)
    if try_again(world, effect, result):
        return
    world.results[effect.id] = result
    match effect.kind:
        case "webhook":
            webhook_sent(world, effect, result)
        case "totp_url":
            second_factor.url_answered(world, effect, result)
        case "http_request":
            outcome = walk.answered(world, effect, result)
            if outcome is not None:
                block_over(world, world.run(effect.run.id), outcome)
    world.advance(world.now)


# --- going on ---------------------------------------------------------------------------------


def _step_over(world: World, event: StepOver) -> None:
    run = world.run(event.run_id)
    if run.turn == event.turn and run.is_live:
        _go_on(world, run, event.sent, event.why)


def _go_on(world: World, run: Run, sent: Any = None, why: str = "script") -> Run:
    """Play steps until one takes time."""
    try:
        while True:
            run, step = (script_step if run.walk is None else walk.next_step)(world, run, sent)
            run = _enter(world, run, step or completed(), why)
            if run.is_over or step is None:
                return run
            if isinstance(step.until, CodeFound):
                code = second_factor.code_at_once(world, run, step.until)
                if code is None:
                    return world.run(run.id)
                sent, why = code, "code of the stored seed"
                _count(world, run)
                continue
            if not (isinstance(step.until, After) and step.until.nanoseconds == 0):
                _arm(world, run, step.until)
                return run
            sent, why = None, "script"
            _count(world, run)
    except Exception as error:
        world.problems.append(Problem(run.id, error))
        world.change(world.run(run.id), turn=run.turn + 1, waiting_for=Never())
        raise


_STANDSTILL: Final = 1_000
"""So many steps of a generator at one instant are a loop that lets no time go by."""


def _count(world: World, run: Run) -> None:
    """A step has ended by itself at the instant at which it began.

    Raises:
        ScriptError: a generator does so again and again; it would hang the process.
    """
    if not isinstance(run.script, GeneratorScript):
        return
    at, count = world.hasty_steps.get(run.id, (world.now, 0))
    count = count + 1 if at == world.now else 1
    world.hasty_steps[run.id] = (world.now, count)
    if count >= _STANDSTILL:
        raise ScriptError(
            f"script {run.script.name} of run {run.id} has played {count:,} steps at one instant, "
            "so time would stand still for ever: none of them takes time or waits for what is "
            "still to come. Give a step a length, such as running(seconds=1), or something to "
            "wait for, such as until=signal(...), or end the script with completed()."
        )


def _enter(world: World, run: Run, step: Step, why: str) -> Run:
    """Bring the run into the step's state, on the way that every run goes."""
    if run.family is Family.TASK_V2 and run.queued_at is None:
        run = world.change(run, queued_at=finishing.later(world, run))
    for state in _way(run, step.state):
        run = _move(world, run, state, why)
    if run.is_over and not run.script.illegal:
        return run  # it could not begin its work (a session that is busy), so the script is over
    if step.state in FINAL and run.walk is not None:
        return finishing.end(world, run, step.state, step.reason, why=why, in_block=False)
    if step.state in FINAL:
        return finishing.finish(world, traces.show(world, run, step), step, why)
    if step.state is not run.status:
        run = _move(world, run, step.state, why)
        if run.is_over:
            return run
    if run.walk is None or run.walk.at_work:
        run = traces.show(world, run, step)
    return world.change(run, turn=run.turn + 1, waiting_for=step.until, polls=0)


def _way(run: Run, wanted: State) -> tuple[State, ...]:
    """The states on the way that every run goes, passed through in no time.

    Raises:
        IllegalMove: the run never gets there.
    """
    if run.script.illegal:
        return ()
    if run.is_over:
        check_move(run.family, run.status, wanted, who=f"run {run.id}")
    if wanted is run.status:
        return ()
    try:
        return bridge(run.family, run.status, wanted)
    except IllegalMove:
        check_move(run.family, run.status, wanted, who=f"run {run.id}")  # the same, with its name
        raise


def _move(world: World, run: Run, state: State, why: str) -> Run:
    """Change the state, with the times and duties that belong to it."""
    world.changes.append(Change(world.now, run.id, run.status, state, why))
    at, before = finishing.later(world, run), run.status
    run = world.change(run, status=state, modified_at=at)
    match state:
        case State.QUEUED if run.family is not Family.TASK and run.is_queued_for:
            return world.change(run, queued_at=at, modified_at=at + MICROSECOND)
        case State.RUNNING if before is not State.PAUSED:
            return _begin_work(world, run, at)
        case _:
            return run


def _begin_work(world: World, run: Run, at: int) -> Run:
    run = world.change(run, started_at=at, modified_at=at + MICROSECOND)
    if run.max_elapsed_minutes is not None:
        limit = world.now + run.max_elapsed_minutes * MINUTE
        world.schedule(limit, ElapsedLimit(run.id, run.attempt))
    refused = occupancy.occupy(world, run)
    if refused is None:
        return traces.begin(world, run)
    if run.family is Family.TASK:
        run = world.change(run, step_count=1)
    return finishing.end(world, run, State.FAILED, refused, why="browser session", in_block=False)


def _arm(world: World, run: Run, trigger: Trigger | None) -> None:
    """Let the trigger of the step just begun be heard."""
    match trigger:
        case After(nanoseconds):
            end = world.now + nanoseconds
            world.schedule(end, StepOver(run.id, run.turn))
            last = coming_step(world, run)
            if last is not None and last.is_final and last.errors:
                world.schedule(end - world.timing.errors, ErrorsDue(run.id, run.turn))
        case RunReaches(other, states):
            row = world.get(Run, other)
            if row is not None and row.status in states:
                _count(world, run)
                world.schedule(
                    world.now, StepOver(run.id, run.turn, f"run {other} is {row.status}")
                )
        case _:
            pass  # somebody else's event ends the step: a poll, a signal, a code, a session


def _attempt_due(world: World, event: AttemptDue) -> None:
    """The delay of the retry policy is over: the same run starts again (facts: runs 3.4)."""
    run = world.run(event.run_id)
    if not run.retry_pending or run.attempt + 1 != event.attempt:
        return
    again = next_input(run)
    script = choose_script(world, again, run.organization_id)
    why = f"attempt {event.attempt}"
    world.changes.append(Change(world.now, run.id, run.status, State.QUEUED, why))
    run = world.change(
        run,
        input=again,
        script=script or DEFAULT_SCRIPT,
        walk=None,
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
        told_early=False,
        output=None,
        output_is_scripted=False,
        recording=None,
        recording_is_final=False,
        screenshots=(),
        last_screenshot=None,
        step_count=0,
        need=None,
    )
    if script is None:
        run = walk.set_out(world, run)
    world.schedule(world.now, StepOver(run.id, run.turn))


_HANDLERS: Final[dict[type, Callable[[World, Any], None]]] = {
    StepOver: _step_over,
    BrowserOpen: traces.browser_open,
    LookForCode: second_factor.look,
    ElapsedLimit: finishing.elapsed_limit,
    ErrorsDue: finishing.errors_due,
    AttemptDue: _attempt_due,
    RecordingReady: finishing.recording_ready,
    ArchiveReady: finishing.archive_ready,
    SessionExpires: occupancy.expire,
    SessionFree: occupancy.let_go,
    SessionLost: finishing.session_gone,
    Unwound: finishing.unwind,
    EffectDue: emit_due,
}
