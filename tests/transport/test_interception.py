"""Nothing of a test reaches the real Skyvern: it is served by the fake, or an error says so."""

import asyncio
import contextlib
import socket
import threading
import urllib.error
import urllib.request

import httpx
import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client import Skyvern as SyncSkyvern
from skyvern.client import SkyvernEnvironment

from skyvern_testkit import RealSkyvernRefused, fake_skyvern

# As user code has them: made when its module was imported.
EARLY = Skyvern(api_key="early")
EARLY_SYNC = SyncSkyvern(api_key="early")
REMEDY = r"real Skyvern at (api\.)?skyvern\.com.*skyvern_client.*fake\.intercept\(\)"


@pytest.mark.asyncio
async def test_clients_made_at_import_time_come_to_the_fake(skyvern_fake):
    with skyvern_fake.intercept() as same:
        assert same is skyvern_fake
        run = await EARLY.run_task("x", wait_for_completion=True)
        assert EARLY_SYNC.get_run(run.run_id).status == "completed"
    assert skyvern_fake.journal.total == 4
    assert {entry.request.header("x-api-key") for entry in skyvern_fake.journal} == {"early"}
    with pytest.raises(RealSkyvernRefused, match=REMEDY):
        await EARLY.get_run(run.run_id)


@pytest.mark.parametrize("environment", [SkyvernEnvironment.CLOUD, SkyvernEnvironment.STAGING])
@pytest.mark.asyncio
async def test_both_environments_of_the_sdk(skyvern_fake, environment):
    with skyvern_fake.intercept():
        sky = Skyvern(api_key="x", environment=environment)
        assert await sky.get_version() == {"version": "1.0.56"}


@pytest.mark.asyncio
async def test_further_hosts_if_asked(skyvern_fake):
    local = Skyvern(api_key="x", environment=SkyvernEnvironment.LOCAL)
    with skyvern_fake.intercept(), pytest.raises(httpx.ConnectError):
        await local.get_version()
    with skyvern_fake.intercept("localhost:8000"):
        assert await local.get_version() == {"version": "1.0.56"}


def test_other_hosts_are_not_touched(skyvern_fake):
    with skyvern_fake.intercept(), pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/")
    assert skyvern_fake.journal.total == 0


@pytest.mark.asyncio
async def test_timeouts_of_intercepted_clients_are_virtual(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").never_answer()
    with skyvern_fake.intercept(), pytest.raises(httpx.ReadTimeout):
        await EARLY.get_version()
    assert skyvern_clock.now == 60


def test_the_newest_interception_wins():
    with fake_skyvern() as outer, outer.intercept():
        with fake_skyvern() as inner, inner.intercept():
            EARLY_SYNC.get_version()
        EARLY_SYNC.get_version()
        EARLY_SYNC.get_version()
    assert (outer.journal.total, inner.journal.total) == (2, 1)


def test_everything_is_put_back():
    class_level = (
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        socket.getaddrinfo,
        socket.socket.connect,
    )
    names = set(vars(socket.socket))

    def the_test():
        with fake_skyvern(intercept=True):
            assert httpx.HTTPTransport.handle_request is not class_level[0]
            raise KeyError

    with pytest.raises(KeyError):
        the_test()
    assert class_level == (
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
        socket.getaddrinfo,
        socket.socket.connect,
    )
    assert set(vars(socket.socket)) == names


# --- the guard ----------------------------------------------------------------------------------


def with_httpx():
    httpx.get("https://api.skyvern.com/v1/version")


def with_httpx_through_a_proxy():
    httpx.get("https://api.skyvern.com/v1/version", proxy="http://127.0.0.1:9")


def with_urllib():
    urllib.request.urlopen("https://api.skyvern.com/v1/version")


def with_sockets():
    socket.create_connection(("api.skyvern.com", 443))


def with_a_bare_connect():
    with socket.socket() as bare:
        bare.connect(("api.skyvern.com", 443))


def with_a_bare_connect_ex():
    with socket.socket() as bare:
        bare.connect_ex(("API.SKYVERN.COM.", 443))


def with_gethostbyname():
    socket.gethostbyname("api.skyvern.com")


def with_bytes():
    socket.getaddrinfo(b"api.skyvern.com", 443)


def with_asyncio():
    asyncio.run(asyncio.open_connection("api.skyvern.com", 443))


def with_aiohttp():
    import aiohttp

    async def get():
        async with aiohttp.ClientSession() as session:
            await session.get("https://api.skyvern.com/v1/version")

    asyncio.run(get())


def with_trio():
    import trio

    trio.run(trio.open_tcp_stream, "api.skyvern.com", 443)


def in_a_thread():
    errors = []

    def work():
        try:
            with_httpx()
        except RealSkyvernRefused as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    raise errors[0]


@pytest.mark.parametrize(
    "leave",
    [
        with_httpx,
        with_httpx_through_a_proxy,
        with_urllib,
        with_sockets,
        with_a_bare_connect,
        with_a_bare_connect_ex,
        with_gethostbyname,
        with_bytes,
        with_asyncio,
        with_aiohttp,
        with_trio,
        in_a_thread,
    ],
)
def test_no_library_reaches_the_real_skyvern(skyvern_fake, leave):
    with pytest.raises(RealSkyvernRefused, match=r"was stopped.*fake\.intercept\(\)"):
        leave()
    assert isinstance(skyvern_fake.failures[0], RealSkyvernRefused)


def test_other_names_are_resolved_as_ever(skyvern_fake):
    assert socket.getaddrinfo("localhost", 80)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen("http://127.0.0.1:9/")


@pytest.fixture
def proxy():
    """A proxy on this machine: its address, and what it was asked for."""
    asked: list[bytes] = []

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                asked.append(connection.recv(1_000))
                connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(30)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_for_the_real_skyvern(skyvern_fake, proxy, scheme):
    address, asked = proxy
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({scheme: address}))
    with pytest.raises(RealSkyvernRefused, match="was stopped"):
        opener.open(f"{scheme}://api.skyvern.com/v1/version", timeout=5)
    assert asked == []
    assert isinstance(skyvern_fake.failures[0], RealSkyvernRefused)
    with pytest.raises(OSError, match="502"):
        opener.open(f"{scheme}://shop.example/", timeout=5)
    assert len(asked) == 1


# --- swallowed ----------------------------------------------------------------------------------


def swallow():
    with contextlib.suppress(Exception):
        with_httpx()


def test_a_refusal_that_is_swallowed_fails_the_test():
    def the_test():
        with fake_skyvern():
            swallow()

    with pytest.raises(RealSkyvernRefused) as caught:
        the_test()
    assert "fake.forgive()" in caught.value.__notes__[0]
    assert "swallow" in {entry.name for entry in caught.traceback}


def test_one_that_comes_out_into_the_test_does_not():
    with fake_skyvern(), pytest.raises(RealSkyvernRefused):
        with_httpx()


def test_one_that_is_forgiven_does_not():
    with fake_skyvern() as fake:
        swallow()
        fake.forgive()


def test_a_client_that_tries_for_ever_is_told_of_a_few_times():
    def the_test():
        with fake_skyvern():
            for _ in range(100):
                swallow()

    with pytest.raises(RealSkyvernRefused) as caught:
        the_test()
    assert len(caught.value.__notes__) < 12
