"""What a run has done, and the files of it: timelines and artifacts (facts: runs 6)."""

from typing import Any

import pytest

from skyvern_testkit import (
    Download,
    RunScript,
    completed,
    failed,
    never,
    queued,
    running,
    terminated,
)
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
LIVED = "it needs a browser and a model"
NOT_IN_SDK = "the SDK does not list artifacts"
NO_MODEL = "the SDK cannot read a workflow that has a terminate block"
URL = "https://example.com"
GO: Json = {"block_type": "navigation", "label": "go", "url": URL, "navigation_goal": "Go on"}
PAUSE: Json = {"block_type": "wait", "label": "pause", "wait_sec": 1}
LONG: Json = {**PAUSE, "wait_sec": 600}
STOP: Json = {"block_type": "terminate", "label": "stop", "reason": "no more"}
BAD: Json = {"block_type": "http_request", "label": "bad", "method": "GET", "url": "not a url"}
FINAL = {"completed", "failed", "terminated", "timed_out", "canceled"}
FIELDS_OF_AN_ARTIFACT = {
    *("artifact_id", "artifact_type", "uri", "signed_url", "task_id", "step_id", "run_id"),
    *("workflow_run_id", "workflow_run_block_id", "checksum", "file_size", "bundle_key"),
    *("archived", "created_at", "modified_at", "organization_id", "browser_session_id"),
    *("observer_cruise_id", "observer_thought_id", "ai_suggestion_id"),
}
KINDS = [
    *("screenshot_llm", "recording", "html_scrape", "visible_elements_id_css_map"),
    *("visible_elements_id_frame_map", "visible_elements_tree", "visible_elements_tree_trimmed"),
    *("visible_elements_tree_in_prompt", "llm_prompt", "llm_request", "llm_response"),
    *("llm_response_parsed", "screenshot_action", "html_action", "screenshot_final"),
    *("script_file", "har"),
]


def started(skyvern: Caller, *blocks: Json, **settings: Any) -> str:
    inner = {"parameters": [], "blocks": list(blocks), **settings}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    run_id: str = skyvern.call("run_workflow", agent_id=made["workflow_permanent_id"]).ok()[
        "run_id"
    ]
    return run_id


def over(skyvern: Caller, run_id: str) -> Json:
    for _ in range(120):
        run: Json = skyvern.call("get_run", run_id=run_id).ok()
        if run["status"] in FINAL and not run.get("retry_pending"):
            return run
        skyvern.wait(0.5)
    raise AssertionError(f"{run_id} has not ended")


def rows(skyvern: Caller, run_id: str) -> list[Any]:
    entries: list[Any] = skyvern.call("get_run_timeline", run_id=run_id).ok()
    return entries


def block_of(skyvern: Caller, run_id: str) -> Json:
    (row,) = rows(skyvern, run_id)
    block: Json = row["block"]
    return block


def artifacts(skyvern: Caller, run_id: str, query: str = "") -> list[Json]:
    found: list[Json] = skyvern.raw.send("GET", f"/v1/runs/{run_id}/artifacts{query}").ok()
    return found


# --- timelines ----------------------------------------------------------------------------------


@case("timelines.entry", fact="runs 6")
def test_entry_is_a_block_with_its_attempt(skyvern: Caller) -> None:
    run_id = started(skyvern, PAUSE)
    over(skyvern, run_id)
    (row,) = rows(skyvern, run_id)
    assert set(row) == {
        *("type", "attempt", "block", "thought", "children", "created_at", "modified_at")
    }
    assert (row["type"], row["attempt"], row["thought"], row["children"]) == ("block", 1, None, [])
    assert (row["block"]["block_type"], row["block"]["label"]) == ("wait", "pause")
    assert row["created_at"] == row["block"]["created_at"]


@case("timelines.newest", fact="runs 6")
def test_newest_block_comes_first(skyvern: Caller) -> None:
    run_id = started(skyvern, PAUSE, {**PAUSE, "label": "again"})
    over(skyvern, run_id)
    assert [row["block"]["label"] for row in rows(skyvern, run_id)] == ["again", "pause"]


@case("timelines.queued", fact="runs 6", ours_only="a real run is not queued for long enough")
def test_timeline_of_a_queued_run_is_empty(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(queued(5), running(5), completed()))
    run_id = started(skyvern, GO)
    skyvern.wait(1)
    assert rows(skyvern, run_id) == []
    skyvern.wait(6)
    assert block_of(skyvern, run_id)["status"] == "running"


