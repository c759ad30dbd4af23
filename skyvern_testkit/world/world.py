"""The world: every row, what is due, and the time. It moves only when told to.

A world is made of immutable rows in plain tables, so a fork is a copy of a few dictionaries.
"""

from __future__ import annotations

import contextlib
import heapq
import random
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from skyvern_testkit.script import DEFAULT_LIFE, Match, Miss, RunInput, Script, Step
from skyvern_testkit.script.actions import ActionRule
from skyvern_testkit.script.runscript import check_for_block
from skyvern_testkit.wire.errors import check_storable
from skyvern_testkit.wire.ids import compose_id
from skyvern_testkit.wire.times import DEFAULT_EPOCH, MICROSECOND, MILLISECOND, SECOND
from skyvern_testkit.world.events import (
    Effect,
    EffectDue,
    EffectResult,
    Event,
    ScheduleDue,
    Unwound,
)
from skyvern_testkit.world.rows import Organization, Row, Run, Session, Workflow
from skyvern_testkit.world.schedules import is_current
from skyvern_testkit.world.tables import TABLES

__all__ = ["Advice", "Change", "Problem", "Rule", "Timing", "World"]

R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long the server takes where it is not the script that says so. Nanoseconds, but for ``life``.

    The defaults lie inside what was observed (facts: runs 4, 8, 9, 10, 11).
    """

    life: float = DEFAULT_LIFE
    """Seconds of work of a run whose script does not say, or says only how it ends."""
    queue: int = 0
    """How long a run of a workflow is queued that walks through its blocks."""
    browser: int = 2 * SECOND
    """From the start of the work until a browser is open and its recording begins."""
    recording: int = 600 * MILLISECOND
    """From the end of a run until its recording is final."""
    errors: int = 400 * MILLISECOND
    """From the moment a run shows the errors that end it until its status moves."""
    webhook: int = 750 * MILLISECOND
    """From the end of a run with a recording until its webhook, which waits for the recording."""
    plain_webhook: int = 60 * MILLISECOND
    """The same where there is no recording to wait for, or nobody waits for it (2.0 tasks)."""
    archive: int = 3 * SECOND
    unwind: int = 7 * SECOND
    """From a cancel until the block at work lets go: the second webhook, the session freed."""
    task_session: int | None = None
    """From the end of a task (not a 2.0 one) until its browser session is free; None: it never is.

    So it is on the self-hosted server, which was recorded (facts: runs 5); the hosted service has
    another manager of sessions: for code that chains such tasks in a session there, say ``0``.
    """
    first_code_look: int = 10 * SECOND
    code_look: int = 10 * SECOND
    code_budget: int = 15 * 60 * SECOND
    code_window: int = 10 * 60 * SECOND
    default_elapsed_minutes: int = 240


@dataclass(frozen=True, slots=True)
class Rule:
    """``on(...)``: runs that match play these scripts, one a run (or an attempt), the last for ever."""

    number: int
    match: Match
    scripts: tuple[Script, ...]
    organization_id: str | None = None
    """Only its runs; None: those of all."""


@dataclass(frozen=True, slots=True)
class Change:
    """A run changed its state; the report shows these beside the requests."""

    at: int
    run_id: str
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class Advice:
    """Something the real server accepts in silence and a test's author wants to know."""

    kind: str
    text: str
    run_id: str | None = None
    organization_id: str | None = None
    """Whom it is about, where that is no run."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A user's script (or rule) went wrong; it fails the test with its own traceback."""

    run_id: str
    error: BaseException = field(compare=False)


Player = Generator[Step, Any, None]


