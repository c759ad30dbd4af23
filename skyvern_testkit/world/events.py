"""What is due in a world, and what a world asks the outside to do: events and effects, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Run

__all__ = [
    "ArchiveReady",
    "AttemptDue",
    "BrowserOpen",
    "ChildDue",
    "Effect",
    "EffectDue",
    "EffectResult",
    "ElapsedLimit",
    "ErrorsDue",
    "Event",
    "LookForCode",
    "Outgoing",
    "RecordingReady",
    "ScheduleDue",
    "SessionExpires",
    "SessionFree",
    "SessionLost",
    "StepOver",
    "Unwound",
]


@dataclass(frozen=True, slots=True)
class StepOver:
    """The current step of a run ends.

    Args:
        run_id: whose step it is.
        turn: which step; one that names an older turn comes too late.
        why: what ended it, for the report.
        sent: what a generator script gets for its ``yield``.
    """

    run_id: str
    turn: int
    why: str = "script"
    sent: Json = None


@dataclass(frozen=True, slots=True)
class BrowserOpen:
    """The browser of a run is there: its recording begins."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class LookForCode:
    """Time to look for a second-factor code, or to give up."""

    run_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class ElapsedLimit:
    """The run has worked as long as it may."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ErrorsDue:
    """The errors with which a run is about to end begin to show."""

    run_id: str
    turn: int


@dataclass(frozen=True, slots=True)
class AttemptDue:
    """The delay of the retry policy is over."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class RecordingReady:
    """The recording of an ended run is uploaded and gets its final URL."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class ArchiveReady:
    """The browser archive of an ended run is stored: a profile can be made of it."""

    run_id: str


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """The life of a browser session is over."""

    organization_id: str
    session_id: str
    at: int


@dataclass(frozen=True, slots=True)
class SessionFree:
    """A run that is over lets go of its browser session."""

    run_id: str


@dataclass(frozen=True, slots=True)
class ScheduleDue:
    """A schedule starts a run, if it is still what it was.

    Args:
        organization_id: whose it is.
        schedule_id: which one.
        turn: as it was made or changed last; one that names an older turn comes too late.
        at: the instant of its calendar.
    """

    organization_id: str
    schedule_id: str
    turn: int
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildDue:
    """A ``workflow_trigger`` block starts a run of another workflow.

    Args:
        run_id: the run whose block it is.
        block_id: of the block's row; one that is no longer at work starts nothing.
        workflow_permanent_id: which workflow.
        payload: its parameters.
        waits: the block waits for the end of that run.
    """

    run_id: str
    block_id: str
    workflow_permanent_id: str
    payload: Json = field(default=None, repr=False)
    waits: bool = True


@dataclass(frozen=True, slots=True)
class Unwound:
    """What a canceled run was at has come to its own end (facts: runs 3.3, 8)."""

    run_id: str
    attempt: int


@dataclass(frozen=True, slots=True)
class SessionLost:
    """Whoever used a session that is over finds the browser gone."""

    organization_id: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """The request of an ``http_request`` block."""

    method: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    body: Json = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Effect:
    """Something the world wants done outside: a webhook, a call of a ``totp_url``, a block's request.

    It carries the run as it is when the effect goes out: one that was scheduled is given the run of
    that instant, unless another attempt has begun (``deliveries.emit_due``). Rows are values, so
    from there on it does not matter to the run that is told of when a transport takes the effect.
    """

    id: int
    kind: Literal["webhook", "totp_url", "http_request"]
    url: str = field(repr=False)
    run: Run
    api_key: str = field(repr=False)
    at: int = 0
    replayed: bool = False
    """Sent once more on request: its body says less, and its result changes nothing of the run."""
    nth: int = 1
    """Which try it is."""
    first: EffectResult | None = field(default=None, repr=False)
    """What became of the first try, of a later one: it says again what that one said."""
    redirects: int = 0
    """How often it was sent on to another address."""
    method: Literal["POST", "GET"] = "POST"
    outgoing: Outgoing | None = None
    """Of an ``http_request``: what is sent."""

    @property
    def name(self) -> str:
        return f"{self.kind} of {self.run.id} ({self.run.status}) to {self.url}"


@dataclass(frozen=True, slots=True)
class EffectDue:
    """Time to hand an effect to the outside."""

    effect: Effect


@dataclass(frozen=True, slots=True)
class EffectResult:
    """What became of an effect: an HTTP answer, or an error before one came.

    Args:
        status: the receiver's HTTP status; None when no answer came.
        body: its answer's body as text.
        error: why no answer came, as ``ErrorClass: text``.
        contacted: False where nobody was called, since a fake calls nobody outside this machine.
            The world then goes on as if the receiver had nothing to say.
        retry_after: the receiver's ``Retry-After``.
        headers: those of its answer, for a block that shows them.
        request_headers: what was sent, for the journal.
        request_body: what was sent, for the journal.
    """

    status: int | None = None
    body: str = ""
    error: str | None = None
    contacted: bool = True
    retry_after: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    request_headers: JsonObject = field(default_factory=dict[str, Json], repr=False)
    request_body: bytes = field(default=b"", repr=False)

    @property
    def ok(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


Event = (
    StepOver
    | BrowserOpen
    | LookForCode
    | ElapsedLimit
    | ErrorsDue
    | AttemptDue
    | RecordingReady
    | ArchiveReady
    | SessionExpires
    | SessionFree
    | SessionLost
    | ScheduleDue
    | ChildDue
    | Unwound
    | EffectDue
)
