"""The rows of the world's tables: immutable values, one class per resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Final

from skyvern_testkit.script import (
    FINAL,
    Family,
    RunInput,
    Script,
    State,
    Step,
    Trigger,
    family_of,
)
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.walking.walk import Walk

__all__ = [
    "Action",
    "Artifact",
    "Attempt",
    "BlockRun",
    "CodeNeed",
    "Credential",
    "Folder",
    "Organization",
    "Profile",
    "Row",
    "Run",
    "Scene",
    "Session",
    "SessionStatus",
    "TotpCode",
    "Upload",
    "Workflow",
]

SessionStatus = str
SESSION_ENDED: Final = frozenset({"completed", "failed", "timeout"})
"""A browser session in one of these is over (facts: resources 9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row has. Instants are nanoseconds since the Unix epoch."""

    PREFIX: ClassVar[str]
    id: str
    organization_id: str
    created_at: int
    modified_at: int
    deleted_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization(Row):
    PREFIX: ClassVar[str] = "o"
    name: str = ""
    settings: JsonObject = field(default_factory=dict[str, Json], repr=False)
    """What was set, by wire names. Not in the repr: a webhook's URL may hold a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Row):
    """One version of a workflow. ``id`` is the version's own (``w_...``).

    ``settings`` holds the answer's other fields by their wire names; ``definition`` is the
    ``workflow_definition`` as it is answered.
    """

    PREFIX: ClassVar[str] = "w"
    permanent_id: str
    version: int
    title: str
    definition: JsonObject = field(repr=False)
    settings: JsonObject = field(default_factory=dict[str, Json], repr=False)

    @property
    def blocks(self) -> list[JsonObject]:
        return self.definition.get("blocks") or []

    @property
    def persists_browser_session(self) -> bool:
        return bool(self.settings.get("persist_browser_session"))

    @property
    def retry_policy(self) -> JsonObject | None:
        return self.definition.get("retry_policy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder(Row):
    """A folder of workflows; which are in it says their ``folder_id``."""

    PREFIX: ClassVar[str] = "fld"
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Row):
    PREFIX: ClassVar[str] = "pbs"
    status: SessionStatus = "created"
    timeout_minutes: int | None = 60
    settings: JsonObject = field(default_factory=dict[str, Json], repr=False)
    """What was asked for, by wire names. Not in the repr: a proxy's URL may hold a password."""
    browser_profile_id: str | None = None
    generate_browser_profile: bool = False
    occupant: str | None = None
    """The run that uses it now."""
    was_used: bool = False
    """A browser was really opened; without one there is no archive to save."""
    saved_as: str | None = None
    """The profile made of its archive: there is one save per session (facts: resources 10)."""
    started_at: int | None = None
    completed_at: int | None = None

    @property
    def is_over(self) -> bool:
        return self.status in SESSION_ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile(Row):
    PREFIX: ClassVar[str] = "bp"
    name: str
    description: str | None = None
    proxy_location: Json = field(default=None, repr=False)
    proxy_session_id: str | None = None
    is_managed: bool = False
    workflow_permanent_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Row):
    """``secret`` is what was stored and is never answered; ``shown`` is what is (facts: resources 7)."""

    PREFIX: ClassVar[str] = "cred"
    name: str
    type: str
    shown: JsonObject
    secret: JsonObject = field(default_factory=dict[str, Json], repr=False)
    settings: JsonObject = field(default_factory=dict[str, Json], repr=False)

    @property
    def totp_seed(self) -> str | None:
        return self.secret.get("totp") or None

    @property
    def totp_identifier(self) -> str | None:
        return self.secret.get("totp_identifier") or None


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpCode(Row):
    PREFIX: ClassVar[str] = "totp"
    identifier: str
    code: str = field(repr=False)
    content: str = field(repr=False)
    otp_type: str | None = "totp"
    task_id: str | None = None
    workflow_id: str | None = None
    workflow_run_id: str | None = None
    source: str | None = None
    expired_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a file of a run is drawn from, when somebody asks for its bytes."""

    words: str = field(repr=False)
    url: str | None = field(default=None, repr=False)
    picture: bytes | None = field(default=None, repr=False)
    """The screenshot that the script gave."""
    about: str = field(default="", repr=False)
    """Of a model's question: what it was about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact(Row):
    """A file that a run left behind; its bytes are here, not in the answers."""

    PREFIX: ClassVar[str] = "a"
    type: str
    run_id: str
    filename: str
    content: bytes | None = field(default=None, repr=False)
    """None: it is drawn when somebody asks for it."""
    scene: Scene | None = None
    content_type: str = "application/octet-stream"
    task_id: str | None = None
    step_id: str | None = None
    workflow_run_block_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload(Row):
    """A file that a client uploaded; without a name when the client gave none."""

    PREFIX: ClassVar[str] = "file"
    filename: str | None
    content: bytes = field(repr=False)
    content_type: str = "application/octet-stream"
    run_id: str | None = None
    """The run that it is attached to; there is one at most."""

    @property
    def stored_name(self) -> str:
        return self.id if self.filename is None else f"{self.id}_{self.filename}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing the agent did, as the timeline shows it.

    ``kind`` is its ``action_type``: ``click`` for what a script calls a step, and ``complete``,
    ``extract`` or ``terminate`` for the agent's own verdict at the end.
    """

    id: str
    step_id: str
    words: str
    at: int
    kind: str = "click"
    status: str = "completed"
    step_order: int = 0
    screenshot_id: str | None = None
    errors: tuple[JsonObject, ...] = ()
    downloads: tuple[str, ...] = ()
    by_server: bool = False
    """The server came to this, not the model: no second factor was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRun:
    """One block of a workflow at work in a run.

    ``output`` is what the run's ``output`` holds under its label, with ids where answers have
    addresses; a block that gave none is not there at all.
    """

    id: str
    label: str | None
    block_type: str
    status: str
    attempt: int
    created_at: int
    modified_at: int
    definition: JsonObject = field(default_factory=dict[str, Json], repr=False)
    task_id: str | None = None
    """The browser task behind it; blocks without a browser have none."""
    output: Json = None
    has_output: bool = False
    failure_reason: str | None = None
    error_codes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    screenshots: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    payload: JsonObject = field(default_factory=dict[str, Json], repr=False)
    parent_id: str | None = None
    """Of the loop or the conditional that it belongs to."""
    loop_values: tuple[Json, ...] | None = None
    """Of a ``for_loop``: what is looped over."""
    current_value: str | None = None
    current_index: int | None = None
    """In a loop: the turn it belongs to."""
    branch: JsonObject = field(default_factory=dict[str, Json], repr=False)
    """Of a conditional: which branch was taken, by the timeline's names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thought:
    """What the agent of a 2.0 task thought, as the timeline shows it.

    ``scenario`` is its ``thought_scenario``: ``user_goal_check``, ``generate_plan`` or
    ``summarization``.
    """

    id: str
    words: str
    at: int
    scenario: str = "user_goal_check"
    answer: str | None = None
    output: JsonObject = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt of a run under a retry policy (facts: runs 3.4)."""

    number: int
    status: State
    failure_reason: str | None
    error_codes: tuple[str, ...]
    started_at: int | None
    finished_at: int | None
    decision: str | None = None
    decision_reason: str | None = None
    next_attempt_at: int | None = None
    webhook_sent_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeNeed:
    """A second factor that a run waits for, and what its ``totp_url`` has said so far.

    Args:
        since: when it was first needed.
        statuses: of the URL's answers, one a look.
        is_answered: the URL has answered at every look so far.
        has_spoken: one of its answers was of the form that is expected, with a code or without.
        error: why the latest look failed, in the server's words.
    """

    since: int
    statuses: tuple[int, ...] = ()
    is_answered: bool = True
    has_spoken: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Row):
    """A run: what was asked, where it is in its script, and what of it shows."""

    PREFIX: ClassVar[str] = "wr"
    run_type: str
    status: State
    input: RunInput
    request: JsonObject = field(repr=False)
    """The caller's request as the create call echoes it."""
    request_read_back: JsonObject = field(repr=False)
    """The request as a later GET shows it: some fields are lost (facts: runs 2)."""
    origin: str = "run"
    """Which operation made it: ``run_task``, ``run_workflow``, ``login``, ``run_sdk_action`` ..."""

    trigger_type: str = "api"
    """What started it, as lists of runs tell: ``api``, or ``scheduled`` by a schedule."""
    workflow_schedule_id: str | None = None
    created_by: str | None = None
    parent_run_id: str | None = None
    """The run whose ``workflow_trigger`` block started it."""
    in_turn: bool = False
    """Its workflow lets one run go after the other."""
    older_request: JsonObject = field(default_factory=dict[str, Json], repr=False)
    """Of a task: the request as the older API has it."""

    workflow_id: str | None = None
    workflow_permanent_id: str | None = None
    hidden_run_id: str | None = None
    """A 2.0 task is backed by a workflow run that shows only in ``app_url`` (facts: runs 1)."""
    api_key: str = field(default="", repr=False)
    webhook_url: str | None = field(default=None, repr=False)
    totp_identifier: str | None = None
    totp_url: str | None = field(default=None, repr=False)
    extra_http_headers: JsonObject | None = field(default=None, repr=False)
    credential_id: str | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    error_code_mapping: JsonObject | None = None
    data_extraction_schema: Json = None
    max_elapsed_minutes: int | None = None
    run_with: str = "agent"
    unreadable: str | None = None
    """Why every read of it is refused: a parameter that was taken and cannot be read back."""
    ai_fallback: bool | None = None
    browser_seed_source: str | None = "fresh"
    max_screenshot_scrolls: int | None = None

    queued_at: int | None = None
    started_at: int | None = None
    finished_at: int | None = None
    output: Json = None
    output_is_scripted: bool = False
    """The script said what the output is; otherwise it is put together from the blocks'."""
    failure_reason: str | None = None
    errors: tuple[JsonObject, ...] = ()
    told_early: bool = False
    """Its errors show already, and its end is still to come."""
    downloads: tuple[str, ...] = ()
    screenshots: tuple[str, ...] = ()
    last_screenshot: str | None = None
    """The one after the end; a task's webhook alone shows it."""
    recording: str | None = None
    recording_is_final: bool = False
    files_lost: bool = False
    """A canceled task loses its recording and downloads for good (facts: runs 4)."""
    credits: int = 0
    step_count: int = 0
    actions: tuple[Action, ...] = ()
    """Of a task; those of a workflow run are in its blocks."""
    blocks: tuple[BlockRun, ...] = ()
    thoughts: tuple[Thought, ...] = ()
    archive_ready_at: int | None = None
    webhook_failure_reason: str | None = None

    attempt: int = 1
    retry_pending: bool = False
    next_attempt_at: int | None = None
    attempts: tuple[Attempt, ...] = ()

    walk: Walk | None = None
    """Where it is in its workflow; None: its script plays it as a whole."""
    script: Script
    """Of the run; of one that walks, of the block at work."""
    cursor: int = 0
    sent: tuple[Json, ...] = field(default=(), repr=False)
    """What a generator script was sent, so that a fork can replay it."""
    yielded: tuple[Step, ...] = field(default=(), repr=False)
    """What it answered, so that a replay that differs is found out."""
    turn: int = 0
    """Counts the steps begun; an event that names an older turn comes too late."""
    waiting_for: Trigger | None = None
    polls: int = 0
    """Reads by the client since the current step began."""
    need: CodeNeed | None = None
    """The second factor that it waits for, or waited for last."""

    @property
    def family(self) -> Family:
        return family_of(self.run_type)

    @property
    def is_over(self) -> bool:
        return self.status in FINAL

    @property
    def is_listed(self) -> bool:
        """Does ``GET /v1/runs`` know of it, and what reads runs by their ids?

        Not of those that single actions are done in (recorded group ``actions2``), nor of those
        that a block of another run waits for (recorded group ``walk_kids``).
        """
        return self.origin not in ("run_sdk_action", "awaited_child")

    @property
    def is_queued_for(self) -> bool:
        """Does it stand in a queue first? A run that a block waits for does not."""
        return self.origin != "awaited_child"

    @property
    def is_live(self) -> bool:
        """Can anything still happen to it?"""
        return not self.is_over or self.retry_pending
