"""Listing invoices: what the portal may have in store."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from invoice_portal.errors import LoggedOut, RunFailed, UnexpectedOutput
from invoice_portal.invoices import Invoice, list_invoices
from portal import LIST, PORTAL, listing
from skyvern_testkit import RunScript, completed, failed, queued, running, terminated

JULY = date(2026, 7, 1)


async def test_invoices_are_read(skyvern_client, skyvern_fake, profile_id):
    skyvern_fake.on(workflow=LIST).play(completed(listing(("A-1", "2026-07-03", 119.0))))

    _, invoices = await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)

    assert invoices == [Invoice("A-1", date(2026, 7, 3), Decimal("119.0"), "EUR")]
    (call,) = skyvern_fake.journal.calls("run_workflow")
    assert call.json["browser_profile_id"] == profile_id
    assert call.json["parameters"] == {"portal_url": PORTAL, "since": "2026-07-01"}


async def test_without_a_script_the_answer_fits_our_schema(skyvern_client, profile_id):
    _, invoices = await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    assert all(invoice.currency in ("EUR", "USD") for invoice in invoices)


async def test_the_workflow_is_made_once(skyvern_client, skyvern_fake, profile_id):
    for _ in range(2):
        await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    assert len(skyvern_fake.journal.calls("create_workflow")) == 1


async def test_an_expired_profile_has_its_own_name(skyvern_client, skyvern_fake, profile_id):
    skyvern_fake.on(workflow=LIST).play(
        terminated("A login form instead of invoices", error_code="LOGGED_OUT")
    )
    with pytest.raises(LoggedOut) as caught:
        await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    assert (caught.value.status, caught.value.codes) == ("terminated", {"LOGGED_OUT"})


async def test_it_fails_once_and_works_the_next_time(skyvern_client, skyvern_fake, profile_id):
    skyvern_fake.on(workflow=LIST).play(
        failed("The table did not load"), completed(listing(("A-1", "2026-07-03", 119.0)))
    )
    with pytest.raises(RunFailed, match="The table did not load"):
        await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    _, invoices = await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    assert len(invoices) == 1


@pytest.mark.parametrize(
    "output",
    [
        None,
        {"list_invoices_output": None, "extracted_information": []},
        listing(("A-1", "yesterday", 119.0)),
    ],
    ids=["nothing", "an empty block", "no date"],
)
async def test_an_answer_that_does_not_fit_the_schema(
    skyvern_client, skyvern_fake, profile_id, output
):
    skyvern_fake.on(workflow=LIST).play(completed(output))  # Skyvern would let it through as well
    with pytest.raises(UnexpectedOutput):
        await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)


async def test_a_portal_that_looks_at_what_it_is_asked(skyvern_client, skyvern_fake, profile_id):
    """A script may be a generator: it sees the run, and decides as it goes."""
    archive = [("A-1", "2026-05-30", 80.0), ("A-2", "2026-07-03", 119.0)]

    @skyvern_fake.on(workflow=LIST).play
    def portal(run):
        yield queued(seconds=2)
        if run.browser_profile_id != profile_id:
            yield terminated("Who are you?", error_code="LOGGED_OUT")
        yield running(seconds=15, step="Open the list")
        yield completed(listing(*[row for row in archive if row[1] >= run.parameters["since"]]))

    _, since_july = await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    _, since_may = await list_invoices(skyvern_client, PORTAL, profile_id, since=date(2026, 5, 1))

    assert [invoice.number for invoice in since_july] == ["A-2"]
    assert [invoice.number for invoice in since_may] == ["A-1", "A-2"]


async def test_it_is_slow_but_not_too_slow(skyvern_client, skyvern_fake, skyvern_clock, profile_id):
    skyvern_fake.on(workflow=LIST).play(
        RunScript(queued(seconds=600), running(seconds=900), completed(listing()))
    )
    _, invoices = await list_invoices(skyvern_client, PORTAL, profile_id, since=JULY)
    assert (invoices, skyvern_clock.now) == ([], 1500)
