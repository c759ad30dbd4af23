"""Which runs a pattern is for, and what a near miss says."""

from __future__ import annotations

import re

import pytest

from skyvern_testkit.script import Match, RunInput

TASK = RunInput(
    run_id="tsk_1",
    run_type="task_v1",
    prompt="Fetch the invoices of May",
    url="https://portal.example.com/login",
    engine="skyvern-1.0",
    title="Invoices",
)
FLOW = RunInput(
    run_id="wr_1",
    run_type="workflow_run",
    workflow_permanent_id="wpid_1",
    workflow_title="Fetch invoices",
    parameters={"region": "EU", "count": 3, "list": [1, 2]},
)


@pytest.mark.parametrize(
    ("match", "run"),
    [
        (Match(), TASK),
        (Match(), FLOW),
        (Match(prompt="*invoices*"), TASK),
        (Match(prompt=re.compile("invoices? of (May|June)")), TASK),
        (Match(prompt=lambda prompt: prompt.endswith("May")), TASK),
        (Match(url="https://portal.example.com/*"), TASK),
        (Match(engine="skyvern-1.0", title="Inv*", run_type="task_v1"), TASK),
        (Match(workflow="wpid_1"), FLOW),
        (Match(workflow="Fetch invoices"), FLOW),
        (Match(workflow="*invoices"), FLOW),
        (Match(parameters={"region": "EU"}), FLOW),
        (Match(parameters={"count": lambda count: count > 2, "list": [1, 2]}), FLOW),
        (Match(parameters={}), TASK),
    ],
    ids=str,
)
def test_a_run_that_fits_has_no_misses(match, run):
    assert match.misses(run) == ()


@pytest.mark.parametrize(
    ("match", "run", "misses"),
    [
        (
            Match(prompt="*Invoices*"),
            TASK,
            ["prompt is 'Fetch the invoices of May', not '*Invoices*'"],
        ),
        (Match(prompt="invoices"), TASK, ["prompt is 'Fetch the invoices of May', not 'invoices'"]),
        (Match(prompt="*"), FLOW, ["prompt is None, not '*'"]),
        (
            Match(prompt=re.compile("^May")),
            TASK,
            ["prompt is 'Fetch the invoices of May', not re '^May'"],
        ),
        (
            Match(url="http://*", engine="skyvern-2.0"),
            TASK,
            [
                "url is 'https://portal.example.com/login', not 'http://*'",
                "engine is 'skyvern-1.0', not 'skyvern-2.0'",
            ],
        ),
        (Match(workflow="wpid_2"), FLOW, ["workflow is 'wpid_1' ('Fetch invoices'), not 'wpid_2'"]),
        (Match(workflow="wpid_2"), TASK, ["the run has no workflow, not 'wpid_2'"]),
        (
            Match(parameters={"region": "US", "city": "Rome"}),
            FLOW,
            ["parameter region is 'EU', not 'US'", "parameter city is not given"],
        ),
        (Match(parameters={"region": "EU"}), TASK, ["parameter region is not given"]),
    ],
    ids=str,
)
def test_a_near_miss_says_what_is_different(match, run, misses):
    assert [str(miss) for miss in match.misses(run)] == misses


def is_urgent(value):
    return "urgent" in value


def test_a_function_is_named_in_a_near_miss():
    (miss,) = Match(prompt=is_urgent).misses(TASK)
    assert str(miss) == "prompt is 'Fetch the invoices of May', not is_urgent"
    (miss,) = Match(parameters={"region": is_urgent}).misses(FLOW)
    assert str(miss) == "parameter region is 'EU', not is_urgent"


@pytest.mark.parametrize("match", [Match(prompt=is_urgent), Match(workflow=is_urgent)])
def test_a_function_is_not_asked_about_what_is_not_there(match):
    run = FLOW if match.prompt else TASK
    assert len(match.misses(run)) == 1


def test_a_pattern_prints_as_it_was_written():
    assert str(Match(prompt="*a*", parameters={"b": 1})) == "on(prompt='*a*', parameters={'b': 1})"
    assert str(Match(url=re.compile("x"))) == "on(url=re 'x')"
    assert str(Match(parameters={"b": is_urgent})) == "on(parameters={'b': is_urgent})"


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"prompt": 3}, TypeError, "prompt is a glob, a compiled regular expression"),
        ({"parameters": ["a"]}, TypeError, "parameters is a mapping"),
        ({"engine": "skyvern-2"}, ValueError, "Did you mean 'skyvern-2.0'"),
        ({"run_type": "task"}, ValueError, "Did you mean 'task_v"),
    ],
    ids=["prompt", "parameters", "engine", "run type"],
)
def test_a_pattern_that_could_never_match_is_refused(given, error, said):
    with pytest.raises(error, match=said):
        Match(**given)


def test_a_glob_of_engines_is_a_pattern():
    assert Match(engine="*-cua", run_type="task_*").engine == "*-cua"
