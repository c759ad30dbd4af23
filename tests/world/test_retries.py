"""Automatic retries of workflow runs (facts: runs 3.4, recorded lives ``wf_retry_*``)."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.script import (
    RunScript,
    State,
    completed,
    failed,
    never,
    running,
    terminated,
    timed_out,
)
from skyvern_testkit.world.events import EffectResult
from tests.world.stage import HOOK, NAVIGATION, Stage

CODES = {"E_STOP": "stop", "E_WAIT": "wait"}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def start(stage: Stage, policy: dict[str, Any] | None, *scripts: RunScript) -> str:
    stage.fake.on().play(*scripts)
    block = {**NAVIGATION, "error_code_mapping": CODES}
    settings = {"retry_policy": {"retry_on": ANY_END, **policy}} if policy else {}
    return stage.workflow_run(block, settings=settings, webhook_url=HOOK)


def one_second(*ending: Any) -> RunScript:
    return RunScript(running(seconds=1), *ending)


FAILS = one_second(failed("no"))
STOPS = one_second(terminated("no", error_code="E_STOP"))
ENDS_WELL = one_second(completed())
LATE = one_second(timed_out("late"))

ANY_END = [{"status": "failed"}, {"status": "terminated"}, {"status": "timed_out"}]
ON_FAILED = [{"status": "failed"}]
ON_STOP = [{"status": "terminated", "error_codes": ["E_STOP", "E_OTHER"]}]
ON_WAIT = [{"status": "terminated", "error_codes": ["E_WAIT"]}]

DECISIONS = [
    # policy, ending of attempt 1, decision and reason of attempt 1
    ({"max_retries": 1}, FAILS, "retry", None),
    ({"max_retries": 1}, STOPS, "retry", None),
    ({"max_retries": 1}, LATE, "retry", None),
    ({"max_retries": 1}, ENDS_WELL, "final", "no_match"),
    ({"max_retries": 1, "retry_on": ON_FAILED}, FAILS, "retry", None),
    ({"max_retries": 1, "retry_on": ON_FAILED}, STOPS, "final", "no_match"),
    ({"max_retries": 1, "retry_on": ON_STOP}, STOPS, "retry", None),
    ({"max_retries": 1, "retry_on": ON_WAIT}, STOPS, "final", "no_match"),
    ({"max_retries": 1, "retry_on": ON_STOP + ON_FAILED}, FAILS, "retry", None),
]


@pytest.mark.parametrize(("policy", "ending", "word", "reason"), DECISIONS)
def test_decision_after_the_first_attempt(stage: Stage, policy, ending, word, reason):
    run_id = start(stage, {"delay_seconds": 5, **policy}, ending)
    stage.wait(1)
    run = stage.read(run_id)
    (attempt,) = run["attempts"]
    assert (attempt["retry_decision"], attempt["decision_reason"]) == (word, reason)
    assert run["retry_pending"] is (word == "retry")
    assert (run["next_attempt_at"] is None) is (word != "retry")
    stage.wait(5.1)
    assert stage.read(run_id)["attempt"] == (2 if word == "retry" else 1)


@pytest.mark.parametrize("last", [FAILS, ENDS_WELL])
def test_the_last_attempt_is_final_however_it_ends(stage: Stage, last: RunScript):
    run_id = start(stage, {"max_retries": 2, "delay_seconds": 0}, FAILS, FAILS, last)
    stage.wait(30)
    attempts = stage.read(run_id)["attempts"]
    assert [entry["retry_decision"] for entry in attempts] == ["retry", "retry", "final"]
    assert attempts[-1]["decision_reason"] == "budget_exhausted"


def test_without_a_policy_nothing_is_decided(stage: Stage):
    run_id = start(stage, None, STOPS)
    stage.wait(30)
    (attempt,) = stage.read(run_id)["attempts"]
    assert attempt["error_codes"] == []
    assert attempt["retry_decision"] is None
    assert attempt["webhook_sent_at"] is None
    assert stage.read(run_id)["errors"] != []


def test_a_retry_starts_when_its_delay_is_over(stage: Stage):
    run_id = start(stage, {"max_retries": 1, "delay_seconds": 60}, FAILS, ENDS_WELL)
    stage.wait(1)
    pending = stage.read(run_id)
    assert (pending["status"], pending["retry_pending"], pending["attempt"]) == ("failed", True, 1)
    stage.wait(60)
    assert stage.read(run_id)["attempt"] == 1  # the attempt was booked a moment after the end
    stage.wait(0.1)
    again = stage.read(run_id)
    assert (again["status"], again["retry_pending"], again["attempt"]) == ("running", False, 2)
    went_back = ("output", "failure_reason", "finished_at", "next_attempt_at", "recording_url")
    assert {name: again[name] for name in went_back} == dict.fromkeys(went_back)
    assert (again["errors"], again["step_count"]) == ([], 1)
    stage.wait(1)
    assert stage.status(run_id) == "completed"


def test_the_timeline_keeps_all_attempts(stage: Stage):
    run_id = start(stage, {"max_retries": 1, "delay_seconds": 0}, FAILS, ENDS_WELL)
    stage.wait(30)
    rows = stage.timeline(run_id)
    assert [(row["attempt"], row["block"]["status"]) for row in rows] == [
        (2, "completed"),
        (1, "failed"),
    ]


@pytest.mark.parametrize(("when", "told"), [("final_only", [2]), ("every_attempt", [1, 2])])
def test_webhooks(stage: Stage, when: str, told: list[int]):
    policy = {"max_retries": 1, "delay_seconds": 5, "webhook_on_retry": when}
    run_id = start(stage, policy, FAILS, ENDS_WELL)
    stage.wait(30)
    assert [effect.run.attempt for effect in stage.sent] == told
    assert [effect.run.retry_pending for effect in stage.sent] == [n == 1 for n in told]
    sent_at = [entry["webhook_sent_at"] for entry in stage.read(run_id)["attempts"]]
    assert [instant is not None for instant in sent_at] == [n in told for n in (1, 2)]


def test_a_cancel_revokes_a_pending_retry_and_lets_the_webhook_out(stage: Stage):
    run_id = start(stage, {"max_retries": 1, "delay_seconds": 600}, FAILS)
    stage.wait(10)
    assert stage.sent == []
    due = stage.read(run_id)["attempts"][0]["next_attempt_at"]
    assert stage.cancel(run_id).status == 200
    run = stage.read(run_id)
    assert (run["status"], run["retry_pending"], run["next_attempt_at"]) == ("failed", False, None)
    (attempt,) = run["attempts"]
    assert attempt["retry_decision"] == "revoked"
    assert attempt["decision_reason"] == "cancel"
    assert attempt["next_attempt_at"] == due
    stage.wait(1000)
    assert stage.read(run_id)["attempt"] == 1
    assert [effect.run.status for effect in stage.sent] == [State.FAILED]


def test_a_canceled_attempt_is_never_retried_and_tells_once(stage: Stage):
    run_id = start(stage, {"max_retries": 3, "delay_seconds": 1}, one_second(failed("no")))
    stage.wait(0.5)
    stage.cancel(run_id)
    stage.wait(100)
    run = stage.read(run_id)
    (attempt,) = run["attempts"]
    assert run["status"] == "canceled"
    assert (attempt["retry_decision"], attempt["decision_reason"]) == ("final", "canceled")
    assert len(stage.sent) == 1


def test_a_webhook_tells_of_its_own_attempt_when_the_next_has_begun(stage: Stage):
    policy = {"max_retries": 1, "delay_seconds": 0, "webhook_on_retry": "every_attempt"}
    start(stage, policy, RunScript(running(seconds=5), failed("no")), ENDS_WELL)
    stage.wait(30)
    told = [(effect.run.attempt, effect.run.status) for effect in stage.sent]
    assert told == [(1, State.FAILED), (2, State.COMPLETED)]


def test_what_was_due_in_the_last_attempt_is_over(stage: Stage):
    stage.fake.on().play(
        RunScript(running(seconds=100), completed()), RunScript(running(until=never()))
    )
    policy = {"max_retries": 1, "delay_seconds": 0, "retry_on": ANY_END}
    run_id = stage.workflow_run(
        NAVIGATION, settings={"retry_policy": policy}, max_elapsed_time_minutes=1
    )
    stage.wait(70)
    assert stage.read(run_id)["attempt"] == 2
    stage.wait(45)
    assert stage.status(run_id) == "running"


def test_an_attempt_whose_session_is_over_does_not_begin(stage: Stage):
    session = stage.session()
    stage.fake.on().play(running(until=never()))
    policy = {"max_retries": 1, "delay_seconds": 0, "retry_on": ANY_END}
    run_id = stage.workflow_run(
        NAVIGATION, settings={"retry_policy": policy}, browser_session_id=session
    )
    stage.wait(10)
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    stage.wait(10)
    run = stage.read(run_id)
    assert (run["attempt"], run["status"]) == (2, "failed")
    assert f"Browser session {session} is no longer usable" in run["failure_reason"]


def test_an_elapsed_limit_counts_each_attempt_for_itself(stage: Stage):
    slow = RunScript(running(seconds=50), failed("no"))
    stage.fake.on().play(slow, slow)
    policy = {"max_retries": 1, "delay_seconds": 5, "retry_on": ANY_END}
    run_id = stage.workflow_run(
        NAVIGATION, settings={"retry_policy": policy}, max_elapsed_time_minutes=1
    )
    stage.wait(200)
    assert [entry["status"] for entry in stage.read(run_id)["attempts"]] == ["failed", "failed"]


@pytest.mark.parametrize("policy", [None, {"max_retries": 1, "retry_on": ON_FAILED}])
def test_under_a_policy_what_was_told_is_not_told_again(stage: Stage, policy):
    run_id = start(stage, policy, ENDS_WELL)
    stage.wait(10)
    assert len(stage.sent) == 1
    stage.cancel(run_id)
    stage.cancel(run_id)
    stage.wait(10)
    assert len(stage.sent) == (3 if policy is None else 1)


def test_an_attempt_that_was_told_of_is_told_of_again_when_it_turns_out_the_last(stage: Stage):
    policy = {"max_retries": 1, "delay_seconds": 600, "webhook_on_retry": "every_attempt"}
    run_id = start(stage, policy, FAILS)
    stage.wait(10)
    for _ in range(2):
        stage.cancel(run_id)
        stage.wait(10)
    assert [effect.run.retry_pending for effect in stage.sent] == [True, False]


def test_a_webhook_that_nobody_took_is_not_noted(stage: Stage):
    stage.answer = EffectResult(status=404)
    run_id = start(stage, {"max_retries": 1, "retry_on": ON_FAILED}, ENDS_WELL)
    stage.wait(10)
    (attempt,) = stage.read(run_id)["attempts"]
    assert attempt["webhook_sent_at"] is None


def test_the_next_attempt_begins_although_its_workflow_is_deleted(stage: Stage):
    stage.fake.on().play(FAILS, ENDS_WELL)
    policy = {"max_retries": 1, "delay_seconds": 6, "retry_on": ON_FAILED}
    agent = stage.workflow(NAVIGATION, retry_policy=policy)
    run_id = str(stage.ask("POST /v1/run/agents", agent_id=agent)["run_id"])
    stage.wait(2)
    stage.ask(f"POST /v1/workflows/{agent}/delete")
    stage.wait(20)
    run = stage.fake.run(run_id)
    assert (run.attempt, run.status) == (2, State.COMPLETED)
