"""Runs and tasks by the older API, which Skyvern's own command line and tools ask."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
OLDER = "the SDK has no method for the older API"
URL = "https://example.com/towels"
LONG: Json = {"block_type": "wait", "label": "pause", "wait_sec": 600}
WHO: Json = {
    "parameter_type": "workflow",
    "key": "who",
    "workflow_parameter_type": "string",
    "default_value": "nobody",
}
TASK = [
    *("request", "task_id", "status", "created_at", "modified_at", "extracted_information"),
    *("action_screenshot_urls", "screenshot_url", "recording_url", "recording_archived"),
    *("browser_console_log_url", "downloaded_files", "downloaded_file_urls", "failure_reason"),
    *("failure_category", "webhook_failure_reason", "errors", "max_steps_per_run"),
    *("workflow_run_id", "queued_at", "started_at", "finished_at", "max_screenshot_scrolls"),
    *("step_count", "browser_session_id"),
]


def workflow(skyvern: Caller, *blocks: Json) -> str:
    inner: Json = {"parameters": [WHO], "blocks": list(blocks) or [LONG]}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    return wpid


def started(skyvern: Caller, wpid: str | None = None, **more: Any) -> str:
    asked = skyvern.call("run_workflow", agent_id=wpid or workflow(skyvern), **more)
    skyvern.wait(0.01)
    run_id: str = asked.ok()["run_id"]
    return run_id


def task(skyvern: Caller, **more: Any) -> str:
    """A task that is canceled."""
    run_id: str = skyvern.call("run_task", prompt="Read", url=URL, **more).ok()["run_id"]
    skyvern.call("cancel_run", run_id=run_id).ok()
    skyvern.wait(0.01)
    return run_id


def read(skyvern: Caller, path: str) -> Any:
    return skyvern.send("GET", path).ok()


# --- workflow runs ------------------------------------------------------------------------------


@case("older.workflow_run", fact="resources 12", raw_only=OLDER)
def test_workflow_run_is_read(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = started(skyvern, wpid, parameters={"who": "me"})
    skyvern.call("cancel_run", run_id=run_id).ok()
    run = read(skyvern, f"/api/v1/workflows/runs/{run_id}")
    assert (run["workflow_run_id"], run["workflow_id"], run["status"]) == (run_id, wpid, "canceled")
    assert (run["parameters"], run["workflow_title"]) == ({"who": "me"}, "Flow")
    assert (run["agent_id"], run["agent_run_id"]) == (wpid, run_id)
    assert run["total_steps"] is None


@case("older.workflow_run.output", fact="resources 12", raw_only=OLDER)
@pytest.mark.parametrize("value", ["true", "false", "x"])
def test_details_of_outputs_are_there_whatever_is_asked(skyvern: Caller, value: str) -> None:
    path = f"/api/v1/workflows/runs/{started(skyvern)}"
    plain, asked = read(skyvern, path), read(skyvern, f"{path}?include_output_details={value}")
    assert list(plain) == list(asked)


@case("older.workflow_run.of_workflow", fact="resources 12", raw_only=OLDER)
def test_workflow_of_the_path_does_not_matter(skyvern: Caller) -> None:
    run_id = started(skyvern)
    run = read(skyvern, f"/api/v1/workflows/anything/runs/{run_id}")
    assert (run["workflow_run_id"], run["total_steps"]) == (run_id, 0)


@case("older.workflow_run.with_workflow", fact="resources 12", raw_only=OLDER)
def test_run_is_read_with_its_workflow(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run = read(skyvern, f"/v1/workflows/runs/{started(skyvern, wpid)}")
    assert run["workflow"]["workflow_permanent_id"] == wpid
    assert list(run)[-3:] == ["workflow", "agent_id", "agent_run_id"]


@case("older.workflow_run.unknown", fact="resources 12", raw_only=OLDER)
@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/api/v1/workflows/runs/wr_1", "WorkflowRun wr_1 not found"),
        ("/api/v1/workflows/wpid_1/runs/wr_1", "WorkflowRun wr_1 not found"),
        ("/v1/workflows/runs/wr_1", "Workflow not found for workflow run wr_1"),
    ],
    ids=["run", "of workflow", "with workflow"],
)
def test_unknown_run_is_missed(skyvern: Caller, path: str, refusal: str) -> None:
    skyvern.send("GET", path).refused(404, refusal)


@case("older.workflow_run.deleted", fact="runs 5", raw_only=OLDER)
def test_run_of_a_deleted_workflow_is_read_with_it_alone(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = started(skyvern, wpid)
    skyvern.call("cancel_run", run_id=run_id).ok()
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    skyvern.send("GET", f"/api/v1/workflows/runs/{run_id}").refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )
    assert read(skyvern, f"/v1/workflows/runs/{run_id}")["workflow"]["deleted_at"] is not None


@case("older.timeline", fact="runs 6", raw_only=OLDER)
def test_timeline_of_an_unknown_run_is_empty(skyvern: Caller) -> None:
    assert read(skyvern, "/api/v1/workflows/wpid_1/runs/wr_1/timeline") == []


@case("older.cancel", fact="runs 3", raw_only=OLDER)
def test_workflow_run_is_canceled(skyvern: Caller) -> None:
    run_id = started(skyvern)
    path = f"/api/v1/workflows/runs/{run_id}/cancel"
    assert skyvern.send("POST", path).ok() is None
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"
    assert skyvern.send("POST", path).ok() is None


@case("older.cancel.unknown", fact="resources 12", raw_only=OLDER)
def test_unknown_run_is_not_canceled(skyvern: Caller) -> None:
    skyvern.send("POST", "/api/v1/workflows/runs/wr_1/cancel").refused(
        404, "Workflow run not found wr_1"
    )


@case("older.continue", fact="runs 3.3", raw_only=OLDER)
def test_run_that_waits_for_nobody_does_not_go_on(skyvern: Caller) -> None:
    run_id = started(skyvern)
    skyvern.send("POST", f"/v1/workflows/runs/{run_id}/continue").refused(
        404, f"Workflow run not found {run_id}"
    )


@case("older.session", fact="resources 9", raw_only=OLDER)
def test_runs_of_a_session(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    path = f"/v1/browser_sessions/{session_id}/workflow_runs"
    assert read(skyvern, path) == []
    run_id = started(skyvern, browser_session_id=session_id)
    assert [row["workflow_run_id"] for row in read(skyvern, path)] == [run_id]
    skyvern.send("GET", "/v1/browser_sessions/pbs_1/workflow_runs").refused(
        404, "Browser session pbs_1 not found"
    )


@case("older.runs", fact="runs 7", raw_only=OLDER, alone=True)
def test_tasks_and_workflow_runs_stand_in_one_list(skyvern: Caller) -> None:
    run_id, task_id = started(skyvern), task(skyvern)
    first, second = read(skyvern, "/api/v1/runs")
    assert (first["task_id"], second["workflow_run_id"]) == (task_id, run_id)
    assert (first["navigation_goal"], first["url"]) == ("Read", URL)


@case("older.runs.search", fact="runs 7", raw_only=OLDER, alone=True)
def test_that_list_does_not_know_titles_of_workflows(skyvern: Caller) -> None:
    run_id = started(skyvern)
    assert read(skyvern, "/api/v1/runs?search_key=Flow") == []
    (row,) = read(skyvern, "/api/v1/runs?search_key=nobody")
    assert row["workflow_run_id"] == run_id


# --- tasks --------------------------------------------------------------------------------------


@case("older.task", fact="resources 12", raw_only=OLDER)
def test_task_is_read_with_its_request(skyvern: Caller) -> None:
    run_id = task(skyvern, title="My towel", max_steps=7, extra_http_headers={"h": "1"})
    found = read(skyvern, f"/api/v1/tasks/{run_id}")
    assert list(found) == TASK
    assert (found["task_id"], found["status"], found["workflow_run_id"]) == (
        run_id,
        "canceled",
        None,
    )
    asked = found["request"]
    assert (asked["title"], asked["url"], asked["navigation_goal"]) == ("My towel", URL, "Read")
    assert (asked["extra_http_headers"], asked["task_type"]) == ({"h": "1"}, "general")
    assert found["max_steps_per_run"] == 7


@case("older.task.unknown", fact="resources 12", raw_only=OLDER)
def test_unknown_task_is_missed(skyvern: Caller) -> None:
    skyvern.send("GET", "/api/v1/tasks/tsk_1").refused(404, "Task tsk_1 not found")
    assert read(skyvern, "/api/v1/tasks/tsk_1/steps") == []
    assert read(skyvern, "/api/v1/tasks/tsk_1/actions") == []
    assert read(skyvern, "/api/v1/tasks/tsk_1/steps/stp_1/artifacts") == []


@case("older.tasks", fact="runs 7", raw_only=OLDER, alone=True)
def test_tasks_are_listed_newest_first(skyvern: Caller) -> None:
    first, second = task(skyvern), task(skyvern, engine="skyvern-3.0")
    started(skyvern)

    def listed(query: str = "") -> list[str]:
        return [row["task_id"] for row in read(skyvern, f"/api/v1/tasks{query}")]

    assert listed() == [second, first]
    assert listed("?order=asc") == [first, second]
    assert listed("?page=2&page_size=1") == [first]
    assert listed("?task_status=canceled") == [second, first]
    assert listed("?task_status=completed") == []
    assert listed("?only_standalone_tasks=true") == [second, first]
    assert listed("?workflow_run_id=wr_1") == listed("?application=x") == []


@case("older.tasks.row", fact="runs 7", raw_only=OLDER, alone=True)
def test_list_leaves_files_and_steps_out(skyvern: Caller) -> None:
    task(skyvern)
    (row,) = read(skyvern, "/api/v1/tasks")
    assert list(row) == TASK
    assert (row["downloaded_files"], row["step_count"]) == (None, None)


@case("older.tasks.query", fact="runs 7", raw_only=OLDER)
@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("page=0", ("greater_than_equal", "query", "page")),
        ("task_status=x", ("enum", "query", "task_status", 0)),
        ("sort=x", ("enum", "query", "sort")),
        ("order=x", ("enum", "query", "order")),
        ("only_standalone_tasks=x", ("bool_parsing", "query", "only_standalone_tasks")),
    ],
    ids=["page", "status", "sort", "order", "standalone"],
)
def test_query_of_tasks_is_checked(skyvern: Caller, query: str, problem: Any) -> None:
    skyvern.send("GET", f"/api/v1/tasks?{query}").invalid(problem)


@case("older.tasks.block", fact="runs 7", ours_only="a block ends at once without a browser")
def test_task_behind_a_block_is_found_by_its_run(skyvern: Caller) -> None:
    block: Json = {"block_type": "navigation", "label": "go", "navigation_goal": "Buy", "url": URL}
    run_id = started(skyvern, workflow(skyvern, block))
    skyvern.wait(60)
    (row,) = skyvern.raw.send("GET", f"/api/v1/tasks?workflow_run_id={run_id}").ok()
    assert (row["workflow_run_id"], row["status"]) == (run_id, "completed")
    assert (row["request"]["title"], row["request"]["navigation_goal"]) == ("go", "Buy")
    skyvern.call("get_run", run_id=row["task_id"]).refused(
        404, f"Task run not found {row['task_id']}"
    )


@case("older.task.cancel", fact="runs 3", raw_only=OLDER)
def test_task_is_canceled_once(skyvern: Caller) -> None:
    run_id = task(skyvern)
    skyvern.send("POST", f"/api/v1/tasks/{run_id}/cancel").refused(
        400,
        f"Invalid task status transition to canceled for {run_id} because task is already canceled",
    )
    skyvern.send("POST", "/api/v1/tasks/tsk_1/cancel").refused(404, "Task not found tsk_1")


@case("older.task.webhook", fact="runs 8", raw_only=OLDER)
def test_task_without_a_webhook_is_answered_all_the_same(skyvern: Caller) -> None:
    run_id = task(skyvern)
    told = skyvern.send("POST", f"/api/v1/tasks/{run_id}/retry_webhook").ok()
    assert (told["task_id"], told["step_count"]) == (run_id, None)
    skyvern.send("POST", "/api/v1/tasks/tsk_1/retry_webhook").refused(404, "Task not found tsk_1")


@case("older.artifacts", fact="runs 6", raw_only=OLDER)
@pytest.mark.parametrize("kind", ["step", "task", "workflow_run", "workflow_run_block", "thought"])
def test_unknown_thing_has_no_artifacts(skyvern: Caller, kind: str) -> None:
    assert read(skyvern, f"/api/v1/{kind}/x/artifacts") == []


@case("older.artifacts.kind", fact="runs 6", raw_only=OLDER)
def test_kind_of_thing_must_be_known(skyvern: Caller) -> None:
    skyvern.send("GET", "/api/v1/run/x/artifacts").invalid(("enum", "path", "entity_type"))


@case("older.run_task", fact="runs 3", raw_only=OLDER)
def test_task_is_started(skyvern: Caller) -> None:
    body = {"url": URL, "navigation_goal": "Read", "data_extraction_goal": "Find"}
    made = skyvern.send("POST", "/api/v1/tasks", json=body).ok()
    assert list(made) == ["task_id"]
    asked = read(skyvern, f"/api/v1/tasks/{made['task_id']}")["request"]
    assert (asked["navigation_goal"], asked["data_extraction_goal"]) == ("Read", "Find")
    assert asked["proxy_location"] is None
    run = skyvern.call("get_run", run_id=made["task_id"]).ok()
    assert (run["run_type"], run["run_request"]["prompt"]) == ("task_v1", "Read")


@case("older.run_task.goal", fact="runs 3", raw_only=OLDER)
def test_task_without_a_goal_is_read_by_the_older_api_alone(skyvern: Caller) -> None:
    task_id = skyvern.send("POST", "/api/v1/tasks", json={"url": URL}).ok()["task_id"]
    assert read(skyvern, f"/api/v1/tasks/{task_id}")["request"]["navigation_goal"] is None
    skyvern.send("GET", f"/v1/runs/{task_id}").refused(
        422, "prompt: Input should be a valid string"
    )


@case("older.run_task.url", fact="runs 5", raw_only=OLDER)
def test_page_of_a_task_is_needed(skyvern: Caller) -> None:
    skyvern.send("POST", "/api/v1/tasks", json={}).invalid(("missing", "body", "url"))
    skyvern.send("POST", "/api/v1/tasks", json={"url": ""}).refused(400, "Invalid url: malformed.")


@case("older.run_task_v2", fact="runs 3.2", raw_only=OLDER)
def test_task_of_the_second_engine_is_started(skyvern: Caller) -> None:
    body = {"user_prompt": "Read", "url": URL, "proxy_location": "nowhere"}
    made = skyvern.send("POST", "/api/v2/tasks", json=body).ok()
    assert (made["status"], made["prompt"], made["proxy_location"]) == ("created", "Read", None)
    path = f"/api/v2/tasks/{made['task_id']}"
    assert list(read(skyvern, path)) == list(made)
    skyvern.send("GET", "/api/v2/tasks/tsk_v2_1").refused(404, "Task v2 tsk_v2_1 not found")


@case("older.run_workflow", fact="runs 3.3", raw_only=OLDER)
def test_run_of_a_workflow_is_started(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    path = f"/api/v1/workflows/{wpid}/run"
    made = skyvern.send("POST", path, json={"data": {"who": "me"}}).ok()
    run_id = made["workflow_run_id"]
    assert made == {
        "workflow_id": wpid,
        "workflow_run_id": run_id,
        "agent_id": wpid,
        "agent_run_id": run_id,
    }
    run = skyvern.call("get_run", run_id=run_id).ok()
    assert run["run_request"]["parameters"] == {"who": "me"}
    assert run["run_request"]["proxy_location"] is None


@case("older.run_workflow.version", fact="runs 3.3", raw_only=OLDER)
def test_version_of_a_workflow_may_be_named(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    path = f"/api/v1/workflows/{wpid}/run"
    skyvern.send("POST", f"{path}?version=1", json={}).ok()
    skyvern.send("POST", f"{path}?version=9", json={}).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}, version=9"
    )
