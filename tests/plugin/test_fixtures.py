"""The fixtures, one by one, as a test meets them."""

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from skyvern_testkit import InProcessSkyvern, fake_skyvern


def test_every_fixture_is_of_one_world(
    skyvern_fake,
    skyvern_client,
    skyvern_sync_client,
    skyvern_totp,
    skyvern_webhooks,
    skyvern_session,
    skyvern_profile,
    skyvern_credential,
    skyvern_faults,
    skyvern_clock,
):
    assert isinstance(skyvern_fake, InProcessSkyvern)
    assert skyvern_totp is skyvern_fake.totp
    assert skyvern_webhooks is skyvern_fake.webhooks
    assert skyvern_faults is skyvern_fake.faults
    assert skyvern_clock is skyvern_fake.clock
    assert skyvern_fake.journal.total == 0
    http = skyvern_fake.http()
    for path in (
        f"/v1/browser_sessions/{skyvern_session.browser_session_id}",
        f"/v1/browser_profiles/{skyvern_profile.browser_profile_id}",
        f"/v1/credentials/{skyvern_credential.credential_id}",
    ):
        assert http.get(path).status_code == 200


def test_resources_are_called_to_make_more(skyvern_session, skyvern_profile, skyvern_credential):
    other = skyvern_session(timeout=30, browser_profile_id=skyvern_profile.id)
    assert other.id != skyvern_session.id
    assert (other.timeout, other.browser_profile_id) == (30, skyvern_profile.id)
    assert str(other) == other.id
    assert skyvern_profile().name != skyvern_profile.name
    assert skyvern_credential(username="ada").credential["username"] == "ada"
    with pytest.raises(AttributeError, match=r"has no colour \(it has: browser_session_id"):
        _ = skyvern_session.colour
    with pytest.raises(ValueError, match="timeout: Input should be greater than or equal to 5"):
        skyvern_session(timeout=1)
    with pytest.raises(ValueError, match="invalid_authenticator_key"):
        skyvern_credential(totp="no seed")


def test_codes(skyvern_fake, skyvern_totp, skyvern_clock):
    assert skyvern_totp.send("a@b.example", "123456").startswith("totp_")
    skyvern_totp.send_later(30, "a@b.example", "Your code is 654321", source="email")
    skyvern_clock.advance(60)
    codes = skyvern_fake.http().get("/v1/credentials/totp").json()
    assert [code["code"] for code in codes] == ["654321", "123456"]


def test_time_is_virtual_and_begins_in_2026(skyvern_clock):
    began = time.time()
    assert datetime.fromtimestamp(began, UTC) == datetime(2026, 1, 1, tzinfo=UTC)
    time.sleep(86_400)
    assert time.time() - began == 86_400
    assert skyvern_clock.now == 86_400


def test_random_is_seeded_whatever_other_plugins_do(skyvern_fake):
    assert random.random() == random.Random(0).random()


@pytest.mark.skyvern(seed=5)
def test_random_follows_the_seed(skyvern_fake):
    assert random.random() == random.Random(5).random()


def test_random_goes_on_where_it_was():
    random.seed(99)
    with fake_skyvern(seed=1):
        random.random()
    assert random.random() == random.Random(99).random()


def test_two_fakes_share_one_clock(skyvern_fake, skyvern_clock):
    time.sleep(100)
    with fake_skyvern(seed=2) as other:
        assert other.clock is skyvern_clock
        time.sleep(11)
        run = other.http().post("/v1/run/tasks", json={"prompt": "x", "url": "https://a.example"})
        assert run.json()["created_at"].startswith("2026-01-01T00:01:51")
    assert skyvern_fake.journal.total == 0


def test_a_clock_that_is_none_is_refused():
    fast: Any = "fast"
    with (
        pytest.raises(ValueError, match=r"clock must be 'virtual', .* not 'fast'"),
        fake_skyvern(clock=fast),
    ):
        pass


# --- what is imported -----------------------------------------------------------------------------


def modules(code: str) -> set[str]:
    out = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in out.stdout.split()}


def test_importing_the_package_imports_only_the_standard_library():
    found = modules("import skyvern_testkit, skyvern_testkit as k; dir(k)")
    assert found - modules("") - set(sys.stdlib_module_names) == {"skyvern_testkit"}


def test_every_public_name_is_there():
    import skyvern_testkit

    for name in skyvern_testkit.__all__:
        assert getattr(skyvern_testkit, name) is not None
    assert set(skyvern_testkit.__all__) <= set(dir(skyvern_testkit))
    with pytest.raises(AttributeError, match="no attribute 'fake_skyvem'"):
        _ = skyvern_testkit.fake_skyvem


def test_the_plugin_imports_nothing_until_a_fixture_is_used(pytester):
    pytester.makeconftest(
        """
import sys

def pytest_sessionfinish(session):
    with open("modules", "w") as file:
        print(*sys.modules, sep="\\n", file=file)
"""
    )
    pytester.makepyfile("def test_it(): pass")
    autoload = dict(os.environ, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")

    def loaded(*options: str) -> set[str]:
        subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
            cwd=pytester.path,
            env=autoload,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return set((pytester.path / "modules").read_text().split())

    gained = loaded("-p", "skyvern_testkit.pytest_plugin") - loaded()
    foreign = {name for name in gained if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == {
        "skyvern_testkit",
        "skyvern_testkit.pytest_plugin",
        "skyvern_testkit.pytest_plugin.settings",
        "skyvern_testkit.pytest_plugin.summary",
        "skyvern_testkit.pytest_plugin.target",
    }
