"""How often a webhook is tried, when, and that every try says the same (facts: runs 8)."""

import asyncio

import httpx
import pytest

HOOK = "https://shop.example/hooks/skyvern"


class Flaky:
    """A receiver that answers what it was told to, one after the other, and notes when."""

    def __init__(self, clock, *replies):
        self.clock, self.replies = clock, list(replies)
        self.times, self.received = [], []

    def __call__(self, sent):
        self.times.append(self.clock.now)
        self.received.append(sent)
        return self.replies.pop(0)


async def ended(client):
    return await client.run_task("x", webhook_url=HOOK, wait_for_completion=True)


@pytest.mark.parametrize("status", [403, 408, 425, 429, 500, 502, 503, 599])
@pytest.mark.asyncio
async def test_three_tries_and_no_more(skyvern_client, skyvern_webhooks, skyvern_clock, status):
    flaky = Flaky(skyvern_clock, status, status, status)
    skyvern_webhooks.receive(HOOK, flaky)
    await ended(skyvern_client)
    await asyncio.sleep(60)
    first, second, third = flaky.times
    assert 1 <= second - first <= 2
    assert 2 <= third - second <= 3


@pytest.mark.parametrize("status", [200, 204, 302, 400, 401, 404, 410, 422])
@pytest.mark.asyncio
async def test_one_try_is_enough(skyvern_client, skyvern_webhooks, skyvern_clock, status):
    flaky = Flaky(skyvern_clock, status)
    skyvern_webhooks.receive(HOOK, flaky)
    await ended(skyvern_client)
    await asyncio.sleep(60)
    assert len(flaky.times) == 1


@pytest.mark.asyncio
async def test_every_try_says_the_same_and_the_last_counts(
    skyvern_client, skyvern_fake, skyvern_webhooks, skyvern_clock
):
    flaky = Flaky(skyvern_clock, 503, 503, 200)
    skyvern_webhooks.receive(HOOK, flaky)
    run = await ended(skyvern_client)
    await skyvern_webhooks.wait(3)
    assert len({(sent.body, tuple(sent.headers.items())) for sent in flaky.received}) == 1
    assert all(sent.signature_ok for sent in flaky.received)
    assert skyvern_fake.run(run.run_id).webhook_failure_reason == ""


@pytest.mark.asyncio
async def test_a_webhook_that_never_gets_through_is_noted(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    skyvern_webhooks.receive(HOOK, lambda _: (500, "broken"))
    run = await ended(skyvern_client)
    await skyvern_webhooks.wait(2)
    assert skyvern_fake.run(run.run_id).webhook_failure_reason is None
    await skyvern_webhooks.wait(3)
    assert (
        skyvern_fake.run(run.run_id).webhook_failure_reason
        == "Webhook failed with status code 500, error message: broken"
    )


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("7", (7, 7)),
        ("30", (30, 30)),
        ("600", (30, 30)),
        ("soon", (1, 2)),
        ("1.5", (1, 2)),
        ("", (1, 2)),
    ],
)
@pytest.mark.asyncio
async def test_retry_after_is_kept_to(skyvern_client, skyvern_webhooks, skyvern_clock, said, waits):
    busy = httpx.Response(429, headers={"retry-after": said})
    flaky = Flaky(skyvern_clock, busy, 200)
    skyvern_webhooks.receive(HOOK, flaky)
    await ended(skyvern_client)
    await skyvern_webhooks.wait(2)
    first, second = flaky.times
    assert waits[0] <= second - first <= waits[1]


@pytest.mark.asyncio
async def test_a_cancel_waits_for_all_the_tries(skyvern_client, skyvern_webhooks, skyvern_clock):
    flaky = Flaky(skyvern_clock, 500, 500, 500)
    skyvern_webhooks.receive(HOOK, flaky)
    run = await skyvern_client.run_task("x", webhook_url=HOOK)
    before = skyvern_clock.now
    await skyvern_client.cancel_run(run.run_id)
    assert 3 <= skyvern_clock.now - before <= 5
    assert len(flaky.times) == 3


@pytest.mark.asyncio
async def test_a_webhook_sent_again_on_request_is_tried_once(skyvern_client, skyvern_webhooks):
    run = await skyvern_client.run_task("x", wait_for_completion=True)
    skyvern_webhooks.receive(HOOK, lambda _: 500)
    answer = await skyvern_client.retry_run_webhook(run.run_id, request={"webhook_url": HOOK})
    await asyncio.sleep(60)
    assert answer.status_code == 500
    assert len(skyvern_webhooks) == 1
