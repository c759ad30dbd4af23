"""Attempts under a retry policy, and ends that the server comes to itself."""

from typing import Any

import pytest

from skyvern_testkit import RunScript, completed, failed, never, paused, queued, running, terminated
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
LIVED = "it needs a browser and a model"
URL = "https://example.com"
STOP: Json = {"block_type": "terminate", "label": "stop", "reason": "no more"}
PAUSE: Json = {"block_type": "wait", "label": "pause", "wait_sec": 1}
GO: Json = {"block_type": "navigation", "label": "go", "url": URL, "navigation_goal": "Go on"}
ASK: Json = {"block_type": "human_interaction", "label": "ask", "recipients": ["me@example.com"]}


def policy(**more: Any) -> Json:
    return {"max_retries": 1, "delay_seconds": 60, "retry_on": [{"status": "terminated"}], **more}


def flow(skyvern: Caller, block: Json, retry_policy: Json | None) -> str:
    inner = {"parameters": [], "blocks": [block], "retry_policy": retry_policy}
    definition = {"title": "Flow", "workflow_definition": inner}
    made: Json = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    return str(made["workflow_permanent_id"])


def started(skyvern: Caller, block: Json, retry_policy: Json | None = None, **more: Any) -> str:
    run: Json = skyvern.call(
        "run_workflow", agent_id=flow(skyvern, block, retry_policy), **more
    ).ok()
    return str(run["run_id"])


def read(skyvern: Caller, run_id: str) -> Json:
    run: Json = skyvern.call("get_run", run_id=run_id).ok()
    return run


def seen(skyvern: Caller, run_id: str, *, pending: bool, attempt: int = 1) -> Json:
    """The run at the end of an attempt."""
    run: Json = {}
    for _ in range(60):
        run = read(skyvern, run_id)
        over = run["finished_at"] is not None and run["attempt"] == attempt
        if over and run["retry_pending"] is pending and run["attempts"][-1]["retry_decision"]:
            return run
        skyvern.wait(0.5)
    pytest.fail(f"the run is {run['status']}, attempt {run['attempt']}")


# --- attempts, as a real server has them --------------------------------------------------------


@case("attempts.pending", fact="runs 3.4")
def test_end_is_not_final_while_a_retry_is_pending(skyvern: Caller) -> None:
    run = seen(skyvern, started(skyvern, STOP, policy()), pending=True)
    assert (run["status"], run["attempt"], run["retry_pending"]) == ("terminated", 1, True)
    (entry,) = run["attempts"]
    assert (entry["retry_decision"], entry["decision_reason"]) == ("retry", None)
    assert entry["next_attempt_at"] == run["next_attempt_at"] is not None


@case("attempts.again", fact="runs 3.4")
def test_last_attempt_is_final(skyvern: Caller) -> None:
    run_id = started(skyvern, STOP, policy(delay_seconds=0))
    run = seen(skyvern, run_id, pending=False, attempt=2)
    assert run["run_id"] == run_id
    told = [(row["retry_decision"], row["decision_reason"]) for row in run["attempts"]]
    assert told == [("retry", None), ("final", "budget_exhausted")]
    assert run["next_attempt_at"] is None


@case("attempts.completed", fact="runs 3.4")
def test_policy_may_speak_of_what_completed(skyvern: Caller) -> None:
    retry_policy = policy(retry_on=[{"status": "completed"}])
    run = seen(skyvern, started(skyvern, PAUSE, retry_policy), pending=True)
    assert (run["status"], run["retry_pending"]) == ("completed", True)


@case("attempts.no_match", fact="runs 3.4")
def test_policy_that_does_not_speak_of_the_end(skyvern: Caller) -> None:
    run = seen(skyvern, started(skyvern, PAUSE, policy()), pending=False)
    (entry,) = run["attempts"]
    assert (run["status"], entry["retry_decision"]) == ("completed", "final")
    assert entry["decision_reason"] == "no_match"


