"""What a test does itself: the server's refusals are its own mistakes, so they are ValueErrors."""

from __future__ import annotations

import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.fake.doing import do
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.world.rows import Profile, Session
from tests.api.asking import ask


def test_a_name_that_is_taken():
    with fake_skyvern() as fake:
        fake.profile(name="Work")
        with pytest.raises(ValueError, match=r"create_browser_profile: .*already exists"):
            fake.profile(name="Work")
        assert len(list(fake.world.rows(Profile))) == 1


def test_a_vault_on_which_the_server_crashes():
    with fake_skyvern() as fake, pytest.raises(ValueError, match="the real server crashes on this"):
        fake.credential(vault_type="bitwarden")


def test_a_field_that_is_wrong_is_named():
    with pytest.raises(ValueError, match=r"create_browser_session: timeout: Input should be"):
        do(FakeSkyvern(), "create_browser_session", {"timeout": 1})


def test_an_id_that_is_unknown():
    with pytest.raises(ValueError, match=r"get_browser_session: Browser session pbs_1 not found"):
        do(FakeSkyvern(), "get_browser_session", params={"browser_session_id": "pbs_1"})


def test_what_takes_time_needs_a_client():
    fake = FakeSkyvern()
    session = ask(fake, "POST /v1/browser_sessions", generate_browser_profile=True)
    row = fake.world.get(Session, session["browser_session_id"])
    assert row is not None
    fake.world.change(row, was_used=True)
    ask(fake, f"POST /v1/browser_sessions/{row.id}/close")
    with pytest.raises(RuntimeError, match="create_browser_profile takes time here"):
        do(fake, "create_browser_profile", {"name": "saved", "browser_session_id": row.id})
