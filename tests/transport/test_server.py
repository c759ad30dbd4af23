"""A served fake: what a client over a socket sees, on each clock."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import socket
import threading
import time
from urllib.parse import urlsplit

import httpx
import pytest

from skyvern_testkit import (
    RunScript,
    completed,
    fake_skyvern,
    needs_totp,
    never,
    queued,
    running,
)
from skyvern_testkit.clock import ClockError
from skyvern_testkit.transport.listening import BODY_LIMIT, listen
from skyvern_testkit.transport.server import serving
from skyvern_testkit.transport.stamps import StampedTransport, SyncStampedTransport

TASK = {"prompt": "x", "url": "https://a.example"}


def raw(url: str, request: bytes) -> bytes:
    """What the server sends until it has nothing more to say."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        line.sendall(request)
        got = b""
        while part := line.recv(65536):
            got += part
    return got


def states(client: httpx.Client, run_id: str, looks: int) -> list[str]:
    return [client.get(f"/v1/runs/{run_id}").json()["status"] for _ in range(looks)]


@pytest.fixture
def polled():
    with fake_skyvern(clock="polls") as fake, serving(fake) as server:
        yield server


# --- HTTP ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/v1/version", 200),
        (b"//v1/version", 404),
        (b"/v1//version", 404),
        (b"/v1%2Fversion", 200),  # the real server decodes first (facts: resources 1)
        (b"/v1/vers%69on", 200),
        (b"/v1/../v1/version", 404),
    ],
)
def test_paths_as_they_stand_on_the_request_line(polled, target, status):
    answer = raw(
        polled.url, b"GET " + target + b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    )
    assert answer.split()[1] == str(status).encode(), answer


def test_only_the_real_servers_headers(polled):
    head = raw(polled.url, b"GET /v1/version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    names = [line.split(b":")[0] for line in head.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    assert names == [
        b"date",
        b"server",
        b"content-length",
        b"content-type",
        b"vary",
        b"x-frame-options",
        b"content-security-policy",
        b"x-content-type-options",
        b"Connection",
    ]


def test_what_is_no_http_gets_one_sentence(polled):
    answer = raw(polled.url, b"nonsense\r\n\r\n")
    head, body = answer.split(b"\r\n\r\n")
    assert head.split()[1] == b"400"
    assert body == b"Invalid HTTP request received."


def test_a_body_of_more_than_thirty_mebibytes_is_read(polled):
    prompt = "x" * (31 << 20)
    with polled.http(timeout=60) as client:
        answer = client.post("/v1/run/tasks", json={**TASK, "prompt": prompt})
    assert answer.status_code == 200
    assert answer.json()["run_request"]["prompt"] == prompt


def test_a_body_without_end_is_not(polled):
    def endless():
        for _ in range((BODY_LIMIT >> 20) + 2):
            yield b"x" * (1 << 20)

    # It may be refused before it was all sent.
    with polled.http(timeout=60) as client, contextlib.suppress(httpx.WriteError):
        assert client.post("/v1/run/tasks", content=endless()).status_code == 413
    assert polled.fake.journal.total == 0


def test_a_reset_is_a_reset(polled):
    polled.fake.faults.on("get_version").reset_connection()
    with polled.http() as client, pytest.raises(httpx.ReadError):
        client.get("/v1/version")


def test_a_client_that_goes_away_is_seen(polled):
    polled.fake.faults.on("get_version").never_answer()
    with polled.http(timeout=0.05) as client, pytest.raises(httpx.ReadTimeout):
        client.get("/v1/version")
    gone = threading.Event()
    for _ in range(200):
        if polled.fake.journal[0].outcome == "abandoned":
            gone.set()
            break
        time.sleep(0.01)
    assert gone.is_set()


def test_it_listens_on_this_machine_only():
    sockets = listen(0)
    bound = {one.getsockname()[0] for one in sockets}
    for one in sockets:
        one.close()
    assert "127.0.0.1" in bound
    assert bound <= {"127.0.0.1", "::1"}


def test_a_script_that_raises_is_no_answer():
    told: list[Exception] = []

    def broken(run):
        yield queued(1)
        raise ZeroDivisionError("in the script")

    def look() -> None:
        with fake_skyvern(clock="polls") as fake, serving(fake, on_error=told.append) as server:
            fake.on().play(broken)
            with server.http() as client:
                run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
                with pytest.raises(httpx.ReadError):
                    states(client, run_id, 3)

    with pytest.raises(ZeroDivisionError, match="in the script"):
        look()
    assert [type(error) for error in told] == [ZeroDivisionError]


