"""``--skyvern-target``: where the clients go, and what is skipped there."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.transport.server import serving

INI = """
[pytest]
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
SUITE = """
import asyncio
import pytest

def test_client(skyvern_client):
    async def ask():
        return await skyvern_client.create_browser_session()
    assert asyncio.run(ask()).status == "created"

def test_sync_client(skyvern_sync_client):
    made = skyvern_sync_client.create_browser_session()
    listed = skyvern_sync_client.get_browser_sessions()
    assert made.browser_session_id in [one.browser_session_id for one in listed]

def test_both(skyvern_client, skyvern_sync_client):
    skyvern_sync_client.create_browser_session()

def test_scripted(skyvern_sync_client, skyvern_fake):
    skyvern_sync_client.create_browser_session()
    assert skyvern_fake.journal.calls("create_browser_session")

def test_timed(skyvern_sync_client, skyvern_clock):
    import time
    began = skyvern_clock.now
    time.sleep(60)
    assert skyvern_clock.now == began + 60
    assert skyvern_sync_client.get_browser_sessions() == []

@pytest.mark.skyvern(seed=3)
def test_marked(skyvern_sync_client):
    skyvern_sync_client.create_browser_session()

def test_of_something_else():
    pass
"""


@pytest.fixture(autouse=True)
def strict(pytester: pytest.Pytester) -> None:
    pytester.makeini(INI)


@contextmanager
def other_server() -> Iterator[str]:
    with fake_skyvern(clock="real") as fake, serving(fake) as server:
        yield server.url


@pytest.mark.parametrize("target", ["fake", "socket"])
def test_world_of_ones_own_keeps_every_test(pytester: pytest.Pytester, target: str) -> None:
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess(f"--skyvern-target={target}")
    done.assert_outcomes(passed=7)


def test_socket_is_really_one(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_address(skyvern_sync_client, skyvern_server, skyvern_fake):
            session = skyvern_sync_client.create_browser_session()
            assert skyvern_server.url.startswith("http://127.0.0.1:")
            wrapper = skyvern_sync_client._client_wrapper
            assert wrapper.get_base_url() == skyvern_server.url
            assert skyvern_fake.journal.calls("create_browser_session")
        """
    )
    pytester.runpytest_subprocess("--skyvern-target=socket").assert_outcomes(passed=1)


def test_elsewhere_what_scripts_a_fake_is_skipped_with_its_reason(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(SUITE)
    monkeypatch.setenv("SKYVERN_API_KEY", "my-key")
    with other_server() as url:
        done = pytester.runpytest_subprocess("-rs", f"--skyvern-target={url}")
    done.assert_outcomes(passed=4, skipped=3)
    needs = f"--skyvern-target={url}: the test needs a fake of its own"
    for asked_for in ("skyvern_fake", "skyvern_clock, skyvern_fake"):
        done.stdout.fnmatch_lines([f"SKIPPED*{needs} ({asked_for})"])


def test_target_may_stand_in_the_ini_file(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYVERN_API_KEY", "my-key")
    pytester.makepyfile(SUITE)
    with other_server() as url:
        pytester.makeini(f"{INI}skyvern_target = {url}\n")
        pytester.runpytest_subprocess().assert_outcomes(passed=4, skipped=3)


def test_unknown_target_is_refused_before_any_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("--skyvern-target=reel")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*--skyvern-target: 'reel' is no target: fake, socket, real or*"])


def test_url_wants_a_key(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SKYVERN_API_KEY", raising=False)
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("--skyvern-target=https://skyvern.example")
    done.stderr.fnmatch_lines(["*https://skyvern.example needs an API key*SKYVERN_API_KEY*"])


def test_missing_real_server_ends_the_run_with_a_sentence(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    done = pytester.runpytest_subprocess("--skyvern-target=real")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines(["*--skyvern-target=real: there is no *.venv-real*"])
