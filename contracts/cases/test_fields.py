"""When the fields of a run get their values (facts: runs 2, 3, 4)."""

from datetime import datetime
from typing import Any

import pytest

from skyvern_testkit import (
    Download,
    RunError,
    RunScript,
    completed,
    failed,
    never,
    running,
    terminated,
)
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
LIVED = "it needs a browser and a model"
URL = "https://example.com"
GO: Json = {"block_type": "navigation", "label": "go", "url": URL, "navigation_goal": "Go on"}
PAUSE: Json = {"block_type": "wait", "label": "pause", "wait_sec": 1}
LONG: Json = {**PAUSE, "wait_sec": 600}


def task(skyvern: Caller, *script: Any, **more: Any) -> str:
    if script:
        skyvern.fake.on().play(RunScript(*script))
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0", **more}
    run_id: str = skyvern.call("run_task", **asked).ok()["run_id"]
    return run_id


def flow(skyvern: Caller, *blocks: Json, **more: Any) -> str:
    inner = {"parameters": [], "blocks": list(blocks)}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    asked = {"agent_id": made["workflow_permanent_id"], **more}
    run_id: str = skyvern.call("run_workflow", **asked).ok()["run_id"]
    return run_id


def after(skyvern: Caller, seconds: float, run_id: str) -> Json:
    skyvern.wait(seconds)
    run: Json = skyvern.call("get_run", run_id=run_id).ok()
    return run


@case("fields.times", fact="runs 1, 4")
def test_times_are_utc_without_a_zone_and_in_order(skyvern: Caller) -> None:
    run = after(skyvern, 6, flow(skyvern, PAUSE))
    names = ("created_at", "queued_at", "started_at", "finished_at")
    times = [datetime.fromisoformat(run[name]) for name in names]
    assert [time.tzinfo for time in times] == [None] * 4
    assert times == sorted(times)
    assert datetime.fromisoformat(run["modified_at"]).tzinfo is None


@case("fields.unused", fact="runs 4")
def test_what_is_not_used_is_null(skyvern: Caller) -> None:
    run = after(skyvern, 2, flow(skyvern, LONG))
    for name in ("script_run", "script_id", "ai_fallback", "browser_settings_receipt"):
        assert run[name] is None, name
    assert run["browser_seed_source"] == "fresh"


@case("fields.first_read", fact="runs 2, 4")
def test_first_read_has_lists_and_numbers(skyvern: Caller) -> None:
    run = after(skyvern, 0, flow(skyvern, LONG))
    assert (run["downloaded_files"], run["errors"], run["step_count"]) == ([], [], 0)


@case("fields.output.growing", fact="runs 3.3, 4")
def test_output_is_null_until_the_first_block_is_done(skyvern: Caller) -> None:
    run_id = flow(skyvern, {**PAUSE, "wait_sec": 4}, {**LONG, "label": "more"})
    run = after(skyvern, 2, run_id)
    assert (run["status"], run["output"]) == ("running", None)
    run = after(skyvern, 5, run_id)
    assert (run["status"], list(run["output"])) == (
        "running",
        ["pause_output", "extracted_information"],
    )


@case("fields.recording", fact="runs 4, 11", ours_only=LIVED)
@pytest.mark.parametrize("kind", ["task", "workflow"])
def test_recording_has_another_address_after_the_end(skyvern: Caller, kind: str) -> None:
    skyvern.fake.on().play(RunScript(running(6), completed()))
    run_id = task(skyvern) if kind == "task" else flow(skyvern, GO)
    growing = after(skyvern, 5, run_id)["recording_url"]
    assert ".webm" in growing
    run = after(skyvern, 6, run_id)
    assert run["status"] == "completed"
    assert ".mp4" in run["recording_url"]


@case("fields.screenshots", fact="runs 4", ours_only=LIVED)
def test_three_latest_screenshots_are_shown(skyvern: Caller) -> None:
    clicks = [running(4, step="click") for _ in range(4)]
    run_id = task(skyvern, running(2), *clicks, completed())
    assert after(skyvern, 0, run_id)["screenshot_urls"] is None
    shown = after(skyvern, 14, run_id)["screenshot_urls"]
    assert len(shown) == 3
    last = after(skyvern, 10, run_id)["screenshot_urls"]
    assert len(last) == 3
    assert shown[0] in last[1:]


