"""Browser profiles: waiting for archives, which the recorded server (without a browser) had none of."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import RunInput, RunScript, State, completed
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.events import ArchiveReady
from skyvern_testkit.world.rows import Profile, Run, Session, Workflow
from tests.api.asking import ask, refused, send, wait

PROFILES = "/v1/browser_profiles"
SESSIONS = "/v1/browser_sessions"


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern()


def used_session(fake: FakeSkyvern, **settings: Any) -> str:
    """A session that asks for a profile and in which a browser was open."""
    session = ask(fake, f"POST {SESSIONS}", generate_browser_profile=True, **settings)
    row = fake.world.get(Session, session["browser_session_id"])
    assert row is not None
    fake.world.change(row, was_used=True)
    return row.id


def run_of(fake: FakeSkyvern, *, persists: bool) -> str:
    """A run of a workflow, just begun."""
    workflow = fake.world.make(
        Workflow,
        fake.organization_id,
        permanent_id=fake.world.new_id("wpid"),
        version=1,
        title="Invoices",
        definition={},
        settings={"persist_browser_session": persists},
    )
    run_id = fake.world.new_id("wr")
    fake.world.make(
        Run,
        fake.organization_id,
        id=run_id,
        run_type="workflow_run",
        status=State.RUNNING,
        input=RunInput(run_id, "workflow_run"),
        request={},
        request_read_back={},
        workflow_id=workflow.id,
        workflow_permanent_id=workflow.permanent_id,
        script=RunScript(completed()),
    )
    return run_id


def test_a_closed_session_is_saved_when_its_archive_is_stored(fake):
    session = used_session(fake)
    ask(fake, f"POST {SESSIONS}/{session}/close")
    closed_at = fake.world.now

    profile = ask(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)
    assert profile["name"] == "saved"
    assert fake.world.now - closed_at == fake.world.timing.archive


def test_a_session_that_timed_out_can_be_saved_too(fake):
    session = used_session(fake, timeout=5)
    wait(fake, 600)
    assert ask(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)


def test_an_open_session_is_refused_with_the_text_that_clients_retry_on(fake):
    session = used_session(fake)
    status, detail = refused(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)
    assert status == 400
    assert detail.startswith("Browser session does not have a persisted profile archive.")


def test_a_session_is_saved_once(fake):
    session = used_session(fake)
    ask(fake, f"POST {SESSIONS}/{session}/close")
    saved = ask(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)
    ask(fake, f"POST {PROFILES}", name="other")

    again = ask(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)
    assert again == saved
    status, detail = refused(fake, f"POST {PROFILES}", name="new", browser_session_id=session)
    assert status == 400
    assert detail.startswith("This browser session has ended and has no profile archive to save")
    assert refused(fake, f"POST {PROFILES}", name="other", browser_session_id=session)[0] == 409


def test_a_profile_keeps_the_proxy_of_its_session(fake):
    session = used_session(fake, proxy_session_id="pinned")
    ask(fake, f"POST {SESSIONS}/{session}/close")
    profile = ask(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)
    assert (profile["proxy_location"], profile["proxy_session_id"]) == ("RESIDENTIAL_ISP", "pinned")


def test_a_request_waits_for_the_archive_of_its_run(fake):
    run = run_of(fake, persists=True)
    began = fake.world.now
    fake.world.schedule(began + 11 * SECOND + SECOND // 2, ArchiveReady(run))

    assert (
        ask(fake, f"POST {PROFILES}", name="from run", workflow_run_id=run)["is_managed"] is False
    )
    assert fake.world.now - began == 12 * SECOND  # it looks once a second


def test_a_run_without_an_archive_is_given_up_after_thirty_looks(fake):
    run = run_of(fake, persists=True)
    began = fake.world.now

    assert refused(fake, f"POST {PROFILES}", name="from run", workflow_run_id=run) == (
        400,
        "Workflow run does not have a persisted session",
    )
    assert fake.world.now - began == 29 * SECOND
    assert not list(fake.world.rows(Profile))


def test_a_run_that_persists_nothing_is_refused_at_once(fake):
    run = run_of(fake, persists=False)
    began = fake.world.now
    assert refused(fake, f"POST {PROFILES}", name="from run", workflow_run_id=run) == (
        400,
        "Workflow does not persist browser sessions",
    )
    assert fake.world.now == began


def test_a_name_taken_while_the_request_waited_is_a_conflict(fake):
    session = used_session(fake)
    ask(fake, f"POST {SESSIONS}/{session}/close")
    ask(fake, f"POST {PROFILES}", name="saved")
    assert refused(fake, f"POST {PROFILES}", name="saved", browser_session_id=session)[0] == 409


def test_a_deleted_profile_is_detached_from_its_credential(fake):
    profile = ask(fake, f"POST {PROFILES}", name="p")["browser_profile_id"]
    credential = ask(
        fake,
        "POST /v1/credentials",
        name="c",
        credential_type="password",
        credential={"username": "u", "password": "p"},
        browser_profile_id=profile,
    )["credential_id"]
    assert send(fake, f"DELETE {PROFILES}/{profile}").status == 204
    assert ask(fake, f"GET /v1/credentials/{credential}")["browser_profile_id"] is None


@pytest.mark.parametrize(
    ("change", "location", "session"),
    [
        ({"proxy_session_id": "s2"}, "RESIDENTIAL_ISP", "s2"),
        ({"proxy_location": "NONE"}, "NONE", None),
        ({"proxy_location": None, "proxy_session_id": None}, None, None),
        ({"description": "d"}, "RESIDENTIAL_ISP", "s1"),
    ],
)
def test_an_update_pins_the_proxy_by_the_same_rules(fake, change, location, session):
    profile = ask(fake, f"POST {PROFILES}", name="p", proxy_session_id="s1")["browser_profile_id"]
    updated = ask(fake, f"PATCH {PROFILES}/{profile}", **change)
    assert (updated["proxy_location"], updated["proxy_session_id"]) == (location, session)


def test_a_rotated_proxy_session_is_a_new_one(fake):
    profile = ask(fake, f"POST {PROFILES}", name="p", proxy_session_id="s1")["browser_profile_id"]
    rotated = ask(fake, f"PATCH {PROFILES}/{profile}", rotate_proxy_session_id=True)
    assert rotated["proxy_session_id"] != "s1"
    assert len(rotated["proxy_session_id"]) == 10