def test_a_port_that_is_taken(polled):
    with (
        fake_skyvern(clock="polls") as fake,
        pytest.raises(OSError, match="in use"),
        serving(fake, port=urlsplit(polled.url).port or 0),
    ):
        pass


def test_addresses_in_answers_are_the_servers(polled):
    polled.fake.on().play(completed({"a": 1}))
    with polled.http() as client:
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        while not (run := client.get(f"/v1/runs/{run_id}").json())["screenshot_urls"]:
            assert run["status"] != "failed"
        image = client.get(run["screenshot_urls"][0])
    assert run["screenshot_urls"][0].startswith(polled.url)
    assert image.content.startswith(b"\x89PNG")


def test_after_the_end_nobody_listens():
    with fake_skyvern(clock="polls") as fake:
        with serving(fake) as server:
            pass
        assert fake.links.base_url == "https://api.skyvern.com"
        with server.http() as client, pytest.raises(httpx.ConnectError):
            client.get("/v1/version")


# --- time by polls ------------------------------------------------------------------------------


def test_each_poll_shows_the_next_step(polled):
    polled.fake.on().play(RunScript(queued(2), running(1800, step="Look"), completed({"a": 1})))
    with polled.http() as client:
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        seen = states(client, run_id, 6)
        run = client.get(f"/v1/runs/{run_id}").json()
    assert list(dict.fromkeys(seen)) == ["queued", "running", "completed"]
    assert run["output"] == {"a": 1}
    assert run["finished_at"].startswith("2026-01-01T00:30:02")


def test_what_waits_for_a_person_is_not_timed_out_by_looking(polled):
    polled.fake.on().play(RunScript(running(until=never())))
    with polled.http() as client:
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        assert set(states(client, run_id, 30)[1:]) == {"running"}
    assert polled.fake.elapsed < 600


def test_a_code_between_two_polls_is_found(polled):
    polled.fake.on().play(
        RunScript(running(2), needs_totp("a@example.com"), completed({"ok": True}))
    )
    with polled.http() as client:
        body = {**TASK, "totp_identifier": "a@example.com"}
        run_id = client.post("/v1/run/tasks", json=body).json()["run_id"]
        assert states(client, run_id, 8)[-1] == "running"
        code = {"totp_identifier": "a@example.com", "content": "123456"}
        assert client.post("/v1/credentials/totp", json=code).status_code == 200
        assert states(client, run_id, 8)[-1] == "completed"


def test_a_webhook_comes_though_nobody_polls_any_more(polled):
    came: list[str] = []
    arrived = threading.Event()

    def receive(request):
        came.append(request.json["status"])
        arrived.set()
        return httpx.Response(200)

    polled.fake.webhooks.receive("https://hooks.example/in", receive)
    with polled.http() as client:
        body = {**TASK, "webhook_url": "https://hooks.example/in"}
        run_id = client.post("/v1/run/tasks", json=body).json()["run_id"]
        while states(client, run_id, 1) != ["completed"]:
            pass
    assert arrived.wait(10)
    assert came == ["completed"]


def test_an_answer_that_takes_time_takes_none(polled):
    polled.fake.faults.on("get_version").slow(3600)
    with polled.http(timeout=5) as client:
        assert client.get("/v1/version").status_code == 200
    assert polled.fake.elapsed == 3600


# --- other clocks -------------------------------------------------------------------------------


def test_time_by_hand():
    with fake_skyvern(clock="manual") as fake, serving(fake) as server, server.http() as client:
        fake.on().play(RunScript(queued(2), running(8), completed()))
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        assert states(client, run_id, 3) == ["queued"] * 3
        said = client.post("/_skyvern_testkit/clock", json={"advance": 5}).json()
        assert said["elapsed"] == 5
        assert states(client, run_id, 3) == ["running"] * 3
        fake.clock.advance(5)
        assert states(client, run_id, 1) == ["completed"]
        assert client.post("/_skyvern_testkit/clock", json={"advance": -1}).status_code == 422
        assert client.post("/_skyvern_testkit/clock", content="five").status_code == 422
        assert client.put("/_skyvern_testkit/clock").status_code == 405


