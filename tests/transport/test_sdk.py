"""The real SDK on the fake: waiting, timeouts, retries and errors, on virtual time."""

import asyncio
import random
import sys
import time

import httpx
import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client import Skyvern as SyncSkyvern
from skyvern.client import SkyvernEnvironment
from skyvern.client.core import ApiError
from skyvern.client.errors import ConflictError, ForbiddenError

from skyvern_testkit import (
    RunScript,
    completed,
    failed,
    fake_skyvern,
    needs_totp,
    queued,
    running,
    terminated,
    timed_out,
)
from skyvern_testkit.clock import Deadlock

MINUTE = 60


def lasting(minutes: float) -> RunScript:
    return RunScript(queued(seconds=2), running(seconds=minutes * MINUTE - 2), completed({"n": 1}))


# --- waiting for runs ---------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_run_of_29_minutes_completes(skyvern_client, skyvern_fake, skyvern_clock):
    skyvern_fake.on(prompt="*").play(lasting(29))
    run = await skyvern_client.run_task("Count", wait_for_completion=True)
    assert (run.status, run.output) == ("completed", {"n": 1})
    assert skyvern_clock.now == 29 * MINUTE
    assert len(skyvern_fake.journal.polls(run.run_id)) == 1 + 174


@pytest.mark.asyncio
async def test_a_run_of_31_minutes_is_a_timeout_error_after_1800_seconds(
    skyvern_client, skyvern_fake, skyvern_clock
):
    skyvern_fake.on(prompt="*").play(lasting(31))
    with pytest.raises(TimeoutError):
        await skyvern_client.run_task("Count", wait_for_completion=True)
    assert skyvern_clock.now == 1800


def scenario() -> tuple[str, list[bytes]]:
    with fake_skyvern(seed=11) as fake:
        fake.on(prompt="*").play(
            RunScript(
                queued(seconds=1.5),
                running(seconds=33.3),
                needs_totp("a@b.example"),
                completed({"n": 1}),
            )
        )
        fake.faults.on("get_run", nth=2).slow(4.2)
        fake.faults.on("create_browser_session").answer(503).times(2)
        fake.totp.send_later(70, "a@b.example", "123456")

        async def client() -> None:
            sky = fake.client()
            async with asyncio.TaskGroup() as group:
                for name in "ab":
                    group.create_task(
                        sky.run_task(name, wait_for_completion=True, webhook_url=fake.webhooks.url)
                    )
                group.create_task(sky.create_browser_session(request_options={"max_retries": 5}))
            await fake.webhooks.wait(2)

        asyncio.run(client())
        answers = [entry.response.body for entry in fake.journal if entry.response]
        sent = [delivery.body for delivery in fake.journal.deliveries]
        return fake.journal.render(), answers + sent


def test_twenty_runs_of_one_scenario_leave_the_same_trace_to_the_bit():
    first = scenario()
    assert len(first[1]) > 20
    for _ in range(19):
        assert scenario() == first


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (failed("Login wall"), "failed"),
        (terminated("Captcha"), "terminated"),
        (timed_out(), "timed_out"),
    ],
)
@pytest.mark.asyncio
async def test_bad_ends_are_statuses_and_no_exceptions(
    skyvern_client, skyvern_fake, ending, status
):
    skyvern_fake.on(prompt="*").play(ending)
    run = await skyvern_client.run_task("x", wait_for_completion=True)
    assert run.status == status


@pytest.mark.asyncio
async def test_a_canceled_run_ends_the_wait(skyvern_client, skyvern_fake, skyvern_clock):
    skyvern_fake.on(prompt="*").play(lasting(10))

    async def cancel():
        await asyncio.sleep(42)
        await skyvern_client.cancel_run(skyvern_fake.runs[0].id)

    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(skyvern_client.run_task("x", wait_for_completion=True))
        group.create_task(cancel())
    assert waiting.result().status == "canceled"
    assert skyvern_clock.now == 50


@pytest.mark.asyncio
async def test_a_second_factor_typed_while_the_client_waits(
    skyvern_client, skyvern_fake, skyvern_totp
):
    seen = []

    @skyvern_fake.on(prompt="*").play
    def login(run):
        yield running(seconds=3)
        code = yield needs_totp("a@b.example")
        seen.append(code)
        yield completed({"typed": code})

    skyvern_totp.send_later(25, "a@b.example", "654321")
    run = await skyvern_client.run_task(
        "x", totp_identifier="a@b.example", wait_for_completion=True
    )
    assert run.output == {"typed": "654321"}
    assert seen == ["654321"]


