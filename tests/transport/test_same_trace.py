"""One script, one trace: in process and over a socket, on virtual, polled, manual and real time.

A trace is what a client sees of a run, look by look, and the webhooks that tell of it; ids, instants
and signatures stand as what they are, not as which.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, cast

import pytest

from skyvern_testkit import (
    Download,
    RunScript,
    completed,
    failed,
    fake_skyvern,
    needs_totp,
    never,
    queued,
    running,
    terminated,
)
from skyvern_testkit.clock import HandClock
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.server import serving
from skyvern_testkit.wire.times import SECOND

Json = dict[str, Any]
HOOK: Final = "https://shop.example/hooks"
URL: Final = "https://x.example/"
NAVIGATION: Final[Json] = {
    "block_type": "navigation",
    "label": "go",
    "url": URL,
    "navigation_goal": "Go on",
    "error_code_mapping": {"E_STOP": "stop"},
}
POLICY: Final[Json] = {
    "max_retries": 1,
    "delay_seconds": 20,
    "webhook_on_retry": "every_attempt",
    "retry_on": [{"status": "failed"}],
}


@dataclass(frozen=True)
class Story:
    """What is asked for, and the scripts that are played."""

    scripts: tuple[RunScript, ...]
    engine: str | None = None
    policy: Json | None = None
    wishes: Json = field(default_factory=dict)


STORIES: Final = {
    "a run works and downloads": Story(
        (
            RunScript(
                queued(2),
                running(4, step="Open the shop"),
                running(3, downloads=[Download("a.csv", b"a,b\n")]),
                completed(),
            ),
        )
    ),
    "a run is stopped with a code": Story(
        (RunScript(queued(2), running(5), terminated("no use", error_code="E_STOP")),)
    ),
    "a run is tried again": Story(
        (RunScript(running(4), failed("boom")), RunScript(queued(2), running(4), completed())),
        policy=POLICY,
    ),
    "a run takes too long": Story(
        (RunScript(queued(2), running(until=never())),), wishes={"max_elapsed_time_minutes": 1}
    ),
    "a task has its steps used up": Story(
        (RunScript(running(4, step="Look"), failed("no end", error_code="REACH_MAX_STEPS")),),
        engine="skyvern-1.0",
        wishes={"max_steps": 3},
    ),
    "a task waits for its code": Story(
        (RunScript(running(3), needs_totp(), running(3), completed()),),
        engine="skyvern-1.0",
        wishes={"totp_identifier": "me@example.com"},
    ),
    "a 2.0 task thinks": Story(
        (RunScript(queued(2), running(4, thought="On the page"), completed({"answer": 42})),),
        engine="skyvern-2.0",
    ),
}


# --- a trace ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Trace:
    """What showed.

    Attributes:
        faces: of the run, each once, in order.
        webhooks: their bodies.
    """

    faces: list[Json]
    webhooks: list[Json]

    @property
    def states(self) -> list[str]:
        return [state for state, _ in groupby(face["status"] for face in self.faces)]


_ID: Final = re.compile(r"\b([a-z]+(?:_v2)?)_\d{15,}")
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
_SIGNED: Final = re.compile(r"expiry=\d+&kid=testkit&sig=[0-9a-f]+")
_HOST: Final = re.compile(r"http://127\.0\.0\.1:\d+|https://api\.skyvern\.com")


def face(body: str) -> Json:
    """A body without what differs from day to day: which ids, instants, signatures, and where it is served."""
    text = _SIGNED.sub("<signed>", _HOST.sub("<host>", _INSTANT.sub("<instant>", body)))
    shown: Json = json.loads(_ID.sub(r"\1_<id>", text))
    return shown


def delivered(fake: InProcessSkyvern) -> None:
    """Another thread tells of the run, which takes a moment of real time."""
    ends = time.perf_counter() + 20
    while fake.world.in_flight:
        assert time.perf_counter() < ends


Tick = Callable[[InProcessSkyvern, bool], object]
"""What is done between two looks; with whether anybody was told of the run during the first."""
CLOCKS: Final[dict[str, tuple[Any, Tick]]] = {
    "virtual": ("virtual", lambda *_: time.sleep(0.25)),  # of virtual seconds
    "polls": ("polls", lambda fake, _: delivered(fake)),
    "manual": ("manual", lambda fake, _: cast("HandClock", fake.clock).advance(0.25)),
    "real": (60.0, lambda *_: None),
}


@contextlib.contextmanager
def stage(clock: Any, front: str) -> Iterator[tuple[InProcessSkyvern, Any]]:
    """A fake on that clock, and a client of it."""
    with contextlib.ExitStack() as stack:
        fake = stack.enter_context(fake_skyvern(clock=clock))
        server = stack.enter_context(serving(fake)) if front == "socket" else None
        client = stack.enter_context((server or fake).http(timeout=20))
        yield fake, client


def begin(fake: InProcessSkyvern, client: Any, story: Story) -> str:
    fake.on().play(*story.scripts)
    fake.webhooks.receive(HOOK, lambda _: 200)
    wishes = {"webhook_url": HOOK, **story.wishes}
    if story.engine is not None:
        if "totp_identifier" in wishes:
            code = {"totp_identifier": wishes["totp_identifier"], "content": "123456"}
            client.post("/v1/credentials/totp", json=code).raise_for_status()
        asked = {"prompt": "p", "url": URL, "engine": story.engine, **wishes}
        return started(client, "/v1/run/tasks", asked)
    inner = {"parameters": [], "blocks": [NAVIGATION], "retry_policy": story.policy}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = client.post("/v1/workflows", json={"json_definition": definition})
    agent = made.raise_for_status().json()["workflow_permanent_id"]
    return started(client, "/v1/run/workflows", {"workflow_id": agent, **wishes})


def started(client: Any, path: str, asked: Json) -> str:
    run_id: str = client.post(path, json=asked).raise_for_status().json()["run_id"]
    return run_id


def traced(story: Story, clock: Any, front: str, tick: Tick, last: Trace | None = None) -> Trace:
    """Look at a run until nothing more happens: as ``last`` ended, or for a while after its end."""
    with stage(clock, front) as (fake, client):
        run_id = begin(fake, client, story)
        faces: list[Json] = []
        gives_up = time.perf_counter() + 20
        while True:
            still = is_still(fake, run_id)  # asked first: what is told meanwhile shows below
            was_told, before = bool(fake.world.in_flight), len(fake.webhooks)
            shown = face(client.get(f"/v1/runs/{run_id}").raise_for_status().text)
            if not faces or faces[-1] != shown:
                faces.append(shown)
            was_told = was_told or bool(fake.world.in_flight)
            told = [face(sent.body.decode()) for sent in fake.webhooks]
            if last is None and still:
                return Trace(faces, told)
            if last is not None and shown == last.faces[-1] and len(told) == len(last.webhooks):
                return Trace(faces, told)
            assert time.perf_counter() < gives_up, (faces[-1], told)
            tick(fake, was_told or len(told) > before)


def is_still(fake: InProcessSkyvern, run_id: str) -> bool:
    """The run is over, nobody is being told, and nothing is due but limits, which come too late."""
    with fake.front.lock:
        due = fake.world.next_due()
        soon = due is not None and due - fake.world.now < 20 * SECOND
        return not (fake.world.run(run_id).is_live or fake.world.reaches_client() or soon)


def to_what_is_next(fake: InProcessSkyvern, was_told: bool) -> None:
    """By hand to the next instant at which anything can change; not before a look at what a telling changed."""
    if was_told:
        delivered(fake)
        return
    clock, due = cast("HandClock", fake.clock), fake.next_due()
    clock.move_to(fake.front.on_clock(fake.world.now + SECOND if due is None else due))


@functools.cache
def reference(name: str) -> Trace:
    """The trace as it is seen by looks that leave nothing out."""
    return traced(STORIES[name], "manual", "process", to_what_is_next)


def is_part(part: Sequence[object], whole: Sequence[object]) -> bool:
    rest = iter(whole)
    return all(item in rest for item in part)


@pytest.mark.parametrize("front", ["process", "socket"])
@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("name", STORIES)
def test_the_same_script_gives_the_same_trace(name: str, clock: str, front: str):
    whole = reference(name)
    setting, tick = CLOCKS[clock]
    trace = traced(STORIES[name], setting, front, tick, whole)
    assert is_part(trace.faces, whole.faces), [it for it in trace.faces if it not in whole.faces]
    assert trace.faces[-1] == whole.faces[-1]
    assert trace.webhooks == whole.webhooks
    if clock == "real":  # a machine may be too busy to look while a state lasts
        assert is_part(trace.states, whole.states)
    else:
        assert trace.states == whole.states


STATES: Final = {
    "a run works and downloads": ["queued", "running", "completed"],
    "a run is stopped with a code": ["queued", "running", "terminated"],
    "a run is tried again": ["running", "failed", "queued", "running", "completed"],
    "a run takes too long": ["queued", "running", "timed_out"],
    "a task has its steps used up": ["running", "failed"],
    "a task waits for its code": ["running", "completed"],
    "a 2.0 task thinks": ["queued", "running", "completed"],
}


@pytest.mark.parametrize("name", STORIES)
def test_the_trace_is_worth_it(name: str):
    """By the tables of the facts (runs 3); and what shows changes more often than the state does."""
    whole = reference(name)
    assert whole.states == STATES[name]
    assert len(whole.faces) > len(whole.states)
    told = [(sent["status"], sent.get("attempt")) for sent in whole.webhooks]
    if name == "a run is tried again":
        assert told == [("failed", 1), ("completed", 2)]
    else:
        assert [status for status, _ in told] == [STATES[name][-1]]
