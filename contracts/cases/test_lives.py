"""Lives of runs, as recorded (contracts/recorded/lives.jsonl): what needs a browser and a model."""

from typing import Any

import pytest

from skyvern_testkit import (
    RunError,
    RunScript,
    completed,
    failed,
    needs_totp,
    never,
    paused,
    queued,
    running,
    terminated,
    timed_out,
)
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
LIVED = "it needs a browser and a model"
URL = "https://example.com"
POLICY: Json = {"max_retries": 1, "delay_seconds": 30, "retry_on": [{"status": "failed"}]}


def play(skyvern: Caller, *scripts: RunScript) -> None:
    skyvern.fake.on().play(*scripts)


def task(skyvern: Caller, **more: Any) -> str:
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0", **more}
    run_id: str = skyvern.call("run_task", **asked).ok()["run_id"]
    return run_id


CODE: Json = {"block_type": "code", "label": "calc", "code": "v = 1"}
ASKING: Json = {"block_type": "human_interaction", "label": "ask", "recipients": ["me@example.com"]}


def flow(skyvern: Caller, policy: Json | None = None, block: Json = CODE, **more: Any) -> str:
    inner = {"parameters": [], "blocks": [block], "retry_policy": policy}
    definition = {"title": "Flow", "workflow_definition": inner}
    wpid = skyvern.call("create_workflow", json_definition=definition).ok()["workflow_permanent_id"]
    run_id: str = skyvern.call("run_workflow", agent_id=wpid, **more).ok()["run_id"]
    return run_id


def read(skyvern: Caller, run_id: str) -> Json:
    run: Json = skyvern.call("get_run", run_id=run_id).ok()
    return run


def after(skyvern: Caller, seconds: float, run_id: str) -> Json:
    skyvern.wait(seconds)
    return read(skyvern, run_id)


# --- how runs end -------------------------------------------------------------------------------


@case("lives.task.completed", fact="runs 3.1", ours_only=LIVED)
def test_task_runs_and_completes(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(4), completed()))
    run_id = task(skyvern)
    run = after(skyvern, 1, run_id)
    assert (run["status"], run["queued_at"]) == ("running", None)
    assert run["started_at"] is not None
    assert run["finished_at"] is None
    run = after(skyvern, 4, run_id)
    assert (run["status"], run["output"], run["errors"]) == ("completed", None, [])
    assert run["failure_reason"] is None
    assert run["finished_at"] > run["started_at"]


@case("lives.task.second_engine", fact="runs 3.2", ours_only=LIVED)
def test_task_of_the_second_engine_is_queued_first(skyvern: Caller) -> None:
    play(skyvern, RunScript(queued(2), running(4), completed({"answer": 42})))
    run_id = task(skyvern, engine="skyvern-2.0")
    assert after(skyvern, 1, run_id)["status"] == "queued"
    assert after(skyvern, 2, run_id)["status"] == "running"
    run = after(skyvern, 4, run_id)
    assert (run["status"], run["output"]) == ("completed", {"answer": 42})
    assert run["queued_at"] is not None


@case("lives.workflow.completed", fact="runs 3.3", ours_only=LIVED)
def test_run_is_queued_runs_and_completes(skyvern: Caller) -> None:
    output = {"calc_output": {"v": 1}, "extracted_information": []}
    play(skyvern, RunScript(queued(2), running(4), completed(output)))
    run_id = flow(skyvern)
    run = after(skyvern, 1, run_id)
    assert (run["status"], run["started_at"]) == ("queued", None)
    assert run["queued_at"] is not None
    assert after(skyvern, 2, run_id)["status"] == "running"
    run = after(skyvern, 4, run_id)
    assert (run["status"], run["output"]) == ("completed", output)


@case("lives.workflow.attempt", fact="runs 3.4", ours_only=LIVED)
def test_run_without_a_policy_shows_one_attempt(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(1), failed("Failed to execute code block. Reason: boom")))
    run = after(skyvern, 5, flow(skyvern))
    (attempt,) = run["attempts"]
    assert (attempt["attempt_number"], attempt["status"]) == (1, "failed")
    assert attempt["retry_decision"] is attempt["decision_reason"] is None
    assert attempt["failure_reason"] == run["failure_reason"]


@case("lives.workflow.failed", fact="runs 3.3", ours_only=LIVED)
def test_failed_run_names_the_kind_of_its_block(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(1), failed("Failed to execute code block. Reason: boom")))
    run = after(skyvern, 5, flow(skyvern))
    assert (run["status"], run["failure_reason"]) == (
        "failed",
        "code block failed. failure reason: Failed to execute code block. Reason: boom",
    )


@case("lives.workflow.terminated", fact="runs 3.3", ours_only=LIVED)
def test_terminated_run_names_the_kind_of_its_block(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(1), terminated("no more stock")))
    run = after(skyvern, 5, flow(skyvern))
    assert (run["status"], run["failure_reason"]) == (
        "terminated",
        "code block terminated. Reason: no more stock",
    )


