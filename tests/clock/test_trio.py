"""trio on virtual time, by itself and under anyio."""

import subprocess
import sys
import threading
import time

import anyio
import pytest
import trio
import trio.testing

from skyvern_testkit.clock import (
    ClockError,
    Deadlock,
    HeldTooLong,
    VirtualClock,
    VirtualTimeExceeded,
    patched_loops,
    running,
    virtual_time,
)

SECOND = 1_000_000_000


def test_half_an_hour_of_polling_is_exact(virtual):
    async def poll():
        for _ in range(180):
            await trio.sleep(10)

    trio.run(poll)
    assert virtual.now_ns == 1800 * SECOND


@pytest.mark.parametrize("step", [0.1, 0.3, 0.000001, 7.7])
def test_sleeps_add_up_to_the_nanosecond(virtual, step):
    async def poll():
        for _ in range(50):
            await trio.sleep(step)

    trio.run(poll)
    assert virtual.now_ns == 50 * round(step * SECOND)


def test_timeouts_strike_on_time(virtual):
    async def client():
        assert trio.current_time() == 0.0
        with trio.move_on_after(1800) as scope:
            await trio.sleep(1860)
        assert scope.cancelled_caught
        return trio.current_time()

    assert trio.run(client) == 1800.0


def test_world_goes_before_the_client(virtual, world):
    seen = []
    for seconds in (0.3, 10, 20):
        world.at(seconds, reaches=False)

    async def poll():
        for delay in (0.3, 9.7, 10):
            await trio.sleep(delay)
            seen.append(len(world.trace))

    trio.run(poll)
    assert seen == [1, 2, 3]


def test_effects_run_in_the_trio_run(virtual, world):
    async def client():
        came = trio.Event()
        world.at(3600, do=lambda: virtual.call_in_client(came.set))
        await came.wait()
        return virtual.now

    assert trio.run(client) == 3600.0


def test_waiting_on_the_clock(virtual, world):
    async def client():
        virtual.check_participant()
        await virtual.wait_until(5 * SECOND)
        flag = virtual.flag("an effect")
        world.at(9, do=flag.set)
        await virtual.wait_for(flag)
        return virtual.now

    assert trio.run(client) == 9.0


def test_a_deadlock_is_raised_in_the_test(virtual):
    cleaned = []

    async def client():
        try:
            await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(5)
            cleaned.append(virtual.now)

    with pytest.raises(Deadlock, match="in trio"):
        trio.run(client)
    assert cleaned == [5.0]


def test_the_fuse(world):
    clock = VirtualClock(max_virtual=60)

    async def poll():
        while True:  # noqa: ASYNC110 - what clients do
            await trio.sleep(10)

    with virtual_time(clock), pytest.raises(VirtualTimeExceeded):
        trio.run(poll)


def test_an_error_in_a_script_comes_out(virtual, world):
    def script():
        raise ZeroDivisionError

    world.at(5, do=script)
    with pytest.raises(ZeroDivisionError) as caught:
        trio.run(trio.sleep, 10)
    assert [entry.name for entry in caught.traceback][-1] == "script"


def test_advance_names_trio(virtual):
    async def client():
        virtual.advance(5)

    with pytest.raises(ClockError, match=r"await trio\.sleep\(5\)"):
        trio.run(client)


def test_a_hold_lets_trio_do_its_real_work(virtual):
    async def client():
        with virtual.hold("a trio thread"):
            await trio.to_thread.run_sync(threading.Event().wait, 0.02)
            with trio.move_on_after(1) as scope:
                await trio.to_thread.run_sync(threading.Event().wait, 0.02)
        assert not scope.cancelled_caught
        assert virtual.now == 0
        await trio.sleep(5)
        return virtual.now

    assert trio.run(client) == 5.0


def test_the_cap_of_a_hold():
    clock = VirtualClock(hold_cap=0.02)

    async def client():
        with clock.hold("the mail server"):
            await trio.sleep(1)

    with virtual_time(clock), pytest.raises(HeldTooLong, match="the mail server"):
        trio.run(client)


def test_a_trio_run_and_a_thread(virtual):
    trace = []

    def worker():
        virtual.enlist_thread()
        for _ in range(2):
            time.sleep(10)
            trace.append(("thread", virtual.now))

    async def client():
        with virtual.hold("both must have started"):
            thread = threading.Thread(target=worker)
            thread.start()
            while len(virtual.scheduler.participants) < 2:
                time.sleep(0)  # noqa: ASYNC251
        await trio.sleep(12)
        trace.append(("trio", virtual.now))
        await trio.sleep(12)
        thread.join()

    trio.run(client)
    assert trace == [("thread", 10.0), ("trio", 12.0), ("thread", 20.0)]
    assert virtual.now == 24.0


def test_wait_all_tasks_blocked_still_comes_before_any_jump(virtual):
    async def client():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 60)
            for _ in range(5):
                await trio.testing.wait_all_tasks_blocked()
            assert virtual.now == 0

    trio.run(client)
    assert virtual.now == 60.0


def test_a_clock_of_the_user_s_own_is_kept_and_refused(virtual):
    async def client():
        assert trio.current_time() == 0
        virtual.check_participant()

    with pytest.raises(ClockError, match="the clock of this trio run does not follow"):
        trio.run(client, clock=trio.testing.MockClock())


def test_a_run_that_begins_before_the_clock_follows_it():
    async def client():
        times = [trio.current_time()]
        await trio.sleep(0.001)
        clock = VirtualClock()
        with running(clock):
            await trio.sleep(3600)
            times.append(trio.current_time())
        assert 3599 < clock.now <= 3600
        await trio.sleep(0.001)
        times.append(trio.current_time())
        return times

    with patched_loops():
        times = trio.run(client)
    assert times == sorted(times)
    assert 3600 <= times[1] < 3700


def test_traces_are_the_same_in_every_run():
    def run():
        clock, trace = VirtualClock(), []

        async def worker(name, delay):
            for _ in range(10):
                await trio.sleep(delay)
                trace.append((clock.now_ns, name))

        async def client():
            async with trio.open_nursery() as nursery:
                for name, delay in (("a", 0.1), ("b", 0.7), ("c", 1 / 3)):
                    nursery.start_soon(worker, name, delay)

        with virtual_time(clock):
            trio.run(client)
        return sorted(trace)  # trio itself shuffles what is due at the same time

    first = run()
    assert all(run() == first for _ in range(5))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(virtual, backend):
    async def client():
        with anyio.move_on_after(1800):
            while True:  # noqa: ASYNC110 - what clients do
                await anyio.sleep(10)

    anyio.run(client, backend=backend)
    assert virtual.now == 1800.0


def test_trio_imported_later_is_found(tmp_path):
    program = """
import sys
from skyvern_testkit.clock import VirtualClock, virtual_time
assert "trio" not in sys.modules
hooks = list(sys.meta_path)
clock = VirtualClock()
with virtual_time(clock):
    assert sys.meta_path != hooks
assert sys.meta_path == hooks
with virtual_time(clock):
    import trio
    original = trio.run
    trio.run(trio.sleep, 3600)
assert clock.now == 3600.0
assert trio.run is not original
assert sys.meta_path == hooks
with virtual_time(clock):
    pass
assert sys.meta_path == hooks
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, timeout=60)
