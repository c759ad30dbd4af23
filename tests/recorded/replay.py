"""Recorded exchanges played against a fresh fake, and compared byte for byte once names are given.

python -m tests.recorded.replay [GROUP or EXCHANGE ...]    says how every group fares
"""

from __future__ import annotations

import difflib
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from skyvern_testkit.api.call import After, Until
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import Pattern, RunScript, failed, queued, running
from skyvern_testkit.wire.http import Headers, Request, Response
from skyvern_testkit.wire.times import MILLISECOND, SECOND, from_datetime, seconds
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.keys import KeyState
from skyvern_testkit.world.world import Timing
from tests.recorded.asking import LAB, referred, unserved
from tests.recorded.evidence import PLACEHOLDER, Recorded, groups, recorded
from tests.recorded.naming import OWN_WORDS, Ids, name_instants, name_random, same_but_for_prose

HOST = "127.0.0.1:8000"
BASE_URL = f"http://{HOST}"
APP_URL = "http://localhost:8080"
"""Where the recorded server said that its application is."""

KEYS: dict[str, KeyState] = {
    "key": KeyState.ACTIVE,
    "foreign_key": KeyState.ACTIVE,
    "expired_key": KeyState.EXPIRED_UNREGISTERED,
    "unregistered_key": KeyState.UNREGISTERED,
    "unknown_org_key": KeyState.UNKNOWN_ORGANIZATION,
    "foreign_signature_key": KeyState.UNREADABLE,
}

WITHOUT_A_BROWSER = failed("Failed to create browser context")
NO_BROWSER = {
    "task_v[13]": RunScript(running(seconds=1.5), WITHOUT_A_BROWSER),
    "*_cua": RunScript(running(seconds=1.5), WITHOUT_A_BROWSER),
    "yutori*": RunScript(running(seconds=1.5), WITHOUT_A_BROWSER),
    "task_v2": RunScript(queued(seconds=3), running(seconds=0.01), WITHOUT_A_BROWSER),
}
"""What became of every task where the exchanges were recorded: run type -> script."""

AT_A_PAGE = re.compile("^(action|extraction|file_download|goto_url|login|navigation|task)$")
BLOCKS: dict[Pattern, RunScript] = {
    AT_A_PAGE: RunScript(running(seconds=0.5), WITHOUT_A_BROWSER),
    "file_url_parser": RunScript(
        failed(
            "Failed to download or validate file: Cannot connect to host x.example:443 ssl:default "
            "[Connection refused]"
        )
    ),
    "code": RunScript(running(seconds=0.5), failed("No browser found to run the code block")),
    "print_page": RunScript(failed("No browser state available")),
    "text_prompt": RunScript(running(seconds=5), failed("LLM call failed")),
    "human_interaction": RunScript(
        failed(
            "Failed to send human interaction email: recipient 1 of 1 has a domain that does not "
            "accept email"
        )
    ),
}
"""What became of blocks of workflows that need a browser or a model there: type -> script."""

DESCRIBED = re.compile(r'"description":"The block [^"]* does its part\."')
"""A model says in a sentence what a block does; there was none."""

BUSY: dict[str, int] = dict.fromkeys(("logins", "uploads", "wfruns"), 2 * SECOND)
"""Groups while which a run stood in the queue for long."""

POLL_STEP = SECOND // 2
POLL_LIMIT = 240


@dataclass(frozen=True)
class Outcome:
    """One exchange played: what was expected and what came, names given."""

    exchange: Recorded
    expected: str
    got: str
    trouble: str | None = None

    @property
    def ok(self) -> bool:
        return self.trouble is None and self.expected == self.got

    def explain(self) -> str:
        """What differs, to be read by a person."""
        asked = self.exchange
        head = f"{asked.name}: {asked.method} {asked.path[:200]}"
        body = asked.request_body[:1000].decode("utf-8", "replace")
        if self.trouble is not None:
            return f"{head}\n  {body}\n  {self.trouble}"
        expected, got = self.expected, self.got
        if pretty(expected) != pretty(got):
            expected, got = pretty(expected), pretty(got)
        lines = difflib.unified_diff(
            expected.splitlines(), got.splitlines(), "the real server", "the fake", lineterm="", n=2
        )
        shown = list(lines)[:60]
        return "\n".join((head, f"  {body}", *shown))


def pretty(text: str) -> str:
    """An answer with its JSON body, if it is one, spread over lines."""
    head, _, body = text.partition("\n\n")
    with suppress(ValueError):
        body = json.dumps(json.loads(body), ensure_ascii=False, indent=1)
    return f"{head}\n\n{body}"


