"""What the world sends out: to receivers in this process, to loopback addresses, and to nobody else."""

import asyncio
import http.server
import json
import threading
import time
from typing import Any

import httpx
import pytest
from skyvern.client.core import ApiError

from skyvern_testkit import (
    Deadlock,
    RunScript,
    completed,
    fake_skyvern,
    needs_totp,
    running,
    sign_webhook,
    verify_webhook,
)

HOOK = "https://shop.example/hooks/skyvern"


async def run_with_webhook(client, url=HOOK):
    return await client.run_task("x", webhook_url=url, wait_for_completion=True)


# --- signatures ---------------------------------------------------------------------------------


def test_signing_as_skyvern_does():
    # printf '{"a":1}' | openssl dgst -sha256 -hmac key
    signature = "88a67f24bbcdaed0e6c997404bb79a743baf44c6bab2f4c27328e3009d22e342"
    assert sign_webhook('{"a":1}', "key") == signature
    assert sign_webhook(b'{"a":1}', "key") == signature
    assert verify_webhook(b'{"a":1}', signature, "key")
    assert verify_webhook(b'{"a":1}', f" {signature.upper()} ", "key")


@pytest.mark.parametrize("signature", [None, "", "ä", "0" * 64])
def test_a_wrong_signature_is_wrong(signature):
    assert not verify_webhook(b"{}", signature, "key")


# --- the collector ------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_signed_webhook_is_received(skyvern_client, skyvern_webhooks):
    run = await run_with_webhook(skyvern_client, skyvern_webhooks.url)
    sent = await skyvern_webhooks.wait()
    assert sent is skyvern_webhooks.last
    assert sent.json["run_id"] == sent.run_id == run.run_id
    assert sent.json["status"] == "completed"
    assert sent.signature_ok
    assert sent.headers["X-Skyvern-Signature"] == sent.signature
    assert len(skyvern_webhooks) == 1


@pytest.mark.asyncio
async def test_the_key_is_that_of_the_client_that_started_the_run(skyvern_fake, skyvern_webhooks):
    await run_with_webhook(skyvern_fake.client(api_key="mine"), skyvern_webhooks.url)
    sent = await skyvern_webhooks.wait()
    assert verify_webhook(sent.body, sent.signature, "mine")
    assert "mine" not in repr(sent)


@pytest.mark.asyncio
async def test_waiting_for_several(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=600), completed()))
    for _ in range(3):
        await skyvern_client.run_task("x", webhook_url=skyvern_webhooks.url)
    with pytest.raises(TimeoutError, match="3 webhooks were awaited and 0 came in 60 virtual"):
        await skyvern_webhooks.wait(3, timeout=60)
    await skyvern_webhooks.wait(3, timeout=3600)
    assert skyvern_fake.clock.now < 700


def test_waiting_for_what_cannot_come_is_a_deadlock(skyvern_webhooks):
    with pytest.raises(Deadlock, match=r"webhook number 1 \(0 received so far\)"):
        asyncio.run(skyvern_webhooks.wait())


def test_waiting_in_a_sync_test(skyvern_sync_client, skyvern_webhooks, skyvern_clock):
    skyvern_sync_client.run_task(prompt="x", webhook_url=skyvern_webhooks.url)
    assert skyvern_webhooks.wait_sync().signature_ok
    assert 0 < skyvern_clock.now < 60
    with pytest.raises(TimeoutError):
        skyvern_webhooks.wait_sync(2, timeout=5)


# --- receivers in this process ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (None, 200, ""),
        (202, 202, ""),
        ("done", 200, "done"),
        (b"done", 200, "done"),
        ({"ok": True}, 200, '{"ok":true}'),
        ((404, "gone"), 404, "gone"),
        (httpx.Response(418, text="teapot"), 418, "teapot"),
    ],
)
@pytest.mark.asyncio
async def test_what_a_handler_may_answer(
    skyvern_client, skyvern_fake, skyvern_webhooks, reply, status, body
):
    skyvern_webhooks.receive(HOOK, lambda sent: reply)
    await run_with_webhook(skyvern_client)
    await skyvern_webhooks.wait()
    (result,) = skyvern_fake.world.results.values()
    assert (result.status, result.body) == (status, body)
    assert skyvern_fake.journal.deliveries[0].status == status


