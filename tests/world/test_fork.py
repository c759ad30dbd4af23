"""The same seed and the same calls give the same bytes, also in a forked world."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import (
    Download,
    Family,
    RunScript,
    ScriptError,
    completed,
    failed,
    needs_totp,
    never,
    queued,
    running,
    signal,
    terminated,
)
from skyvern_testkit.wire.http import Response
from skyvern_testkit.world.rows import Run
from tests.world.stage import HOOK, NAVIGATION, WAIT, Stage

ME = "me@x.example"
BAD_ENDS = [{"status": "failed"}, {"status": "terminated"}]
EXTRACTION = {
    "block_type": "extraction",
    "label": "get",
    "url": "https://x.example/",
    "data_extraction_goal": "prices",
    "data_schema": {"type": "object", "properties": {"price": {"type": "number"}}},
}


def asks_for_a_code(run: Any) -> Any:
    yield queued(seconds=1)
    code = yield needs_totp(ME)
    yield running(seconds=run.parameters.get("n", 2), step=f"Type {code}")
    yield completed({"typed": code})


def rules(stage: Stage) -> None:
    on = stage.fake.on
    on().play(RunScript(running(seconds=3, step="Look"), completed()))
    on(workflow="asks").play(asks_for_a_code)
    on(workflow="flaky").play(failed("no"), terminated("no"), completed())
    on(prompt="*download*").play(
        RunScript(running(seconds=2, downloads=[Download("a.csv", b"1,2")]), completed())
    )
    on(workflow="waits").play(RunScript(running(until=signal("go")), completed()))
    on(prompt="hangs").play(running(until=never()))


def first_half(stage: Stage) -> dict[str, str]:
    """A good deal of what a world can do; returns the ids of its runs by name."""
    session = stage.session()
    runs = {
        "plain": stage.start(Family.TASK, browser_session_id=session),
        "busy": stage.start(Family.WORKFLOW, browser_session_id=session),
        "v2": stage.start(Family.TASK_V2, webhook_url=HOOK, prompt="please download it"),
        "asks": stage.workflow_run(NAVIGATION, settings={"title": "asks"}, webhook_url=HOOK),
        "flaky": stage.workflow_run(
            EXTRACTION,
            settings={
                "title": "flaky",
                "retry_policy": {"max_retries": 2, "delay_seconds": 4, "retry_on": BAD_ENDS},
            },
            webhook_url=HOOK,
        ),
        "waits": stage.workflow_run(WAIT, settings={"title": "waits"}),
        "hangs": stage.start(Family.TASK, prompt="hangs", webhook_url=HOOK),
    }
    stage.wait(3)
    stage.ask("POST /v1/credentials/totp", totp_identifier=ME, content="112233")
    stage.wait(5)
    return runs


def second_half(stage: Stage, runs: dict[str, str]) -> list[bytes]:
    """How it goes on; returns every answer and every webhook that came of it."""
    seen: list[Response] = []
    stage.sent.clear()
    for step in count():
        stage.wait(1.5)
        if step == 2:
            stage.fake.signal("go")
        if step == 4:
            seen.append(stage.cancel(runs["hangs"]))
        for run_id in runs.values():
            seen += [
                stage.send(f"GET /v1/runs/{run_id}"),
                stage.send(f"GET /v1/runs/{run_id}/timeline"),
                stage.send(f"GET /v1/runs/{run_id}/artifacts"),
            ]
        if step == 12:
            break
    new = stage.start(Family.TASK)
    seen.append(stage.send(f"GET /v1/runs/{new}"))
    webhooks = [stage.fake.render_effect(effect) for effect in stage.sent]
    return [
        *(repr((answer.status, answer.headers)).encode() + answer.body for answer in seen),
        *(repr(webhook.headers).encode() + webhook.body for webhook in webhooks),
    ]


def whole(seed: int) -> list[bytes]:
    stage = Stage(FakeSkyvern(seed=seed))
    rules(stage)
    return second_half(stage, first_half(stage))


def test_the_scenario_is_worth_it():
    stage = Stage()
    rules(stage)
    runs = first_half(stage)
    answers = second_half(stage, runs)
    assert len(answers) > 250
    ended = {name: stage.status(run_id) for name, run_id in runs.items()}
    assert ended == {
        "plain": "completed",
        "busy": "failed",
        "v2": "completed",
        "asks": "completed",
        "flaky": "completed",
        "waits": "completed",
        "hangs": "canceled",
    }
    assert stage.read(runs["flaky"])["attempt"] == 3
    assert len(stage.sent) == 4


def test_the_same_seed_gives_the_same_bytes():
    assert whole(7) == whole(7)


def digest(seed: int) -> str:
    """A hash of every byte that the scenario answers and sends."""
    return hashlib.sha256(b"\n".join(whole(seed))).hexdigest()


def digest_in_a_process(hash_seed: str) -> str:
    """The same, by an interpreter whose sets and dictionaries of strings hash otherwise."""
    program = "from tests.world.test_fork import digest; print(digest(7))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("hash_seed", ["0", "1", "2"])
def test_the_bytes_do_not_depend_on_the_hashes_of_strings(hash_seed: str):
    assert digest_in_a_process(hash_seed) == digest(7)


def test_another_seed_gives_other_ids():
    assert whole(7) != whole(8)


def test_a_fork_has_the_same_future():
    stage = Stage(FakeSkyvern(seed=7))
    rules(stage)
    runs = first_half(stage)
    twin = Stage(stage.fake.fork())
    assert second_half(stage, runs) == second_half(twin, runs)
    assert stage.fake.world.diff(twin.fake.world) == {}


def test_a_fork_is_independent():
    stage = Stage()
    rules(stage)
    runs = first_half(stage)
    before = stage.read(runs["hangs"])
    twin = Stage(stage.fake.fork())
    twin.cancel(runs["hangs"])
    assert stage.read(runs["hangs"]) == before
    ours, theirs = stage.fake.world.diff(twin.fake.world)[runs["hangs"]]
    assert isinstance(ours, Run)
    assert isinstance(theirs, Run)
    assert (ours.status, theirs.status) == ("running", "canceled")
    assert ours.finished_at is None
    assert theirs.finished_at is not None


# --- generators -----------------------------------------------------------------------------------


def test_a_generator_is_replayed_in_the_fork():
    calls: list[str] = []

    def script(run: Any) -> Any:
        calls.append(run.run_id)
        code = yield needs_totp(ME)
        yield running(seconds=1, step=str(code))
        yield completed({"typed": code})

    stage = Stage()
    stage.fake.on().play(script)
    run_id = stage.start(Family.TASK)
    stage.ask("POST /v1/credentials/totp", totp_identifier=ME, content="112233")
    stage.wait(10)
    twin = Stage(stage.fake.fork())
    twin.wait(5)
    stage.wait(5)
    assert twin.read(run_id) == stage.read(run_id)
    assert twin.read(run_id)["output"] == {"typed": "112233"}
    assert calls == [run_id, run_id]


def test_a_generator_that_replays_differently_is_named():
    mood = iter("ab")

    def moody(run: Any) -> Any:
        yield running(seconds=1, step=next(mood))
        yield completed()

    stage = Stage()
    stage.fake.on().play(moody)
    run_id = stage.start(Family.TASK)
    stage.wait(0.5)
    twin = Stage(stage.fake.fork())
    with pytest.raises(ScriptError, match=rf"moody of run {run_id} replays differently"):
        twin.wait(5)
    stage.wait(5)
    assert stage.status(run_id) == "completed"


def test_every_attempt_has_a_generator_of_its_own():
    def script(run: Any) -> Any:
        yield running(seconds=1)
        yield failed("no") if run.attempt == 1 else completed({"attempt": run.attempt})

    stage = Stage()
    stage.fake.on().play(script)
    policy = {"max_retries": 2, "delay_seconds": 3, "retry_on": BAD_ENDS}
    run_id = stage.workflow_run(NAVIGATION, settings={"retry_policy": policy})
    stage.wait(2)
    twin = Stage(stage.fake.fork())
    for each in (stage, twin):
        each.wait(20)
        assert each.read(run_id)["output"] == {"attempt": 2}
