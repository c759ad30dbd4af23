"""Whatever Skyvern does, our code ends in time, says what is wrong, and leaves nothing running.

The other tests each tell a story. Here `explore` makes them up: runs that fail, hang, pause or wait for
codes, a server that is busy, answers that break off. A failure is printed as a test, to be kept.
"""

from __future__ import annotations

import contextlib
from datetime import date

import httpx
from skyvern.client.core import ApiError

from invoice_portal.errors import PortalError
from invoice_portal.invoices import list_invoices
from invoice_portal.runs import completed, when_not_busy
from portal import PORTAL
from skyvern_testkit import explore

TROUBLE = (PortalError, ApiError, httpx.TransportError)


async def list_july(fake) -> None:
    profile = fake.profile(name="acme")
    await list_invoices(fake.client(), PORTAL, profile.id, since=date(2026, 7, 1))


def test_listing_survives_everything():
    explore(
        list_july,
        deadline=3600,  # half an hour for the run, and a server that says "later" before and after
        raises=TROUBLE,
        error_codes=["LOGGED_OUT"],
        hangs=False,  # half an hour of polls each: the next test has them, with less patience
        longest=600,
        max_examples=30,
    )


async def read_the_news(fake) -> None:
    client = fake.client()
    started = await when_not_busy(lambda: client.run_task(prompt="Read the news", url=PORTAL))
    with contextlib.suppress(*TROUBLE):  # what matters here is what it leaves behind
        await completed(client, started.run_id, timeout=300)


def nothing_is_left_running(_result, fake) -> None:
    left = [run.id for run in fake.runs if run.is_live]
    assert left == [], "nobody waits for it any more, and it goes on costing"


def test_whoever_gives_up_a_run_cancels_it():
    explore(
        read_the_news,
        deadline=600,
        check=nothing_is_left_running,
        operations=["get_run"],
        longest=600,
        max_examples=60,
    )
