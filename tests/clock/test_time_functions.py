"""The time module, datetime.now, and that everything is put back."""

import asyncio
import asyncio.events
import concurrent.futures
import datetime as dt
import sys
import threading
import time

import anyio.to_thread
import pytest
import trio

from skyvern_testkit.clock import (
    ClockError,
    VirtualClock,
    VirtualLoop,
    patched_loops,
    running,
    running_clock,
    virtual_time,
)
from skyvern_testkit.clock._activation import _patched

SECOND = 1_000_000_000


def test_the_time_functions_follow_the_clock(virtual):
    monotonic, monotonic_ns, began = time.monotonic(), time.monotonic_ns(), time.perf_counter()
    assert (time.time(), time.time_ns()) == (1767225600.0, 1767225600 * SECOND)
    time.sleep(90)
    assert time.monotonic() - monotonic == 90.0
    assert time.monotonic_ns() - monotonic_ns == 90 * SECOND
    assert (time.time(), time.time_ns()) == (1767225690.0, 1767225690 * SECOND)
    assert time.perf_counter() - began < 5


def test_the_epoch_can_be_set():
    clock = VirtualClock(epoch_ns=1_000_000_000 * SECOND)
    with virtual_time(clock):
        assert time.time() == 1e9
        clock.epoch_ns = 5 * SECOND
        assert time.time() == 5.0


def test_monotonic_never_goes_back_when_virtual_time_begins(clock):
    before = time.monotonic()
    with virtual_time(clock):
        assert before <= time.monotonic() <= before + 1


@pytest.mark.parametrize("seconds", [-1, -0.5, float("nan"), "1", None])
def test_time_sleep_refuses_what_it_always_refuses(virtual, seconds):
    with pytest.raises((ValueError, TypeError)):
        time.sleep(seconds)
    assert virtual.now == 0


def test_sleep_of_nothing_takes_no_virtual_time(virtual):
    time.sleep(0)
    assert virtual.now_ns == 0


def test_sleep_takes_integers_of_any_kind(virtual):
    class Two:
        def __index__(self):
            return 2

    time.sleep(Two())
    time.sleep(True)
    assert virtual.now == 3.0


def test_time_sleep_in_a_coroutine_blocks_its_loop_as_ever(virtual):
    trace = []

    async def other():
        await asyncio.sleep(1)
        trace.append(("other", virtual.now))

    async def client():
        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        time.sleep(5)  # noqa: ASYNC251 - the point
        trace.append(("client", virtual.now))
        await task

    asyncio.run(client())
    assert trace == [("client", 5.0), ("other", 5.0)]


# -- datetime ----------------------------------------------------------------------------------------


def test_datetime_follows_with_time_machine(clock):
    with virtual_time(clock, wallclock=True):
        assert dt.datetime.now(dt.UTC) == dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        time.sleep(90)
        assert dt.datetime.now(dt.UTC).isoformat() == "2026-01-01T00:01:30+00:00"
        assert time.time() == 1767225690.0
        assert time.gmtime()[:6] == (2026, 1, 1, 0, 1, 30)


def test_datetime_stays_real_in_other_threads(clock):
    def read(into):
        into.append((dt.datetime.now(dt.UTC), time.time()))

    before = dt.datetime.now(dt.UTC)
    real: list[tuple[dt.datetime, float]] = []
    mine: list[tuple[dt.datetime, float]] = []
    with virtual_time(clock, wallclock=True):
        thread = threading.Thread(target=read, args=(real,))
        thread.start()
        thread.join()
        read(mine)
    after = dt.datetime.now(dt.UTC)
    assert before <= real[0][0] <= after
    assert before.timestamp() <= real[0][1] <= after.timestamp()
    assert mine[0][1] == 1767225600.0


def test_datetime_can_stay_real(clock):
    before = dt.datetime.now(dt.UTC)
    with virtual_time(clock, wallclock=False):
        now = dt.datetime.now(dt.UTC)
        assert time.time() == 1767225600.0
    assert before <= now <= dt.datetime.now(dt.UTC)


