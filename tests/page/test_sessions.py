"""Browser sessions."""

from __future__ import annotations

from datetime import datetime

import pytest
from skyvern.client.core import ApiError
from skyvern.client.errors import NotFoundError, UnprocessableEntityError

from skyvern_testkit import RunScript, Timing, completed, running

pytestmark = pytest.mark.asyncio

FIELDS = (
    *("browser_session_id", "status", "browser_address", "app_url", "timeout"),
    *("started_at", "created_at"),
)


# --- create_browser_session ---------------------------------------------------------------------


async def test_fields_of_a_session(client):
    made = await client.create_browser_session()
    read = await client.get_browser_session(made.browser_session_id)
    (listed,) = await client.get_browser_sessions()
    for shown in (made, read, listed):
        assert {name: getattr(shown, name) for name in FIELDS} == {
            "browser_session_id": made.browser_session_id,
            "status": "created",
            "browser_address": None,
            "app_url": f"https://app.skyvern.com/browser-session/{made.browser_session_id}",
            "timeout": 60,
            "started_at": None,
            "created_at": datetime(2026, 1, 1),  # noqa: DTZ001 - naive, as on the wire
        }
    assert made.browser_session_id.startswith("pbs_")


async def test_timeout_is_60_minutes_unless_said(client, skyvern_fake):
    """It is not the SDK that says 60: what is not given is not sent (facts: sdk-surface h)."""
    assert (await client.create_browser_session()).timeout == 60
    assert skyvern_fake.journal[-1].request.body == b""
    assert (await client.create_browser_session(timeout=None)).timeout is None


@pytest.mark.parametrize(
    ("asked", "granted", "warns"), [(5, 5, False), (240, 240, False), (1440, 240, True)]
)
async def test_timeout_is_in_minutes_and_what_the_page_allows_is_capped(
    client, asked, granted, warns
):
    """Up to 1440 until 1.0.28; since then 240 is the most, with a warning and no error."""
    made = await client.create_browser_session(timeout=asked)
    assert (made.timeout, bool(made.warning)) == (granted, warns)


async def test_timeout_has_a_least(client):
    with pytest.raises(UnprocessableEntityError) as caught:
        await client.create_browser_session(timeout=4)
    (said,) = caught.value.body["detail"]
    assert (said["type"], said["loc"]) == ("greater_than_equal", ["body", "timeout"])


async def test_extensions_and_browser_type(client):
    made = await client.create_browser_session(
        extensions=["ad-blocker", "captcha-solver"], browser_type="msedge"
    )
    assert made.extensions == ["ad-blocker", "captcha-solver"]
    assert made.browser_type == "msedge"
    assert (await client.create_browser_session(browser_type="chrome")).browser_type == "chrome"


@pytest.mark.parametrize(
    "given",
    [{"extensions": ["popups"]}, {"browser_type": "lynx"}, {"proxy_location": "ATLANTIS"}],
    ids=["extensions", "browser_type", "proxy_location"],
)
async def test_what_is_on_no_list_is_refused(client, given):
    with pytest.raises(UnprocessableEntityError):
        await client.create_browser_session(**given)


async def test_proxy_location_is_taken_and_not_shown(client, skyvern_fake):
    made = await client.create_browser_session(proxy_location="RESIDENTIAL_IT")
    assert skyvern_fake.journal[-1].request.json == {"proxy_location": "RESIDENTIAL_IT"}
    assert not hasattr(made, "proxy_location")


# --- reading and closing ------------------------------------------------------------------------


async def test_a_session_that_is_not_there(client):
    for method in (client.get_browser_session, client.close_browser_session):
        with pytest.raises(NotFoundError) as caught:
            await method("pbs_0")
        assert caught.value.body == {"detail": "Browser session pbs_0 not found"}


async def test_closed_sessions_are_read_and_not_listed(client):
    open_one = await client.create_browser_session()
    closed = await client.create_browser_session()
    answer = await client.close_browser_session(closed.browser_session_id)
    assert answer == {"message": "Browser session closed"}
    assert await client.close_browser_session(closed.browser_session_id) == answer
    assert (await client.get_browser_session(closed.browser_session_id)).status == "completed"
    listed = await client.get_browser_sessions()
    assert [session.browser_session_id for session in listed] == [open_one.browser_session_id]


# --- chaining -----------------------------------------------------------------------------------


@pytest.mark.skyvern(timing=Timing(task_session=0))  # as the hosted service, which the page shows
async def test_two_tasks_in_one_session(client, skyvern_fake):
    skyvern_fake.on(prompt="Sign in*").play(RunScript(running(20), completed()))
    skyvern_fake.on(prompt="*orders*").play(RunScript(running(30), completed({"orders": [7, 9]})))
    session = await client.create_browser_session()
    first = await client.run_task(
        prompt="Sign in as reader@example.com",
        url="https://shop.example/signin",
        browser_session_id=session.browser_session_id,
        wait_for_completion=True,
    )
    result = await client.run_task(
        prompt="Collect the numbers of all orders",
        browser_session_id=session.browser_session_id,
        wait_for_completion=True,
    )
    await client.close_browser_session(session.browser_session_id)
    assert first.status == "completed"
    assert result.output == {"orders": [7, 9]}
    used = [
        call.request.json["browser_session_id"] for call in skyvern_fake.journal.calls("run_task")
    ]
    assert used == [session.browser_session_id] * 2
    with pytest.raises(ApiError) as caught:
        await client.run_task("Once more", browser_session_id=session.browser_session_id)
    assert caught.value.status_code == 410
