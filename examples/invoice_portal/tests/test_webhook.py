"""Webhooks: signed by Skyvern with the API key, told more than once, and sometimes not Skyvern's."""

from __future__ import annotations

import json
from datetime import date

import pytest
from aiohttp import web

from invoice_portal.invoices import list_invoices
from invoice_portal.webhook import Receiver, application
from portal import LIST, PORTAL, listing
from skyvern_testkit import RunScript, completed, failed, running, sign_webhook

HOOK = "https://billing.acme.example.com/skyvern"
JULY = date(2026, 7, 1)


@pytest.fixture
def receiver(skyvern_fake, store) -> Receiver:
    return Receiver(skyvern_fake.api_key, store)


@pytest.fixture
def hook(skyvern_webhooks, receiver) -> str:
    """Our receiver, behind an address that Skyvern can reach."""
    skyvern_webhooks.receive(HOOK, lambda sent: receiver.receive(sent.body, sent.signature))
    return HOOK


async def test_a_finished_run_is_told_and_signed(
    skyvern_client, skyvern_fake, skyvern_webhooks, profile_id, hook, store
):
    skyvern_fake.on(workflow=LIST).play(
        RunScript(running(seconds=40), completed(listing(("A-1", "2026-07-03", 119.0))))
    )
    run_id, invoices = await list_invoices(
        skyvern_client, PORTAL, profile_id, since=JULY, webhook_url=hook
    )
    told = await skyvern_webhooks.wait()

    assert told.signature_ok
    assert (told.json["run_id"], told.json["status"]) == (run_id, "completed")
    assert store.endings() == [(run_id, "completed")]
    assert store.invoices() == invoices


async def test_a_failed_run_is_told_too(
    skyvern_client, skyvern_fake, skyvern_webhooks, hook, store
):
    skyvern_fake.on(prompt="*").play(failed("No such page"))
    run = await skyvern_client.run_task(prompt="Read", url=PORTAL, webhook_url=hook)
    await skyvern_webhooks.wait()
    assert store.endings() == [(run.run_id, "failed")]


async def test_the_same_news_twice_is_no_news(
    skyvern_client, skyvern_fake, skyvern_webhooks, profile_id, hook, store
):
    skyvern_fake.on(workflow=LIST).play(completed(listing(("A-1", "2026-07-03", 119.0))))
    run_id, _ = await list_invoices(
        skyvern_client, PORTAL, profile_id, since=JULY, webhook_url=hook
    )
    await skyvern_webhooks.wait()

    await skyvern_client.cancel_run(run_id)  # of a finished workflow run: it is told once more
    again = await skyvern_webhooks.wait(2)

    assert (again.run_id, again.signature_ok) == (run_id, True)
    assert store.endings() == [(run_id, "completed")]
    assert len(store.invoices()) == 1


# --- not everybody who knows the address is Skyvern -------------------------------------------------

BODY = json.dumps({"run_id": "wr_1", "status": "failed"}).encode()


def test_a_wrong_signature_is_refused(receiver, store):
    assert receiver.receive(BODY, sign_webhook(BODY, "somebody else's key")) == 401
    assert receiver.receive(BODY, None) == 401
    assert store.endings() == []


def test_a_body_that_was_changed_on_the_way_is_refused(receiver, skyvern_fake, store):
    signature = sign_webhook(BODY, skyvern_fake.api_key)
    assert receiver.receive(BODY.replace(b"failed", b"completed"), signature) == 401
    assert store.endings() == []


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"run_id": "wr_1"}', b"{"],
    ids=["empty", "a list", "nothing", "no status", "broken off"],
)
def test_a_signed_body_that_says_nothing(receiver, skyvern_fake, body):
    assert receiver.receive(body, sign_webhook(body, skyvern_fake.api_key)) == 400


def test_a_run_that_will_be_tried_again_is_not_noted(receiver, skyvern_fake, store):
    body = json.dumps({"run_id": "wr_1", "status": "failed", "retry_pending": True}).encode()
    assert receiver.receive(body, sign_webhook(body, skyvern_fake.api_key)) == 200
    assert store.endings() == []


async def test_over_a_real_socket(skyvern_client, skyvern_fake, skyvern_webhooks, receiver, store):
    """The whole application, as `invoice-portal serve` runs it: loopback addresses are really called."""
    runner = web.AppRunner(application(receiver))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]

    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=20), failed("No such page")))
    run = await skyvern_client.run_task(
        prompt="Read", url=PORTAL, webhook_url=f"http://127.0.0.1:{port}/skyvern"
    )
    await skyvern_webhooks.wait()
    await runner.cleanup()

    assert store.endings() == [(run.run_id, "failed")]
