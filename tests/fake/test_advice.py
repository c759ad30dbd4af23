"""Every row of the table of advice is told when its case comes up, and none by what all programs do."""

from __future__ import annotations

import runpy
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from skyvern_testkit import SkyvernAdvice, StrictFailure, completed, failed, fake_skyvern
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import Family, RunScript, needs_totp, running
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.world.advice import KINDS
from skyvern_testkit.world.events import EffectResult
from tests.world.stage import HOOK, NAVIGATION, Stage

ROOT = Path(__file__).parents[2]
SCHEMA: Final[dict[str, Any]] = {"type": "object", "required": ["n"]}
PARAMETERS = [
    {"parameter_type": "workflow", "key": "account", "workflow_parameter_type": "credential_id"}
]


def task(stage: Stage, **wishes: Any) -> str:
    run_id = stage.start(Family.TASK, **wishes)
    stage.wait(20)
    return run_id


def session(stage: Stage, **wishes: Any) -> str:
    return str(stage.ask("POST /v1/browser_sessions", **wishes)["browser_session_id"])


def code(stage: Stage, content: str, **more: Any) -> int:
    asked = {"totp_identifier": "me@x.example", "content": content, **more}
    return stage.send("POST /v1/credentials/totp", **asked).status


def parameter_ignored(stage: Stage) -> None:
    old = Stage(fake=FakeSkyvern(dialect="1.0.24"))
    asked = {"prompt": "p", "url": "https://x.example", "browser_profile_id": "bp_1"}
    old.ask("POST /v1/run/tasks", **asked)
    stage.fake = old.fake


def workflow_parameter_unknown(stage: Stage) -> None:
    stage.workflow_run(NAVIGATION, parameters={"regoin": "EU"})


def credential_missing(stage: Stage) -> None:
    definition = {"parameters": PARAMETERS, "blocks": [NAVIGATION]}
    asked = {"title": "w", "workflow_definition": definition}
    agent = stage.ask("POST /v1/agents", json_definition=asked)["workflow_permanent_id"]
    stage.ask("POST /v1/run/agents", agent_id=agent)


def session_busy(stage: Stage) -> None:
    stage.fake.on().play(RunScript(running(100), completed()))
    used = session(stage)
    stage.workflow_run(NAVIGATION, browser_session_id=used)
    stage.wait(1)
    stage.workflow_run(NAVIGATION, browser_session_id=used)
    stage.wait(1)


def session_kept(stage: Stage) -> None:
    used = session(stage)
    task(stage, browser_session_id=used)
    task(stage, browser_session_id=used)


def not_in_turn(stage: Stage) -> None:
    agent = stage.workflow(NAVIGATION, run_sequentially=True)
    for _ in range(2):
        stage.ask("POST /v1/run/agents", agent_id=agent)


def profile_needs_persisting(stage: Stage) -> None:
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(20)
    asked = {"name": "p", "workflow_run_id": run_id}
    assert stage.send("POST /v1/browser_profiles", **asked).status == 400


def profile_needs_session_flag(stage: Stage) -> None:
    asked = {"name": "p", "browser_session_id": session(stage)}
    assert stage.send("POST /v1/browser_profiles", **asked).status == 400


def cancel_after_end(stage: Stage) -> None:
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(20)
    assert stage.cancel(run_id).status == 200


def totp_workflow_id(stage: Stage) -> None:
    assert code(stage, "123456", workflow_id=stage.workflow(NAVIGATION)) == 400


def totp_not_taken(stage: Stage) -> None:
    stage.fake.on().play(RunScript(needs_totp("me@x.example"), completed()))
    code(stage, "123456")
    stage.wait(60)
    stage.workflow_run(NAVIGATION)  # takes only codes that come after it has begun
    stage.wait(16 * 60)


def unmapped_error_code(stage: Stage) -> None:
    stage.fake.on().play(failed("Login wall", error_code="WALL"))
    task(stage)


