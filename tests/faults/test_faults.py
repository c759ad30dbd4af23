"""Fault plans: which call is struck, and by what."""

from __future__ import annotations

import pytest

from skyvern_testkit.faults import (
    AnswerWith,
    EmptyBody,
    Faults,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
)
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import UnknownOperation

GET = Request.to("GET", "/v1/runs/tsk_1")


def strikes(faults: Faults, operation: str, calls: int) -> list[int]:
    """Which of so many calls are struck, counted from 1."""
    return [n for n in range(1, calls + 1) if faults.strike(operation, GET) is not None]


def test_a_fault_strikes_the_first_call_once():
    faults = Faults()
    faults.on("get_run").answer(503)
    assert strikes(faults, "get_run", 4) == [1]


def test_nth_names_the_call_that_goes_wrong():
    faults = Faults()
    faults.on("get_run", nth=3).answer(503)
    assert strikes(faults, "get_run", 5) == [3]


def test_times_strikes_so_many_calls_in_a_row():
    faults = Faults()
    faults.on("get_run", nth=2).answer(429).times(2)
    assert strikes(faults, "get_run", 6) == [2, 3]


def test_always_strikes_from_the_nth_on():
    faults = Faults()
    faults.on("get_run", nth=2).answer(500).always()
    assert strikes(faults, "get_run", 5) == [2, 3, 4, 5]


def test_calls_of_other_operations_do_not_count():
    faults = Faults()
    faults.on("get_run", nth=2).answer(500)
    assert faults.strike("get_run", GET) is None
    assert faults.strike("cancel_run", GET) is None
    assert faults.strike("get_run", GET) is not None


def test_a_star_is_every_request_even_one_that_is_no_operation():
    faults = Faults()
    faults.on("*").reset_connection()
    assert faults.strike(None, GET) == ResetConnection()


def test_when_is_asked_and_calls_it_refuses_do_not_count():
    faults = Faults()
    faults.on("get_run", nth=2, when=lambda request: request.path.endswith("2")).answer(500)
    other = Request.to("GET", "/v1/runs/tsk_2")
    assert [faults.strike("get_run", r) is not None for r in (GET, other, GET, other)] == [
        False,
        False,
        False,
        True,
    ]


def test_of_two_faults_the_first_planned_strikes_and_both_count():
    faults = Faults()
    faults.on("get_run").answer(500)
    faults.on("get_run", nth=2).answer(503)
    found = [faults.strike("get_run", GET) for _ in range(3)]
    assert [getattr(fault, "status", None) for fault in found] == [500, 503, None]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (503, {"error": "Database temporarily unavailable"}),  # facts: resources 1, "Unhandled"
        (500, {"error": "Unexpected error: Exception"}),
        (403, {"detail": "Invalid credentials"}),
        (404, {"detail": "Not Found"}),
        (429, {"detail": "Too Many Requests"}),
    ],
)
def test_a_status_comes_in_the_words_of_the_provider(status: int, body: object):
    faults = Faults()
    faults.on("get_run").answer(status)
    assert faults.strike("get_run", GET) == AnswerWith(status, body)


def test_retry_after_is_seconds_or_a_date():
    faults = Faults()
    faults.on("get_run").answer(503, retry_after=2.0).times(1)
    faults.on("get_run", nth=2).answer(503, retry_after="Thu, 01 Jan 2026 00:00:10 GMT")
    found = [faults.strike("get_run", GET) for _ in range(2)]
    assert [getattr(fault, "retry_after", None) for fault in found] == [
        "2",
        "Thu, 01 Jan 2026 00:00:10 GMT",
    ]


def test_every_way_to_go_wrong_is_a_value():
    faults = Faults()
    plan = faults.on
    plan("get_run").slow(2.5)
    plan("get_run", nth=2).never_answer()
    plan("get_run", nth=3).reset_connection(done=True)
    plan("get_run", nth=4).empty_body()
    plan("get_run", nth=5).malformed_body()
    assert [faults.strike("get_run", GET) for _ in range(5)] == [
        Slow(2_500_000_000),
        NeverAnswer(),
        ResetConnection(done=True),
        EmptyBody(),
        MalformedBody(),
    ]


def test_the_plan_knows_how_often_it_struck_and_what_never_did():
    faults = Faults()
    used = faults.on("get_run").answer(503)
    faults.on("run_task").answer(500)
    faults.strike("get_run", GET)
    assert used.struck == 1
    assert [rule.operation for rule in faults.unused()] == ["run_task"]


def test_a_fork_counts_on_its_own():
    faults = Faults()
    faults.on("get_run", nth=2).answer(503)
    faults.strike("get_run", GET)
    twin = faults.fork()
    assert twin.strike("get_run", GET) is not None
    assert faults.strike("get_run", GET) is not None


def test_clear_forgets_every_fault():
    faults = Faults()
    faults.on("get_run").answer(503).always()
    faults.clear()
    assert (len(faults), faults.strike("get_run", GET)) == (0, None)


def test_a_misspelt_operation_is_refused_when_the_fault_is_planned():
    with pytest.raises(UnknownOperation, match="Did you mean get_run"):
        Faults().on("get_rnu")


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (lambda faults: faults.on("get_run", nth=0), "counts calls from 1"),
        (lambda faults: faults.on("get_run").answer(200), "error status"),
        (lambda faults: faults.on("get_run").answer(500, detail="a", body={}), "not both"),
        (lambda faults: faults.on("get_run").slow(-1), "cannot take -1 seconds"),
        (lambda faults: faults.on("get_run").answer(500).times(0), "at least once"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(plan, message: str):
    with pytest.raises(ValueError, match=message):
        plan(Faults())