def _text(status: int, headers: Headers, body: bytes) -> str:
    shown = (
        (name, "its length" if (name, value) == ("content-length", str(len(body))) else value)
        for name, value in headers
    )
    lines = "\n".join(f"{name}: {value}" for name, value in shown)
    return f"{status}\n{lines}\n\n{body.decode('utf-8', 'replace')}"


def _instant(at: str) -> int:
    return from_datetime(datetime.fromisoformat(at).replace(tzinfo=UTC))


def _came_to_nothing(exchange: Recorded) -> bool:
    """The recording server could not do it, and nothing came of it there; so it is not asked here."""
    return exchange.status >= 500 and bool(exchange.environment & LAB)


Send = Callable[[Request, int], Response]
"""How a request is sent: what is asked, and when (nanoseconds since the Unix epoch)."""


def in_memory(fake: FakeSkyvern) -> Send:
    """Step exchanges by hand: nothing but the fake is tried, and no time is waited for."""

    def send(request: Request, now: int) -> Response:
        while (due := fake.next_due()) is not None and due <= now:
            fake.advance(due)
            deliver(fake)
        exchange = fake.begin(request)
        while True:
            step = exchange.step(now)
            if isinstance(step, Response):
                if step.status < 400:
                    deliver(fake)
                return step
            match step:
                case Until(at):
                    now = at
                case After(effect_id):
                    deliver(fake)
                    while effect_id not in fake.world.results:  # there will be another try
                        now = fake.next_due() or now
                        fake.advance(now)
                        deliver(fake)
                case _:
                    raise TypeError(f"the fake waits for {step}")

    return send


RECEIVERS = {
    "/ok": EffectResult(status=200, body="ok"),
    "/500": EffectResult(status=500, body="broken"),
    "/404": EffectResult(status=404),
    "/302": EffectResult(status=302, body="moved"),
    "/long": EffectResult(status=200, body="l" * 5000),
    "/unicode": EffectResult(status=201, body="rä" * 1500),
    "/bytes": EffectResult(status=200, body="\ufffd\ufffd\0"),
    "/204": EffectResult(status=204),
    "/json": EffectResult(status=200, body='{"a": 1}'),
}
"""What was answered at port 930 while the group ``webhooks`` was recorded."""
REFUSED = EffectResult(error="ConnectError: All connection attempts failed")
"""Nothing listened anywhere else."""


def deliver(fake: FakeSkyvern) -> None:
    """Let become of webhooks what became of them where the exchanges were recorded."""
    for effect in fake.take_effects():
        fake.effect_done(effect, became_of(effect))


def became_of(effect: Effect) -> EffectResult:
    """What became of a delivery there."""
    parts = urlsplit(effect.url)
    if effect.kind == "http_request":
        port = parts.port or (443 if parts.scheme == "https" else 80)
        where = f"{parts.hostname}:{port}"
        why = f"Connect call failed ('{parts.hostname}', {port})"
        told = why if parts.hostname == "127.0.0.1" else "Connection refused"
        return EffectResult(error=f"Cannot connect to host {where} ssl:default [{told}]")
    if parts.scheme != "http" or parts.port != 930:
        return REFUSED
    return RECEIVERS.get(parts.path, RECEIVERS["/ok"])


