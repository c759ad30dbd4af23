"""Credentials: secrets stay inside, codes follow virtual time."""

from __future__ import annotations

from typing import Any

import pytest
from pyotp.totp import TOTP

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.authenticator import usable_seed
from skyvern_testkit.world.rows import Credential
from tests.api.asking import ask, refused, send, wait

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
SECRET = "hunter2"

SECRETS = {
    "password": {"username": "u", "password": SECRET},
    "credit_card": {
        "card_number": f"{SECRET}-1234",
        "card_cvv": SECRET,
        "card_exp_month": "01",
        "card_exp_year": "2030",
        "card_brand": "visa",
        "card_holder_name": "A B",
    },
    "secret": {"secret_value": SECRET},
}


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern()


def stored(fake: FakeSkyvern, type: str = "password", **values: str) -> str:
    body: dict[str, Any] = {
        "name": "c",
        "credential_type": type,
        "credential": {**SECRETS[type], **values},
    }
    return str(ask(fake, "POST /v1/credentials", **body)["credential_id"])


@pytest.mark.parametrize("type", SECRETS)
def test_secrets_are_kept_and_never_shown(fake, type):
    credential = stored(fake, type)
    row = fake.world.get(Credential, credential)
    assert row is not None
    assert SECRET in str(row.secret)

    shown = (
        repr(row),
        send(fake, f"GET /v1/credentials/{credential}").body.decode(),
        send(fake, "GET /v1/credentials").body.decode(),
        fake.journal.render(),
        "\n".join(str(entry) for entry in fake.journal),
        repr(list(fake.journal)),
    )
    assert not [text for text in shown if SECRET in text]


@pytest.mark.parametrize("type", SECRETS)
def test_a_refusal_does_not_repeat_the_secret(fake, type):
    response = send(
        fake,
        "POST /v1/credentials",
        name=5,
        credential_type=type,
        credential={**SECRETS[type], "totp_type": "zzz"},
    )
    assert response.status == 422
    assert SECRET not in response.body.decode()


def test_the_code_of_an_authenticator_follows_virtual_time(fake):
    credential = stored(fake, totp=SEED, totp_type="authenticator")
    path = f"GET /v1/credentials/{credential}/totp-code"
    wait(fake, 7)

    first = ask(fake, path)
    expected = TOTP(SEED).at(fake.world.now // SECOND)
    assert first == {"code": expected, "seconds_remaining": 23}
    wait(fake, 22)
    assert ask(fake, path) == {"code": expected, "seconds_remaining": 1}
    wait(fake, 1)
    assert ask(fake, path)["code"] != expected


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("jbsw y3dp-ehpk 3pxp jbsw y3dp ehpk 3pxp", SEED),
        (f" otpauth://totp/A:b?secret={SEED} ", f"otpauth://totp/A:b?secret={SEED}"),
        ("not base32!", None),
        ("JBSWY3DPEHPK3PXP", None),
        ("é" * 40, None),
        ("", None),
        (None, None),
    ],
)
def test_a_seed_is_kept_in_the_form_that_codes_are_made_of(sent, kept):
    assert usable_seed(sent) == kept


def test_an_unusable_seed_of_another_type_is_taken_and_makes_no_codes(fake):
    credential = stored(fake, totp="not base32!", totp_type="email")
    assert ask(fake, f"GET /v1/credentials/{credential}")["credential"]["has_totp"] is True
    assert refused(fake, f"GET /v1/credentials/{credential}/totp-code") == (
        400,
        "This credential does not have an authenticator app configured.",
    )


def test_an_update_replaces_the_secret(fake):
    credential = stored(fake)
    ask(
        fake,
        f"POST /v1/credentials/{credential}/update",
        name="new",
        credential_type="secret",
        credential={"secret_value": "other"},
    )
    row = fake.world.get(Credential, credential)
    assert row is not None
    assert row.secret == {"secret_value": "other", "secret_label": None}


def test_the_profile_of_a_deleted_credential_can_be_linked_again(fake):
    profile = ask(fake, "POST /v1/browser_profiles", name="p")["browser_profile_id"]
    linked = {
        "name": "c",
        "credential_type": "password",
        "credential": SECRETS["password"],
        "browser_profile_id": profile,
    }
    first = ask(fake, "POST /v1/credentials", **linked)["credential_id"]
    assert refused(fake, "POST /v1/credentials", **linked)[0] == 400
    ask(fake, f"POST /v1/credentials/{first}/update", **linked)  # its own link is no conflict
    assert send(fake, f"POST /v1/credentials/{first}/delete").status == 204
    assert ask(fake, "POST /v1/credentials", **linked)