@pytest.mark.asyncio
async def test_an_async_handler_runs_on_the_clients_loop_and_may_take_its_time(
    skyvern_client, skyvern_webhooks, skyvern_clock
):
    loops, ends = [], []

    @skyvern_webhooks.receive("https://shop.example/*")
    async def handle(sent):
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(5)
        ends.append(skyvern_clock.now)
        assert (await skyvern_client.get_run(sent.run_id)).status == "completed"

    await run_with_webhook(skyvern_client)
    sent = await skyvern_webhooks.wait()
    assert loops == [asyncio.get_running_loop()]
    assert ends == [pytest.approx(sent.at + 5)]


def test_handlers_of_a_sync_test_may_be_async(skyvern_sync_client, skyvern_webhooks):
    seen = []

    @skyvern_webhooks.receive(HOOK)
    async def handle(sent):
        await asyncio.sleep(2)
        seen.append(sent.run_id)

    run = skyvern_sync_client.run_task(prompt="x", webhook_url=HOOK)
    skyvern_webhooks.wait_sync()
    assert seen == [run.run_id]


def test_a_sync_handler_may_use_a_sync_client(skyvern_sync_client, skyvern_webhooks):
    seen = []
    skyvern_webhooks.receive(
        HOOK, lambda sent: seen.append(skyvern_sync_client.get_run(sent.run_id).status)
    )
    skyvern_sync_client.run_task(prompt="x", webhook_url=HOOK)
    time.sleep(60)
    assert seen == ["completed"]


@pytest.mark.asyncio
async def test_the_receiver_said_last_wins(skyvern_client, skyvern_webhooks):
    seen = []
    skyvern_webhooks.receive("https://shop.example/*", lambda sent: seen.append("general"))
    skyvern_webhooks.receive(HOOK, lambda sent: seen.append("special"))
    await run_with_webhook(skyvern_client)
    await skyvern_webhooks.wait()
    assert seen == ["special"]


async def asgi_app(scope, receive, send):
    assert scope["type"] == "http"
    body = (await receive())["body"]
    headers = dict(scope["headers"])
    ok = verify_webhook(body, headers[b"x-skyvern-signature"].decode(), "skyvern-testkit-key")
    await send({"type": "http.response.start", "status": 201 if ok else 401, "headers": []})
    await send({"type": "http.response.body", "body": scope["path"].encode()})


def wsgi_app(environ, start_response):
    body = environ["wsgi.input"].read()
    ok = verify_webhook(body, environ["HTTP_X_SKYVERN_SIGNATURE"], "skyvern-testkit-key")
    start_response("201 Created" if ok else "401 Unauthorized", [])
    return [environ["PATH_INFO"].encode()]


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
@pytest.mark.asyncio
async def test_applications_receive_webhooks(skyvern_client, skyvern_fake, skyvern_webhooks, kind):
    if kind == "asgi":
        skyvern_webhooks.receive_asgi("https://shop.example/*", asgi_app)
    else:
        skyvern_webhooks.receive_wsgi("https://shop.example/*", wsgi_app)
    await run_with_webhook(skyvern_client)
    await skyvern_webhooks.wait()
    (result,) = skyvern_fake.world.results.values()
    assert (result.status, result.body) == (201, "/hooks/skyvern")


def test_applications_receive_webhooks_in_sync_tests(skyvern_sync_client, skyvern_webhooks):
    skyvern_webhooks.receive_asgi(HOOK, asgi_app)
    skyvern_sync_client.run_task(prompt="x", webhook_url=HOOK)
    assert skyvern_webhooks.wait_sync().url == HOOK


def broken(sent):
    raise ZeroDivisionError("a bug in the receiver")


def test_what_a_handler_raises_fails_the_test_and_is_a_500_for_skyvern():
    def the_test():
        with fake_skyvern() as fake:
            fake.webhooks.receive(HOOK, broken)
            asyncio.run(run_with_webhook(fake.client()))
            time.sleep(10)
            assert fake.journal.deliveries[0].status == 500

    with pytest.raises(ZeroDivisionError) as caught:
        the_test()
    assert caught.traceback[-1].name == "broken"
    assert HOOK in caught.value.__notes__[0]


