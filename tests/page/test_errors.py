"""Error handling."""

from __future__ import annotations

import pytest
from skyvern.client.core import ApiError
from skyvern.client.errors import (
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    UnprocessableEntityError,
)

from skyvern_testkit import RunScript, completed, failed, queued, running

pytestmark = pytest.mark.asyncio


async def test_a_run_that_is_not_there_is_caught_by_its_class_before_the_base(client):
    caught = None
    try:
        await client.get_run("tsk_of_yesterday")
    except NotFoundError as error:
        caught = ("not found", error.status_code, error.body)
    except ApiError as error:
        caught = ("other", error.status_code, error.body)
    assert caught == ("not found", 404, {"detail": "Task run not found tsk_of_yesterday"})


async def test_any_other_status_is_the_base(client, skyvern_fake):
    skyvern_fake.faults.on("get_run").answer(502)
    caught = None
    try:
        await client.get_run("tsk_of_yesterday")
    except NotFoundError as error:
        caught = ("not found", error.status_code, error.body)
    except ApiError as error:
        caught = ("other", error.status_code, error.body)
    assert caught is not None
    assert caught[:2] == ("other", 502)


async def bad_request(sky):
    await sky.run_task(prompt="x", url="https://a.example", webhook_url="ftp://a.example")


async def forbidden(sky):
    await sky.get_browser_session(
        "pbs_1", request_options={"additional_headers": {"x-api-key": "revoked"}}
    )


async def not_found(sky):
    await sky.get_browser_profile("bp_1")


async def conflict(sky):
    await sky.create_browser_profile(name="reader")
    await sky.create_browser_profile(name="reader")


async def unprocessable(sky):
    await sky.create_browser_session(timeout=4)


@pytest.mark.parametrize(
    ("status", "kind", "provoke"),
    [
        (400, BadRequestError, bad_request),
        (403, ForbiddenError, forbidden),
        (404, NotFoundError, not_found),
        (409, ConflictError, conflict),
        (422, UnprocessableEntityError, unprocessable),
    ],
)
async def test_each_class_has_its_status_and_inherits_from_the_base(
    client, skyvern_fake, status, kind, provoke
):
    skyvern_fake.keys.revoke("revoked")
    with pytest.raises(ApiError) as caught:
        await provoke(client)
    assert (type(caught.value), caught.value.status_code) == (kind, status)
    assert "detail" in caught.value.body


async def test_a_wait_that_takes_too_long_is_pythons_own_timeout_error(client, skyvern_fake):
    skyvern_fake.on(prompt="*archive*").play(RunScript(queued(5), running(900), completed()))
    with pytest.raises(TimeoutError) as caught:
        await client.run_task(
            prompt="Read the whole archive",
            url="https://archive.example",
            wait_for_completion=True,
            timeout=240,
        )
    assert not isinstance(caught.value, ApiError)
    assert skyvern_fake.elapsed == 240


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (failed("The shop is closed"), "failed: The shop is closed"),
        (completed({"open": True}), "completed: {'open': True}"),
    ],
    ids=["failed", "completed"],
)
async def test_a_failed_run_is_a_status_and_no_exception(client, skyvern_fake, script, told):
    skyvern_fake.on(prompt="*shop*").play(script)
    result = await client.run_task(
        prompt="Is the shop open?", url="https://shop.example", wait_for_completion=True
    )
    if result.status == "failed":
        said = f"failed: {result.failure_reason}"
    elif result.status == "completed":
        said = f"completed: {result.output}"
    else:
        said = result.status
    assert said == told
