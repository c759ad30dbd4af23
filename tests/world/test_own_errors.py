"""Ends that the server comes to itself: its sentences, its codes, the number of steps (facts: runs 3)."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.script import (
    Family,
    RunError,
    RunScript,
    Step,
    completed,
    failed,
    polls,
    running,
    terminated,
)
from tests.world.stage import NAVIGATION, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


MAX_STEPS = {
    "error_code": "REACH_MAX_STEPS",
    "reasoning": "The agent has reached the maximum number of steps.",
    "error_type": "SYSTEM_DEFINED_ERROR",
}
MAX_RETRIES = {
    "error_code": "REACH_MAX_RETRIES",
    "reasoning": "The agent has reached the maximum number of retries. It might be an issue with "
    "the agent. Please reach out to the Skyvern team for support.",
    "error_type": "SYSTEM_DEFINED_ERROR",
}
E_MAX = {
    "error_code": "E_MAX",
    "reasoning": "stub error reason",
    "confidence_float": 0.95,
    "error_type": "USER_DEFINED_ERROR",
}
STUB = RunError("E_MAX", "stub error reason", 0.95)
SUMMARY = "stub max steps reason"
STEPS = failed(SUMMARY, errors=["REACH_MAX_STEPS"])
REFUSED = "net::ERR_CONNECTION_REFUSED"
CALL = (
    f"Page.goto: {REFUSED} at https://x.example/\n"
    'Call log:\nnavigating to "https://x.example/", waiting until "commit"\n'
)


def end(stage: Stage, family: Family, ending: Step, **wishes: Any) -> Any:
    stage.fake.on().play(RunScript(running(seconds=1), ending))
    run_id = stage.start(family, **wishes)
    stage.wait(2)
    return stage.read(run_id)


@pytest.mark.parametrize(
    ("asked", "ending", "reason", "errors", "steps"),
    [  # recorded: t1_maxsteps, t1_maxsteps_err, wf_blocks2; facts: runs 3.1 (v1_maxsteps)
        (
            {"max_steps": 2},
            STEPS,
            f"Reached the maximum steps (2). Possible failure reasons: {SUMMARY}",
            [MAX_STEPS],
            3,
        ),
        (
            {},
            STEPS,
            f"Reached the maximum steps (10). Possible failure reasons: {SUMMARY}",
            [MAX_STEPS],
            11,
        ),
        (
            {"max_steps": 2, "error_code_mapping": {"E_MAX": "too many"}},
            failed(SUMMARY, errors=[STUB, RunError("REACH_MAX_STEPS")]),
            f"Reached the maximum steps (2). Possible failure reasons: {SUMMARY}",
            [MAX_STEPS, E_MAX],
            3,
        ),
        (
            {},
            failed("no", error_code="REACH_MAX_RETRIES"),
            "Max retries per step (3) exceeded. Possible failure reasons: no",
            [MAX_RETRIES],
            1,
        ),
        (
            {"error_code_mapping": {"E_MAX": "too many"}},
            terminated("no", errors=[RunError("REACH_MAX_RETRIES"), STUB]),
            "Max retries per step (3) exceeded. Possible failure reasons: no",
            [E_MAX],
            1,
        ),
        (
            {},
            failed(error_code=REFUSED),
            f"Failed to navigate to URL. URL:https://x.example/, Error:{CALL}",
            [],
            1,
        ),
    ],
    ids=["steps", "steps of the organisation", "code", "retries", "retries and code", "page"],
)
def test_task(stage: Stage, asked, ending, reason, errors, steps):
    run = end(stage, Family.TASK, ending, **asked)
    assert (run["failure_reason"], run["errors"]) == (reason, errors)
    if steps > 1:
        assert run["step_count"] == steps


def test_2_0_task_says_how_to_have_more_steps_and_keeps_its_output(stage: Stage):
    ending = failed("stub", error_code="REACH_MAX_STEPS", output={"answer": 42})
    run = end(stage, Family.TASK_V2, ending, max_steps=2)
    assert run["failure_reason"] == (  # recorded: t2_maxsteps
        "Reached the max number of 2 steps. Possible failure reasons: stub If you need more steps, "
        'update the "Max Steps Override" configuration when running the task. Or add/update the '
        '"x-max-steps-override" header with your desired number of steps in the API request.'
    )
    assert (run["errors"], run["output"], run["status"]) == ([], {"answer": 42}, "failed")


def test_3_0_task_has_turns(stage: Stage):
    ending = failed(error_code="REACH_MAX_STEPS")
    run = end(stage, Family.TASK, ending, engine="skyvern-3.0")
    assert run["failure_reason"] == (
        "The run reached its turn budget before the model finished; the recorded output may be "
        "partial."
    )
    assert run["step_count"] == 1


def test_block_has_steps_of_its_own(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=1), STEPS))
    run_id = stage.workflow_run({**NAVIGATION, "max_steps_per_run": 2})
    stage.wait(2)
    run = stage.read(run_id)
    told = f"Reached the maximum steps (2). Possible failure reasons: {SUMMARY}"
    assert run["failure_reason"] == f"navigation block failed. failure reason: {told}"
    assert (run["errors"], run["step_count"]) == ([MAX_STEPS], 3)
    block = run["output"]["go_output"]
    assert (block["failure_reason"], block["errors"]) == (told, [MAX_STEPS])


def test_block_of_a_walk_has_steps_of_its_own(stage: Stage):
    stage.fake.on(block="go").play(RunScript(running(seconds=1), STEPS))
    run_id = stage.workflow_run({**NAVIGATION, "max_steps_per_run": 2})
    stage.wait(2)
    run = stage.read(run_id)
    told = f"Reached the maximum steps (2). Possible failure reasons: {SUMMARY}"
    assert run["failure_reason"] == f"navigation block failed. failure reason: {told}"
    assert (run["errors"], run["step_count"]) == ([MAX_STEPS], 3)
    block = run["output"]["go_output"]
    assert (block["failure_reason"], block["errors"]) == (told, [MAX_STEPS])


def test_page_of_a_block_of_a_walk_is_not_there(stage: Stage):
    stage.fake.on(block="go").play(RunScript(running(seconds=1), failed(error_code=REFUSED)))
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(2)
    run = stage.read(run_id)
    told = f"Failed to navigate to url https://x.example/. Error message: {CALL}"
    assert run["failure_reason"] == f"navigation block failed. failure reason: {told}"
    assert run["errors"] == [{"error_code": REFUSED, "reasoning": told, "confidence_float": 1.0}]


def test_page_of_a_block_that_is_not_there(stage: Stage):
    run = end(stage, Family.WORKFLOW, failed(error_code=REFUSED))
    told = f"Failed to navigate to url https://x.example/. Error message: {CALL}"
    assert run["failure_reason"] == f"navigation block failed. failure reason: {told}"
    assert run["errors"] == [{"error_code": REFUSED, "reasoning": told, "confidence_float": 1.0}]


def test_a_code_of_the_callers_own_is_the_callers(stage: Stage):
    run = end(
        stage,
        Family.TASK,
        failed("enough", error_code="REACH_MAX_STEPS"),
        error_code_mapping={"REACH_MAX_STEPS": "mine"},
    )
    assert run["failure_reason"] == "enough"
    assert run["errors"][0]["error_type"] == "USER_DEFINED_ERROR"
    assert stage.fake.world.advice == []


# --- errors show before the status moves --------------------------------------------------------

STOPPED = terminated("no use", error_code="E_MAX")
CODED: dict[str, Any] = {"error_code_mapping": {"E_MAX": "too many"}}


def seen(stage: Stage, run_id: str) -> tuple[str, int]:
    run = stage.read(run_id)
    return run["status"], len(run["errors"])


def test_errors_show_a_moment_before_the_status_moves(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=4), STOPPED))
    run_id = stage.start(Family.TASK, **CODED)
    stage.wait(3.5)
    assert seen(stage, run_id) == ("running", 0)
    stage.wait(0.1)
    assert seen(stage, run_id) == ("running", 1)
    stage.wait(0.4)
    assert seen(stage, run_id) == ("terminated", 1)


def test_errors_show_one_poll_before_the_status_moves(stage: Stage):
    stage.fake.on().play(RunScript(running(until=polls(3)), STOPPED))
    run_id = stage.start(Family.TASK, **CODED)
    told = [seen(stage, run_id) for _ in range(3)]
    assert told == [("running", 0), ("running", 1), ("terminated", 1)]


def test_errors_do_not_show_where_there_are_none(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=1), failed("no", error_code="UNKNOWN")))
    run_id = stage.start(Family.TASK)
    stage.wait(2)
    assert seen(stage, run_id) == ("failed", 0)
    assert [advice.kind for advice in stage.fake.world.advice] == ["unmapped_error_code"]


def test_the_next_attempt_has_errors_of_its_own(stage: Stage):
    policy = {"max_retries": 1, "delay_seconds": 2, "retry_on": [{"status": "terminated"}]}
    block = {**NAVIGATION, **CODED}
    stage.fake.on().play(RunScript(running(seconds=1), STOPPED), RunScript(completed()))
    run_id = stage.workflow_run(block, settings={"retry_policy": policy})
    stage.wait(0.9)
    assert seen(stage, run_id) == ("running", 1)
    stage.wait(0.2)
    assert seen(stage, run_id) == ("terminated", 1)
    stage.wait(3)
    assert seen(stage, run_id) == ("running", 0)