def output_against_schema(stage: Stage) -> None:
    stage.fake.on().play(completed({"m": 1}))
    task(stage, data_extraction_schema=SCHEMA)


def download_empty(stage: Stage) -> None:
    stage.fake.on().play(completed())
    asked = {"navigation_goal": "Get it", "url": "https://x.example"}
    stage.ask("POST /v1/run/tasks/download_files", **asked)
    stage.wait(20)


def retry_unseen(stage: Stage) -> None:
    policy = {"max_retries": 1, "delay_seconds": 5, "retry_on": [{"status": "failed"}]}
    stage.fake.on().play(failed("Login wall"), completed())
    run_id = stage.workflow_run(NAVIGATION, settings={"retry_policy": policy})
    stage.wait(8)
    assert stage.read(run_id)["retry_pending"] is True
    stage.wait(60)


def webhook_failed(stage: Stage) -> None:
    stage.answer = EffectResult(status=404, body="no")
    task(stage, webhook_url=HOOK)


def action_unmatched(stage: Stage) -> None:
    stage.fake.on_action(type="extract", prompt="*price*").answer({})
    asked = {"type": "extract", "prompt": "Read the title"}
    stage.ask("POST /v1/sdk/run_action", url="https://x.example", action=asked)


def block_unknown(stage: Stage) -> None:
    agent = stage.workflow(NAVIGATION, title="Mine")
    stage.fake.on(workflow="Mine", block="went").play(completed())
    stage.ask("POST /v1/run/agents", agent_id=agent)
    stage.wait(1)


def schedule_idle(stage: Stage) -> None:
    agent = stage.workflow(NAVIGATION)
    asked = {"cron_expression": "*/5 * * * *", "timezone": "UTC"}
    stage.ask(f"POST /v1/agents/{agent}/schedules", **asked)
    needed = {"parameter_type": "workflow", "key": "n", "workflow_parameter_type": "string"}
    definition = {"parameters": [needed], "blocks": [NAVIGATION]}
    changed = {"title": "w", "workflow_definition": definition}
    stage.ask(f"POST /v1/agents/{agent}", json_definition=changed)
    stage.wait(400)


def told(**wishes: Any) -> Callable[[Stage], Any]:
    return lambda stage: task(stage, **wishes)


def ran(**wishes: Any) -> Callable[[Stage], Any]:
    return lambda stage: stage.workflow_run(NAVIGATION, **wishes)


CASES: Final[Mapping[str, Callable[[Stage], Any]]] = {
    "parameter_ignored": parameter_ignored,
    "parameter_unknown": told(max_step=3),
    "workflow_parameter_unknown": workflow_parameter_unknown,
    "credential_missing": credential_missing,
    "prompt_empty": told(prompt=""),
    "max_steps_zero": told(max_steps=0),
    "run_with_unknown": ran(run_with="zzz"),
    "webhook_without_scheme": told(webhook_url="hooks.example/x"),
    "totp_reaches_no_block": ran(totp_identifier="me@x.example"),
    "session_busy": session_busy,
    "session_kept": session_kept,
    "session_capped": lambda stage: session(stage, timeout=300),
    "not_in_turn": not_in_turn,
    "profile_needs_persisting": profile_needs_persisting,
    "profile_needs_session_flag": profile_needs_session_flag,
    "cancel_after_end": cancel_after_end,
    "artifacts_of_nobody": lambda stage: stage.ask("GET /v1/runs/tsk_1/artifacts"),
    "runs_of_nobody": lambda stage: stage.ask("GET /v1/agents/wpid_1/runs"),
    "totp_no_code": lambda stage: code(stage, "there is no number in this"),
    "totp_taken_whole": lambda stage: code(stage, "hello"),
    "totp_workflow_id": totp_workflow_id,
    "totp_not_taken": totp_not_taken,
    "unmapped_error_code": unmapped_error_code,
    "schema_without_extraction": told(data_extraction_schema=SCHEMA),
    "output_against_schema": output_against_schema,
    "download_empty": download_empty,
    "retry_unseen": retry_unseen,
    "webhook_failed": webhook_failed,
    "action_unmatched": action_unmatched,
    "block_unknown": block_unknown,
    "schedule_idle": schedule_idle,
    "signal_unheard": lambda stage: stage.fake.signal("go"),
}


