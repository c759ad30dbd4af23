"""The same interface on real time."""

import asyncio
import threading
import time

import pytest

from skyvern_testkit.clock import ClockError, RealClock

MS = 1_000_000


@pytest.fixture
def real(world):
    clock = RealClock()
    clock.attach(world)
    yield clock
    clock.close()


def test_it_starts_at_zero_and_tells_the_real_time():
    clock = RealClock()
    assert 0 <= clock.now < 5
    assert abs(clock.wall_ns / 1e9 - time.time()) < 5


def test_events_are_played_when_they_are_due(real, world):
    played = threading.Event()
    times: list[float] = []

    def play():
        times.append(real.now)
        played.set()

    due = real.now + 0.02
    world.at(due, do=play)
    real.changed()
    assert played.wait(5)
    assert times[0] >= due


def test_events_that_nobody_announced_are_found(real, world):
    played = threading.Event()
    world.at(real.now, do=played.set)
    assert played.wait(5)


def test_waits(real, world):
    async def client():
        await real.wait_until(real.now_ns + 5 * MS)
        flag = real.flag()
        world.at(real.now + 0.01, do=flag.set)
        real.changed()
        await real.wait_for(flag)

    asyncio.run(client())
    before = real.now_ns
    real.wait_until_sync(before + 5 * MS)
    assert real.now_ns - before >= 5 * MS
    assert real.wait_for_sync(real.flag(), until_ns=real.now_ns + 5 * MS) is False
    flag = real.flag()
    flag.set()
    assert real.wait_for_sync(flag) is True


def test_advance_really_waits(real):
    before = real.now_ns
    real.advance(0.005)
    assert real.now_ns - before >= 5 * MS


def test_advance_inside_a_loop_is_the_same_error(real):
    async def client():
        real.advance(5)

    with pytest.raises(ClockError, match=r"await asyncio\.sleep\(5\)"):
        asyncio.run(client())


def test_effects_reach_the_client_s_loop(real, world):
    async def client():
        real.check_participant()
        came, loop = asyncio.Event(), asyncio.get_running_loop()
        seen = []

        def effect():
            seen.append(asyncio.get_running_loop())
            came.set()

        world.at(real.now, do=lambda: real.call_in_client(effect))
        real.changed()
        await came.wait()
        assert seen == [loop]

    asyncio.run(client())


def test_effects_without_a_loop_run_in_the_thread_that_plays(real, world):
    ran = threading.Event()
    world.at(real.now, do=lambda: real.call_in_client(ran.set))
    real.changed()
    assert ran.wait(5)


def test_events_are_played_under_the_clock_s_lock(world):
    lock = threading.RLock()
    clock = RealClock(lock=lock)
    played = threading.Event()
    with lock:
        clock.attach(world)
        world.at(0, do=played.set)
        clock.changed()
        assert not played.wait(0.02)
    assert played.wait(5)
    clock.close()


def test_an_error_in_a_script_is_raised_at_the_next_request_or_at_the_end(world):
    clock = RealClock()
    world.at(0, do=lambda: 1 / 0)
    clock.attach(world)
    with pytest.raises(ZeroDivisionError):
        clock.close()
    clock.close()


def test_hold_does_nothing(real):
    with real.hold("anything"):
        real.advance(0.001)


def test_a_closed_clock_takes_no_world(world):
    clock = RealClock()
    clock.close()
    with pytest.raises(ClockError, match="closed"):
        clock.attach(world)


def test_the_thread_ends_with_the_clock(world):
    clock = RealClock()
    clock.attach(world)
    clock.close()
    assert not [t for t in threading.enumerate() if "skyvern" in t.name]
