"""A test that has the mark has a fake, whether it asks for a fixture or not."""

from __future__ import annotations

import pytest

PROGRAM = """
import httpx
CLIENT = httpx.Client(base_url="https://api.skyvern.com", headers={"x-api-key": "sk-live"})
"""


@pytest.mark.parametrize(
    "marked",
    [
        """
        @pytest.mark.skyvern(intercept=True)
        def test_it():
            assert program.CLIENT.get("/v1/version").json() == {"version": "1.0.56"}
        """,
        """
        pytestmark = pytest.mark.skyvern(intercept=True)
        class TestIt:
            def test_it(self):
                assert program.CLIENT.get("/v1/version").json() == {"version": "1.0.56"}
        """,
        """
        import unittest
        @pytest.mark.skyvern(intercept=True)
        class TestIt(unittest.TestCase):
            def test_it(self):
                self.assertEqual(program.CLIENT.get("/v1/version").status_code, 200)
        """,
    ],
    ids=["function", "module", "unittest"],
)
def test_a_client_made_at_import_time_is_served(pytester: pytest.Pytester, marked: str):
    pytester.makepyfile(program=PROGRAM)
    lines = [line[8:] for line in marked.splitlines()]
    pytester.makepyfile("import pytest\nimport program\n" + "\n".join(lines))
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)


def test_a_marked_test_without_interception_is_refused_the_real_cloud(pytester: pytest.Pytester):
    pytester.makepyfile(program=PROGRAM)
    pytester.makepyfile(
        """
        import pytest
        import program

        @pytest.mark.skyvern(seed=1)
        def test_it():
            program.CLIENT.get("/v1/version")
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*RealSkyvernRefused*"])


def test_an_unmarked_test_stays_as_it_was(pytester: pytest.Pytester):
    pytester.makepyfile(
        """
        import asyncio

        def test_it(request):
            assert "skyvern_fake" not in request.fixturenames
            loop = asyncio.new_event_loop()
            assert type(loop).__module__.startswith("asyncio")
            loop.close()
        """
    )
    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=1)
