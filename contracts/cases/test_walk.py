"""Runs that walk through the blocks of their workflow, where no block needs a browser or a model."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

FINAL = {"completed", "failed", "terminated", "timed_out", "canceled"}
Json = dict[str, Any]
RAW = "the SDK cannot read a workflow that has a terminate block"


def parameter(key: str, kind: str, default: Any) -> Json:
    return {
        "parameter_type": "workflow",
        "key": key,
        "workflow_parameter_type": kind,
        "default_value": default,
    }


PARAMETERS = [
    parameter("n", "integer", 3),
    parameter("items", "json", ["a", "b"]),
    parameter("word", "string", "x, y"),
    parameter("flag", "boolean", default=True),
    parameter("one", "json", {"k": "v"}),
]


def wait(label: str) -> Json:
    return {"block_type": "wait", "label": label, "wait_sec": 1}


def stop(label: str, reason: str = "stop {{ n }}", **more: Any) -> Json:
    return {"block_type": "terminate", "label": label, "reason": reason, **more}


def loop(label: str, *blocks: Json, **more: Any) -> Json:
    over = {} if "loop_variable_reference" in more else {"loop_over_parameter_key": "items"}
    return {"block_type": "for_loop", "label": label, "loop_blocks": list(blocks), **over, **more}


def bad_url(label: str, **more: Any) -> Json:
    """A block that fails without asking anybody."""
    return {
        "block_type": "http_request",
        "label": label,
        "method": "GET",
        "url": "not a url",
        **more,
    }


def branch(expression: str | None, label: str | None) -> Json:
    if expression is None:
        return {"is_default": True, "next_block_label": label}
    criteria = {"criteria_type": "jinja2_template", "expression": expression}
    return {"criteria": criteria, "next_block_label": label, "is_default": False}


def workflow(skyvern: Caller, *blocks: Json, **more: Any) -> str:
    inner = {"parameters": PARAMETERS, "blocks": list(blocks), **more}
    definition = {"title": "Walk", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    return wpid


def walked(skyvern: Caller, *blocks: Json, **more: Any) -> Json:
    """A run of a workflow of these blocks, when it is over."""
    run_id = skyvern.call("run_workflow", agent_id=workflow(skyvern, *blocks, **more)).ok()[
        "run_id"
    ]
    for _ in range(120):
        run: Json = skyvern.call("get_run", run_id=run_id).ok()
        if run["status"] in FINAL:
            return run
        skyvern.wait(0.5)
    raise AssertionError(f"{run_id} has not ended")


def rows(skyvern: Caller, run: Json) -> list[Any]:
    entries: list[Any] = skyvern.call("get_run_timeline", run_id=run["run_id"]).ok()
    return entries


@case("walk.order", fact="runs 3.3; recorded: walk.waits", raw_only=RAW)
def test_blocks_run_one_after_the_other(skyvern: Caller) -> None:
    run = walked(skyvern, wait("a"), wait("b"))
    assert run["status"] == "completed"
    assert list(run["output"]) == ["a_output", "b_output", "extracted_information"]
    assert [row["block"]["label"] for row in rows(skyvern, run)] == ["b", "a"]


@case("walk.terminate", fact="runs 3.3; recorded: walk.terminate", raw_only=RAW)
def test_a_terminate_block_ends_the_run_with_its_rendered_reason(skyvern: Caller) -> None:
    run = walked(skyvern, stop("t"), wait("b"))
    assert run["status"] == "terminated"
    assert run["failure_reason"] == "terminate block terminated. Reason: stop 3"
    assert run["output"]["t_output"] == {"reason": "stop 3"}


@case("walk.terminate.code", fact="runs 3.3; recorded: walk_more.term_code", raw_only=RAW)
def test_a_terminate_block_may_name_an_error(skyvern: Caller) -> None:
    run = walked(skyvern, stop("t", error_code="E_STOP"))
    error = {"error_code": "E_STOP", "reasoning": "stop 3", "confidence_float": 1.0}
    assert run["errors"] == [error]
    assert rows(skyvern, run)[0]["block"]["error_codes"] == ["E_STOP"]


@case(
    "walk.terminate.continue",
    fact="recorded: walk.terminate_continue, walk_fifth.outer_cont",
    raw_only=RAW,
)
@pytest.mark.parametrize("where", ["itself", "its loop"])
def test_continue_on_failure_does_not_hold_a_terminate_block_up(
    skyvern: Caller, where: str
) -> None:
    block = stop("t", continue_on_failure=True)
    if where == "its loop":
        block = loop("l", stop("t"), continue_on_failure=True)
    assert walked(skyvern, block, wait("b"))["status"] == "terminated"


@case("walk.continue", fact="runs 3.3; recorded: walk_more.only_cont", raw_only=RAW)
def test_a_block_that_may_fail_lets_the_run_complete(skyvern: Caller) -> None:
    run = walked(skyvern, bad_url("h", continue_on_failure=True), wait("b"))
    assert run["status"] == "completed"
    assert [row["block"]["status"] for row in rows(skyvern, run)] == ["completed", "failed"]


@case("walk.fail", fact="runs 3.3; recorded: walk_more.http_bad", raw_only=RAW)
def test_a_block_that_fails_fails_the_run(skyvern: Caller) -> None:
    run = walked(skyvern, bad_url("h"), wait("b"))
    sentence = "http_request block failed. failure reason: Invalid url: malformed."
    assert (run["status"], run["failure_reason"]) == ("failed", sentence)


@case("walk.finally", fact="recorded: walk.finally, walk.finally_ok", raw_only=RAW)
@pytest.mark.parametrize("first", [wait("b"), stop("b")], ids=["completed", "terminated"])
def test_the_finally_block_comes_whatever_happens(skyvern: Caller, first: Json) -> None:
    run = walked(skyvern, first, wait("f"), finally_block_label="f")
    assert list(run["output"]) == ["b_output", "f_output", "extracted_information"]
    assert run["status"] == ("completed" if first["block_type"] == "wait" else "terminated")


@case("walk.loop", fact="runs 6; recorded: walk.loop", raw_only=RAW)
def test_a_loop_has_a_turn_for_each_value(skyvern: Caller) -> None:
    run = walked(skyvern, loop("l", wait("a")))
    turns = run["output"]["l_output"]
    assert [turn[0]["loop_value"] for turn in turns] == ["a", "b"]
    assert turns[0][0]["output_value"] == {"success": True}
    assert turns[0][0]["output_parameter"]["key"] == "a_output"
    (row,) = rows(skyvern, run)
    assert row["block"]["loop_values"] == ["a", "b"]
    places = [
        (child["block"]["current_value"], child["block"]["current_index"])
        for child in row["children"]
    ]
    assert places == [("b", 1), ("a", 0)]


@case(
    "walk.loop.reference",
    fact="recorded: walk_more.loop_int, walk_more.loop_dict, walk_fifth",
    raw_only=RAW,
)
@pytest.mark.parametrize(
    ("reference", "values"),
    [
        ("{{ items }}", ["a", "b"]),
        ("word", ["x, y"]),
        ("{{ n }}", [3]),
        ("one", [{"k": "v"}]),
        ("{{ range(2) | list }}", [0, 1]),
    ],
)
def test_what_a_loop_goes_over(skyvern: Caller, reference: str, values: list[Any]) -> None:
    inner = bad_url("h", continue_on_failure=True)
    run = walked(skyvern, loop("l", inner, loop_variable_reference=reference))
    assert rows(skyvern, run)[0]["block"]["loop_values"] == values


@case("walk.loop.empty", fact="recorded: walk.loop_empty, walk.loop_empty_fail", raw_only=RAW)
@pytest.mark.parametrize(("completes", "status"), [(True, "completed"), (False, "terminated")])
def test_a_loop_over_nothing(skyvern: Caller, completes: bool, status: str) -> None:
    block = loop("l", wait("a"), loop_variable_reference="{{ [] }}", complete_if_empty=completes)
    run = walked(skyvern, block)
    assert (run["status"], run["output"]["l_output"]) == (status, [])


@case("walk.loop.fail", fact="recorded: walk_more.loop_fail", raw_only=RAW)
@pytest.mark.parametrize(
    ("inner", "outer", "turns"),
    [
        ({}, {}, None),
        ({"continue_on_failure": True}, {}, [2, 2]),
        ({"next_loop_on_failure": True}, {}, [1, 1]),
        ({}, {"next_loop_on_failure": True}, [1, 1]),
        ({}, {"continue_on_failure": True}, [1]),
    ],
    ids=["fails", "goes on", "next turn", "next turn by the loop", "after the loop"],
)
def test_a_failure_inside_a_loop(
    skyvern: Caller, inner: Json, outer: Json, turns: list[int] | None
) -> None:
    run = walked(skyvern, loop("l", bad_url("h", **inner), wait("a"), **outer), wait("z"))
    if turns is None:
        sentence = "for_loop block failed. failure reason: Invalid url: malformed."
        assert run["failure_reason"] == sentence
        return
    assert run["status"] == "completed"
    assert [len(turn) for turn in run["output"]["l_output"]] == turns


@case("walk.loop.names", fact="recorded: walk_more.cur, walk_more.cur_obj", raw_only=RAW)
def test_what_templates_may_name_in_a_loop(skyvern: Caller) -> None:
    said = "{{ current_value }} {{ current_item }} {{ current_index }} {{ flag }} {{ one.k }}"
    run = walked(skyvern, loop("l", stop("t", said)))
    assert run["failure_reason"] == "for_loop block terminated. Reason: a a 0 True v"


@case("walk.while", fact="recorded: walk.while, walk_more.while_false", raw_only=RAW)
@pytest.mark.parametrize("times", [0, 2])
def test_a_while_loop_asks_before_each_turn(skyvern: Caller, times: int) -> None:
    condition = {
        "criteria_type": "jinja2_template",
        "expression": f"{{{{ current_index < {times} }}}}",
    }
    block = {
        "block_type": "while_loop",
        "label": "w",
        "condition": condition,
        "loop_blocks": [wait("a")],
    }
    run = walked(skyvern, block)
    assert (run["status"], len(run["output"]["w_output"])) == ("completed", times)


@case("walk.conditional", fact="recorded: walk.cond, walk.cond_default", raw_only=RAW)
@pytest.mark.parametrize(("limit", "taken"), [(2, "big"), (5, "small")])
def test_a_conditional_takes_a_branch(skyvern: Caller, limit: int, taken: str) -> None:
    branches = [branch(f"{{{{ n > {limit} }}}}", "big"), branch(None, "small")]
    run = walked(
        skyvern,
        {"block_type": "conditional", "label": "c", "branch_conditions": branches},
        {**wait("big"), "next_block_label": "end"},
        {**wait("small"), "next_block_label": "end"},
        wait("end"),
    )
    output = run["output"]
    assert list(output) == [*("c_output", f"{taken}_output", "end_output", "extracted_information")]
    assert output["c_output"]["branch_taken"] == taken
    end, conditional = rows(skyvern, run)
    assert end["block"]["label"] == "end"
    assert conditional["block"]["executed_branch_next_block"] == taken
    assert [child["block"]["label"] for child in conditional["children"]] == [taken]


@case("walk.conditional.none", fact="recorded: walk.cond_none", raw_only=RAW)
def test_no_branch_matches(skyvern: Caller) -> None:
    branches = [branch("{{ n > 5 }}", "big")]
    block = {"block_type": "conditional", "label": "c", "branch_conditions": branches}
    run = walked(skyvern, block, wait("big"))
    assert run["status"] == "failed"
    assert run["failure_reason"] == (
        "conditional block failed. failure reason: No conditional branch matched and no default "
        "branch configured"
    )


@case(
    "walk.template.undefined", fact="recorded: walk.undefined, walk_more.undef_plain", raw_only=RAW
)
def test_what_is_not_there_renders_as_nothing_and_has_no_attributes(skyvern: Caller) -> None:
    run = walked(skyvern, stop("t", "<{{ nope }}>"))
    assert run["output"]["t_output"] == {"reason": "<>"}
    run = walked(skyvern, stop("t", "{{ nope.x }}"))
    assert run["status"] == "failed"
    output = run["output"]["t_output"]
    assert "Reason: 'nope' is undefined." in output["failure_reason"]
    assert {"n", "items", "t", "workflow_run_id", "current_date"} <= {*output["available_keys"]}


@case("walk.template.outputs", fact="recorded: walk_more.outs", raw_only=RAW)
def test_outputs_flow_into_later_blocks(skyvern: Caller) -> None:
    run = walked(skyvern, wait("a"), stop("t", "{{ a_output.success }} {{ workflow_run_outputs }}"))
    assert run["output"]["t_output"]["reason"] == "True {'a': {'success': True}}"


@case("walk.child", fact="recorded: walk_child.sync, walk_kids.filled", raw_only=RAW)
def test_a_child_run_is_waited_for(skyvern: Caller) -> None:
    child = workflow(skyvern, wait("a"))
    block = {"block_type": "workflow_trigger", "label": "w", "workflow_permanent_id": child}
    run = walked(skyvern, block, wait("z"))
    output = run["output"]["w_output"]
    assert (output["status"], output["outputs"]) == ("completed", {"a_output": {"success": True}})
    hidden = skyvern.send("GET", f"/v1/runs/{output['workflow_run_id']}")
    assert hidden.status == 404


@case("walk.child.fails", fact="recorded: walk_child.bad", raw_only=RAW)
def test_a_child_run_that_ends_badly_fails_its_block(skyvern: Caller) -> None:
    child = workflow(skyvern, stop("t", "{{ n }}"))
    block = {
        "block_type": "workflow_trigger",
        "label": "w",
        "workflow_permanent_id": child,
        "payload": {"n": "{{ n + 1 }}"},
    }
    run = walked(skyvern, block)
    assert run["failure_reason"] == (
        "workflow_trigger block failed. failure reason: terminate block terminated. Reason: 4"
    )


@case("walk.child.async", fact="recorded: walk_async", raw_only=RAW)
def test_a_child_run_that_is_not_waited_for(skyvern: Caller) -> None:
    child = workflow(skyvern, wait("a"))
    block = {
        "block_type": "workflow_trigger",
        "label": "w",
        "workflow_permanent_id": child,
        "wait_for_completion": False,
    }
    run = walked(skyvern, block, wait("z"))
    output = run["output"]["w_output"]
    assert output["status"] == "queued"
    seen = skyvern.call("get_run", run_id=output["workflow_run_id"]).ok()
    assert seen["run_request"]["workflow_id"] == child
