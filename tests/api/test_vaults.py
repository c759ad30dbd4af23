"""Vaults and organisations: what recordings cannot say - isolation, forks, secrets in what is shown."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.redact import redact_json
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.authenticator import Authenticator
from skyvern_testkit.world.credentials import AuthToken
from tests.api.asking import ask, refused

SECRET = "hush-hush"
STORED: dict[str, dict[str, Any]] = {
    "onepassword": {"token": SECRET},
    "bitwarden": {"credential": {"email": "me@example.com", "master_password": SECRET}},
    "azure_credential": {
        "credential": {"tenant_id": "t", "client_id": "c", "client_secret": SECRET}
    },
    "custom_credential": {"config": {"api_base_url": "https://v.example", "api_token": SECRET}},
}
PROVIDERS = pytest.mark.parametrize("provider", STORED)
NOTE: dict[str, Any] = {
    "name": "n",
    "credential_type": "secret",
    "credential": {"secret_value": "v"},
}


def store(fake: FakeSkyvern, provider: str) -> Any:
    return ask(fake, f"POST /v1/credentials/{provider}/create", **STORED[provider])


@PROVIDERS
def test_no_secret_is_in_a_repr_or_a_report(provider: str):
    fake = FakeSkyvern()
    answer = store(fake, provider)
    (row,) = fake.world.rows(AuthToken)
    assert SECRET not in repr(row)
    assert SECRET not in str(redact_json(STORED[provider]))
    assert SECRET not in str(redact_json(answer))
    assert all(SECRET not in repr(entry) for entry in fake.journal)


def test_a_key_is_shown_on_the_wire_and_nowhere_else():
    fake = FakeSkyvern()
    answer = ask(fake, f"GET /api/v1/organizations/{fake.organization_id}/apikeys")
    assert [row["token"] for row in answer["api_keys"]] == [fake.api_key]
    assert fake.api_key not in str(redact_json(answer))
    assert all(fake.api_key not in repr(row) for row in fake.world.rows(AuthToken))


def test_the_row_of_a_key_is_the_same_the_next_time():
    fake = FakeSkyvern()
    asked = f"GET /api/v1/organizations/{fake.organization_id}/apikeys"
    assert ask(fake, asked) == ask(fake, asked)


def test_a_fork_has_tokens_of_its_own():
    fake = FakeSkyvern()
    store(fake, "onepassword")
    twin = fake.fork()
    ask(twin, "DELETE /v1/credentials/onepassword")
    assert ask(fake, "GET /v1/credentials/onepassword/status")["configured"]
    assert not ask(twin, "GET /v1/credentials/onepassword/status")["configured"]


def test_a_service_of_ones_own_keeps_what_it_is_given():
    fake = FakeSkyvern()
    store(fake, "custom_credential")
    made = ask(fake, "POST /v1/credentials", **NOTE, vault_type="custom")
    assert made["vault_type"] == "custom"
    assert ask(fake, "GET /v1/credentials?vault_type=custom") == [made]
    assert ask(fake, "GET /v1/credentials?vault_type=skyvern") == []


def test_nobody_is_asked_for_it():
    fake = FakeSkyvern()
    store(fake, "custom_credential")
    ask(fake, "POST /v1/credentials", **NOTE, vault_type="custom")
    assert fake.take_effects() == []


def test_an_organisation_may_not_take_anothers_slug():
    fake = FakeSkyvern(one_organization=False)
    ask(fake, "PUT /api/v1/organizations", key="one", slug="mine")
    taken = refused(fake, "PUT /api/v1/organizations", key="two", slug="mine")
    assert taken == (409, "Organization slug is already in use.")


def test_a_key_that_was_revoked_is_not_shown():
    fake = FakeSkyvern(strict_keys=True)
    fake.keys.add("second", organization=fake.organization_id)
    fake.keys.revoke("second")
    answer = ask(fake, f"GET /api/v1/organizations/{fake.organization_id}/apikeys")
    assert [row["token"] for row in answer["api_keys"]] == [fake.api_key]


# --- RFC 6238, appendix B: the seed and the codes of the standard --------------------------------


@pytest.mark.parametrize(
    ("second", "code"), [(59, "94287082"), (1111111109, "07081804"), (20000000000, "65353130")]
)
def test_the_codes_of_the_standard(second: int, code: str):
    uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=8"
    app = Authenticator.of(uri)
    assert app is not None
    assert app.code(second * SECOND) == code


@pytest.mark.parametrize(("second", "left"), [(0, 30), (1, 29), (29, 1), (30, 30)])
def test_how_long_a_code_is_shown(second: int, left: int):
    assert Authenticator("SEED").seconds_left(second * SECOND + SECOND // 2) == left
