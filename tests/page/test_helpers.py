"""Helper methods."""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module
from io import BytesIO

import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client.core import ApiError
from skyvern.client.core.pydantic_utilities import parse_obj_as
from skyvern.client.errors import UnprocessableEntityError
from skyvern.client.types.upload_file_response import UploadFileResponse

from skyvern_testkit import Download, RunScript, completed, failed, queued, running

pytestmark = pytest.mark.asyncio

URL = "https://library.example/door"

KIND = import_module("skyvern.schemas.run_blocks").CredentialType


# --- login --------------------------------------------------------------------------------------


async def test_login_with_a_stored_credential(client, skyvern_fake, skyvern_credential):
    skyvern_fake.on(workflow="Login").play(RunScript(queued(2), running(42), completed()))
    run = await client.login(
        KIND.skyvern,
        url=URL,
        credential_id=skyvern_credential.id,
        prompt="The door is on the left",
        wait_for_completion=True,
    )
    assert run.run_id.startswith("wr_")
    assert (run.status, run.run_type, skyvern_fake.elapsed) == ("completed", "workflow_run", 50)
    assert run.run_request.parameters == {"credential": skyvern_credential.id}


async def test_login_returns_at_once_unless_asked_to_wait(client, skyvern_fake, skyvern_credential):
    skyvern_fake.on(workflow="Login").play(RunScript(running(600), completed()))
    given = {"url": URL, "credential_id": skyvern_credential.id}
    run = await client.login(KIND.skyvern, **given)
    assert (run.status, skyvern_fake.elapsed) == ("created", 0)
    with pytest.raises(TimeoutError):
        await client.login(KIND.skyvern, **given, wait_for_completion=True, timeout=125)
    assert skyvern_fake.elapsed == 125


async def test_a_login_that_fails_is_no_exception(client, skyvern_fake, skyvern_credential):
    skyvern_fake.on(workflow="Login").play(failed("Wrong password"))
    run = await client.login(
        KIND.skyvern, url=URL, credential_id=skyvern_credential.id, wait_for_completion=True
    )
    assert (run.status, run.failure_reason) == (
        "failed",
        "login block failed. failure reason: Wrong password",
    )


@pytest.mark.parametrize(
    ("given", "status", "says"),
    [
        ({}, 400, "credential_id is required to login with Skyvern credential"),
        ({"credential_id": "cred_0"}, 404, "Credential cred_0 not found"),
    ],
    ids=["none", "unknown"],
)
async def test_login_needs_a_credential_that_is_there(client, given, status, says):
    with pytest.raises(ApiError) as caught:
        await client.login(KIND.skyvern, url=URL, **given)
    assert (caught.value.status_code, caught.value.body) == (status, {"detail": says})


async def test_the_credential_type_is_required_and_one_of_four(client):
    with pytest.raises(TypeError, match="credential_type"):
        await client.login(url=URL)
    with pytest.raises(UnprocessableEntityError):
        await client.login("lastpass", url=URL)


VAULTS: dict[str, dict[str, str]] = {
    "bitwarden": {
        "bitwarden_collection_id": "f7a1c6de-27a4-4b1e-9a55-0b6c6f3f1a01",
        "bitwarden_item_id": "f7a1c6de-27a4-4b1e-9a55-0b6c6f3f1a02",
    },
    "onepassword": {"onepassword_vault_id": "vault-1", "onepassword_item_id": "item-1"},
    "azure_vault": {
        "azure_vault_name": "vault-1",
        "azure_vault_username_key": "user",
        "azure_vault_password_key": "pass",
        "azure_vault_totp_secret_key": "totp",
    },
}


@pytest.mark.parametrize("kind", VAULTS)
async def test_login_with_a_vault_of_someone_else(client, skyvern_fake, kind):
    run = await client.login(KIND[kind], url=URL, **VAULTS[kind])
    assert run.status == "created"
    sent = skyvern_fake.journal.calls("login")[-1].request.json
    assert sent["credential_type"] == KIND[kind].value
    assert VAULTS[kind].items() <= sent.items()


async def test_login_in_a_session(client, skyvern_fake, skyvern_credential, skyvern_session):
    run = await client.login(
        KIND.skyvern,
        url=URL,
        credential_id=skyvern_credential.id,
        browser_session_id=skyvern_session.id,
    )
    assert run.browser_session_id == skyvern_session.id


# --- download_files -----------------------------------------------------------------------------