@pytest.mark.asyncio
async def test_an_application_may_be_allowed_to_crash(
    skyvern_client, skyvern_fake, skyvern_webhooks
):
    async def crash(scope, receive, send):
        raise ZeroDivisionError

    skyvern_webhooks.receive_asgi(HOOK, crash, raise_app_exceptions=False)
    await run_with_webhook(skyvern_client)
    await skyvern_webhooks.wait()
    assert skyvern_fake.journal.deliveries[0].status == 500
    assert skyvern_fake.failures == []


def nonsense(sent: Any) -> Any:
    return 1.5


@pytest.mark.asyncio
async def test_a_handler_that_answers_nonsense_is_told_what_it_may_answer():
    async def the_test():
        with fake_skyvern() as fake:
            fake.webhooks.receive(HOOK, nonsense)
            await run_with_webhook(fake.client())
            await fake.webhooks.wait()

    with pytest.raises(TypeError, match=r"handler nonsense answered 1\.5"):
        await the_test()


# --- addresses ----------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_other_addresses_are_recorded_and_not_contacted(skyvern_client, skyvern_fake):
    await run_with_webhook(skyvern_client, "https://shop.example/hook?token=s3cr3t")
    await asyncio.sleep(10)
    (delivery,) = skyvern_fake.journal.deliveries
    assert delivery.status is None
    assert delivery.error == "not contacted: a fake never sends traffic to the outside world"
    assert json.loads(delivery.body)["status"] == "completed"
    assert "s3cr3t" not in delivery.line()
    assert len(skyvern_fake.webhooks) == 0


@pytest.mark.asyncio
async def test_a_cancel_does_not_fail_because_of_an_address_outside(skyvern_client):
    run = await skyvern_client.run_task("x", webhook_url=HOOK)
    assert await skyvern_client.cancel_run(run.run_id) is None


@pytest.mark.asyncio
async def test_a_cancel_fails_with_the_servers_500_when_nobody_listens(skyvern_client):
    run = await skyvern_client.run_task("x", webhook_url="http://127.0.0.1:9/")
    with pytest.raises(ApiError) as caught:
        await skyvern_client.cancel_run(run.run_id)
    assert caught.value.status_code == 500
    assert (await skyvern_client.get_run(run.run_id)).status == "canceled"


class Server(http.server.BaseHTTPRequestHandler):
    """A real HTTP server in a thread of its own, outside virtual time."""

    received: list[tuple[str, bytes, str | None]]
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append((self.path, body, self.headers["x-skyvern-signature"]))
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b"x" * 3_000_000)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server():
    received: list[tuple[str, bytes, str | None]] = []
    mine = type("Mine", (Server,), {"received": received})
    with http.server.HTTPServer(("127.0.0.1", 0), mine) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook?a=1", received
        server.shutdown()
        thread.join()


@pytest.mark.asyncio
async def test_a_loopback_address_is_really_called(
    server, skyvern_client, skyvern_fake, skyvern_webhooks
):
    url, received = server
    await run_with_webhook(skyvern_client, url)
    await skyvern_webhooks.wait()
    ((path, body, signature),) = received
    assert path == "/hook?a=1"
    assert verify_webhook(body, signature, skyvern_fake.api_key)
    (result,) = skyvern_fake.world.results.values()
    assert (result.status, len(result.body)) == (200, 1 << 20)


def test_a_loopback_address_is_really_called_from_a_sync_test(
    server, skyvern_sync_client, skyvern_fake
):
    url, received = server
    skyvern_sync_client.run_task(prompt="x", webhook_url=url)
    time.sleep(60)
    assert len(received) == 1
    assert skyvern_fake.journal.deliveries[0].status == 200


