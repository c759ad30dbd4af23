"""Two organisations never see each other: a foreign id is answered as an unknown one."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from tests.api.asking import ask, send

OTHER = "another-organisation"

PASSWORD = {"name": "c", "credential_type": "password", "credential": {"username": "u"}}

FAMILIES = [
    pytest.param(
        "/v1/browser_sessions",
        {"timeout": 5},
        "browser_session_id",
        ["GET /{id}", "POST /{id}/close", "PATCH /{id}"],
        id="sessions",
    ),
    pytest.param(
        "/v1/browser_profiles",
        {"name": "p"},
        "browser_profile_id",
        ["GET /{id}", "PATCH /{id}", "DELETE /{id}"],
        id="profiles",
    ),
    pytest.param(
        "/v1/credentials",
        PASSWORD,
        "credential_id",
        ["GET /{id}", "POST /{id}/update", "POST /{id}/delete", "GET /{id}/totp-code"],
        id="credentials",
    ),
]


@pytest.mark.parametrize(("path", "body", "id_field", "calls"), FAMILIES)
def test_a_foreign_id_is_an_unknown_id(path, body, id_field, calls):
    fake = FakeSkyvern()
    fake.keys.add(OTHER)
    own = ask(fake, f"POST {path}", **body)[id_field]
    before = ask(fake, f"GET {path}")
    more = {"generate_browser_profile": True, **PASSWORD}

    for call in calls:
        method, _, rest = call.partition(" ")
        foreign = send(fake, f"{method} {path}{rest.format(id=own)}", key=OTHER, **more)
        unknown = send(fake, f"{method} {path}{rest.format(id='x_1')}", key=OTHER, **more)
        assert foreign.status == unknown.status == 404
        assert foreign.body.replace(own.encode(), b"x_1") == unknown.body
    assert ask(fake, f"GET {path}", key=OTHER) == []
    assert ask(fake, f"GET {path}") == before


def test_names_are_free_in_another_organisation():
    fake = FakeSkyvern()
    fake.keys.add(OTHER)
    ask(fake, "POST /v1/browser_profiles", name="p")
    assert ask(fake, "POST /v1/browser_profiles", key=OTHER, name="p")


def test_codes_are_listed_to_their_own_organisation():
    fake = FakeSkyvern()
    fake.keys.add(OTHER)
    ask(fake, "POST /v1/credentials/totp", totp_identifier="me", content="123456")
    assert len(ask(fake, "GET /v1/credentials/totp")) == 1
    assert ask(fake, "GET /v1/credentials/totp", key=OTHER) == []
