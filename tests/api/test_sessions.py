"""Browser sessions: what only virtual time shows. The rest is in the recorded exchanges."""

from __future__ import annotations

import zoneinfo

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.world.rows import Session
from tests.api.asking import ask, refused, wait

SESSIONS = "/v1/browser_sessions"


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern()


def test_a_session_ends_by_itself_when_its_time_is_over(fake):
    session = ask(fake, f"POST {SESSIONS}", timeout=5)
    path = f"GET {SESSIONS}/{session['browser_session_id']}"

    wait(fake, 5 * 60 - 1)
    assert ask(fake, path)["status"] == "created"
    wait(fake, 1)
    ended = ask(fake, path)
    assert (ended["status"], ended["completed_at"]) == ("timeout", "2026-01-01T00:05:00.000000")
    assert ask(fake, f"GET {SESSIONS}") == []


def test_an_extended_session_lives_longer(fake):
    session = ask(fake, f"POST {SESSIONS}", timeout=5)["browser_session_id"]
    ask(fake, f"POST {SESSIONS}/{session}/extend", additional_minutes=10)

    wait(fake, 15 * 60 - 1)
    assert ask(fake, f"GET {SESSIONS}/{session}")["status"] == "created"
    wait(fake, 1)
    assert ask(fake, f"GET {SESSIONS}/{session}")["status"] == "timeout"


def test_a_session_without_a_timeout_is_listed_for_a_day(fake):
    session = ask(fake, f"POST {SESSIONS}", timeout=None)["browser_session_id"]

    wait(fake, 24 * 3600 - 1)
    assert [row["browser_session_id"] for row in ask(fake, f"GET {SESSIONS}")] == [session]
    wait(fake, 1)
    assert ask(fake, f"GET {SESSIONS}") == []
    assert ask(fake, f"GET {SESSIONS}/{session}")["status"] == "created"


def test_a_closed_session_stays_completed_when_its_time_is_over(fake):
    session = ask(fake, f"POST {SESSIONS}", timeout=5)["browser_session_id"]
    wait(fake, 60)
    ask(fake, f"POST {SESSIONS}/{session}/close")
    wait(fake, 3600)

    closed = ask(fake, f"GET {SESSIONS}/{session}")
    assert (closed["status"], closed["completed_at"]) == ("completed", "2026-01-01T00:01:00.000000")


def test_a_session_that_timed_out_cannot_be_extended(fake):
    session = ask(fake, f"POST {SESSIONS}", timeout=5)["browser_session_id"]
    wait(fake, 300)
    assert refused(fake, f"POST {SESSIONS}/{session}/extend", additional_minutes=5) == (
        409,
        f"Browser session {session} has already ended and can no longer be extended.",
    )


def test_history_shows_a_week_the_newest_first(fake):
    first = ask(fake, f"POST {SESSIONS}", timeout=5)["browser_session_id"]
    wait(fake, 24 * 3600)
    second = ask(fake, f"POST {SESSIONS}", timeout=5)["browser_session_id"]
    history = f"GET {SESSIONS}/history"

    assert [row["browser_session_id"] for row in ask(fake, history)] == [second, first]
    wait(fake, 6 * 24 * 3600)
    assert [row["browser_session_id"] for row in ask(fake, history)] == [second]


@pytest.fixture
def machine_without_time_zones():
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()


@pytest.mark.usefixtures("machine_without_time_zones")
def test_time_zones_are_known_by_name_whatever_the_machine_has(fake):
    chosen = {"timezone_id": "Pacific/Chatham"}
    session = ask(fake, f"POST {SESSIONS}", browser_settings=chosen)
    assert session["browser_settings"] == chosen
    status, detail = refused(fake, f"POST {SESSIONS}", browser_settings={"timezone_id": "Mars/X"})
    assert status == 422
    assert detail[0]["msg"].startswith("Value error, timezone_id 'Mars/X' is not an IANA timezone")


def test_the_password_of_a_proxy_is_not_in_the_repr(fake):
    ask(fake, f"POST {SESSIONS}", proxy_location={"url": "http://user:hunter2@proxy.example.com"})
    assert "hunter2" not in repr(list(fake.world.rows(Session)))
