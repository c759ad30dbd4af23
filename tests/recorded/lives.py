"""Recorded lives of runs, and a fake that lives through them again (``contracts/recorded/lives.jsonl``).

The story of a run is told by a script of the test; when the real run began its work or ended, the
test fires the signal ``"start"`` or ``"end"``, so that the fake moves on too. Then everything its
client saw is compared: keys and their order, values, nulls, texts. Ids must stand where the same id
stood, instants must have the same form; a file is compared by its kind.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import parse_qs, urlsplit

from skyvern_testkit.api.call import After
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import Script, never, running
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import SECOND, seconds
from skyvern_testkit.world.events import EffectResult
from skyvern_testkit.world.world import Timing
from tests.recorded.evidence import FOLDER

FINAL = ("completed", "failed", "terminated", "timed_out", "canceled")


@cache
def lives() -> dict[str, list[dict[str, Any]]]:
    """The recorded lives by name: their records, setup first, then by time."""
    text = (FOLDER / "lives.jsonl").read_text(encoding="utf-8")
    found = (json.loads(line) for line in text.split("\n") if line)
    return {life["name"]: life["records"] for life in found}


# --- comparing --------------------------------------------------------------------------------

ID = re.compile(r"(?<![A-Za-z0-9])([a-z]+(?:_v2)?)_(\d{17,19})(?!\d)")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?(Z?)")
RECORDED_FILE = re.compile(r"file:///app/(?:.*_a_\d+_)?(.+)")
MADE_UP = re.compile(r"(goto_url|navigation)_\w{5}$")
PLACEHOLDER = re.compile(r"placeholder_\w{4}_(\w+)")

FEWER_FILES = {
    "login_ident": "what a model is asked with a code that was sent is not kept",
    "wf_two_nav_fail": "script files are written at the end of a run alone",
    "se_lost_task": "the traffic of a browser session is not kept",
    "se_lost_wf": "the same",
}
"""Runs whose list of artifacts is shorter here, and why."""

WORDS = frozenset(
    {"answer", "description", "intention", "navigation_goal", "reasoning", "summary", "thought"}
)
"""What a model says in its own words: only whether it says something is compared."""

LATER = frozenset(
    {
        "downloaded_files",
        "errors",
        "modified_at",
        "output",
        "recording_url",
        "screenshot_urls",
        "step_count",
        "webhook_sent_at",
    }
)
"""What shows some time before or after the move of the state that it belongs to."""

IN_BLOCK = frozenset(
    {
        "actions",
        "downloaded_file_count",
        "duration",
        "error_codes",
        "failure_reason",
        "final_url",
        "status",
        "task_id",
        "url",
    }
)
"""The same of a row of the timeline: a block ends up to two seconds before its run."""

NOT_SHOWN = {
    "failure_category[].reasoning": "words of a model or of the server; contracts/recorded/categories",
    "element_id": "what was clicked is not told by scripts",
    "skyvern_element_hash": "the same",
    "skyvern_element_data": "the same",
    "downloaded_files[].filename": "the fake keeps the name that the script gave",
    "actions[].downloaded_files": "the same",
    "recordings": "a closed browser session lists no recordings",
    "input_token_count": "no model works here",
    "output_token_count": "the same",
    "thought_cost": "the same",
    "last_llm_model": "the same",
    "workflow_system_prompt": "the same",
}
"""What the fake leaves out on purpose (docs/limits.md)."""


def kind_of(text: str) -> str:
    """What an address or an instant is, whoever wrote it."""
    if INSTANT.fullmatch(text):
        return INSTANT.sub(r"<instant\2>" if "." in text else r"<second>", text)
    recorded = RECORDED_FILE.fullmatch(text)
    if recorded:
        return f"<file {_kind_of_file(recorded[1])}>"
    if "/v1/artifacts/" in text:
        return f"<file {_kind_of_file(parse_qs(urlsplit(text).query)['artifact_name'][0])}>"
    return MADE_UP.sub(r"\1_?????", PLACEHOLDER.sub(r"placeholder_????_\1", text))


def _kind_of_file(name: str) -> str:
    if re.fullmatch(r"[0-9a-f]{32}\.webm", name):
        return "recording.webm"  # of a browser session
    return name if re.match(r"recording|screenshot|har|html", name) else "download"


@dataclass
class Comparison:
    """Compares what the real server said with what the fake says; the same id for the same id."""

    ids: dict[str, str] = field(default_factory=dict)

    def differences(
        self, real: Any, fake: Any, where: str = "", ignore: frozenset[str] = frozenset()
    ) -> Iterator[str]:
        """What differs, one line each."""
        match real, fake:
            case dict(), dict():
                if list(real) != list(fake):
                    yield f"{where}: keys are {_order(real, fake)}"
                for name in real:
                    if name in fake and name not in ignore:
                        yield from self._named(name, real[name], fake[name], where, ignore)
            case list(), list():
                if len(real) != len(fake):
                    yield f"{where}: {len(real)} entries, here {len(fake)}: {_short(fake)}"
                for number, (one, other) in enumerate(zip(real, fake, strict=False)):
                    yield from self.differences(one, other, f"{where}[{number}]", ignore)
            case str(), str():
                if self._differ(real, fake):
                    yield f"{where}: {_short(real)}, here {_short(fake)}"
            case _:
                if type(real) is not type(fake) or real != fake:
                    yield f"{where}: {_short(real)}, here {_short(fake)}"

    def _named(
        self, name: str, real: Any, fake: Any, where: str, ignore: frozenset[str]
    ) -> Iterator[str]:
        inside = f"{where}.{name}"
        path = re.sub(r"\[\d+\]", "[]", inside)
        if any(path.endswith(left_out) for left_out in NOT_SHOWN):
            return
        if name in WORDS and isinstance(real, str) and isinstance(fake, str):
            return
        if name == "duration" and isinstance(real, float) and isinstance(fake, float):
            return
        if name in ("extracted_information", "output") and _found(real) and _found(fake):
            return
        yield from self.differences(real, fake, inside, ignore)

    def _differ(self, real: str, fake: str) -> bool:
        if kind_of(real).startswith("<") or kind_of(fake).startswith("<"):
            return kind_of(real) != kind_of(fake)
        if ID.sub(r"\1", kind_of(real)) != ID.sub(r"\1", kind_of(fake)):
            return True
        pairs = zip(ID.finditer(real), ID.finditer(fake), strict=True)
        return any(self.ids.setdefault(one[0], other[0]) != other[0] for one, other in pairs)


def _found(value: Any) -> bool:
    """Is it something that a model found on a page? Only that it is there is compared."""
    finding = {"price", "title"}
    return (isinstance(value, dict) and value.keys() >= finding) or (
        isinstance(value, list) and len(value) == 1 and _found(value[0])
    )


def _order(real: dict[str, Any], fake: dict[str, Any]) -> str:
    missing = [name for name in real if name not in fake]
    further = [name for name in fake if name not in real]
    return f"in another order; missing {missing}, further {further}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 200 else text[:200] + "…"


# --- the times of a life ---------------------------------------------------------------------


def moves_of(records: list[dict[str, Any]]) -> list[tuple[float, str]]:
    """When the real run moved to another state, in seconds after it was made: start or end."""
    made = next(item["body"]["created_at"] for item in records if item["step"] == "create")
    found: set[tuple[float, str]] = set()
    for record in records:
        if record["step"].startswith("get"):
            body = record["body"]
            ends = body["status"] in FINAL and body["status"] != "canceled"
            for name, move in (
                ("started_at", "start"),
                *((("finished_at", "end"),) if ends else ()),
            ):
                if body[name] is not None:
                    found.add((_seconds_between(made, body[name]), move))
    return sorted(found)


def _seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()


BETWEEN = 1.0
"""Seconds within which a read may still show, or already show, the other side of a move."""


# --- living -----------------------------------------------------------------------------------


@dataclass
class Sent:
    """A webhook that went out: when (seconds after the run was made), its headers and body."""

    at: float
    headers: tuple[tuple[str, str], ...]
    body: Any


class Life:
    """A fake that goes through a recorded life.

    Args:
        name: of the life.
        scripts: what its run plays, one an attempt.
        timing: how long the server takes for things.
        occupied: the browser session that the run asks for is used by another run.
    """

    def __init__(
        self, name: str, *scripts: Script, timing: Timing | None = None, occupied: bool = False
    ) -> None:
        self.name = name
        self.records = lives()[name]
        self.fake = FakeSkyvern(seed=3, app_url="http://localhost:8080", timing=timing)
        self.comparison = Comparison()
        self.webhooks: list[Sent] = []
        self.began = self.fake.world.now
        self.run_id = ""
        self.scripts = scripts
        self.moves = moves_of(self.records)
        if occupied:
            self._occupy()

    def _occupy(self) -> None:
        asked = next(item["sent"] for item in self.records if item["step"] == "create")
        wish = {"timeout": 15, "generate_browser_profile": True}
        session = self.ask("POST", "/v1/browser_sessions", wish).json["browser_session_id"]
        self.comparison.ids[asked["browser_session_id"]] = session
        blocks = [{"block_type": "wait", "label": "w", "wait_sec": 9}]
        definition = {"title": "other", "workflow_definition": {"parameters": [], "blocks": blocks}}
        workflow = self.ask("POST", "/v1/agents", {"json_definition": definition}).json
        self.fake.on().play(running(until=never()))
        other = {"agent_id": workflow["workflow_permanent_id"], "browser_session_id": session}
        self.ask("POST", "/v1/run/agents", other)
        self._advance(1.0)

    # --- asking -------------------------------------------------------------------------------

    def ask(self, method: str, path: str, body: Any = None) -> Response:
        """A request to the fake at its present time; webhooks are answered with 200."""
        raw = b"" if body is None else json.dumps(body).encode()
        request = Request.to(
            method,
            self.in_fake(path),
            headers=(("x-api-key", self.fake.api_key), ("content-type", "application/json")),
            body=self.in_fake(raw.decode()).encode(),
        )
        exchange = self.fake.begin(request)
        while True:
            step = exchange.step(self.fake.world.now)
            if isinstance(step, Response):
                return step
            if not isinstance(step, After):
                raise TypeError(f"the fake waits for {step}")
            self.deliver()

    def in_fake(self, text: str) -> str:
        """A recorded text with the fake's ids."""
        return ID.sub(lambda match: self.comparison.ids.get(match[0], match[0]), text)

    def deliver(self) -> None:
        """Take what the world sends out, and answer it."""
        for effect in self.fake.take_effects():
            request = self.fake.render_effect(effect)
            at = (self.fake.world.now - self.began) / SECOND
            self.webhooks.append(Sent(at, request.headers, request.json))
            self.fake.effect_done(effect, EffectResult(status=200))

    def wait_until(self, at: float) -> None:
        """Let the fake live until so many seconds after its run was made."""
        while self.moves and self.moves[0][0] <= at:
            moved_at, move = self.moves.pop(0)
            self._advance(moved_at)
            self.fake.signal(move)
            self.deliver()
        self._advance(at)

    def _advance(self, at: float) -> None:
        now = max(self.began + seconds(at), self.fake.world.now)
        while (due := self.fake.next_due()) is not None and due <= now:
            self.fake.advance(due)
            self.deliver()
        self.fake.advance(now)

    # --- going through ------------------------------------------------------------------------

    def go_through(self) -> Iterator[str]:
        """Live the life again; what differs, one line each."""
        for record in self.records:
            yield from self._one(record)
        if self.run_id:
            self.wait_until(self.records[-1]["at"] + 1)
        yield from self._compare_webhooks()

    def _one(self, record: dict[str, Any]) -> Iterator[str]:
        step = record["step"]
        where = f"{record['at']:g} s, {step}"
        if step == "webhook":
            return
        if step == "create":
            self.fake.on().play(*self.scripts)
            self.began = self.fake.world.now
        elif not step.startswith("create"):
            self.wait_until(max(record["at"], (self.fake.world.now - self.began) / SECOND))
        if step.startswith("get") and self._is_between(record["body"], record["at"]):
            return
        response = self.ask(record["method"], record["path"], record.get("sent"))
        if response.status != record["status"]:
            yield f"{where}: answered {record['status']}, here {response.status} {response.body!r}"
            return
        if step == "timeline" and len(response.json) != len(record["body"]):
            return  # a row comes a moment sooner or later here; at the end they are all there
        if step.startswith("artifacts"):
            yield from self._compare_artifacts(record, response.json, where)
            return
        yield from self.comparison.differences(
            record["body"], response.json, where, self._unsettled(record)
        )
        if step == "create":
            self.run_id = response.json["run_id"]

    def _unsettled(self, record: dict[str, Any]) -> frozenset[str]:
        """What a record is not asked for: it may come a moment sooner or later here."""
        step = record["step"]
        if step.endswith("after end") or step.startswith("create"):
            return frozenset({"modified_at"}) if step.startswith("get") else frozenset()
        if step == "session":  # it is read while it is being closed, too
            return frozenset({"status", "completed_at", "modified_at"})
        return LATER | (IN_BLOCK if step.startswith("timeline") else frozenset())

    def _is_between(self, body: dict[str, Any], at: float) -> bool:
        """Was the real run read while it moved? Its reads are not made of one piece."""
        run = self.fake.run(self.run_id)
        if (str(run.status), run.attempt) == (body["status"], body.get("attempt", run.attempt)):
            return False
        return any(abs(at - moved_at) < BETWEEN for moved_at, _ in moves_of(self.records))

    def _compare_artifacts(
        self, record: dict[str, Any], rows: list[dict[str, Any]], where: str
    ) -> Iterator[str]:
        """The same kinds in the same order, when all is over; here and there fewer (docs/limits.md)."""
        real = record["kinds"]
        here = [row["artifact_type"] for row in rows]
        left = iter(real)
        same = all(kind in left for kind in here) if self.name in FEWER_FILES else here == real
        if record["step"] == "artifacts after end" and not same:
            yield f"{where}: {record['kinds']}, here {here}"
        for one in record["rows"] if record["step"] == "artifacts after end" else ():
            for other in reversed(rows):
                if one["artifact_type"] == other["artifact_type"]:
                    left_out = frozenset({"uri", "signed_url", "file_size", "step_id"})
                    yield from self.comparison.differences(
                        one, other, f"{where}: {one['artifact_type']}", left_out
                    )
                    break

    def _compare_webhooks(self) -> Iterator[str]:
        real = [record for record in self.records if record["step"] == "webhook"]
        if len(real) != len(self.webhooks):
            times = [sent.at for sent in self.webhooks]
            yield f"{len(real)} webhooks at {[one['at'] for one in real]}, here at {times}"
        for number, (record, sent) in enumerate(zip(real, self.webhooks, strict=False), 1):
            where = f"webhook {number}"
            names = [name for name, _ in sent.headers]
            if names != record["headers"]:
                yield f"{where}: headers {record['headers']}, here {names}"
            yield from self.comparison.differences(
                record["body"], sent.body, where, frozenset({"modified_at"})
            )
