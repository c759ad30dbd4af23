"""One request on its way: what refuses it, what crashes on it, what comes out in the test."""

from __future__ import annotations

from skyvern_testkit.fake.fake import FakeSkyvern
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
