"""What a run shows when it ends (facts: runs 4)."""

from __future__ import annotations

import pytest

from skyvern_testkit.script import (
    Family,
    RunError,
    RunScript,
    completed,
    failed,
    running,
    terminated,
)
from tests.world.stage import NAVIGATION, WAIT, Stage

EXTRACTION = {
    "block_type": "extraction",
    "label": "get",
    "url": "https://x.example/",
    "data_extraction_goal": "prices",
    "data_schema": {"type": "object", "properties": {"price": {"type": "number"}}},
}
SCHEMA = EXTRACTION["data_schema"]


@pytest.fixture
def stage() -> Stage:
    return Stage()


def advice(stage: Stage) -> list[str]:
    return [item.kind for item in stage.fake.world.advice]


# --- output -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wishes", "has_output"),
    [
        ({"engine": "skyvern-1.0"}, False),
        ({"engine": "skyvern-1.0", "data_extraction_schema": SCHEMA}, False),
        ({"engine": "skyvern-1.0", "data_extraction_schema": SCHEMA, "url": None}, True),
        ({"engine": "skyvern-2.0"}, False),
        ({"engine": "skyvern-2.0", "data_extraction_schema": SCHEMA}, True),
        ({"engine": "skyvern-3.0", "data_extraction_schema": SCHEMA}, True),
    ],
)
def test_default_output_of_a_task(stage: Stage, wishes, has_output):
    run_id = stage.start(Family.TASK, **wishes)
    stage.wait(10)
    output = stage.read(run_id)["output"]
    assert (output is not None) is has_output
    if has_output:
        assert isinstance(output["price"], int | float)


def test_a_schema_that_does_nothing_is_worth_an_advice(stage: Stage):
    stage.start(Family.TASK, data_extraction_schema=SCHEMA)
    stage.wait(10)
    assert advice(stage) == ["schema_without_extraction"]


@pytest.mark.parametrize("said", [None, {}, [], 0, "text", {"deep": [{"a": None}]}])
def test_a_scripted_output_always_wins(stage: Stage, said):
    stage.fake.on().play(completed(said))
    for family in Family:
        run_id = stage.start(family, data_extraction_schema=SCHEMA)
        stage.wait(10)
        assert stage.read(run_id)["output"] == said


def test_output_of_a_workflow_run_grows_block_by_block(stage: Stage):
    stage.fake.on().play(
        RunScript(running(seconds=5), running(seconds=5, block="pause"), completed())
    )
    run_id = stage.workflow_run(EXTRACTION, WAIT)
    stage.wait(4)
    assert stage.read(run_id)["output"] is None
    stage.wait(4)
    assert list(stage.read(run_id)["output"]) == ["get_output", "extracted_information"]
    stage.wait(4)
    output = stage.read(run_id)["output"]
    assert list(output) == ["get_output", "pause_output", "extracted_information"]
    assert output["pause_output"] == {"success": True}
    assert output["extracted_information"] == [output["get_output"]["extracted_information"]]


def test_output_and_timeline_tell_of_the_same_task(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(10)
    block = stage.timeline(run_id)[0]["block"]
    output = stage.read(run_id)["output"]["go_output"]
    assert output["task_id"] == block["task_id"] == block["actions"][0]["task_id"]
    assert output["task_screenshot_artifact_ids"] == block["output"]["task_screenshot_artifact_ids"]
    assert len(output["task_screenshots"]) == 2
    assert block["output"]["task_screenshots"] is None


def test_a_script_may_say_the_output_of_a_block(stage: Stage):
    stage.fake.on().play(completed({"pause_output": 42, "extracted_information": []}))
    run_id = stage.workflow_run(WAIT)
    stage.wait(10)
    assert stage.read(run_id)["output"] == {"pause_output": 42, "extracted_information": []}
    assert stage.timeline(run_id)[0]["block"]["output"] == 42


# --- errors and reasons -----------------------------------------------------------------------------


def test_codes_that_the_caller_did_not_map_are_dropped(stage: Stage):
    stage.fake.on().play(terminated("no", errors=[RunError("A"), RunError("B", "why", 0.5)]))
    run_id = stage.start(Family.TASK, error_code_mapping={"B": "the b"})
    stage.wait(10)
    assert stage.read(run_id)["errors"] == [
        {
            "error_code": "B",
            "reasoning": "why",
            "confidence_float": 0.5,
            "error_type": "USER_DEFINED_ERROR",
        }
    ]
    assert advice(stage) == ["unmapped_error_code"]


def test_the_mapping_of_a_block_counts_too(stage: Stage):
    stage.fake.on().play(failed("no", error_code="A"))
    run_id = stage.workflow_run({**NAVIGATION, "error_code_mapping": {"A": "a"}})
    stage.wait(10)
    assert [error["error_code"] for error in stage.read(run_id)["errors"]] == ["A"]


@pytest.mark.parametrize(
    ("ending", "family", "reason"),
    [
        (failed("no"), Family.TASK, "no"),
        (failed("no"), Family.TASK_V2, "no"),
        (failed("no"), Family.WORKFLOW, "navigation block failed. failure reason: no"),
        (terminated("no"), Family.TASK, "no"),
        (terminated("no"), Family.WORKFLOW, "navigation block terminated. Reason: no"),
        (completed(), Family.WORKFLOW, None),
    ],
)
def test_failure_reason(stage: Stage, ending, family, reason):
    stage.fake.on().play(ending)
    run_id = stage.start(family)
    stage.wait(10)
    assert stage.read(run_id)["failure_reason"] == reason


def test_a_page_that_cannot_be_opened_gives_the_browsers_code(stage: Stage):
    lost = "Failed to navigate to url http://x/. Error message: net::ERR_NAME_NOT_RESOLVED at x"
    stage.fake.on().play(failed(lost))
    workflow, task = stage.start(Family.WORKFLOW), stage.start(Family.TASK)
    stage.wait(10)
    assert stage.read(workflow)["errors"] == [
        {"error_code": "net::ERR_NAME_NOT_RESOLVED", "reasoning": lost, "confidence_float": 1.0}
    ]
    assert stage.read(workflow)["output"] == {"go_output": None, "extracted_information": []}
    assert stage.read(task)["errors"] == []
