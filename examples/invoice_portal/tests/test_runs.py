"""Waiting for runs: time-outs, a server with bad moments, retries of Skyvern's own."""

from __future__ import annotations

import httpx
import pytest
from skyvern.client.core import ApiError

from invoice_portal.errors import RunFailed, RunTooLong
from invoice_portal.runs import completed as completes
from invoice_portal.runs import finished, when_not_busy
from portal import PORTAL
from skyvern_testkit import RunScript, canceled, completed, failed, running, timed_out


@pytest.fixture
async def started(skyvern_client):
    """A run that plays whatever the test has said by the time it waits for it."""

    async def start() -> str:
        run = await skyvern_client.run_task(prompt="Read the news", url=PORTAL)
        return run.run_id

    return start


async def test_a_run_of_29_minutes_is_waited_for(
    skyvern_client, skyvern_fake, skyvern_clock, started
):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=29 * 60), completed({"n": 1})))
    run = await finished(skyvern_client, await started())
    assert (run.output, skyvern_clock.now) == ({"n": 1}, 29 * 60)


async def test_a_run_of_31_minutes_is_given_up_and_canceled(
    skyvern_client, skyvern_fake, skyvern_clock, started
):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=31 * 60), completed()))
    run_id = await started()

    with pytest.raises(RunTooLong, match="not over after 1800 s"):
        await finished(skyvern_client, run_id)

    assert skyvern_clock.now == 1800
    assert skyvern_fake.run(run_id).status == "canceled"


async def test_a_cancel_that_answers_500_has_worked_all_the_same(
    skyvern_client, skyvern_fake, started
):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=7200), completed()))
    skyvern_fake.faults.on("cancel_run").answer(500)
    with pytest.raises(RunTooLong):
        await finished(skyvern_client, await started(), timeout=60)


@pytest.mark.parametrize(
    ("ending", "status"),
    [(failed("No such page"), "failed"), (timed_out(), "timed_out"), (canceled(), "canceled")],
    ids=["failed", "timed out", "canceled"],
)
async def test_every_bad_ending_is_an_error(skyvern_client, skyvern_fake, started, ending, status):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=5), ending))
    with pytest.raises(RunFailed) as caught:
        await completes(skyvern_client, await started())
    assert caught.value.status == status


# --- a server with bad moments --------------------------------------------------------------------


async def test_503_in_mid_poll(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=35), completed()))
    skyvern_fake.faults.on("get_run", nth=3).answer(503)

    run = await finished(skyvern_client, await started())

    polls = skyvern_fake.journal.polls(run.run_id)
    assert [poll.status for poll in polls] == [200, 200, 503, 200, 200]
    assert [poll.began for poll in polls] == [0, 10, 20, 30, 40]


async def test_503_in_mid_poll_that_says_when_to_come_again(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=35), completed()))
    skyvern_fake.faults.on("get_run", nth=3).answer(503, retry_after=3)

    run = await finished(skyvern_client, await started())

    assert [poll.began for poll in skyvern_fake.journal.polls(run.run_id)] == [
        0,
        10,
        20,
        23,
        33,
        43,
    ]


async def test_a_broken_connection_in_mid_poll(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=15), completed()))
    skyvern_fake.faults.on("get_run", nth=2).reset_connection()
    assert (await finished(skyvern_client, await started())).status == "completed"


@pytest.mark.parametrize("seconds", [5, 70], ids=["slow", "slower than the SDK waits"])
async def test_an_answer_that_takes_long(skyvern_client, skyvern_fake, started, seconds):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=15), completed()))
    skyvern_fake.faults.on("get_run", nth=2).slow(seconds)
    assert (await finished(skyvern_client, await started())).status == "completed"


async def test_a_server_that_is_down_is_reported(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=600), completed()))
    skyvern_fake.faults.on("get_run", nth=2).answer(503).always()
    with pytest.raises(ApiError) as caught:
        await finished(skyvern_client, await started())
    assert caught.value.status_code == 503


async def test_a_connection_that_stays_broken_is_reported(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=600), completed()))
    skyvern_fake.faults.on("get_run", nth=2).reset_connection().always()
    with pytest.raises(httpx.TransportError):
        await finished(skyvern_client, await started())


async def test_a_busy_server_takes_the_run_later(skyvern_client, skyvern_fake, started):
    skyvern_fake.faults.on("run_task").answer(503, retry_after=5).times(2)
    await when_not_busy(started)
    calls = skyvern_fake.journal.calls("run_task")
    assert [(call.status, call.began) for call in calls] == [(503, 0), (503, 5), (200, 10)]


async def test_a_refusal_is_not_tried_again(skyvern_client, skyvern_fake):
    with pytest.raises(ApiError) as caught:
        await when_not_busy(lambda: skyvern_client.run_workflow("wpid_1"))
    assert caught.value.body == {"detail": "Workflow not found. workflow_permanent_id=wpid_1"}
    assert len(skyvern_fake.journal.calls()) == 1


# --- found by explore(), see test_properties --------------------------------------------------------


async def test_an_answer_without_its_body_is_asked_for_again(skyvern_client, skyvern_fake, started):
    skyvern_fake.faults.on("get_run").empty_body()
    run = await finished(skyvern_client, await started())
    assert run.status == "completed"


async def test_a_run_that_cannot_be_read_is_canceled(skyvern_client, skyvern_fake, started):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=7200), completed()))
    skyvern_fake.faults.on("get_run").answer(503).always()
    run_id = await started()
    with pytest.raises(ApiError):
        await finished(skyvern_client, run_id)
    assert skyvern_fake.run(run_id).status == "canceled"


# --- retries of Skyvern's own ---------------------------------------------------------------------


async def test_a_failed_run_that_skyvern_tries_again_is_not_over(skyvern_client, skyvern_fake):
    skyvern_fake.on(workflow="Tried again").play(failed("Login wall"), completed())
    workflow = await skyvern_client.create_workflow(
        json_definition={
            "title": "Tried again",
            "workflow_definition": {
                "parameters": [],
                "blocks": [{"block_type": "goto_url", "label": "go", "url": PORTAL}],
                "retry_policy": {
                    "max_retries": 1,
                    "delay_seconds": 60,
                    "retry_on": [{"status": "failed"}],
                },
            },
        }
    )
    started = await skyvern_client.run_workflow(workflow.workflow_permanent_id)

    run = await completes(skyvern_client, started.run_id)

    seen = [poll.answer["status"] for poll in skyvern_fake.journal.polls(started.run_id)]
    assert "failed" in seen  # with retry_pending: we did not take it for the end
    assert (run.status, run.attempt) == ("completed", 2)
