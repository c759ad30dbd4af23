"""Single actions on a page: run_sdk_action."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

URL = "https://shop.example"
EXTRACT: dict[str, Any] = {"type": "extract", "prompt": "the price"}
NEEDS = "an action needs a browser and a model"


def act(skyvern: Caller, action: dict[str, Any] | None = None, **asked: Any) -> Any:
    return skyvern.call("run_sdk_action", url=URL, action=action or EXTRACT, **asked)


# --- what is refused ----------------------------------------------------------------------------


@case("sdk_actions.type", fact="recorded: actions.unknown_type", raw_only="the SDK knows the types")
def test_type_must_be_known(skyvern: Caller) -> None:
    act(skyvern, {"type": "hover"}).invalid(("union_tag_invalid", "body", "action"))
    act(skyvern, {"prompt": "x"}).invalid(("union_tag_not_found", "body", "action"))


@case("sdk_actions.prompt", fact="recorded: actions.bare_validate", raw_only="the SDK requires it")
@pytest.mark.parametrize("kind", ["validate", "prompt"])
def test_some_actions_need_a_prompt(skyvern: Caller, kind: str) -> None:
    act(skyvern, {"type": kind}).invalid(("missing", "body", "action", kind, "prompt"))


@case("sdk_actions.no_body", fact="recorded: actions.empty", raw_only="the SDK requires both")
def test_url_and_action_are_required(skyvern: Caller) -> None:
    skyvern.send(
        "POST", "/v1/sdk/run_action", content=b"{}", headers={"content-type": "application/json"}
    ).invalid(("missing", "body", "url"), ("missing", "body", "action"))


@case("sdk_actions.unknown_session", fact="recorded: actions.unknown_session")
def test_unknown_session_is_missed(skyvern: Caller) -> None:
    act(skyvern, browser_session_id="pbs_1").refused(
        404, "Browser session pbs_1 does not exist or is not live."
    )


@case("sdk_actions.stranger", fact="recorded: actions.foreign_session")
def test_sessions_of_others_are_missed(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    act(skyvern.stranger(), browser_session_id=session_id).refused(404)


@case("sdk_actions.closed_session", fact="recorded: actions.closed_session")
def test_closed_session_is_of_no_use(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.call("close_browser_session", browser_session_id=session_id).ok()
    act(skyvern, browser_session_id=session_id).refused(
        410,
        f"Browser session {session_id} is no longer usable (status: completed). "
        "Create a new browser session and retry.",
    )


@case("sdk_actions.unknown_run", fact="recorded: actions2.both_unknown")
def test_unknown_run_is_missed_first(skyvern: Caller) -> None:
    act(skyvern, workflow_run_id="wr_1", browser_session_id="pbs_1", browser_address="x").refused(
        404, "Workflow run wr_1 not found"
    )


@case("sdk_actions.address", fact="recorded: actions2.address_*")
@pytest.mark.parametrize("address", ["x", "http://", "ftp://h", "h:1", "http://h:99999"])
def test_address_must_be_one(skyvern: Caller, address: str) -> None:
    act(skyvern, browser_address=address).refused(
        422,
        "browser_address: Value error, browser_address must be an HTTP(S) or WebSocket URL "
        "with a host",
    )


# --- what they do -------------------------------------------------------------------------------


@case("sdk_actions.answers", fact="runs 1", ours_only=NEEDS)
@pytest.mark.parametrize(
    ("action", "result"),
    [
        ({"type": "ai_click", "intention": "go", "selector": "#go"}, "#go"),
        ({"type": "ai_input_text", "intention": "fill", "value": "Ada"}, "Ada"),
        ({"type": "ai_select_option", "intention": "pick", "value": "DE"}, "DE"),
        ({"type": "ai_upload_file", "intention": "send", "file_url": "https://f.example/a"}, None),
        ({"type": "ai_act", "intention": "log in"}, None),
        ({"type": "validate", "prompt": "is it there?"}, True),
    ],
)
def test_actions_answer_what_they_were_given(
    skyvern: Caller, action: dict[str, Any], result: Any
) -> None:
    told = act(skyvern, action).ok()
    assert told["workflow_run_id"].startswith("wr_")
    assert told["result"] == (result or action.get("file_url"))


@case("sdk_actions.extract", fact="runs 1", ours_only=NEEDS)
def test_extraction_keeps_to_its_schema(skyvern: Caller) -> None:
    schema = {
        "type": "object",
        "properties": {"price": {"type": "number"}},
        "required": ["price"],
        "additionalProperties": False,
    }
    found = act(skyvern, {**EXTRACT, "extract_schema": schema}).ok()["result"]
    assert list(found) == ["price"]
    assert isinstance(found["price"], int | float)


@case("sdk_actions.scripted", fact="runs 1", ours_only=NEEDS)
def test_what_a_test_says_is_answered(skyvern: Caller) -> None:
    skyvern.fake.on_action(type="extract", prompt="*price*").answer({"price": 1}, {"price": 2})
    found = [act(skyvern).ok()["result"] for _ in range(3)]
    assert found == [{"price": 1}, {"price": 2}, {"price": 2}]


@case("sdk_actions.same_run", fact="runs 1", ours_only=NEEDS)
def test_actions_can_share_a_run(skyvern: Caller) -> None:
    first = act(skyvern).ok()["workflow_run_id"]
    assert act(skyvern, workflow_run_id=first).ok()["workflow_run_id"] == first
    assert act(skyvern).ok()["workflow_run_id"] != first


@case("sdk_actions.run", fact="runs 1", ours_only=NEEDS)
def test_run_of_an_action_is_among_those_of_workflows_alone(skyvern: Caller) -> None:
    run_id = act(skyvern).ok()["workflow_run_id"]
    (row,) = skyvern.call("get_workflow_runs").ok()
    assert (row["workflow_run_id"], row["status"]) == (run_id, "completed")
    assert row["workflow_title"] == "SDK Workflow"
    assert skyvern.call("get_runs_v2").ok() == []
    assert skyvern.call("get_workflows").ok() == []
    skyvern.call("get_run", run_id=run_id).refused(404, f"Task run not found {run_id}")
