"""A script printed as Python or as YAML is the same script again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import skyvern_testkit.script as names
from skyvern_testkit.script import (
    After,
    CodeFound,
    Download,
    RunError,
    RunScript,
    State,
    Step,
    completed,
    failed,
    needs_totp,
    never,
    paused,
    polls,
    queued,
    run_reaches,
    running,
    signal,
)
from skyvern_testkit.script.fakefile import parse_script
from skyvern_testkit.script.printing import as_code, as_yaml

text = st.text(max_size=12)
some_text = st.none() | text
json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
unset_or_json = st.just(names.UNSET) | json
triggers = st.one_of(
    st.builds(After, st.integers(0, 10**18)),
    st.builds(names.after, st.floats(0, 1e6)),
    st.builds(polls, st.integers(1, 99)),
    st.builds(signal, text),
    st.just(names.session_closed()),
    st.builds(names.webhook_answered, some_text),
    st.builds(lambda run, states: run_reaches(run, *states), text, st.sets(st.sampled_from(State))),
    st.just(never()),
    st.builds(CodeFound, some_text),
)
errors = st.lists(st.builds(RunError, text, some_text, st.floats(0, 1)), max_size=2)
downloads = st.lists(
    st.builds(Download, text, st.binary(max_size=8) | text.map(str.encode)), max_size=2
)
waits = {"until": triggers}
bad_end = {"errors": errors, "output": unset_or_json, "downloads": downloads}
steps = st.one_of(
    st.builds(names.created, **waits),
    st.builds(queued, **waits),
    st.builds(paused, **waits),
    st.builds(
        running,
        **waits,
        step=some_text,
        thought=some_text,
        block=some_text,
        output=unset_or_json,
        errors=errors,
        downloads=downloads,
        screenshot=st.none() | st.binary(max_size=8),
        credits=st.integers(0, 9),
    ),
    st.builds(needs_totp, some_text, step=some_text),
    st.builds(completed, unset_or_json, downloads=downloads, credits=st.integers(0, 9)),
    st.builds(failed, some_text, error_code=some_text, **bad_end),
    st.builds(names.terminated, some_text, error_code=some_text, **bad_end),
    st.builds(names.timed_out, some_text, output=unset_or_json),
    st.just(names.canceled()),
)
scripts = st.builds(
    lambda taken: RunScript(*taken, illegal=True), st.lists(steps, min_size=1, max_size=4)
)


def evaluated(code: str) -> RunScript:
    script: RunScript = eval(code, {name: getattr(names, name) for name in names.__all__})  # noqa: S307
    return script


@settings(deadline=None)  # the first example imports
@given(scripts)
def test_code_evaluates_to_an_equal_script(script):
    assert evaluated(as_code(script)) == script


@settings(deadline=None)  # the first example imports
@given(scripts)
def test_yaml_loads_back_equal(script):
    assert parse_script(as_yaml(script)) == script


LOGIN = RunScript(
    queued(seconds=2),
    running(seconds=8, step="Open the login page"),
    needs_totp("demo@example.com"),
    running(until=polls(3)),
    completed({"ok": True}, downloads=[Download("invoice.pdf", b"%PDF-1.7")]),
)


def test_code_reads_as_people_write_it():
    assert as_code(LOGIN) == (
        "RunScript(\n"
        "    queued(seconds=2),\n"
        "    running(seconds=8, step='Open the login page'),\n"
        "    needs_totp('demo@example.com'),\n"
        "    running(until=polls(3)),\n"
        "    completed({'ok': True}, downloads=[Download('invoice.pdf', b'%PDF-1.7')]),\n"
        ")"
    )


def test_yaml_reads_as_people_write_it():
    assert as_yaml(LOGIN) == ("- queued:\n    seconds: 2\n").replace(
        "queued:\n    seconds: 2", "queued: 2"
    ) + (
        "- running:\n"
        "    seconds: 8\n"
        "    step: Open the login page\n"
        "- needs_totp: demo@example.com\n"
        "- running:\n"
        "    until:\n"
        "      polls: 3\n"
        "- completed:\n"
        "    output:\n"
        "      ok: true\n"
        "    downloads:\n"
        "    - filename: invoice.pdf\n"
        "      text: '%PDF-1.7'\n"
    )


@pytest.mark.parametrize(
    ("step", "code", "yaml"),
    [
        (running(), "running()", "running"),
        (paused(), "paused()", "paused"),
        (paused(60), "paused(seconds=60)", "paused: 60"),
        (completed(), "completed()", "completed"),
        (completed(None), "completed(None)", "completed:\n    output: null"),
        (failed("Login wall"), "failed('Login wall')", "failed: Login wall"),
        (
            failed("Wall", error_code="LOGIN"),
            "failed('Wall', error_code='LOGIN')",
            "failed:\n    reason: Wall\n    error_code: LOGIN",
        ),
        (running(until=never()), "running(until=never())", "running:\n    until: never"),
        (running(0.25), "running(seconds=0.25)", "running: 0.25"),
        (needs_totp(), "needs_totp()", "needs_totp"),
    ],
    ids=str,
)
def test_each_step_has_one_short_form(step, code, yaml):
    assert as_code(RunScript(step, illegal=True)) == f"RunScript({code}, illegal=True)"
    assert as_yaml(RunScript(step, illegal=True)) == f"illegal: true\nsteps:\n- {yaml}\n"


def test_long_outputs_are_broken_into_lines_and_still_evaluate():
    script = RunScript(completed({f"field {number}": "x" * 40 for number in range(9)}))
    code = as_code(script)
    assert evaluated(code) == script
    assert max(map(len, code.splitlines())) <= 100


def test_seconds_that_no_float_holds_are_printed_as_nanoseconds():
    odd = 2**60 + 1
    assert round(odd / 1e9 * 1e9) != odd or math.isnan(odd)
    script = RunScript(running(until=After(odd)))
    assert f"After({odd})" in as_code(script)
    assert evaluated(as_code(script)) == parse_script(as_yaml(script)) == script


def test_a_step_made_by_hand_is_printed_as_it_was_made():
    script = RunScript(Step(State.QUEUED, names.after(1), activity="waits"), illegal=True)
    assert evaluated(as_code(script)) == script
    with pytest.raises(ValueError, match="only steps made by"):
        as_yaml(script)
