"""Webhooks of a served fake: sent off at once, and gone wrong as its clients say."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from skyvern_testkit import remote_skyvern, verify_webhook
from skyvern_testkit.control.webhook_faults import read_webhook_ask, webhook_fault_as_json
from skyvern_testkit.faults.webhooks import (
    Altered,
    AnswerLost,
    Duplicated,
    Late,
    Lost,
    Overtaken,
    SignedWith,
    Unsigned,
    WebhookFault,
    WebhookFaults,
)

if TYPE_CHECKING:
    import httpx

TASK = {"prompt": "Count", "url": "https://a.example"}
Received = Queue[tuple[bytes, str | None]]


@pytest.fixture
def receiver() -> Iterator[tuple[str, Received]]:
    received: Received = Queue()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            received.put((body, self.headers["x-skyvern-signature"]))

        def log_message(self, format: str, *args: object) -> None:
            pass

    at = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=at.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{at.server_port}/hook", received
    at.shutdown()
    at.server_close()


def started(client: httpx.Client, **more: Any) -> str:
    run_id: str = client.post("/v1/run/tasks", json=TASK | more).json()["run_id"]
    return run_id


def test_it_is_delivered_signed_with_the_key_of_the_run(ann, receiver):
    url, received = receiver
    run_id = started(ann, webhook_url=url)
    answer = ann.post(f"/_skyvern_testkit/webhooks/{run_id}")
    assert answer.json()["url"] == url
    body, signature = received.get(timeout=20)
    told = json.loads(body)
    assert (told["run_id"], told["status"]) == (run_id, answer.json()["status"])
    assert verify_webhook(body, signature, "ann")


def test_another_address(ann, receiver):
    url, received = receiver
    run_id = started(ann)
    answer = ann.post(f"/_skyvern_testkit/webhooks/{run_id}", json={"url": url})
    assert answer.status_code == 200
    assert json.loads(received.get(timeout=20)[0])["run_id"] == run_id


def test_what_cannot_be(ann, server):
    run_id = started(ann)
    desk = "/_skyvern_testkit/webhooks/"
    assert ann.post(desk + "wr_1").status_code == 404
    refused = ann.post(desk + run_id)
    assert (refused.status_code, "has no webhook_url" in refused.text) == (422, True)
    assert ann.post(desk + run_id, json={"uri": "x"}).status_code == 422
    with server.http(headers={"x-api-key": "bob"}) as bob:
        assert bob.post(desk + run_id, json={"url": "http://127.0.0.1:9"}).status_code == 404


def test_from_python(server, receiver):
    url, received = receiver
    with remote_skyvern(server.url, api_key="ann") as fake:
        with fake.http() as client:
            run_id = started(client, webhook_url=url)
        fake.fire_webhook(run_id)
        assert json.loads(received.get(timeout=20)[0])["run_id"] == run_id
        with pytest.raises(LookupError, match="wr_1"):
            fake.fire_webhook("wr_1")


# --- webhooks that go wrong -----------------------------------------------------------------------

PLANS = "/_skyvern_testkit/webhook_faults"


def fired(client: httpx.Client, to: str, received: Received) -> tuple[bytes, str | None]:
    """The webhook of a run of this client's, as its receiver gets it."""
    run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
    client.post(f"/_skyvern_testkit/webhooks/{run_id}", json={"url": to}).raise_for_status()
    return received.get(timeout=20)


def test_a_webhook_of_this_key_goes_wrong(server, ann, receiver):
    to, received = receiver
    assert ann.post(PLANS, json={"fault": {"sign_with": "of a forger"}}).status_code == 200
    ann.post(PLANS, json={"fault": {"alter": {"change": {"status": "completed"}}}})
    with server.http(headers={"x-api-key": "bob"}) as bob:
        body, signature = fired(bob, to, received)
        assert verify_webhook(body, signature, "bob")
    body, signature = fired(ann, to, received)
    assert json.loads(body)["status"] == "completed"
    assert not verify_webhook(body, signature, "ann")
    struck = [fault["struck"] for fault in ann.get(PLANS).json()["webhook_faults"]]
    assert struck == [1, 1]
    body, signature = fired(ann, to, received)
    assert verify_webhook(body, signature, "ann")


def test_the_key_of_a_forger_is_not_shown(ann):
    said = ann.post(PLANS, json={"fault": {"sign_with": "of a forger"}}).text
    assert "of a forger" not in said + ann.get(PLANS).text


def test_plans_for_webhooks_are_changed_and_forgotten_by_their_key_only(server, ann):
    asked = {"on": {"status": "failed", "url": "https://*"}, "nth": 2, "fault": {"delay": 60}}
    planned = ann.post(PLANS, json=asked).json()
    assert {name: planned[name] for name in ("on", "nth", "times")} == {
        "on": asked["on"],
        "nth": 2,
        "times": 1,
    }
    changed = f"{PLANS}/{planned['number']}"
    with server.http(headers={"x-api-key": "bob"}) as bob:
        assert bob.get(PLANS).json() == {"webhook_faults": []}
        assert bob.patch(changed, json={"times": 2}).status_code == 404
        bob.delete(PLANS)
    assert ann.patch(changed, json={"times": "always"}).json()["times"] == "always"
    unused = ann.get("/_skyvern_testkit/complaints").json()["complaints"]
    assert unused == ["webhooks.on(status='failed', nth=2): late by 60 s: no webhook met it"]
    assert ann.delete(PLANS).json() == ann.get(PLANS).json() == {"webhook_faults": []}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"fault": {"duplicat": 1}}, "Did you mean `duplicate`?"),
        ({"on": {"status": "complete"}, "fault": "omit_signature"}, "Did you mean 'completed'?"),
        ({"on": {"state": "completed"}, "fault": "omit_signature"}, "Did you mean `status`?"),
        ({"fault": {"drop": 4}}, "1 to 3 can fail"),
        ({"fault": {"alter": 3}}, "`alter` takes no"),
        ({"nth": 0, "fault": "reorder"}, "nth counts webhooks from 1"),
        ({"on": {"status": "failed"}}, "needs `fault`"),
    ],
)
def test_a_wrong_plan_is_refused_in_a_sentence(ann, asked, said):
    answer = ann.post(PLANS, json=asked)
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert ann.get(PLANS).json() == {"webhook_faults": []}


@pytest.mark.parametrize(
    "fault",
    [
        Duplicated(2, 1_500_000_000),
        Late(90_000_000_000),
        Overtaken(60_000_000_000),
        Lost(3),
        AnswerLost(1),
        Altered({"status": "completed", "output": None}),
        Altered({"a": [1]}, signed=True),
        SignedWith("k"),
        Unsigned(),
    ],
    ids=str,
)
def test_every_fault_of_webhooks_has_a_form_that_is_read_back(fault: WebhookFault):
    faults = WebhookFaults()
    asked = read_webhook_ask(json.dumps({"fault": webhook_fault_as_json(fault)}))
    asked.fault(faults.on())
    assert [rule.fault for rule in faults] == [fault]
