"""Browser sessions under runs: who uses one, when it is let go, when it runs out (facts: runs 5)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.script import Family, SessionClosed
from skyvern_testkit.wire.times import MINUTE, SECOND
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.events import SessionExpires, SessionFree, SessionLost
from skyvern_testkit.world.rows import Run, Session
from skyvern_testkit.world.waking import wake
from skyvern_testkit.world.world import World

__all__ = [
    "end_session",
    "expire",
    "expire_later",
    "free_session",
    "let_go",
    "occupant_of",
    "occupy",
]

_REFUSED_PREFIX: Final = {
    Family.TASK: "",
    Family.TASK_V2: "Failed to run task 2.0: ",
    Family.WORKFLOW: "Failed to begin browser session for workflow run: ",
}

_NOTICED: Final = 3 * SECOND
"""From the close of a session until its run finds the browser gone: the model is still thinking."""


def occupant_of(run: Run) -> str:
    """How a session names the run that uses it: a 2.0 task by its hidden workflow run."""
    return run.hidden_run_id or run.id


def occupy(world: World, run: Run) -> str | None:
    """Take the browser session the run asked for; the reason why not, if that fails.

    The session's own ``status`` stays ``created`` meanwhile (recorded lives ``se_*``). One that has
    ended while the run was queued fails it (facts: runs 3.1), in the words with which the server
    refuses a new run in it (facts: runs 5): the text of this moment was never recorded.
    """
    session = world.session_of(run)
    if session is None:
        return None
    if session.is_over:
        return (
            f"{_REFUSED_PREFIX[run.family]}Browser session {session.id} is no longer usable "
            f"(status: {session.status}). Create a new browser session and retry."
        )
    if session.occupant is not None and session.occupant != occupant_of(run):
        _advise_on_occupant(world, run, session)
        return (
            f"{_REFUSED_PREFIX[run.family]}Browser session {session.id} is already occupied by "
            f"{session.occupant}. Wait for that run to finish or cancel it, then retry."
        )
    world.change(session, occupant=occupant_of(run), was_used=True)
    return None


def _advise_on_occupant(world: World, run: Run, session: Session) -> None:
    occupant = world.get(Run, session.occupant, run.organization_id)
    case = {"occupant": session.occupant, "session": session.id}
    if occupant is None or not occupant.is_over:
        advise(world, "session_busy", run.id, **case)
    elif world.timing.task_session is None:
        advise(world, "session_kept", run.id, status=occupant.status, **case)


def free_session(world: World, run: Run) -> None:
    """The run has no more use for its session; a task keeps it all the same (facts: runs 5).

    Recorded: a finished or canceled 1.0 task is named by its session for ever, also when that is
    closed; a run of a workflow and a 2.0 task let go.
    """
    wait = world.timing.task_session if run.family is Family.TASK else 0
    if wait == 0:
        let_go(world, SessionFree(run.id))
    elif wait is not None:
        world.schedule(world.now + wait, SessionFree(run.id))


def let_go(world: World, event: SessionFree) -> None:
    """Let go of the session that the run used."""
    run = world.run(event.run_id)
    session = world.session_of(run)
    if session is not None and session.occupant == occupant_of(run):
        world.change(session, occupant=None)


def end_session(world: World, session: Session, status: str = "completed") -> Session:
    """Close a browser session (or let it run out): runs that use it notice a little later."""
    session = world.change(session, status=status, completed_at=world.now)
    wake(
        world,
        lambda run, trigger: (
            isinstance(trigger, SessionClosed)
            and run.browser_session_id == session.id
            and run.organization_id == session.organization_id
        ),
        f"session {session.id} is {status}",
    )
    world.schedule(world.now + _NOTICED, SessionLost(session.organization_id, session.id))
    return session


def _deadline(session: Session) -> int | None:
    if session.timeout_minutes is None:
        return None
    return session.created_at + session.timeout_minutes * MINUTE


def expire_later(world: World, session: Session) -> None:
    """Let a session end by itself when its time is over."""
    deadline = _deadline(session)
    if deadline is not None:
        event = SessionExpires(session.organization_id, session.id, deadline)
        world.schedule(deadline, event)


def expire(world: World, event: SessionExpires) -> None:
    """The time of a session is over, unless it was closed or given more meanwhile."""
    session = world.get(Session, event.session_id, event.organization_id)
    if session is not None and not session.is_over and _deadline(session) == event.at:
        end_session(world, session, "timeout")
