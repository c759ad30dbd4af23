"""Real sockets on a virtual loop. The peers are as slow as real ones: a hundredth of a second."""

import asyncio
import contextlib
import http.server
import io
import shutil
import socket
import ssl
import subprocess
import threading
import time
from typing import Any

import aiohttp
import aiohttp.web
import httpx
import pytest

from skyvern_testkit.clock import HeldTooLong, VirtualClock, virtual_time

SLOW = 0.02


@pytest.fixture
def clock():
    """A shorter quiet than the default: these servers answer in one piece."""
    return VirtualClock(hold_cap=5, quiet=0.03)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one write for head and body: two would wait for a delayed acknowledgement

    def do_GET(self):
        threading.Event().wait(SLOW)
        self.send_response(200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format, *args):
        pass


@pytest.fixture
def url():
    """A server outside virtual time: bare threads, blocking sockets."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


async def by_httpx(url, times):
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(times):
            async with asyncio.timeout(5):
                assert (await client.get(url)).text == "ok"


async def by_aiohttp(url, times):
    async with aiohttp.ClientSession() as session:
        for _ in range(times):
            async with asyncio.timeout(5), session.get(url) as response:
                assert await response.text() == "ok"


@pytest.mark.parametrize("fetch", [by_httpx, by_aiohttp])
def test_an_answer_of_the_real_world_takes_no_virtual_time(url, virtual, fetch):
    """The second and third request go over a pooled connection, which is idle in between."""

    async def client():
        await fetch(url, 3)
        return virtual.now

    assert asyncio.run(client()) == 0


def test_an_idle_pooled_connection_costs_nothing(url, virtual):
    async def client():
        async with httpx.AsyncClient(
            trust_env=False, limits=httpx.Limits(keepalive_expiry=None)
        ) as client:
            await client.get(url)
            began, at = time.perf_counter(), virtual.now
            for _ in range(180):
                await asyncio.sleep(10)
            assert time.perf_counter() - began < 4  # the quiet of each sleep would be 5.4
            assert virtual.now - at == 1800.0
            await client.get(url)

    asyncio.run(client())


@contextlib.asynccontextmanager
async def serving(handler):
    """A server in the same loop."""
    app = aiohttp.web.Application(client_max_size=10**8)
    app.router.add_route("*", "/", handler)
    runner = aiohttp.web.AppRunner(app, access_log=None)
    await runner.setup()
    site = aiohttp.web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/"
    await runner.cleanup()


@pytest.mark.parametrize("fetch", [by_httpx, by_aiohttp])
def test_a_server_in_the_same_loop_answers_in_no_virtual_time(virtual, fetch):
    async def handler(request):
        return aiohttp.web.Response(text="ok")

    async def client():
        async with serving(handler) as url:
            await fetch(url, 3)
            return virtual.now

    assert asyncio.run(client()) == 0


def test_a_server_in_the_same_loop_may_take_virtual_time(virtual):
    async def handler(request):
        await asyncio.sleep(3)
        return aiohttp.web.Response(text="ok")

    async def client():
        async with serving(handler) as url:
            await by_httpx(url, 3)
            return virtual.now

    assert asyncio.run(client()) == 9.0


def test_a_slow_server_in_the_same_loop_runs_into_the_client_s_timeout(virtual):
    async def handler(request):
        await asyncio.sleep(30)
        return aiohttp.web.Response(text="ok")

    async def client():
        async with serving(handler) as url, httpx.AsyncClient(trust_env=False) as session:
            with pytest.raises(httpx.ReadTimeout):
                await session.get(url, timeout=7)
            return virtual.now

    assert asyncio.run(client()) == 7.0


def test_megabytes_within_one_loop_take_no_virtual_time(virtual):
    size = 5_000_000

    async def echo(request):
        return aiohttp.web.Response(body=await request.read())

    async def client():
        async with serving(echo) as url, aiohttp.ClientSession() as session:
            body = io.BytesIO(b"x" * size)
            async with asyncio.timeout(1e-3), session.post(url, data=body) as response:
                assert len(await response.read()) == size
            return virtual.now

    assert asyncio.run(client()) == 0


@pytest.mark.parametrize("fails", ["refused", "reset"])
def test_a_connection_that_fails_holds_no_longer(virtual, fails):
    async def reset(reader, writer):
        await reader.read(1)
        writer.transport.abort()

    async def client():
        server = await asyncio.start_server(reset, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        if fails == "refused":
            server.close()
            await server.wait_closed()
        async with httpx.AsyncClient(trust_env=False) as session:
            with pytest.raises(httpx.TransportError):
                await session.get(f"http://127.0.0.1:{port}/")
        server.close()
        await asyncio.sleep(10)

    asyncio.run(client())
    assert virtual.now == 10.0
    assert not virtual.scheduler.holds


def test_a_peer_that_never_answers_is_named_when_the_cap_strikes(world):
    clock = VirtualClock(hold_cap=0.05)
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]

        async def client():
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"hello?")
            try:
                await asyncio.sleep(10)
            finally:
                writer.close()

        with virtual_time(clock), pytest.raises(HeldTooLong, match=f"127.0.0.1:{port}"):
            asyncio.run(client())
    assert clock.now == 0


def test_after_data_comes_real_quiet_for_what_may_follow(world):
    """An answer in two halves, with a pause between them that is shorter than the quiet."""
    clock = VirtualClock(quiet=10)
    served = []

    def serve(listener):
        connection, _ = listener.accept()
        with connection:
            connection.recv(10)
            connection.sendall(b"first ")
            threading.Event().wait(SLOW)
            connection.sendall(b"second")
            served.append(connection.recv(10))

    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()

        async def client():
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"hello")
            async with asyncio.timeout(1e-3):
                assert await reader.readexactly(12) == b"first second"
            writer.close()
            await writer.wait_closed()

        with virtual_time(clock):
            asyncio.run(client())
        thread.join()
    assert served == [b""]


def test_unix_sockets_within_one_loop(virtual, tmp_path):
    async def handle(reader, writer):
        await reader.readline()
        await asyncio.sleep(3)
        writer.write(b"ok\n")
        writer.close()

    async def client():
        path = str(tmp_path / "s")
        async with await asyncio.start_unix_server(handle, path):
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"hello\n")
            assert await reader.readline() == b"ok\n"
            writer.close()
            await writer.wait_closed()
        return virtual.now

    assert asyncio.run(client()) == 3.0


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed pair, made by openssl; without one there is nothing to test."""
    if (openssl := shutil.which("openssl")) is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        key,
        "-out",
        cert,
    ]
    command += [
        "-days",
        "30000",
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return key, cert


@pytest.mark.parametrize("upgrade", [False, True], ids=["tls from the start", "start_tls"])
def test_tls_within_one_loop(virtual, certificate, upgrade):
    key, cert = certificate
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(cert, key)
    client_side = ssl.create_default_context(cafile=cert)

    async def handle(reader, writer):
        if upgrade:
            await reader.readline()
            writer.write(b"go\n")
            await writer.start_tls(server_side)
        await reader.readline()
        await asyncio.sleep(3)
        writer.write(b"ok\n")
        writer.close()

    async def client():
        server = await asyncio.start_server(
            handle, "127.0.0.1", 0, ssl=None if upgrade else server_side
        )
        port = server.sockets[0].getsockname()[1]
        options: dict[str, Any] = (
            {} if upgrade else {"ssl": client_side, "server_hostname": "localhost"}
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **options)
        if upgrade:
            writer.write(b"tls\n")
            await reader.readline()
            await writer.start_tls(client_side, server_hostname="localhost")
        writer.write(b"hello\n")
        assert await reader.readline() == b"ok\n"
        now = virtual.now
        writer.close()
        server.close()
        return now

    assert asyncio.run(client()) == 3.0
    assert not virtual.scheduler.holds