class World:
    """State of one fake Skyvern.

    Args:
        seed: of everything that looks random: ids' worker part, generated names.
        epoch: nanoseconds since the Unix epoch at which the world begins.
        timing: how long the server itself takes for things.
        magic: requests may say what their runs do, see :mod:`skyvern_testkit.world.magic`.
        on_event: what plays an event (the run machine gives it; tests may give their own).
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        epoch: int = DEFAULT_EPOCH,
        timing: Timing | None = None,
        magic: bool = True,
        on_event: Callable[[World, Event], None] | None = None,
    ) -> None:
        self.seed = seed
        self.epoch = epoch
        self.now = epoch
        self.timing = timing or Timing()
        self.magic = magic
        self.magic_uses: dict[str, int] = {}
        self.random = random.Random(seed)
        self._worker = self.random.getrandbits(21)
        self._last_id = 0
        self.chosen_ids: dict[str, str] = {}
        """Prefix -> the id to be given out next: fakes name their resources."""
        self._tables: dict[type[Row], dict[str, Any]] = {kind: {} for kind in TABLES}
        self._versions: dict[str, tuple[str, ...]] = {}
        self._live: dict[str, None] = {}
        """The runs to which something can still happen: among many that are over they are few."""
        self._heap: list[tuple[int, int, Event]] = []
        self._scheduled = 0
        self._effects = 0
        self._on_event = on_event
        self.in_flight: dict[int, Effect] = {}
        self.results: dict[int, EffectResult] = {}
        self.outbox: list[Effect] = []
        self.rules: tuple[Rule, ...] = ()
        self.rule_uses: dict[int, int] = {}
        self.action_rules: tuple[ActionRule, ...] = ()
        self.action_uses: dict[int, int] = {}
        self.problems: list[Problem] = []
        self.changes: list[Change] = []
        self.advice: list[Advice] = []
        self.unmatched: list[tuple[RunInput, tuple[tuple[Rule, tuple[Miss, ...]], ...]]] = []
        self.players: dict[str, tuple[int, Player]] = {}
        """Live generators by run, with how many sends each has had; never part of a fork."""
        self.hasty_steps: dict[str, tuple[int, int]] = {}
        """Run -> an instant, and how many steps of its generator ended by themselves just then."""

    # --- ids ------------------------------------------------------------------------------

    def new_number(self) -> int:
        """The number of a new id."""
        self._last_id = compose_id(self.now, self._worker, self._last_id)
        return self._last_id

    def new_id(self, prefix: str) -> str:
        """A new id: prefix, underscore, an even and growing 18-digit number."""
        if prefix in self.chosen_ids:
            return self.chosen_ids.pop(prefix)
        return f"{prefix}_{self.new_number()}"

    # --- rows -----------------------------------------------------------------------------

    def _key(self, kind: type[Row], row_id: str, organization_id: str) -> str:
        """Under which a row of that organisation stands in its table, or would.

        Its id; only ids that a fake file chooses are those of other organisations' rows, too.
        """
        taken = self._tables[kind].get(row_id)
        if taken is None or taken.organization_id == organization_id:
            return row_id
        return f"{organization_id}/{row_id}"

    def insert(self, row: R) -> R:
        """Put a new row in its table."""
        self._tables[type(row)][self._key(type(row), row.id, row.organization_id)] = row
        if isinstance(row, Workflow):
            versions = self._versions.get(row.permanent_id, ())
            self._versions[row.permanent_id] = (*versions, row.id)
        elif isinstance(row, Run):
            self._note_life(row)
        return row

    def _note_life(self, run: Run) -> None:
        if run.is_live:
            self._live[run.id] = None
        else:
            self._live.pop(run.id, None)

    def make(
        self, kind: type[R], organization_id: str, *, id: str | None = None, **values: Any
    ) -> R:
        """A new row of that kind, with a fresh id and the times of now, put in its table.

        ``modified_at`` is a few microseconds after ``created_at``, as on the real server.

        Raises:
            Unstorable: a text holds half of a surrogate pair; then no row is made.
        """
        check_storable(*values.values(), *values.get("settings", {}).values())
        row = kind(
            id=id or self.new_id(kind.PREFIX),
            organization_id=organization_id,
            created_at=self.now,
            modified_at=self.now + 4 * MICROSECOND,
            **values,
        )
        return self.insert(row)

    def change(self, row: R, **values: Any) -> R:
        """Replace a row by one with these values; ``modified_at`` becomes now.

        Raises:
            Unstorable: a text holds half of a surrogate pair; then nothing is changed.
        """
        check_storable(*values.values(), *values.get("settings", {}).values())
        changed = replace(row, **{"modified_at": self.now, **values})
        self._tables[type(row)][self._key(type(row), row.id, row.organization_id)] = changed
        if isinstance(changed, Run):
            self._note_life(changed)
        return changed

    def update(self, row: R, **values: Any) -> R:
        """Change a row, unless it has these values already: then nothing was modified.

        Raises:
            Unstorable: see :meth:`change`.
        """
        same = all(getattr(row, name) == value for name, value in values.items())
        return row if same else self.change(row, **values)

    @contextlib.contextmanager
    def all_or_nothing(self) -> Generator[None]:
        """Inside, an exception leaves no row behind, and none changed."""
        tables = {kind: dict(rows) for kind, rows in self._tables.items()}
        versions, live = dict(self._versions), dict(self._live)
        try:
            yield
        except BaseException:
            self._tables, self._versions, self._live = tables, versions, live
            raise

    def get(
        self, kind: type[R], row_id: str | None, organization_id: str | None = None
    ) -> R | None:
        """The row of that id, or None: unknown, deleted, or (with an organisation) not its own."""
        key = row_id or ""
        if organization_id is not None:
            key = self._key(kind, key, organization_id)
        row: R | None = self._tables[kind].get(key)
        return row if row is not None and row.deleted_at is None else None

    def get_deleted(self, kind: type[R], row_id: str, organization_id: str) -> R | None:
        """As :meth:`get`, but a deleted row is found too."""
        row: R | None = self._tables[kind].get(self._key(kind, row_id, organization_id))
        return row

    def rows(
        self, kind: type[R], organization_id: str | None = None, *, include_deleted: bool = False
    ) -> Iterator[R]:
        """The rows of a table in the order of their making, of one organisation or of all."""
        for row in self._tables[kind].values():
            if organization_id is not None and row.organization_id != organization_id:
                continue
            if include_deleted or row.deleted_at is None:
                yield row

    def run(self, run_id: str) -> Run:
        """The run of that id, whichever its organisation.

        Raises:
            KeyError: there is none.
        """
        run: Run = self._tables[Run][run_id]
        return run

    def live_runs(self) -> list[Run]:
        """The runs to which something can still happen, oldest first."""
        return [self.run(run_id) for run_id in self._live]

    def workflow_versions(self, permanent_id: str, organization_id: str) -> list[Workflow]:
        """The versions of a workflow, oldest first, deleted ones included."""
        table = self._tables[Workflow]
        rows = [table[version] for version in self._versions.get(permanent_id, ())]
        return [row for row in rows if row.organization_id == organization_id]

    def workflow(self, permanent_id: str, organization_id: str) -> Workflow | None:
        """The latest version of a workflow, or None when there is none or it is deleted."""
        versions = self.workflow_versions(permanent_id, organization_id)
        return versions[-1] if versions and versions[-1].deleted_at is None else None

    def session_of(self, run: Run) -> Session | None:
        """The browser session a run asked for, over or not."""
        return self.get(Session, run.browser_session_id, run.organization_id)

    # --- time -----------------------------------------------------------------------------

    def schedule(self, due: int, event: Event) -> None:
        """Let an event happen at that instant; events of one instant keep the order of scheduling."""
        self._scheduled += 1
        heapq.heappush(self._heap, (max(due, self.now), self._scheduled, event))

    def next_due(self) -> int | None:
        """When the next event is due, or None."""
        return self._heap[0][0] if self._heap else None

    def advance(self, to: int) -> None:
        """Play everything due until that instant, in order, and be there. Never goes back."""
        while self._heap and self._heap[0][0] <= to:
            due, _, event = heapq.heappop(self._heap)
            self.now = max(self.now, due)
            if self._on_event is not None:
                self._on_event(self, event)
        self.now = max(self.now, to)

    def due_events(self) -> list[tuple[int, Event]]:
        """What is still to come, soonest first."""
        return [(due, event) for due, _, event in sorted(self._heap, key=lambda item: item[:2])]

    # --- effects --------------------------------------------------------------------------

    def new_effect(self, **values: Any) -> Effect:
        """An effect with a number of its own."""
        self._effects += 1
        return Effect(id=self._effects, **values)

    def emit(self, effect: Effect, *, at: int | None = None) -> Effect:
        """Hand an effect to the outside: it lies in the outbox until a transport takes it.

        Args:
            effect: what is to be done.
            at: when it says that it was sent; default: now.
        """
        now = replace(effect, at=self.now if at is None else at)
        self.in_flight[now.id] = now
        self.outbox.append(now)
        return now

    def reaches_client(self) -> bool:
        """Could what is due ever reach a client: an effect under way, due, or still to be made?"""
        if self.in_flight or any(self._tells(event) for _, _, event in self._heap):
            return True
        return any(
            run.webhook_url or run.totp_url or self._has_code_url(run) for run in self.live_runs()
        )

    def _has_code_url(self, run: Run) -> bool:
        workflow = self.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
        blocks = list(workflow.blocks) if workflow else []
        while blocks:
            block = blocks.pop()
            if block.get("totp_verification_url"):
                return True
            blocks += block.get("loop_blocks") or ()
        return False

    def _tells(self, event: Event) -> bool:
        match event:
            case EffectDue():
                return True
            case ScheduleDue():  # its run may send one
                return self._may_tell(event)
            case Unwound(run_id=run_id):  # the webhook of a canceled run goes out once more
                return bool(self.run(run_id).webhook_url)
            case _:
                return False

    def _may_tell(self, event: ScheduleDue) -> bool:
        schedule = is_current(self, event)
        if schedule is None:
            return False
        workflow = self.workflow(schedule.workflow_permanent_id, schedule.organization_id)
        return workflow is not None and bool(workflow.settings.get("webhook_callback_url"))

    # --- copies ---------------------------------------------------------------------------

    def fork(self) -> World:
        """An independent copy: same rows, same time, same future.

        Generators are not copied; each is replayed from its log when its run goes on.
        """
        twin = World(seed=self.seed, epoch=self.epoch, timing=self.timing, on_event=self._on_event)
        twin.now = self.now
        twin.random.setstate(self.random.getstate())
        twin._worker, twin._last_id = self._worker, self._last_id
        twin._tables = {kind: dict(rows) for kind, rows in self._tables.items()}
        twin._versions, twin._live = dict(self._versions), dict(self._live)
        twin._heap = list(self._heap)
        twin._scheduled, twin._effects = self._scheduled, self._effects
        twin.in_flight, twin.results = dict(self.in_flight), dict(self.results)
        twin.outbox = list(self.outbox)
        twin.rules, twin.rule_uses = self.rules, dict(self.rule_uses)
        twin.action_rules, twin.action_uses = self.action_rules, dict(self.action_uses)
        twin.magic, twin.magic_uses = self.magic, dict(self.magic_uses)
        twin.problems = list(self.problems)
        twin.changes, twin.advice = list(self.changes), list(self.advice)
        twin.unmatched = list(self.unmatched)
        return twin

    def add_rule(
        self, match: Match, scripts: tuple[Script, ...], organization_id: str | None = None
    ) -> Rule:
        """From now on, runs that match play these scripts.

        Args:
            match: which runs.
            scripts: at least one.
            organization_id: only the runs of this organisation; None: of all.

        Raises:
            ScriptError: a rule for blocks, and a script that no block can play.
        """
        for script in scripts if match.is_for_block else ():
            check_for_block(script)
        rule = Rule(len(self.rules) + 1, match, scripts, organization_id)
        self.rules = (*self.rules, rule)
        return rule

    def diff(self, other: World) -> dict[str, tuple[Row | None, Row | None]]:
        """The rows that differ between this world and another: id -> (here, there)."""
        found: dict[str, tuple[Row | None, Row | None]] = {}
        for kind in TABLES:
            here, there = self._tables[kind], other._tables[kind]
            for row_id in {**here, **there}:
                if here.get(row_id) != there.get(row_id):
                    found[row_id] = (here.get(row_id), there.get(row_id))
        return found

    # --- organisations --------------------------------------------------------------------

    def new_organization(self, name: str) -> Organization:
        """An organisation of its own, with nothing in it."""
        organization_id = self.new_id(Organization.PREFIX)
        return self.insert(
            Organization(
                id=organization_id,
                organization_id=organization_id,
                created_at=self.now,
                modified_at=self.now,
                name=name,
            )
        )
