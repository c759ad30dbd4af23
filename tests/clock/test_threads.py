"""Several participants: time jumps only when all of them wait."""

import asyncio
import concurrent.futures
import queue
import threading
import time
from collections.abc import Callable

import anyio.to_thread
import pytest

from skyvern_testkit.clock import Deadlock, HeldTooLong, VirtualClock, virtual_time


def start_enlisted(clock, work, *args):
    """A thread that has called enlist_thread(); the caller holds time, or it may be far ahead already."""
    before = len(clock.scheduler.participants)
    thread = threading.Thread(target=work, args=args)
    thread.start()
    while len(clock.scheduler.participants) == before:
        time.sleep(0)
    return thread


def test_two_threads_take_turns_in_order_of_time(virtual):
    trace = []

    def worker(name, delay):
        virtual.enlist_thread()
        for _ in range(3):
            time.sleep(delay)
            trace.append((name, virtual.now))

    with virtual.hold("both must have started"):
        threads = [start_enlisted(virtual, worker, *args) for args in (("a", 2), ("b", 3))]
    for thread in threads:
        thread.join()
    # At 6 both are due; who was enlisted first goes first.
    assert trace == [("a", 2.0), ("b", 3.0), ("a", 4.0), ("a", 6.0), ("b", 6.0), ("b", 9.0)]
    assert virtual.now == 9.0


def test_a_thread_and_a_loop(virtual):
    trace = []

    def worker():
        virtual.enlist_thread()
        for _ in range(3):
            time.sleep(10)
            trace.append(("thread", virtual.now))

    async def client():
        for _ in range(2):
            await asyncio.sleep(12)
            trace.append(("loop", virtual.now))

    with virtual.hold("both must have started"):
        thread = start_enlisted(virtual, worker)
    asyncio.run(client())
    thread.join()
    assert trace == [
        ("thread", 10.0),
        ("loop", 12.0),
        ("thread", 20.0),
        ("loop", 24.0),
        ("thread", 30.0),
    ]


def test_time_stands_still_while_an_enlisted_thread_works(virtual):
    trace, working = [], threading.Event()

    def worker():
        virtual.enlist_thread()
        working.set()
        deadline = time.perf_counter() + 0.05
        while time.perf_counter() < deadline:
            pass
        trace.append(virtual.now)

    thread = threading.Thread(target=worker)
    thread.start()
    working.wait()
    time.sleep(5)
    thread.join()
    assert trace == [0.0]
    assert virtual.now == 5.0


@pytest.mark.parametrize("pool", [False, True], ids=["thread", "pool"])
def test_time_waits_for_a_thread_that_is_about_to_take_part(pool):
    clock, began = VirtualClock(quiet=20), []

    def worker():
        for _ in range(50):  # of its own work, before it is known
            gone = threading.Lock()
            gone.acquire()
            gone.acquire(timeout=0.001)
        clock.enlist_thread()
        began.append(clock.now)
        time.sleep(3)

    with virtual_time(clock), concurrent.futures.ThreadPoolExecutor() as executor:
        if pool:
            executor.submit(worker)
        else:
            threading.Thread(target=worker).start()
        time.sleep(5)
        assert clock.now == 5.0
    assert began == [0.0]


@pytest.mark.parametrize("quiet", [0.01, 60.0], ids=["keeps to itself", "has ended"])
@pytest.mark.parametrize("pool", [False, True], ids=["thread", "pool"])
def test_time_does_not_wait_for_a_thread_that_takes_no_part(pool, quiet):
    clock, stays = VirtualClock(quiet=quiet), threading.Event()
    work = stays.wait if quiet < 1 else lambda: None
    with virtual_time(clock), concurrent.futures.ThreadPoolExecutor() as executor:
        began = time.perf_counter()
        if pool:
            executor.submit(work)
        else:
            threading.Thread(target=work).start()
        time.sleep(5)
        assert clock.now == 5.0
        assert time.perf_counter() - began < 30
        stays.set()


def test_an_enlisted_thread_that_has_ended_holds_nobody(virtual):
    thread = threading.Thread(target=virtual.enlist_thread)
    thread.start()
    thread.join()
    time.sleep(5)
    assert virtual.now == 5.0


