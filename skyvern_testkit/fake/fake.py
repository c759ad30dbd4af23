"""The public face of the fake: a world, the ways to script it, and what happened in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.dialects import NEWEST, dialect_named
from skyvern_testkit.fake.due import play
from skyvern_testkit.fake.exchange import Broken, Exchange, Step
from skyvern_testkit.fake.forcing import Force, force, id_of
from skyvern_testkit.fake.journal import Delivery, Journal, virtual_seconds
from skyvern_testkit.fake.on import On
from skyvern_testkit.fake.on_action import OnAction
from skyvern_testkit.fake.post import Post
from skyvern_testkit.fake.redact import redact_target
from skyvern_testkit.faults import Faults
from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.faults.webhooks import WebhookFaults
from skyvern_testkit.script import Match, Pattern, Signal
from skyvern_testkit.script.actions import ActionMatch
from skyvern_testkit.script.steps import UNSET, Unset
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import DEFAULT_EPOCH
from skyvern_testkit.world import machine
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.keys import DEFAULT_KEY, Keys
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.sdk_actions import add_action_rule
from skyvern_testkit.world.world import Timing, World

if TYPE_CHECKING:
    from skyvern_testkit.fake.loading import Loaded
    from skyvern_testkit.script.fakefile import FakeFile

__all__ = ["FakeSkyvern"]

STANDSTILL = 1_000
"""The same request so often at one instant is a loop that does not sleep."""


class TooManyRequests(RuntimeError):
    """The fuse against a runaway test: more requests than ``max_requests``."""


class FakeSkyvern:
    """A Skyvern that lives in memory. It does no I/O and reads no clock: transports do.

    Args:
        seed: of all that looks random; the same seed and the same calls give the same bytes.
        epoch: nanoseconds since the Unix epoch at which its world begins.
        strict_keys: take only keys that were added; default: every key a real server could take.
        one_organization: unknown keys share one organisation (default) or have one each.
        base_url: where answers say that files are to be fetched.
        app_url: where answers say that people can look at a run.
        timing: how long the server takes for what scripts do not say.
        max_requests: a fuse against tests that never end; None: a server may go on for ever.
        journal_limit: entries of the journal that are kept.
        dialect: the release of Skyvern that it speaks, such as ``"1.0.24"``.
        magic: requests may say what their runs do, where no rule is for them (``docs/magic.md``).

    Raises:
        UnknownDialect: there is no such release; the message names the nearest.
    """

    def __init__(
        self,
        *,
        seed: int = 0,
        epoch: int = DEFAULT_EPOCH,
        strict_keys: bool = False,
        one_organization: bool = True,
        base_url: str = "https://api.skyvern.com",
        app_url: str = "https://app.skyvern.com",
        timing: Timing | None = None,
        max_requests: int | None = 10_000,
        journal_limit: int = 20_000,
        dialect: str = NEWEST,
        magic: bool = True,
    ) -> None:
        self.dialect = dialect_named(dialect)
        self.world = World(seed=seed, epoch=epoch, timing=timing, magic=magic, on_event=play)
        self.keys = Keys(
            self.world,
            strict=strict_keys,
            one_organization=one_organization,
            on_organization=self._furnish,
        )
        self._files: tuple[FakeFile, ...] = ()
        self._said: list[On] = []
        self._asked_of: list[OnAction] = []
        secret = hashlib.sha256(f"skyvern-testkit {seed}".encode()).digest()
        self.links = Links(base_url.rstrip("/"), app_url.rstrip("/"), secret)
        self.faults = Faults()
        self.webhook_faults = WebhookFaults()
        self.post = Post()
        self.journal = Journal(limit=journal_limit)
        self.max_requests = max_requests
        self.waiting: set[Exchange] = set()
        self.unread: list[Exchange] = []
        self._raised: list[Exception] = []
        self._asked: tuple[str, str, int] | None = None
        self._repeats = 0

    # --- what a test says -----------------------------------------------------------------

    @property
    def api_key(self) -> str:
        """The key of the world's own organisation."""
        return DEFAULT_KEY

    @property
    def organization_id(self) -> str:
        """The world's own organisation: whose the fixtures' resources are."""
        return self.keys.default_organization.id

    def on(
        self,
        *,
        prompt: Pattern | None = None,
        url: Pattern | None = None,
        workflow: Pattern | None = None,
        parameters: Mapping[str, Json] | None = None,
        engine: Pattern | None = None,
        title: Pattern | None = None,
        run_type: Pattern | None = None,
        block: Pattern | None = None,
        block_type: Pattern | None = None,
    ) -> On:
        """Say which runs the next script is for; see :class:`~skyvern_testkit.script.Match`.

        With ``block`` or ``block_type`` it is for a block of a workflow: a run of a workflow that
        no rule plays as a whole walks through its blocks, and these play their scripts. The rule
        said last wins. A pattern is a glob, a compiled regular expression or a function.
        """
        pattern = Match(
            prompt, url, workflow, parameters, engine, title, run_type, block, block_type
        )
        said = On(self.world.add_rule, pattern, said_at=place_of_caller())
        self._said = [*self.unplayed, said]
        return said

    @property
    def unplayed(self) -> list[On]:
        """What was said with :meth:`on` and has no scripts: it does nothing."""
        return [said for said in self._said if not said.is_played]

    def on_action(
        self,
        *,
        type: Pattern | None = None,
        prompt: Pattern | None = None,
        url: Pattern | None = None,
    ) -> OnAction:
        """Say which single actions the next answer is for: ``on_action(...).answer(...)``.

        Actions are what ``run_sdk_action`` does: clicks, extractions and so on of the SDK's browser.
        The rule said last wins; an action without a rule answers something plausible.

        Args:
            type: as on the wire: ``extract``, ``validate``, ``ai_click``; or a pattern: ``ai_*``.
            prompt: what the action is to do, in words.
            url: the page that it is on.

        Raises:
            ValueError: a type that no action has.
        """
        add = partial(add_action_rule, self.world)
        said = OnAction(add, ActionMatch(type, prompt, url), said_at=place_of_caller())
        self._asked_of = [*self.unanswered, said]
        return said

    @property
    def unanswered(self) -> list[OnAction]:
        """What was said with :meth:`on_action` and has no answers: it does nothing."""
        return [said for said in self._asked_of if not said.is_answered]

    def populate(self, file: FakeFile, *, organization_id: str | None = None) -> Loaded:
        """Make everything that a fake file describes, all of it or nothing.

        Its resources are made in every organisation that there is, and in every one that a new key
        opens later: each has its own, under the same ids where the file chooses them. Its rules are
        for the runs of all.

        Args:
            file: what :func:`~skyvern_testkit.fakefiles.read_fake` returns.
            organization_id: make it in this organisation only, for its runs only.

        Returns:
            what it has become in that organisation, or in the world's own.

        Raises:
            FakeFileError: the world refuses something; then nothing was made.
        """
        from skyvern_testkit.fake.loading import load

        loaded = load(self, file, organization_id)
        if organization_id is None:
            self._files = (*self._files, file)
        return loaded

    def _furnish(self, organization_id: str) -> None:
        """A new organisation has what the files describe, like every other."""
        for file in self._files:
            from skyvern_testkit.fake.loading import furnish

            furnish(self, file, organization_id)

    def signal(self, name: str) -> int:
        """Fire a named signal: steps that wait ``until=signal(name)`` end now.

        Returns:
            how many runs went on; a signal that reaches none is told in the report.
        """
        heard = machine.fire_signal(self.world, name)
        if not heard:
            waiting = sorted(
                {
                    run.waiting_for.name
                    for run in self.world.rows(Run)
                    if run.is_live and isinstance(run.waiting_for, Signal)
                }
            )
            known = ", ".join(map(repr, waiting)) or "none"
            advise(self.world, "signal_unheard", name=name, known=known)
        return heard

    def fire_webhook(self, run_id: str, *, url: str | None = None) -> None:
        """Send the webhook of a run now, whatever its state: its body as it would be, signed, one try.

        It changes nothing of the run. For tests of a handler that want no run to end first.

        Args:
            run_id: whose.
            url: where to; default: the run's own ``webhook_url``.

        Raises:
            LookupError: there is no such run.
            ValueError: it has no ``webhook_url``, and none is given.
        """
        run = self.run(run_id)
        target = url or run.webhook_url
        if not target:
            raise ValueError(
                f"run {run_id} has no webhook_url, so its webhook goes nowhere. Start the run with one, "
                "or say where to: fire_webhook(run_id, url=...)"
            )
        self.post.fire(self, run, target)

    def force(
        self,
        thing: Any,
        state: str,
        *,
        reason: str | None = None,
        error_code: str | None = None,
        output: Json | Unset = UNSET,
        illegal: bool = False,
    ) -> None:
        """Bring a run, session, profile, credential or workflow into a state, now.

        A run's script is over with it: in a state that is no end it stays until it is forced again,
        canceled, or a limit of the server ends it.

        Args:
            thing: its id, or what has an ``id`` or a ``run_id``.
            state: of a run one of its statuses, or ``archive_ready`` (a profile can be made of it);
                of a session ``running``, ``completed``, ``failed`` or ``timeout``; else ``deleted``.
            reason: of a run that ends badly.
            error_code: likewise; shown if the caller's ``error_code_mapping`` has it.
            output: of a run.
            illegal: also where the real server would never do it.

        Raises:
            LookupError: there is nothing of that id.
            ValueError: a state that its kind does not have.
            IllegalMove: the real server would never do it; the message names the legal moves.
        """
        wanted = Force(
            state=str(state), reason=reason, error_code=error_code, output=output, illegal=illegal
        )
        self._force(id_of(thing), wanted)

    def as_code(self, organization_id: str | None = None) -> str:
        """The rules of this world as the Python that says them; functions are named.

        Args:
            organization_id: only its own rules, and those for all.
        """
        from skyvern_testkit.fake.printing import world_as_code

        return world_as_code(self, organization_id)

    def as_yaml(self, organization_id: str | None = None) -> str:
        """This world, resources and rules, as a fake file: loaded, it prints the same.

        Secrets are hidden, and what no file can hold is named in a comment.

        Args:
            organization_id: whose resources; default: the world's own organisation's.
        """
        from skyvern_testkit.fake.printing import world_as_yaml

        return world_as_yaml(self, organization_id)

    def _force(self, id: str, wanted: Force) -> None:
        force(self, id, wanted)

    def run(self, run_id: str) -> Run:
        """A run as the world has it.

        Raises:
            LookupError: there is none of that id; the message names those there are.
        """
        row = self.world.get(Run, run_id)
        if row is None:
            known = ", ".join(row.id for row in self.world.rows(Run)) or "none yet"
            raise LookupError(f"there is no run {run_id} in this world (runs: {known})")
        return row

    @property
    def runs(self) -> list[Run]:
        """All runs, oldest first."""
        return list(self.world.rows(Run))

    @property
    def failures(self) -> list[BaseException]:
        """What scripts, and conditions of rules and faults, have raised; a client may hide it."""
        return [*(problem.error for problem in self.world.problems), *self._raised]

    # --- what a transport does ------------------------------------------------------------

    def begin(self, request: Request) -> Exchange:
        """Take a request; step what is returned until it ends.

        Raises:
            TooManyRequests: the fuse; the message shows the last requests.
        """
        if self.max_requests is not None:
            self._check_fuse(self.max_requests)
            self._check_progress(request)
        entry = self.journal.open(request, began=self.elapsed)
        exchange = Exchange(self, request, entry)
        self.waiting.add(exchange)
        return exchange

    def _check_fuse(self, most: int) -> None:
        if self.journal.total >= most:
            raise TooManyRequests(
                f"{most} requests in one world: a client that never stops polling? "
                f"(raise it with max_requests=)\n{self.journal.render(last=10)}"
            )

    def _check_progress(self, request: Request) -> None:
        """A loop that asks the same again and again without sleeping would never end."""
        asked = (request.method, request.target, self.world.now)
        self._repeats = self._repeats + 1 if asked == self._asked else 0
        self._asked = asked
        if self._repeats >= STANDSTILL:
            raise TooManyRequests(
                f"{STANDSTILL} times {request.method} {redact_target(request.target)} while virtual "
                f"time stood still at {self.elapsed:g} s: the loop that polls does not sleep, and "
                "nothing but sleeping lets time pass. Sleep between polls, or move time with "
                "clock.advance() in a synchronous test."
            )

    def handle(self, request: Request, *, now: int | None = None) -> Response:
        """The answer to a request that is answered at once.

        Args:
            request: what was sent.
            now: nanoseconds since the Unix epoch; default: the world's own time.

        Raises:
            RuntimeError: the exchange takes time, or its connection is reset.
        """
        exchange = self.begin(request)
        step = exchange.step(self.world.now if now is None else now)
        if isinstance(step, Response):
            return step
        exchange.abandon()
        raise RuntimeError(f"{request.method} {request.path} is not answered at once: {step}")

    def advance(self, now: int) -> None:
        """Let everything happen that is due until that instant."""
        self.world.advance(now)

    def close(self, exchange: Exchange, last: Step | None) -> None:
        """An exchange has come to its end; one that nobody reads keeps its outcome."""
        was_read = exchange in self.waiting
        self._end(exchange)
        entry = exchange.entry
        entry.ended = self.elapsed
        if isinstance(last, Response):
            self.journal.answer(entry, last)
        if was_read and isinstance(last, Response | Broken):
            entry.outcome = "answered" if isinstance(last, Response) else "reset"

    def leave(self, exchange: Exchange) -> None:
        """The client gave up: the exchange goes on, and nobody waits for it or reads its answer."""
        self.waiting.discard(exchange)
        self.unread.append(exchange)
        exchange.entry.ended = exchange.entry.left = self.elapsed
        exchange.entry.outcome = "abandoned"

    def abandon(self, exchange: Exchange, outcome: str) -> None:
        """An exchange ends without an answer; one that was left before stays among the unread."""
        if outcome == "abandoned" and exchange in self.unread:
            return
        self._end(exchange)
        exchange.entry.ended = self.elapsed
        exchange.entry.outcome = outcome

    def _end(self, exchange: Exchange) -> None:
        self.waiting.discard(exchange)
        if exchange in self.unread:
            self.unread.remove(exchange)

    def remember(self, error: Exception) -> None:
        """An exception comes out of a request, through a client that may swallow it."""
        if all(error is not known for known in self.failures):
            self._raised.append(error)

    def take_effects(self) -> list[Effect]:
        """The effects that are due and not yet taken: the caller is to deliver them."""
        return self.post.collect(self)

    def render_effect(self, effect: Effect) -> Request:
        """What to send for an effect: body, signature, headers."""
        return self.post.render(self, effect)

    def effect_done(self, effect: Effect, result: EffectResult) -> None:
        """Tell the world what became of an effect."""
        self.journal.deliveries.append(
            Delivery(
                self.elapsed,
                effect.kind,
                effect.run.id,
                effect.url,
                result.status,
                result.error,
                result.request_body,
                {name.lower(): value for name, value in result.request_headers.items()},
                self.post.note(effect),
            )
        )
        machine.effect_done(self.world, effect, result)
        self.post.done(self, effect)

    def next_due(self) -> int | None:
        """When the next event of the world is due (nanoseconds since the Unix epoch)."""
        return self.world.next_due()

    def reaches_client(self) -> bool:
        """Could what is due ever reach a client?"""
        return bool(self.waiting) or self.world.reaches_client()

    @property
    def elapsed(self) -> float:
        """Virtual seconds since the world began."""
        return virtual_seconds(self.world.now, self.world.epoch)

    # --- copies ---------------------------------------------------------------------------

    def fork(self) -> FakeSkyvern:
        """An independent copy with the same future, on no clock; its journal begins empty."""
        twin = object.__new__(FakeSkyvern)
        FakeSkyvern.__init__(
            twin,
            seed=self.world.seed,
            max_requests=self.max_requests,
            dialect=self.dialect.release,
        )
        twin.world = self.world.fork()
        twin.keys = self.keys.fork(twin.world, on_organization=twin._furnish)
        twin._files = self._files
        twin.links = self.links
        twin.faults = self.faults.fork()
        twin.webhook_faults, twin.post = self.webhook_faults.fork(), self.post.fork()
        return twin
