"""Runs that walk through their workflow's blocks, in virtual time: scripts of blocks, cancels, forks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyvern_testkit.script import (
    RunScript,
    ScriptError,
    completed,
    failed,
    queued,
    running,
    signal,
    terminated,
    timed_out,
)
from skyvern_testkit.world.events import EffectResult
from tests.world.stage import NAVIGATION, Stage

ITEMS = {
    "parameter_type": "workflow",
    "key": "items",
    "workflow_parameter_type": "json",
    "default_value": ["a", "b"],
}
EXTRACT = {
    "block_type": "extraction",
    "label": "extract",
    "url": "https://x.example/{{ current_value }}",
    "data_extraction_goal": "the price",
}


def wait(label: str, seconds: int = 1) -> dict[str, Any]:
    return {"block_type": "wait", "label": label, "wait_sec": seconds}


CHILD = {"parameters": [], "blocks": [wait("a", 9)]}


def stop(label: str, reason: str) -> dict[str, Any]:
    return {"block_type": "terminate", "label": label, "reason": reason}


def loop(label: str, *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "block_type": "for_loop",
        "label": label,
        "loop_blocks": list(blocks),
        **(more or {"loop_over_parameter_key": "items"}),
    }


def start(stage: Stage, *blocks: dict[str, Any], minutes: int = 240, **more: Any) -> str:
    """A run of a workflow of these blocks; returns its id."""
    definition = {"parameters": [ITEMS], "blocks": list(blocks), **more}
    made = stage.send(
        "POST /v1/agents", json_definition={"title": "Shop", "workflow_definition": definition}
    ).json
    run = stage.send(
        "POST /v1/run/agents",
        agent_id=made["workflow_permanent_id"],
        max_elapsed_time_minutes=minutes,
    ).json
    stage.wait(0)
    return str(run["run_id"])


def read(stage: Stage, run_id: str) -> Any:
    return stage.send(f"GET /v1/runs/{run_id}").json


def timeline(stage: Stage, run_id: str) -> Any:
    return stage.send(f"GET /v1/runs/{run_id}/timeline").json


def test_waits_take_their_seconds():
    stage = Stage()
    run_id = start(stage, wait("a", 7), wait("b", 5))
    stage.wait(11.9)
    assert read(stage, run_id)["status"] == "running"
    assert read(stage, run_id)["output"]["a_output"] == {"success": True}
    stage.wait(0.2)
    assert read(stage, run_id)["status"] == "completed"


def test_blocks_that_nobody_scripted_share_the_life_of_a_run():
    stage = Stage()
    second = {**NAVIGATION, "label": "on"}
    run_id = start(stage, NAVIGATION, second)
    stage.wait(2.4)
    assert [entry["block"]["label"] for entry in timeline(stage, run_id)] == ["go"]
    stage.wait(0.2)
    assert [entry["block"]["label"] for entry in timeline(stage, run_id)] == ["on", "go"]
    stage.wait(2.5)
    assert read(stage, run_id)["status"] == "completed"


def test_a_block_plays_its_script():
    stage = Stage()
    stage.fake.on(block="extract", workflow="Shop").play(
        RunScript(running(seconds=3, step="Look"), completed({"price": 12}))
    )
    run_id = start(stage, {**EXTRACT, "url": "https://x.example/"}, wait("pause", 4))
    stage.wait(3.5)
    assert read(stage, run_id)["status"] == "running"
    stage.wait(4)
    run = read(stage, run_id)
    assert run["status"] == "completed"
    assert run["output"]["extract_output"]["extracted_information"] == {"price": 12}
    assert run["output"]["extracted_information"] == [{"price": 12}]


def test_the_output_of_a_block_flows_into_later_ones():
    stage = Stage()
    stage.fake.on(block="extract").play(completed({"price": 12}))
    told = "{{ extract_output.extracted_information.price }} of {{ items[0] }}"
    run_id = start(stage, {**EXTRACT, "url": "https://x.example/"}, stop("end", told))
    stage.wait(10)
    assert read(stage, run_id)["failure_reason"] == "terminate block terminated. Reason: 12 of a"


def test_each_turn_of_a_loop_plays_the_next_script_and_may_know_its_value():
    stage = Stage()
    seen: list[tuple[Any, int | None]] = []

    @stage.fake.on(block="extract").play
    def prices(run):
        seen.append((run.current_value, run.current_index))
        yield running(seconds=1)
        yield completed({"item": run.current_value})

    run_id = start(stage, loop("all", EXTRACT))
    stage.wait(3)
    run = read(stage, run_id)
    assert seen == [("a", 0), ("b", 1)]
    turns = run["output"]["all_output"]
    found = [turn[0]["output_value"]["extracted_information"] for turn in turns]
    assert found == [{"item": "a"}, {"item": "b"}]
    (entry,) = timeline(stage, run_id)
    urls = [child["block"]["url"] for child in entry["children"]]
    assert urls == ["https://x.example/b", "https://x.example/a"]


def test_a_failed_block_fails_the_run_in_the_servers_words():
    stage = Stage()
    stage.fake.on(block="go").play(failed("No such page."))
    run_id = start(stage, NAVIGATION, wait("never"))
    stage.wait(10)
    run = read(stage, run_id)
    assert run["status"] == "failed"
    assert run["failure_reason"] == "navigation block failed. failure reason: No such page."
    assert [entry["block"]["label"] for entry in timeline(stage, run_id)] == ["go"]


@pytest.mark.parametrize("ending", [failed("x"), terminated("x")])
def test_a_block_that_may_fail_lets_the_run_go_on(ending: Any):
    stage = Stage()
    stage.fake.on(block="go").play(ending)
    run_id = start(stage, {**NAVIGATION, "continue_on_failure": True}, wait("after"))
    stage.wait(10)
    run = read(stage, run_id)
    assert run["status"] == "completed"
    assert run["output"]["go_output"]["status"] == str(ending.state)
    assert run["output"]["after_output"] == {"success": True}


def test_a_rule_for_the_whole_run_wins_over_rules_for_blocks():
    stage = Stage()
    stage.fake.on(block="go").play(failed("not asked"))
    stage.fake.on(workflow="Shop").play(completed({"go_output": 1}))
    run_id = start(stage, NAVIGATION)
    stage.wait(10)
    run = read(stage, run_id)
    assert (run["status"], run["output"]) == ("completed", {"go_output": 1})


def test_the_loops_values_and_the_branch_are_a_scripts_to_say():
    stage = Stage()
    stage.fake.on(block="all").play(completed(["x", "y", "z"]))
    stage.fake.on(block="which").play(completed("small"))
    asks = {
        "block_type": "conditional",
        "label": "which",
        "branch_conditions": [
            {
                "criteria": {"criteria_type": "prompt", "expression": "is it big?"},
                "next_block_label": "big",
            },
            {
                "criteria": {"criteria_type": "prompt", "expression": "is it small?"},
                "next_block_label": "small",
            },
            {"is_default": True, "next_block_label": "big"},
        ],
    }
    blocks = loop("all", wait("turn"), loop_variable_reference="every row of the table")
    run_id = start(stage, {**blocks, "next_block_label": "which"}, asks, wait("big"), wait("small"))
    stage.wait(30)
    run = read(stage, run_id)
    assert run["status"] == "completed"
    values = [turn[0]["loop_value"] for turn in run["output"]["all_output"]]
    assert values == ["x", "y", "z"]
    assert "small_output" in run["output"]
    assert "big_output" not in run["output"]


def test_an_answered_request_is_the_blocks_output():
    """The form of the output is that of the real server's (recorded group ``walk_http``)."""
    stage = Stage(
        answer=EffectResult(
            status=200, body='{"a": 1}', headers={"Content-Type": "application/json"}
        )
    )
    block = {
        "block_type": "http_request",
        "label": "h",
        "method": "POST",
        "url": "http://127.0.0.1:9/{{ items[0] }}",
        "headers": {"X-A": "{{ items[1] }}"},
        "body": {"n": "{{ items | length }}"},
    }
    run_id = start(stage, block)
    stage.wait(1)
    (effect,) = stage.sent
    sent = stage.fake.render_effect(effect)
    assert (sent.method, sent.path, json.loads(sent.body)) == ("POST", "/a", {"n": "2"})
    assert ("X-A", "b") in sent.headers
    assert read(stage, run_id)["output"]["h_output"] == {
        "status_code": 200,
        "response_headers": {"Content-Type": "application/json"},
        "response_body": {"a": 1},
        "request_method": "POST",
        "request_url": "http://127.0.0.1:9/a",
        "request_headers": {"X-A": "b", "Content-Type": "application/json"},
        "request_body": {"n": "2"},
        "headers": {"Content-Type": "application/json"},
        "body": {"a": 1},
        "url": "http://127.0.0.1:9/a",
    }


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (EffectResult(status=404), "HTTP 404: "),
        (EffectResult(status=500, body="broken"), "HTTP 500: broken"),
        (EffectResult(error="gone"), "HTTP request failed: gone"),
    ],
)
def test_a_refused_request_fails_its_block(answer: EffectResult, reason: str):
    stage = Stage(answer=answer)
    block = {"block_type": "http_request", "label": "h", "method": "GET", "url": "http://127.0.0.1"}
    run_id = start(stage, block)
    stage.wait(1)
    expected = f"http_request block failed. failure reason: {reason}"
    assert read(stage, run_id)["failure_reason"] == expected


