"""What stands beside a browser session, the types of browser, and addresses of artifacts."""

from __future__ import annotations

import pytest

from skyvern_testkit.contract import Caller, case

NO_METHOD = "the SDK has no method for it"
MISSING = {"code": "browser_session_not_found"}


@case("browser_types.none", fact="resources 11", raw_only=NO_METHOD)
def test_open_source_server_offers_no_types_of_browser(skyvern: Caller) -> None:
    assert skyvern.call("get_browser_types").ok() == []


@case("sessions.metadata", fact="recorded: extras.own_metadata", raw_only=NO_METHOD)
def test_metadata_of_an_unused_session(skyvern: Caller) -> None:
    session = skyvern.call("create_browser_session").ok()
    session_id = session["browser_session_id"]
    assert skyvern.send("GET", f"/v1/browser_sessions/{session_id}/metadata").ok() == {
        "browser_session_id": session_id,
        "organization_id": session["organization_id"],
        "status": "created",
        "created_at": session["created_at"],
        "completed_at": None,
        "runnable_id": None,
        "associated_workflow_runs": [],
        "association_index_complete": True,
    }


@case("sessions.metadata.runs", fact="recorded: extras.used2_metadata", raw_only=NO_METHOD)
def test_metadata_tells_the_runs_in_a_session(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    block = {"block_type": "wait", "label": "pause", "wait_sec": 1}
    definition = {"title": "Flow", "workflow_definition": {"parameters": [], "blocks": [block]}}
    workflow_id = skyvern.call("create_workflow", json_definition=definition).ok()[
        "workflow_permanent_id"
    ]
    run_id = skyvern.call("run_workflow", agent_id=workflow_id, browser_session_id=session_id).ok()[
        "run_id"
    ]
    path = f"/v1/browser_sessions/{session_id}/metadata"
    (told,) = skyvern.send("GET", path).ok()["associated_workflow_runs"]
    assert (told["workflow_run_id"], told["workflow_permanent_id"]) == (run_id, workflow_id)
    assert told["association_browser_session_id"] == session_id


@case("sessions.action_logs", fact="recorded: extras.own_logs", raw_only=NO_METHOD)
def test_nothing_was_done_in_a_session_that_nobody_watched(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    path = f"/v1/browser_sessions/{session_id}/action_logs"
    assert skyvern.send("GET", path).ok() == {"events": [], "next_cursor": None}


@case("sessions.action_logs.query", fact="recorded: extras.logs_cursor", raw_only=NO_METHOD)
def test_pages_of_the_log_are_checked(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    path = f"/v1/browser_sessions/{session_id}/action_logs"
    skyvern.send("GET", f"{path}?page_size=0").invalid(("greater_than_equal", "query", "page_size"))
    skyvern.send("GET", f"{path}?page_size=101").invalid(("less_than_equal", "query", "page_size"))


@case("sessions.metadata.unknown", fact="recorded: extras.unknown_metadata", raw_only=NO_METHOD)
@pytest.mark.parametrize("end", ["metadata", "action_logs"])
def test_unknown_session_has_nothing_beside_it(skyvern: Caller, end: str) -> None:
    answer = skyvern.send("GET", f"/v1/browser_sessions/pbs_1/{end}")
    assert (answer.status, answer.json) == (404, {"detail": MISSING})


@case("sessions.metadata.id", fact="recorded: sessionids.m.x", raw_only=NO_METHOD)
@pytest.mark.parametrize("session_id", ["x", "pbs_", "pbs_a", "PBS_1", "pbs_" + "1" * 21])
def test_metadata_are_asked_for_by_what_looks_like_an_id(skyvern: Caller, session_id: str) -> None:
    skyvern.send("GET", f"/v1/browser_sessions/{session_id}/metadata").invalid(
        ("string_pattern_mismatch", "path", "session_id")
    )


@case("artifacts.signed_url.unknown", fact="recorded: extras.signed", raw_only=NO_METHOD)
def test_unknown_artifact_has_no_address(skyvern: Caller) -> None:
    skyvern.send("GET", "/v1/artifacts/a_1/signed-url").refused(404, "Artifact not found a_1")
