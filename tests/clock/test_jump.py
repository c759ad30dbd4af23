"""Where time goes when nobody has anything to do."""

import asyncio
import time

import pytest

from skyvern_testkit.clock import (
    ClockError,
    Deadlock,
    VirtualClock,
    VirtualTimeExceeded,
    virtual_time,
)

SECOND = 1_000_000_000


def test_half_an_hour_of_polling_takes_no_time_and_is_exact(virtual):
    async def poll():
        for _ in range(180):
            await asyncio.sleep(10)

    began = time.perf_counter()
    asyncio.run(poll())
    assert virtual.now_ns == 1800 * SECOND
    assert virtual.now == 1800.0
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize("step", [0.1, 0.3, 1 / 3, 0.000001, 1e-9, 7.7])
def test_sleeps_never_end_early_and_add_up_to_the_nanosecond(virtual, step):
    ends = []

    async def sleep():
        for _ in range(50):
            before = virtual.now_ns
            await asyncio.sleep(step)
            ends.append(virtual.now_ns - before)

    asyncio.run(sleep())
    # A third of a second is no whole number of nanoseconds: it ends at the next one. A nanosecond more is what the
    # floats of loop.time() cannot tell apart.
    assert {round(end - step * 1e9) for end in ends} <= {0, 1}
    assert all(end >= step * 1e9 - 0.3 for end in ends)
    if (step * 1e9).is_integer() and step >= 1e-6:
        assert set(ends) == {round(step * 1e9)}


def test_timeout_of_half_an_hour_strikes_at_1800_seconds_sharp(virtual):
    async def wait():
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1800):
                await asyncio.sleep(1860)
        return asyncio.get_running_loop().time() - began

    assert asyncio.run(wait()) == 1800.0
    assert virtual.now == 1800.0


def test_a_timer_of_ten_days_is_reached_though_select_waits_one_at_most(world):
    clock = VirtualClock(max_virtual=20 * 86400)
    with virtual_time(clock):
        asyncio.run(asyncio.sleep(10 * 86400))
    assert clock.now == 864000.0


def test_world_goes_before_the_client_at_equal_times(virtual, world):
    seen = []
    for seconds in (0.3, 10, 20):
        world.at(seconds, reaches=False)

    async def poll():
        for delay in (0.3, 9.7, 10):
            await asyncio.sleep(delay)
            seen.append(len(world.trace))

    asyncio.run(poll())
    assert seen == [1, 2, 3]


def test_clock_shows_the_time_of_each_event_while_it_is_played(virtual, world):
    times = []
    for seconds in (1, 2.5, 4):
        world.at(seconds, do=lambda: times.append(virtual.now))
    asyncio.run(asyncio.sleep(10))
    assert times == [1.0, 2.5, 4.0]


def test_an_event_that_reaches_the_client_is_played_without_a_timer_of_the_client(virtual, world):
    async def wait_for_webhook():
        came = asyncio.Event()
        world.at(3600, "webhook", do=lambda: virtual.call_in_client(came.set))
        await came.wait()
        return virtual.now

    assert asyncio.run(wait_for_webhook()) == 3600.0


def test_effects_run_on_the_client_s_loop_and_may_sleep_there(virtual, world):
    trace = []

    async def handle():
        trace.append(virtual.now)
        await asyncio.sleep(2)
        trace.append(virtual.now)

    async def client():
        tasks = []
        loop = asyncio.get_running_loop()
        world.at(
            5, do=lambda: virtual.call_in_client(lambda: tasks.append(loop.create_task(handle())))
        )
        await asyncio.sleep(10)
        assert asyncio.get_running_loop() is loop
        await tasks[0]

    asyncio.run(client())
    assert trace == [5.0, 7.0]


def test_several_worlds_share_one_clock(clock, make_world):
    first, second = make_world(), make_world()
    order = []
    first.at(2, do=lambda: order.append("first at 2"))
    second.at(1, do=lambda: order.append("second at 1"))
    second.at(2, do=lambda: order.append("second at 2"))
    clock.attach(first)
    clock.attach(second)
    with virtual_time(clock):
        asyncio.run(asyncio.sleep(3))
    assert order == ["second at 1", "first at 2", "second at 2"]


def test_a_detached_world_is_played_no_more(virtual, world):
    world.at(1)
    virtual.detach(world)
    asyncio.run(asyncio.sleep(3))
    assert world.trace == []


# -- ends ----------------------------------------------------------------------------------------


def test_waiting_for_nothing_is_a_deadlock(virtual):
    async def client():
        await asyncio.Event().wait()

    with pytest.raises(Deadlock, match=r"at 0 virtual seconds.*nothing is due.*clock\.hold\(\)"):
        asyncio.run(client())


def test_timers_of_the_world_alone_keep_no_test_alive(virtual, world):
    world.at(60, reaches=False)
    with pytest.raises(Deadlock):
        asyncio.run(asyncio.Event().wait())
    assert world.trace == []


def test_a_deadlock_names_what_is_awaited_and_what_was_asked_last(clock, world):
    clock.attach(world, describe=lambda: "last request: GET /v1/runs/tsk_1")

    async def client():
        await clock.wait_for(clock.flag("the answer to webhook 3"))

    with virtual_time(clock), pytest.raises(Deadlock, match=r"(?s)webhook 3.*tsk_1"):
        asyncio.run(client())


