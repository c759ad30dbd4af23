"""A fake in another process, scripted from here: `skyvern-testkit serve --clock virtual` is one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping

import httpx
import pytest

from skyvern_testkit import (
    CannotTravel,
    FakeFileError,
    RemoteSkyvern,
    RunScript,
    StrictFailure,
    completed,
    fake_skyvern,
    needs_totp,
    queued,
    remote_skyvern,
    running,
    signal,
)
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.control.orders import NotOurServer, OrderRefused
from skyvern_testkit.transport.server import serving

TASK = {"prompt": "Count the invoices", "url": "https://a.example"}


@contextlib.contextmanager
def serve(*options: str) -> Iterator[str]:
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "skyvern_testkit", "serve"),
            *("--port", "0", "--ready-file", "-", *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One server for all tests: they do not meet."""
    with serve("--clock", "virtual") as url:
        yield url


@pytest.fixture
def fake(url: str) -> Iterator[RemoteSkyvern]:
    with remote_skyvern(url) as fake:
        yield fake


def follow(
    fake: RemoteSkyvern, body: Mapping[str, object] = TASK, every: float = 10
) -> list[object]:
    """What each look at a new run shows, until it is over; then its output."""
    with fake.http() as client:
        run_id = client.post("/v1/run/tasks", json=body).json()["run_id"]
        seen: list[object] = []
        run: dict[str, object] = {}
        while not seen or seen[-1] not in {"completed", "failed"}:
            run = client.get(f"/v1/runs/{run_id}").json()
            seen.append(run["status"])
            time.sleep(every)
        return [*seen, run["output"]]


def test_half_an_hour_of_virtual_time(fake):
    fake.on(prompt="*invoices*").play(
        RunScript(queued(12), running(1788, step="Look"), completed({"n": 3}))
    )
    assert follow(fake, every=600) == ["queued", "running", "running", "completed", {"n": 3}]
    assert fake.elapsed == fake.clock.now == 2400
    polls = fake.journal.polls(fake.journal.calls("run_task")[0].answer["run_id"])
    assert [poll.began for poll in polls] == [0, 600, 1200, 1800]


def test_the_time_of_day_is_the_worlds(fake):
    with fake.http() as client:
        run = client.post("/v1/run/tasks", json=TASK).json()
    now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
    assert run["created_at"].startswith(now)


def test_patterns_travel(fake):
    fake.on(prompt=re.compile("^count", re.IGNORECASE), run_type="task_v2").play(
        completed({"n": 1}), completed({"n": 2})
    )
    body = {**TASK, "engine": "skyvern-2.0"}
    assert [follow(fake, body)[-1] for _ in range(3)] == [{"n": 1}, {"n": 2}, {"n": 2}]
    assert follow(fake, {**body, "engine": "skyvern-1.0"})[-1] is None


def test_a_code_that_is_sent_later(fake):
    fake.on().play(RunScript(running(8), needs_totp("me@example.com"), completed({"ok": True})))
    fake.totp.send_later(25, "me@example.com", "123456")
    body = {**TASK, "totp_identifier": "me@example.com"}
    assert follow(fake, body)[-2:] == ["completed", {"ok": True}]
    assert not fake.journal.calls("send_totp_code")


def test_a_signal_that_is_fired_later(fake):
    fake.on().play(RunScript(running(until=signal("go")), completed()))
    fake.later(25, fake.signal, "go")
    assert follow(fake)[-2:] == ["completed", None]
    assert fake.elapsed == 40


