"""A test says what is the case now: of runs, sessions, profiles, credentials and workflows."""

from __future__ import annotations

import httpx
import pytest

from skyvern_testkit import IllegalMove, RunScript, completed, fake_skyvern, remote_skyvern, running
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.control.orders import OrderRefused
from skyvern_testkit.script import FINAL, Family, State
from skyvern_testkit.transport.server import serving
from tests.world.stage import HOOK, NAVIGATION, Stage

CANCELS = dict.fromkeys(Family, State.CANCELED)


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.fake.on().play(RunScript(running(1000), completed({"n": 1})))
    return stage


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("state", sorted(FINAL))
def test_a_run_ends_now_and_its_script_is_over(stage: Stage, family: Family, state: State):
    run_id = stage.start(family, webhook_url=HOOK)
    stage.wait(10)
    assert stage.status(run_id) == "running"
    stage.fake.force(run_id, state)
    assert stage.status(run_id) == state
    stage.wait(2000)
    assert stage.status(run_id) == state
    assert {sent.run.status for sent in stage.sent} == {state}


def test_what_it_shows(stage: Stage):
    run_id = stage.start(Family.TASK, error_code_mapping={"WALL": "a wall"})
    stage.wait(5)
    stage.fake.force(stage.fake.run(run_id), "failed", reason="Login wall", error_code="WALL")
    run = stage.read(run_id)
    assert (run["failure_reason"], run["errors"][0]["error_code"]) == ("Login wall", "WALL")
    run_id = stage.start(Family.TASK)
    stage.fake.force(run_id, "completed", output={"n": 2})
    assert stage.read(run_id)["output"] == {"n": 2}


def test_a_run_stays_where_it_is_put(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(5)
    stage.fake.force(run_id, "paused")
    stage.wait(3600)
    assert stage.status(run_id) == "paused"
    stage.fake.force(run_id, "running")
    stage.fake.force(run_id, "completed")
    assert stage.status(run_id) == "completed"


def test_a_run_that_walks_stops_walking():
    stage = Stage()
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(1)
    stage.fake.force(run_id, "terminated", reason="No")
    stage.wait(100)
    assert stage.status(run_id) == "terminated"


def test_what_never_happens_is_refused_and_changes_nothing(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.fake.force(run_id, "failed")
    with pytest.raises(IllegalMove, match="failed cannot move to running"):
        stage.fake.force(run_id, "running")
    assert stage.status(run_id) == "failed"
    assert stage.fake.failures == []
    stage.fake.force(run_id, "running", illegal=True)
    assert stage.status(run_id) == "running"


@pytest.mark.parametrize("status", ["completed", "failed", "timeout"])
def test_a_session_ends(stage: Stage, status: str):
    session = stage.session()
    run_id = stage.start(Family.TASK, browser_session_id=session)
    stage.wait(5)
    stage.fake.force(session, status)
    told = stage.ask(f"GET /v1/browser_sessions/{session}")
    assert told["status"] == status
    assert told["completed_at"] is not None
    stage.wait(10)
    assert stage.status(run_id) == "failed"
    with pytest.raises(IllegalMove, match=f"is {status}, and stays so"):
        stage.fake.force(session, "running")


def test_what_is_deleted_is_gone(stage: Stage):
    profile = stage.ask("POST /v1/browser_profiles", name="p")["browser_profile_id"]
    agent = stage.workflow(NAVIGATION)
    for thing in (profile, agent):
        stage.fake.force(thing, "deleted")
    assert stage.send(f"GET /v1/browser_profiles/{profile}").status == 404
    assert stage.send(f"GET /v1/agents/{agent}").status == 404


def test_a_profile_can_be_made_of_a_run_before_its_time(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION, settings={"persist_browser_session": True})
    stage.fake.force(run_id, "archive_ready")
    made = stage.ask("POST /v1/browser_profiles", name="p", workflow_run_id=run_id)
    assert made["browser_profile_id"].startswith("bp_")


def test_mistakes(stage: Stage):
    with pytest.raises(LookupError, match="nothing here has the id wr_1"):
        stage.fake.force("wr_1", "failed")
    with pytest.raises(ValueError, match="a session is running, completed, failed, timeout"):
        stage.fake.force(stage.session(), "deleted")


def test_over_http_and_from_another_process():
    asked = {"prompt": "p", "url": "https://x.example/"}
    with (
        fake_skyvern(clock="manual", one_organization=False) as world,
        serving(world, control=Desk(world)) as server,
        remote_skyvern(server.url) as fake,
        fake.http() as http,
    ):
        run_id = http.post("/v1/run/tasks", json=asked).json()["run_id"]
        path = f"{server.url}/_skyvern_testkit/force/{run_id}"
        theirs = httpx.post(path, json={"state": "failed"}, headers={"x-api-key": "theirs"})
        assert theirs.status_code == 404
        fake.force(run_id, "failed", reason="Login wall")
        told = http.get(f"/v1/runs/{run_id}").json()
        assert (told["status"], told["failure_reason"]) == ("failed", "Login wall")
        with pytest.raises(OrderRefused, match="cannot move to running"):
            fake.force(run_id, "running")
        ours = {"x-api-key": fake.api_key}
        assert httpx.post(path, json={"stat": "failed"}, headers=ours).status_code == 422


def test_nothing_in_particular_cannot_be_forced():
    with pytest.raises(TypeError, match="say which thing: its id"):
        Stage().fake.force(None, "failed")
