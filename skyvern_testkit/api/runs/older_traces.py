"""What tasks left behind, by the older API: steps, actions, artifacts (facts: runs 6)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from skyvern_testkit.api.artifacts import artifact_body
from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.runs.older_views import find, steps
from skyvern_testkit.api.runs.timeline import action_body
from skyvern_testkit.api.validation import refuse
from skyvern_testkit.wire.errors import Invalid
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Artifact

__all__ = ["ENDPOINTS"]


def get_steps(call: Call) -> list[JsonObject]:
    """The steps of a task, in order; of an unknown one there are none."""
    task = find(call)
    return [] if task is None else steps(task)


def get_actions(call: Call) -> list[JsonObject]:
    """What the agent did for a task, in order, in the form of the timeline."""
    task = find(call)
    if task is None:
        return []
    return [action_body(task.run, task.block, action) for action in task.actions]


class EntityType(StrEnum):
    STEP = "step"
    TASK = "task"
    WORKFLOW_RUN = "workflow_run"
    WORKFLOW_RUN_BLOCK = "workflow_run_block"
    THOUGHT = "thought"


def get_artifacts(call: Call) -> list[JsonObject]:
    """The artifacts of a thing, the last first; of an unknown one there are none."""
    kind, entity_id = call.params["entity_type"], call.params["entity_id"]
    if kind not in [*EntityType]:
        *others, last = (f"'{one}'" for one in EntityType)
        names = f"{', '.join(others)} or {last}"
        where = ("path", "entity_type")
        text = f"Input should be {names}"
        raise refuse([Invalid("enum", where, text, kind, {"expected": names})], reduced=False)
    return _artifacts(call, EntityType(kind), entity_id)


def get_step_artifacts(call: Call) -> list[JsonObject]:
    """The artifacts of a step of a task."""
    found = _artifacts(call, EntityType.STEP, call.params["step_id"])
    return [item for item in found if item["task_id"] == call.params["task_id"]]


def _artifacts(call: Call, kind: EntityType, entity_id: str) -> list[JsonObject]:
    rows = call.world.rows(Artifact, call.organization_id)
    bodies = [artifact_body(call, call.world.run(row.run_id), row) for row in rows]
    found = [body for body in bodies if body.get(f"{kind}_id") == entity_id]
    return sorted(found, key=lambda body: body["created_at"], reverse=True)


ENDPOINTS: Final = (
    Endpoint("older.get_steps", get_steps),
    Endpoint("older.get_actions", get_actions),
    Endpoint("older.get_artifacts", get_artifacts),
    Endpoint("older.get_step_artifacts", get_step_artifacts),
)