def test_nobody_outside_is_asked_and_is_taken_to_have_said_yes():
    stage = Stage(answer=EffectResult(error="not contacted", contacted=False))
    block = {"block_type": "http_request", "label": "h", "method": "GET", "url": "x.example/y"}
    run_id = start(stage, block)
    stage.wait(1)
    output = read(stage, run_id)["output"]["h_output"]
    assert (output["status_code"], output["body"]) == (200, {})
    assert output["request_url"] == "https://x.example/y"


def test_a_while_loop_that_lets_no_time_pass_ends_at_the_servers_limit():
    stage = Stage()
    forever = {
        "block_type": "while_loop",
        "label": "w",
        "condition": {"criteria_type": "jinja2_template", "expression": "{{ true }}"},
        "loop_blocks": [{**NAVIGATION, "label": "go"}],
    }
    stage.fake.on(block="go").play(RunScript(running(seconds=0), completed()))
    run_id = start(stage, forever)
    stage.wait(1)
    expected = "while_loop block failed. failure reason: Reached max_loop_iterations limit of 1000"
    assert stage.fake.run(run_id).failure_reason == expected


def test_the_elapsed_limit_ends_whatever_is_at_work():
    stage = Stage()
    run_id = start(stage, loop("all", wait("a", 100)), minutes=1)
    stage.wait(61)
    assert read(stage, run_id)["status"] == "timed_out"
    (entry,) = timeline(stage, run_id)
    assert entry["block"]["status"] == "timed_out"
    assert entry["children"][0]["block"]["status"] == "timed_out"


