"""What the reference page promises, through the real SDK and plain HTTP: uploads, replays, constraints."""

import inspect
import json

import httpx
import pytest
from skyvern.client.core import ApiError
from skyvern.client.errors import BadRequestError, UnprocessableEntityError
from skyvern.client.types import RetryRunWebhookRequest
from skyvern.library.skyvern import Skyvern
from skyvern.schemas.run_blocks import CredentialType  # type: ignore[attr-defined]  # where the page has it
from skyvern.schemas.runs import RunEngine  # type: ignore[attr-defined]

from skyvern_testkit import RunScript, WebhookRequest, completed, running, verify_webhook

HOOK = "https://shop.example/hooks/skyvern"
MIB = 1024 * 1024


def http(fake) -> httpx.Client:
    return httpx.Client(
        transport=fake.sync_transport,
        base_url=fake.links.base_url,
        headers={"x-api-key": fake.api_key},
    )


def a_workflow(client, **settings):
    block = {"block_type": "wait", "label": "w", "wait_sec": 1}
    definition = {"parameters": [], "blocks": [block]}
    return client.create_workflow(
        json_definition={"title": "T", "workflow_definition": definition, **settings}
    )


# --- uploads ------------------------------------------------------------------------------------


def test_an_uploaded_file_is_fetched_by_its_presigned_url(skyvern_fake):
    with http(skyvern_fake) as client:
        answer = client.post("/v1/upload_file", files={"file": ("my data.csv", b"a,b\n")}).json()
        assert answer["s3_uri"].startswith("s3://skyvern-uploads/")
        fetched = httpx.Client(transport=skyvern_fake.sync_transport).get(answer["presigned_url"])
        assert fetched.content == b"a,b\n"
        assert "my data.csv" in fetched.headers["content-disposition"]
        assert client.delete(f"/v1/files/{answer['file_id']}").status_code == 204
        assert client.get(answer["presigned_url"]).status_code == 404


@pytest.mark.parametrize(("size", "status"), [(0, 200), (30 * MIB, 200), (30 * MIB + 1, 413)])
def test_a_file_has_30_mib_at_most(skyvern_fake, size, status):
    with http(skyvern_fake) as client:
        answer = client.post("/v1/upload_file", files={"file": ("f", b"x" * size)})
    assert answer.status_code == status


def test_a_file_is_attached_to_one_run(skyvern_fake):
    task = {"prompt": "p", "url": "https://example.com"}
    with http(skyvern_fake) as client:
        file_id = client.post("/v1/upload_file", files={"file": ("f", b"x")}).json()["file_id"]
        again = [client.post("/v1/run/tasks", json={**task, "file_ids": [file_id]}) for _ in "12"]
    assert [answer.status_code for answer in again] == [200, 422]
    assert again[1].json()["detail"].endswith(file_id)


def test_the_sdk_of_1_0_56_sends_no_file_and_is_refused(skyvern_sync_client):
    with pytest.raises(UnprocessableEntityError) as caught:
        skyvern_sync_client.upload_file(file="data.csv")
    assert "Expected UploadFile" in str(caught.value.body)


# --- replays of webhooks ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_webhook_is_sent_again_with_a_shorter_body(skyvern_client, skyvern_fake):
    got: list[WebhookRequest] = []
    skyvern_fake.webhooks.receive(HOOK, got.append)
    workflow = await a_workflow(skyvern_client)
    run = await skyvern_client.run_workflow(
        workflow.workflow_permanent_id, webhook_url=HOOK, wait_for_completion=True
    )
    await skyvern_fake.webhooks.wait()
    told = await skyvern_client.retry_run_webhook(run.run_id)
    first, second = got
    assert (told.status_code, told.error, told.target_webhook_url) == (200, None, HOOK)
    assert second.body == told.payload.encode()
    assert verify_webhook(second.body, told.headers["x-skyvern-signature"], skyvern_fake.api_key)
    left_out = set(json.loads(first.body)) - set(json.loads(second.body))
    assert left_out == {
        "extra_http_headers",
        "run_request",
        "totp_identifier",
        "totp_verification_url",
        "webhook_callback_url",
    }


