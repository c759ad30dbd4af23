"""One request on its way: what refuses it, what crashes on it, what comes out in the test."""

from __future__ import annotations

from contextlib import suppress

import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import completed
from tests.api.asking import send


def test_a_refusal_that_nobody_can_write_is_the_servers_own_500():
    answer = send(
        FakeSkyvern(),
        "POST /v1/credentials/totp",
        totp_identifier="me",
        content="482913",
        task_id="\ud800",
    )
    assert (answer.status, answer.json) == (500, {"error": "Unexpected error: UnicodeEncodeError"})


def broken(asked: object) -> bool:
    raise ZeroDivisionError


def test_what_a_condition_of_a_fault_raises_is_remembered():
    fake = FakeSkyvern()
    fake.faults.on("get_version", when=broken).answer(503)
    with pytest.raises(ZeroDivisionError) as caught:
        send(fake, "GET /v1/version")
    assert fake.failures == [caught.value]
    assert not fake.waiting


def test_what_a_script_raises_is_remembered_once():
    fake = FakeSkyvern()
    fake.on(prompt=broken).play(completed())
    with pytest.raises(ZeroDivisionError) as caught:
        send(fake, "POST /v1/run/tasks", prompt="p", url="https://example.com")
    assert fake.failures == [caught.value]


def test_a_client_that_swallows_what_a_condition_raises_does_not_hide_it():
    def the_test():
        with fake_skyvern() as fake, fake.http() as client:
            fake.faults.on("get_version", when=broken).answer(503)
            with suppress(Exception):
                client.get("/v1/version")

    with pytest.raises(ZeroDivisionError) as caught:
        the_test()
    assert caught.traceback[-1].name == "broken"


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("download_files", {"navigation_goal": "fetch"}),
        (
            "login",
            {
                "credential_type": "1password",
                "onepassword_vault_id": "v",
                "onepassword_item_id": "i",
                "prompt": "fetch",
            },
        ),
    ],
)
def test_a_run_that_no_script_could_be_chosen_for_leaves_nothing_behind(
    operation: str, more: dict[str, str]
):
    fake = FakeSkyvern()
    before = fake.world.fork()
    fake.on(prompt=broken).play(completed())
    with pytest.raises(ZeroDivisionError):
        send(fake, f"POST /v1/run/tasks/{operation}", url="https://example.com/", **more)
    assert fake.world.diff(before) == {}