@case("attempts.cancel", fact="runs 3.3, 3.4")
@pytest.mark.parametrize("many", [False, True], ids=["one", "many"])
def test_cancel_revokes_what_is_pending(skyvern: Caller, many: bool) -> None:
    run_id = started(skyvern, STOP, policy())
    due = seen(skyvern, run_id, pending=True)["next_attempt_at"]
    if many:
        told = skyvern.call("bulk_cancel_runs", run_ids=[run_id]).ok()
        assert told == {"cancelled": [run_id], "failed": []}
    else:
        assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    run = read(skyvern, run_id)
    assert (run["status"], run["retry_pending"], run["next_attempt_at"]) == (
        "terminated",
        False,
        None,
    )
    (entry,) = run["attempts"]
    assert (entry["retry_decision"], entry["decision_reason"]) == ("revoked", "cancel")
    assert entry["next_attempt_at"] == due


@case("attempts.canceled", fact="runs 3.4")
def test_canceled_attempt_is_the_last(skyvern: Caller) -> None:
    run_id = started(skyvern, {**PAUSE, "wait_sec": 30}, policy())
    skyvern.wait(1)
    skyvern.call("cancel_run", run_id=run_id).ok()
    run = seen(skyvern, run_id, pending=False)
    (entry,) = run["attempts"]
    assert (entry["status"], entry["retry_decision"]) == ("canceled", "final")
    assert entry["decision_reason"] == "canceled"


@case("attempts.webhook", fact="runs 3.4")
def test_webhook_is_not_replayed_before_the_last_attempt(skyvern: Caller) -> None:
    run_id = started(skyvern, STOP, policy())
    seen(skyvern, run_id, pending=True)
    skyvern.call("retry_run_webhook", run_id=run_id).refused(
        409, f"Run {run_id} is not final; webhook replay is unavailable until it is final."
    )


@case("attempts.deleted", fact="runs 5")
def test_next_attempt_of_a_deleted_workflow_begins(skyvern: Caller) -> None:
    wpid = flow(skyvern, STOP, policy(delay_seconds=1))
    run_id = skyvern.call("run_workflow", agent_id=wpid).ok()["run_id"]
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    row: Json = {}
    for _ in range(40):
        (row,) = (row for row in skyvern.call("get_runs_v2").ok() if row["run_id"] == run_id)
        if row["attempt"] == 2:
            break
        skyvern.wait(0.5)
    assert (row["attempt"], row["workflow_deleted"]) == (2, True)


# --- ends that the server comes to itself -------------------------------------------------------


def ended(skyvern: Caller, ending: Any, **more: Any) -> Json:
    skyvern.fake.on().play(RunScript(running(1), ending))
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0", **more}
    run_id: str = skyvern.call("run_task", **asked).ok()["run_id"]
    skyvern.wait(5)
    return read(skyvern, run_id)


@case("lives.max_steps", fact="runs 3.1, 4", ours_only=LIVED)
def test_task_has_its_steps_used_up(skyvern: Caller) -> None:
    run = ended(skyvern, failed("no end", error_code="REACH_MAX_STEPS"), max_steps=2)
    assert (run["status"], run["step_count"]) == ("failed", 3)
    assert run["failure_reason"] == (
        "Reached the maximum steps (2). Possible failure reasons: no end"
    )
    assert run["errors"] == [
        {
            "error_code": "REACH_MAX_STEPS",
            "reasoning": "The agent has reached the maximum number of steps.",
            "error_type": "SYSTEM_DEFINED_ERROR",
        }
    ]


@case("lives.max_steps.second_engine", fact="runs 3.2", ours_only=LIVED)
def test_task_of_the_second_engine_has_its_steps_used_up(skyvern: Caller) -> None:
    ending = failed("no end", error_code="REACH_MAX_STEPS", output={"answer": 42})
    run = ended(skyvern, ending, engine="skyvern-2.0", max_steps=2)
    assert run["failure_reason"].startswith("Reached the max number of 2 steps. ")
    assert '"x-max-steps-override" header' in run["failure_reason"]
    assert (run["errors"], run["output"]) == ([], {"answer": 42})


