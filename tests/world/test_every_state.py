"""Every kind of run x every state x every event: what is answered, and what follows (facts: runs 3, 5, 8).

``TABLE`` is the facts' tables as data. A cell without a row, with two rows, or a row without a cell is
a failure, so that nobody can add a state or an event without saying what it does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest

from skyvern_testkit.script import (
    FINAL,
    LEGAL,
    Family,
    RunScript,
    State,
    Step,
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
from skyvern_testkit.wire.http import Response
from skyvern_testkit.world.events import EffectResult
from skyvern_testkit.world.rows import Run, Session
from tests.world.stage import HOOK, NAVIGATION, Stage

ME: Final = "me@example.com"
ASKING, PENDING, TOLD = "asking", "pending", "told"
"""States that do not show as such: a code is waited for; under a retry policy, the next attempt is
still to come, or the last one was told of."""

# --- the table ----------------------------------------------------------------------------------
# kind and event | states | answer | status after | webhooks at once, later | session after | facts
#
# ``=`` is the status that it had. Webhooks: those that go out before the answer, and those of the
# quarter of a minute after. The session is the one that the run was started in: named by the run
# (held), by another (used), by nobody (free), or as it was (kept). Facts: sections of the facts about
# runs; ``asked`` is what the real server said when it was asked on 24 November 2026.

TABLE: Final = """
task cancel    | created queued                        | 200 null  | canceled   | 1 0 | free | 3.1, 8
task cancel    | running asking                        | 200 null  | canceled   | 1 1 | held | 3.1, 5, 8
task cancel    | completed failed terminated           | over      | =          | 0 0 | held | 3.1
task cancel    | timed_out                             | late      | =          | 0 0 | held | 3.1
task cancel    | canceled                              | again     | =          | 0 0 | held | 3.1
task_v2 cancel | queued                                | 200 null  | canceled   | 1 0 | free | 3.2, 8
task_v2 cancel | running asking                        | 200 null  | canceled   | 1 1 | free | 3.2, 8
task_v2 cancel | completed failed terminated timed_out | 200 null  | =          | 0 0 | free | 3.2
task_v2 cancel | canceled                              | 200 null  | =          | 1 0 | free | 3.2
wf cancel      | created queued                        | 200 null  | canceled   | 1 0 | free | 3.3, 8
wf cancel      | running asking paused                 | 200 null  | canceled   | 1 1 | free | 3.3, 8
wf cancel      | completed failed terminated timed_out | 200 null  | =          | 1 0 | free | 3.3
wf cancel      | canceled                              | 200 null  | =          | 1 0 | free | 3.3
wf cancel      | pending                               | 200 null  | =          | 1 0 | free | 3.3, 3.4
wf cancel      | told                                  | 200 null  | =          | 0 0 | free | asked

task lost      | created queued                        | unsent    | canceled   | 3 0 | free | 3.1
task lost      | running asking                        | unsent    | canceled   | 3 3 | held | 3.1
task lost      | completed failed terminated           | over      | =          | 0 0 | held | 3.1
task lost      | timed_out                             | late      | =          | 0 0 | held | 3.1
task lost      | canceled                              | again     | =          | 0 0 | held | 3.1
task_v2 lost   | queued                                | 200 null  | canceled   | 3 0 | free | 3.2, 8
task_v2 lost   | running asking                        | 200 null  | canceled   | 3 3 | free | 3.2, 8
task_v2 lost   | completed failed terminated timed_out | 200 null  | =          | 0 0 | free | 3.2
task_v2 lost   | canceled                              | 200 null  | =          | 3 0 | free | 3.2
wf lost        | created queued                        | 200 null  | canceled   | 3 0 | free | 3.3, 8
wf lost        | running asking paused                 | 200 null  | canceled   | 3 3 | free | 3.3, 8
wf lost        | completed failed terminated timed_out | 200 null  | =          | 3 0 | free | 3.3
wf lost        | canceled pending                      | 200 null  | =          | 3 0 | free | 3.3, 8
wf lost        | told                                  | 200 null  | =          | 0 0 | free | asked

task bulk      | created queued                        | cancelled | canceled   | 1 0 | free | 3.6
task bulk      | running asking                        | cancelled | canceled   | 1 1 | held | 3.6
task bulk      | over                                  | failed    | =          | 0 0 | held | 3.6
task_v2 bulk   | queued                                | cancelled | canceled   | 1 0 | free | 3.6
task_v2 bulk   | running asking                        | cancelled | canceled   | 1 1 | free | 3.6
task_v2 bulk   | completed failed terminated timed_out | cancelled | =          | 0 0 | free | 3.2, 3.6
task_v2 bulk   | canceled                              | cancelled | =          | 1 0 | free | 3.2, 3.6
wf bulk        | created queued                        | cancelled | canceled   | 1 0 | free | 3.6
wf bulk        | running asking paused                 | cancelled | canceled   | 1 1 | free | 3.6
wf bulk        | over pending                          | cancelled | =          | 1 0 | free | 3.3, 3.6
wf bulk        | told                                  | cancelled | =          | 0 0 | free | asked