def test_a_thread_that_dies_while_another_waits_lets_time_go_on(virtual):
    working = threading.Event()

    def worker():
        virtual.enlist_thread()
        working.set()
        gone = threading.Lock()
        gone.acquire()
        gone.acquire(timeout=0.05)

    threading.Thread(target=worker).start()
    working.wait()
    time.sleep(5)
    assert virtual.now == 5.0


def test_other_threads_keep_real_time(virtual):
    times = []

    def stranger():
        began = time.monotonic()
        time.sleep(0.01)
        times.append((time.monotonic() - began, time.time()))

    thread = threading.Thread(target=stranger)
    thread.start()
    thread.join()
    [(elapsed, wall)] = times
    assert 0.01 <= elapsed < 5
    assert abs(wall - virtual.epoch_ns / 1e9) > 86400
    assert virtual.now == 0


@pytest.mark.parametrize("wait", ["join", "result", "queue", "event", "pool"])
def test_the_test_s_thread_may_wait_for_a_client_thread(virtual, wait):
    done = threading.Event()
    results: queue.Queue[str] = queue.Queue()
    future: concurrent.futures.Future[str] = concurrent.futures.Future()

    def client():
        virtual.enlist_thread()
        time.sleep(60)
        done.set()
        results.put("done")
        future.set_result("done")

    if wait == "pool":
        with concurrent.futures.ThreadPoolExecutor() as pool:
            assert pool.submit(client).result() is None
    else:
        thread = threading.Thread(target=client)
        thread.start()
        waits: dict[str, Callable[[], object]] = {
            "join": thread.join,
            "result": future.result,
            "queue": results.get,
            "event": done.wait,
        }
        waits[wait]()
        thread.join()
    assert virtual.now == 60.0


def test_who_is_woken_by_another_thread_runs_before_time_moves(virtual):
    """The waiter reads the clock at the time of the hand-over, though a third thread sleeps on."""
    for _ in range(20):
        began, seen = virtual.now, []
        handed: queue.Queue[str] = queue.Queue()

        def giver(handed=handed):
            virtual.enlist_thread()
            time.sleep(10)
            handed.put("it")
            time.sleep(10)

        thread = threading.Thread(target=giver)
        thread.start()
        handed.get()
        seen.append(virtual.now)
        thread.join()
        assert seen == [began + 10]
        assert virtual.now == began + 20


def test_a_worker_of_a_pool_takes_part_no_longer_than_its_job(virtual):
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        pool.submit(virtual.enlist_thread).result()
        time.sleep(5)  # the worker is alive and waits for work
        assert virtual.now == 5.0


def test_sync_clients_in_to_thread_wait_on_virtual_time(virtual):
    def client():
        virtual.enlist_thread()
        time.sleep(600)
        return virtual.now

    async def test():
        first = await asyncio.gather(*(asyncio.to_thread(client) for _ in range(3)))
        await asyncio.sleep(10)
        return first

    assert asyncio.run(test()) == [600.0] * 3
    assert virtual.now == 610.0


def test_threads_run_in_the_same_order_every_time():
    def run():
        clock, trace = VirtualClock(), []

        def worker(name, delay):
            clock.enlist_thread()
            for _ in range(10):
                time.sleep(delay)
                trace.append((name, clock.now_ns))

        with virtual_time(clock):
            with clock.hold("all must have started"):
                threads = [
                    start_enlisted(clock, worker, index, 1 + index % 2) for index in range(4)
                ]
            for thread in threads:
                thread.join()
        return trace

    first = run()
    assert [at for _, at in first] == sorted(at for _, at in first)
    assert all(run() == first for _ in range(10))


