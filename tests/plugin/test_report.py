"""What a failing test shows, and what fails a test that looked well."""

import httpx
import pytest

from skyvern_testkit import StrictFailure, completed, failed, fake_skyvern

STORY = """
import asyncio
import pytest
from skyvern_testkit import *

def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*invoice*").play(failed("Login wall"))
    skyvern_fake.on(title="never", parameters={"password": "hunter2"}).play(completed())
    skyvern_fake.faults.on("get_run", nth=2).answer(503)
    skyvern_fake.faults.on("cancel_run").answer(500)
    async def main():
        sky = skyvern_client
        await sky.run_task("read the invoice", wait_for_completion=False)
        await sky.create_credential(
            name="c", credential_type="password", credential={"username": "u", "password": "hunter2"}
        )
        run = await sky.run_task("something else", webhook_url="https://x.example/?token=hunter2")
        for _ in range(60):
            try:
                await sky.get_run(run.run_id)
            except Exception:
                pass
            await asyncio.sleep(0.05)
        await asyncio.sleep(2.5)
    asyncio.run(main())
    assert False, "on purpose"
"""


def test_a_failing_test_shows_its_world(suite):
    result = suite(STORY)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*- Skyvern (call) -*",
            "5.500 virtual seconds, 63 requests, seed 0",
            "requests:",
            "*0.000 s * 200  run_task *POST /v1/run/tasks",
            "*0.050 s * 503  get_run *fault:*",
            "*the last of 57 more of these",
            "states of runs:",
            "*tsk_*created -> *",
            "effects not delivered:",
            "*webhook of tsk_* to https://x.example/?token=[*][*][*]: was still due",
            "runs that no script was given to, and how near the rules came:",
            "  tsk_*",
            "*on(prompt='[*]invoice[*]'): prompt is 'something else', not '[*]invoice[*]'",
            "planned and never used:",
            "*on(*title='never'*: no run matched",
            "*faults.on('cancel_run'*: no call met it",
        ]
    )
    report = result.stdout.str().partition("- Skyvern (call) -")[2]
    assert "hunter2" not in report


def test_a_passing_test_shows_nothing(suite):
    result = suite("def test_it(skyvern_fake): skyvern_fake.http().get('/v1/version')")
    result.assert_outcomes(passed=1)
    assert "Skyvern" not in result.stdout.str()


def test_the_report_is_bounded():
    with fake_skyvern(max_requests=100_000) as fake:
        http = fake.http()
        for number in range(300):
            http.get(f"/v1/runs/tsk_{number}?x={'y' * 5000}")
        report = fake.report()
    assert "requests (the last 40; 260 before them):" in report
    assert len(report.splitlines()) < 60
    assert max(map(len, report.splitlines())) < 310


def test_outside_pytest_the_report_is_a_note_of_the_error():
    def the_test():
        with fake_skyvern() as fake:
            assert fake.http().get("/v1/version").status_code == 404

    with pytest.raises(AssertionError) as caught:
        the_test()
    assert "1 requests, seed 0" in caught.value.__notes__[0]


# --- scripts that go wrong ------------------------------------------------------------------------

BROKEN = """
import asyncio
import time

def broken(run):
    from skyvern_testkit import running
    yield running(seconds=3)
    raise ZeroDivisionError("a bug in a script")

def ask(sky):
    async def main():
        await sky.run_task("x", wait_for_completion=True)
    asyncio.run(main())
"""


def test_an_exception_in_a_script_fails_the_test_though_the_client_swallowed_it(suite):
    result = suite(
        BROKEN
        + """
def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*").play(broken)
    try:
        ask(skyvern_client)
    except Exception:
        pass
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            '>       raise ZeroDivisionError("a bug in a script")',
            "test_user.py:*: ZeroDivisionError",
        ]
    )


def test_it_comes_out_once_where_it_was_not_swallowed(suite):
    result = suite(
        BROKEN
        + """
def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*").play(broken)
    ask(skyvern_client)
"""
    )
    result.assert_outcomes(failed=1)


def test_one_that_is_expected_is_forgiven(suite):
    result = suite(
        BROKEN
        + """
import pytest
def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*").play(broken)
    with pytest.raises(ZeroDivisionError) as caught:
        ask(skyvern_client)
    skyvern_fake.forgive(caught.value)
"""
    )
    result.assert_outcomes(passed=1)


def test_one_behind_another_failure_is_in_the_report(suite):
    result = suite(
        BROKEN
        + """
def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*").play(broken)
    try:
        ask(skyvern_client)
    except Exception:
        pass
    assert 1 == 2
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *assert 1 == 2",
            "raised by a script or a webhook receiver:",
            "*ZeroDivisionError: a bug*",
        ]
    )


