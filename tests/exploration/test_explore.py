"""explore() catches wrong clients, passes right ones, and what it prints does it again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from skyvern_testkit import (
    ClockError,
    Counterexample,
    Deadlock,
    TooManyRequests,
    VirtualTimeExceeded,
    completed,
    explore,
    fake_skyvern,
)
from skyvern_testkit.wire.operations import UnknownOperation
from tests.exploration import clients
from tests.exploration.clients import JobFailed

ROOT = Path(__file__).parents[2]
HOUR = 3600


def found(function: Any, **asked: Any) -> Counterexample:
    """What explore() finds."""
    with pytest.raises(Counterexample) as caught:
        explore(function, deadline=HOUR, **asked)
    return caught.value


def run_again(code: str) -> None:
    """Run the test that was printed."""
    namespace: dict[str, Any] = {}
    exec(compile(code, "printed", "exec"), namespace)  # noqa: S102 - our own code
    (test,) = [value for name, value in namespace.items() if name.startswith("test_")]
    test()


def first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


# --- wrong clients -----------------------------------------------------------------------------------

WRONG: dict[str, tuple[Any, dict[str, Any], type[BaseException], str, str]] = {
    "never times out": (
        clients.never_gives_up,
        {"operations": []},
        VirtualTimeExceeded,
        "never_gives_up has not ended after 3600 virtual seconds, its deadline.",
        "play(created(until=never()))",
    ),
    "knows no 503": (
        clients.takes_no_503,
        {"raises": JobFailed},
        KeyError,
        "takes_no_503 raised KeyError, and declares JobFailed: 'run_id'",
        'fake.faults.on("run_task").answer(503)',
    ),
    "stops at the first failure": (
        clients.believes_the_first_failure,
        {"raises": JobFailed, "operations": [], "check": clients.is_over},
        AssertionError,
        "believes_the_first_failure returned what fails the check: AssertionError: it is not over",
        "failed()",
    ),
    "has no timeout": (
        clients.has_no_timeout,
        {"ways": ["never_answer"]},
        Deadlock,
        "has_no_timeout would hang for ever. at 0 virtual seconds everything waits",
        'fake.faults.on("run_task").never_answer()',
    ),
    "does not sleep": (
        clients.does_not_sleep,
        {"ways": ["answer"], "raises": RuntimeError},
        TooManyRequests,
        "does_not_sleep does not stop asking. 1000 times POST /v1/run/tasks",
        'fake.faults.on("run_task").answer(503).always()',
    ),
    "confuses two troubles": (
        clients.confuses_two_troubles,
        {"raises": JobFailed, "operations": ["get_run"], "ways": ["answer"], "max_examples": 300},
        RuntimeError,
        "confuses_two_troubles raised RuntimeError, and declares JobFailed: ",
        'fake.faults.on("get_run").answer(503)\n',
    ),
    "gets no code": (
        clients.loses_the_code,
        {"operations": [], "hangs": False},
        AssertionError,
        "loses_the_code raised AssertionError, and declares nothing",
        "needs_totp('demo@example.com')",
    ),
    "swallows everything": (
        clients.swallows_everything,
        {"operations": [], "raises": Exception},
        VirtualTimeExceeded,
        "swallows_everything has not ended after 3600 virtual seconds",
        "play(created(until=never()))",
    ),
}


@pytest.mark.parametrize(
    ("function", "asked", "kind", "sentence", "line"), WRONG.values(), ids=WRONG
)
def test_a_wrong_client_is_caught_told_and_can_be_run_again(
    function: Any, asked: dict[str, Any], kind: type[BaseException], sentence: str, line: str
):
    counterexample = found(function, **asked)
    assert type(counterexample.__cause__) is kind
    assert str(counterexample).startswith(sentence)
    assert line in counterexample.code
    assert len(counterexample.scenario.lines()) <= 2  # what does not matter is gone
    assert "requests:\n" in counterexample.report
    assert counterexample.report in str(counterexample)
    with pytest.raises(kind) as again:
        run_again(counterexample.code)
    assert first_line(again.value) == first_line(counterexample.__cause__)


def test_the_printed_test_is_a_whole_program(tmp_path: Path):
    counterexample = found(clients.takes_no_503, raises=JobFailed)
    program = tmp_path / "test_found.py"
    program.write_text(counterexample.code, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(program)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "KeyError: 'run_id'" in done.stdout
    assert "1 failed" in done.stdout


def test_a_right_client_passes():
    explore(clients.careful, deadline=1801, raises=JobFailed)


# --- what is asked -----------------------------------------------------------------------------------


def lists_nothing(http: httpx.Client) -> int:
    return http.get("/v1/runs/tsk_1").status_code


def test_the_deadline_is_in_virtual_seconds():
    def waits(fake: Any) -> None:
        time.sleep(100)

    explore(waits, deadline=101, max_examples=3)
    with pytest.raises(Counterexample, match="waits has not ended after 99 virtual seconds"):
        explore(waits, deadline=99, max_examples=3)


def test_a_client_that_is_wrong_without_any_trouble_is_shown_without_any():
    def wrong(fake: Any) -> None:
        raise LookupError("always")

    counterexample = found(wrong)
    assert counterexample.scenario.lines() == []
    assert "wrong raised LookupError, and declares nothing: always" in str(counterexample)


def test_what_is_swallowed_by_the_client_is_found():
    def broken(fake: Any) -> None:
        def condition(prompt: str) -> bool:
            raise ZeroDivisionError(prompt)

        fake.on(prompt=condition).play(completed())
        with contextlib.suppress(Exception):
            fake.http().post("/v1/run/tasks", json=clients.TASK)

    counterexample = found(broken)
    assert isinstance(counterexample.__cause__, ZeroDivisionError)


def test_setup_and_check_are_part_of_the_printed_test():
    asked = {"setup": make_profile, "check": has_no_profile, "operations": []}
    counterexample = found(lists_nothing, **asked)
    assert "        make_profile(fake)\n        result = lists_nothing(fake.http())\n" in (
        counterexample.code
    )
    with pytest.raises(AssertionError, match="there is one"):
        run_again(counterexample.code)


def make_profile(fake: Any) -> None:
    fake.profile()


def has_no_profile(result: int, fake: Any) -> None:
    assert result == 404
    assert fake.http().get("/v1/browser_profiles").json() == [], "there is one"


def test_what_cannot_be_imported_is_named_with_its_place():
    def inner(fake: Any) -> None:
        raise LookupError

    async def slowly(fake: Any) -> None:
        inner(fake)

    counterexample = found(inner)
    assert "# inner: what explore() was given, from test_explore.py, line " in counterexample.code
    counterexample = found(lambda fake: asyncio.run(slowly(fake)))
    assert "        client_function(fake)\n" in counterexample.code
    assert "def test_client_in_a_world_that_explore_found():" in counterexample.code
    counterexample = found(functools.partial(inner))
    assert "# inner: the functools.partial of inner that explore() was given" in counterexample.code


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (lambda fake: fake.elapsed, "InProcessSkyvern"),
        (lambda http: http, "Client"),
        (lambda skyvern_client: skyvern_client, "Skyvern"),
        (lambda *, sync_client: sync_client, "Skyvern"),
    ],
    ids=["fake", "http", "client", "sync_client"],
)
def test_parameters_are_filled_by_their_names(function: Any, kind: str):
    explore(function, deadline=HOUR, max_examples=2)


def test_an_async_function_is_given_async_clients():
    seen: list[Any] = []

    async def job(client: Any, http: Any) -> None:
        seen.extend((client, http))
        await asyncio.sleep(0)

    explore(job, deadline=HOUR, max_examples=2)
    assert isinstance(seen[1], httpx.AsyncClient)
    assert type(seen[0]).__module__ == "skyvern.library.skyvern"


def test_a_function_without_parameters_is_intercepted():
    def own_client() -> None:
        with httpx.Client(base_url="https://api.skyvern.com", headers={"x-api-key": "k"}) as mine:
            assert mine.post("/v1/run/tasks", json=clients.TASK).status_code == 200

    explore(own_client, deadline=HOUR, operations=[], max_examples=3)


def test_the_same_worlds_every_time_and_others_by_another_seed():
    def worlds(**asked: Any) -> list[str]:
        told: list[str] = []

        def job(fake: Any) -> None:
            fake.http(timeout=None).post("/v1/run/tasks", json=clients.TASK)
            (run,) = fake.runs
            told.append(repr(run.script))

        explore(job, deadline=HOUR, operations=[], max_examples=60, **asked)
        return told

    first = worlds()
    assert len(first) == 61  # one without any trouble before them
    assert first == worlds()
    assert worlds(seed=1) == worlds(seed=1) != worlds(seed=2)


# --- where it cannot be used -------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_inside_an_event_loop_it_says_what_to_do():
    with pytest.raises(ClockError, match="call it from a plain function"):
        explore(lists_nothing, deadline=HOUR)


def test_inside_a_fake_it_says_what_to_do():
    with fake_skyvern(), pytest.raises(ClockError, match="a fake is open already"):
        explore(lists_nothing, deadline=HOUR)


def test_parameters_that_it_does_not_know():
    def job(client: Any, settings: Any) -> None: ...

    with pytest.raises(TypeError, match=r"what to give job\(\) as 'settings': it fills .* client"):
        explore(job, deadline=HOUR)


@pytest.mark.parametrize(
    ("asked", "kind", "message"),
    [
        ({"strict": True}, TypeError, "opens its worlds with strict= of its own"),
        ({"kinds": ["tusk"]}, ValueError, "there is no kind of run 'tusk'"),
        ({"operations": ["get_runn"]}, UnknownOperation, "get_run"),
        ({"ways": ["explode"]}, ValueError, "no call goes wrong by 'explode'"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    asked: dict[str, Any], kind: type[Exception], message: str
):
    with pytest.raises(kind, match=message):
        explore(lists_nothing, deadline=HOUR, **asked)


def test_a_client_that_remembers_is_told_so():
    calls: list[int] = []

    def remembers(fake: Any) -> None:
        calls.append(1)
        if len(calls) == 15:
            raise LookupError("only this time")

    with pytest.raises(Flaky) as caught:
        explore(remembers, deadline=HOUR, kinds=["task"], max_examples=20)
    assert "remembers does not do the same in the same world" in caught.value.__notes__[-1]


@settings(max_examples=3, database=None, deadline=None)
@given(st.just(1))
def test_errors_of_the_setup_are_the_tests_own(one: int):
    def setup(fake: Any) -> None:
        raise OSError("no such fixture")

    with pytest.raises(OSError, match="no such fixture"):
        explore(lists_nothing, deadline=HOUR, setup=setup)


def test_hypothesis_is_not_imported_before_it_is_used():
    code = "import sys, skyvern_testkit; print('hypothesis' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "False"


def test_a_client_that_misses_the_fake_is_not_green():
    async def nothing() -> int:
        return 1

    with pytest.raises(ValueError, match="asked the fake for nothing"):
        explore(nothing, deadline=5)
