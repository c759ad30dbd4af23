"""The whole job, against the fake `invoice_portal` that comes with skyvern-testkit.

That fake is a world in a YAML file: a stored login, both workflows, a login run that asks for a code,
two invoices and their PDFs. Tests only say what differs from it.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from invoice_portal.collect import collect
from invoice_portal.errors import AccountLocked, RunFailed
from invoice_portal.invoices import Invoice
from invoice_portal.settings import Settings
from invoice_portal.webhook import Receiver
from portal import LIST, PDF, PORTAL, listing
from skyvern_testkit import Download, completed, failed, terminated

pytestmark = pytest.mark.skyvern(fake="invoice_portal")

JULY = date(2026, 7, 1)
CREDENTIAL = "cred_210000000000000002"  # these two are in the fake
PROFILE = "bp_210000000000000004"
HOOK = "https://billing.acme.example.com/skyvern"


@pytest.fixture
def settings(skyvern_fake) -> Settings:
    return Settings(
        api_key=skyvern_fake.api_key,
        credential_id=CREDENTIAL,
        portal_url=PORTAL,
        webhook_url=HOOK,
    )


async def test_the_first_time(
    skyvern_client, skyvern_fake, skyvern_webhooks, settings, store, mailbox
):
    mailbox.codes = [(25, "483920")]
    receiver = Receiver(settings.api_key, store)
    skyvern_webhooks.receive(HOOK, lambda sent: receiver.receive(sent.body, sent.signature))

    new = await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY)

    assert new == ["A-1", "A-2"]
    assert store.invoices() == [
        Invoice("A-1", date(2026, 7, 3), Decimal("119.0"), "EUR"),
        Invoice("A-2", date(2026, 7, 21), Decimal("59.5"), "EUR"),
    ]
    assert (store.pdf("A-1") or b"").startswith(b"%PDF-1.7")
    listed = skyvern_webhooks.last.run_id
    assert store.endings() == [(listed, "completed")]  # told by polling and by webhook, noted once


async def test_the_second_time_there_is_no_login_and_nothing_to_fetch(
    skyvern_client, skyvern_fake, settings, store, mailbox
):
    mailbox.codes = [(25, "483920")]
    await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY)
    before = len(skyvern_fake.journal)

    assert await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY) == []

    operations = [call.operation for call in skyvern_fake.journal][before:]
    assert operations == ["get_workflows", "run_workflow", *["get_run"] * 3]


async def test_a_saved_profile_that_has_expired(
    skyvern_client, skyvern_fake, settings, store, mailbox
):
    store.set_profile(CREDENTIAL, PROFILE)
    mailbox.codes = [(25, "483920")]
    skyvern_fake.on(workflow=LIST).play(
        terminated("A login form instead of invoices", error_code="LOGGED_OUT"),
        completed(listing(("A-1", "2026-07-03", 119.0))),
    )

    new = await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY)

    assert new == ["A-1"]
    assert store.profile(CREDENTIAL) != PROFILE
    listed, logged_in, listed_again = skyvern_fake.journal.calls("run_workflow")
    assert listed.json["browser_profile_id"] == PROFILE
    assert logged_in.json["parameters"]["credential"] == CREDENTIAL
    assert listed_again.json["browser_profile_id"] == store.profile(CREDENTIAL)


async def test_a_locked_account_is_left_alone(
    skyvern_client, skyvern_fake, settings, store, mailbox
):
    store.set_profile(CREDENTIAL, PROFILE)
    skyvern_fake.on(workflow=LIST).play(terminated("Call us.", error_code="ACCOUNT_LOCKED"))

    with pytest.raises(AccountLocked):
        await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY)

    assert len(skyvern_fake.journal.calls("run_workflow")) == 1
    assert [status for _, status in store.endings()] == ["terminated"]


async def test_what_was_fetched_stays_when_the_rest_fails(
    skyvern_client, skyvern_fake, settings, store, mailbox
):
    store.set_profile(CREDENTIAL, PROFILE)
    skyvern_fake.on(prompt="Open invoice A-2 *").play(
        failed("The button does nothing"),
        completed(downloads=[Download("a-2.pdf", PDF)]),
    )

    with pytest.raises(RunFailed):
        await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY)

    assert store.without_pdf() == ["A-2"]
    assert await collect(skyvern_client, settings, store, mailbox.next_code, since=JULY) == ["A-2"]