def test_a_missing_time_machine_is_an_error_only_if_it_is_wanted(clock, monkeypatch):
    monkeypatch.setitem(sys.modules, "time_machine", None)
    with virtual_time(clock):
        assert time.time() == 1767225600.0
    with (
        pytest.raises(ClockError, match=r"pip install 'skyvern-testkit\[wallclock\]'"),
        virtual_time(clock, wallclock=True),
    ):
        pass
    assert running_clock() is None


def test_the_user_s_own_travels_win(clock):
    import time_machine

    with virtual_time(clock, wallclock=True), time_machine.travel(0, tick=False):
        assert dt.datetime.now(dt.UTC).year == 1970


# -- what is replaced is put back --------------------------------------------------------------------


def _everything():
    from anyio._backends._asyncio import AsyncIOBackend

    policy = asyncio.get_event_loop_policy()
    places = [
        (asyncio, "new_event_loop"),
        (asyncio.events, "new_event_loop"),
        (policy, "new_event_loop"),
        (time, "sleep"),
        (time, "monotonic"),
        (time, "monotonic_ns"),
        (time, "time"),
        (time, "time_ns"),
        (time, "perf_counter"),
        (threading.Condition, "wait"),
        (threading.Condition, "notify"),
        (threading.Thread, "join"),
        (threading.Thread, "start"),
        (concurrent.futures.ThreadPoolExecutor, "submit"),
        (trio, "run"),
        (trio.lowlevel, "start_guest_run"),
        (AsyncIOBackend, "run_sync_in_worker_thread"),
        (sys, "meta_path"),
    ]
    return {
        f"{owner!r}.{name}": (
            vars(owner).get(name, "absent"),
            list(sys.meta_path) if name == "meta_path" else None,
        )
        for owner, name in places
    }


def test_everything_is_put_back(clock):
    before = _everything()
    with virtual_time(clock):
        assert _everything() != before
    assert _everything() == before


def test_everything_is_put_back_after_an_error(clock):
    before = _everything()
    with pytest.raises(KeyError), virtual_time(clock):
        raise KeyError
    assert _everything() == before
    assert running_clock() is None


def test_everything_is_put_back_when_the_start_fails(clock, monkeypatch):
    before = _everything()
    monkeypatch.setitem(sys.modules, "time_machine", None)
    with pytest.raises(ClockError), virtual_time(clock, wallclock=True):
        pass
    assert _everything() == before


def test_what_was_not_there_is_taken_away_again():
    class Base:
        inherited = 1

    class Owner(Base):
        own = 2

    names = ("inherited", "own", "absent")
    with pytest.raises(KeyError), _patched([(Owner, name, "patched") for name in names]):  # noqa: PT012
        assert {name: vars(Owner)[name] for name in names} == dict.fromkeys(names, "patched")
        raise KeyError
    assert {name: vars(Owner)[name] for name in names if name in vars(Owner)} == {"own": 2}


def test_patched_loops_alone_change_no_time():
    before = {name: getattr(time, name) for name in ("sleep", "monotonic", "time")}
    with patched_loops():
        assert {name: getattr(time, name) for name in before} == before
        loop = asyncio.new_event_loop()
        assert isinstance(loop, VirtualLoop)
        other = asyncio.get_event_loop_policy().new_event_loop()
        assert isinstance(other, VirtualLoop)
        other.close()
        assert abs(loop.time() - time.monotonic()) < 1
        began = time.perf_counter()
        loop.run_until_complete(asyncio.sleep(0.02))
        assert time.perf_counter() - began >= 0.015
        loop.close()


def test_one_clock_runs_at_a_time(clock):
    with virtual_time(clock):
        with running(clock):
            pass
        assert running_clock() is clock
        with (
            pytest.raises(ClockError, match="attach this world to that clock"),
            running(VirtualClock()),
        ):
            pass
        assert running_clock() is clock


def test_a_clock_may_run_again_and_goes_on_where_it_was(clock):
    with virtual_time(clock):
        asyncio.run(asyncio.sleep(5))
    with virtual_time(clock):
        asyncio.run(asyncio.sleep(5))
    assert clock.now == 10.0


def test_nothing_is_virtual_outside(clock):
    with virtual_time(clock):
        pass
    began = time.perf_counter()
    asyncio.run(asyncio.sleep(0.02))
    assert time.perf_counter() - began >= 0.015
    assert anyio.run(anyio.to_thread.run_sync, lambda: 5) == 5
