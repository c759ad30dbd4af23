"""What a request can say of its own run, without any other channel."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from skyvern_testkit import completed, fake_skyvern
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.transport.server import serving
from skyvern_testkit.world.magic import DOMAIN, SPELLS
from tests.world.stage import NAVIGATION, Stage

ROOT = Path(__file__).parents[2]
HOUR: Final = 3600
URL: Final = "https://x.example/"


def begin(stage: Stage, **asked: Any) -> Any:
    return stage.send("POST /v1/run/tasks", **{"prompt": "p", "url": URL, **asked})


def life(stage: Stage, **asked: Any) -> Any:
    """How a task ends within the hour."""
    run_id = begin(stage, **asked).json["run_id"]
    stage.wait(HOUR)
    return stage.read(run_id)


ENDS: Final[Mapping[str, str]] = {
    "completed": "completed",
    "failed": "failed",
    "terminated": "terminated",
    "timed_out": "timed_out",
    "canceled": "canceled",
    "unreachable": "failed",
    "fails_once": "failed",
    "slow": "completed",
    "never_ends": "running",
    "stays_queued": "queued",
    "needs_totp": "terminated",
    "downloads": "completed",
    "poll_429": "completed",
    "poll_500": "completed",
    "poll_503": "completed",
}
REFUSED: Final = {"rate_limited": 429, "unavailable": 503, "no_credits": 402}


def test_every_row_is_tried():
    assert {*ENDS, *REFUSED, "paused"} == {*SPELLS}


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("where", ["prompt", "title", "url"])
def test_a_task_says_how_it_ends(name: str, where: str):
    word = name if where != "url" else name.replace("_", "-")
    said = f"https://{word}.{DOMAIN}/" if where == "url" else f"Do it [testkit: {name}]"
    more = {"totp_identifier": "me@x.example", where: said}
    assert life(Stage(), **more)["status"] == ENDS[name]


@pytest.mark.parametrize(("name", "status"), REFUSED.items())
def test_its_start_is_refused_once(name: str, status: int):
    stage = Stage()
    first = begin(stage, prompt=f"[testkit: {name}]")
    assert first.status == status
    assert ("retry-after" in dict(first.headers)) is (status != 402)
    assert begin(stage, prompt=f"[testkit: {name}]").status == 200
    assert len(stage.fake.runs) == 1


def test_a_totp_identifier_says_it():
    assert life(Stage(), totp_identifier=f"never-ends@{DOMAIN}")["status"] == "running"


def test_arguments():
    run = life(
        Stage(),
        prompt='[testkit: terminated "Region not served" code=REGION after=60]',
        error_code_mapping={"REGION": "not served"},
    )
    assert (run["failure_reason"], run["errors"][0]["error_code"]) == (
        "Region not served",
        "REGION",
    )
    url = f"https://completed.{DOMAIN}/?output=%7B%22n%22%3A3%7D&after=8"
    assert life(Stage(), url=url)["output"] == {"n": 3}


def test_a_parameter_of_a_workflow_says_it():
    stage = Stage()
    kind = {"parameter_type": "workflow", "key": "who", "workflow_parameter_type": "string"}
    definition = {"parameters": [kind], "blocks": [NAVIGATION]}
    asked = {"title": "w", "workflow_definition": definition}
    agent = stage.ask("POST /v1/agents", json_definition=asked)["workflow_permanent_id"]
    given = {"who": "Ada [testkit: paused]"}
    run_id = stage.ask("POST /v1/run/agents", agent_id=agent, parameters=given)["run_id"]
    stage.wait(HOUR)
    assert stage.status(run_id) == "paused"


def test_a_code_lets_it_go_on():
    stage = Stage()
    run_id = begin(stage, prompt="[testkit: needs_totp me@x.example]").json["run_id"]
    stage.wait(5)
    stage.ask("POST /v1/credentials/totp", totp_identifier="me@x.example", content="123456")
    stage.wait(20)
    assert stage.status(run_id) == "completed"


def test_the_first_fails_and_the_next_completes():
    stage = Stage()
    ends = [life(stage, prompt="[testkit: fails_once]")["status"] for _ in range(3)]
    assert ends == ["failed", "completed", "completed"]


def test_the_nth_read_goes_wrong():
    stage = Stage()
    run_id = begin(stage, prompt="[testkit: poll_503 nth=2 times=2]").json["run_id"]
    statuses = [stage.send(f"GET /v1/runs/{run_id}").status for _ in range(5)]
    assert statuses == [200, 503, 503, 200, 200]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("faild", "Did you mean failed?"),
        ("faild Region", "Did you mean failed?"),
        ("failed code=A color=red", "failed takes reason, code, after, not 'color'"),
        ("failed a b", "failed cannot take 'b'"),
        ("slow after=soon", "slow: could not convert"),
        ("completed {", "completed: output is JSON"),
        ('completed output={"n":3}', "in single quotes where it has double ones of its own"),
        ("paused", "for workflow"),
        ('failed "', "No closing quotation"),
        ("", "cannot read"),
    ],
)
def test_a_mistake_is_told_and_no_run_begins(said: str, why: str):
    stage = Stage()
    answer = begin(stage, prompt=f"[testkit: {said}]")
    assert answer.status == 400
    assert why in answer.json["detail"]
    assert stage.fake.runs == []


def test_a_rule_of_the_test_wins():
    stage = Stage()
    stage.fake.on(prompt="*invoice*").play(completed({"n": 1}))
    assert life(stage, prompt="invoice [testkit: failed]")["output"] == {"n": 1}
    assert life(stage, prompt="[testkit: failed]")["status"] == "failed"


def test_it_can_be_turned_off():
    assert (
        life(Stage(FakeSkyvern(magic=False)), prompt="[testkit: failed]")["status"] == "completed"
    )
    assert (
        life(Stage(FakeSkyvern(magic=False).fork()), prompt="[testkit: x]")["status"] == "completed"
    )


@pytest.mark.parametrize(
    "asked",
    [
        {"prompt": "Read the [testkit] and say failed"},
        {"url": f"https://{DOMAIN}/failed"},
        {"url": f"https://failed.not{DOMAIN}/"},
        {"totp_identifier": f"failed@mail.{DOMAIN}"},
    ],
)
def test_never_by_accident(asked: dict[str, str]):
    assert life(Stage(), **asked)["status"] == "completed"


def test_over_a_socket_as_any_client_would():
    with fake_skyvern(clock="polls") as fake, serving(fake) as server:
        asked = {"prompt": "Count [testkit: failed Wall]", "url": URL}
        headers = {"x-api-key": fake.api_key}
        with httpx.Client(base_url=server.url, headers=headers) as client:
            run_id = client.post("/v1/run/tasks", json=asked).json()["run_id"]
            seen = [client.get(f"/v1/runs/{run_id}").json() for _ in range(5)][-1]
    assert (seen["status"], seen["failure_reason"]) == ("failed", "Wall")


def test_the_page_is_up_to_date():
    made = runpy.run_path(str(ROOT / "tools" / "magic_page.py"))
    assert made["PAGE"].read_text("utf-8") == made["page"](), "run: python tools/magic_page.py"