@case("timelines.status", fact="runs 6", raw_only=NO_MODEL)
@pytest.mark.parametrize(
    ("block", "status"),
    [(PAUSE, "completed"), (BAD, "failed"), (STOP, "terminated")],
    ids=["completed", "failed", "terminated"],
)
def test_block_has_the_status_of_its_end(skyvern: Caller, block: Json, status: str) -> None:
    run_id = started(skyvern, block)
    assert over(skyvern, run_id)["status"] == status
    assert block_of(skyvern, run_id)["status"] == status


@case("timelines.status.running", fact="runs 6")
def test_block_at_work_is_running(skyvern: Caller) -> None:
    run_id = started(skyvern, LONG)
    skyvern.wait(3)
    assert block_of(skyvern, run_id)["status"] == "running"


@case("timelines.status.timed_out", fact="runs 6", ours_only="it takes a minute")
def test_block_is_timed_out_with_its_run(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(until=never())))
    inner = {"parameters": [], "blocks": [GO]}
    definition = {"title": "Flow", "workflow_definition": inner}
    wpid = skyvern.call("create_workflow", json_definition=definition).ok()["workflow_permanent_id"]
    asked = {"agent_id": wpid, "max_elapsed_time_minutes": 1}
    run_id = skyvern.call("run_workflow", **asked).ok()["run_id"]
    skyvern.wait(90)
    block = block_of(skyvern, run_id)
    assert (block["status"], block["failure_reason"]) == (
        "timed_out",
        "Workflow run timed_out: child entity cascade cleanup.",
    )


@case("timelines.canceled", fact="runs 6, 11")
def test_block_works_on_after_a_cancel(skyvern: Caller) -> None:
    run_id = started(skyvern, {**PAUSE, "wait_sec": 8})
    skyvern.wait(3)
    skyvern.call("cancel_run", run_id=run_id).ok()
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"
    assert block_of(skyvern, run_id)["status"] == "running"
    skyvern.wait(8)
    assert block_of(skyvern, run_id)["status"] == "completed"


@case("timelines.canceled.agent", fact="runs 6", ours_only=LIVED)
def test_agent_that_was_canceled_says_so_when_it_lets_go(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(until=never())))
    run_id = started(skyvern, GO)
    skyvern.wait(8)
    skyvern.call("cancel_run", run_id=run_id).ok()
    assert block_of(skyvern, run_id)["status"] == "running"
    skyvern.wait(30)
    assert block_of(skyvern, run_id)["status"] == "canceled"


@case("timelines.attempts", fact="runs 6", raw_only=NO_MODEL)
def test_last_attempt_comes_first(skyvern: Caller) -> None:
    policy = {"max_retries": 1, "delay_seconds": 0, "retry_on": [{"status": "terminated"}]}
    run_id = started(skyvern, STOP, retry_policy=policy)
    for _ in range(40):
        if [row["attempt"] for row in rows(skyvern, run_id)] == [2, 1]:
            break
        skyvern.wait(0.5)
    found = [(row["attempt"], row["block"]["attempt_number"]) for row in rows(skyvern, run_id)]
    assert found == [(2, 2), (1, 1)]


@case("timelines.actions", fact="runs 6", ours_only=LIVED)
def test_actions_stand_inside_their_block(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(4), completed()))
    run_id = started(skyvern, GO)
    over(skyvern, run_id)
    block = block_of(skyvern, run_id)
    last = block["actions"][-1]
    assert (last["action_type"], last["status"]) == ("complete", "completed")
    assert (last["task_id"], last["workflow_run_id"]) == (block["task_id"], run_id)
    assert last["action_id"].startswith("act_")


@case("timelines.output", fact="runs 6", ours_only=LIVED)
def test_output_of_a_block_has_no_links_to_its_screenshots(skyvern: Caller) -> None:
    run_id = started(skyvern, GO)
    told = over(skyvern, run_id)["output"]["go_output"]
    kept = block_of(skyvern, run_id)["output"]
    assert told["task_screenshots"]
    assert told["workflow_screenshots"]
    assert kept["task_screenshots"] is kept["workflow_screenshots"] is None
    assert kept["task_screenshot_artifact_ids"] == told["task_screenshot_artifact_ids"]