task hour      | created queued running                | -         | =          | 0 0 | kept | 3.1
task hour      | asking                                | -         | terminated | 0 1 | held | 9
task hour      | over                                  | -         | =          | 0 0 | held | 3.1
task_v2 hour   | queued running                        | -         | =          | 0 0 | kept | 3.2
task_v2 hour   | asking                                | -         | terminated | 0 1 | free | 9
task_v2 hour   | over                                  | -         | =          | 0 0 | free | 3.2
wf hour        | created queued                        | -         | =          | 0 0 | kept | 3.3, 11
wf hour        | running asking paused                 | -         | timed_out  | 0 1 | free | 3.3, 11
wf hour        | over told                             | -         | =          | 0 0 | free | 3.3
wf hour        | pending                               | -         | timed_out  | 0 1 | free | 3.4, 11

task code      | created queued running                | 200 -     | =          | 0 0 | kept | 9
task code      | asking                                | 200 -     | completed  | 0 1 | held | 9
task code      | over                                  | 200 -     | =          | 0 0 | held | 9
task_v2 code   | queued running                        | 200 -     | =          | 0 0 | kept | 9
task_v2 code   | asking                                | 200 -     | completed  | 0 1 | free | 9
task_v2 code   | over                                  | 200 -     | =          | 0 0 | free | 9
wf code        | created queued running paused         | 200 -     | =          | 0 0 | kept | 9
wf code        | asking                                | 200 -     | completed  | 0 1 | free | 9
wf code        | over told pending                     | 200 -     | =          | 0 0 | free | 9

task close     | created queued                        | 200 -     | =          | 0 0 | free | 5
task close     | running asking                        | 200 -     | failed     | 0 1 | held | 3.1, 5
task close     | over                                  | 200 -     | =          | 0 0 | held | 5
task_v2 close  | queued                                | 200 -     | =          | 0 0 | free | 5
task_v2 close  | running asking                        | 200 -     | failed     | 0 1 | free | 3.2, 5
task_v2 close  | over                                  | 200 -     | =          | 0 0 | free | 5
wf close       | created queued                        | 200 -     | =          | 0 0 | free | 5
wf close       | running asking                        | 200 -     | failed     | 0 1 | free | 3.3, 5
wf close       | paused                                | 200 -     | =          | 0 0 | held | 5
wf close       | over told pending                     | 200 -     | =          | 0 0 | free | 5

wf delete      | created queued running asking paused  | 200 -     | =          | 0 0 | kept | 5
wf delete      | over told pending                     | 200 -     | =          | 0 0 | free | 5

task retry     | every                                 | no run    | =          | 0 0 | kept | 3.5
task_v2 retry  | every                                 | no run    | =          | 0 0 | kept | 3.5
wf retry       | created queued running asking paused  | not over  | =          | 0 0 | kept | 3.5
wf retry       | over told pending                     | 200 -     | =          | 0 0 | used | 3.5

