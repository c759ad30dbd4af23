"""Work that virtual time waits for."""

import asyncio
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import anyio
import anyio.to_thread
import pytest

from skyvern_testkit.clock import HeldTooLong, VirtualClock, virtual_time


def work():
    """Real work: a moment of it, in a thread that the clock does not know."""
    end = time.perf_counter() + 0.02
    while time.perf_counter() < end:
        pass
    return "done"


async def in_executor():
    return await asyncio.get_running_loop().run_in_executor(None, work)


async def in_own_executor():
    with ThreadPoolExecutor(1) as pool:
        return await asyncio.get_running_loop().run_in_executor(pool, work)


async def in_anyio():
    return await anyio.to_thread.run_sync(work)


@pytest.mark.parametrize(
    "call", [in_executor, in_own_executor, in_anyio, lambda: asyncio.to_thread(work)]
)
def test_time_stands_still_during_work_in_threads(virtual, call):
    async def client():
        async with asyncio.timeout(1e-6):
            result = await call()
        return result, virtual.now

    assert asyncio.run(client()) == ("done", 0.0)


def test_holds_end_with_the_work(virtual):
    async def client():
        for call in (in_executor, in_own_executor, in_anyio):
            await call()
        await asyncio.sleep(10)

    asyncio.run(client())
    assert virtual.now == 10.0
    assert not virtual.scheduler.holds


def test_work_that_fails_or_is_abandoned_holds_no_longer(virtual):
    async def client():
        loop = asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await anyio.to_thread.run_sync(lambda: 1 / 0)
        abandoned = loop.run_in_executor(None, work)
        abandoned.cancel()
        await asyncio.sleep(10)

    asyncio.run(client())
    assert virtual.now == 10.0
    assert not virtual.scheduler.holds


def test_work_left_by_a_closed_loop_holds_no_longer(virtual):
    loop = asyncio.new_event_loop()
    release = threading.Event()
    _ = loop.run_in_executor(None, release.wait)
    loop.close()
    time.sleep(5)
    release.set()
    assert virtual.now == 5.0


def test_the_shutdown_of_the_executor_is_waited_for(virtual):
    """asyncio.run ends with it; from Python 3.12 on under a timeout of 300 s, which must not strike."""

    async def client():
        _ = asyncio.get_running_loop().run_in_executor(None, work)

    asyncio.run(client())
    assert virtual.now == 0


def test_hold_keeps_time_still_for_bare_threads(virtual):
    async def client():
        loop = asyncio.get_running_loop()
        answer = loop.create_future()
        threading.Thread(
            target=lambda: loop.call_soon_threadsafe(answer.set_result, work())
        ).start()
        with virtual.hold("a bare thread"):
            async with asyncio.timeout(1e-6):
                await answer
        return virtual.now

    assert asyncio.run(client()) == 0


def test_holds_are_counted(virtual):
    with virtual.hold("outer"):
        with virtual.hold("inner"):
            pass
        assert len(virtual.scheduler.holds) == 1
    assert not virtual.scheduler.holds


def test_a_hold_that_another_thread_ends_lets_time_go_on(virtual):
    hold = virtual.hold("a thread's work")
    hold.__enter__()

    def release():
        work()
        hold.__exit__(None, None, None)

    thread = threading.Thread(target=release)
    thread.start()
    time.sleep(5)
    thread.join()
    assert virtual.now == 5.0


def test_a_hold_that_never_ends_is_ended_by_the_cap(world):
    clock = VirtualClock(hold_cap=0.02)
    clock.attach(world, describe=lambda: "last request: GET /v1/runs/tsk_1")

    async def client():
        with clock.hold("the mail server"):
            await asyncio.sleep(1)

    with (
        virtual_time(clock),
        pytest.raises(HeldTooLong, match=r"(?s)0 s for 0\.02 real.*the mail server.*tsk_1"),
    ):
        asyncio.run(client())
    assert clock.now == 0


def test_the_cap_strikes_in_time_sleep_too():
    clock = VirtualClock(hold_cap=0.02)
    with virtual_time(clock):
        with clock.hold("forgotten"), pytest.raises(HeldTooLong, match="forgotten"):
            time.sleep(1)
        time.sleep(1)
    assert clock.now == 1.0


def test_the_cap_counts_anew_for_each_piece_of_work():
    clock = VirtualClock(hold_cap=0.25)

    async def client():
        for _ in range(20):
            await asyncio.to_thread(work)

    with virtual_time(clock):
        asyncio.run(client())


def test_connecting_holds_time(virtual, monkeypatch):
    """Real connections on loopback are made at once; this one takes its time."""

    async def connect(self, sock, address):
        done = self.create_future()
        threading.Thread(target=lambda: self.call_soon_threadsafe(done.set_result, work())).start()
        await done

    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", connect)

    async def client():
        with socket.socket() as sock:
            async with asyncio.timeout(1e-6):
                await asyncio.get_running_loop().sock_connect(sock, ("192.0.2.1", 80))
        return virtual.now

    assert asyncio.run(client()) == 0
