"""The loop before, while and after a clock runs."""

import asyncio
import signal
import time

import pytest

from skyvern_testkit.clock import (
    ClockError,
    VirtualClock,
    VirtualLoop,
    patched_loops,
    running,
    virtual_time,
)


@pytest.fixture
def loop():
    with patched_loops():
        loop = asyncio.new_event_loop()
        yield loop
        loop.close()


def test_a_loop_made_before_the_clock_follows_it(loop, clock):
    loop.run_until_complete(asyncio.sleep(0.001))
    with running(clock):
        loop.run_until_complete(asyncio.sleep(3600))
        assert clock.now == 3600.0


def test_loop_time_is_time_monotonic_and_never_goes_back(loop, clock):
    times = [loop.time()]
    with running(clock):
        times.append(loop.time())
        assert loop.time() == time.monotonic()
        loop.run_until_complete(asyncio.sleep(100))
        times.append(loop.time())
        assert loop.time() == time.monotonic()
    times.append(loop.time())
    with running(VirtualClock()):
        times.append(loop.time())
        loop.run_until_complete(asyncio.sleep(100))
        times.append(loop.time())
    assert times == sorted(times)
    assert times[1] - times[0] < 1
    assert times[3] - times[2] < 1


def test_timers_scheduled_before_the_clock_fire_when_they_are_due(loop, clock):
    fired = []
    loop.call_later(10, lambda: fired.append(clock.now))
    with running(clock):
        loop.run_until_complete(asyncio.sleep(60))
    # Less the real time that has passed since call_later.
    assert len(fired) == 1
    assert 9 < fired[0] <= 10


def test_timers_left_over_from_virtual_time_stay_in_the_future(loop, clock):
    fired: list[None] = []
    with running(clock):
        loop.run_until_complete(asyncio.sleep(3600))
        handle = loop.call_later(3600, fired.append, None)
    loop.run_until_complete(asyncio.sleep(0.001))
    assert not fired
    assert 3590 < handle.when() - loop.time() <= 3600


def test_a_loop_that_runs_when_the_clock_starts_and_stops_goes_on(loop, clock):
    async def test():
        with running(clock):
            await asyncio.sleep(3600)
        await asyncio.sleep(0.001)
        return clock.now

    assert loop.run_until_complete(test()) == 3600.0


@pytest.mark.parametrize("uptime_days", [0, 1, 12, 24, 100, 400, 4000])
def test_timers_are_exact_however_long_the_machine_is_up(clock, monkeypatch, uptime_days):
    from skyvern_testkit.clock import _dial, _virtual

    real_ns = time.monotonic_ns
    shift = uptime_days * 86400
    monkeypatch.setattr(_virtual, "real_monotonic_ns", lambda: real_ns() + shift * 10**9)
    monkeypatch.setattr(_dial, "real_monotonic", lambda: real_ns() / 1e9 + shift)
    ends = []

    async def client():
        for delay in (0.1, 0.3, 1e-6, 2.7, 1800, 0.1):
            await asyncio.sleep(delay)
            ends.append(clock.now_ns)

    with virtual_time(clock):
        asyncio.run(client())
    assert ends == [
        100_000_000,
        400_000_000,
        400_001_000,
        3_100_001_000,
        1803_100_001_000,
        1803_200_001_000,
    ]


def test_signals_reach_the_loop(virtual):
    async def client():
        got = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, got.set)
        try:
            loop.call_later(5, signal.raise_signal, signal.SIGUSR1)
            await got.wait()
        finally:
            loop.remove_signal_handler(signal.SIGUSR1)
        return virtual.now

    assert asyncio.run(client()) == 5.0


def test_subprocesses_can_be_waited_for_under_a_hold(virtual):
    async def client():
        with virtual.hold("a subprocess"):
            process = await asyncio.create_subprocess_exec("true")
            return await process.wait()

    assert asyncio.run(client()) == 0
    assert virtual.now == 0


def test_callbacks_from_other_threads_come_before_any_jump(virtual):
    async def client():
        loop = asyncio.get_running_loop()
        got = loop.create_future()
        with virtual.hold("a bare thread"):
            import threading

            threading.Thread(target=lambda: loop.call_soon_threadsafe(got.set_result, 5)).start()
            assert await got == 5
        return virtual.now

    assert asyncio.run(client()) == 0


@pytest.mark.parametrize("make", [asyncio.SelectorEventLoop])
def test_a_foreign_loop_is_refused_at_the_first_request(virtual, make):
    async def client():
        virtual.check_participant()

    with (
        asyncio.Runner(loop_factory=make) as runner,
        pytest.raises(ClockError, match=r'SelectorEventLoop does not follow.*clock="real"'),
    ):
        runner.run(client())


def test_our_own_loop_may_be_given_by_name(virtual):
    async def client():
        virtual.check_participant()
        await asyncio.sleep(60)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(client())
    assert virtual.now == 60.0