@case("lives.max_retries", fact="runs 3.1", ours_only=LIVED)
def test_step_of_a_task_keeps_failing(skyvern: Caller) -> None:
    run = ended(skyvern, failed("no page", error_code="REACH_MAX_RETRIES"))
    assert run["failure_reason"] == (
        "Max retries per step (3) exceeded. Possible failure reasons: no page"
    )
    (error,) = run["errors"]
    assert (error["error_code"], error["error_type"]) == (
        "REACH_MAX_RETRIES",
        "SYSTEM_DEFINED_ERROR",
    )


@case("lives.unreachable", fact="runs 3.1", ours_only=LIVED)
def test_page_of_a_task_is_not_there(skyvern: Caller) -> None:
    run = ended(skyvern, failed(error_code="net::ERR_CONNECTION_REFUSED"))
    assert run["failure_reason"].startswith(
        f"Failed to navigate to URL. URL:{URL}/, Error:Page.goto: net::ERR_CONNECTION_REFUSED at "
    )
    assert (run["status"], run["errors"]) == ("failed", [])


@case("lives.errors.early", fact="runs 3.1, 4", ours_only=LIVED)
def test_errors_show_before_the_status_moves(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(5), terminated("no use", error_code="E_STOP")))
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0"}
    run_id = skyvern.call("run_task", error_code_mapping={"E_STOP": "stop"}, **asked).ok()["run_id"]
    skyvern.wait(4.8)
    run = read(skyvern, run_id)
    assert (run["status"], [row["error_code"] for row in run["errors"]]) == ("running", ["E_STOP"])


@case("lives.session.kept", fact="runs 5", ours_only=LIVED)
def test_task_that_is_over_keeps_its_session(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(1), completed()))
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0"}
    first = skyvern.call("run_task", browser_session_id=session_id, **asked).ok()["run_id"]
    skyvern.wait(30)
    assert (
        skyvern.call("get_browser_session", browser_session_id=session_id).ok()["runnable_id"]
        == first
    )
    second = skyvern.call("run_task", browser_session_id=session_id, **asked).ok()["run_id"]
    skyvern.wait(5)
    assert read(skyvern, second)["failure_reason"] == (
        f"Browser session {session_id} is already occupied by {first}. "
        "Wait for that run to finish or cancel it, then retry."
    )


@case("lives.session.freed", fact="runs 5", ours_only=LIVED)
def test_run_of_a_workflow_lets_go_of_its_session(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(2), completed()))
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    first = started(skyvern, GO, browser_session_id=session_id)
    skyvern.wait(10)
    second = started(skyvern, GO, browser_session_id=session_id)
    skyvern.wait(10)
    assert read(skyvern, first)["status"] == read(skyvern, second)["status"] == "completed"


@case("lives.paused", fact="runs 3.3", ours_only="it needs a mail server")
def test_run_that_asks_a_person_is_paused(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(queued(1), running(1), paused(until=never())))
    run_id = started(skyvern, ASK)
    skyvern.wait(5)
    run = read(skyvern, run_id)
    assert (run["status"], run["finished_at"]) == ("paused", None)


@case("lives.elapsed.default", fact="runs 11", ours_only="it takes four hours")
def test_run_of_a_workflow_lasts_four_hours_at_most(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(until=never())))
    run_id = started(skyvern, GO)
    skyvern.wait(4 * 3600 - 10)
    assert read(skyvern, run_id)["status"] == "running"
    skyvern.wait(20)
    run = read(skyvern, run_id)
    assert (run["status"], run["failure_reason"]) == (
        "timed_out",
        "Workflow run exceeded max elapsed runtime limit of 240 minutes.",
    )
