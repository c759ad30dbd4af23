"""Request options, and the polling pattern."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from skyvern.client.core import ApiError, RequestOptions

from skyvern_testkit import (
    RunScript,
    canceled,
    completed,
    failed,
    queued,
    running,
    terminated,
    timed_out,
)

pytestmark = pytest.mark.asyncio

ASKED = {"prompt": "Count the ships", "url": "https://harbour.example"}


# --- request options ----------------------------------------------------------------------------


async def test_timeout_retries_and_headers_of_one_request(client, skyvern_fake):
    skyvern_fake.faults.on("run_task").answer(503)
    run = await client.run_task(
        **ASKED,
        request_options=RequestOptions(
            timeout_in_seconds=90, max_retries=3, additional_headers={"x-trace-of-mine": "17"}
        ),
    )
    assert run.run_id.startswith("tsk_")
    first, second = skyvern_fake.journal.calls("run_task")
    assert [first.status, second.status] == [503, 200]
    assert {call.request.header("x-trace-of-mine") for call in (first, second)} == {"17"}


@pytest.mark.parametrize("retries", [0, 1, 2, 3, 4, 5])
async def test_max_retries_is_two_more_than_the_retries(client, skyvern_fake, retries):
    """Three give one, one and two give none (facts: sdk-surface f)."""
    skyvern_fake.faults.on("run_task").answer(503).times(10)
    with pytest.raises(ApiError) as caught:
        await client.run_task(**ASKED, request_options=RequestOptions(max_retries=retries))
    assert caught.value.status_code == 503
    assert len(skyvern_fake.journal.calls("run_task")) == 1 + max(0, retries - 2)
    assert not skyvern_fake.runs


async def test_a_retry_waits_up_to_two_seconds(client, skyvern_fake):
    skyvern_fake.faults.on("run_task").answer(503)
    await client.run_task(**ASKED, request_options=RequestOptions(max_retries=3))
    first, second = skyvern_fake.journal.calls("run_task")
    assert 1.5 <= second.began - first.began <= 2


async def test_without_the_option_nothing_is_retried(client, skyvern_fake):
    skyvern_fake.faults.on("run_task").answer(503)
    with pytest.raises(ApiError):
        await client.run_task(**ASKED)
    assert len(skyvern_fake.journal) == 1


async def test_the_timeout_of_one_request_is_httpx_own_and_not_retried(client, skyvern_fake):
    skyvern_fake.faults.on("run_task").slow(200)
    with pytest.raises(httpx.ReadTimeout):
        await client.run_task(
            **ASKED, request_options=RequestOptions(timeout_in_seconds=120, max_retries=5)
        )
    assert skyvern_fake.elapsed == 120
    assert len(skyvern_fake.journal) == 1


async def test_the_timeout_of_one_request_may_be_longer_than_the_clients(client, skyvern_fake):
    skyvern_fake.faults.on("run_task").slow(100)
    run = await client.run_task(**ASKED, request_options=RequestOptions(timeout_in_seconds=120))
    assert run.status == "created"
    assert skyvern_fake.elapsed == 100


async def test_the_options_are_not_for_the_polls_of_a_wait(client, skyvern_fake):
    skyvern_fake.on(prompt="*").play(RunScript(running(12), completed()))
    await client.run_task(
        **ASKED,
        wait_for_completion=True,
        request_options=RequestOptions(additional_headers={"x-trace-of-mine": "17"}),
    )
    assert [
        (call.operation, call.request.header("x-trace-of-mine")) for call in skyvern_fake.journal
    ] == [("run_task", "17"), *[("get_run", None)] * 3]


# --- polling pattern ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ending", "status", "output"),
    [
        (completed({"ships": 4}), "completed", {"ships": 4}),
        (failed("Fog"), "failed", None),
        (terminated("No harbour there"), "terminated", None),
        (timed_out(), "timed_out", None),
        (canceled(), "canceled", None),
    ],
    ids=["completed", "failed", "terminated", "timed_out", "canceled"],
)
async def test_polling_by_hand_ends_with_each_of_five_statuses(
    client, skyvern_fake, ending, status, output
):
    skyvern_fake.on(prompt="*ships*").play(RunScript(queued(3), running(21), ending, illegal=True))
    task = await client.run_task(**ASKED)
    assert task.status == "created"
    assert task.output is None
    polls = 0
    while True:
        run = await client.get_run(task.run_id)
        polls += 1
        if run.status in ("completed", "failed", "terminated", "timed_out", "canceled"):
            break
        await asyncio.sleep(5)
    assert (run.status, run.output) == (status, output)
    assert (polls, skyvern_fake.elapsed) == (6, 25)
