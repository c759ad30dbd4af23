"""Where a run finds its second-factor code, and when (facts: runs 9)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyotp.totp import TOTP

from skyvern_testkit.script import Family, RunScript, completed, failed, needs_totp, running
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.codes import normal_identifier
from skyvern_testkit.world.events import EffectResult
from tests.world.stage import NAVIGATION, Stage

ME = "me@x.example"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def typed(run: Any) -> Any:
    code = yield needs_totp()
    yield completed({"typed": code})


def typed_for_me(run: Any) -> Any:
    code = yield needs_totp(ME)
    yield completed({"typed": code})


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.fake.on().play(typed)
    return stage


def push(stage: Stage, code: str, identifier: str = ME, **more: Any) -> None:
    stage.ask("POST /v1/credentials/totp", totp_identifier=identifier, content=code, **more)


def task(stage: Stage, **wishes: Any) -> str:
    return stage.start(Family.TASK, **{"totp_identifier": ME, **wishes})


# --- when it looks --------------------------------------------------------------------------------


def test_the_first_look_comes_after_ten_seconds_even_if_the_code_is_there(stage: Stage):
    push(stage, "111111")
    run_id = task(stage)
    stage.wait(9.999)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    assert stage.read(run_id)["output"] == {"typed": "111111"}


@pytest.mark.parametrize(("pushed_at", "found_at"), [(0, 15), (14.9, 15), (15.1, 25), (890, 895)])
def test_it_looks_every_ten_seconds(stage: Stage, pushed_at: float, found_at: float):
    stage.fake.on().play(RunScript(running(seconds=5), needs_totp(), completed({"ok": True})))
    run_id = task(stage)
    stage.wait(pushed_at)
    push(stage, "111111")
    stage.wait(found_at - pushed_at - 0.001)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    assert stage.status(run_id) == "completed"


def test_nothing_of_the_wait_shows(stage: Stage):
    run_id = task(stage)
    before = stage.read(run_id)
    stage.wait(600)
    after = stage.read(run_id)
    shown = {name for name in before if before[name] != after[name]}
    assert shown == {"recording_url", "modified_at"}


@pytest.mark.parametrize(
    ("family", "reason"),
    [
        (Family.TASK, "{0}"),
        (Family.WORKFLOW, "navigation block terminated. Reason: {0}"),
    ],
)
def test_patience_ends_after_fifteen_minutes(stage: Stage, family: Family, reason: str):
    stage.fake.on().play(typed_for_me)
    run_id = stage.start(family)
    stage.wait(15 * 60 - 0.001)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    run = stage.read(run_id)
    text = (
        f"No TOTP verification code found. Going to terminate. Polled source: totp_identifier={ME}."
    )
    assert (run["status"], run["failure_reason"]) == ("terminated", reason.format(text))
    assert run["errors"] == [
        {
            "error_code": "OTP_TIMEOUT",
            "reasoning": "Timeout getting TOTP verification code.",
            "confidence_float": 1.0,
            "error_type": "USER_DEFINED_ERROR",
        }
    ]


def test_a_second_need_has_patience_of_its_own(stage: Stage):
    stage.fake.on().play(RunScript(needs_totp(), running(seconds=880), needs_totp(), completed()))
    run_id = task(stage)
    push(stage, "111111")
    stage.wait(10 + 880 + 899)
    assert stage.status(run_id) == "running"
    stage.wait(1)
    assert stage.status(run_id) == "terminated"


def test_a_run_without_any_source_gives_up_at_once(stage: Stage):
    run = stage.read(stage.start(Family.TASK))
    assert run["status"] == "terminated"
    assert [error["error_code"] for error in run["errors"]] == ["MISSING_TOTP_SOURCE"]


# --- which code it takes --------------------------------------------------------------------------


def test_the_newest_code_is_taken(stage: Stage):
    run_id = task(stage)
    for code in ("111111", "222222", "333333"):
        push(stage, code)
    stage.wait(10)
    assert stage.read(run_id)["output"] == {"typed": "333333"}


def test_a_code_is_not_used_up(stage: Stage):
    push(stage, "111111")
    first, second = task(stage), task(stage)
    stage.wait(10)
    assert stage.read(first)["output"] == stage.read(second)["output"] == {"typed": "111111"}


@pytest.mark.parametrize(
    ("sent_to", "looked_for", "same"),
    [
        ("Me@X.example", "me@x.example", True),
        ("me@x.example", "ME@X.EXAMPLE", True),
        ("me@x.example", "you@x.example", False),
        ("+49 170 1234567", "+491701234567", True),
        ("(0170) 123-4567", "0170.1234567", True),
        ("my phone", "my phone", True),
        ("my phone", "My Phone", False),
        (" me@x.example ", "me@x.example", True),
    ],
)
def test_identifiers(sent_to: str, looked_for: str, same: bool):
    assert (normal_identifier(sent_to) == normal_identifier(looked_for)) is same


@pytest.mark.parametrize(("age", "taken"), [(0, True), (589, True), (591, False)])
def test_a_code_is_good_for_ten_minutes(stage: Stage, age: float, taken: bool):
    push(stage, "111111")
    stage.wait(age)
    run_id = task(stage)
    stage.wait(10)
    assert (stage.status(run_id) == "completed") is taken


@pytest.mark.parametrize(("expires_in", "taken"), [(11, True), (9, False)])
def test_an_expired_code_is_not_taken(stage: Stage, expires_in: int, taken: bool):
    push(stage, "111111", expired_at=stage.fake.world.now // SECOND + expires_in)
    run_id = task(stage)
    stage.wait(10)
    assert (stage.status(run_id) == "completed") is taken


def test_a_code_for_another_task_is_not_taken(stage: Stage):
    mine, other = task(stage), task(stage)
    push(stage, "111111", task_id=other)
    stage.wait(10)
    assert (stage.status(mine), stage.status(other)) == ("running", "completed")


def test_a_code_for_another_run_is_not_taken(stage: Stage):
    stage.fake.on().play(typed_for_me)
    mine, other = stage.start(Family.WORKFLOW), stage.start(Family.WORKFLOW)
    stage.status(mine)
    push(stage, "111111", workflow_run_id=other)
    stage.wait(10)
    assert (stage.status(mine), stage.status(other)) == ("running", "completed")


@pytest.mark.parametrize(
    ("family", "taken"), [(Family.TASK, True), (Family.TASK_V2, True), (Family.WORKFLOW, False)]
)
def test_a_code_from_before_the_start(stage: Stage, family: Family, taken: bool):
    stage.fake.on().play(typed_for_me)
    push(stage, "111111")
    stage.wait(1)
    run_id = stage.start(family)
    stage.wait(20)
    assert (stage.status(run_id) == "completed") is taken


def test_a_code_sent_at_the_instant_of_the_start_is_older_or_newer(stage: Stage):
    stage.fake.on().play(typed_for_me)
    push(stage, "111111")
    first = stage.start(Family.WORKFLOW)
    stage.wait(20)
    assert stage.status(first) == "running"
    second = stage.start(Family.WORKFLOW)
    push(stage, "222222")
    stage.wait(10)
    assert stage.read(second)["output"] == {"typed": "222222"}


def test_a_code_of_the_first_attempt_is_too_old_for_the_second(stage: Stage):
    stage.fake.on().play(
        RunScript(needs_totp(ME), failed("The page fell over")),
        RunScript(needs_totp(ME), completed()),
    )
    policy = {"max_retries": 1, "delay_seconds": 5, "retry_on": [{"status": "failed"}]}
    run_id = stage.workflow_run(NAVIGATION, settings={"retry_policy": policy})
    stage.wait(1)
    push(stage, "111111")
    stage.wait(60)
    run = stage.read(run_id)
    assert (run["status"], run["attempt"]) == ("running", 2)
    push(stage, "222222")
    stage.wait(10)
    assert stage.status(run_id) == "completed"


def test_a_magic_link_is_no_code(stage: Stage):
    push(stage, "https://example.com/magic?token=abc")
    run_id = task(stage)
    stage.wait(20)
    assert stage.status(run_id) == "running"


def test_another_organisation_has_its_own_codes(stage: Stage):
    run_id = task(stage)
    stage.fake.keys.add("other")
    other = Stage(stage.fake, key="other")
    push(other, "111111")
    stage.wait(20)
    assert stage.status(run_id) == "running"


def test_text_without_a_code_is_none(stage: Stage):
    run_id = task(stage)
    push(stage, "There is nothing in here at all")
    stage.wait(20)
    assert stage.status(run_id) == "running"


# --- which source wins ----------------------------------------------------------------------------


def credential(stage: Stage, **login: Any) -> str:
    secret = {"username": "u", "password": "p", **login}
    wish = {"name": "c", "credential_type": "password", "credential": secret}
    return str(stage.ask("POST /v1/credentials", **wish)["credential_id"])


def log_in(stage: Stage, credential_id: str, **wishes: Any) -> str:
    wish = {"url": "https://x.example/", "credential_type": "skyvern", **wishes}
    return str(stage.ask("POST /v1/run/tasks/login", credential_id=credential_id, **wish)["run_id"])


def test_a_stored_seed_answers_at_once(stage: Stage):
    run_id = log_in(stage, credential(stage, totp=SEED, totp_type="authenticator"))
    expected = TOTP(SEED).at(stage.fake.world.now // SECOND)
    assert stage.read(run_id)["output"] == {"typed": expected}


def test_a_seed_wins_over_everything_else(stage: Stage):
    push(stage, "111111")
    chosen = credential(stage, totp=SEED, totp_type="authenticator")
    run_id = log_in(stage, chosen, totp_identifier=ME, totp_url="http://127.0.0.1:9/totp")
    assert stage.status(run_id) == "completed"
    assert stage.sent == []


def test_the_credentials_own_identifier_counts(stage: Stage):
    run_id = log_in(stage, credential(stage, totp_type="email", totp_identifier=ME))
    stage.wait(1)
    push(stage, "111111")
    stage.wait(9)
    assert stage.status(run_id) == "completed"


def test_the_identifier_of_run_workflow_does_not_reach_its_blocks(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION, totp_identifier=ME, totp_url="http://127.0.0.1:9/t")
    run = stage.read(run_id)
    assert run["status"] == "terminated"
    assert stage.sent == []


# --- totp_url -------------------------------------------------------------------------------------

URL = "http://127.0.0.1:9/totp?secret=1"
JSON = {"Content-Type": "application/json"}
BUDGET = 15 * 60
PLAIN = "http://127.0.0.1:9/totp"


def said(body: str, status: int = 200) -> EffectResult:
    return EffectResult(status=status, body=body, headers=JSON)


def sent_on(status: int, location: str) -> EffectResult:
    return EffectResult(status=status, headers={"location": location})


DEAD = EffectResult(error="ConnectError: All connection attempts failed")


def test_a_totp_url_is_asked_at_every_look(stage: Stage):
    stage.answer = said("{}")
    run_id = task(stage, totp_url=URL, totp_identifier=None)
    stage.wait(35)
    assert [effect.kind for effect in stage.sent] == ["totp_url"] * 3
    asked = stage.fake.render_effect(stage.sent[0])
    assert asked.target == "/totp?secret=1"
    assert asked.json == {"task_id": run_id}
    stage.answer = said('{"verification_code":"987654"}')
    stage.wait(5)
    assert stage.read(run_id)["output"] == {"typed": "987654"}


@pytest.mark.parametrize(
    "answer",
    [
        said("{}"),
        said('{"verification_code":""}'),
        said('{"verification_code":null}'),
        said('{"verification_code":"There is nothing in here"}'),
        said('["987654"]'),
        said('{"verification_code":"987654"}', status=500),
    ],
)
def test_without_a_code_the_stored_ones_are_looked_through_in_the_same_tick(
    stage: Stage, answer: EffectResult
):
    stage.answer = answer
    push(stage, "111111")
    run_id = task(stage, totp_url=URL)
    stage.wait(10)
    assert stage.read(run_id)["output"] == {"typed": "111111"}


def test_a_look_asks_a_url_that_cannot_be_reached_three_times_and_is_lost(stage: Stage):
    stage.answer = DEAD
    push(stage, "111111")
    run_id = task(stage, totp_url=URL)
    stage.wait(20)
    assert [effect.at // SECOND % 60 for effect in stage.sent] == [10] * 3
    assert stage.status(run_id) == "running"
    stage.answer = said("{}")
    stage.wait(10)  # ten seconds after the end of that look
    assert stage.read(run_id)["output"] == {"typed": "111111"}


def test_a_url_that_cannot_be_reached_ends_the_run_with_an_error(stage: Stage):
    """With a budget of a minute the recorded run ended 70 s after the need (facts: runs 11)."""
    stage.fake.world.timing = replace(stage.fake.world.timing, code_budget=60 * SECOND)
    stage.answer = DEAD
    run_id = task(stage, totp_url=URL)
    stage.wait(69.999)
    assert stage.status(run_id) == "running"
    stage.wait(0.001)
    run = stage.read(run_id)
    assert (run["status"], run["failure_reason"]) == (
        "terminated",
        (
            "Failed to get TOTP verification code. Going to terminate. Reason: "
            "totp_webhook_request_failed exception_type=ConnectError"
        ),
    )
    (error,) = run["errors"]
    assert (error["error_code"], error["error_type"]) == ("OTP_ERROR", "USER_DEFINED_ERROR")
    assert len(stage.sent) == 9


def test_only_the_last_look_makes_it_an_error(stage: Stage):
    stage.answer = DEAD
    run_id = task(stage, totp_url=URL)
    stage.wait(800)
    stage.answer = said("{}")
    stage.wait(100)
    assert stage.read(run_id)["errors"][0]["error_code"] == "OTP_TIMEOUT"


def test_an_answer_that_is_no_json_is_an_error_of_that_look(stage: Stage):
    stage.answer = EffectResult(
        status=200, body='{"verification_code":"987654"}', headers={"Content-Type": "text/html"}
    )
    push(stage, "111111")
    run_id = task(stage, totp_url=URL)
    stage.wait(20)
    assert (stage.status(run_id), len(stage.sent)) == ("running", 2)
    stage.wait(BUDGET)
    assert stage.read(run_id)["errors"][0]["error_code"] == "OTP_ERROR"


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ('"Your code is 246 810."', "246810"),
        ('" 123 456 "', "123 456"),
        ('"hello"', "hello"),
        ("246810", "246810"),
    ],
)
def test_a_value_of_more_than_ten_characters_is_a_message(stage: Stage, value: str, typed: str):
    stage.answer = said(f'{{"verification_code":{value}}}')
    run_id = task(stage, totp_url=URL)
    stage.wait(10)
    assert stage.read(run_id)["output"] == {"typed": typed}


@pytest.mark.parametrize(
    ("status", "method", "body"),
    [
        (301, "GET", b""),
        (302, "GET", b""),
        (303, "GET", b""),
        (307, "POST", None),
        (308, "POST", None),
    ],
)
def test_a_url_may_send_it_on(stage: Stage, status: int, method: str, body: bytes | None):
    run_id = task(stage, totp_url=URL)
    stage.fake.advance(stage.fake.world.now + 10 * SECOND)
    (asked,) = stage.fake.take_effects()
    stage.fake.effect_done(asked, sent_on(status, "/other?x=1"))
    (again,) = stage.fake.take_effects()
    rendered = stage.fake.render_effect(again)
    assert again.url == "http://127.0.0.1:9/other?x=1"
    assert rendered.method == method
    assert rendered.body == (stage.fake.render_effect(asked).body if body is None else body)
    stage.fake.effect_done(again, said('{"verification_code":"987654"}'))
    assert stage.read(run_id)["output"] == {"typed": "987654"}


def test_three_redirects_are_followed_and_no_more(stage: Stage):
    stage.answer = sent_on(302, URL)
    run_id = task(stage, totp_url=URL)
    stage.wait(10)
    assert len(stage.sent) == 4
    stage.wait(BUDGET)
    assert stage.read(run_id)["errors"][0]["error_code"] == "OTP_ERROR"


def polled(run: Any) -> str:
    return str(run["failure_reason"]).partition("Polled source: ")[2]


def test_a_url_that_never_spoke_the_protocol_is_told_so(stage: Stage):
    stage.fake.world.timing = replace(stage.fake.world.timing, code_budget=60 * SECOND)
    stage.answer = EffectResult(status=500, body="Internal Server Error")
    run_id = task(stage, totp_url=URL)
    stage.wait(60)
    assert polled(stage.read(run_id)) == (
        f"totp_verification_url={PLAIN}. The endpoint responded to every poll but never returned "
        'the expected {"verification_code":"123456"} body '
        "(webhook_responses=5 http_status=500x5)."
    )


@pytest.mark.parametrize("spoke", [said("{}"), said('{"verification_code":null}')])
def test_a_url_that_spoke_once_is_not(stage: Stage, spoke: EffectResult):
    stage.answer = spoke
    run_id = task(stage, totp_url=URL)
    stage.wait(10)
    stage.answer = EffectResult(status=500)
    stage.wait(BUDGET)
    assert polled(stage.read(run_id)) == f"totp_verification_url={PLAIN}."


def test_nor_one_that_once_did_not_answer(stage: Stage):
    stage.answer = DEAD
    run_id = task(stage, totp_url=URL)
    stage.wait(20)
    stage.answer = EffectResult(status=500)
    stage.wait(BUDGET)
    assert polled(stage.read(run_id)) == f"totp_verification_url={PLAIN}."


def test_the_url_of_a_login_is_told_of_its_run_and_task(stage: Stage):
    stage.answer = said("{}")
    run_id = log_in(stage, credential(stage), totp_url=URL)
    stage.wait(10)
    run = stage.fake.run(run_id)
    asked = stage.fake.render_effect(stage.sent[0])
    assert asked.json == {
        "task_id": run.blocks[0].task_id,
        "workflow_run_id": run_id,
        "workflow_permanent_id": run.workflow_permanent_id,
    }


def test_the_reason_names_the_url_without_its_query(stage: Stage):
    stage.answer = said("{}")
    run_id = task(stage, totp_url=URL, totp_identifier=None)
    stage.wait(900)
    reason = stage.read(run_id)["failure_reason"]
    assert reason.endswith("Polled source: totp_verification_url=http://127.0.0.1:9/totp.")


def test_the_next_look_comes_ten_seconds_after_the_answer(stage: Stage):
    run_id = task(stage, totp_url=URL)
    stage.fake.advance(stage.fake.world.now + 10 * SECOND)
    (asked,) = stage.fake.take_effects()
    stage.fake.advance(stage.fake.world.now + 14 * SECOND)
    stage.fake.effect_done(asked, said("{}"))
    push(stage, "111111")
    stage.fake.advance(stage.fake.world.now + 9 * SECOND)
    assert stage.fake.take_effects() == []
    stage.fake.advance(stage.fake.world.now + SECOND)
    (again,) = stage.fake.take_effects()
    stage.fake.effect_done(again, said("{}"))
    assert stage.status(run_id) == "completed"


def test_an_answer_after_the_end_changes_nothing(stage: Stage):
    run_id = task(stage, totp_url=URL)
    stage.fake.advance(stage.fake.world.now + 10 * SECOND)
    (asked,) = stage.fake.take_effects()
    stage.cancel(run_id)
    stage.fake.effect_done(asked, said('{"verification_code":"1"}'))
    assert stage.status(run_id) == "canceled"
