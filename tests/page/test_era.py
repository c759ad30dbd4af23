"""What the page says of its own time, which is not so any more: the dialect 1.0.24, by raw HTTP."""

from __future__ import annotations

import time

import pytest

from skyvern_testkit import RunScript, completed, fake_skyvern, running
from skyvern_testkit.transport.server import serving

URL = "https://harbour.example"
WORKFLOW = {
    "json_definition": {
        "title": "Look",
        "workflow_definition": {
            "parameters": [],
            "blocks": [{"block_type": "task", "label": "look", "url": URL}],
        },
    }
}


@pytest.fixture(params=["in memory", "served"])
def http(request):
    with fake_skyvern(dialect="1.0.24") as fake:
        fake.on().play(RunScript(running(5, step="Look"), completed({"ships": 3})))
        if request.param == "in memory":
            with fake.http() as client:
                yield client
        else:
            with serving(fake) as server, server.http() as client:
                yield client


V1 = {"prompt": "Count", "url": URL, "engine": "skyvern-1.0"}


def made(answer) -> dict[str, object]:
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


# --- browser sessions ---------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [5, 60, 241, 1440])
def test_a_session_lasts_as_many_minutes_as_it_is_asked_to(http, minutes):
    session = made(http.post("/v1/browser_sessions", json={"timeout": minutes}))
    assert session["timeout"] == minutes
    assert session.get("warning") is None


@pytest.mark.parametrize("minutes", [4, 1441])
def test_a_session_outside_5_to_1440_minutes_is_refused(http, minutes):
    answer = http.post("/v1/browser_sessions", json={"timeout": minutes})
    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["body", "timeout"]


# --- tasks --------------------------------------------------------------------------------------


def test_the_engine_is_the_second_unless_said(http):
    run = made(http.post("/v1/run/tasks", json={"prompt": "Count", "url": URL}))
    assert run["run_type"] == "task_v2"
    assert str(run["run_id"]).startswith("tsk_v2_")


@pytest.mark.parametrize(
    ("engine", "status"),
    [
        ("skyvern-1.0", 200),
        ("skyvern-2.0", 200),
        ("openai-cua", 200),
        ("anthropic-cua", 200),
        ("ui-tars", 400),
        ("skyvern-3.0", 422),
        ("yutori-navigator", 422),
    ],
)
def test_engines_of_the_page(http, engine, status):
    """``ui-tars`` is known and not enabled."""
    answer = http.post("/v1/run/tasks", json={"prompt": "Count", "url": URL, "engine": engine})
    assert answer.status_code == status


@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-2.0"])
def test_a_profile_given_to_a_task_is_ignored_in_silence(http, engine):
    body = {"prompt": "Count", "url": URL, "engine": engine, "browser_profile_id": "bp_0"}
    run = made(http.post("/v1/run/tasks", json=body))
    assert run["browser_profile_id"] is None


def test_one_artifact_by_its_id(http):
    run = made(http.post("/v1/run/tasks", json=V1))
    time.sleep(30)
    path = f"/v1/runs/{run['run_id']}/artifacts"
    (first, *_) = http.get(path).json()
    artifact = made(http.get(f"/v1/artifacts/{first['artifact_id']}"))
    assert artifact == first
    assert http.get("/v1/artifacts/a_0").status_code == 404


# --- workflows ----------------------------------------------------------------------------------


def test_workflows_live_under_their_own_name(http):
    workflow = made(http.post("/v1/workflows", json=WORKFLOW))
    wpid = workflow["workflow_permanent_id"]
    run = made(http.post("/v1/run/workflows", json={"workflow_id": wpid}))
    assert str(run["run_id"]).startswith("wr_")
    assert [item["title"] for item in http.get("/v1/workflows").json()] == ["Look"]
    assert http.get(f"/v1/workflows/{wpid}").json()["version"] == 1
    assert made(http.post(f"/v1/workflows/{wpid}", json=WORKFLOW))["version"] == 2
    assert len(http.get(f"/v1/workflows/{wpid}/versions").json()) == 2
    assert http.post(f"/v1/workflows/{wpid}/delete").text == "null"
    assert http.get(f"/v1/workflows/{wpid}").status_code == 404


def test_nobody_knows_agents_yet(http):
    assert http.get("/v1/agents").status_code == 404
    assert http.post("/v1/run/agents", json={"agent_id": "wpid_0"}).status_code == 404


def test_fields_of_a_task_and_a_workflow_are_those_of_the_page(http):
    run = made(http.post("/v1/run/tasks", json={"prompt": "Count", "url": URL}))
    task = made(http.get(f"/v1/runs/{run['run_id']}"))
    assert set(task) >= {
        *("run_id", "status", "output", "failure_reason", "downloaded_files", "recording_url"),
        *("screenshot_urls", "app_url", "step_count", "created_at", "finished_at"),
    }
    workflow = made(http.post("/v1/workflows", json=WORKFLOW))
    assert "agent_id" not in workflow
    assert set(workflow) >= {
        *("workflow_id", "workflow_permanent_id", "version", "title"),
        *("workflow_definition", "status", "created_at"),
    }
