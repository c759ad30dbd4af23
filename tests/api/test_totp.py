"""Codes in messages: what a model reads there on the real server, the fake reads by a rule."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.world.messages import code_in
from skyvern_testkit.world.rows import TotpCode
from tests.api.asking import ask, refused, send

TOTP = "POST /v1/credentials/totp"


@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        ("Your code is 123456", "123456", "totp"),
        ("Your code is 123 456. Do not share it.", "123456", "totp"),
        ("Use 12-34-56 to sign in today", "123456", "totp"),
        ("Code: 0042 (valid for 10 minutes)", "0042", "totp"),
        ("Call 123456789012 for help, code 777888", "777888", "totp"),
        (
            "Click https://example.com/m?t=1234567 now",
            "https://example.com/m?t=1234567",
            "magic_link",
        ),
        (
            "https://example.com/magic?token=abc",
            "https://example.com/magic?token=abc",
            "magic_link",
        ),
        ("12345678901", "", None),
        ("There is nothing here", "", None),
    ],
)
def test_a_code_is_found_in_a_sentence(content, code, kind):
    assert code_in(content) == (code, kind)


def test_a_message_without_a_code_is_stored_as_pending():
    answer = ask(FakeSkyvern(), TOTP, totp_identifier="me", content="There is nothing here")
    assert (answer["code"], answer["otp_type"], answer["status"]) == ("", None, "raw_pending")


def test_a_huge_message_without_a_code_is_refused():
    fake = FakeSkyvern()
    assert refused(fake, TOTP, totp_identifier="me", content="x" * 70_000) == (
        400,
        "Failed to parse otp login",
    )
    assert not list(fake.world.rows(TotpCode))


def test_a_code_is_not_in_the_repr():
    fake = FakeSkyvern()
    ask(fake, TOTP, totp_identifier="me", content="482913")
    assert "482913" not in repr(list(fake.world.rows(TotpCode)))
    assert "482913" not in "\n".join(str(entry) for entry in fake.journal)


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_an_expiry_outside_the_years_of_utc_crashes_and_stores_nothing(moment):
    fake = FakeSkyvern()
    answer = send(fake, TOTP, totp_identifier="me", content="482913", expired_at=moment)
    assert (answer.status, answer.json) == (500, {"error": "Unexpected error: OverflowError"})
    assert ask(fake, "GET /v1/credentials/totp") == []
