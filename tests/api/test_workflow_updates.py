"""Updates of workflows while something else goes on."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import RunScript, completed, queued, running
from tests.api.asking import ask, refused, wait


@pytest.fixture
def fake() -> FakeSkyvern:
    fake = FakeSkyvern(seed=7)
    fake.on(run_type="workflow_run").play(
        RunScript(queued(seconds=1), running(seconds=5), completed())
    )
    return fake


def definition(*labels: str, parameters: tuple[str, ...] = ()) -> dict[str, Any]:
    blocks = [{"block_type": "wait", "label": label, "wait_sec": 1} for label in labels]
    keys = [
        {"parameter_type": "workflow", "workflow_parameter_type": "string", "key": key}
        for key in parameters
    ]
    return {"title": labels[0], "workflow_definition": {"parameters": keys, "blocks": blocks}}


def create(fake: FakeSkyvern, *labels: str, **more: Any) -> str:
    made = ask(fake, "POST /v1/agents", json_definition=definition(*labels, **more))
    return str(made["workflow_permanent_id"])


def update(fake: FakeSkyvern, workflow_id: str, *labels: str, **more: Any) -> Any:
    return ask(fake, f"POST /v1/agents/{workflow_id}", json_definition=definition(*labels, **more))


def run(fake: FakeSkyvern, workflow_id: str, **parameters: str) -> str:
    made = ask(fake, "POST /v1/run/agents", agent_id=workflow_id, parameters=parameters)
    return str(made["run_id"])


def labels(fake: FakeSkyvern, run_id: str) -> list[str]:
    return [item["block"]["label"] for item in ask(fake, f"GET /v1/runs/{run_id}/timeline")]


def test_a_run_keeps_the_version_that_it_began_with(fake: FakeSkyvern):
    # Asked of the real server: timelines ["old_2", "old"] and ["new_2", "new"].
    workflow_id = create(fake, "old", "old_2")
    before = run(fake, workflow_id)
    wait(fake, 2)

    update(fake, workflow_id, "new", "new_2")
    after = run(fake, workflow_id)
    wait(fake, 10)

    assert labels(fake, before) == ["old_2", "old"]
    assert labels(fake, after) == ["new_2", "new"]


def test_a_run_is_asked_for_the_parameters_of_the_latest_version(fake: FakeSkyvern):
    workflow_id = create(fake, "a", parameters=("first",))
    update(fake, workflow_id, "a", parameters=("second",))

    asked: dict[str, Any] = {"agent_id": workflow_id, "parameters": {"first": "x"}}

    assert refused(fake, "POST /v1/run/agents", **asked) == (
        400,
        f"Missing value for parameter second in workflow {workflow_id}",
    )
    assert run(fake, workflow_id, second="x").startswith("wr_")


def test_a_world_and_its_fork_have_their_own_next_versions(fake: FakeSkyvern):
    workflow_id = create(fake, "a")
    twin = fake.fork()

    update(fake, workflow_id, "b")
    update(fake, workflow_id, "c")

    assert update(twin, workflow_id, "other")["version"] == 2
    assert [item["title"] for item in ask(twin, f"GET /v1/agents/{workflow_id}/versions")] == [
        "other",
        "a",
    ]
    assert [item["title"] for item in ask(fake, f"GET /v1/agents/{workflow_id}/versions")] == [
        "c",
        "b",
        "a",
    ]


def test_a_refused_update_leaves_the_world_as_it_was(fake: FakeSkyvern):
    workflow_id = create(fake, "a")
    twin = fake.fork()

    bodies: tuple[dict[str, Any], ...] = (
        {"json_definition": {**definition("a"), "webhook_callback_url": "ftp://example.com"}},
        {"json_definition": definition("a", "a")},
        {"yaml_definition": "title: T"},
        {"yaml_definition": "[1]"},
        {},
    )
    for body in bodies:
        refused(fake, f"POST /v1/agents/{workflow_id}", **body)

    assert fake.world.diff(twin.world) == {}
    assert fake.world.new_number() == twin.world.new_number()
    assert fake.world.random.getstate() == twin.world.random.getstate()
