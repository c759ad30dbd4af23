"""``with remote_skyvern(url) as fake:`` - a fake of ``skyvern-testkit serve``, scripted as one in this process."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections import deque
from collections.abc import Callable, Generator, Mapping
from typing import Any, Final
from urllib.parse import quote

from skyvern_testkit.clock import Clock, RealClock, VirtualClock
from skyvern_testkit.control.carrying import RemoteTransport, SyncRemoteTransport
from skyvern_testkit.control.entries import Sent, advice_of, delivery_of, reunited
from skyvern_testkit.control.orders import CannotTravel, NotOurServer, OrderRefused, Orders
from skyvern_testkit.control.remote_faults import RemoteFaults, RemoteWebhooks
from skyvern_testkit.fake.forcing import id_of
from skyvern_testkit.fake.journal import Journal
from skyvern_testkit.fake.on import On
from skyvern_testkit.fake.on_action import OnAction
from skyvern_testkit.fakefiles import text_of_fake
from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.script import Match, Pattern, Script
from skyvern_testkit.script.actions import ActionAnswer, ActionMatch, ActionRule
from skyvern_testkit.script.fakefile import FakeFileError, Place, Problem
from skyvern_testkit.script.fakefile.writing import write_yaml
from skyvern_testkit.script.printing import answers_as_json, rule_as_json
from skyvern_testkit.script.steps import UNSET, Unset
from skyvern_testkit.transport.agenda import Agenda
from skyvern_testkit.transport.clients import Clients
from skyvern_testkit.transport.codes import TotpCodes
from skyvern_testkit.transport.interception import guarded, intercepting
from skyvern_testkit.transport.opening import WEEK, explain, seeded_random, virtual_clock
from skyvern_testkit.transport.resources import Furnishing, Resource
from skyvern_testkit.transport.verdict import Verdict
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import seconds as to_nanoseconds
from skyvern_testkit.world.world import Advice, Rule

__all__ = ["CannotTravel", "NotOurServer", "RemoteSkyvern", "remote_skyvern"]

REMEMBERED: Final = 20_000
"""Requests of this process that are known exactly; as the journal of a fake in this process."""


_IN_PROCESS: Final[Mapping[str, str]] = {
    "world": "the world's rows are in the server's process",
    "keys": "the server's keys are given to it when it starts (serve --api-key)",
    "front": "the world and its clock are in the server's process",
    "links": "addresses in answers are the server's",
    "fork": "a copy of the world would be in the server's process",
    "populate": "a file that was read here is sent as its text: say fake= or serve --fake",
    "runs": "rows of runs are in the server's process; run(id) asks for one",
    "journal_limit": "the server's journal has its own limit",
}


@contextlib.contextmanager
def remote_skyvern(
    url: str,
    *,
    api_key: str | None = None,
    seed: int = 0,
    fake: str | os.PathLike[str] | None = None,
    root: str | os.PathLike[str] = ".",
    strict: bool = False,
    intercept: bool = False,
    max_virtual: float = WEEK,
    hold_cap: float = 30.0,
    wallclock: bool | None = None,
) -> Generator[RemoteSkyvern]:
    """An organisation of one's own on ``skyvern-testkit serve``, until the end of the block.

    With ``serve --clock virtual`` time is virtual here, as in :func:`fake_skyvern`, and moves the
    server's world along. On a server with any other clock, time is real on both ends.

    Args:
        url: of the server.
        api_key: of the organisation; default: a new one, which no other client meets.
        seed: of the module ``random`` here; that of ids and values is the server's.
        fake: name or path of a YAML fake to begin with; it is read here.
        root: the project whose ``fakes/`` folder is looked at first.
        strict: end with an error that names every rule and fault that was not used, and every advice.
        intercept: catch all httpx clients of Skyvern's own hosts.
        max_virtual: virtual seconds after which a runaway test ends.
        hold_cap: real seconds for which virtual time may stand still.
        wallclock: whether ``datetime.now`` follows; None: if time-machine is installed.

    Raises:
        NotOurServer: nobody answers there, or something that is no server of this kit.
        OrderRefused: it does not take the key.
        FakeFileError: the fake is wrong; it names file, line and field.
        FakeNotFound: there is no ``fake`` of that name.
        StrictFailure: ``strict`` found something.
    """
    url = url.rstrip("/")
    key = api_key or f"test-{secrets.token_hex(12)}"
    told = _time_of(url, key)
    with contextlib.ExitStack() as stack:
        if told["moved_by"] == "hand":
            clock: Clock = virtual_clock(
                stack, told["now"], max_virtual=max_virtual, hold_cap=hold_cap, wallclock=wallclock
            )
        else:
            clock = RealClock()
            stack.callback(clock.close)
        world = RemoteSkyvern(
            url, key, clock, now=told["now"], elapsed=told["elapsed"], seed=seed, strict=strict
        )
        stack.enter_context(seeded_random(seed))
        stack.enter_context(guarded(world))
        world.open()
        stack.callback(world.shut)
        if isinstance(clock, VirtualClock):  # files are fetched from the server's own address
            stack.enter_context(intercepting(world, [url.partition("://")[2]]))
        if intercept:
            stack.enter_context(world.intercept())
        if fake is not None:
            world.load(*text_of_fake(fake, root))
        try:
            yield world
        except CannotTravel:
            world.forgive()
            raise
        except Exception as error:
            explain(world, error)
            raise
        world.verify()


def _time_of(url: str, key: str) -> dict[str, Any]:
    told = Orders(url, key)("GET", "clock").json()
    if not isinstance(told, dict) or not {"now", "elapsed", "moved_by"} <= told.keys():
        raise NotOurServer(f"{url} does not answer as `skyvern-testkit serve` does")
    return told  # pyright: ignore[reportUnknownVariableType]


class RemoteSkyvern(Verdict, Clients, Furnishing):
    """A served fake and this process's clock. Made by :func:`remote_skyvern`.

    It has the shape of :class:`~skyvern_testkit.InProcessSkyvern` as far as that can go; the rest
    raises :class:`CannotTravel`.

    Attributes:
        clock: this process's time; the server's world follows it if it is virtual.
        totp: sends second-factor codes.
        faults: what goes wrong on purpose, for this key only.
        webhooks: likewise, of the webhooks of its runs.
        seed: of the module ``random``.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        clock: Clock,
        *,
        now: int,
        elapsed: float,
        seed: int = 0,
        strict: bool = False,
    ) -> None:
        super().__init__(strict=strict)
        self._url, self._api_key = url, api_key
        self.clock, self.seed = clock, seed
        self._began, self._began_at = elapsed, clock.now
        zero = now - clock.now_ns
        stamp = (lambda: zero + clock.now_ns) if isinstance(clock, VirtualClock) else lambda: None
        self._orders = Orders(url, api_key, stamp)
        self._sent: deque[Sent] = deque(maxlen=REMEMBERED)
        self._said: list[On] = []
        self._asked_of: list[OnAction] = []
        self._later = _Later(clock)
        self.transport = RemoteTransport(url, clock, zero, self._sent)
        self.sync_transport = SyncRemoteTransport(url, clock, zero, self._sent)
        self.totp = TotpCodes(self._do, self.later, lambda: zero + clock.now_ns, _no_receiver)
        self.faults = RemoteFaults(self._orders)
        self.webhooks = RemoteWebhooks(self._orders)

    def __repr__(self) -> str:
        return f"<RemoteSkyvern at {self._url}, {self.elapsed:g} s>"

    def __getattr__(self, name: str) -> Any:
        if name in _IN_PROCESS:
            raise CannotTravel(
                f"fake.{name} is not to be had of a fake in another process: {_IN_PROCESS[name]}. "
                "Run this test on a fake of its own process."
            )
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")

    @property
    def api_key(self) -> str:
        """The key of this test's organisation."""
        return self._api_key

    @property
    def base_url(self) -> str:
        """The server's address."""
        return self._url

    # --- what a test says -----------------------------------------------------------------

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
        """Say which of this key's runs the next script is for; see :meth:`FakeSkyvern.on`.

        Functions and generators cannot travel.
        """
        pattern = Match(
            prompt, url, workflow, parameters, engine, title, run_type, block, block_type
        )
        said = On(self._say, pattern, said_at=place_of_caller())
        self._said = [*(one for one in self._said if not one.is_played), said]
        return said

    def _say(self, match: Match, scripts: tuple[Script, ...]) -> Rule:
        try:
            rule = rule_as_json(match, scripts)
        except ValueError as error:
            raise CannotTravel(
                f"this rule cannot be sent to a fake in another process: {error}. Say it in data "
                "(patterns, RunScript), or run this test on a fake of its own process."
            ) from None
        (number,) = self.load("on(...).play(...)", write_yaml({"format": 1, "runs": [rule]}))
        return Rule(number, match, scripts)

    def on_action(
        self,
        *,
        type: Pattern | None = None,
        prompt: Pattern | None = None,
        url: Pattern | None = None,
    ) -> OnAction:
        """Say which of this key's single actions the next answer is for; see :meth:`FakeSkyvern.on_action`.

        Functions cannot travel.
        """
        said = OnAction(self._say_action, ActionMatch(type, prompt, url), place_of_caller())
        self._asked_of = [*(one for one in self._asked_of if not one.is_answered), said]
        return said

    def _say_action(self, match: ActionMatch, answers: tuple[ActionAnswer, ...]) -> ActionRule:
        try:
            rule = answers_as_json(match, answers)
        except ValueError as error:
            raise CannotTravel(
                f"{match} cannot be sent to a fake in another process: {error}. Say it in data, or run "
                "this test on a fake of its own process."
            ) from None
        self.load("on_action(...).answer(...)", write_yaml({"format": 1, "actions": [rule]}))
        return ActionRule(0, match, answers)

    def load(self, source: str, text: str) -> list[int]:
        """Make a fake file come true for this key: its resources and its rules.

        Args:
            source: what messages call it.
            text: the YAML.

        Returns:
            the numbers of its rules.

        Raises:
            FakeFileError: something is wrong; nothing was applied.
        """
        try:
            loaded: dict[str, list[int]] = self._orders("POST", "fake", content=text).json()
        except OrderRefused as refused:
            if "problems" not in refused.said:
                raise
            raise FakeFileError(source, map(_problem, refused.said["problems"])) from None
        return loaded["rules"]

    def signal(self, name: str) -> int:
        """Fire a named signal for this key's runs; returns how many went on."""
        heard: int = self._orders("POST", "signals", json={"name": name}).json()["heard"]
        return heard

    def fire_webhook(self, run_id: str, *, url: str | None = None) -> None:
        """Send the webhook of a run now; see :meth:`FakeSkyvern.fire_webhook`. The server delivers it.

        Raises:
            LookupError: this key has no such run.
            ValueError: it has no ``webhook_url``, and none is given.
        """
        order = {} if url is None else {"url": url}
        try:
            self._orders("POST", f"webhooks/{quote(run_id)}", json=order)
        except OrderRefused as refused:
            if refused.status == 404:
                raise LookupError(str(refused)) from None
            raise

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

        See :meth:`FakeSkyvern.force`; what the world refuses is an :class:`OrderRefused` here.
        """
        asked: dict[str, Json] = {"state": str(state), "illegal": illegal}
        asked |= {} if reason is None else {"reason": reason}
        asked |= {} if error_code is None else {"error_code": error_code}
        asked |= {} if isinstance(output, Unset) else {"output": output}
        self._orders("POST", f"force/{quote(id_of(thing))}", json=asked)

    def as_code(self) -> str:
        """The rules for this key as the Python that says them."""
        return self._orders("GET", "script?as=code").text

    def as_yaml(self) -> str:
        """This key's resources and rules as a fake file, secrets hidden."""
        return self._orders("GET", "script?as=yaml").text

    def later(self, seconds: float, do: Callable[..., object], *args: Any) -> None:
        """Call a function after so many seconds of the clock.

        Raises:
            ValueError: a negative number.
        """
        self._later.after(seconds, lambda: do(*args))

    def _do(
        self, operation: str, body: dict[str, Any] | None, params: dict[str, str] | None = None
    ) -> Any:
        order = {"body": body, "params": params or {}}
        return self._orders("POST", f"operations/{quote(operation)}", json=order).json()["answer"]

    # --- what happened --------------------------------------------------------------------

    def run(self, run_id: str) -> Resource:
        """A run, with the fields that the server shows of it.

        Raises:
            LookupError: there is none of that id.
        """
        try:
            answer = self._do("get_run", None, {"run_id": run_id})
        except OrderRefused as refused:
            raise LookupError(str(refused)) from None
        return Resource(run_id, answer, self.run)

    @property
    def journal(self) -> Journal:
        """The requests with this key, as far as the server remembers them.

        Those that this process has sent are exact; secrets of others are hidden.
        """
        told = self._orders("GET", "journal").json()
        began = self._began - self._began_at
        entries = reunited(told["entries"], self._sent, began)
        deliveries = [delivery_of(each, began) for each in told["deliveries"]]
        return Journal.of(entries, deliveries, total=len(entries))

    @property
    def elapsed(self) -> float:
        """Seconds on the clock since this organisation began."""
        return round(self.clock.now - self._began_at, 9)

    def report(self, *, besides: BaseException | None = None) -> str:  # noqa: ARG002 - the server shows no errors
        """What happened with this key, for people: secrets hidden, of bounded length."""
        try:
            return self._orders("GET", "report").text
        except (NotOurServer, OrderRefused) as error:
            return f"no report: {error}"

    @property
    def failures(self) -> list[BaseException]:
        """What was refused here."""
        return list(self._raised_elsewhere)

    def complaints(self) -> list[str]:
        """What ``strict`` objects to, one line each."""
        told: list[str] = self._orders("GET", "complaints").json()["complaints"]
        said = [
            f"{one.said_at}: on(...) without .play(...)" for one in self._said if not one.is_played
        ]
        said += [
            f"{one.said_at}: {one.match} without .answer(...)"
            for one in self._asked_of
            if not one.is_answered
        ]
        plans = [
            *(f"{it.said_at}: {it}" for it in self.faults.unfinished()),
            *(f"{it.said_at}: {it}" for it in self.webhooks.faults.unfinished()),
        ]
        plans = [f"{plan}: it does nothing" for plan in plans]
        return [*told, *said, *plans]

    @property
    def advice(self) -> list[Advice]:
        """What the real server would have accepted in silence."""
        try:
            told = self._orders("GET", "advice").json()["advice"]
        except (NotOurServer, OrderRefused):  # it is gone, or never knew the key
            return []
        return [advice_of(each) for each in told]

    # --- opened and closed by remote_skyvern() ----------------------------------------------

    def open(self) -> None:
        """Let what is planned fall due on the clock."""
        self.clock.attach(self._later)

    def shut(self) -> None:
        """What is planned for later is dropped; no fault of this key strikes any more."""
        self.clock.detach(self._later)
        with contextlib.suppress(NotOurServer, OrderRefused):
            self._orders("DELETE", "faults")
            self._orders("DELETE", "webhook_faults")


def _no_receiver(*_: object) -> None:
    raise CannotTravel(
        "totp.serve(...) is not to be had of a fake in another process: a totp_url is answered by a "
        "function of this process. Serve one on loopback yourself, or run this test on a fake of its "
        "own process."
    )


def _problem(told: Mapping[str, Any]) -> Problem:
    place = Place(told["line"], told["column"], told["field"])
    return Problem(place, told["text"], told["excerpt"])


class _Later:
    """What this process is to do later, as a line of events of its clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._agenda = Agenda()

    def after(self, seconds: float, do: Callable[[], object]) -> None:
        if seconds < 0:
            raise ValueError(f"nothing can be done {-seconds} seconds ago")
        with self._clock.lock:
            self._agenda.at(self._clock.now_ns + to_nanoseconds(seconds), do)
        if isinstance(self._clock, RealClock):
            self._clock.changed()

    def next_due(self) -> int | None:
        return self._agenda.next_due()

    def advance(self, to: int) -> None:
        while (due := self._agenda.next_due()) is not None and due <= to:
            self._agenda.run_first()

    def reaches_client(self) -> bool:
        return self._agenda.reaches_client()