class Replay:
    """A group of exchanges and the fake that they are played against.

    Args:
        group: the name of the group.
        connect: makes, of the fake, the way that its requests are sent; another transport is tried
            by connecting through it. Sending lets the world's time come to the request's.
        make: makes the fake.
    """

    def __init__(
        self,
        group: str,
        connect: Callable[[FakeSkyvern], Send] = in_memory,
        make: Callable[..., FakeSkyvern] = FakeSkyvern,
    ) -> None:
        self.exchanges = recorded(group)
        first = _instant(self.exchanges[0].at)
        self.fake = make(
            seed=1,
            epoch=first - 10 * SECOND,
            strict_keys=True,
            base_url=BASE_URL,
            app_url=APP_URL,
            max_requests=1_000_000,
        )
        self.fake.world.timing = Timing(queue=BUSY.get(group, 30 * MILLISECOND))
        for run_type, script in NO_BROWSER.items():
            self.fake.on(run_type=run_type).play(script)
        for block_type, script in BLOCKS.items():
            self.fake.on(block_type=block_type).play(script)
        self.keys: dict[str, str] = {}
        for name, state in KEYS.items():
            self.keys[name] = f"header.{name}.signature"
            if state is KeyState.ACTIVE:
                self.fake.keys.add(self.keys[name])
            else:
                self.fake.keys.mark(self.keys[name], state)
        self.days = {exchange.at[:10] for exchange in self.exchanges}
        self.names = {exchange.name for exchange in self.exchanges}
        self.ids = Ids()
        self.answers: dict[str, Response] = {}
        self.send = connect(self.fake)

    def play(self) -> Iterator[Outcome]:
        """Play every exchange that the fake can be asked, in order."""
        left_out = unserved(self.exchanges[0].group)
        for exchange in self.exchanges:
            if exchange.name in left_out or _came_to_nothing(exchange):
                continue
            outcome = self._one(exchange)
            if not exchange.environment & LAB:
                yield outcome

    def _one(self, exchange: Recorded) -> Outcome:
        try:
            request = self._request(exchange)
            response = self._ask(exchange, request)
        except Exception as error:  # noqa: BLE001 - one broken exchange must not hide the others
            return Outcome(exchange, "", "", f"{type(error).__name__}: {error}")
        self.answers[exchange.name] = response
        date, *headers = response.headers
        expected, got = self.ids.name(
            _text(exchange.status, exchange.headers, exchange.body),
            _text(response.status, tuple(headers), response.body),
        )
        trouble = None if date[0] == "date" else f"the first header is {date[0]}, not date"
        expected, got = (name_random(name_instants(text, self.days)) for text in (expected, got))
        got = DESCRIBED.sub('"description":null', got)
        if OWN_WORDS in expected and same_but_for_prose(expected, got):
            got = expected
        return Outcome(exchange, expected, got, trouble)

    def _request(self, exchange: Recorded) -> Request:
        values = {
            "{" + reference + "}": self._value(name, path)
            for reference, name, path in referred(exchange, self.names)
        }
        values |= {"{" + name + "}": key for name, key in self.keys.items()}

        def fill(text: str) -> str:
            for placeholder, value in values.items():
                text = text.replace(placeholder, value)
            return text

        body = exchange.request_body
        if PLACEHOLDER.search(body.decode("latin-1")):
            body = fill(body.decode()).encode()
        headers = ((name, fill(value)) for name, value in exchange.request_headers)
        return Request.to(
            exchange.method, fill(exchange.path), headers=(("host", HOST), *headers), body=body
        )

    def _value(self, name: str, path: tuple[str, ...]) -> str:
        if name not in self.answers:
            raise LookupError(f"needs the answer to {name}, which went wrong")
        value: Any = self.answers[name].json
        for part in path:
            try:
                value = value[int(part)] if isinstance(value, list) else value[part]
            except (KeyError, IndexError, TypeError):
                raise LookupError(f"the answer to {name} has no {'.'.join(path)}") from None
        return str(value)

    def _ask(self, exchange: Recorded, request: Request) -> Response:
        began = _instant(exchange.at) - seconds(exchange.seconds)
        now = max(self.fake.world.now + 100 * MILLISECOND, began)
        response = self.send(request, now)
        poll = exchange.poll
        tries = 0
        while poll and response.status == 200 and response.json.get(poll.field) not in poll.values:
            tries += 1
            if tries > POLL_LIMIT:
                raise TimeoutError(f"{poll.field} never became one of {poll.values}")
            response = self.send(request, self.fake.world.now + POLL_STEP)
        return response


@cache
def replayed(group: str) -> dict[str, Outcome]:
    """The outcomes of a group by name; it is played once per process."""
    return {outcome.exchange.name: outcome for outcome in Replay(group).play()}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(*wanted: str) -> None:
    asked = {name.partition(".")[0] for name in wanted} or set(groups())
    for group in groups():
        if group not in asked:
            continue
        outcomes = replayed(group).values()
        missing = unserved(group)
        good = sum(outcome.ok for outcome in outcomes)
        say(f"{group:14} {good:4} equal {len(outcomes) - good:4} differ {len(missing):4} not asked")
        for reason, count in Counter(missing.values()).most_common():
            if not reason.startswith(("needs ", "shows what ")):
                say(f"{'':14} {count:4} {reason}")
        for outcome in outcomes:
            name = outcome.exchange.name
            if not outcome.ok and any(name.startswith(text) for text in wanted):
                say("\n" + outcome.explain())


if __name__ == "__main__":
    main(*sys.argv[1:])
