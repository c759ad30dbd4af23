"""Downloads: files with real bytes, and browser sessions that do not last."""

from __future__ import annotations

import asyncio

import pytest

from invoice_portal.downloads import download_invoices
from invoice_portal.errors import RunFailed, SessionLost, UnexpectedOutput
from portal import PDF, PORTAL
from skyvern_testkit import Download, RunScript, completed, failed, running


@pytest.fixture
def portal(skyvern_fake):
    """Every invoice can be downloaded, each in half a minute."""
    skyvern_fake.on(prompt="Open invoice*").play(
        RunScript(running(seconds=30), completed(downloads=[Download("invoice.pdf", PDF)]))
    )


async def test_each_invoice_is_downloaded(skyvern_client, skyvern_fake, profile_id, portal):
    files: dict[str, bytes] = {}

    await download_invoices(skyvern_client, PORTAL, profile_id, ["A-1", "A-2"], files.__setitem__)

    assert files == {"A-1": PDF, "A-2": PDF}
    (session,) = skyvern_fake.journal.calls("create_browser_session")
    assert session.json["browser_profile_id"] == profile_id
    assert len(skyvern_fake.journal.calls("close_browser_session")) == 1


async def test_nothing_to_download_needs_no_session(skyvern_client, skyvern_fake, profile_id):
    await download_invoices(skyvern_client, PORTAL, profile_id, [], lambda number, pdf: None)
    assert not skyvern_fake.journal.calls()


async def test_the_session_is_lost_in_mid_run(skyvern_client, skyvern_fake, profile_id, portal):
    files: dict[str, bytes] = {}

    async def somebody_closes_the_first_session():
        await asyncio.sleep(45)  # in the middle of the second download
        (session,) = await skyvern_client.get_browser_sessions()
        await skyvern_client.close_browser_session(session.browser_session_id)

    async with asyncio.TaskGroup() as group:
        group.create_task(somebody_closes_the_first_session())
        await download_invoices(
            skyvern_client, PORTAL, profile_id, ["A-1", "A-2", "A-3"], files.__setitem__
        )

    assert sorted(files) == ["A-1", "A-2", "A-3"]
    assert len(skyvern_fake.journal.calls("create_browser_session")) == 2
    goals = [call.json["navigation_goal"] for call in skyvern_fake.journal.calls("download_files")]
    assert [goal.split()[2] for goal in goals] == ["A-1", "A-2", "A-2", "A-3"]


async def test_the_session_has_ended_before_the_run(
    skyvern_client, skyvern_fake, profile_id, portal
):
    files: dict[str, bytes] = {}
    skyvern_fake.faults.on("download_files").answer(
        410, detail="Browser session pbs_1 is no longer usable (status: completed)."
    )
    await download_invoices(skyvern_client, PORTAL, profile_id, ["A-1"], files.__setitem__)
    assert files == {"A-1": PDF}


async def test_sessions_that_are_always_lost(skyvern_client, skyvern_fake, profile_id):
    skyvern_fake.faults.on("download_files").answer(410, detail="gone").always()
    with pytest.raises(SessionLost, match="A-1"):
        await download_invoices(
            skyvern_client, PORTAL, profile_id, ["A-1"], lambda number, pdf: None
        )
    assert len(skyvern_fake.journal.calls("create_browser_session")) == 3


async def test_a_run_that_fails_in_a_good_session(skyvern_client, skyvern_fake, profile_id):
    skyvern_fake.on(prompt="Open invoice*").play(failed("There is no such invoice"))
    with pytest.raises(RunFailed, match="There is no such invoice"):
        await download_invoices(
            skyvern_client, PORTAL, profile_id, ["A-9"], lambda number, pdf: None
        )
    assert len(skyvern_fake.journal.calls("close_browser_session")) == 1


async def test_a_download_run_that_finds_nothing_completes(
    skyvern_client, skyvern_fake, profile_id
):
    skyvern_fake.on(prompt="Open invoice*").play(completed())
    with pytest.raises(UnexpectedOutput, match="no file was downloaded for invoice A-1"):
        await download_invoices(
            skyvern_client, PORTAL, profile_id, ["A-1"], lambda number, pdf: None
        )


# --- the file itself --------------------------------------------------------------------------------


async def test_the_file_is_fetched_again_when_its_address_is_busy(
    skyvern_client, skyvern_fake, profile_id, portal
):
    files: dict[str, bytes] = {}
    skyvern_fake.faults.on("artifacts.get_artifact_content", nth=1).answer(503)
    skyvern_fake.faults.on("artifacts.get_artifact_content", nth=2).reset_connection()
    await download_invoices(skyvern_client, PORTAL, profile_id, ["A-1"], files.__setitem__)
    assert files == {"A-1": PDF}


async def test_the_file_breaks_off_in_the_middle(skyvern_client, skyvern_fake, profile_id, portal):
    skyvern_fake.faults.on("artifacts.get_artifact_content").malformed_body()
    with pytest.raises(UnexpectedOutput, match="do not fit their checksum"):
        await download_invoices(
            skyvern_client, PORTAL, profile_id, ["A-1"], lambda number, pdf: None
        )


async def test_the_file_is_fetched_without_our_key(
    skyvern_client, skyvern_fake, profile_id, portal
):
    await download_invoices(skyvern_client, PORTAL, profile_id, ["A-1"], lambda number, pdf: None)
    (fetched,) = skyvern_fake.journal.calls("artifacts.get_artifact_content")
    assert "x-api-key" not in {name.lower() for name, _ in fetched.request.headers}