@pytest.mark.asyncio
async def test_a_webhook_is_sent_again_elsewhere_and_the_run_stays_as_it_was(
    skyvern_client, skyvern_fake
):
    skyvern_fake.webhooks.receive(HOOK, lambda sent: 503)
    run = await skyvern_client.run_task("p", url="https://example.com", wait_for_completion=True)
    before = skyvern_fake.run(run.run_id)
    told = await skyvern_client.retry_run_webhook(
        run.run_id, request=RetryRunWebhookRequest(webhook_url=HOOK)
    )
    assert (told.default_webhook_url, told.status_code, told.error) == (None, 503, None)
    assert skyvern_fake.run(run.run_id) == before


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("over", "words"),
    [
        (False, "has not reached a terminal state (status=running)."),
        (True, "No webhook URL configured for the run."),
    ],
)
async def test_a_webhook_is_not_sent_again_when_there_is_none(
    skyvern_client, skyvern_fake, over, words
):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=30), completed()))
    run = await skyvern_client.run_task("p", url="https://example.com", wait_for_completion=over)
    with pytest.raises(ApiError) as caught:
        await skyvern_client.retry_run_webhook(run.run_id)
    assert caught.value.status_code == 400
    assert words in str(caught.value.body)


# --- artifacts ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_artifacts_are_asked_for_by_one_kind_or_several(skyvern_client, skyvern_fake):
    script = RunScript(running(5, step="Look"), completed())
    skyvern_fake.on(prompt="*").play(script)
    run = await skyvern_client.run_task("p", url="https://example.com", wait_for_completion=True)

    async def kinds(wanted):
        found = await skyvern_client.get_run_artifacts(run.run_id, artifact_type=wanted)
        return {item.artifact_type for item in found}

    assert await kinds("recording") == {"recording"}
    assert await kinds(["recording", "screenshot_final"]) == {"recording", "screenshot_final"}
    assert await kinds(None) > {"recording", "screenshot_final"}


def test_one_artifact_is_as_in_the_list_of_its_run(skyvern_fake):
    with http(skyvern_fake) as client:
        run = client.post("/v1/run/tasks", json={"prompt": "p", "url": "https://example.com"})
        skyvern_fake.clock.advance(600)
        listed = client.get(f"/v1/runs/{run.json()['run_id']}/artifacts").json()
        one = client.get(f"/v1/artifacts/{listed[0]['artifact_id']}")
        assert one.json() == listed[0]
        unknown = client.get("/v1/artifacts/a_1")
    assert (unknown.status_code, unknown.json()) == (404, {"detail": "Artifact not found a_1"})


# --- key constraints ----------------------------------------------------------------------------


def test_run_task_takes_no_profile_and_download_files_does_not_wait():
    assert "browser_profile_id" not in inspect.signature(Skyvern.run_task).parameters
    assert "browser_profile_id" in inspect.signature(Skyvern.run_workflow).parameters
    assert "wait_for_completion" not in inspect.signature(Skyvern.download_files).parameters


@pytest.mark.asyncio
async def test_a_download_is_answered_at_once(skyvern_client, skyvern_clock):
    run = await skyvern_client.download_files(
        navigation_goal="The invoice", url="https://example.com", download_suffix=".pdf"
    )
    assert (run.status, skyvern_clock.now) == ("created", 0)


@pytest.mark.asyncio
async def test_only_runs_of_workflows_that_persist_their_session_make_profiles(skyvern_client):
    workflow = await a_workflow(skyvern_client)
    run = await skyvern_client.run_workflow(
        workflow.workflow_permanent_id, wait_for_completion=True
    )
    with pytest.raises(BadRequestError, match="Workflow does not persist browser sessions"):
        await skyvern_client.create_browser_profile(name="p", workflow_run_id=run.run_id)


@pytest.mark.asyncio
@pytest.mark.parametrize("engine", RunEngine)
async def test_every_engine_is_taken_but_the_one_that_a_server_must_be_set_up_for(
    skyvern_client, engine
):
    asked = skyvern_client.run_task("p", url="https://example.com", engine=engine)
    if engine is RunEngine.ui_tars:
        with pytest.raises(BadRequestError, match="ui-tars engine is not enabled"):
            await asked
        return
    run = await asked
    assert run.run_request.engine == engine.value


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (CredentialType.bitwarden, {"bitwarden_collection_id": "c"}),
        (CredentialType.onepassword, {"onepassword_vault_id": "v", "onepassword_item_id": "i"}),
        (
            CredentialType.azure_vault,
            {
                "azure_vault_name": "v",
                "azure_vault_username_key": "u",
                "azure_vault_password_key": "p",
                "azure_vault_totp_secret_key": "t",
            },
        ),
    ],
)
async def test_a_login_uses_credentials_of_every_vault(skyvern_client, kind, fields):
    run = await skyvern_client.login(
        kind, url="https://example.com", wait_for_completion=True, **fields
    )
    assert run.status == "completed"