def test_a_sync_client_polls_with_time_sleep(skyvern_sync_client, skyvern_fake, skyvern_clock):
    skyvern_fake.on(prompt="*").play(lasting(5))
    run = skyvern_sync_client.run_task(prompt="x")
    polls = 0
    while run.status not in {"completed", "failed"}:
        time.sleep(10)
        run = skyvern_sync_client.get_run(run.run_id)
        polls += 1
    assert (run.status, polls, skyvern_clock.now) == ("completed", 30, 300)


# --- request options ----------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_timeout_of_one_request(skyvern_client, skyvern_faults, skyvern_clock):
    skyvern_faults.on("get_version").slow(8)
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_client.get_version(request_options={"timeout_in_seconds": 5})
    assert skyvern_clock.now == 5


@pytest.mark.asyncio
async def test_the_clients_default_timeout_is_the_sdks_own(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").never_answer().times(2)
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_fake.client().get_version()
    assert skyvern_clock.now == 60
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_fake.client(timeout=7).get_version()
    assert skyvern_clock.now == 67


@pytest.mark.asyncio
async def test_retry_after_is_obeyed(skyvern_client, skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("run_task").answer(429, retry_after=20).times(2)
    run = await skyvern_client.run_task("x", request_options={"max_retries": 4})
    assert run.run_id
    assert [call.began for call in skyvern_fake.journal.calls("run_task")] == [0, 20, 40]


@pytest.mark.asyncio
async def test_backoff_without_retry_after_is_seeded(skyvern_fake):
    skyvern_fake.faults.on("get_version").answer(502).times(3)
    sky = skyvern_fake.client()
    await sky.get_version(request_options={"max_retries": 5})
    waits = [call.began for call in skyvern_fake.journal]
    again = random.Random(0)
    expected = [0.0]
    for delay in (2, 4, 8):
        expected.append(expected[-1] + delay * (1 - 0.25 * again.random()))
    assert waits == pytest.approx(expected, abs=1e-6)


@pytest.mark.asyncio
async def test_extra_headers_win(skyvern_client, skyvern_fake):
    skyvern_fake.keys.revoke("old")
    with pytest.raises(ForbiddenError):
        await skyvern_client.get_browser_sessions(
            request_options={"additional_headers": {"x-api-key": "old", "x-trace": "7"}}
        )
    assert skyvern_fake.journal[-1].request.header("x-trace") == "7"


# --- errors -------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_what_a_client_gave_up_is_done_all_the_same_so_its_second_try_meets_a_409(
    skyvern_client, skyvern_fake, skyvern_clock
):
    skyvern_fake.faults.on("create_browser_profile").slow(90)
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_client.create_browser_profile(name="mine")
    assert skyvern_clock.now == 60
    assert await skyvern_client.list_browser_profiles() == []
    assert "answers not delivered" in skyvern_fake.report()
    await asyncio.sleep(30)
    assert [profile.name for profile in await skyvern_client.list_browser_profiles()] == ["mine"]
    with pytest.raises(ConflictError):
        await skyvern_client.create_browser_profile(name="mine")
    first = skyvern_fake.journal[0]
    assert (first.outcome, first.status, first.ended) == ("abandoned", 200, 90)
    assert "answers not delivered" not in skyvern_fake.report()


def test_a_sync_client_and_a_cancelled_one_leave_their_work_too(skyvern_fake, skyvern_sync_client):
    skyvern_fake.faults.on("create_browser_profile").slow(90)
    skyvern_fake.faults.on("create_browser_session").slow(90)

    async def cancelled() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7):
                await skyvern_fake.client().create_browser_session()

    asyncio.run(cancelled())
    with pytest.raises(httpx.ReadTimeout):
        skyvern_sync_client.create_browser_profile(name="mine")
    time.sleep(30)
    assert len(skyvern_sync_client.get_browser_sessions()) == 1
    assert len(skyvern_sync_client.list_browser_profiles()) == 1