task tell      | created queued running asking         | too early | =          | 0 0 | kept | 8
task tell      | over                                  | 200 -     | =          | 1 0 | held | 8
task_v2 tell   | queued running asking                 | too early | =          | 0 0 | kept | 8
task_v2 tell   | over                                  | 200 -     | =          | 1 0 | free | 8
wf tell        | created queued running asking paused  | too early | =          | 0 0 | kept | 8
wf tell        | over told                             | 200 -     | =          | 1 0 | free | 8
wf tell        | pending                               | not final | =          | 0 0 | free | 3.4
"""

ANSWERS: Final[dict[str, tuple[int, Any]]] = {
    "200 null": (200, None),
    "200 -": (200, ...),
    "over": (400, "Invalid task status transition from {state} to canceled for {id}"),
    "again": (
        400,
        "Invalid task status transition to canceled for {id} because task is already canceled",
    ),
    "late": (500, {"error": "Unexpected error: TaskAlreadyTimeout"}),
    "unsent": (500, {"error": "Unexpected error: FailedToSendWebhook"}),
    "cancelled": (200, {"cancelled": ["{id}"], "failed": []}),
    "failed": (200, {"cancelled": [], "failed": ["{id}"]}),
    "no run": (404, "Workflow run not found {id}"),
    "not over": (400, "Only terminal workflow runs can be retried"),
    "too early": (400, "Run {id} has not reached a terminal state (status={state})."),
    "not final": (
        409,
        "Run {id} is not final; webhook replay is unavailable until it is final.",
    ),
}

# --- the cells ----------------------------------------------------------------------------------

KINDS: Final = {"task": Family.TASK, "task_v2": Family.TASK_V2, "wf": Family.WORKFLOW}
EVERY_KIND: Final = frozenset(KINDS)


@dataclass(frozen=True)
class Cell:
    kind: str
    state: str
    event: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.state}-{self.event}"


@dataclass(frozen=True)
class Row:
    """What is expected of a cell."""

    answer: str
    after: str
    at_once: int
    later: int
    session: str
    facts: str


def states_of(kind: str) -> tuple[str, ...]:
    """The states of a kind of run, and those of ours that do not show."""
    own = (*sorted(map(str, LEGAL[KINDS[kind]])), ASKING)
    return (*own, PENDING, TOLD) if kind == "wf" else own


def meant(kind: str, words: str) -> Iterator[str]:
    """The states that a row speaks of."""
    for word in words.split():
        if word == "every":
            yield from states_of(kind)
        elif word == "over":
            yield from (str(state) for state in State if state in FINAL)
        else:
            yield word


def rows() -> Iterator[tuple[Cell, Row]]:
    for line in filter(None, TABLE.split("\n")):
        what, states, answer, after, sent, session, facts = (it.strip() for it in line.split("|"))
        kind, event = what.split()
        at_once, later = map(int, sent.split())
        for state in meant(kind, states):
            yield Cell(kind, state, event), Row(answer, after, at_once, later, session, facts)


def cells() -> Iterator[Cell]:
    for event, (kinds, _) in EVENTS.items():
        for kind in filter(kinds.__contains__, KINDS):
            yield from (Cell(kind, state, event) for state in states_of(kind))


# --- what happens -------------------------------------------------------------------------------

Play = Callable[[Stage, str, dict[str, str]], Response | None]


def _cancel(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    return stage.cancel(run_id)


def _cancel_unheard(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    stage.answer = EffectResult(error="ConnectError: All connection attempts failed")
    return stage.cancel(run_id)


def _cancel_many(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    return stage.send("POST /v1/runs/cancel", run_ids=[run_id, run_id])


def _hour(stage: Stage, run_id: str, _: dict[str, str]) -> None:
    stage.wait(3000)  # less than the session's hour


def _code(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    return stage.send("POST /v1/credentials/totp", totp_identifier=ME, content="123456")


def _close(stage: Stage, run_id: str, ids: dict[str, str]) -> Response:
    return stage.send(f"POST /v1/browser_sessions/{ids['session']}/close")


def _delete(stage: Stage, run_id: str, ids: dict[str, str]) -> Response:
    return stage.send(f"POST /v1/workflows/{ids['workflow']}/delete")


def _retry(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    return stage.send(f"POST /v1/workflows/runs/{run_id}/retry")


def _tell(stage: Stage, run_id: str, _: dict[str, str]) -> Response:
    return stage.send(f"POST /v1/runs/{run_id}/retry_webhook", webhook_url="https://x.example/")


EVENTS: Final[dict[str, tuple[frozenset[str], Play]]] = {
    # event: kinds of run that it can happen to, how it happens
    "cancel": (EVERY_KIND, _cancel),
    "lost": (EVERY_KIND, _cancel_unheard),
    "bulk": (EVERY_KIND, _cancel_many),
    "hour": (EVERY_KIND, _hour),
    "code": (EVERY_KIND, _code),
    "close": (EVERY_KIND, _close),
    "delete": (frozenset({"wf"}), _delete),
    "retry": (EVERY_KIND, _retry),
    "tell": (EVERY_KIND, _tell),
}

REACHING: Final[dict[str, tuple[Step, ...]]] = {
    State.CREATED: (created(until=never()),),
    State.QUEUED: (queued(until=never()),),
    State.RUNNING: (running(until=never()),),
    State.PAUSED: (running(seconds=1), paused()),
    State.COMPLETED: (running(seconds=1), completed()),
    State.FAILED: (running(seconds=1), failed("no")),
    State.TERMINATED: (running(seconds=1), terminated("no")),
    State.TIMED_OUT: (running(seconds=1), timed_out("late")),
    State.CANCELED: (running(until=never()),),
    ASKING: (needs_totp(ME), completed()),
    PENDING: (running(seconds=1), failed("no")),
    TOLD: (running(seconds=1), completed()),
}
ASKS: Final = {"block_type": "human_interaction", "label": "ask", "recipients": [ME]}
POLICY: Final[dict[str, Any]] = {
    "max_retries": 1,
    "delay_seconds": 600,
    "retry_on": [{"status": "failed"}],
}


def arrange(stage: Stage, cell: Cell) -> tuple[str, dict[str, str]]:
    """A run of that kind in that state, in a browser session; its id, and those around it."""
    stage.fake.on().play(RunScript(*REACHING[cell.state]), RunScript(running(until=never())))
    ids = {"session": stage.session()}
    wishes: dict[str, Any] = {"webhook_url": HOOK, "browser_session_id": ids["session"]}
    if cell.kind == "wf":
        settings: dict[str, Any] = {"retry_policy": POLICY} if cell.state in (PENDING, TOLD) else {}
        block = ASKS if cell.state == State.PAUSED else NAVIGATION
        ids["workflow"] = stage.workflow(block, **settings)
        asked = {"agent_id": ids["workflow"], "max_elapsed_time_minutes": 1, **wishes}
        run_id = str(stage.ask("POST /v1/run/agents", **asked)["run_id"])
    else:
        run_id = stage.start(KINDS[cell.kind], **wishes)
    stage.wait(5)
    if cell.state == State.CANCELED:
        stage.cancel(run_id)
        stage.wait(60)
    stage.sent.clear()
    return run_id, ids


def shown(state: str) -> str:
    """As which a state of ours shows."""
    return {ASKING: "running", PENDING: "failed", TOLD: "completed"}.get(state, state)


EXPECTED: Final = dict(rows())


@pytest.mark.parametrize("cell", list(cells()), ids=str)
def test_what_an_event_does(cell: Cell):
    expected = EXPECTED[cell]
    stage = Stage()
    run_id, ids = arrange(stage, cell)
    assert stage.status(run_id) == shown(cell.state)
    names = {"id": run_id, "state": shown(cell.state)}
    before = session_of(stage, ids)

    answer = EVENTS[cell.event][1](stage, run_id, ids)
    at_once = len(stage.sent)
    if answer is not None:
        assert_answer(answer, expected.answer, names)
        stage.wait(15)  # until work has unwound; less than a minute, which a run may last here
    else:
        at_once = 0
    assert (at_once, len(stage.sent) - at_once) == (expected.at_once, expected.later)
    run = stage.fake.world.get(Run, run_id)
    assert run is not None
    assert run.status == (shown(cell.state) if expected.after == "=" else expected.after)
    assert_session(session_of(stage, ids), before, expected.session, run)
    assert_reading(stage, cell, run)
    assert_legal(stage, run)


def session_of(stage: Stage, ids: dict[str, str]) -> Session:
    session = stage.fake.world.get(Session, ids["session"])
    assert session is not None
    return session


def assert_answer(answer: Response, word: str, names: dict[str, str]) -> None:
    status, body = ANSWERS[word]
    assert answer.status == status
    if isinstance(body, str):
        assert answer.json == {"detail": body.format(**names)}
    elif isinstance(body, dict) and "cancelled" in body:
        told = {key: [item.format(**names) for item in value] for key, value in body.items()}
        assert answer.json == told
    elif body is not ...:
        assert answer.json == body


def assert_session(now: Session, before: Session, expected: str, run: Run) -> None:
    name = run.hidden_run_id or run.id
    match expected:
        case "held":
            assert now.occupant == name
        case "used":
            assert now.occupant not in (None, name)
        case "kept":
            assert now.occupant == before.occupant
        case _:
            assert now.occupant is None


def assert_reading(stage: Stage, cell: Cell, run: Run) -> None:
    """A client reads what is; only a run whose workflow is deleted cannot be read."""
    answer = stage.send(f"GET /v1/runs/{run.id}")
    if cell.event == "delete":
        missed = f"Workflow not found. workflow_permanent_id={run.workflow_permanent_id}"
        assert (answer.status, answer.json) == (404, {"detail": missed})
        return
    assert answer.json["status"] == run.status
    assert (answer.json["finished_at"] is None) is not run.is_over


def assert_legal(stage: Stage, run: Run) -> None:
    """It has never moved as the tables do not say; only a retry begins anew."""
    moves = [it for it in stage.fake.world.changes if it.run_id == run.id and it.before != "-"]
    for move in moves:
        again = move.why.startswith("attempt ")
        assert again or State(move.after) in LEGAL[run.family][State(move.before)], move


# --- the table is whole -------------------------------------------------------------------------


def test_every_cell_has_one_row_and_every_row_a_cell():
    told = [cell for cell, _ in rows()]
    assert len(told) == len(set(told)), "two rows speak of one cell"
    assert set(told) == set(cells())


def test_every_state_and_every_answer_is_reached():
    assert set(REACHING) == {state for kind in KINDS for state in states_of(kind)}
    assert {row.answer for row in EXPECTED.values()} - {"-"} == set(ANSWERS)