def test_only_a_clock_that_is_moved_by_hand_is_moved_over_http():
    with fake_skyvern(clock="real") as fake, serving(fake) as server, server.http() as client:
        answer = client.post("/_skyvern_testkit/clock", json={"advance": 5})
        assert answer.status_code == 409
        assert "--clock manual" in answer.json()["error"]


def test_a_rate():
    with fake_skyvern(clock=3600) as fake, serving(fake) as server, server.http() as client:
        fake.on().play(RunScript(running(30), completed()))
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        ends = time.monotonic() + 10
        while states(client, run_id, 1) != ["completed"]:
            assert time.monotonic() < ends


def test_virtual_time_in_this_process():
    async def wait(server):
        async with server.async_http(timeout=10) as client:
            run_id = (await client.post("/v1/run/tasks", json=TASK)).json()["run_id"]
            seen: list[str] = []
            while not seen or seen[-1] != "completed":
                seen.append((await client.get(f"/v1/runs/{run_id}")).json()["status"])
                await asyncio.sleep(10)
            return seen

    with fake_skyvern() as fake, serving(fake) as server:
        fake.on().play(RunScript(queued(12), running(85), completed()))
        seen = asyncio.run(wait(server))
    assert seen == ["queued"] * 2 + ["running"] * 8 + ["completed"]
    assert fake.elapsed == 110


@pytest.mark.parametrize(("patience", "ends"), [(5, 5.0), (60, 20.0)])
def test_a_slow_answer_and_the_clients_patience_on_virtual_time(patience, ends):
    with fake_skyvern() as fake, serving(fake) as server:
        fake.faults.on("get_version").slow(20)
        with server.http(timeout=patience) as client:
            if patience < 20:
                with pytest.raises(httpx.ReadTimeout):
                    client.get("/v1/version")
            else:
                assert client.get("/v1/version").json() == {"version": "1.0.56"}
        assert fake.elapsed == ends


def test_journal_has_the_request_as_the_client_meant_it():
    with fake_skyvern() as fake, serving(fake) as server, server.http() as client:
        client.get("/v1/version", headers={"x-mine": "1"})
        names = [name for name, _ in fake.journal[0].request.headers]
    assert "x-mine" in names
    assert not [name for name in names if name.startswith("x-skyvern-testkit")]


def test_the_same_trace_on_virtual_time_in_memory_and_over_a_socket():
    script = RunScript(queued(3), running(40), completed({"n": 1}))

    async def trace(client) -> list[object]:
        async with client:
            run_id = (await client.post("/v1/run/tasks", json=TASK)).json()["run_id"]
            seen: list[object] = []
            for _ in range(6):
                seen.append((await client.get(f"/v1/runs/{run_id}")).json())
                await asyncio.sleep(10)
            return seen

    with fake_skyvern(seed=3) as fake:
        fake.on().play(script)
        in_memory = asyncio.run(trace(fake.async_http()))
    with fake_skyvern(seed=3) as fake, serving(fake, base_url="https://api.skyvern.com") as server:
        fake.on().play(script)
        served = asyncio.run(trace(server.async_http()))
    assert served == in_memory


def test_a_client_of_another_process_brings_its_own_time():
    """As `serve --clock virtual`: the world stands still but for the stamps of its clients."""
    with fake_skyvern(clock="manual") as fake, serving(fake) as server:
        fake.on().play(RunScript(queued(3), running(600), completed()))
        fake.faults.on("get_version").slow(20)
        with fake_skyvern() as other:  # only for its virtual time

            async def follow() -> tuple[list[str], float]:
                over = StampedTransport(httpx.AsyncHTTPTransport(), other.clock)
                async with httpx.AsyncClient(
                    transport=over, base_url=server.url, headers={"x-api-key": "k"}
                ) as client:
                    run_id = (await client.post("/v1/run/tasks", json=TASK)).json()["run_id"]
                    seen: list[str] = []
                    while not seen or seen[-1] != "completed":
                        seen.append((await client.get(f"/v1/runs/{run_id}")).json()["status"])
                        await asyncio.sleep(100)
                    began = other.elapsed
                    await client.get("/v1/version", timeout=30)
                    return seen, other.elapsed - began

            seen, took = asyncio.run(follow())
            assert seen == ["queued"] + ["running"] * 6 + ["completed"]
            assert took == 20
            assert fake.elapsed == other.elapsed


