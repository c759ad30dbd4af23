"""Credentials."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta

import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client.core import ApiError
from skyvern.client.errors import UnprocessableEntityError

from skyvern_testkit import RunScript, completed, needs_totp, running

pytestmark = pytest.mark.asyncio

PASSWORD = {"username": "reader@example.com", "password": "four words in order"}
URL = "https://library.example"


# --- create_credential --------------------------------------------------------------------------


async def test_a_password_is_stored_and_not_shown(client):
    made = await client.create_credential(
        name="Library", credential_type="password", credential=PASSWORD
    )
    assert made.credential_id.startswith("cred_")
    assert (made.name, made.credential_type) == ("Library", "password")
    assert made.credential.username == "reader@example.com"
    for shown in (made, await client.get_credential(made.credential_id)):
        assert "four words" not in shown.model_dump_json()


@pytest.mark.parametrize(
    ("kind", "secret", "shown"),
    [
        (
            "credit_card",
            {
                "card_number": "4111111111111111",
                "card_cvv": "123",
                "card_exp_month": "12",
                "card_exp_year": "2031",
                "card_brand": "visa",
                "card_holder_name": "A Reader",
            },
            {"last_four": "1111", "brand": "visa"},
        ),
        ("secret", {"secret_value": "a-token-of-mine"}, {"secret_label": None}),
    ],
)
async def test_the_other_credential_types(client, kind, secret, shown):
    made = await client.create_credential(name="x", credential_type=kind, credential=secret)
    assert made.credential_type == kind
    assert {name: getattr(made.credential, name) for name in shown} == shown


async def test_the_credential_type_is_not_that_of_login(client):
    """``CredentialType.skyvern`` of the imports says where login looks, not what is stored."""
    with pytest.raises(UnprocessableEntityError) as caught:
        await client.create_credential(name="x", credential_type="skyvern", credential=PASSWORD)
    assert caught.value.body["detail"][0]["loc"] == ["body", "credential_type"]


async def test_name_type_and_credential_are_required(client):
    given = {"name": "x", "credential_type": "password", "credential": PASSWORD}
    for name in given:
        with pytest.raises(TypeError, match=name):
            await client.create_credential(**{k: v for k, v in given.items() if k != name})


# --- reading and deleting -----------------------------------------------------------------------


async def test_get_credentials_is_paged_newest_first(client, skyvern_fake):
    for number in range(12):
        skyvern_fake.credential(name=f"Shelf {number}")

    async def names(**asked: int) -> list[str]:
        return [item.name for item in await client.get_credentials(**asked)]

    assert await names() == [f"Shelf {number}" for number in range(11, 1, -1)]
    assert await names(page=2) == ["Shelf 1", "Shelf 0"]
    assert await names(page=2, page_size=3) == ["Shelf 8", "Shelf 7", "Shelf 6"]
    with pytest.raises(UnprocessableEntityError):
        await names(page=0)


async def test_get_and_delete_one(client, skyvern_credential):
    got = await client.get_credential(skyvern_credential.id)
    assert got.credential_id == skyvern_credential.id
    assert await client.delete_credential(skyvern_credential.id) is None
    for method, says in (
        (client.get_credential, "Credential not found"),
        (
            client.delete_credential,
            f"Credential not found, credential_id={skyvern_credential.id}",
        ),
    ):
        with pytest.raises(ApiError) as caught:
            await method(skyvern_credential.id)
        assert (caught.value.status_code, caught.value.body) == (404, {"detail": says})


# --- send_totp_code -----------------------------------------------------------------------------


async def test_a_code_that_is_sent_lets_a_run_go_on(client, skyvern_fake):
    skyvern_fake.on(prompt="*loans*").play(
        RunScript(running(5), needs_totp("reader@example.com"), completed({"loans": 2}))
    )
    run = await client.run_task("Count my loans", url=URL, totp_identifier="reader@example.com")
    code = await client.send_totp_code(totp_identifier="reader@example.com", content="482916")
    assert (code.code, code.totp_identifier) == ("482916", "reader@example.com")
    done = await client.run_task(
        "Count my loans", url=URL, totp_identifier="reader@example.com", wait_for_completion=True
    )
    assert done.output == {"loans": 2}
    assert (await client.get_run(run.run_id)).status == "completed"


async def test_every_parameter_of_a_code(client, skyvern_fake):
    task = await client.run_task("Count my loans", url=URL)
    definition = {
        "title": "Loans",
        "workflow_definition": {
            "parameters": [],
            "blocks": [{"block_type": "goto_url", "label": "go", "url": URL}],
        },
    }
    made = await client.create_workflow(json_definition=definition)
    run = await client.run_workflow(made.workflow_permanent_id)
    ends = datetime(2026, 1, 1, 2, tzinfo=UTC)
    given = {
        "task_id": task.run_id,
        "workflow_id": made.workflow_id,
        "workflow_run_id": run.run_id,
        "source": "phone",
    }
    code = await client.send_totp_code(
        totp_identifier="+31 20 555", content="482916", expired_at=ends, **given
    )
    assert {name: getattr(code, name) for name in given} == given
    assert code.content == "482916"
    assert code.expired_at.replace(tzinfo=UTC) == ends


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("task_id", "Invalid task id: x_0"),
        ("workflow_id", "Invalid workflow id: x_0"),
        ("workflow_run_id", "Invalid workflow run id: x_0"),
    ],
)
async def test_what_a_code_is_for_must_be_there(client, name, says):
    with pytest.raises(ApiError) as caught:
        await client.send_totp_code(totp_identifier="me", content="482916", **{name: "x_0"})
    assert (caught.value.status_code, caught.value.body) == (400, {"detail": says})


async def test_a_permanent_id_is_no_workflow_id_for_a_code(client):
    """Its documentation suggests one; the server wants the version's id (facts: resources 8)."""
    definition = {"title": "T", "workflow_definition": {"parameters": [], "blocks": []}}
    made = await client.create_workflow(json_definition=definition)
    with pytest.raises(ApiError) as caught:
        await client.send_totp_code(
            totp_identifier="me", content="482916", workflow_id=made.workflow_permanent_id
        )
    assert caught.value.status_code == 400


async def test_an_expired_code_is_passed_over(client, skyvern_fake):
    seen = []

    @skyvern_fake.on(prompt="*loans*").play
    def login(run):
        yield running(5)
        seen.append((yield needs_totp("me")))
        yield completed()

    now = datetime(2026, 1, 1, tzinfo=UTC)
    for content, ends in (("111111", now + timedelta(hours=1)), ("222222", now)):
        await client.send_totp_code(totp_identifier="me", content=content, expired_at=ends)
    await client.run_task("Count my loans", url=URL, totp_identifier="me", wait_for_completion=True)
    assert seen == ["111111"]


@pytest.mark.parametrize(
    ("method", "page"),
    [
        ("create_credential", "name credential_type credential"),
        ("get_credentials", "page page_size"),
        ("get_credential", "credential_id"),
        ("delete_credential", "credential_id"),
        (
            "send_totp_code",
            "totp_identifier content task_id workflow_id workflow_run_id source expired_at",
        ),
    ],
)
async def test_every_parameter_of_the_page_is_one_of_the_sdk(method, page):
    assert set(page.split()) <= set(inspect.signature(getattr(Skyvern, method)).parameters)
