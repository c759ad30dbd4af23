"""Drawn plans of faults."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis.vendor.pretty import pretty

from skyvern_testkit.faults import (
    AnswerWith,
    EmptyBody,
    FaultRule,
    Faults,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
    as_code,
)
from skyvern_testkit.strategies import STATUSES, every_fault, faults
from skyvern_testkit.wire.operations import UnknownOperation

QUIET = settings(deadline=None, derandomize=True, database=None)
Plan = tuple[FaultRule, ...]


def planned(plan: Plan) -> Faults:
    made = Faults()
    made.extend(plan)
    return made


def test_every_way_every_status_and_every_count_is_drawn():
    seen: list[FaultRule] = []

    @settings(QUIET, max_examples=500)
    @given(plan=faults(["get_run", "cancel_run"]))
    def collect(plan: Plan) -> None:
        assert len(plan) <= 2
        seen.extend(plan)

    collect()
    assert {type(rule.fault) for rule in seen} == {
        AnswerWith, EmptyBody, MalformedBody, NeverAnswer, ResetConnection, Slow,
    }  # fmt: skip
    answers = [rule.fault for rule in seen if isinstance(rule.fault, AnswerWith)]
    assert {answer.status for answer in answers} == set(STATUSES)
    assert {answer.status for answer in answers if answer.retry_after} == {429, 503}
    assert {rule.operation for rule in seen} == {"get_run", "cancel_run"}
    assert {1, 2, 3} <= {rule.nth for rule in seen}
    assert {1, 2, None} <= {rule.left for rule in seen}


@settings(QUIET, max_examples=100)
@given(plan=faults(["get_run", "*"]))
def test_a_plan_is_the_value_of_its_code(plan: Plan):
    again = Faults()
    for rule in plan:
        eval(as_code(rule), {"faults": again})  # noqa: S307 - our own code
    assert list(again) == list(planned(plan)) == list(plan)


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (
            FaultRule(
                1, "get_run", AnswerWith(503, {"error": "Database temporarily unavailable"}), 3
            ),
            'faults.on("get_run", nth=3).answer(503)',
        ),
        (
            FaultRule(1, "*", AnswerWith(418, {"tea": 1}, "7"), 1, None),
            "faults.on(\"*\").answer(418, body={'tea': 1}, retry_after=7).always()",
        ),
        (
            FaultRule(1, "get_run", AnswerWith(429, {"detail": "Too Many Requests"}, "soon")),
            "faults.on(\"get_run\").answer(429, retry_after='soon')",
        ),
        (FaultRule(1, "get_run", Slow(1_500_000_000)), 'faults.on("get_run").slow(1.5)'),
        (FaultRule(1, "get_run", EmptyBody(204)), 'faults.on("get_run").empty_body(204)'),
        (
            FaultRule(1, "run_task", ResetConnection(done=True), 1, 4),
            'faults.on("run_task").reset_connection(done=True).times(4)',
        ),
        (
            FaultRule(1, "run_task", NeverAnswer(), when=callable),
            'faults.on("run_task", when=callable).never_answer()',
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fault_is_shown_as_the_code_that_plans_it(rule: FaultRule, code: str):
    assert as_code(rule) == pretty(rule) == code


def test_the_simplest_is_none_and_then_a_503():
    assert find(faults(["get_run"]), lambda _: True, settings=QUIET) == ()
    (rule,) = find(faults(["get_run"]), bool, settings=QUIET)
    assert as_code(rule) == 'faults.on("get_run").answer(503)'


@settings(QUIET, max_examples=30)
@given(plan=faults(["get_run"], ways=["answer"], statuses=[404], most=1))
def test_ways_statuses_and_their_number_can_be_chosen(plan: Plan):
    assert [as_code(rule).partition(".answer")[2] for rule in plan] in (
        [],
        *([f"(404){often}"] for often in ("", ".always()", *(f".times({n})" for n in range(2, 7)))),
    )


def test_each_fault_by_itself():
    assert [as_code(rule) for rule in every_fault(["get_run"], statuses=[503, 500])] == [
        'faults.on("get_run").answer(503)',
        'faults.on("get_run").answer(503).always()',
        'faults.on("get_run").answer(500)',
        'faults.on("get_run").reset_connection()',
        'faults.on("get_run").slow(30)',
        'faults.on("get_run").empty_body()',
        'faults.on("get_run").malformed_body()',
        'faults.on("get_run").never_answer()',
    ]
    assert every_fault([]) == every_fault(["get_run"], ways=[]) == ()


def test_no_operation_no_faults():
    assert find(faults([]), lambda _: True, settings=QUIET) == ()


def test_what_cannot_be_planned_is_refused():
    with pytest.raises(UnknownOperation, match="get_run"):
        faults(["get_runn"])
    with pytest.raises(ValueError, match=r"no call goes wrong by 'explode' \(ways: answer, "):
        faults(["get_run"], ways=["explode"])  # type: ignore[list-item]  # wrong on purpose
    with pytest.raises(ValueError, match=r"an error status \(400 to 599\), not 200"):
        faults(["get_run"], statuses=[200])