def test_every_row_has_its_case():
    assert CASES.keys() == KINDS.keys()


def advice_of(stage: Stage) -> list[str]:
    from skyvern_testkit.fake.hindsight import in_hindsight

    return [one.kind for one in [*stage.fake.world.advice, *in_hindsight(stage.fake)]]


@pytest.mark.parametrize("kind", CASES)
def test_it_is_told(kind: str):
    stage = Stage()
    CASES[kind](stage)
    assert advice_of(stage) == [kind]


def test_an_ordinary_day_has_none():
    stage = Stage()
    stage.answer = EffectResult(status=200)
    stage.fake.on(prompt="known").play(completed({"n": 1}))
    task(stage, prompt="known", webhook_url=HOOK, data_extraction_schema=SCHEMA, max_steps=3)
    for family in Family:
        run_id = stage.start(family)
        stage.wait(20)
        assert stage.status(run_id) == "completed"
        stage.ask("GET /v1/runs?page=1&page_size=5&status=completed")
    stage.ask("GET /v1/browser_sessions/" + session(stage, timeout=60))
    stage.ask(
        "POST /v1/run/tasks/download_files", navigation_goal="Get it", url="https://x.example"
    )
    code(stage, "123456")
    code(stage, "Your code is 123456.")
    agent = stage.workflow(NAVIGATION)
    stage.ask(f"GET /v1/agents/{agent}/runs")
    stage.wait(20)
    assert advice_of(stage) == []


def test_a_cancel_that_takes_the_next_attempt_away_is_not_in_vain():
    stage = Stage()
    stage.fake.on().play(failed("no"))
    policy = {"max_retries": 1, "delay_seconds": 60, "retry_on": [{"status": "failed"}]}
    run_id = stage.workflow_run(NAVIGATION, settings={"retry_policy": policy})
    stage.wait(20)
    assert stage.read(run_id)["retry_pending"]
    assert stage.cancel(run_id).status == 200
    assert not stage.read(run_id)["retry_pending"]
    assert "cancel_after_end" not in {told.kind for told in stage.fake.world.advice}


def test_what_is_asked_again_is_told_once():
    stage = Stage()
    for _ in range(3):
        stage.ask("GET /v1/runs/tsk_1/artifacts")
    assert advice_of(stage) == ["artifacts_of_nobody"]


# --- how it comes out -----------------------------------------------------------------------------


def mistaken(fake: InProcessSkyvern) -> None:
    with fake.http() as http:
        http.get("/v1/runs/tsk_1/artifacts")


def test_it_is_a_warning_at_the_end_with_the_fact_and_the_way_out():
    told = r"artifacts_of_nobody: .*tsk_1.*200 and \[\].*Instead: "
    with pytest.warns(SkyvernAdvice, match=told), fake_skyvern() as fake:
        mistaken(fake)
    assert [one.kind for one in fake.advice] == ["artifacts_of_nobody"]


def test_strict_makes_it_a_failure():
    with (
        pytest.raises(StrictFailure, match="artifacts_of_nobody"),
        fake_skyvern(strict=True) as fake,
    ):
        mistaken(fake)


def test_those_who_know_are_not_told():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "artifacts_of_nobody", SkyvernAdvice)
        with fake_skyvern() as fake:
            mistaken(fake)


def test_the_page_is_up_to_date():
    made = runpy.run_path(str(ROOT / "tools" / "advice_page.py"))
    assert made["PAGE"].read_text("utf-8") == made["page"](), "run: python tools/advice_page.py"
