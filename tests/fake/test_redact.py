"""What may be shown of a request: everything but secrets."""

from __future__ import annotations

import json

import pytest

from skyvern_testkit.fake.journal import Journal
from skyvern_testkit.fake.redact import (
    redact_body,
    redact_headers,
    redact_json,
    redact_target,
    redact_text,
)
from skyvern_testkit.wire.http import Request, Response

SECRET = "hunter2-4111"


@pytest.mark.parametrize(
    "body",
    [
        {"credential": {"username": "u", "password": SECRET}},
        {"credential": {"username": "u", "totp": SECRET}},
        {"credential": {"card_number": SECRET, "card_cvv": SECRET}},
        {"credential": {"secret_value": SECRET}},
        {"totp_identifier": "a@b.c", "content": SECRET},
        {"code": SECRET},
        {"verification_code": SECRET},
        {"api_key": SECRET},
        [{"deep": [{"password": SECRET}]}],
        {"extra_http_headers": {"Authorization": SECRET}},
        {"extra_http_headers": {"x-api-key": SECRET}},
        {"access_key": SECRET, "private_key": SECRET, "jwt": SECRET, "otp": SECRET},
        {"passwords": [SECRET], "password": [SECRET]},
        {"secrets": {"a": {"b": SECRET}}},
        {"apiKey": SECRET},
        {"page": f"https://user:{SECRET}@host.example/"},
        {"page": f"see https://host.example/?key={SECRET} and go"},
    ],
)
def test_secret_fields_are_hidden_at_any_depth(body: object):
    assert SECRET not in redact_body(json.dumps(body).encode())


def test_what_is_no_secret_is_shown():
    body = {
        "prompt": "Log in",
        "credential_type": "password",
        "has_totp": True,
        "totp_type": "none",
        "totp_identifier": "a@b.example",
        "credential_id": "cred_1",
        "secret_label": "key of the shop",
        "credential": {"username": "u"},
        "credentials": [{"name": "n"}],
        "browser_seed_source": "fresh",
        "key": "region",
        "url": "https://shop.example/a?page=2#end",
    }
    assert redact_json(body) == body


def test_a_null_secret_shows_that_it_is_null():
    assert redact_json({"password": None}) == {"password": None}


def test_headers_with_keys_and_signatures_are_hidden():
    headers = (("X-API-Key", SECRET), ("authorization", SECRET), ("x-skyvern-signature", SECRET))
    assert SECRET not in repr(redact_headers((*headers, ("accept", "*/*"))))
    assert redact_headers((("accept", "*/*"),)) == (("accept", "*/*"),)


def test_the_signature_of_a_file_url_is_hidden():
    target = f"/v1/artifacts/a_1/content?expiry=1&sig={SECRET}"
    assert redact_target(target) == "/v1/artifacts/a_1/content?expiry=1&sig=***"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (f"https://u:{SECRET}@h.example/a", "https://***@h.example/a"),
        (f"https://{SECRET}@h.example:8/a@b", "https://***@h.example:8/a@b"),
        (f"https://h.example/?key={SECRET}&page=2", "https://h.example/?key=***&page=2"),
        (f"https://h.example/?api%5Fkey={SECRET}", "https://h.example/?api%5Fkey=***"),
        (f"https://h.example/#access_token={SECRET}", "https://h.example/#access_token=***"),
        ("https://h.example/a%20b?q=x%20y", "https://h.example/a%20b?q=x%20y"),
        ("/v1/runs?page=2", "/v1/runs?page=2"),
    ],
)
def test_a_url_shows_neither_user_nor_secret_values(url: str, shown: str):
    assert redact_target(url) == shown
    assert redact_text(f"to {url} it went") == f"to {shown} it went"


def test_bytes_that_are_no_json_are_only_counted():
    assert redact_body(SECRET.encode()) == "<12 bytes that are not JSON>"


def test_a_long_body_is_cut():
    assert len(redact_body(json.dumps({"prompt": "x" * 5_000}).encode(), limit=100)) < 150


def test_the_journal_is_exact_in_memory_and_redacted_when_shown():
    journal = Journal()
    request = Request.to(
        "POST",
        "/v1/credentials",
        headers=(("x-api-key", SECRET),),
        body=json.dumps({"credential": {"password": SECRET}}).encode(),
    )
    entry = journal.open(request, began=0.0)
    entry.operation, entry.response = "create_credential", Response(201, (), b'{"name":"n"}')
    assert journal.calls("create_credential")[0].json["credential"]["password"] == SECRET
    shown = "".join((str(entry), repr(entry), repr(journal), journal.render(), entry.line()))
    assert SECRET not in shown
    assert "create_credential" in shown


def test_the_journal_is_bounded_and_says_how_much_it_forgot():
    journal = Journal(limit=3)
    for number in range(5):
        journal.open(Request.to("GET", f"/v1/runs/tsk_{number}"), began=float(number))
    assert (len(journal), journal.dropped, journal.total) == (3, 2, 5)
    assert journal[0].request.path == "/v1/runs/tsk_2"
