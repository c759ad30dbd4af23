"""The moves a run may make, against the life cycle tables of the facts (runs 3.1 to 3.4)."""

from __future__ import annotations

import pytest

from skyvern_testkit.script import (
    FINAL,
    LEGAL,
    RUN_TYPES,
    START,
    Family,
    IllegalMove,
    State,
    check_move,
    family_of,
)

# One row a kind of run and state: what may follow. Everything else may not.
MOVES = {
    (Family.TASK, "created"): "queued running failed timed_out canceled",
    (Family.TASK, "queued"): "running failed timed_out canceled",
    (Family.TASK, "running"): "completed failed terminated timed_out canceled",
    (Family.TASK_V2, "queued"): "running failed timed_out canceled",
    (Family.TASK_V2, "running"): "completed failed terminated timed_out canceled",
    (Family.WORKFLOW, "created"): "queued failed timed_out canceled",
    (Family.WORKFLOW, "queued"): "running failed timed_out canceled",
    (Family.WORKFLOW, "running"): "paused completed failed terminated timed_out canceled",
    (Family.WORKFLOW, "paused"): "running failed timed_out canceled",
}
NEVER = {
    Family.TASK: {State.PAUSED},
    Family.TASK_V2: {State.CREATED, State.PAUSED},
    Family.WORKFLOW: set[State](),
}


@pytest.mark.parametrize("family", Family)
@pytest.mark.parametrize("current", State)
@pytest.mark.parametrize("wanted", State)
def test_a_run_makes_the_moves_of_its_table_and_no_other(family, current, wanted):
    if wanted in MOVES.get((family, current.value), "").split():
        check_move(family, current, wanted)
    else:
        with pytest.raises(IllegalMove):
            check_move(family, current, wanted)


@pytest.mark.parametrize("family", Family)
def test_a_table_has_a_row_for_every_state_that_the_kind_of_run_knows(family):
    assert set(LEGAL[family]) == set(State) - NEVER[family]


@pytest.mark.parametrize("family", Family)
def test_what_is_over_stays_as_it_is(family):
    assert all(not LEGAL[family][state] for state in FINAL)


@pytest.mark.parametrize(
    ("family", "state"),
    [
        (Family.TASK, "created"),
        (Family.TASK_V2, "queued"),
        (Family.WORKFLOW, "created"),
    ],
)
def test_the_create_call_answers_the_first_state(family, state):
    assert START[family] == state


@pytest.mark.parametrize(
    ("run_type", "family"),
    [
        ("task_v1", Family.TASK),
        ("task_v2", Family.TASK_V2),
        ("task_v3", Family.TASK),
        ("openai_cua", Family.TASK),
        ("anthropic_cua", Family.TASK),
        ("yutori_navigator", Family.TASK),
        ("workflow_run", Family.WORKFLOW),
    ],
)
def test_every_run_type_follows_a_life_cycle(run_type, family):
    assert family_of(run_type) is RUN_TYPES[run_type] is family


class TestARefusalSays:
    def refusal(self, family, current, wanted, **who):
        with pytest.raises(IllegalMove) as caught:
            check_move(family, current, wanted, **who)
        return str(caught.value)

    def test_who_where_what_may_be_and_the_next_step(self):
        text = self.refusal(Family.WORKFLOW, State.QUEUED, State.COMPLETED, who="run wr_1")
        assert text == (
            "run wr_1 is queued; a workflow run that is queued cannot move to completed "
            "(legal moves: canceled, failed, running, timed_out). "
            "Put one of them between queued and completed. "
            "To simulate a server gone wrong, say so: RunScript(..., illegal=True)."
        )

    def test_that_an_end_is_an_end(self):
        text = self.refusal(Family.TASK, State.COMPLETED, State.RUNNING)
        assert "(legal moves: none)" in text
        assert "Did you mean to script a new run with .play(a, b)?" in text

    def test_that_no_such_run_is_ever_in_the_state(self):
        text = self.refusal(Family.TASK, State.RUNNING, State.PAUSED)
        assert "a task 1.0/3.0/CUA is never paused" in text
        assert "Put one of them between" not in text  # there is no way to get there

    def test_that_the_run_cannot_be_where_it_is_said_to_be(self):
        text = self.refusal(Family.TASK_V2, State.CREATED, State.RUNNING)
        assert "a run cannot be created: a task 2.0 is never that" in text