def test_faults_strike_and_are_counted(fake):
    planned = fake.faults.on("get_browser_sessions").answer(503, retry_after=3).times(2)
    with fake.http() as client:
        answers = [client.get("/v1/browser_sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "3"
    assert planned.struck == 2
    assert fake.faults.unused() == []


def test_a_slow_answer_takes_virtual_time(fake):
    fake.faults.on("get_version").slow(20)
    with fake.http(timeout=5) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/v1/version")
    assert fake.elapsed == 5


def test_resources_are_there_without_a_request(fake):
    made = [fake.session(), fake.profile(name="acme"), fake.credential(password="hunter22")]
    assert not fake.journal.calls()
    with fake.http() as client:
        assert client.get(f"/v1/browser_profiles/{made[1].id}").json()["name"] == "acme"
    with pytest.raises(ValueError, match="name"):
        fake.profile(name="")


def test_what_this_process_has_sent_is_exact_in_its_journal(fake, url):
    body = {"totp_identifier": "a@example.com", "content": "123456"}
    with fake.http() as client:
        client.post("/v1/credentials/totp", json=body)
    headers = {"x-api-key": fake.api_key, "content-type": "application/json"}
    by_others = urllib.request.Request(  # noqa: S310 - our own address
        f"{url}/v1/credentials/totp", data=json.dumps(body).encode(), headers=headers
    )
    urllib.request.urlopen(by_others, timeout=20).close()  # noqa: S310
    exact, told = fake.journal.calls("send_totp_code")
    assert exact.json == body
    assert exact.request.header("x-api-key") == fake.api_key
    assert (told.json["content"], told.request.header("x-api-key")) == ("***", "***")


def test_workers_do_not_meet(url):
    with remote_skyvern(url) as one, remote_skyvern(url) as two:
        one.on().play(completed({"who": "one"}))
        one.faults.on("get_browser_sessions").answer(503).always()
        one.session()
        with two.http() as client:
            assert client.get("/v1/browser_sessions").json() == []
        assert follow(two)[-1] is None
        assert follow(one)[-1] == {"who": "one"}
        assert {entry.operation for entry in two.journal} == {
            "get_browser_sessions",
            "run_task",
            "get_run",
        }
        assert not one.journal.calls("get_browser_sessions")


def test_programs_that_make_their_own_client_are_caught(fake):
    with fake.intercept():
        answer = httpx.get("https://api.skyvern.com/v1/version")
    assert answer.json() == {"version": "1.0.56"}
    assert [entry.operation for entry in fake.journal] == []  # it has no key: it is nobody's


def test_the_sdk_waits_on_virtual_time(fake):
    fake.on().play(RunScript(running(100), completed({"n": 1})))

    async def run():
        client = fake.client()
        return await client.run_task(
            prompt="x", url="https://a.example", wait_for_completion=True, timeout=300
        )

    assert asyncio.run(run()).output == {"n": 1}
    assert fake.elapsed == 100


def test_a_run_by_its_id(fake):
    with fake.http() as client:
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        shown = client.get(f"/v1/runs/{run_id}").json()["status"]
    assert fake.run(run_id).status == shown == "running"
    with pytest.raises(LookupError, match="tsk_1"):
        fake.run("tsk_1")


def test_codes_expire_on_the_servers_time(fake):
    fake.on().play(RunScript(needs_totp("me@example.com"), completed()))
    fake.totp.send("me@example.com", "111111", expires_in=5)
    fake.totp.send_later(25, "me@example.com", "123456", expires_in=8)
    with fake.http() as client:
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        time.sleep(25)
        assert client.get(f"/v1/runs/{run_id}").json()["status"] == "running"
        time.sleep(6)
        assert client.get(f"/v1/runs/{run_id}").json()["status"] == "completed"


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda fake: fake.on(prompt=str.isupper).play(completed()), "condition on prompt"),
        (
            lambda fake: fake.on(parameters={"a": bool}).play(completed()),
            "condition on the parameter a is a function",
        ),
        (lambda fake: fake.on().play(_generator), "_generator is a generator"),
        (lambda fake: fake.faults.on("get_run", when=bool).answer(503), "condition is a function"),
        (lambda fake: fake.webhooks.receive("https://x.example"), "functions of this process"),
        (
            lambda fake: fake.webhooks.on(when=bool).delay(1),
            "condition is a function",
        ),
        (
            lambda fake: fake.webhooks.on().alter(bytes.upper),
            "change of the body is a function",
        ),
        (lambda fake: fake.on_action().answer(str), "the answer str is a function"),
        (lambda fake: fake.world, "in the server's process"),
        (lambda fake: fake.totp.serve("https://x.example", "123456"), "a function of this process"),
    ],
    ids=[
        "matcher",
        "parameter",
        "generator",
        "condition",
        "webhooks",
        "webhook condition",
        "alter",
        "action",
        "world",
        "totp_url",
    ],
)
def test_what_cannot_travel_says_so(fake, ask, reason):
    with pytest.raises(CannotTravel, match=reason):
        ask(fake)


