"""Drawn histories: all that the tables allow, and nothing else."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from skyvern_testkit.script import (
    FINAL,
    LEGAL,
    START,
    After,
    CodeFound,
    Family,
    Never,
    RunScript,
    State,
    completed,
)
from skyvern_testkit.script.printing import as_code
from skyvern_testkit.strategies import every_move, run_scripts
from tests.world.stage import Stage

PHONE = "phone@example.com"
KINDS = {"task": Family.TASK, "task_v2": Family.TASK_V2, "workflow": Family.WORKFLOW}
QUIET = settings(deadline=None, derandomize=True, database=None)

Move = tuple[State, State]


@cache
def drawn(kind: str) -> tuple[RunScript, ...]:
    """Many histories of a kind of run: of any end, and of each end by itself."""
    found: list[RunScript] = []
    for ends in (FINAL, *({state} for state in sorted(FINAL))):
        histories = run_scripts(kind, ends=ends, totp=PHONE, error_codes=["LOGGED_OUT"])

        @settings(QUIET, max_examples=110)
        @given(script=histories)
        def collect(script: RunScript) -> None:
            found.append(script)

        collect()
    return tuple(found)


def moves_of(stage: Stage, run_id: str) -> list[Move]:
    """Every change of state that the world has made."""
    return [
        (State(change.before), State(change.after))
        for change in stage.fake.world.changes
        if change.run_id == run_id and change.before != "-"
    ]


def play(script: RunScript, family: Family) -> tuple[list[Move], State]:
    """What a run of that kind does when it plays the script, and where it is three hours later."""
    stage = Stage()
    stage.fake.on().play(script)
    run_id = stage.start(family)
    stage.wait(3 * 3600)  # the server itself ends a workflow run after four
    return moves_of(stage, run_id), State(stage.fake.run(run_id).status)


@pytest.mark.parametrize(("kind", "family"), KINDS.items(), ids=KINDS)
def test_every_legal_move_is_made_and_no_other(kind: str, family: Family):
    legal = {(before, after) for before, row in LEGAL[family].items() for after in row}
    made = {move for script in drawn(kind) for move in play(script, family)[0]}
    assert made == legal


@pytest.mark.parametrize(("kind", "family"), KINDS.items(), ids=KINDS)
def test_a_run_goes_where_its_script_says(kind: str, family: Family):
    for script in drawn(kind)[::3]:
        moves, last = play(script, family)
        path = [START[family], *(after for _, after in moves)]
        told = [step.state for step in script.steps]
        waits = next(
            (i for i, step in enumerate(script.steps) if isinstance(step.until, CodeFound)), None
        )
        if waits is not None:  # nobody sends a code: 15 minutes later the run is terminated
            told = [*told[: waits + 1], State.TERMINATED]
        stays = [state for i, state in enumerate(told) if i == 0 or state is not told[i - 1]]
        passed = iter(path)
        assert all(state in passed for state in stays), as_code(script)
        assert last is told[-1], as_code(script)


@pytest.mark.parametrize(("kind", "family"), KINDS.items(), ids=KINDS)
def test_a_short_list_makes_every_legal_move_and_no_other(kind: str, family: Family):
    listed = every_move(kind, totp=PHONE, longest=1900)
    legal = {(before, after) for before, row in LEGAL[family].items() for after in row}
    assert {move for script in listed for move in play(script, family)[0]} == legal
    assert len(listed) == len(set(listed)) <= 22
    assert listed[0] == RunScript(completed())
    assert {play(script, family)[1] for script in listed} == LEGAL[family].keys()
    assert all(
        step.until != Never() for script in every_move(kind, hangs=False) for step in script.steps
    )


@pytest.mark.parametrize("kind", KINDS)
def test_some_never_end(kind: str):
    hanging = [script for script in drawn(kind) if isinstance(script.steps[-1].until, Never)]
    assert {script.steps[-1].state for script in hanging} == LEGAL[KINDS[kind]].keys() - FINAL


def test_none_hangs_if_none_is_to():
    with pytest.raises(NoSuchExample):
        find(
            run_scripts("workflow", hangs=False),
            lambda script: not script.steps[-1].is_final,
            settings=settings(QUIET, max_examples=150),
        )


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_an_end_can_say_is_drawn(kind: str):
    ends = [script.steps[-1] for script in drawn(kind) if script.steps[-1].is_final]
    assert {end.state for end in ends} == FINAL
    assert {error.code for end in ends for error in end.errors} == {"LOGGED_OUT"}
    for state in (State.FAILED, State.TERMINATED, State.TIMED_OUT):
        assert len({end.reason for end in ends if end.state is state}) > 3
    assert any(end.downloads for end in ends if end.state is State.COMPLETED)


def test_times_are_short_and_long_and_bounded():
    def length(script: RunScript) -> float:
        spent = (step.until.nanoseconds for step in script.steps if isinstance(step.until, After))
        return sum(spent) / 1e9

    lengths = [length(script) for script in drawn("workflow")]
    assert min(lengths) == 0
    assert 1800 < max(lengths) <= 3600
    half = sorted(lengths)[len(lengths) // 2]
    assert half < 120  # ten seconds a poll: long lives cost time


@settings(QUIET, max_examples=60)
@given(data=st.data(), kind=st.sampled_from(sorted(KINDS)))
def test_the_ends_and_the_length_can_be_chosen(data: st.DataObject, kind: str):
    script = data.draw(run_scripts(kind, ends=["failed"], hangs=False, longest=100))
    assert script.steps[-1].state is State.FAILED
    spent = [step.until.nanoseconds for step in script.steps if isinstance(step.until, After)]
    assert sum(spent) <= 100 * 10**9


@settings(QUIET, max_examples=80)
@given(script=run_scripts("workflow", totp=PHONE, output_schema={"type": "array"}))
def test_a_history_is_the_value_of_its_code(script: RunScript):
    import skyvern_testkit as kit

    names = {name: getattr(kit, name) for name in kit.__all__ if name != "explore"}
    assert eval(as_code(script), names) == script  # noqa: S307 - our own code


def test_the_simplest_is_completed():
    assert find(run_scripts("task"), lambda _: True, settings=QUIET) == RunScript(completed())


def test_shrinking_leaves_what_matters():
    def works_long(script: RunScript) -> bool:
        return any(
            isinstance(step.until, After) and step.until.nanoseconds > 1000 * 10**9
            for step in script.steps
        )

    found = find(run_scripts("workflow"), works_long, settings=QUIET)
    assert len(found.steps) <= 3
    assert "seconds=1001" in as_code(found)
    assert as_code(found).count("seconds") == 1


def test_a_falsifying_example_is_shown_as_code():
    from hypothesis.vendor.pretty import pretty

    assert pretty(RunScript(completed({"n": 3}))) == "RunScript(completed({'n': 3}))"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kind": "tusk"}, r"there is no kind of run 'tusk' \(kinds: task_v1, .*, download\)"),
        ({"ends": ["running"]}, r"a run can end as canceled, completed, .*, not as running"),
        ({"ends": []}, "a run can end as"),
        ({"longest": -1}, "a run cannot take up to -1 seconds"),
    ],
)
def test_what_cannot_be_drawn_is_refused(arguments, message: str):
    with pytest.raises(ValueError, match=message):
        run_scripts(**arguments)


def test_moves_are_what_they_seem():
    """The check of this module's own measure: a run that is played makes the moves of its script."""
    moves, last = play(RunScript(completed()), Family.WORKFLOW)
    assert list(pairwise(["created", "queued", "running", "completed"])) == moves
    assert last is State.COMPLETED
