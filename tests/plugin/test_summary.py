"""`--skyvern-summary=FILE`, which tools read."""

import json

import pytest

SUITE = """
import pytest

def test_with_a_fake(skyvern_fake):
    with skyvern_fake.http() as http:
        http.get("/v1/version")
        skyvern_fake.clock.advance(30)
        http.get("/v1/version")

def test_without():
    pass

def test_that_fails(skyvern_fake):
    assert False

@pytest.mark.skip
def test_that_is_skipped(skyvern_fake):
    pass

@pytest.fixture
def broken(skyvern_fake):
    yield
    assert False

def test_whose_fixture_fails_at_its_end(broken):
    pass
"""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_each_test_has_an_entry(pytester: pytest.Pytester, workers: tuple[str, ...]):
    pytester.makepyfile(SUITE)
    pytester.runpytest_subprocess("--skyvern-summary=seen.json", "-p", "no:randomly", *workers)

    tests = json.loads((pytester.path / "seen.json").read_text("utf-8"))["tests"]

    seen = {
        test["nodeid"].partition("::")[2]: (
            test["outcome"],
            test["requests"],
            test["virtual_seconds"],
        )
        for test in tests
    }
    assert seen == {
        "test_with_a_fake": ("passed", 2, 30),
        "test_without": ("passed", 0, 0),
        "test_that_fails": ("failed", 0, 0),
        "test_that_is_skipped": ("skipped", 0, 0),
        "test_whose_fixture_fails_at_its_end": ("failed", 0, 0),
    }
    assert all(test["real_seconds"] >= 0 for test in tests)


def test_nothing_is_written_unless_asked_for(pytester: pytest.Pytester):
    pytester.makepyfile(SUITE)
    pytester.runpytest_subprocess("-q")
    assert not list(pytester.path.glob("*.json"))