async def test_download_files_returns_at_once_and_is_polled(client, skyvern_fake):
    letter = Download("letter.pdf", b"%PDF-1.7 dear reader")
    skyvern_fake.on(workflow="File Download").play(
        RunScript(queued(2), running(33), completed(downloads=[letter]))
    )
    run = await client.download_files(navigation_goal="The newest letter", url=URL)
    assert (run.status, run.downloaded_files, skyvern_fake.elapsed) == ("created", None, 0)
    while run.status not in ("completed", "failed", "terminated", "timed_out", "canceled"):
        await asyncio.sleep(5)
        run = await client.get_run(run.run_id)
    assert (run.status, skyvern_fake.elapsed) == ("completed", 35)
    assert [file.filename for file in run.downloaded_files] == ["letter.pdf"]


@pytest.mark.parametrize("given", [{"wait_for_completion": True}, {"timeout": 60}])
async def test_download_files_cannot_wait(client, given):
    with pytest.raises(TypeError, match=next(iter(given))):
        await client.download_files(navigation_goal="x", url=URL, **given)


async def test_navigation_goal_alone_is_required(client):
    with pytest.raises(TypeError, match="navigation_goal"):
        await client.download_files(url=URL)
    assert (await client.download_files(navigation_goal="The letter")).status == "created"


async def test_every_parameter_of_download_files(
    client, skyvern_fake, skyvern_session, skyvern_profile
):
    given = {
        "navigation_goal": "The newest letter",
        "url": URL,
        "download_suffix": ".pdf",
        "download_timeout": 45.5,
        "max_steps_per_run": 6,
    }
    run = await client.download_files(**given, browser_session_id=skyvern_session.id)
    assert run.browser_session_id == skyvern_session.id
    assert skyvern_fake.journal[-1].request.json == {
        **given,
        "browser_session_id": skyvern_session.id,
    }
    run = await client.download_files(**given, browser_profile_id=skyvern_profile.id)
    assert run.run_request.browser_profile_id == skyvern_profile.id


async def test_download_files_with_a_profile_that_is_not_there(client):
    with pytest.raises(ApiError) as caught:
        await client.download_files(navigation_goal="x", url=URL, browser_profile_id="bp_0")
    assert caught.value.status_code == 404


async def test_download_files_tells_a_webhook(client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on(workflow="File Download").play(RunScript(running(5), completed()))
    run = await client.download_files(
        navigation_goal="The letter", url=URL, webhook_url=skyvern_webhooks.url
    )
    assert (await skyvern_webhooks.wait()).json["run_id"] == run.run_id


# --- upload_file --------------------------------------------------------------------------------


async def test_upload_file_of_this_sdk_sends_a_text_and_is_refused(client):
    """It sent a file until 1.0.30 (facts: sdk-surface f, resources 11)."""
    with pytest.raises(UnprocessableEntityError) as caught:
        await client.upload_file(file=BytesIO(b"name,price\nrope,4\n"))
    (said,) = caught.value.body["detail"][:1]
    assert said["loc"][:2] == ["body", "file"]
    assert "Expected UploadFile" in said["msg"]


async def test_a_file_that_is_sent_as_one_has_the_two_addresses_of_the_page(front):
    content = b"name,price\nrope,4\n"
    async with front.async_http() as http:
        answer = await http.post("/v1/upload_file", files={"file": ("prices.csv", content)})
        upload: UploadFileResponse = parse_obj_as(UploadFileResponse, answer.json())
        assert upload.s3uri.startswith("s3://")
        assert (await http.get(upload.presigned_url)).content == content


@pytest.mark.parametrize(
    ("method", "page"),
    [
        (
            "login",
            (
                "credential_type url credential_id prompt browser_session_id wait_for_completion "
                "timeout bitwarden_collection_id bitwarden_item_id onepassword_vault_id "
                "onepassword_item_id azure_vault_name azure_vault_username_key "
                "azure_vault_password_key azure_vault_totp_secret_key"
            ),
        ),
        (
            "download_files",
            (
                "navigation_goal url browser_session_id browser_profile_id download_suffix "
                "download_timeout max_steps_per_run"
            ),
        ),
        ("upload_file", "file"),
    ],
)
async def test_every_parameter_of_the_page_is_one_of_the_sdk(method, page):
    assert set(page.split()) <= set(inspect.signature(getattr(Skyvern, method)).parameters)
