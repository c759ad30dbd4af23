"""Short questions: the SDK's own waiting, and a synchronous program."""

from __future__ import annotations

import asyncio

import pytest

from invoice_portal.status import is_open, watch
from portal import PORTAL
from skyvern_testkit import RunScript, completed, failed, fake_skyvern, queued, running


@pytest.mark.parametrize(
    ("script", "answer"),
    [
        (completed({"open": True}), True),
        (completed({"open": False}), False),
        (completed({}), False),
        (failed("net::ERR_NAME_NOT_RESOLVED"), False),
        (RunScript(running(seconds=301), completed({"open": True})), False),  # a TimeoutError
    ],
    ids=["open", "closed", "no answer", "failed", "too late"],
)
async def test_is_open(skyvern_client, skyvern_fake, script, answer):
    skyvern_fake.on(prompt="Can customers log in*").play(script)
    assert await is_open(skyvern_client, PORTAL, timeout=300) is answer


def test_is_open_without_fixtures():
    """What the fixtures do, by hand: for unittest, `@given`, a REPL."""
    with fake_skyvern(seed=7) as fake:
        fake.on(prompt="Can customers log in*").play(completed({"open": True}))
        assert asyncio.run(is_open(fake.client(), PORTAL))


def test_watching_a_run(skyvern_sync_client, skyvern_fake, skyvern_clock):
    """No event loop here: `time.sleep` is virtual too."""
    skyvern_fake.on(prompt="Count*").play(
        RunScript(queued(seconds=12), running(seconds=600), failed("The page is gone"))
    )
    run = skyvern_sync_client.run_task(prompt="Count the invoices", url=PORTAL)
    lines: list[str] = []

    assert watch(skyvern_sync_client, run.run_id, every=5, show=lines.append) == "failed"

    assert [line.removeprefix(f"{run.run_id} ") for line in lines] == [
        "queued",
        "running",
        "failed: The page is gone",
    ]
    assert skyvern_clock.now == 615
