"""Run scripts: which histories are taken, which are refused, and what is filled in."""

from __future__ import annotations

import pytest

from skyvern_testkit.script import (
    DEFAULT_LIFE,
    DEFAULT_SCRIPT,
    Family,
    GeneratorScript,
    IllegalMove,
    RunScript,
    State,
    as_script,
    bridge,
    canceled,
    completed,
    created,
    failed,
    needs_totp,
    never,
    paused,
    queued,
    running,
    terminated,
    timed_out,
)

ALL = set(Family)
TASKS = {Family.TASK, Family.TASK_V2}

HISTORIES = [
    ([], ALL),
    ([completed()], ALL),
    ([failed()], ALL),
    ([canceled()], ALL),
    ([timed_out()], ALL),
    ([running()], ALL),
    ([running(), completed()], ALL),
    ([running(), running(), needs_totp(), terminated()], ALL),
    ([queued(), running(), completed()], ALL),
    ([queued(), queued(), running(), completed()], ALL),
    ([queued(), canceled()], ALL),
    ([queued(), failed()], ALL),
    ([created(), running(), completed()], {Family.TASK, Family.WORKFLOW}),
    ([created(), queued(), running(), completed()], {Family.TASK, Family.WORKFLOW}),
    ([running(), paused(), running(), completed()], {Family.WORKFLOW}),
    ([paused(), failed()], {Family.WORKFLOW}),
    # refused by every kind of run
    ([queued(), completed()], set()),
    ([queued(), terminated()], set()),
    ([completed(), running()], set()),
    ([completed(), completed()], set()),
    ([running(), queued(), running(), completed()], set()),
    ([running(), created()], set()),
    ([paused(), completed()], set()),
    ([paused(), terminated()], set()),
]


def named(steps):
    return "-".join(step.state for step in steps) or "nothing"


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize(
    ("steps", "takers"), [pytest.param(*row, id=named(row[0])) for row in HISTORIES]
)
def test_a_script_is_refused_by_the_kinds_of_run_that_never_live_so(steps, takers, family):
    if not takers:
        with pytest.raises(IllegalMove):
            RunScript(*steps)
    elif family in takers:
        RunScript(*steps).check_for(family)
    else:
        with pytest.raises(IllegalMove):
            RunScript(*steps).check_for(family)


def test_an_illegal_script_is_taken_when_it_says_so():
    script = RunScript(completed(), running(), illegal=True)
    script.check_for(Family.TASK)
    assert [step.state for step in script.played(DEFAULT_LIFE)] == ["completed", "running"]


def test_the_refusal_names_the_run():
    with pytest.raises(IllegalMove, match=r"^run tsk_1 cannot move from running to paused"):
        RunScript(running(), paused()).check_for(Family.TASK, who="run tsk_1")


@pytest.mark.parametrize(
    ("steps", "states"),
    [
        ([], ["running"]),
        ([completed()], ["running", "completed"]),
        ([failed()], ["running", "failed"]),
        ([running(3)], ["running"]),
        ([queued(1), canceled()], ["queued", "canceled"]),
    ],
)
def test_a_script_that_only_ends_lives_a_default_life_first(steps, states):
    play = RunScript(*steps).played(DEFAULT_LIFE)
    assert [step.state for step in play] == states
    if len(play) > len(steps):
        assert play[0] == running(DEFAULT_LIFE)


def test_without_a_script_a_run_completes_after_a_default_life():
    assert DEFAULT_SCRIPT.played(DEFAULT_LIFE) == (running(DEFAULT_LIFE),)


@pytest.mark.parametrize(
    ("family", "current", "wanted", "way"),
    [
        (Family.TASK, "created", "running", ""),
        (Family.TASK, "created", "completed", "running"),
        (Family.TASK_V2, "queued", "completed", "running"),
        (Family.WORKFLOW, "created", "running", "queued"),
        (Family.WORKFLOW, "created", "completed", "queued running"),
        (Family.WORKFLOW, "created", "paused", "queued running"),
        (Family.WORKFLOW, "created", "failed", ""),
        (Family.WORKFLOW, "paused", "completed", "running"),
    ],
)
def test_the_way_to_work_is_filled_in(family, current, wanted, way):
    assert bridge(family, State(current), State(wanted)) == tuple(map(State, way.split()))


def test_there_is_no_way_back():
    with pytest.raises(IllegalMove):
        bridge(Family.TASK, State.RUNNING, State.QUEUED)


def generator(run):
    yield completed()


@pytest.mark.parametrize(
    ("value", "script"),
    [
        (RunScript(completed()), RunScript(completed())),
        (completed(), RunScript(completed())),
        ([running(2), completed()], RunScript(running(2), completed())),
        ((), RunScript()),
        (generator, GeneratorScript(generator)),
        (GeneratorScript(generator), GeneratorScript(generator)),
    ],
)
def test_what_people_write_is_a_script(value, script):
    assert as_script(value) == script


@pytest.mark.parametrize("value", [None, "completed", {"ok": True}, 3, lambda run: completed()])
def test_what_is_no_script_is_refused_with_a_list_of_what_is(value):
    with pytest.raises(TypeError, match=r"RunScript\(...\), a step such as completed"):
        as_script(value)


@pytest.mark.parametrize("step", ["running", never(), completed])
def test_a_script_takes_steps_only(step):
    with pytest.raises(TypeError, match="steps such as"):
        RunScript(step)


def test_equal_histories_are_equal_scripts():
    assert RunScript(running(2), completed({"a": 1})) == RunScript(running(2), completed({"a": 1}))
    assert RunScript(running(2)) != RunScript(running(2), illegal=True)


def test_a_generator_is_known_by_its_name():
    assert GeneratorScript(generator).name == "generator"


async def _async_script(run):
    yield completed()


def _without_a_run():
    yield completed()


def _without_a_yield(run):
    return completed()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("- completed", "written as YAML is parse_script"),
        (_async_script, "plain `def`, not `async def`"),
        (_without_a_run, r"def _without_a_run\(run\)"),
        (_without_a_yield, "It has no `yield`"),
    ],
    ids=["yaml", "async", "no argument", "no yield"],
)
def test_what_is_no_script_is_refused_where_it_is_said(given, said):
    with pytest.raises(TypeError, match=said):
        as_script(given)