@case("timelines.thoughts", fact="runs 6", ours_only=LIVED)
def test_second_engine_thinks_between_its_blocks(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(6), completed({"answer": 42})))
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-2.0"}
    run_id = skyvern.call("run_task", **asked).ok()["run_id"]
    over(skyvern, run_id)
    found = rows(skyvern, run_id)
    assert found[-1]["block"]["block_type"] == "goto_url"
    thoughts = [row["thought"] for row in found if row["type"] == "thought"]
    assert {"plan", "user_goal_check"} <= {thought["thought_type"] for thought in thoughts}
    assert all(row["block"] is None for row in found if row["type"] == "thought")


@case("timelines.hidden_run", fact="runs 6")
def test_timeline_of_a_2_0_task_is_that_of_its_hidden_run(skyvern: Caller) -> None:
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-2.0"}
    run = skyvern.call("run_task", **asked).ok()
    hidden = run["app_url"].rpartition("/")[2]
    over(skyvern, run["run_id"])
    assert rows(skyvern, hidden) == rows(skyvern, run["run_id"])


# --- artifacts ----------------------------------------------------------------------------------


@case("artifacts.run", fact="runs 6", ours_only=LIVED)
def test_artifacts_are_a_flat_list_oldest_first(skyvern: Caller) -> None:
    run_id = started(skyvern, GO)
    over(skyvern, run_id)
    skyvern.wait(5)
    found = artifacts(skyvern, run_id)
    assert len(found) >= 21
    assert {frozenset(row) for row in found} == {frozenset(FIELDS_OF_AN_ARTIFACT)}
    ages = [row["created_at"] for row in found]
    assert ages == sorted(ages)
    assert {(row["run_id"], row["workflow_run_id"]) for row in found} == {(run_id, run_id)}


@case("artifacts.run.kinds", fact="runs 6", ours_only=LIVED)
def test_agent_leaves_artifacts_of_these_kinds(skyvern: Caller) -> None:
    run_id = started(skyvern, GO)
    over(skyvern, run_id)
    skyvern.wait(5)
    assert {row["artifact_type"] for row in artifacts(skyvern, run_id)} == set(KINDS)


@case("artifacts.run.kind", fact="runs 6", ours_only=LIVED)
def test_artifacts_of_several_kinds_may_be_asked_for(skyvern: Caller) -> None:
    run_id = started(skyvern, GO)
    over(skyvern, run_id)
    skyvern.wait(5)
    of_all = artifacts(skyvern, run_id)
    for kinds in (["har"], ["har", "recording"]):
        query = "&".join(f"artifact_type={kind}" for kind in kinds)
        wanted = [row["artifact_id"] for row in of_all if row["artifact_type"] in kinds]
        found = artifacts(skyvern, run_id, f"?{query}")
        assert [row["artifact_id"] for row in found] == wanted


@case("artifacts.run.none", fact="runs 6", raw_only=NOT_IN_SDK)
def test_run_that_has_done_nothing_yet_has_no_artifacts(skyvern: Caller) -> None:
    run_id = started(skyvern, LONG)
    skyvern.wait(3)
    assert artifacts(skyvern, run_id) == []


@case("artifacts.run.download", fact="runs 6", ours_only=LIVED)
def test_downloaded_file_is_an_artifact(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(3), completed(downloads=[Download("a.csv", b"a;b")])))
    asked = {"navigation_goal": "Get all", "url": URL}
    run_id = skyvern.call("download_files", **asked).ok()["run_id"]
    over(skyvern, run_id)
    skyvern.wait(5)
    (file,) = skyvern.call("get_run", run_id=run_id).ok()["downloaded_files"]
    (row,) = artifacts(skyvern, run_id, "?artifact_type=download")
    assert row["artifact_id"] == file["artifact_id"]
    assert (row["file_size"], row["checksum"]) == (file["file_size"], file["checksum"])


@case("timelines.failed", fact="runs 6", ours_only=LIVED)
@pytest.mark.parametrize(
    ("ending", "status"),
    [(failed("no page"), "failed"), (terminated("no page"), "terminated")],
    ids=["failed", "terminated"],
)
def test_block_tells_why_it_ended(skyvern: Caller, ending: Any, status: str) -> None:
    skyvern.fake.on().play(RunScript(running(2), ending))
    run_id = started(skyvern, GO)
    over(skyvern, run_id)
    block = block_of(skyvern, run_id)
    assert (block["status"], block["failure_reason"]) == (status, "no page")
