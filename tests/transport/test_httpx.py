"""Plain httpx on the fake: bytes, time, the client's own timeouts, and connections that break."""

import asyncio
import threading
import time

import httpx
import pytest

from skyvern_testkit import ClockError, TooManyRequests, fake_skyvern
from skyvern_testkit.transport.httpx_transports import FakeTransport, SyncFakeTransport

VERSION = "/v1/version"


def exact(response: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return response.status_code, response.headers.raw, response.content


@pytest.mark.parametrize(
    ("method", "target", "options"),
    [
        ("GET", "/v1/version", {}),
        ("GET", "/v1/runs/tsk_1?a=%20b", {}),
        ("GET", "/v1/nowhere/%2F", {}),
        ("PUT", "/v1/version", {}),
        ("POST", "/v1/run/tasks", {"content": b"{"}),
        ("POST", "/v1/run/tasks", {"json": {"prompt": "x"}}),
        ("POST", "/v1/run/tasks", {"json": {"prompt": "x"}, "headers": {"x-api-key": ""}}),
        ("POST", "/v1/browser_sessions", {"json": {"timeout": 4}}),
    ],
)
@pytest.mark.asyncio
async def test_sync_and_async_clients_get_equal_bytes(method, target, options):
    with fake_skyvern(seed=3) as fake, fake.http() as client:
        here = exact(client.request(method, target, **options))
        sent_here = fake.journal[0].request
    with fake_skyvern(seed=3) as fake:
        async with fake.async_http() as client:
            there = exact(await client.request(method, target, **options))
            sent_there = fake.journal[0].request
    assert here == there
    assert sent_here == sent_there


@pytest.mark.asyncio
async def test_a_request_arrives_as_it_was_sent(skyvern_fake):
    async with httpx.AsyncClient(transport=FakeTransport(skyvern_fake)) as client:
        await client.post(
            "https://api.skyvern.com/v1/run%2Ftasks?b=2&a=%31",
            headers=[("X-B", "2"), ("x-a", "1"), ("X-B", "3")],
            content=b"\x00\xff",
        )
    request = skyvern_fake.journal[0].request
    assert (request.path, request.query, request.scheme) == (
        "/v1/run%2Ftasks",
        "b=2&a=%31",
        "https",
    )
    assert request.body == b"\x00\xff"
    assert [header for header in request.headers if header[0].lower() in {"x-a", "x-b"}] == [
        ("X-B", "2"),
        ("x-a", "1"),
        ("X-B", "3"),
    ]


@pytest.mark.asyncio
async def test_a_streamed_body_is_read_before_the_world_sees_it(skyvern_fake):
    async def parts():
        yield b'{"prompt": '
        yield b'"x"}'

    async with skyvern_fake.async_http() as client:
        response = await client.post(
            "/v1/run/tasks", content=parts(), headers={"content-type": "application/json"}
        )
    assert response.status_code == 200
    assert skyvern_fake.journal[0].json == {"prompt": "x"}


@pytest.mark.asyncio
async def test_an_answer_can_be_streamed(skyvern_fake):
    async with (
        skyvern_fake.async_http() as client,
        client.stream("GET", VERSION) as response,
    ):
        assert b"".join([part async for part in response.aiter_bytes()]) == b'{"version":"1.0.56"}'


# --- time ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_slow_answer_takes_virtual_time_only(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").slow(3.25)
    async with skyvern_fake.async_http() as client:
        assert (await client.get(VERSION)).status_code == 200
    assert skyvern_clock.now == 3.25


@pytest.mark.asyncio
async def test_the_read_timeout_strikes_at_its_virtual_time_and_the_work_goes_on(
    skyvern_fake, skyvern_clock
):
    skyvern_fake.faults.on("create_browser_session").slow(60)
    async with skyvern_fake.async_http(timeout=httpx.Timeout(1, read=12.5)) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/v1/browser_sessions", json={})
        assert skyvern_clock.now == 12.5
        assert skyvern_fake.journal[0].outcome == "abandoned"
        await asyncio.sleep(47)
        assert (await client.get("/v1/browser_sessions")).json() == []
        await asyncio.sleep(1)
        assert len((await client.get("/v1/browser_sessions")).json()) == 1


def test_the_read_timeout_of_a_sync_client_is_the_same(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").slow(60)
    client = skyvern_fake.http(timeout=httpx.Timeout(1, read=12.5))
    with pytest.raises(httpx.ReadTimeout):
        client.get(VERSION)
    assert skyvern_clock.now == 12.5


@pytest.mark.asyncio
async def test_an_answer_at_the_very_time_of_the_timeout_comes(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").slow(5)
    async with skyvern_fake.async_http(timeout=5) as client:
        assert (await client.get(VERSION)).status_code == 200
    assert skyvern_clock.now == 5


@pytest.mark.asyncio
async def test_only_the_clients_own_timeout_ends_a_request_that_is_never_answered(
    skyvern_fake, skyvern_clock
):
    skyvern_fake.faults.on("get_version").never_answer()
    async with skyvern_fake.async_http(timeout=3600) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get(VERSION)
    assert skyvern_clock.now == 3600


@pytest.mark.asyncio
async def test_a_cancelled_request_is_given_up(skyvern_fake, skyvern_clock):
    skyvern_fake.faults.on("get_version").slow(60)
    async with skyvern_fake.async_http(timeout=None) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(7):
                await client.get(VERSION)
    assert skyvern_clock.now == 7
    assert not skyvern_fake.waiting
    assert skyvern_fake.journal[0].outcome == "abandoned"


@pytest.mark.asyncio
async def test_slow_answers_of_several_clients_overlap(skyvern_fake, skyvern_clock):
    for seconds in (30, 10, 20):
        skyvern_fake.faults.on("get_version").slow(seconds)
    ends = []

    async def ask(client):
        await client.get(VERSION)
        ends.append(skyvern_clock.now)

    async with skyvern_fake.async_http(timeout=None) as client, asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(ask(client))
    assert ends == [10, 20, 30]


def test_sync_clients_in_threads_share_the_virtual_time(skyvern_fake, skyvern_clock):
    ends: dict[str, float] = {}

    def poll(name, delay):
        client = skyvern_fake.http()
        client.get(VERSION)
        for _ in range(10):
            time.sleep(delay)
            client.get(VERSION)
        ends[name] = time.monotonic() - began

    began = time.monotonic()
    threads = [threading.Thread(target=poll, args=(f"{delay}", delay)) for delay in (3, 7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends == {"3": 30, "7": 70}
    assert skyvern_fake.journal.total == 22


# --- connections that break ---------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_reset_connection(skyvern_fake):
    skyvern_fake.faults.on("get_version").reset_connection()
    async with skyvern_fake.async_http() as client:
        with pytest.raises(httpx.ReadError, match="Connection reset by peer") as caught:
            await client.get(VERSION)
    assert caught.value.request.url.path == VERSION
    assert skyvern_fake.journal[0].outcome == "reset"


def test_a_reset_connection_of_a_sync_client(skyvern_fake):
    skyvern_fake.faults.on("get_version").reset_connection()
    with pytest.raises(httpx.ReadError, match="Connection reset by peer"):
        skyvern_fake.http().get(VERSION)


# --- ends ---------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_a_client_that_outlives_its_fake_is_told_so():
    with fake_skyvern() as fake:
        client = fake.async_http()
    with pytest.raises(ClockError, match=r"fake Skyvern that is over.*Make the client inside"):
        await client.get(VERSION)


def test_a_sync_client_that_outlives_its_fake_is_told_so():
    with fake_skyvern() as fake:
        client = httpx.Client(transport=SyncFakeTransport(fake), base_url="https://x.example")
    with pytest.raises(ClockError, match="is over"):
        client.get(VERSION)


@pytest.mark.skyvern(max_requests=3)
def test_the_fuse_against_endless_polling(skyvern_fake):
    client = skyvern_fake.http()
    for _ in range(3):
        client.get(VERSION)
    with pytest.raises(TooManyRequests, match=r"3 requests in one world(.|\n)*get_version"):
        client.get(VERSION)


def test_a_real_clock_waits_really():
    with fake_skyvern(clock="real") as fake:
        fake.faults.on("get_version").slow(0.05)
        began = time.perf_counter()
        assert fake.http().get(VERSION).status_code == 200
        assert 0.05 <= time.perf_counter() - began < 5
        assert abs(fake.world.now - time.time_ns()) < 5e9
