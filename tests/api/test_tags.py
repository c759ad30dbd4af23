"""Tags: what recordings, whose requests are apart in time and whose runs have no browser, cannot show."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.api.tags import tagged
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import RunScript, completed, failed, running, terminated, timed_out
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.tags import COLORS, Kind
from tests.api.asking import ask, send


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern(seed=11)


def workflow(fake: FakeSkyvern, **more: Any) -> str:
    block = {"block_type": "goto_url", "label": "visit", "url": "https://shop.test/start"}
    inner = {"parameters": [], "blocks": [block], **more}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = ask(fake, "POST /v1/agents", json_definition=definition)
    return str(made["workflow_permanent_id"])


def run(fake: FakeSkyvern, **more: Any) -> str:
    return str(ask(fake, "POST /v1/run/agents", agent_id=workflow(fake, **more))["run_id"])


def system(fake: FakeSkyvern, run_id: str) -> dict[str, str]:
    tags = ask(fake, f"GET /v1/runs/{run_id}/tags")["tags"]
    return {tag["key"].removeprefix("skyvern."): tag["value"] for tag in tags}


def test_history_tells_the_last_first_though_no_time_has_passed(fake: FakeSkyvern):
    path = f"/v1/agents/{workflow(fake)}/tags"
    for value in "abc":
        ask(fake, f"POST {path}", tags=[{"key": "env", "value": value}])

    events = ask(fake, f"GET {path}/history")["events"]

    assert [event["value"] for event in events] == ["c", "b", "a"]
    assert len({event["set_at"] for event in events}) == 1


def test_colours_are_drawn_of_the_seed_and_move_nothing_else(fake: FakeSkyvern):
    drawn = [_drawn(FakeSkyvern(seed=seed)) for seed in (1, 1, 2)]
    before = fake.world.random.getstate()

    _drawn(fake)

    assert fake.world.random.getstate() == before
    assert drawn[0] == drawn[1] != drawn[2]
    assert 1 < len(set(drawn[0]) & set(COLORS)) == len(set(drawn[0]))


def _drawn(fake: FakeSkyvern) -> list[str]:
    tags = [{"key": f"k{number}", "value": "v"} for number in range(20)]
    ask(fake, f"POST /v1/agents/{workflow(fake)}/tags", tags=tags)
    return [value["color"] for value in ask(fake, "GET /v1/tag-values")]


def test_a_fork_has_tags_of_its_own(fake: FakeSkyvern):
    path = f"/v1/agents/{workflow(fake)}/tags"
    ask(fake, f"POST {path}", tags=[{"key": "env", "value": "prod"}])
    twin = fake.fork()

    ask(fake, "DELETE /v1/tag-keys/env")

    assert ask(fake, f"GET {path}")["tags"] == []
    assert [tag["value"] for tag in ask(twin, f"GET {path}")["tags"]] == ["prod"]
    assert [row["key"] for row in ask(twin, "GET /v1/tag-keys")] == ["env"]


@pytest.mark.parametrize(
    ("end", "tags"),
    [
        (completed(), {"status": "completed"}),
        (failed("no"), {"status": "failed", "failure_category": "UNKNOWN"}),
        (terminated("no"), {"status": "terminated"}),
        (timed_out(), {"status": "timed_out", "failure_category": "UNKNOWN"}),
    ],
    ids=["completed", "failed", "terminated", "timed_out"],
)
def test_a_run_carries_how_it_ended_from_its_end_on(fake: FakeSkyvern, end, tags):
    fake.on().play(RunScript(running(seconds=5), end))
    run_id = run(fake)
    made = {"trigger": "api", "target_domain": "shop.test"}
    fake.advance(fake.world.epoch + 4 * SECOND)
    assert system(fake, run_id) == made

    fake.advance(fake.world.epoch + 60 * SECOND)

    assert system(fake, run_id) == {**made, **tags, "execution_mode": "agent"}


def test_a_run_that_is_tried_again_carries_its_last_end_alone(fake: FakeSkyvern):
    fake.on().play(RunScript(running(seconds=5), failed("no")), RunScript(completed()))
    policy = {
        "max_retries": 1,
        "delay_seconds": 30,
        "retry_on": [{"status": "failed", "error_codes": []}],
    }
    run_id = run(fake, retry_policy=policy)
    fake.advance(fake.world.epoch + 20 * SECOND)
    assert "status" not in system(fake, run_id)

    fake.advance(fake.world.epoch + 120 * SECOND)

    assert system(fake, run_id)["status"] == "completed"


def test_the_workflow_run_behind_a_task_of_engine_2_is_tagged(fake: FakeSkyvern):
    made = ask(fake, "POST /v1/run/tasks", prompt="p", url="https://a.test", engine="skyvern-2.0")
    hidden = made["app_url"].rpartition("/")[2]

    assert hidden.startswith("wr_")
    assert system(fake, hidden) == {"trigger": "api"}


def test_nothing_asked_for_lets_everything_through(fake: FakeSkyvern):
    run_id, organization_id = run(fake), fake.organization_id

    assert tagged(fake.world, organization_id, Kind.RUN, None) is None
    assert tagged(fake.world, organization_id, Kind.RUN, [""]) is None
    assert tagged(fake.world, organization_id, Kind.RUN, ["skyvern.trigger:api"]) == {run_id}
    assert tagged(fake.world, organization_id, Kind.WORKFLOW, ["skyvern.trigger:api"]) == set()


def test_a_refused_request_sets_none_of_its_tags(fake: FakeSkyvern):
    path = f"/v1/agents/{workflow(fake)}/tags"
    tags = [{"key": "env", "value": "prod"}, {"value": "half \ud800"}]

    answer = send(fake, f"POST {path}", tags=tags)

    assert answer.status == 422
    assert ask(fake, f"GET {path}")["tags"] == ask(fake, "GET /v1/tag-keys") == []
