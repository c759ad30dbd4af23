"""A webhook that a client of a served fake sends off at once."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from queue import Queue
from typing import TYPE_CHECKING, Any

import pytest

from skyvern_testkit import fake_skyvern, remote_skyvern, verify_webhook
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.transport.server import Server, serving

if TYPE_CHECKING:
    import httpx

TASK = {"prompt": "Count", "url": "https://a.example"}
Received = Queue[tuple[bytes, str | None]]


@pytest.fixture
def server() -> Iterator[Server]:
    with (
        fake_skyvern(clock="polls", one_organization=False) as fake,
        serving(fake, control=Desk(fake)) as served,
    ):
        yield served


@pytest.fixture
def ann(server: Server) -> Iterator[httpx.Client]:
    with server.http(headers={"x-api-key": "ann"}) as client:
        yield client


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
