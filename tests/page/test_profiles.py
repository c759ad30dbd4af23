"""Browser profiles."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest
from skyvern.client.core import ApiError
from skyvern.client.errors import BadRequestError, ConflictError, NotFoundError

from skyvern_testkit import RunScript, completed, running

pytestmark = pytest.mark.asyncio

URL = "https://bank.example"


def visit(title: str, *, persist: bool) -> dict[str, Any]:
    block = {"block_type": "navigation", "label": "go", "url": URL, "navigation_goal": title}
    return {
        "title": title,
        "persist_browser_session": persist,
        "workflow_definition": {
            "parameters": [
                {
                    "key": "account",
                    "parameter_type": "workflow",
                    "workflow_parameter_type": "string",
                    "default_value": "",
                }
            ],
            "blocks": [block],
        },
    }


async def run_of(client, title: str = "Enter the bank", *, persist: bool = True):
    made = await client.create_workflow(json_definition=visit(title, persist=persist))
    return await client.run_workflow(
        made.workflow_permanent_id,
        parameters={"account": "reader@example.com"},
        wait_for_completion=True,
    )


# --- from a login to a run that skips it --------------------------------------------------------


async def test_a_profile_of_a_run_spares_the_next_one_the_login(client, skyvern_fake):
    skyvern_fake.on(workflow="Enter*").play(RunScript(running(30), completed()))
    skyvern_fake.on(workflow="Statements").play(
        RunScript(running(30), completed({"go_output": {"statements": 12}}))
    )
    run = await run_of(client)
    profile = await client.create_browser_profile(name="bank-of-reader", workflow_run_id=run.run_id)
    reader = await client.create_workflow(json_definition=visit("Statements", persist=False))
    result = await client.run_workflow(
        workflow_id=reader.workflow_permanent_id,
        browser_profile_id=profile.browser_profile_id,
        wait_for_completion=True,
    )
    assert (result.status, result.output["go_output"]) == ("completed", {"statements": 12})
    assert result.run_request.browser_profile_id == profile.browser_profile_id


# --- create_browser_profile ---------------------------------------------------------------------


async def test_name_alone_makes_an_empty_profile(client):
    """The page says that a run or a session is required (facts: resources 10)."""
    with pytest.raises(TypeError, match="name"):
        await client.create_browser_profile()
    profile = await client.create_browser_profile(name="empty")
    assert profile.browser_profile_id.startswith("bp_")


async def test_fields_of_a_profile(client):
    made = await client.create_browser_profile(name="bank", description="Signed in on Monday")
    read = await client.get_browser_profile(made.browser_profile_id)
    (listed,) = await client.list_browser_profiles()
    for shown in (made, read, listed):
        assert (shown.browser_profile_id, shown.name, shown.description, shown.created_at) == (
            made.browser_profile_id,
            "bank",
            "Signed in on Monday",
            datetime(2026, 1, 1),  # noqa: DTZ001 - naive, as on the wire
        )


async def test_a_name_is_given_once(client):
    await client.create_browser_profile(name="bank")
    with pytest.raises(ConflictError) as caught:
        await client.create_browser_profile(name="bank")
    assert caught.value.body["detail"].startswith("A browser profile named 'bank' already exists")


async def test_a_run_must_have_persisted_its_session(client, skyvern_fake):
    skyvern_fake.on(workflow="*").play(completed())
    run = await run_of(client, persist=False)
    with pytest.raises(BadRequestError) as caught:
        await client.create_browser_profile(name="bank", workflow_run_id=run.run_id)
    assert caught.value.body == {"detail": "Workflow does not persist browser sessions"}


async def test_the_server_waits_for_the_archive_of_a_run(client, skyvern_fake):
    skyvern_fake.on(workflow="Enter*").play(RunScript(running(12), completed()))
    made = await client.create_workflow(json_definition=visit("Enter", persist=True))
    run = await client.run_workflow(made.workflow_permanent_id)
    profile = await client.create_browser_profile(name="bank", workflow_run_id=run.run_id)
    assert profile.name == "bank"
    assert 12 < skyvern_fake.elapsed < 20


async def test_an_archive_that_comes_late_needs_a_second_try(client, skyvern_fake):
    """The server looks for about half a minute (facts: resources 10)."""
    skyvern_fake.on(workflow="Enter*").play(RunScript(running(50), completed()))
    made = await client.create_workflow(json_definition=visit("Enter", persist=True))
    run = await client.run_workflow(made.workflow_permanent_id)
    with pytest.raises(BadRequestError) as caught:
        await client.create_browser_profile(name="bank", workflow_run_id=run.run_id)
    assert caught.value.body == {"detail": "Workflow run does not have a persisted session"}
    assert 25 < skyvern_fake.elapsed < 35
    profile = await client.create_browser_profile(name="bank", workflow_run_id=run.run_id)
    assert profile.browser_profile_id.startswith("bp_")


async def test_a_session_must_have_been_asked_to_keep_its_profile(client):
    """By ``generate_browser_profile``, which the page does not know yet."""
    plain = await client.create_browser_session()
    await client.close_browser_session(plain.browser_session_id)
    with pytest.raises(BadRequestError) as caught:
        await client.create_browser_profile(
            name="bank", browser_session_id=plain.browser_session_id
        )
    assert "was not configured to generate a browser profile" in caught.value.body["detail"]


async def test_a_profile_of_a_session_once_it_is_closed_and_stored(client, skyvern_fake):
    skyvern_fake.on(prompt="Sign in").play(RunScript(running(5), completed()))
    keeping = await client.create_browser_session(generate_browser_profile=True)
    source = {"browser_session_id": keeping.browser_session_id}
    await client.run_task("Sign in", url=URL, **source, wait_for_completion=True)
    with pytest.raises(BadRequestError) as caught:
        await client.create_browser_profile(name="bank", **source)
    assert "Close the session and wait for upload" in caught.value.body["detail"]
    await client.close_browser_session(keeping.browser_session_id)
    await asyncio.sleep(5)
    assert (await client.create_browser_profile(name="bank", **source)).name == "bank"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ({"workflow_run_id": "wr_0"}, "WorkflowRun wr_0 not found"),
        ({"browser_session_id": "pbs_0"}, "Browser session pbs_0 does not exist or is not live."),
    ],
    ids=["workflow_run_id", "browser_session_id"],
)
async def test_a_source_that_is_not_there(client, source, says):
    with pytest.raises(ApiError) as caught:
        await client.create_browser_profile(name="bank", **source)
    assert (caught.value.status_code, caught.value.body) == (404, {"detail": says})


# --- reading and deleting -----------------------------------------------------------------------


async def test_include_deleted(client):
    kept = await client.create_browser_profile(name="kept")
    gone = await client.create_browser_profile(name="gone")
    assert await client.delete_browser_profile(gone.browser_profile_id) is None

    async def names(**asked: bool) -> list[str]:
        return [profile.name for profile in await client.list_browser_profiles(**asked)]

    assert await names() == [kept.name]
    assert await names(include_deleted=False) == ["kept"]
    assert sorted(await names(include_deleted=True)) == ["gone", "kept"]


async def test_a_deleted_profile_is_not_found(client):
    made = await client.create_browser_profile(name="gone")
    await client.delete_browser_profile(made.browser_profile_id)
    for method in (client.get_browser_profile, client.delete_browser_profile):
        with pytest.raises(NotFoundError) as caught:
            await method(made.browser_profile_id)
        assert caught.value.body["detail"].startswith("Browser profile bp_")


async def test_a_profile_lasts(client):
    made = await client.create_browser_profile(name="bank")
    await asyncio.sleep(5 * 24 * 3600)
    assert await client.get_browser_profile(made.browser_profile_id) == made


# --- key constraints ----------------------------------------------------------------------------


async def test_run_task_takes_no_profile(client, skyvern_profile):
    """The page says it is ignored in silence; the SDK has no such parameter."""
    with pytest.raises(TypeError, match="browser_profile_id"):
        await client.run_task("x", url=URL, browser_profile_id=skyvern_profile.id)


@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-2.0"])
async def test_a_profile_in_the_body_of_a_task_is_not_ignored(client, skyvern_profile, engine):
    options = {"additional_body_parameters": {"browser_profile_id": skyvern_profile.id}}
    if engine == "skyvern-1.0":
        with pytest.raises(BadRequestError) as caught:
            await client.run_task("x", url=URL, engine=engine, request_options=options)
        assert "browser_profile_id is not supported" in caught.value.body["detail"]
    else:
        run = await client.run_task("x", url=URL, engine=engine, request_options=options)
        assert run.run_request.browser_profile_id == skyvern_profile.id
