"""Steps and triggers as people write them."""

from __future__ import annotations

import dataclasses
import re
from datetime import date

import pytest

from skyvern_testkit.script import (
    FINAL,
    UNSET,
    After,
    CodeFound,
    Download,
    Never,
    Polls,
    RunError,
    RunReaches,
    State,
    after,
    canceled,
    completed,
    created,
    failed,
    needs_totp,
    never,
    paused,
    polls,
    queued,
    run_reaches,
    running,
    session_closed,
    signal,
    terminated,
    timed_out,
    webhook_answered,
)


@pytest.mark.parametrize("wait", [created, queued, running, paused])
def test_a_stretch_of_time_is_given_in_virtual_seconds(wait):
    assert wait(1.5).until == wait(seconds=1.5).until == After(1_500_000_000)


@pytest.mark.parametrize(
    ("step", "until"),
    [
        (created(), After(0)),
        (queued(), After(0)),
        (running(), After(0)),
        (paused(), Never()),
        (needs_totp("demo@example.com"), CodeFound("demo@example.com")),
        (needs_totp(), CodeFound()),
        (running(until=polls(3)), Polls(3)),
    ],
    ids=str,
)
def test_a_step_says_what_ends_it(step, until):
    assert step.until == until


@pytest.mark.parametrize("wait", [created, queued, running, paused])
def test_a_step_ends_in_one_way_only(wait):
    with pytest.raises(ValueError, match="not both"):
        wait(3, until=never())


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: after(-1), "cannot last -1 seconds"),
        (lambda: running(-0.5), "cannot last -0.5 seconds"),
        (lambda: after(float("inf")), "cannot last inf seconds"),
        (lambda: after(float("nan")), "cannot last nan seconds"),
        (lambda: polls(0), "at least one poll, not 0"),
        (lambda: run_reaches("wr_1", "done"), "done"),
    ],
)
def test_impossible_triggers_are_refused(make, text):
    with pytest.raises(ValueError, match=text):
        make()


def test_another_run_is_waited_for_until_any_end_or_the_states_named():
    assert run_reaches("wr_1") == RunReaches("wr_1", FINAL)
    assert run_reaches("wr_1", "running", State.PAUSED) == RunReaches(
        "wr_1", frozenset({State.RUNNING, State.PAUSED})
    )


@pytest.mark.parametrize(
    "make", [session_closed, never, webhook_answered, lambda: signal("go"), lambda: after(1)]
)
def test_triggers_are_values(make):
    assert make() == make()
    assert hash(make()) == hash(make())


@pytest.mark.parametrize(
    ("step", "state"),
    [
        (completed(), "completed"),
        (failed(), "failed"),
        (terminated(), "terminated"),
        (timed_out(), "timed_out"),
        (canceled(), "canceled"),
    ],
)
def test_an_ending_is_final_and_waits_for_nothing(step, state):
    assert (step.state, step.is_final, step.until) == (state, True, None)


@pytest.mark.parametrize("end", [failed, terminated])
def test_an_error_code_has_the_reason_of_the_run(end):
    assert end("Login wall", error_code="LOGIN").errors == (RunError("LOGIN", "Login wall"),)


def test_errors_are_codes_mappings_or_values():
    step = failed("Wall", error_code="A", errors=["B", {"code": "C"}, RunError("D", "why", 0.5)])
    assert step.errors == (
        RunError("A", "Wall"),
        RunError("B", "Wall"),
        RunError("C"),
        RunError("D", "why", 0.5),
    )


def test_no_output_is_something_else_than_null():
    assert completed().output is UNSET
    assert completed(None).output is None
    assert repr(UNSET) == "UNSET"


def test_an_output_is_kept_as_it_was_when_it_was_said():
    output = {"rows": [1]}
    step = completed(output)
    output["rows"].append(2)
    assert step.output == {"rows": [1]}


def test_a_download_takes_text_for_bytes_and_does_not_print_them():
    assert Download("a.csv", "ä").content == b"\xc3\xa4"  # type: ignore[arg-type]
    assert "secret" not in repr(Download("a.txt", b"secret"))


def test_steps_are_immutable():
    with pytest.raises(dataclasses.FrozenInstanceError):
        completed().state = State.FAILED  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: completed({"rows": [1, {"at": date(2026, 1, 31)}]}), "output['rows'][1]['at'] is"),
        (lambda: running(2, output={1}), "output is {1}, which JSON has no word for"),
        (lambda: failed(error_code=3), "error_code is a text, not 3"),  # type: ignore[arg-type]
        (lambda: failed(ValueError("no")), "reason is a text, not ValueError"),  # type: ignore[arg-type]
        (lambda: needs_totp(5), "identifier is a text, not 5"),  # type: ignore[arg-type]
        (lambda: running("Log in"), "a number of seconds, not 'Log in': say step= for words"),  # type: ignore[arg-type]
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_where_it_is_written(make, told):
    with pytest.raises(TypeError, match=re.escape(told)):
        make()


def test_one_file_may_stand_alone_and_an_empty_one_be_its_name():
    table = Download("a.csv", b"x")
    assert completed(downloads="a.pdf").downloads == (Download("a.pdf"),)
    assert running(downloads=table).downloads == (table,)
    assert failed(downloads=["a.pdf", table]).downloads == (Download("a.pdf"), table)


@pytest.mark.parametrize(
    ("make", "given", "said"),
    [
        (completed, {"downloads": [b"%PDF"]}, r"a download is a name or Download\("),
        (failed, {"errors": ["A", 3]}, "an entry of errors is a code, a RunError or a mapping"),
        (running, {"screenshot": "page.png"}, "screenshot is the bytes of a PNG"),
    ],
    ids=["download", "error", "screenshot"],
)
def test_what_is_no_value_of_a_step_is_refused(make, given, said):
    with pytest.raises(TypeError, match=said):
        make(**given)