def test_after_a_deadlock_the_loop_still_cleans_up(virtual):
    cleaned = []

    async def client():
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(5)
            cleaned.append(virtual.now)

    with pytest.raises(Deadlock):
        asyncio.run(client())
    assert cleaned == [5.0]


def test_the_fuse_ends_a_poller_that_polls_for_ever(world):
    clock = VirtualClock(max_virtual=3600)
    clock.attach(world, describe=lambda: "last request: GET /v1/runs/tsk_1")

    async def poll():
        while True:  # noqa: ASYNC110 - what clients do
            await asyncio.sleep(10)

    with (
        virtual_time(clock),
        pytest.raises(VirtualTimeExceeded, match=r"(?s)max_virtual=3600.*tsk_1"),
    ):
        asyncio.run(poll())
    assert clock.now == 3600.0


def test_the_fuse_is_seven_days_by_default():
    clock = VirtualClock()
    with virtual_time(clock):
        time.sleep(7 * 86400)
        with pytest.raises(VirtualTimeExceeded):
            time.sleep(1e-9)


def test_an_error_in_a_script_comes_out_in_the_test_with_its_traceback(virtual, world):
    def script():
        raise ZeroDivisionError("a bug in a script")

    world.at(5, do=script)
    with pytest.raises(ZeroDivisionError) as caught:
        asyncio.run(asyncio.sleep(10))
    assert [entry.name for entry in caught.traceback][-1] == "script"


def test_an_error_in_a_script_comes_out_of_time_sleep(virtual, world):
    world.at(5, do=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        time.sleep(10)
    assert virtual.now == 5.0
    time.sleep(10)
    assert virtual.now == 15.0


def test_a_world_that_never_gets_on_is_an_error_and_no_endless_loop(virtual, world):
    world.advance = lambda to: None
    world.at(5)
    with pytest.raises(ClockError, match="still has an event due"):
        time.sleep(10)


# -- moving time by hand ---------------------------------------------------------------------------


def test_advance_plays_what_falls_due(virtual, world):
    for seconds in (1, 2, 3):
        world.at(seconds, reaches=False)
    virtual.advance(2)
    assert world.trace == [(1.0, "event"), (2.0, "event")]
    assert virtual.now == 2.0


def test_advance_inside_a_running_loop_names_what_to_write_instead(virtual):
    async def client():
        virtual.advance(5)

    with pytest.raises(ClockError, match=r"await asyncio\.sleep\(5\)"):
        asyncio.run(client())
    assert virtual.now == 0


def test_time_does_not_go_back(virtual):
    with pytest.raises(ValueError, match="cannot go back"):
        virtual.advance(-1)


def test_a_clock_that_does_not_run_says_so(clock):
    with pytest.raises(ClockError, match="does not run"):
        clock.advance(1)


# -- waiting on the clock ----------------------------------------------------------------------------


def test_wait_until_is_exact_and_a_past_time_is_no_wait(virtual):
    async def client():
        await virtual.wait_until(1_234_567_891)
        assert virtual.now_ns == 1_234_567_891
        await virtual.wait_until(5)

    asyncio.run(client())
    assert virtual.now_ns == 1_234_567_891


def test_wait_until_sync(virtual):
    virtual.wait_until_sync(2_000_000_001)
    assert virtual.now_ns == 2_000_000_001


def test_a_flag_set_by_the_world_ends_the_wait(virtual, world):
    flag = virtual.flag("an effect")
    world.at(7, do=flag.set)

    async def client():
        await virtual.wait_for(flag)
        return virtual.now

    assert asyncio.run(client()) == 7.0
    assert flag.is_set
    assert asyncio.run(client()) == 7.0


def test_a_flag_set_by_the_world_ends_the_wait_of_a_thread(virtual, world):
    flag = virtual.flag("an effect")
    world.at(7, do=flag.set)
    assert virtual.wait_for_sync(flag) is True
    assert virtual.now == 7.0


def test_waiting_for_a_flag_may_be_limited(virtual):
    assert virtual.wait_for_sync(virtual.flag(), until_ns=3 * SECOND) is False
    assert virtual.now == 3.0


def test_a_wait_for_a_flag_can_be_cancelled(virtual):
    flag = virtual.flag()

    async def client():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(virtual.wait_for(flag), 4)

    asyncio.run(client())
    flag.set()
    assert virtual.now == 4.0


def test_effects_of_a_sync_test_run_in_its_thread_and_may_sleep(virtual, world):
    trace = []

    def handle():
        trace.append(virtual.now)
        time.sleep(3)
        trace.append(virtual.now)

    world.at(5, do=lambda: virtual.call_in_client(handle))
    time.sleep(6)
    assert trace == [5.0, 8.0]
    assert virtual.now == 8.0


# -- the same every time -------------------------------------------------------------------------------


def test_traces_are_the_same_in_every_run(make_world):
    def run():
        trace = []
        world, clock = make_world(), VirtualClock()
        for seconds in (0.7, 1.4, 2.1):
            world.at(seconds, do=lambda: trace.append(("world", clock.now_ns)))
        clock.attach(world)

        async def worker(name, delay):
            for _ in range(20):
                await asyncio.sleep(delay)
                trace.append((name, clock.now_ns))

        async def client():
            async with asyncio.TaskGroup() as group:
                for name, delay in (("a", 0.1), ("b", 0.7), ("c", 1 / 3), ("d", 0.1)):
                    group.create_task(worker(name, delay))

        with virtual_time(clock):
            asyncio.run(client())
        return trace

    first = run()
    assert all(run() == first for _ in range(5))
