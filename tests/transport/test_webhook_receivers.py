"""Receivers in this process: aiohttp, slow handlers, webhooks that a test fires, and waiting for them."""

import asyncio

import pytest
from aiohttp import web

from skyvern_testkit import (
    Deadlock,
    RunScript,
    completed,
    fake_skyvern,
    never,
    queued,
    running,
    verify_webhook,
)

HOOK = "https://shop.example/hooks/skyvern"
KEY = "skyvern-testkit-key"


async def ended(client, url=HOOK, **more):
    return await client.run_task("x", webhook_url=url, wait_for_completion=True, **more)


# --- aiohttp ------------------------------------------------------------------------------------


def make_app(log: list[str], status: int = 200) -> web.Application:
    async def hook(request: web.Request) -> web.Response:
        body = await request.read()
        ok = verify_webhook(body, request.headers.get("x-skyvern-signature"), KEY)
        await asyncio.sleep(2)
        log.append(f"{request.path} {ok} {request.host}")
        return web.json_response({"said": "tak"}, status=status)

    async def life(_: web.Application):
        log.append("started")
        yield
        log.append("stopped")

    app = web.Application()
    app.router.add_post("/hooks/{name}", hook)
    app.cleanup_ctx.append(life)
    return app


def test_an_aiohttp_application_is_started_once_answers_and_is_stopped():
    log: list[str] = []

    async def the_test(fake):
        fake.webhooks.receive_aiohttp("https://shop.example/*", make_app(log))
        client = fake.client()
        await ended(client)
        await ended(client)
        await fake.webhooks.wait(2)
        assert [it.status for it in fake.journal.deliveries] == [200, 200]
        result = next(iter(fake.world.results.values()))
        assert result.body == '{"said": "tak"}'

    with fake_skyvern() as fake:
        asyncio.run(the_test(fake))
    said = "/hooks/skyvern True shop.example"
    assert log == ["started", said, said, "stopped"]


@pytest.mark.asyncio
async def test_routes_and_errors_are_the_applications(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    skyvern_webhooks.receive_aiohttp("https://shop.example/*", make_app([]))
    await ended(skyvern_client, "https://shop.example/none")
    await skyvern_webhooks.wait()
    assert skyvern_fake.journal.deliveries[0].status == 404


def test_in_a_sync_test_it_is_made_for_each_delivery():
    log: list[str] = []
    with fake_skyvern() as fake:
        fake.webhooks.receive_aiohttp(HOOK, lambda: make_app(log))
        client = fake.sync_client()
        for number in (1, 2):
            client.run_task(prompt="x", webhook_url=HOOK)
            fake.webhooks.wait_sync(number)
    assert log.count("started") == log.count("stopped") == 2


def test_in_a_sync_test_two_may_come_at_once(skyvern_sync_client, skyvern_webhooks):
    skyvern_webhooks.receive(HOOK, lambda _: asyncio.sleep(2))
    runs = [skyvern_sync_client.run_task(prompt="x", webhook_url=HOOK).run_id for _ in range(2)]
    skyvern_webhooks.wait_sync(2)
    assert sorted(sent.run_id for sent in skyvern_webhooks) == sorted(runs)


def test_an_application_that_is_used_on_two_loops_is_told_to_be_made():
    def the_test():
        with fake_skyvern() as fake:
            fake.webhooks.receive_aiohttp(HOOK, make_app([]))
            client = fake.sync_client()
            for _ in range(2):
                client.run_task(prompt="x", webhook_url=HOOK)
                fake.clock.advance(60)

    with pytest.raises(RuntimeError, match="the function that makes the application"):
        the_test()


# --- patience -----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_slow_handler_is_given_up_and_called_again_beside_itself(
    skyvern_client, skyvern_fake, skyvern_webhooks, skyvern_clock
):
    began, ends = [], []

    @skyvern_webhooks.receive(HOOK)
    async def handle(_):
        began.append(skyvern_clock.now)
        await asyncio.sleep(45)
        ends.append(skyvern_clock.now)

    run = await ended(skyvern_client)
    await skyvern_webhooks.wait(3)
    first, second, third = began
    assert 31 <= second - first <= 32
    assert 32 <= third - second <= 33
    assert ends == [pytest.approx(at + 45) for at in began]
    assert (
        skyvern_fake.run(run.run_id).webhook_failure_reason
        == "Webhook delivery failed before receiving a response: ReadTimeout"
    )