def _generator(run):
    yield completed()


def test_a_wrong_fake_names_its_own_file(url, tmp_path):
    (tmp_path / "mine.yaml").write_text("format: 1\nruns: [{on: {promt: x}, play: completed}]\n")
    with (
        pytest.raises(FakeFileError, match=r"mine\.yaml:2:14 .*promt"),
        remote_skyvern(url, fake="mine.yaml", root=tmp_path),
    ):
        pass


def test_strict_tells_of_what_was_not_used(url):
    with (
        pytest.raises(StrictFailure, match="no run matched"),
        remote_skyvern(url, strict=True) as fake,
    ):
        fake.on(prompt="*").play(completed())


def test_an_error_brings_the_report(url):
    def fails() -> None:
        with remote_skyvern(url) as fake:
            fake.credential(password="hunter22")
            follow(fake)
            raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        fails()
    (note,) = caught.value.__notes__
    assert "run_task" in note
    assert "hunter22" not in note


def test_a_server_with_a_time_of_its_own():
    with (
        fake_skyvern(clock="polls", one_organization=False) as served,
        serving(served, control=Desk(served)) as server,
        remote_skyvern(server.url) as fake,
    ):
        fake.on().play(RunScript(queued(2), running(1800), completed({"n": 1})))
        assert follow(fake, every=0)[-1] == {"n": 1}
        assert fake.elapsed < 60


def test_a_server_that_is_none():
    with pytest.raises(NotOurServer, match="nobody answers"), remote_skyvern("http://127.0.0.1:1"):
        pass
    with (
        fake_skyvern(clock="polls", strict_keys=True) as fake,
        serving(fake, control=Desk(fake)) as server,
        remote_skyvern(server.url) as stranger,
        pytest.raises(OrderRefused, match="x-api-key"),
    ):
        stranger.signal("go")


def test_single_actions_answer_what_is_said_here(url):
    with remote_skyvern(url) as fake, remote_skyvern(url) as other:
        fake.on_action(type="extract", prompt="*price*").answer({"price": 1}, {"price": 2})

        def told(world: RemoteSkyvern, prompt: str = "the price") -> object:
            action = {"type": "extract", "prompt": prompt}
            with world.http() as client:
                body = {"url": "https://shop.example", "action": action}
                return client.post("/v1/sdk/run_action", json=body).json()["result"]

        assert [told(fake) for _ in range(3)] == [{"price": 1}, {"price": 2}, {"price": 2}]
        assert told(other) not in ({"price": 1}, {"price": 2})
        assert "on_action(type='extract', prompt='*price*')" in fake.as_code()
        assert "on_action" not in other.as_code()


def test_strict_tells_of_an_action_that_nobody_asked_for(url):
    with (
        pytest.raises(StrictFailure, match=r"on_action\(type='extract'\).*no action matched"),
        remote_skyvern(url, strict=True) as fake,
    ):
        fake.on_action(type="extract").answer(1)


def test_webhooks_go_wrong_as_said_here(url):
    with remote_skyvern(url) as fake, remote_skyvern(url) as other:
        plan = fake.webhooks.on(status="completed").duplicate(2)
        for world in (other, fake):
            world.on().play(completed())
            follow(world, {**TASK, "webhook_url": "https://hooks.example.com/skyvern"})
        while len(fake.journal.deliveries) < 3:  # the server writes them down in its own time
            time.sleep(1)
        assert plan.struck == 1
        assert len(other.journal.deliveries) == 1


def test_strict_tells_of_a_webhook_that_never_went_wrong(url):
    with (
        pytest.raises(StrictFailure, match="no webhook met it"),
        remote_skyvern(url, strict=True) as fake,
    ):
        fake.webhooks.on(status="failed").delay(5)
