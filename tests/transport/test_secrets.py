"""Only the journal in memory is exact: nothing that prints shows a secret of the client."""

import json

import pytest

from skyvern_testkit import completed, fake_skyvern

SECRET = "hunter2hunter2"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URL = f"https://ann:{SECRET}@shop.example/hook?token={SECRET}&key={SECRET}"

CREDENTIALS = {
    "password": {"username": "u", "password": SECRET, "totp": SEED, "totp_type": "authenticator"},
    "credit_card": {
        "card_number": SECRET,
        "card_cvv": SECRET,
        "card_exp_month": "01",
        "card_exp_year": "2030",
        "card_brand": "visa",
        "card_holder_name": "n",
    },
    "secret": {"secret_value": SECRET, "secret_label": "l"},
}


def plant(http):
    """Put the secret in every place that a client has for one."""
    for kind, credential in CREDENTIALS.items():
        body = {"name": kind, "credential_type": kind, "credential": credential}
        assert http.post("/v1/credentials", json=body).is_success, kind
    code = {"totp_identifier": "a@b.example", "content": f"code {SECRET} 123456"}
    assert http.post("/v1/credentials/totp", json=code).is_success
    task = {
        "prompt": "x",
        "url": URL,
        "webhook_url": URL,
        "totp_url": URL,
        "extra_http_headers": {"Authorization": SECRET, "x-api-key": SECRET},
    }
    assert http.post("/v1/run/tasks", json=task).is_success
    parameter = {"parameter_type": "workflow", "key": "login", "workflow_parameter_type": "json"}
    definition = {
        "title": "t",
        "workflow_definition": {
            "parameters": [parameter],
            "blocks": [{"block_type": "wait", "label": "w", "wait_sec": 1}],
        },
    }
    made = http.post("/v1/workflows", json={"json_definition": definition}).json()
    run = {
        "workflow_id": made["workflow_permanent_id"],
        "parameters": {"login": {"password": SECRET, "tokens": [SECRET]}},
        "webhook_url": URL,
    }
    assert http.post("/v1/run/workflows", json=run).is_success


def shown(fake):
    """Every text that the kit itself makes of what it holds."""
    world = fake.world
    rows = [
        row for table in vars(world).values() if isinstance(table, dict) for row in table.values()
    ]
    nested = [item for row in rows if isinstance(row, dict) for item in row.values()]
    things = [
        fake, fake.journal, fake.webhooks, *fake.webhooks, world, *rows, *nested, world.unmatched, world.changes,
        world.advice, world.outbox, *world.due_events(), *fake.journal.deliveries,
    ]  # fmt: skip
    for entry in fake.journal:
        things += [entry, entry.request, entry.response]
    yield from (f"{type(thing).__name__}: {thing!r} {thing}" for thing in things)
    yield from (delivery.line() for delivery in fake.journal.deliveries)
    yield fake.journal.render()
    yield fake.report()


def assert_hidden(text):
    assert SECRET not in text
    assert SEED not in text


def test_no_rendering_shows_a_secret():
    with fake_skyvern() as fake:
        fake.on(url="https://else.example/*").play(completed())
        fake.on(parameters={"login": {}}).play(completed())
        fake.webhooks.receive("https://*shop.example*", lambda _: 200)
        with fake.http(headers={"x-api-key": SECRET}) as http:
            plant(http)
            for text in shown(fake):
                assert_hidden(text)
            fake.webhooks.wait_sync(2)
        assert URL in {delivery.url for delivery in fake.journal.deliveries}
        assert any(SECRET in json.dumps(entry.json) for entry in fake.journal)
        for text in shown(fake):
            assert_hidden(text)


def test_the_note_on_an_exception_shows_no_secret():
    def refuse(_):
        raise ValueError("no")

    def story():
        with fake_skyvern() as fake:
            fake.webhooks.receive("https://*shop.example*", refuse)
            with fake.http(headers={"x-api-key": SECRET}) as http:
                plant(http)
                fake.clock.advance(30)
            for error in fake.failures:
                assert_hidden("".join(error.__notes__))
            raise KeyError("on purpose")

    with pytest.raises(KeyError) as caught:
        story()
    assert "raised by the receiver of https://***@shop.example" in caught.value.__notes__[0]
    assert_hidden("".join(caught.value.__notes__))