def test_stamps_are_for_servers_of_the_kit_only():
    class Elsewhere(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(404, json={"detail": "Not Found"})

    with fake_skyvern() as fake:
        over = SyncStampedTransport(Elsewhere(), fake.clock)
        with (
            httpx.Client(transport=over) as client,
            pytest.raises(httpx.UnsupportedProtocol, match="real"),
        ):
            client.get("http://a.example/v1/version")


def test_a_thread_that_waits_for_a_clock_nobody_moves():
    with fake_skyvern(clock="manual") as fake:
        clock = fake.clock
        vars(clock)["_cap"] = 0.05
        with pytest.raises(ClockError, match="nobody moved the clock"):
            clock.wait_until_sync(10**9)


# --- organisations ------------------------------------------------------------------------------


def test_two_keys_do_not_see_each_other():
    with (
        fake_skyvern(clock="polls", one_organization=False) as fake,
        serving(fake) as server,
        server.http(headers={"x-api-key": "one"}) as one,
        server.http(headers={"x-api-key": "two"}) as two,
    ):
        session = one.post("/v1/browser_sessions").json()
        assert two.get("/v1/browser_sessions").json() == []
        answer = two.get(f"/v1/browser_sessions/{session['browser_session_id']}")
        assert answer.status_code == 404


def test_the_connection_is_kept(polled):
    line = http.client.HTTPConnection(urlsplit(polled.url).netloc)
    ports = set()
    for _ in range(3):
        line.request("GET", "/v1/version")
        line.getresponse().read()
        ports.add(line.sock.getsockname()[1])
    line.close()
    assert len(ports) == 1


# --- what a client may do to a server -------------------------------------------------------------


def test_a_client_that_waits_to_be_told_to_go_on(polled):
    """As curl with a large file: it sends the body once the server has said 100."""
    parts = urlsplit(polled.url)
    body = b'{"timeout": 5}'
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as line:
        line.sendall(
            b"POST /v1/browser_sessions HTTP/1.1\r\nHost: a\r\nX-Api-Key: k\r\n"
            b"Content-Type: application/json\r\nContent-Length: 14\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert line.recv(1024).startswith(b"HTTP/1.1 100 Continue\r\n\r\n")
        line.sendall(body)
        assert line.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_receiver_may_call_the_server_back(polled):
    seen: list[int] = []
    done = threading.Event()

    def receive(_):
        with polled.http(timeout=5) as client:
            seen.append(client.get("/v1/version").status_code)
        done.set()
        return httpx.Response(200)

    polled.fake.webhooks.receive("https://hooks.example/in", receive)
    with polled.http() as client:
        body = {**TASK, "webhook_url": "https://hooks.example/in"}
        run_id = client.post("/v1/run/tasks", json=body).json()["run_id"]
        while states(client, run_id, 1) != ["completed"]:
            pass
    assert done.wait(10)
    assert seen == [200]


@pytest.mark.parametrize("seconds", [1e12, 1e300, "inf"])
def test_no_order_breaks_the_world(seconds):
    with fake_skyvern(clock="manual") as fake, serving(fake) as server, server.http() as client:
        assert client.post("/_skyvern_testkit/clock", json={"advance": seconds}).status_code == 422
        far = {"x-skyvern-testkit-now": "9" * 5000}
        assert client.get("/v1/version", headers=far).status_code == 200
        assert client.post("/v1/run/tasks", json=TASK).status_code == 200


def test_a_script_that_raises_does_not_stop_the_clock():
    def broken(run):
        yield running(0.01)
        raise ZeroDivisionError("in the script")

    def look() -> None:
        with fake_skyvern(clock=1000) as fake, serving(fake) as server, server.http() as client:
            fake.on(prompt="broken").play(broken)
            fake.on(prompt="fine").play(RunScript(running(20), completed()))
            client.post("/v1/run/tasks", json={**TASK, "prompt": "broken"})
            run_id = client.post("/v1/run/tasks", json={**TASK, "prompt": "fine"}).json()["run_id"]
            ends = time.monotonic() + 10
            while states(client, run_id, 1) != ["completed"]:
                assert time.monotonic() < ends

    with pytest.raises(ZeroDivisionError, match="in the script"):
        look()


def test_threads_that_advance_at_once_advance_by_all():
    with fake_skyvern(clock="manual") as fake:
        threads = [
            threading.Thread(target=lambda: [fake.clock.advance(1) for _ in range(500)])
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert fake.clock.now == 1500