def test_one_in_a_fixtures_end_is_an_error_there(suite):
    result = suite(
        BROKEN
        + """
import pytest
@pytest.fixture
def user(skyvern_fake, skyvern_sync_client):
    yield
    skyvern_fake.on(prompt="*").play(broken)
    skyvern_sync_client.run_task(prompt="x")
    try:
        time.sleep(10)
    except ZeroDivisionError:
        pass

def test_it(user):
    pass
"""
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ZeroDivisionError: a bug in a script*"])


# --- strict ---------------------------------------------------------------------------------------


def test_strict_names_everything_odd(suite):
    result = suite(
        """
import pytest
from skyvern_testkit import completed

@pytest.mark.skyvern(strict=True)
def test_it(skyvern_fake):
    skyvern_fake.on(prompt="*invoice*").play(completed())
    skyvern_fake.faults.on("get_run").answer(500)
    skyvern_fake.http().post("/v1/run/tasks", json={"prompt": "else", "url": "https://a.example"})
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *StrictFailure: strict=True:",
            "E *- on(prompt='[*]invoice[*]').play(...): no run matched",
            "E *- faults.on('get_run', nth=1): *: no call met it",
            "E *- tsk_* (task_v1): no rule matched; the nearest: on(prompt=*",
        ]
    )


@pytest.mark.parametrize("fails", ["assert False", "pytest.skip('no')"])
def test_strict_adds_nothing_to_a_test_that_did_not_get_through(suite, fails):
    result = suite(
        f"""
import pytest

@pytest.mark.skyvern(strict=True)
def test_it(skyvern_fake):
    skyvern_fake.faults.on("get_run").answer(500)
    {fails}
"""
    )
    outcomes = result.parseoutcomes()
    assert sum(outcomes.values()) == 1
    assert "passed" not in outcomes


def test_strict_is_content_with_what_is_used():
    with fake_skyvern(strict=True) as fake:
        fake.on(prompt="*").play(failed("x"), completed())
        fake.faults.on("get_version").answer(500)
        assert fake.http().get("/v1/version").status_code == 500
        run = {"prompt": "x", "url": "https://a.example"}
        assert fake.http().post("/v1/run/tasks", json=run).status_code == 200


def test_strict_without_pytest():
    with pytest.raises(StrictFailure, match="no call met it"), fake_skyvern(strict=True) as fake:
        fake.faults.on("get_version").answer(500)


def test_near_misses_hide_secrets_however_deep():
    with fake_skyvern() as fake:
        fake.on(url="https://else.example/*").play(completed())
        fake.on(parameters={"login": {"password": "other"}, "region": "EU"}).play(completed())
        with fake.http() as http:
            page = "https://ann:hunter2@shop.example/?token=hunter2"
            assert http.post("/v1/run/tasks", json={"prompt": "x", "url": page}).is_success
            definition = {
                "title": "t",
                "workflow_definition": {
                    "parameters": [
                        {"parameter_type": "workflow", "key": key, "workflow_parameter_type": kind}
                        for key, kind in (("login", "json"), ("region", "string"))
                    ],
                    "blocks": [{"block_type": "wait", "label": "w", "wait_sec": 1}],
                },
            }
            made = http.post("/v1/workflows", json={"json_definition": definition}).json()
            asked = {
                "workflow_id": made["workflow_permanent_id"],
                "parameters": {"login": {"password": "hunter2", "user": "ann"}, "region": "US"},
            }
            answer = http.post("/v1/run/workflows", json=asked)
            assert answer.is_success, answer.text
        report = fake.report()
        assert (
            "url is 'https://***@shop.example/?token=***', not 'https://else.example/*'" in report
        )
        assert (
            "parameter login is {'password': '***', 'user': 'ann'}, not {'password': '***'}"
            in report
        )
        assert "parameter region is 'US', not 'EU'" in report
        assert "hunter2" not in report + repr(fake.world.unmatched)


def test_strict_names_what_was_begun_and_not_said(suite):
    result = suite(
        """
import pytest
@pytest.mark.skyvern(strict=True)
def test_it(skyvern_fake):
    skyvern_fake.on(prompt="*invoice*")
    skyvern_fake.faults.on("get_run", nth=2)
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *test_user.py:4: on(prompt='[*]invoice[*]') without .play(...): it does nothing",
            "E *test_user.py:5: faults.on('get_run', nth=2) without what goes wrong*",
        ]
    )


