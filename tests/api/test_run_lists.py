"""Lists of runs, the older API: what neither recordings nor cases can show, for want of a browser."""

from __future__ import annotations

import pytest

from skyvern_testkit.script import (
    Family,
    RunScript,
    completed,
    failed,
    never,
    paused,
    polls,
    running,
    terminated,
)
from skyvern_testkit.world.events import EffectResult
from tests.world.stage import NAVIGATION, WAIT, Stage

UNREACHABLE = EffectResult(error="ConnectError: All connection attempts failed")


@pytest.fixture
def stage() -> Stage:
    return Stage()


def listed(stage: Stage, query: str = "") -> list[str]:
    return [row["run_id"] for row in stage.ask(f"GET /v1/runs{query}")]


# --- lists --------------------------------------------------------------------------------------


def test_the_newest_is_first_though_no_time_has_passed(stage: Stage):
    made = [stage.start(family) for family in Family for _ in range(2)]
    assert listed(stage) == made[::-1]


def test_each_key_has_a_list_of_its_own(stage: Stage):
    mine = stage.start(Family.WORKFLOW)
    stage.fake.keys.add("another")
    stage.key = "another"
    theirs = stage.start(Family.TASK)
    assert listed(stage) == [theirs]
    assert stage.send(f"GET /api/v1/workflows/runs/{mine}").status == 404
    assert stage.ask("POST /v1/runs/cancel", run_ids=[mine]) == {"cancelled": [], "failed": [mine]}


def test_a_fork_has_a_list_of_its_own(stage: Stage):
    first = stage.start(Family.TASK)
    twin = Stage(stage.fake.fork())
    second = twin.start(Family.TASK)
    assert (listed(stage), listed(twin)) == ([first], [second, first])


def test_reading_a_list_is_no_poll(stage: Stage):
    stage.fake.on().play(RunScript(running(until=polls(2)), completed()))
    run_id = stage.start(Family.TASK)
    for _ in range(5):
        listed(stage)
    assert stage.ask("GET /v1/runs")[0]["status"] == "running"
    assert [stage.status(run_id) for _ in range(2)] == ["running", "completed"]


def test_runs_are_found_by_the_codes_of_their_errors(stage: Stage):
    stage.fake.on().play(terminated("no more", errors=["SOLD_OUT"]))
    block = {**NAVIGATION, "error_code_mapping": {"SOLD_OUT": "there is none left"}}
    run_id = stage.workflow_run(block)
    stage.wait(60)
    (row,) = stage.ask("GET /v1/agents/runs?error_code=SOLD_OUT")
    assert row["workflow_run_id"] == run_id
    assert stage.ask("GET /v1/agents/runs?error_code=SOLD") == []


def test_list_follows_the_attempts_of_a_run(stage: Stage):
    stage.fake.on().play(failed("broken"))
    policy = {"max_retries": 1, "delay_seconds": 40, "retry_on": [{"status": "failed"}]}
    stage.workflow_run(WAIT, settings={"retry_policy": policy})
    stage.wait(20)
    (first,) = stage.ask("GET /v1/runs?status=failed")
    assert (first["attempt"], first["retry_pending"]) == (1, True)
    stage.wait(40)
    (second,) = stage.ask("GET /v1/runs?status=failed")
    assert (second["attempt"], second["retry_pending"], second["next_attempt_at"]) == (
        2,
        False,
        None,
    )


# --- canceling many -----------------------------------------------------------------------------


def test_many_are_told_of_in_the_time_of_one(stage: Stage):
    stage.answer = UNREACHABLE
    stage.fake.on().play(running(until=never()))
    asked = {"webhook_url": "https://hook.example.com/"}
    one, *many = [stage.start(Family.WORKFLOW, **asked) for _ in range(4)]
    began = stage.now
    stage.cancel(one)
    took = stage.now - began
    assert took > 0
    answer = stage.ask("POST /v1/runs/cancel", run_ids=many)
    assert answer == {"cancelled": many, "failed": []}
    assert stage.now - began <= 2 * took + 1


def test_task_that_nobody_could_be_told_of_counts_as_failed_and_is_canceled(stage: Stage):
    stage.answer = UNREACHABLE
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(Family.TASK, webhook_url="https://hook.example.com/")
    answer = stage.ask("POST /v1/runs/cancel", run_ids=[run_id])
    assert answer == {"cancelled": [], "failed": [run_id]}
    assert stage.status(run_id) == "canceled"


