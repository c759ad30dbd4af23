"""Whoever makes the loop: every runner of async tests, in processes of their own, with no configuration for us.

The conftest that these suites get is what our pytest plugin does: loops early, the clock in a sync fixture.
"""

import subprocess
import sys

import pytest

CONFTEST = """
import pytest
from skyvern_testkit.clock import VirtualClock, patched_loops, running

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    if "clock" not in item.fixturenames:
        return (yield)
    with patched_loops():
        return (yield)

@pytest.fixture
def clock():
    with running(VirtualClock(hold_cap=5)) as clock:
        yield clock
"""

POLL = """
async def poll(clock):
    clock.check_participant()
    began = clock.now
    for _ in range(180):
        await anyio.sleep(10)
    assert clock.now - began == 1800.0
"""

SUITES = {
    "pytest-asyncio strict": (
        ["-o", "asyncio_mode=strict"],
        """
import anyio, asyncio, time, pytest
{POLL}

@pytest.mark.asyncio
async def test_poll(clock):
    await poll(clock)

@pytest.mark.asyncio
async def test_real():
    began = time.perf_counter()
    await asyncio.sleep(0.02)
    assert time.perf_counter() - began >= 0.015
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio")
""",
        2,
    ),
    "pytest-asyncio auto": (
        ["-o", "asyncio_mode=auto"],
        """
import anyio, pytest
{POLL}

@pytest.fixture
async def thing(clock):
    await anyio.sleep(5)
    yield clock.now
    await anyio.sleep(5)

@pytest.fixture
async def before():
    await anyio.sleep(0.001)
    yield
    await anyio.sleep(0.001)

async def test_poll(before, thing, clock):
    assert thing == 5.0
    await poll(clock)
""",
        1,
    ),
    "pytest-asyncio with a loop for the session": (
        ["-o", "asyncio_mode=auto", "-o", "asyncio_default_test_loop_scope=session"],
        """
import anyio
{POLL}

async def test_first(clock):
    await poll(clock)

async def test_second(clock):
    await poll(clock)
""",
        2,
    ),
    "anyio": (
        [],
        """
import anyio, pytest
{POLL}
pytestmark = pytest.mark.anyio

@pytest.fixture
async def before():
    await anyio.sleep(0.001)
    yield
    await anyio.sleep(0.001)

async def test_poll(before, clock):
    await poll(clock)

async def test_with_an_async_fixture_after(clock, after):
    await poll(clock)

@pytest.fixture
async def after(clock):
    await anyio.sleep(3)
    yield
    await anyio.sleep(3)
""",
        4,  # on asyncio and on trio
    ),
    "unittest": (
        [],
        """
import anyio, unittest
from skyvern_testkit.clock import VirtualClock, virtual_time
{POLL}

class Test(unittest.IsolatedAsyncioTestCase):
    def run(self, result=None):
        self.clock = VirtualClock()
        with virtual_time(self.clock):
            return super().run(result)

    async def asyncSetUp(self):
        await anyio.sleep(5)

    async def test_poll(self):
        await poll(self.clock)
""",
        1,
    ),
    "asyncio.run in the code under test": (
        [],
        """
import anyio, asyncio
{POLL}

def test_poll(clock):
    asyncio.run(poll(clock))
    asyncio.run(poll(clock))
""",
        1,
    ),
    "trio.run in the code under test": (
        [],
        """
import anyio, trio
{POLL}

def test_poll(clock):
    trio.run(poll, clock)
""",
        1,
    ),
}


@pytest.mark.parametrize("suite", SUITES)
def test_runner(pytester, suite):
    options, source, passed = SUITES[suite]
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(source.replace("{POLL}", POLL))
    result = pytester.runpytest_subprocess(
        *("-p", "no:randomly", "-p", "no:cacheprovider", "-W", "error"),
        *("-o", "asyncio_default_fixture_loop_scope=function"),
        *options,
    )
    result.assert_outcomes(passed=passed)


def test_a_loop_of_another_make_is_refused(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
import asyncio, pytest

class Foreign(asyncio.SelectorEventLoop):
    "What uvloop.new_event_loop would make."

async def request(clock):
    clock.check_participant()

def test_refused(clock):
    with asyncio.Runner(loop_factory=Foreign) as runner:
        runner.run(request(clock))
"""
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*ClockError: the event loop *Foreign does not follow the virtual clock*"]
    )


def test_importing_the_clock_imports_nothing_but_the_standard_library():
    program = """
import sys
before = set(sys.modules)
import skyvern_testkit.clock
new = {name.partition(".")[0] for name in set(sys.modules) - before}
print(sorted(new - set(sys.stdlib_module_names) - {"skyvern_testkit"}))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert ran.stdout.strip() == "[]"