@pytest.mark.asyncio
async def test_a_receiver_on_the_clients_own_loop(skyvern_client, skyvern_webhooks, skyvern_fake):
    async def serve(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(3)
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    await run_with_webhook(skyvern_client, f"http://localhost:{port}/")
    sent = await skyvern_webhooks.wait()
    assert skyvern_fake.journal.deliveries[0].at == pytest.approx(sent.at + 3)
    server.close()


@pytest.mark.asyncio
async def test_nobody_listens_there(skyvern_client, skyvern_fake):
    await run_with_webhook(skyvern_client, "http://127.0.0.1:9/")
    await asyncio.sleep(10)
    tries = skyvern_fake.journal.deliveries
    assert [delivery.status for delivery in tries] == [None] * 3
    assert {delivery.error for delivery in tries} == {
        "ConnectError: All connection attempts failed"
    }


# --- exchanges that wait for effects ------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_cancel_waits_for_its_webhook(skyvern_client, skyvern_webhooks, skyvern_clock):
    @skyvern_webhooks.receive(HOOK)
    async def slow(sent):
        await asyncio.sleep(4)

    run = await skyvern_client.run_task("x", webhook_url=HOOK)
    await skyvern_client.cancel_run(run.run_id)
    assert skyvern_clock.now == 4
    assert skyvern_webhooks.last.json["status"] == "canceled"


def test_a_sync_cancel_waits_for_its_webhook(skyvern_sync_client, skyvern_webhooks):
    run = skyvern_sync_client.run_task(prompt="x", webhook_url=skyvern_webhooks.url)
    skyvern_sync_client.cancel_run(run.run_id)
    assert [sent.json["status"] for sent in skyvern_webhooks] == ["canceled"]


@pytest.mark.asyncio
async def test_a_sync_client_that_blocks_the_loop_gets_its_webhook_too(
    skyvern_sync_client, skyvern_webhooks
):
    run = skyvern_sync_client.run_task(prompt="x", webhook_url=skyvern_webhooks.url)
    skyvern_sync_client.cancel_run(run.run_id)
    assert len(skyvern_webhooks) == 1


@pytest.mark.asyncio
async def test_a_totp_url_is_asked_for_the_code(skyvern_client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=3), needs_totp(), completed("in")))
    asked = []

    @skyvern_webhooks.receive("https://otp.example/code")
    def code(sent):
        asked.append((sent.kind, sent.json, sent.signature_ok))
        return {"verification_code": "123456"} if len(asked) == 2 else {}

    run = await skyvern_client.run_task(
        "x", totp_url="https://otp.example/code", wait_for_completion=True
    )
    assert run.output == "in"
    assert asked == [("totp_url", {"task_id": run.run_id}, True)] * 2
    assert len(skyvern_webhooks) == 0


# --- what the test plans ------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_later(skyvern_client, skyvern_fake, skyvern_clock):
    from skyvern_testkit import signal

    skyvern_fake.on(prompt="*").play(RunScript(running(until=signal("go")), completed()))
    skyvern_fake.later(33, skyvern_fake.signal, "go")
    await skyvern_client.run_task("x", wait_for_completion=True)
    assert skyvern_clock.now == 40
    assert skyvern_fake.world.changes[-1].at == skyvern_fake.world.epoch + 33_000_000_000
    with pytest.raises(ValueError, match="5 seconds ago"):
        skyvern_fake.later(-5, print)


def test_a_real_clock_delivers_too():
    with fake_skyvern(clock="real") as fake:
        fake.on(prompt="*").play(RunScript(running(seconds=0.01), completed()))
        client = fake.http()
        seen = []
        fake.webhooks.receive(HOOK, lambda sent: seen.append(client.get("/v1/version").status_code))
        client.post(
            "/v1/run/tasks", json={"prompt": "x", "url": "https://a.example", "webhook_url": HOOK}
        )
        assert fake.webhooks.wait_sync(timeout=20).signature_ok
        assert seen == [200]


# --- a URL with a user ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "host", "authorization"),
    [
        ("https://ann:p%40@shop.example:443/h", "shop.example", "Basic YW5uOnBA"),
        ("https://ann@shop.example:8443/h", "shop.example:8443", "Basic YW5uOg=="),
        ("https://shop.example/h", "shop.example", None),
    ],
)
def test_the_user_of_a_url_is_sent_as_httpx_sends_it(url, host, authorization):
    by_httpx = []

    def note(request):
        by_httpx.append(request)
        return httpx.Response(200)

    with httpx.Client(transport=httpx.MockTransport(note)) as http:
        http.post(url, json={})
    with fake_skyvern() as fake:
        fake.webhooks.receive("https://*shop.example*", lambda _: None)
        with fake.http() as http:
            http.post("/v1/run/tasks", json={"prompt": "x", "webhook_url": url})
        sent = fake.webhooks.wait_sync()
    for request in (sent, *by_httpx):
        assert request.headers["host"] == host
        assert request.headers.get("authorization") == authorization