@case("fields.downloads", fact="runs 4", ours_only=LIVED)
def test_downloaded_file_is_kept_when_the_task_is_over(skyvern: Caller) -> None:
    file = Download("a.csv", b"a;b")
    run_id = task(skyvern, running(3), running(3, downloads=[file]), running(3), completed())
    (early,) = after(skyvern, 8, run_id)["downloaded_files"]
    assert early["artifact_id"] is None
    (kept,) = after(skyvern, 10, run_id)["downloaded_files"]
    assert set(kept) == {
        *("url", "checksum", "filename", "file_size", "modified_at", "artifact_id")
    }
    assert kept["artifact_id"].startswith("a_")
    assert kept["url"] != early["url"]
    assert (kept["file_size"], kept["checksum"]) == (3, early["checksum"])


@case("fields.steps", fact="runs 4", ours_only=LIVED)
def test_task_has_a_step_from_the_first_read(skyvern: Caller) -> None:
    assert after(skyvern, 0, task(skyvern, running(until=never())))["step_count"] == 1


@case("fields.schema", fact="runs 4", ours_only=LIVED)
def test_schema_alone_gives_a_1_0_task_no_output(skyvern: Caller) -> None:
    schema = {"type": "object", "properties": {"price": {"type": "number"}}}
    run = after(skyvern, 30, task(skyvern, data_extraction_schema=schema))
    assert (run["status"], run["output"]) == ("completed", None)


@case("fields.modified", fact="runs 4", ours_only=LIVED)
def test_run_is_modified_after_its_end(skyvern: Caller) -> None:
    run = after(skyvern, 30, task(skyvern, running(3), completed()))
    assert run["modified_at"] > run["finished_at"]


@case("fields.canceled.files", fact="runs 4", ours_only=LIVED)
def test_canceled_task_loses_its_files(skyvern: Caller) -> None:
    file = Download("a.csv", b"a;b")
    run_id = task(skyvern, running(4, downloads=[file]), running(until=never()))
    run = after(skyvern, 8, run_id)
    assert run["recording_url"] is not None
    assert run["downloaded_files"]
    skyvern.call("cancel_run", run_id=run_id).ok()
    run = after(skyvern, 60, run_id)
    assert (run["recording_url"], run["downloaded_files"]) == (None, None)


@case("fields.codes.dropped", fact="runs 4", ours_only=LIVED)
def test_codes_that_the_caller_did_not_map_are_dropped(skyvern: Caller) -> None:
    errors = [RunError("E_STOP", "closed", 0.9), RunError("E_OTHER", "closed", 0.9)]
    run_id = task(
        skyvern, running(1), terminated("no", errors=errors), error_code_mapping={"E_STOP": "stop"}
    )
    assert [error["error_code"] for error in after(skyvern, 9, run_id)["errors"]] == ["E_STOP"]


@case("lives.task.second_engine.terminated", fact="runs 3.2", ours_only=LIVED)
def test_task_of_the_second_engine_is_terminated(skyvern: Caller) -> None:
    run_id = task(skyvern, running(1), terminated("no such shop"), engine="skyvern-2.0")
    run = after(skyvern, 9, run_id)
    assert (run["status"], run["failure_reason"]) == ("terminated", "no such shop")
    assert run["errors"] == []


@case("lives.task.second_engine.busy", fact="runs 3.2", ours_only=LIVED)
def test_task_of_the_second_engine_in_a_busy_session_fails(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    first = task(skyvern, running(until=never()), browser_session_id=session_id)
    skyvern.wait(2)
    second = task(skyvern, engine="skyvern-2.0", browser_session_id=session_id)
    run = after(skyvern, 5, second)
    assert (run["status"], run["errors"]) == ("failed", [])
    assert run["failure_reason"].startswith(
        f"Failed to run task 2.0: Browser session {session_id} is already occupied by {first}."
    )


@case("lives.task.second_engine.canceled", fact="runs 3.2")
def test_task_of_the_second_engine_is_canceled_twice(skyvern: Caller) -> None:
    run_id = task(skyvern, engine="skyvern-2.0")
    for _ in range(2):
        assert skyvern.call("cancel_run", run_id=run_id).ok() is None


@case("lives.task.third_engine.turns", fact="runs 3.1", ours_only=LIVED)
def test_task_of_the_third_engine_runs_out_of_turns(skyvern: Caller) -> None:
    ending = failed(error_code="REACH_MAX_STEPS")
    run = after(skyvern, 9, task(skyvern, running(1), ending, engine="skyvern-3.0"))
    assert (run["status"], run["step_count"], run["failure_reason"]) == (
        "failed",
        1,
        (
            "The run reached its turn budget before the model finished; "
            "the recorded output may be partial."
        ),
    )
