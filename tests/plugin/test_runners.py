"""The same world and time under every runner that people have."""

import pytest

POLL = """
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=290), completed({"n": 1})))
    run = await skyvern_client.run_task("x", wait_for_completion=True)
    assert run.status == "completed"
    assert skyvern_fake.clock.now == 290
    await SLEEP(100)
    assert skyvern_fake.clock.now == 390
"""
IMPORTS = """
import asyncio
import time
import pytest
from skyvern_testkit import RunScript, completed, fake_skyvern, running
"""


def test_pytest_asyncio_strict(suite):
    result = suite(
        IMPORTS
        + "@pytest.mark.asyncio\nasync def test_it(skyvern_client, skyvern_fake):"
        + POLL.replace("SLEEP", "asyncio.sleep")
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_pytest_asyncio_auto(suite, scope):
    """Also with a loop that several tests share, the first of which uses nothing of ours."""
    body = POLL.replace("SLEEP", "asyncio.sleep")
    result = suite(
        "import asyncio\nasync def test_before(): await asyncio.sleep(0.001)\n"
        "import pytest\n@pytest.fixture\nasync def made(skyvern_client):\n"
        "    return await skyvern_client.create_browser_session()\n"
        f"async def test_it(skyvern_client, skyvern_fake, made):\n"
        f"    from skyvern_testkit import RunScript, completed, running{body}"
        "async def test_after(skyvern_fake): await asyncio.sleep(10000)\n"
        "async def test_last(): await asyncio.sleep(0.001)\n",
        "-p",
        "no:randomly",
        ini=f"asyncio_mode = auto\nasyncio_default_test_loop_scope = {scope}",
    )
    result.assert_outcomes(passed=4)


def test_anyio_on_asyncio_and_trio(suite):
    result = suite(
        IMPORTS
        + """
import anyio
pytestmark = pytest.mark.anyio

async def test_it(skyvern_client, skyvern_fake):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=290), completed()))
    run = await skyvern_client.run_task("x")  # the SDK's own wait works on asyncio only
    with anyio.fail_after(300):
        while run.status != "completed":
            await anyio.sleep(10)
            run = await skyvern_client.get_run(run.run_id)
    assert skyvern_fake.clock.now == 290
""",
        "-p",
        "no:asyncio",
    )
    result.assert_outcomes(passed=2)


def test_anyio_with_a_backend_that_tests_share(suite):
    result = suite(
        "import anyio, pytest\npytestmark = pytest.mark.anyio\n"
        "@pytest.fixture(scope='module')\ndef anyio_backend(): return 'asyncio'\n"
        "@pytest.fixture(scope='module')\nasync def shared(): yield 1\n"
        "async def test_before(shared): pass\n"
        "async def test_it(skyvern_client, shared):\n"
        "    await anyio.sleep(5000)\n"
        "    await skyvern_client.get_version()\n",
        "-p",
        "no:asyncio",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=2)


def test_webhooks_and_timeouts_on_trio(suite):
    result = suite(
        IMPORTS
        + """
import httpx, trio

def test_it(skyvern_fake):
    async def main():
        seen = []

        @skyvern_fake.webhooks.receive("https://shop.example/*")
        async def receive(sent):
            await trio.sleep(3)
            seen.append(sent.signature_ok)

        sky = skyvern_fake.client()
        await sky.run_task("x", webhook_url="https://shop.example/hook")
        sent = await skyvern_fake.webhooks.wait()
        assert seen == [True]
        assert skyvern_fake.clock.now == sent.at + 3
        began = skyvern_fake.clock.now
        skyvern_fake.faults.on("get_version").never_answer().times(2)
        with pytest.raises(httpx.ReadTimeout):
            await sky.get_version()
        assert skyvern_fake.clock.now == began + 60
        with trio.move_on_after(5) as scope:
            await sky.get_version()
        assert scope.cancelled_caught
        assert not skyvern_fake.waiting

    trio.run(main)
"""
    )
    result.assert_outcomes(passed=1)


def test_unittest(suite):
    result = suite(
        IMPORTS
        + """
import unittest

class Async(unittest.IsolatedAsyncioTestCase):
    async def test_it(self):
        with fake_skyvern() as skyvern_fake:
            skyvern_client = skyvern_fake.client()
            skyvern_fake.on(prompt="*").play(RunScript(running(seconds=290), completed()))
            await skyvern_client.run_task("x", wait_for_completion=True)
            assert skyvern_fake.clock.now == 290

@pytest.mark.usefixtures("skyvern_fake")
class Sync(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def _take(self, skyvern_sync_client):
        self.client = skyvern_sync_client

    def test_it(self):
        time.sleep(10_000)
        self.client.get_version()
"""
    )
    result.assert_outcomes(passed=2)


def test_asyncio_run_inside_sync_code(suite):
    result = suite(
        IMPORTS
        + """
def user_code(client):
    async def main():
        return await client.run_task("x", wait_for_completion=True)
    return asyncio.run(main())

def test_it(skyvern_client, skyvern_fake):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=290), completed()))
    assert user_code(skyvern_client).status == "completed"
    assert user_code(skyvern_client).status == "completed"
    assert skyvern_fake.clock.now == 580
"""
    )
    result.assert_outcomes(passed=1)


def test_sync_client_with_time_sleep(suite):
    result = suite(
        IMPORTS
        + """
def test_it(skyvern_sync_client, skyvern_fake):
    skyvern_fake.on(prompt="*").play(RunScript(running(seconds=290), completed()))
    began, run = time.monotonic(), skyvern_sync_client.run_task(prompt="x")
    while skyvern_sync_client.get_run(run.run_id).status != "completed":
        time.sleep(10)
    assert time.monotonic() - began == 290
"""
    )
    result.assert_outcomes(passed=1)


def test_given(suite):
    result = suite(
        IMPORTS
        + """
from hypothesis import given, settings, strategies as st

@settings(max_examples=5, deadline=None)
@given(st.integers(1, 10_000))
def test_it(seconds):
    with fake_skyvern(seed=seconds) as fake:
        client = fake.http()
        time.sleep(seconds)
        client.get("/v1/version")
        assert fake.clock.now == seconds
"""
    )
    result.assert_outcomes(passed=1)


def test_without_pytest_asyncio_and_anyio(suite):
    result = suite(
        IMPORTS
        + """
def test_it(skyvern_client, skyvern_fake):
    asyncio.run(skyvern_client.get_version())
""",
        "-p",
        "no:asyncio",
        "-p",
        "no:anyio",
        "-p",
        "no:randomly",
    )
    result.assert_outcomes(passed=1)


def test_in_parallel_and_in_any_order(suite):
    result = suite(
        IMPORTS
        + """
@pytest.mark.parametrize("number", range(20))
def test_it(skyvern_fake, number):
    assert skyvern_fake.journal.total == 0
    time.sleep(number)
    run = {"prompt": "x", "url": "https://a.example"}
    assert skyvern_fake.http().post("/v1/run/tasks", json=run).status_code == 200
    assert len(skyvern_fake.runs) == 1
""",
        "-n",
        "2",
    )
    result.assert_outcomes(passed=20)


# --- loops that are not ours --------------------------------------------------------------------


def test_a_loop_made_too_early_is_refused_with_what_to_do(suite):
    result = suite(
        """
import asyncio, pytest

@pytest.fixture
def loop():
    loop = asyncio.SelectorEventLoop()
    yield loop
    loop.close()

def test_it(loop):
    import skyvern_testkit
    async def main():
        with skyvern_testkit.fake_skyvern():
            pass
    loop.run_until_complete(main())
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ClockError: the event loop asyncio.*does not follow*",
            "*mark the test with @pytest.mark.skyvern or ask for a fixture*",
        ]
    )


def test_the_mark_alone_is_enough_for_the_loop(suite):
    result = suite(
        """
import asyncio, pytest

@pytest.mark.skyvern
@pytest.mark.asyncio
async def test_it():
    import skyvern_testkit
    with skyvern_testkit.fake_skyvern() as fake:
        await asyncio.sleep(5000)
        assert fake.clock.now == 5000
"""
    )
    result.assert_outcomes(passed=1)


def test_tests_without_us_keep_their_own_loops(suite):
    result = suite(
        """
import asyncio, pytest

@pytest.mark.asyncio
async def test_it():
    assert type(asyncio.get_running_loop()).__module__.startswith("asyncio.")
""",
        test_other="def test_it(skyvern_fake): pass",
    )
    result.assert_outcomes(passed=2)