def test_errors_of_a_script_come_out_in_the_test_s_thread(virtual, world):
    """Whichever thread happens to play the world."""

    def script():
        raise ZeroDivisionError

    world.at(5, do=script)

    def client():
        virtual.enlist_thread()
        time.sleep(3)
        time.sleep(10)  # at 5 it is this thread that plays the world: it was the last to rest

    with virtual.hold("the client must have started"):
        thread = start_enlisted(virtual, client)
    with pytest.raises(ZeroDivisionError):
        time.sleep(20)
    assert virtual.now == 5.0
    thread.join()
    assert virtual.now == 13.0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_errors_that_the_test_s_thread_cannot_see_are_raised_at_the_end(clock, world):
    clock.attach(world)
    world.at(5, do=lambda: 1 / 0)

    def client():
        clock.enlist_thread()
        time.sleep(20)

    with pytest.raises(ZeroDivisionError), virtual_time(clock):  # noqa: PT012 - raised at its end
        thread = threading.Thread(target=client)
        thread.start()
        thread.join()


def test_a_deadlock_of_a_loop_in_a_thread_is_found_while_the_test_joins_it(world):
    clock = VirtualClock(hold_cap=0.05)
    errors = []

    def client():
        try:
            asyncio.run(asyncio.Event().wait())
        except Deadlock as error:
            errors.append(str(error))

    with pytest.raises(Deadlock), virtual_time(clock):  # noqa: PT012 - raised at its end
        thread = threading.Thread(target=client, name="client")
        thread.start()
        thread.join()
    assert "'client'" in errors[0]


def test_a_busy_participant_holds_time_no_longer_than_the_cap(world):
    clock, release = VirtualClock(hold_cap=0.05), threading.Lock()
    release.acquire()

    def busy():
        clock.enlist_thread()
        with release:
            pass

    with virtual_time(clock):
        thread = start_enlisted(clock, busy)
        thread.name = "busy bee"
        with pytest.raises(HeldTooLong, match=r"busy bee.*test_threads\.py"):
            time.sleep(5)
        release.release()
        thread.join()


def test_threads_that_still_wait_when_the_clock_stops_are_let_go(clock):
    def sleep():
        clock.enlist_thread()
        time.sleep(3600)

    with virtual_time(clock):
        thread = start_enlisted(clock, sleep)
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize("timeout", [None, 30])
def test_a_sync_test_may_wait_for_an_effect_in_a_queue(virtual, world, timeout):
    received: queue.Queue[float] = queue.Queue()

    def webhook():
        time.sleep(2)
        received.put(virtual.now)

    world.at(600, do=lambda: virtual.call_in_client(webhook))
    assert received.get(timeout=timeout) == 602.0
    time.sleep(10)
    assert virtual.now == 612.0


def test_an_error_in_a_script_reaches_a_test_that_waits_for_another_thread(virtual, world):
    def script():
        raise ZeroDivisionError

    world.at(600, do=script)
    with pytest.raises(ZeroDivisionError) as caught:
        threading.Event().wait()
    assert [entry.name for entry in caught.traceback][-1] == "script"


def test_waits_for_other_threads_time_out_on_real_time(virtual):
    began = time.perf_counter()
    assert threading.Event().wait(0.07) is False
    with pytest.raises(queue.Empty):
        queue.Queue[None]().get(timeout=0.01)
    sleeper = threading.Thread(target=threading.Event().wait, args=(0.1,))
    sleeper.start()
    sleeper.join(0.01)
    assert sleeper.is_alive()
    sleeper.join()
    assert time.perf_counter() - began >= 0.15
    assert virtual.now == 0


def test_a_callback_for_a_loop_in_a_thread_runs_before_time_moves(virtual):
    for _ in range(20):
        seen: list[float] = []
        loops: queue.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = queue.Queue()

        async def serve(loops=loops, seen=seen):
            loop = asyncio.get_running_loop()
            loops.put((loop, waiter := loop.create_future()))
            await waiter
            seen.append(virtual.now)

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        loop, waiter = loops.get()
        time.sleep(10)
        began = virtual.now
        loop.call_soon_threadsafe(waiter.set_result, None)
        time.sleep(10)
        thread.join()
        assert seen == [began]


def test_a_worker_of_anyio_takes_part_no_longer_than_its_job(virtual):
    async def client():
        await anyio.to_thread.run_sync(virtual.enlist_thread)
        return len(virtual.scheduler.participants)

    assert asyncio.run(client()) == 1