# --- refused requests -----------------------------------------------------------------------------

CLIENT = """
import contextlib
import httpx
import pytest
from skyvern_testkit import RealSkyvernRefused

def swallow():
    with contextlib.suppress(Exception):
        httpx.get("https://api.skyvern.com/v1/version")
"""


def test_a_refused_request_that_the_program_swallows_fails_its_test(suite):
    result = suite(CLIENT + "def test_it(skyvern_fake): swallow()")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["    def swallow():", ">*httpx.get*", "E *RealSkyvernRefused: a request was about to*"]
    )


@pytest.mark.parametrize(
    "test",
    [
        """
def test_it(skyvern_fake):
    with pytest.raises(RealSkyvernRefused):
        httpx.get("https://api.skyvern.com/v1/version")
""",
        """
import asyncio
def test_it(skyvern_fake):
    async def main():
        async with httpx.AsyncClient() as client:
            with pytest.raises(RealSkyvernRefused):
                await client.get("https://api.skyvern.com/v1/version")
    asyncio.run(main())
""",
        """
class TestIt:
    @pytest.mark.asyncio
    async def test_it(self, skyvern_fake):
        with pytest.raises(RealSkyvernRefused):
            async with httpx.AsyncClient() as client:
                await client.get("https://api.skyvern.com/v1/version")
""",
    ],
)
def test_one_that_comes_out_of_it_does_not(suite, test):
    suite(CLIENT + test).assert_outcomes(passed=1)


# --- what is shown once ---------------------------------------------------------------------------


def test_a_failure_that_is_the_cause_of_the_one_shown_is_not_shown_again(suite):
    result = suite(
        BROKEN
        + """
def test_it(skyvern_fake, skyvern_client):
    skyvern_fake.on(prompt="*").play(broken)
    try:
        ask(skyvern_client)
    except Exception as error:
        raise RuntimeError("my program") from error
"""
    )
    result.assert_outcomes(failed=1)
    assert result.stdout.str().count('raise ZeroDivisionError("a bug in a script")') == 1
    assert "raised by a script" not in result.stdout.str()


def test_answers_that_nobody_was_there_for_are_said_to_be_so():
    with fake_skyvern() as fake:
        fake.faults.on("create_browser_profile").slow(90)
        http = fake.http(timeout=60)
        with pytest.raises(httpx.ReadTimeout):
            http.post("/v1/browser_profiles", json={"name": "n"})
        assert "answers not delivered, their clients gone:" in fake.report()
        fake.clock.advance(60)
        assert "answers not delivered" not in fake.report()
        line = fake.journal[-1].line()
    assert "200" in line
    assert "(+90 s; nobody read it: the client gave up after 60 s)" in line


def test_a_rule_that_a_later_one_took_is_told_as_such():
    with fake_skyvern() as fake:
        fake.on(prompt="*invoice*").play(failed("Login wall"))
        fake.on(prompt="*").play(completed())
        with fake.http() as http:
            asked = {"prompt": "invoice", "url": "https://x.example"}
            run_id = http.post("/v1/run/tasks", json=asked).json()["run_id"]
        assert f"a rule said later won for {run_id}, which matches this one, too" in fake.report()


def test_a_rule_for_a_block_that_nobody_has_is_shown_the_blocks_that_worked():
    wait = {"block_type": "wait", "label": "pause", "wait_sec": 1}
    definition = {"title": "w", "workflow_definition": {"parameters": [], "blocks": [wait]}}
    with fake_skyvern() as fake, fake.http() as http:
        fake.on(block="pouse").play(completed())
        made = http.post("/v1/workflows", json={"json_definition": definition}).json()
        http.post("/v1/run/workflows", json={"workflow_id": made["workflow_permanent_id"]})
        fake.clock.advance(60)
        (line, *_) = fake.complaints()
    said = "on(block='pouse').play(...): no block matched (blocks that worked: pause (wait))"
    assert line == said
