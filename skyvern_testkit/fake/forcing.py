"""``fake.force(thing, state)``: a run, session, credential, profile or workflow is in that state now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from skyvern_testkit.fake.doing import do
from skyvern_testkit.script import FINAL, IllegalMove, State, Step, never
from skyvern_testkit.script.steps import UNSET, RunError, Unset
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world import machine
from skyvern_testkit.world.rows import (
    SESSION_ENDED,
    Credential,
    Profile,
    Row,
    Run,
    Session,
    Workflow,
)

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["Force", "force", "id_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Force:
    """What something is to be now.

    Args:
        state: of a run one of its statuses, or ``archive_ready``; of a session ``running``,
            ``completed``, ``failed`` or ``timeout``; of anything else ``deleted``.
        reason: of a run that ends badly.
        error_code: likewise; shown if the caller's ``error_code_mapping`` has it.
        output: of a run.
        illegal: also where the real server would never do it.
    """

    state: str
    reason: str | None = None
    error_code: str | None = None
    output: Json | Unset = UNSET
    illegal: bool = False


def force(fake: FakeSkyvern, id: str, wanted: Force, organization_id: str | None = None) -> None:
    """Bring it there, at once.

    Args:
        fake: whose world.
        id: of what.
        wanted: what it is to be.
        organization_id: only what is its own; None: whosever it is.

    Raises:
        LookupError: there is nothing of that id.
        ValueError: a state that its kind does not have.
        IllegalMove: it cannot get there from where it is; ``illegal=True`` makes a run go all the same.
    """
    row = _row(fake, id, organization_id)
    states = _STATES[type(row)]
    if wanted.state not in states:
        known = ", ".join(states)
        raise ValueError(f"{id} cannot be {wanted.state!r}: a {_name(row)} is {known}")
    states[wanted.state](fake, row, wanted)
    fake.world.advance(fake.world.now)


def id_of(thing: Any) -> str:
    """The id that is meant: a text, or that of a row, a resource or a run of the SDK."""
    if isinstance(thing, str):
        return thing
    found: Any = getattr(thing, "run_id", None)
    if found is None and not hasattr(thing, "id"):
        raise TypeError(
            "say which thing: its id, or what the SDK or a fixture gave for it; not " + repr(thing)
        )
    return str(thing.id if found is None else found)


def _name(row: Row) -> str:
    return type(row).__name__.lower()


def _row(fake: FakeSkyvern, id: str, organization_id: str | None) -> Row:
    for kind in _STATES:
        for row in fake.world.rows(kind, organization_id):
            if id == (row.permanent_id if isinstance(row, Workflow) else row.id):
                return row
    kinds = ", ".join(kind.__name__.lower() for kind in _STATES)
    raise LookupError(f"nothing here has the id {id} (looked for: {kinds})")


# --- runs ---------------------------------------------------------------------------------------


def _run(fake: FakeSkyvern, run: Run, wanted: Force) -> None:
    state = State(wanted.state)
    errors = (RunError(wanted.error_code, wanted.reason),) if wanted.error_code else ()
    step = Step(
        state,
        None if state in FINAL else never(),
        reason=wanted.reason,
        errors=errors,
        output=wanted.output,
    )
    machine.force(fake.world, run, step, illegal=wanted.illegal)


def _archive_ready(fake: FakeSkyvern, run: Run, _: Force) -> None:
    fake.world.change(run, archive_ready_at=fake.world.now)


# --- the rest -----------------------------------------------------------------------------------


def _session(fake: FakeSkyvern, session: Session, wanted: Force) -> None:
    if session.is_over and not wanted.illegal:
        raise IllegalMove(
            f"session {session.id} is {session.status}, and stays so: make another, or say "
            "illegal=True to simulate a server gone wrong"
        )
    if wanted.state in SESSION_ENDED:
        machine.end_session(fake.world, session, wanted.state)
    else:
        now = fake.world.now
        fake.world.change(session, status=wanted.state, started_at=now, completed_at=None)


def _deleted(operation: str, parameter: str) -> Callable[[FakeSkyvern, Row, Force], None]:
    def delete(fake: FakeSkyvern, row: Row, _: Force) -> None:
        known_by = row.permanent_id if isinstance(row, Workflow) else row.id
        do(fake, operation, None, {parameter: known_by}, organization_id=row.organization_id)

    return delete


_STATES: Final[Mapping[type[Row], Mapping[str, Callable[[FakeSkyvern, Any, Force], None]]]] = {
    Run: {**dict.fromkeys(map(str, State), _run), "archive_ready": _archive_ready},
    Session: dict.fromkeys(("running", "completed", "failed", "timeout"), _session),
    Profile: {"deleted": _deleted("delete_browser_profile", "profile_id")},
    Credential: {"deleted": _deleted("delete_credential", "credential_id")},
    Workflow: {"deleted": _deleted("delete_workflow", "workflow_id")},
}
"""Kind of row, and how it gets into each of the states that it can be forced into."""