# --- once more ----------------------------------------------------------------------------------


def test_run_once_more_plays_the_next_script(stage: Stage):
    stage.fake.on().play(failed("busy"), completed())
    run_id = stage.start(Family.WORKFLOW)
    stage.wait(60)
    again = stage.ask(f"POST /v1/agents/runs/{run_id}/retry")["run_id"]
    stage.wait(60)
    assert (stage.status(run_id), stage.status(again)) == ("failed", "completed")


def test_run_once_more_is_told_of_like_the_first(stage: Stage):
    run_id = stage.start(Family.WORKFLOW, webhook_url="https://hook.example.com/a")
    stage.wait(60)
    again = stage.ask(f"POST /v1/agents/runs/{run_id}/retry")["run_id"]
    stage.wait(60)
    assert [(effect.url, effect.run.id) for effect in stage.sent] == [
        ("https://hook.example.com/a", run_id),
        ("https://hook.example.com/a", again),
    ]


# --- the older API ------------------------------------------------------------------------------


def test_tasks_behind_the_blocks_of_a_run(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION, WAIT)
    stage.start(Family.TASK)
    stage.wait(60)
    rows = stage.ask(f"GET /api/v1/tasks?workflow_run_id={run_id}&page_size=100&page=1")
    timeline = stage.timeline(run_id)
    assert [row["task_id"] for row in rows] == [timeline[1]["block"]["task_id"]]
    assert rows[0]["status"] == "completed"
    alone = stage.ask("GET /api/v1/tasks?only_standalone_tasks=true")
    assert [row["workflow_run_id"] for row in alone] == [None]


def test_steps_and_actions_of_a_task(stage: Stage):
    stage.fake.on().play(RunScript(running(5, step="clicks"), completed()))
    run_id = stage.start(Family.TASK)
    stage.wait(60)
    steps = stage.ask(f"GET /api/v1/tasks/{run_id}/steps")
    actions = stage.ask(f"GET /api/v1/tasks/{run_id}/actions")
    assert [step["step_id"] for step in steps] == [action["step_id"] for action in actions]
    assert [action["action_type"] for action in actions] == ["click", "complete"]
    assert [step["status"] for step in steps] == ["completed", "completed"]
    assert [step["is_last"] for step in steps] == [False, True]
    assert stage.read(run_id)["step_count"] == len(steps)


def test_artifacts_of_a_step_are_among_those_of_its_task(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(60)
    (step,) = stage.ask(f"GET /api/v1/tasks/{run_id}/steps")
    of_task = stage.ask(f"GET /api/v1/task/{run_id}/artifacts")
    of_step = stage.ask(f"GET /api/v1/tasks/{run_id}/steps/{step['step_id']}/artifacts")
    assert of_step == stage.ask(f"GET /api/v1/step/{step['step_id']}/artifacts")
    assert [item for item in of_task if item["step_id"] == step["step_id"]] == of_step != []
    assert of_task[0]["created_at"] > of_task[-1]["created_at"]


def test_person_lets_a_run_go_on(stage: Stage):
    stage.fake.on().play(RunScript(running(1), paused(until=never()), running(1), completed()))
    run_id = stage.start(Family.WORKFLOW)
    stage.wait(3600)
    assert stage.status(run_id) == "paused"
    stage.ask(f"POST /v1/workflows/runs/{run_id}/continue")
    stage.wait(60)
    assert stage.status(run_id) == "completed"


def test_looking_by_the_older_api_is_a_poll_too(stage: Stage):
    stage.fake.on().play(RunScript(running(until=polls(2)), completed()))
    run_id = stage.start(Family.WORKFLOW)
    read = [stage.ask(f"GET /api/v1/workflows/runs/{run_id}")["status"] for _ in range(3)]
    assert read[-1] == "completed" != read[0]


def test_completed_task_of_the_second_engine_has_a_summary(stage: Stage):
    run_id = stage.start(Family.TASK_V2)
    assert stage.ask(f"GET /api/v2/tasks/{run_id}")["summary"] is None
    stage.wait(60)
    row = stage.ask(f"GET /api/v2/tasks/{run_id}")
    assert (row["status"], bool(row["summary"])) == ("completed", True)
    run = stage.ask(f"GET /api/v1/workflows/runs/{row['workflow_run_id']}")
    assert run["task_v2"] == row