@case("lives.workflow.timed_out", fact="runs 3.3", ours_only=LIVED)
def test_run_that_takes_too_long_is_timed_out(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(until=never())))
    run_id = flow(skyvern, max_elapsed_time_minutes=1)
    assert after(skyvern, 30, run_id)["status"] == "running"
    run = after(skyvern, 60, run_id)
    assert (run["status"], run["failure_reason"]) == (
        "timed_out",
        "Workflow run exceeded max elapsed runtime limit of 1 minute.",
    )


@case("lives.task.terminated", fact="runs 3.1", ours_only=LIVED)
def test_terminated_task_tells_the_reason_and_the_code(skyvern: Caller) -> None:
    error = RunError("E_STOP", "the shop is closed", 0.95)
    play(skyvern, RunScript(running(1), terminated("no use", errors=[error])))
    run = after(skyvern, 5, task(skyvern, error_code_mapping={"E_STOP": "stop now"}))
    assert (run["status"], run["failure_reason"]) == ("terminated", "no use")
    assert run["errors"] == [
        {
            "error_code": "E_STOP",
            "reasoning": "the shop is closed",
            "confidence_float": 0.95,
            "error_type": "USER_DEFINED_ERROR",
        }
    ]


# --- second factors -----------------------------------------------------------------------------


@case("lives.totp.waiting", fact="runs 9", ours_only=LIVED)
def test_wait_for_a_code_does_not_show(skyvern: Caller) -> None:
    play(skyvern, RunScript(needs_totp(), running(1), completed()))
    run_id = task(skyvern, totp_identifier="me@example.com")
    run = after(skyvern, 300, run_id)
    assert (run["status"], run["failure_reason"], run["errors"]) == ("running", None, [])


@case("lives.totp.found", fact="runs 9", ours_only=LIVED)
def test_code_is_looked_for_every_ten_seconds(skyvern: Caller) -> None:
    play(skyvern, RunScript(needs_totp(), completed()))
    run_id = task(skyvern, totp_identifier="me@example.com")
    skyvern.wait(12)
    skyvern.call("send_totp_code", totp_identifier="me@example.com", content="123456").ok()
    assert after(skyvern, 5, run_id)["status"] == "running"
    assert after(skyvern, 5, run_id)["status"] == "completed"


@case("lives.totp.timeout", fact="runs 9", ours_only=LIVED)
def test_run_without_its_code_is_terminated(skyvern: Caller) -> None:
    play(skyvern, RunScript(needs_totp(), completed()))
    run_id = task(skyvern, totp_identifier="me@example.com")
    assert after(skyvern, 14 * 60, run_id)["status"] == "running"
    run = after(skyvern, 2 * 60, run_id)
    assert (run["status"], run["failure_reason"]) == (
        "terminated",
        (
            "No TOTP verification code found. Going to terminate. "
            "Polled source: totp_identifier=me@example.com."
        ),
    )
    assert run["errors"] == [
        {
            "error_code": "OTP_TIMEOUT",
            "reasoning": "Timeout getting TOTP verification code.",
            "confidence_float": 1.0,
            "error_type": "USER_DEFINED_ERROR",
        }
    ]


# --- canceling ----------------------------------------------------------------------------------


@case("lives.cancel.going", fact="runs 3.3", ours_only=LIVED)
@pytest.mark.parametrize(
    ("block", "script", "state"),
    [
        (CODE, RunScript(queued(until=never())), "queued"),
        (CODE, RunScript(running(until=never())), "running"),
        (ASKING, RunScript(running(1), paused(until=never())), "paused"),
    ],
    ids=["queued", "running", "paused"],
)
def test_run_is_canceled_in_every_state(
    skyvern: Caller, block: Json, script: RunScript, state: str
) -> None:
    play(skyvern, script)
    run_id = flow(skyvern, block=block)
    assert after(skyvern, 5, run_id)["status"] == state
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    run = read(skyvern, run_id)
    assert (run["status"], run["failure_reason"]) == ("canceled", None)
    assert after(skyvern, 60, run_id)["status"] == "canceled"


@case("lives.cancel.over", fact="runs 3.3", ours_only=LIVED)
@pytest.mark.parametrize(
    ("ending", "state"),
    [
        (completed(), "completed"),
        (failed("no"), "failed"),
        (terminated("no"), "terminated"),
        (timed_out(), "timed_out"),
    ],
    ids=["completed", "failed", "terminated", "timed_out"],
)
def test_run_that_is_over_stays_what_it_is(skyvern: Caller, ending: Any, state: str) -> None:
    play(skyvern, RunScript(running(1), ending))
    run_id = flow(skyvern)
    assert after(skyvern, 5, run_id)["status"] == state
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    assert read(skyvern, run_id)["status"] == state


@case("lives.cancel.task", fact="runs 3.1", ours_only=LIVED)
@pytest.mark.parametrize(
    ("ending", "state"),
    [(completed(), "completed"), (failed("no"), "failed"), (terminated("no"), "terminated")],
    ids=["completed", "failed", "terminated"],
)
def test_task_that_is_over_is_not_canceled(skyvern: Caller, ending: Any, state: str) -> None:
    play(skyvern, RunScript(running(1), ending))
    run_id = task(skyvern)
    skyvern.wait(5)
    skyvern.call("cancel_run", run_id=run_id).refused(
        400, f"Invalid task status transition from {state} to canceled for {run_id}"
    )
    assert read(skyvern, run_id)["status"] == state