@pytest.mark.asyncio
async def test_29_seconds_are_quick_enough(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_webhooks.receive(HOOK, lambda _: asyncio.sleep(29))
    run = await ended(skyvern_client)
    await skyvern_webhooks.wait()
    await asyncio.sleep(120)
    assert len(skyvern_webhooks) == 1
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""


@pytest.mark.asyncio
async def test_what_a_slow_handler_raises_fails_the_test():
    async def the_test():
        with fake_skyvern() as fake:

            @fake.webhooks.receive(HOOK)
            async def handle(_):
                await asyncio.sleep(45)
                raise ZeroDivisionError("too late")

            await ended(fake.client())
            await asyncio.sleep(200)

    with pytest.raises(ZeroDivisionError, match="too late"):
        await the_test()


@pytest.mark.asyncio
async def test_a_webhook_sent_again_on_request_waits_for_a_minute(
    skyvern_client, skyvern_webhooks, skyvern_clock
):
    run = await skyvern_client.run_task("x", wait_for_completion=True)
    skyvern_webhooks.receive(HOOK, lambda _: asyncio.sleep(90))
    before = skyvern_clock.now
    answer = await skyvern_client.retry_run_webhook(
        run.run_id,
        request={"webhook_url": HOOK},
        request_options={"timeout_in_seconds": 100},
    )
    assert skyvern_clock.now - before == 60
    assert (answer.status_code, answer.latency_ms) == (None, 60_000)
    assert answer.error == "Request timed out after 60 seconds."


def test_in_a_sync_test_a_slow_handler_is_given_up_too(skyvern_sync_client, skyvern_fake):
    skyvern_fake.webhooks.receive(HOOK, lambda _: asyncio.sleep(90))
    run = skyvern_sync_client.run_task(prompt="x", webhook_url=HOOK)
    skyvern_fake.clock.advance(300)
    assert (
        skyvern_fake.run(run.run_id).webhook_failure_reason
        == "Webhook delivery failed before receiving a response: ReadTimeout"
    )


# --- fired by the test ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-2.0"])
@pytest.mark.asyncio
async def test_a_webhook_of_a_run_in_any_state(
    skyvern_client, skyvern_fake, skyvern_webhooks, engine
):
    skyvern_fake.on().play(RunScript(queued(10), running(until=never())))
    run = await skyvern_client.run_task("x", webhook_url=skyvern_webhooks.url, engine=engine)
    for status in ("queued", "running"):
        skyvern_fake.fire_webhook(run.run_id)
        sent = await skyvern_webhooks.wait(run=run.run_id, status=status)
        assert sent.signature_ok
        assert sent.json["run_id"] == run.run_id
        await asyncio.sleep(20)
    assert skyvern_fake.run(run.run_id).webhook_failure_reason is None
    assert skyvern_fake.journal.deliveries[0].fault == "sent by the test"


@pytest.mark.asyncio
async def test_a_fired_webhook_is_tried_once_and_says_what_the_real_one_says(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    run = await ended(skyvern_client, skyvern_webhooks.url)
    real = await skyvern_webhooks.wait()
    skyvern_webhooks.receive(HOOK, lambda _: 500)
    skyvern_fake.fire_webhook(run.run_id, url=HOOK)
    await asyncio.sleep(60)
    (fired,) = skyvern_webhooks.received[1:]
    assert list(fired.json) == list(real.json)
    assert fired.json["status"] == real.json["status"] == "completed"
    assert fired.signature_ok
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""


@pytest.mark.asyncio
async def test_what_goes_wrong_goes_wrong_with_a_fired_one_too(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    run = await skyvern_client.run_task("x")
    skyvern_webhooks.on().alter({"status": "lost"})
    skyvern_fake.fire_webhook(run.run_id, url=skyvern_webhooks.url)
    sent = await skyvern_webhooks.wait()
    assert (sent.status, sent.signature_ok) == ("lost", False)


@pytest.mark.asyncio
async def test_no_run_and_no_address(skyvern_client, skyvern_fake):
    with pytest.raises(LookupError, match="there is no run wr_1"):
        skyvern_fake.fire_webhook("wr_1")
    run = await skyvern_client.run_task("x")
    with pytest.raises(ValueError, match="has no webhook_url"):
        skyvern_fake.fire_webhook(run.run_id)


# --- which key signs ------------------------------------------------------------------------------


@pytest.mark.parametrize(("engine", "key"), [("skyvern-1.0", "old"), ("skyvern-2.0", "new")])
@pytest.mark.asyncio
async def test_after_a_change_of_keys_a_2_0_task_signs_with_the_new_one(
    skyvern_fake, skyvern_webhooks, engine, key
):
    organization = skyvern_fake.keys.add("old")
    run = await skyvern_fake.client(api_key="old").run_task(
        "x", webhook_url=skyvern_webhooks.url, engine=engine
    )
    skyvern_fake.keys.add("new", organization=organization)
    skyvern_fake.keys.revoke("old")
    sent = await skyvern_webhooks.wait(run=run.run_id)
    assert verify_webhook(sent.body, sent.signature, key)
    assert sent.signature_ok


# --- waiting --------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_waiting_for_a_run_and_for_a_status(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on(prompt="long").play(RunScript(running(500), completed()))
    long = await skyvern_client.run_task("long", webhook_url=skyvern_webhooks.url)
    short = await skyvern_client.run_task("short", webhook_url=skyvern_webhooks.url)
    assert (await skyvern_webhooks.wait(run=long.run_id)).run_id == long.run_id
    assert (await skyvern_webhooks.wait(run=short.run_id)).run_id == short.run_id
    assert (await skyvern_webhooks.wait(2, status="completed")).run_id == long.run_id
    assert [sent.run_id for sent in skyvern_webhooks.of(short.run_id)] == [short.run_id]


@pytest.mark.asyncio
async def test_what_came_instead(skyvern_client, skyvern_webhooks):
    run = await ended(skyvern_client, skyvern_webhooks.url)
    with pytest.raises(TimeoutError) as caught:
        await skyvern_webhooks.wait(run=run.run_id, status="failed", timeout=60)
    said = str(caught.value)
    assert said.startswith(f"1 webhook of {run.run_id} with status failed was awaited and 0 came")
    assert f"{run.run_id} completed: answered 200" in said


@pytest.mark.asyncio
async def test_what_went_elsewhere(skyvern_client, skyvern_webhooks):
    await ended(skyvern_client, "https://typo.example/hook")
    with pytest.raises(TimeoutError, match=r"typo\.example/hook: not contacted"):
        await skyvern_webhooks.wait(timeout=60)


def test_a_deadlock_names_what_came(skyvern_fake):
    async def the_test():
        await ended(skyvern_fake.client(), skyvern_fake.webhooks.url)
        await skyvern_fake.webhooks.wait(2)

    with pytest.raises(Deadlock) as caught:
        asyncio.run(the_test())
    assert "completed: answered 200" in str(caught.value)


def test_less_than_one_cannot_be_awaited(skyvern_webhooks):
    with pytest.raises(ValueError, match="from 1, so it cannot be 0"):
        skyvern_webhooks.wait_sync(0)
