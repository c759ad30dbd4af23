"""The run machine: what every event does in every state (facts: runs 3)."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import (
    Family,
    IllegalMove,
    RunScript,
    ScriptError,
    State,
    Step,
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
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.events import EffectResult
from skyvern_testkit.world.world import Timing
from tests.world.stage import HOOK, NAVIGATION, WAIT, Stage

HOUR = 3600.0


@pytest.fixture
def stage() -> Stage:
    return Stage()


# --- cancel in every state ----------------------------------------------------------------------

REACHING: dict[State, tuple[Step, ...]] = {
    State.CREATED: (created(until=never()),),
    State.QUEUED: (queued(until=never()),),
    State.RUNNING: (running(until=never()),),
    State.PAUSED: (running(seconds=1), paused()),
    State.COMPLETED: (running(seconds=1), completed()),
    State.FAILED: (running(seconds=1), failed("no")),
    State.TERMINATED: (running(seconds=1), terminated("no")),
    State.TIMED_OUT: (running(seconds=1), timed_out("late")),
    State.CANCELED: (running(until=never()),),
}

OVER = "Invalid task status transition from {0} to canceled for {1}"
LATE = "Unexpected error: TaskAlreadyTimeout"
AGAIN = "Invalid task status transition to canceled for {1} because task is already canceled"

CANCELS: list[tuple[Family, State, str | None, int, int]] = [
    # family, state, refusal, webhooks out of the request, webhooks after the work has unwound
    (Family.TASK, State.CREATED, None, 1, 0),
    (Family.TASK, State.QUEUED, None, 1, 0),
    (Family.TASK, State.RUNNING, None, 1, 1),
    (Family.TASK, State.COMPLETED, OVER, 0, 0),
    (Family.TASK, State.FAILED, OVER, 0, 0),
    (Family.TASK, State.TERMINATED, OVER, 0, 0),
    (Family.TASK, State.TIMED_OUT, LATE, 0, 0),
    (Family.TASK, State.CANCELED, AGAIN, 0, 0),
    (Family.TASK_V2, State.QUEUED, None, 1, 0),
    (Family.TASK_V2, State.RUNNING, None, 1, 1),
    (Family.TASK_V2, State.COMPLETED, None, 0, 0),
    (Family.TASK_V2, State.FAILED, None, 0, 0),
    (Family.TASK_V2, State.TERMINATED, None, 0, 0),
    (Family.TASK_V2, State.TIMED_OUT, None, 0, 0),
    (Family.TASK_V2, State.CANCELED, None, 1, 0),
    (Family.WORKFLOW, State.CREATED, None, 1, 0),
    (Family.WORKFLOW, State.QUEUED, None, 1, 0),
    (Family.WORKFLOW, State.RUNNING, None, 1, 1),
    (Family.WORKFLOW, State.PAUSED, None, 1, 1),
    (Family.WORKFLOW, State.COMPLETED, None, 1, 0),
    (Family.WORKFLOW, State.FAILED, None, 1, 0),
    (Family.WORKFLOW, State.TERMINATED, None, 1, 0),
    (Family.WORKFLOW, State.TIMED_OUT, None, 1, 0),
    (Family.WORKFLOW, State.CANCELED, None, 1, 0),
]


@pytest.mark.parametrize(("family", "state", "refusal", "at_once", "later"), CANCELS)
def test_cancel(stage: Stage, family, state, refusal, at_once, later):
    stage.fake.on().play(RunScript(*REACHING[state]))
    run_id = stage.start(family, webhook_url=HOOK)
    stage.wait(5)
    if state is State.CANCELED:
        stage.cancel(run_id)
        stage.wait(60)
    assert stage.status(run_id) == state
    stage.sent.clear()
    before = stage.read(run_id)

    answer = stage.cancel(run_id)
    assert len(stage.sent) == at_once
    stage.wait(60)
    assert len(stage.sent) == at_once + later
    if refusal is None:
        assert (answer.status, answer.json) == (200, None)
    else:
        named = {"error": refusal} if refusal is LATE else {"detail": refusal.format(state, run_id)}
        assert (answer.status, answer.json) == (500 if refusal is LATE else 400, named)
    after = stage.read(run_id)
    if state in (State.CREATED, State.QUEUED, State.RUNNING, State.PAUSED):
        assert after["status"] == "canceled"
        assert after["finished_at"] is not None
        assert after["failure_reason"] is None
    else:
        assert {**after, "modified_at": None} == {**before, "modified_at": None}


NEVER = {Family.TASK: {State.PAUSED}, Family.TASK_V2: {State.PAUSED, State.CREATED}}


def test_cancel_table_is_whole():
    every = {(kind, state) for kind in Family for state in set(State) - NEVER.get(kind, set())}
    assert {(family, state) for family, state, *_ in CANCELS} == every


@pytest.mark.parametrize("run_id", ["wr_1", "tsk_1", "anything"])
def test_cancel_of_an_unknown_run(stage: Stage, run_id: str):
    answer = stage.cancel(run_id)
    assert (answer.status, answer.json) == (404, {"detail": f"Run not found {run_id}"})


def test_cancel_does_not_know_the_hidden_run_of_a_task(stage: Stage):
    run_id = stage.start(Family.TASK_V2)
    hidden = stage.fake.run(run_id).hidden_run_id
    assert stage.read(str(hidden))["run_id"] == run_id
    assert stage.cancel(str(hidden)).status == 404


@pytest.mark.parametrize("family", Family)
def test_cancel_with_nobody_at_the_webhook(stage: Stage, family: Family):
    stage.answer = EffectResult(error="ConnectError: All connection attempts failed")
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(family, webhook_url=HOOK)
    stage.wait(1)
    answer = stage.cancel(run_id)
    if family is Family.TASK:
        assert answer.status == 500
        assert answer.json == {"error": "Unexpected error: FailedToSendWebhook"}
    else:
        assert answer.status == 200
    assert stage.status(run_id) == "canceled"


def test_cancel_with_a_webhook_that_refuses(stage: Stage):
    stage.answer = EffectResult(status=404)
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(Family.TASK, webhook_url=HOOK)
    stage.wait(1)
    assert stage.cancel(run_id).status == 200


def test_canceled_task_loses_its_files_when_its_work_ends(stage: Stage):
    stage.fake.on().play(running(until=never(), step="Open"))
    run_id = stage.start(Family.TASK)
    stage.wait(5)
    stage.cancel(run_id)
    assert stage.read(run_id)["recording_url"] is not None
    stage.wait(7)
    after = stage.read(run_id)
    assert (after["recording_url"], after["downloaded_files"]) == (None, None)


def test_a_client_can_wait_for_the_webhook_after_the_work_has_unwound(stage: Stage):
    stage.fake.on().play(running(until=never()))
    silent, told = stage.start(Family.TASK), stage.start(Family.TASK, webhook_url=HOOK)
    stage.wait(1)
    stage.cancel(silent)
    stage.cancel(told)
    assert stage.fake.reaches_client()
    stage.wait(10)
    assert len(stage.sent) == 2
    assert not stage.fake.reaches_client()


# --- states and times -----------------------------------------------------------------------------


@pytest.mark.parametrize("family", Family)
def test_a_run_without_a_script_completes_after_five_seconds(stage: Stage, family: Family):
    run_id = stage.start(family)
    stage.wait(4.999)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    assert stage.status(run_id) == "completed"


@pytest.mark.parametrize(
    ("family", "first"),
    [(Family.TASK, "created"), (Family.TASK_V2, "queued"), (Family.WORKFLOW, "created")],
)
def test_the_state_that_the_create_call_answers(stage: Stage, family: Family, first: str):
    stage.start(family)
    assert stage.fake.world.changes[0].after == first


def test_time_is_kept_to_the_nanosecond(stage: Stage):
    stage.fake.on().play(RunScript(queued(seconds=2), running(seconds=0.25), running(seconds=0.5)))
    run_id = stage.start(Family.WORKFLOW)
    seen = []
    for _ in range(12):
        seen.append(stage.status(run_id))
        stage.wait(0.25)
    assert seen == ["queued"] * 8 + ["running"] * 3 + ["completed"]


def test_instants_of_a_run_are_in_order_although_no_time_goes_by(stage: Stage):
    stage.fake.on().play(RunScript(queued(), running(), completed({"a": 1})))
    run = stage.read(stage.start(Family.WORKFLOW))
    instants = [run[name] for name in ("created_at", "queued_at", "started_at", "finished_at")]
    assert instants == sorted(set(instants))
    assert run["status"] == "completed"


def test_looking_moves_nothing(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=60), completed()))
    run_id = stage.start(Family.TASK)
    bodies = {stage.send(f"GET /v1/runs/{run_id}").body for _ in range(5)}
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("asked", "limit", "sentence"),
    [
        ({}, 4 * HOUR, "240 minutes"),
        ({"max_elapsed_time_minutes": 1}, 60, "1 minute"),
        ({"max_elapsed_time_minutes": 480}, 8 * HOUR, "480 minutes"),
    ],
)
def test_elapsed_limit_of_a_workflow_run(stage: Stage, asked, limit, sentence):
    stage.fake.on().play(RunScript(queued(seconds=30), running(until=never())))
    run_id = stage.workflow_run(NAVIGATION, webhook_url=HOOK, **asked)
    stage.wait(30 + limit - 0.001)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    run = stage.read(run_id)
    assert run["status"] == "timed_out"
    assert run["failure_reason"] == (
        f"Workflow run exceeded max elapsed runtime limit of {sentence}."
    )
    block = stage.timeline(run_id)[0]["block"]
    assert block["status"] == "timed_out"
    assert block["failure_reason"] == "Workflow run timed_out: child entity cascade cleanup."
    stage.wait(60)
    assert [effect.run.status for effect in stage.sent] == [State.TIMED_OUT]


def test_a_task_has_no_elapsed_limit(stage: Stage):
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(Family.TASK)
    stage.wait(1000 * HOUR)
    assert stage.status(run_id) == "running"


# --- triggers -----------------------------------------------------------------------------------


def test_polls_count_reads_of_the_run_alone(stage: Stage):
    stage.fake.on().play(RunScript(running(until=polls(3)), running(until=polls(2)), completed()))
    run_id = stage.start(Family.WORKFLOW)
    seen = []
    for _ in range(5):
        stage.timeline(run_id)
        stage.ask(f"GET /v1/runs/{run_id}/artifacts")
        stage.wait(100)
        seen.append(stage.status(run_id))
    assert seen == ["running"] * 4 + ["completed"]


def test_signal_wakes_those_that_wait_for_it(stage: Stage):
    stage.fake.on().play(RunScript(running(until=signal("go")), completed()))
    first, second = stage.start(Family.TASK), stage.start(Family.TASK_V2)
    stage.wait(10)
    assert stage.fake.signal("stop") == 0
    assert stage.fake.signal("go") == 2
    assert {str(stage.fake.run(run_id).status) for run_id in (first, second)} == {"completed"}
    assert stage.fake.signal("go") == 0


def test_run_reaches_another_ones_end(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=10), failed("no")))
    first = stage.start(Family.TASK)
    stage.fake.on().play(RunScript(running(until=run_reaches(first)), completed()))
    second = stage.start(Family.TASK)
    stage.fake.on().play(RunScript(running(until=run_reaches(first, "completed")), completed()))
    third = stage.start(Family.TASK)
    stage.wait(9.9)
    assert stage.status(second) == "running"
    stage.wait(0.1)
    assert (stage.status(second), stage.status(third)) == ("completed", "running")


def test_run_reaches_what_has_already_been(stage: Stage):
    first = stage.start(Family.TASK)
    stage.wait(10)
    stage.fake.on().play(RunScript(running(until=run_reaches(first, "completed")), completed()))
    assert stage.status(stage.start(Family.TASK)) == "completed"


def test_webhook_answered(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=5), completed()))
    first = stage.start(Family.TASK, webhook_url=HOOK)
    stage.fake.on().play(RunScript(running(until=webhook_answered(first)), completed()))
    second = stage.start(Family.TASK)
    stage.wait(5)
    assert stage.status(second) == "running"
    stage.wait(1)
    assert stage.status(second) == "completed"


def test_session_closed(stage: Stage):
    session = stage.session()
    stage.fake.on().play(RunScript(running(until=session_closed()), completed()))
    run_id = stage.start(Family.TASK, browser_session_id=session)
    stage.wait(10)
    assert stage.status(run_id) == "running"
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    assert stage.status(run_id) == "completed"


def test_a_session_that_runs_out_is_closed_too(stage: Stage):
    session = stage.session()
    stage.fake.on().play(RunScript(running(until=session_closed()), completed()))
    run_id = stage.start(Family.TASK, browser_session_id=session)
    stage.wait(HOUR)
    assert stage.status(run_id) == "completed"


# --- browser sessions -----------------------------------------------------------------------------

LOST = "Browser state page is missing.  "


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        (Family.TASK, LOST),
        (Family.WORKFLOW, f"navigation block failed. failure reason: {LOST}"),
        (
            Family.TASK_V2,
            (
                "Task exceeded maximum of 50 planning iterations. "
                "Consider simplifying the task or breaking it into smaller steps."
            ),
        ),
    ],
)
def test_a_closed_session_is_noticed_a_little_later(stage: Stage, family: Family, reason: str):
    session = stage.session()
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(family, browser_session_id=session)
    stage.wait(10)
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    assert stage.status(run_id) == "running"
    stage.wait(3)
    run = stage.read(run_id)
    assert (run["status"], run["failure_reason"]) == ("failed", reason)


def test_a_block_without_browser_does_not_notice(stage: Stage):
    session = stage.session()
    stage.fake.on().play(RunScript(running(seconds=30), completed()))
    run_id = stage.workflow_run(WAIT, browser_session_id=session)
    stage.wait(10)
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    stage.wait(30)
    assert stage.status(run_id) == "completed"


BUSY = "Browser session {0} is already occupied by {1}. Wait for that run to finish or cancel it, then retry."


@pytest.mark.parametrize(
    ("family", "prefix"),
    [
        (Family.TASK, ""),
        (Family.TASK_V2, "Failed to run task 2.0: "),
        (Family.WORKFLOW, "Failed to begin browser session for workflow run: "),
    ],
)
@pytest.mark.parametrize("occupant", Family)
def test_a_busy_session_fails_the_second_run(stage: Stage, occupant, family, prefix):
    session = stage.session()
    stage.fake.on().play(running(until=never()))
    first = stage.start(occupant, browser_session_id=session)
    stage.wait(1)
    name = stage.fake.run(first).hidden_run_id or first
    second = stage.start(family, browser_session_id=session)
    stage.wait(1)
    run = stage.read(second)
    assert run["status"] == "failed"
    assert run["failure_reason"] == prefix + BUSY.format(session, name)
    assert stage.status(first) == "running"
    assert stage.ask(f"GET /v1/browser_sessions/{session}")["runnable_id"] == name


@pytest.mark.parametrize(
    ("family", "prefix"),
    [
        (Family.TASK, ""),
        (Family.TASK_V2, "Failed to run task 2.0: "),
        (Family.WORKFLOW, "Failed to begin browser session for workflow run: "),
    ],
)
@pytest.mark.parametrize("was_used", [True, False])
def test_a_session_that_ends_before_its_run_begins_fails_it(
    stage: Stage, family: Family, prefix: str, was_used: bool
):
    session = stage.session()
    if was_used:
        stage.start(Family.TASK, browser_session_id=session)
        stage.wait(20)
    stage.fake.on().play(RunScript(queued(seconds=20), running(seconds=5), completed()))
    run_id = stage.start(family, browser_session_id=session)
    stage.wait(5)
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    stage.wait(14)
    assert stage.status(run_id) == "queued"
    stage.wait(1)
    run = stage.read(run_id)
    assert run["status"] == "failed"
    assert run["failure_reason"] == (
        f"{prefix}Browser session {session} is no longer usable (status: completed). "
        "Create a new browser session and retry."
    )
    assert run["recording_url"] is None


@pytest.mark.parametrize("family", [Family.TASK_V2, Family.WORKFLOW])
def test_a_session_is_free_after_its_run(stage: Stage, family: Family):
    session = stage.session()
    first = stage.start(family, browser_session_id=session)
    stage.wait(6)
    second = stage.start(family, browser_session_id=session)
    stage.wait(6)
    assert (stage.status(first), stage.status(second)) == ("completed", "completed")


def advice(stage: Stage) -> list[str]:
    return [advice.kind for advice in stage.fake.world.advice]


@pytest.mark.parametrize("canceled", [False, True])
def test_a_task_keeps_its_session_for_ever(stage: Stage, canceled: bool):
    session = stage.session()
    first = stage.start(Family.TASK, browser_session_id=session)
    stage.wait(1)
    if canceled:
        stage.cancel(first)
    stage.wait(HOUR / 2)
    assert stage.ask(f"GET /v1/browser_sessions/{session}")["runnable_id"] == first
    second = stage.start(Family.WORKFLOW, browser_session_id=session)
    stage.wait(1)
    assert BUSY.format(session, first) in stage.read(second)["failure_reason"]
    assert advice(stage) == ["session_kept"]
    stage.ask(f"POST /v1/browser_sessions/{session}/close")
    assert stage.ask(f"GET /v1/browser_sessions/{session}")["runnable_id"] == first


@pytest.mark.parametrize(("wait", "busy"), [(0, False), (3 * SECOND, True)])
def test_a_task_lets_go_of_its_session_where_the_test_says_so(wait: int, busy: bool):
    stage = Stage(FakeSkyvern(timing=Timing(task_session=wait)))
    session = stage.session()
    for expected in (False, busy, False):
        run_id = stage.start(Family.TASK, browser_session_id=session)
        stage.wait(6)
        assert (stage.status(run_id) == "failed") is expected
    assert advice(stage) == []


def test_a_canceled_run_lets_go_of_its_session_when_its_work_ends(stage: Stage):
    session = stage.session()
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(Family.WORKFLOW, browser_session_id=session)
    stage.wait(1)
    stage.cancel(run_id)
    stage.wait(6)
    read = f"GET /v1/browser_sessions/{session}"
    assert stage.ask(read)["runnable_id"] == run_id
    stage.wait(1)
    assert stage.ask(read)["runnable_id"] is None


# --- scripts that decide, and scripts gone wrong --------------------------------------------------


def test_a_generator_gets_its_code_and_its_parameters(stage: Stage):
    def script(run):
        code = yield needs_totp("me@x.example")
        yield completed({"typed": code, "prompt": run.prompt})

    stage.fake.on().play(script)
    run_id = stage.start(Family.TASK)
    stage.ask("POST /v1/credentials/totp", totp_identifier="me@x.example", content="123456")
    stage.wait(10)
    assert stage.read(run_id)["output"] == {"typed": "123456", "prompt": "p"}


def test_an_exception_in_a_script_comes_out_with_its_own_traceback(stage: Stage):
    def broken(run):
        yield running(seconds=1)
        raise ZeroDivisionError("of the author")

    stage.fake.on().play(broken)
    run_id = stage.start(Family.TASK)
    stage.status(run_id)
    with pytest.raises(ZeroDivisionError) as caught:
        stage.wait(1)
    assert caught.traceback[-1].name == "broken"
    assert [problem.run_id for problem in stage.fake.world.problems] == [run_id]
    stage.wait(1000)
    assert stage.status(run_id) == "running"


def test_a_script_gone_wrong_is_not_played_again(stage: Stage):
    def broken(run):
        yield running(until=signal("go"))
        raise ZeroDivisionError

    stage.fake.on().play(broken)
    run_id = stage.start(Family.TASK)
    stage.status(run_id)
    with pytest.raises(ZeroDivisionError):
        stage.fake.signal("go")
    assert stage.fake.signal("go") == 0
    assert stage.status(run_id) == "running"


@pytest.mark.parametrize("wrong", [1, "completed", None])
def test_a_script_yields_something_that_is_no_step(stage: Stage, wrong: Any):
    def script(run):
        yield wrong

    stage.fake.on().play(script)
    run_id = stage.start(Family.TASK)
    with pytest.raises(ScriptError, match=r"must yield steps such as queued\(\)"):
        stage.status(run_id)


def test_a_script_that_never_takes_time_is_stopped(stage: Stage):
    def restless(run):
        while True:
            yield running(seconds=0)

    stage.fake.on().play(restless)
    run_id = stage.start(Family.TASK)
    with pytest.raises(ScriptError, match=rf"restless of run {run_id} .*1,000 steps at one inst"):
        stage.status(run_id)
    assert [problem.run_id for problem in stage.fake.world.problems] == [run_id]
    assert stage.status(run_id) == "running"


def test_a_script_whose_code_is_there_at_once_for_ever_is_stopped(stage: Stage):
    def restless(run):
        while True:
            yield needs_totp()

    credential = stage.ask(
        "POST /v1/credentials",
        name="me",
        credential_type="password",
        credential={
            "username": "u",
            "password": "p",
            "totp": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
            "totp_type": "authenticator",
        },
    )["credential_id"]
    stage.fake.on().play(restless)
    stage.ask(
        "POST /v1/run/tasks/login",
        url="https://x.example/",
        credential_id=credential,
        credential_type="skyvern",
    )
    with pytest.raises(ScriptError, match="1,000 steps at one instant"):
        stage.wait(1)


def test_many_steps_of_one_instant_are_fine(stage: Stage):
    def busy(run):
        for _ in range(3):
            for _ in range(900):
                yield running(seconds=0)
            yield running(seconds=1)

    stage.fake.on().play(busy)
    run_id = stage.start(Family.TASK)
    stage.wait(3)
    assert stage.status(run_id) == "completed"


def test_a_script_that_waits_for_what_has_been_is_stopped(stage: Stage):
    first = stage.start(Family.TASK)
    stage.wait(10)

    def restless(run):
        while True:
            yield running(until=run_reaches(first, "completed"))

    stage.fake.on().play(restless)
    stage.start(Family.TASK)
    with pytest.raises(ScriptError, match="1,000 steps at one instant"):
        stage.wait(1)


def test_a_script_may_wait_for_any_number_of_signals_at_one_instant(stage: Stage):
    def patient(run):
        while True:
            yield running(until=signal("go"))

    stage.fake.on().play(patient)
    stage.start(Family.TASK)
    stage.wait(1)
    assert [stage.fake.signal("go") for _ in range(1_200)] == [1] * 1_200


@pytest.mark.parametrize("family", Family)
def test_an_exception_of_a_matcher_comes_out_and_is_remembered(stage: Stage, family: Family):
    def bad_function(title: str) -> bool:
        raise ZeroDivisionError("of the author")

    stage.fake.on(run_type=bad_function).play(completed())
    with pytest.raises(ZeroDivisionError) as caught:
        stage.start(family)
    assert caught.traceback[-1].name == "bad_function"
    (problem,) = stage.fake.world.problems
    assert problem.error is caught.value
    assert problem.run_id.startswith(("tsk_", "wr_"))
    assert stage.fake.runs == []
    assert stage.fake.world.rule_uses == {}


@pytest.mark.parametrize("family", Family)
def test_an_exception_of_a_matcher_leaves_no_rows(stage: Stage, family: Family):
    def bad_function(title: str) -> bool:
        raise ZeroDivisionError("of the author")

    world = stage.fake.world
    agent = stage.workflow(NAVIGATION, persist_browser_session=True)
    before = stage.fake.fork().world
    stage.fake.on(run_type=bad_function).play(completed())
    asked = {"prompt": "p", "engine": "skyvern-2.0" if family is Family.TASK_V2 else "skyvern-1.0"}
    what, asked = ("agents", {"agent_id": agent}) if family is Family.WORKFLOW else ("tasks", asked)
    with pytest.raises(ZeroDivisionError):
        stage.ask(f"POST /v1/run/{what}", **asked)
    assert world.diff(before) == {}


def test_an_exception_of_a_matcher_at_a_retry(stage: Stage):
    def bad_function(title: str) -> bool:
        raise ZeroDivisionError("of the author")

    stage.fake.on().play(failed("no"))
    policy = {"max_retries": 1, "delay_seconds": 5, "retry_on": [{"status": "failed"}]}
    run_id = stage.workflow_run(NAVIGATION, settings={"retry_policy": policy})
    stage.wait(1)
    stage.fake.on(title=bad_function).play(completed())
    with pytest.raises(ZeroDivisionError):
        stage.wait(20)
    assert [problem.run_id for problem in stage.fake.world.problems] == [run_id]
    before = stage.read(run_id)
    stage.wait(1000)
    assert stage.read(run_id) == before


def test_a_generator_cannot_go_on_after_the_end(stage: Stage):
    def script(run):
        yield completed()
        yield running()

    stage.fake.on().play(script)
    run_id = stage.start(Family.TASK)
    assert stage.status(run_id) == "completed"
    stage.wait(10)
    assert stage.status(run_id) == "completed"


def test_a_history_that_is_legal_for_another_kind_of_run_alone(stage: Stage):
    stage.fake.on().play(RunScript(running(seconds=1), paused(seconds=1), running(), completed()))
    workflow = stage.start(Family.WORKFLOW)
    stage.wait(3)
    assert stage.status(workflow) == "completed"
    task = stage.start(Family.TASK)
    with pytest.raises(IllegalMove, match=f"run {task} .*never paused"):
        stage.wait(1)


def test_a_server_gone_wrong_on_purpose(stage: Stage):
    stage.fake.on().play(
        RunScript(running(seconds=1), paused(seconds=1), completed(), illegal=True)
    )
    task = stage.start(Family.TASK)
    stage.wait(1.5)
    assert stage.status(task) == "paused"
    stage.wait(1)
    assert stage.status(task) == "completed"


def test_an_unknown_block_is_named(stage: Stage):
    stage.fake.on().play(RunScript(running(block="nope"), completed()))
    run_id = stage.start(Family.WORKFLOW)
    with pytest.raises(LookupError, match=r"no block 'nope' \(blocks: go\)"):
        stage.status(run_id)


def test_rules_give_their_scripts_in_order_and_the_last_for_ever(stage: Stage):
    stage.fake.on(prompt="p").play(failed("first"), completed({"n": 2}), terminated("last"))
    runs = [stage.start(Family.TASK) for _ in range(4)]
    stage.wait(10)
    assert [stage.status(run_id) for run_id in runs] == [
        "failed",
        "completed",
        "terminated",
        "terminated",
    ]