@case("lives.cancel.timed_out", fact="runs 3.1", ours_only=LIVED)
def test_task_that_timed_out_cannot_be_canceled(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(1), timed_out()))
    run_id = task(skyvern)
    assert after(skyvern, 5, run_id)["status"] == "timed_out"
    answer = skyvern.call("cancel_run", run_id=run_id)
    assert answer.status == 500
    assert answer.json == {"error": "Unexpected error: TaskAlreadyTimeout"}
    assert read(skyvern, run_id)["status"] == "timed_out"


@case("lives.cancel.second_engine", fact="runs 3.2", ours_only=LIVED)
def test_task_of_the_second_engine_is_canceled_quietly(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(1), completed()))
    run_id = task(skyvern, engine="skyvern-2.0")
    skyvern.wait(5)
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    assert read(skyvern, run_id)["status"] == "completed"


# --- attempts -----------------------------------------------------------------------------------

BOOM = RunScript(running(2), failed("boom"))


@case("lives.retry", fact="runs 3.4", ours_only=LIVED)
def test_failed_run_is_tried_again_under_its_id(skyvern: Caller) -> None:
    play(skyvern, BOOM, RunScript(running(5), completed()))
    run_id = flow(skyvern, POLICY)
    run = after(skyvern, 10, run_id)
    assert (run["status"], run["attempt"], run["retry_pending"]) == ("failed", 1, True)
    assert run["next_attempt_at"] is not None
    assert run["attempts"][0]["retry_decision"] == "retry"
    run = after(skyvern, 25, run_id)
    assert (run["status"], run["attempt"], run["retry_pending"]) == ("running", 2, False)
    assert run["failure_reason"] is run["finished_at"] is run["next_attempt_at"] is None
    run = after(skyvern, 10, run_id)
    assert [row["status"] for row in run["attempts"]] == ["failed", "completed"]
    assert (run["status"], run["attempt"]) == ("completed", 2)


@case("lives.retry.used_up", fact="runs 3.4", ours_only=LIVED)
def test_last_attempt_is_final(skyvern: Caller) -> None:
    play(skyvern, BOOM, BOOM)
    run = after(skyvern, 60, flow(skyvern, POLICY))
    assert (run["status"], run["attempt"], run["retry_pending"]) == ("failed", 2, False)
    last = run["attempts"][-1]
    assert (last["retry_decision"], last["decision_reason"]) == ("final", "budget_exhausted")


@case("lives.retry.no_match", fact="runs 3.4", ours_only=LIVED)
def test_policy_speaks_of_other_endings(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(2), terminated("no more")))
    run = after(skyvern, 60, flow(skyvern, POLICY))
    assert (run["status"], run["attempt"], run["retry_pending"]) == ("terminated", 1, False)
    (only,) = run["attempts"]
    assert (only["retry_decision"], only["decision_reason"]) == ("final", "no_match")


@case("lives.retry.canceled", fact="runs 3.3", ours_only=LIVED)
def test_cancel_revokes_the_next_attempt(skyvern: Caller) -> None:
    play(skyvern, BOOM)
    run_id = flow(skyvern, POLICY)
    skyvern.wait(10)
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    run = read(skyvern, run_id)
    assert (run["status"], run["retry_pending"]) == ("failed", False)
    (only,) = run["attempts"]
    assert (only["retry_decision"], only["decision_reason"]) == ("revoked", "cancel")
    assert after(skyvern, 60, run_id)["attempt"] == 1


@case("lives.retry.webhook", fact="runs 3.4, 8", ours_only=LIVED)
def test_webhook_is_not_sent_again_while_a_retry_is_pending(skyvern: Caller) -> None:
    play(skyvern, BOOM)
    run_id = flow(skyvern, POLICY)
    skyvern.wait(10)
    skyvern.call("retry_run_webhook", run_id=run_id).refused(
        409, f"Run {run_id} is not final; webhook replay is unavailable until it is final."
    )


# --- sessions -----------------------------------------------------------------------------------


@case("lives.session.busy", fact="runs 5", ours_only=LIVED)
def test_run_in_a_busy_session_is_accepted_and_fails(skyvern: Caller) -> None:
    play(skyvern, RunScript(running(until=never())))
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    first = flow(skyvern, browser_session_id=session_id)
    skyvern.wait(5)
    busy = (
        f"Browser session {session_id} is already occupied by {first}. "
        "Wait for that run to finish or cancel it, then retry."
    )
    second = task(skyvern, browser_session_id=session_id)
    third = flow(skyvern, browser_session_id=session_id)
    skyvern.wait(5)
    assert read(skyvern, second)["failure_reason"] == busy
    assert read(skyvern, third)["failure_reason"] == (
        f"Failed to begin browser session for workflow run: {busy}"
    )
    assert read(skyvern, second)["status"] == read(skyvern, third)["status"] == "failed"
