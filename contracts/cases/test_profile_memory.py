"""What a workflow keeps of its browser, and who uses a profile."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

DEFINITION: dict[str, Any] = {
    "title": "Flow",
    "workflow_definition": {
        "parameters": [],
        "blocks": [{"block_type": "wait", "label": "pause", "wait_sec": 1}],
    },
}
NO_METHOD = "the SDK 1.0.56 has no method for it"
SPELLED = "the SDK knows one spelling of its path"


def new_workflow(skyvern: Caller, **settings: Any) -> str:
    definition = {**DEFINITION, **settings}
    made: str = skyvern.call("create_workflow", json_definition=definition).ok()[
        "workflow_permanent_id"
    ]
    return made


def finish(skyvern: Caller, workflow_id: str, **asked: Any) -> None:
    """Run it until it is over; a run that only waits completes anywhere."""
    run_id = skyvern.call("run_workflow", agent_id=workflow_id, **asked).ok()["run_id"]
    for _ in range(60):
        if skyvern.call("get_run", run_id=run_id).ok()["status"] == "completed":
            return
        skyvern.wait(1)
    raise AssertionError(f"{run_id} did not complete")


def managed_by(skyvern: Caller, workflow_id: str) -> list[str]:
    rows = skyvern.call("list_browser_profiles", managed=True).ok()
    return [row["name"] for row in rows if row["workflow_permanent_id"] == workflow_id]


@case("profiles.reset", fact="recorded: extras.reset_ran", raw_only=SPELLED)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/agents/{}/browser_session/reset_profile",
        "/v1/workflows/{}/browser_session/refresh",
    ],
)
def test_reset_deletes_what_a_workflow_kept(skyvern: Caller, path: str) -> None:
    workflow_id = new_workflow(skyvern, persist_browser_session=True)
    finish(skyvern, workflow_id)
    assert managed_by(skyvern, workflow_id) == ["Flow (auto-saved session)"]
    assert skyvern.send("POST", path.format(workflow_id)).status == 204
    assert managed_by(skyvern, workflow_id) == []


@case("profiles.reset.nothing", fact="recorded: extras.reset_plain", raw_only=SPELLED)
def test_workflow_that_keeps_nothing_can_be_reset(skyvern: Caller) -> None:
    path = f"/v1/agents/{new_workflow(skyvern)}/browser_session/reset_profile"
    assert [skyvern.send("POST", path).status for _ in range(2)] == [204, 204]


@case("profiles.reset.unknown", fact="recorded: extras.reset_unknown", raw_only=SPELLED)
def test_unknown_workflow_is_not_reset(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/agents/wpid_1/browser_session/reset_profile").refused(
        404, "Workflow not found. workflow_permanent_id=wpid_1"
    )


@case("profiles.usage.workflows", fact="recorded: extras.usage_more", raw_only=NO_METHOD)
def test_usage_tells_the_workflows_of_a_profile(skyvern: Caller) -> None:
    profile_id = skyvern.call(
        "create_browser_profile", name=f"told, workflows, {skyvern.driver}"
    ).ok()["browser_profile_id"]
    path = f"/v1/browser_profiles/{profile_id}/usage"
    workflow_id = new_workflow(skyvern, browser_profile_id=profile_id)
    used = {"workflow_permanent_id": workflow_id, "title": "Flow", "via": "browser_profile_id"}
    assert skyvern.send("GET", path).ok()["workflows"] == [used]
    skyvern.call("update_workflow", workflow_id=workflow_id, json_definition=DEFINITION).ok()
    assert skyvern.send("GET", path).ok()["workflows"] == []


@case("profiles.usage.runs", fact="recorded: extras.usage_ran", raw_only=NO_METHOD)
def test_usage_counts_the_runs_that_began_with_a_profile(skyvern: Caller) -> None:
    profile_id = skyvern.call("create_browser_profile", name=f"told, runs, {skyvern.driver}").ok()[
        "browser_profile_id"
    ]
    finish(skyvern, new_workflow(skyvern, browser_profile_id=profile_id))
    finish(skyvern, new_workflow(skyvern), browser_profile_id=profile_id)
    path = f"/v1/browser_profiles/{profile_id}/usage"
    assert skyvern.send("GET", path).ok()["recent_seeded_run_count"] == 2


@case("profiles.picked", fact="recorded: extras.usage_run")
def test_workflows_own_profile_is_picked_for_its_runs(skyvern: Caller) -> None:
    profile_id = skyvern.call("create_browser_profile", name=f"picked, {skyvern.driver}").ok()[
        "browser_profile_id"
    ]
    workflow_id = new_workflow(skyvern, browser_profile_id=profile_id)
    run = skyvern.call("run_workflow", agent_id=workflow_id).ok()
    assert (run["browser_profile_id"], run["browser_seed_source"]) == (profile_id, "picked")