def test_work_that_nobody_waits_for_is_dropped_at_the_end_and_keeps_nobody_alive():
    with fake_skyvern() as fake:
        fake.faults.on("create_browser_profile").slow(3600)
        with pytest.raises(httpx.ReadTimeout):
            fake.sync_client().create_browser_profile(name="mine")

        async def forever() -> None:
            await asyncio.Event().wait()

        with pytest.raises(Deadlock):
            asyncio.run(forever())
        assert fake.clock.now == 60
    assert [exchange.entry.outcome for exchange in fake.unread] == ["abandoned"]
    assert "abandoned  create_browser_profile" in fake.report().partition("not delivered")[2]


@pytest.mark.asyncio
async def test_a_cancel_that_its_client_gave_up_waits_for_its_webhook_and_ends(
    skyvern_client, skyvern_fake
):
    skyvern_fake.on(prompt="*").play(lasting(5))
    run = await skyvern_client.run_task("x", webhook_url="https://hooks.example.com/x")
    skyvern_fake.faults.on("cancel_run").slow(20)
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_client.cancel_run(run.run_id, request_options={"timeout_in_seconds": 5})
    await asyncio.sleep(30)
    (cancel,) = skyvern_fake.journal.calls("cancel_run")
    assert (cancel.outcome, cancel.status) == ("abandoned", 200)
    assert not skyvern_fake.unread
    assert (await skyvern_client.get_run(run.run_id)).status == "canceled"


@pytest.mark.asyncio
async def test_what_is_never_answered_is_just_dropped(skyvern_fake):
    skyvern_fake.faults.on("create_browser_profile").never_answer()
    with pytest.raises(httpx.ReadTimeout):
        await skyvern_fake.client().create_browser_profile(name="mine")
    assert not skyvern_fake.unread


@pytest.mark.asyncio
async def test_a_503_in_the_middle_of_a_wait_ends_it(skyvern_client, skyvern_fake, skyvern_clock):
    skyvern_fake.on(prompt="*").play(lasting(5))
    skyvern_fake.faults.on("get_run", nth=3).answer(503)
    with pytest.raises(ApiError) as caught:
        await skyvern_client.run_task("x", wait_for_completion=True)
    assert (caught.value.status_code, skyvern_clock.now) == (503, 20)


@pytest.mark.asyncio
async def test_broken_connections_and_bodies(skyvern_client, skyvern_faults):
    skyvern_faults.on("get_version").reset_connection()
    with pytest.raises(httpx.ReadError):
        await skyvern_client.get_version()
    skyvern_faults.on("get_version").empty_body()
    with pytest.raises(ApiError) as caught:
        await skyvern_client.get_version()
    assert (caught.value.status_code, caught.value.body) == (200, "")
    skyvern_faults.on("get_version").malformed_body()
    with pytest.raises(ApiError) as caught:
        await skyvern_client.get_version()
    assert caught.value.status_code == 200


# --- making clients -----------------------------------------------------------------------------


def test_clients_are_the_installed_sdks_own(skyvern_client, skyvern_sync_client):
    assert isinstance(skyvern_client, Skyvern)
    assert isinstance(skyvern_sync_client, SyncSkyvern)


@pytest.mark.asyncio
async def test_options_go_to_the_sdks_constructor(skyvern_fake):
    sky = skyvern_fake.client(api_key="mine", headers={"x-team": "9"})
    await sky.get_version()
    request = skyvern_fake.journal[0].request
    assert (request.header("x-api-key"), request.header("x-team")) == ("mine", "9")
    with pytest.raises(TypeError, match="httpx_client is what the fake gives"):
        skyvern_fake.client(httpx_client=httpx.AsyncClient())


class OldSkyvern:
    """The constructor of the releases up to 1.0.2: without an environment it is an embedded server."""

    def __init__(self, *, environment=None, base_url=None, api_key=None, httpx_client=None):
        self.given = environment, api_key, httpx_client


def test_old_releases_get_an_environment(skyvern_fake, monkeypatch):
    monkeypatch.setattr("skyvern.Skyvern", OldSkyvern)
    environment, api_key, over = skyvern_fake.client().given
    assert environment is SkyvernEnvironment.CLOUD
    assert api_key == skyvern_fake.api_key
    assert isinstance(over, httpx.AsyncClient)


def test_without_the_sdk_the_error_says_what_to_install(skyvern_fake, monkeypatch):
    for name in list(sys.modules):
        if name == "skyvern" or name.startswith("skyvern."):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'skyvern-testkit\[sdk\]'"):
        skyvern_fake.client()
    assert skyvern_fake.http().get("/v1/version").status_code == 200