def test_a_retry_walks_again_from_the_start():
    stage = Stage()
    stage.fake.on(block="go").play(failed("x"), completed())
    policy = {"max_retries": 1, "delay_seconds": 10, "retry_on": [{"status": "failed"}]}
    run_id = start(stage, wait("first"), NAVIGATION, retry_policy=policy)
    stage.wait(8)
    assert read(stage, run_id)["retry_pending"] is True
    stage.wait(20)
    run = read(stage, run_id)
    assert (run["status"], run["attempt"]) == ("completed", 2)
    labels = [(entry["attempt"], entry["block"]["label"]) for entry in timeline(stage, run_id)]
    assert labels == [(2, "go"), (2, "first"), (1, "go"), (1, "first")]


def test_a_forked_walk_goes_its_own_way():
    stage = Stage()
    stage.fake.on(block="go").play(RunScript(running(until=signal("on")), completed()))
    run_id = start(stage, loop("all", NAVIGATION))
    twin = Stage(fake=stage.fake.fork(), key=stage.fake.api_key)
    stage.fake.signal("on")
    stage.fake.signal("on")
    assert stage.fake.run(run_id).status == "completed"
    assert twin.fake.run(run_id).status == "running"
    twin.fake.signal("on")
    walk = twin.fake.run(run_id).walk
    assert walk is not None
    assert walk.frames[-1].loop is not None
    assert walk.frames[-1].loop.index == 1


def test_a_cancel_takes_the_child_runs_along():
    stage = Stage()
    child = stage.send(
        "POST /v1/agents",
        json_definition={"title": "Child", "workflow_definition": CHILD},
    ).json["workflow_permanent_id"]
    run_id = start(
        stage, {"block_type": "workflow_trigger", "label": "w", "workflow_permanent_id": child}
    )
    stage.wait(1)
    stage.send(f"POST /v1/runs/{run_id}/cancel")
    (parent, kid) = stage.fake.runs
    assert (parent.status, kid.status, kid.parent_run_id) == ("canceled", "canceled", run_id)
    assert stage.send(f"GET /v1/runs/{kid.id}").status == 404


def test_a_rule_for_an_unknown_block_is_told():
    stage = Stage()
    stage.fake.on(workflow="Shop", block="extrct").play(completed(1))
    start(stage, EXTRACT)
    (advice,) = [it for it in stage.fake.world.advice if it.kind == "block_unknown"]
    assert "on(workflow='Shop', block='extrct') fits no block" in advice.text
    assert "(blocks: extract)" in advice.text


@pytest.mark.parametrize(
    "script",
    [RunScript(queued(2), running(), completed()), timed_out(), RunScript(running(block="b"))],
)
def test_a_block_cannot_play_the_life_of_a_run(script: Any):
    with pytest.raises(ScriptError):
        Stage().fake.on(block="go").play(script)
