"""A task as the older API sees it: a run of its own, or what stands behind a block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from skyvern_testkit.api.call import Call
from skyvern_testkit.api.runs.listed import newest_first
from skyvern_testkit.api.runs.older import TASK_REQUEST, older_task_request
from skyvern_testkit.script import FINAL, Family
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.blocks import TASK_BLOCKS
from skyvern_testkit.world.rows import Action, BlockRun, Run

__all__ = ["Task", "asked_for", "find", "steps", "tasks"]


@dataclass(frozen=True, slots=True)
class Task:
    """A task: a run of its own, or what stands behind a block of a workflow run."""

    run: Run
    block: BlockRun | None = None

    @property
    def id(self) -> str:
        return self.run.id if self.block is None else self.block.task_id or ""

    @property
    def status(self) -> str:
        return str(self.run.status) if self.block is None else self.block.status

    @property
    def created_at(self) -> int:
        return (self.block or self.run).created_at

    @property
    def modified_at(self) -> int:
        return (self.block or self.run).modified_at

    @property
    def actions(self) -> tuple[Action, ...]:
        return (self.block or self.run).actions

    @property
    def request(self) -> JsonObject:
        if self.block is None:
            return older_task_request(self.run)
        said = self.block.definition
        return {
            **TASK_REQUEST,
            "title": said.get("title") or self.block.label,
            "url": said.get("url"),
            "navigation_goal": said.get("navigation_goal"),
            "data_extraction_goal": said.get("data_extraction_goal"),
            "navigation_payload": self.block.payload,
            "error_code_mapping": said.get("error_code_mapping"),
            "proxy_location": self.run.request_read_back.get("proxy_location"),
            "extracted_information_schema": said.get("data_schema"),
            "complete_criterion": said.get("complete_criterion"),
            "terminate_criterion": said.get("terminate_criterion"),
            "include_action_history_in_verification": self.block.block_type == "file_download",
            "include_extracted_text": self.block.block_type != "extraction",
        }


def tasks(call: Call) -> Iterator[Task]:
    """All of them, the last begun first."""
    for run in newest_first(call.world, call.organization_id):
        if run.family is Family.TASK:
            yield Task(run)
        for block in reversed(run.blocks):
            if block.task_id is not None and block.block_type in TASK_BLOCKS:
                yield Task(run, block)


def find(call: Call) -> Task | None:
    task_id = call.params["task_id"]
    return next((task for task in tasks(call) if task.id == task_id), None)


def asked_for(call: Call, refusal: str) -> Task:
    task = find(call)
    if task is None:
        raise Refusal(404, refusal)
    return task


def steps(task: Task) -> list[JsonObject]:
    """One for each action; the first is there before the agent has done anything."""
    over, failed = task.status in FINAL, task.status != "completed"
    began: dict[str, int] = {}
    for action in task.actions:
        began.setdefault(action.step_id, action.at)
    if not began and task.run.started_at is not None:
        began = {f"stp_{task.id.rpartition('_')[2]}": task.created_at}
    last = len(began) - 1
    return [
        {
            "created_at": timestamp(at),
            "modified_at": timestamp(max(at, task.modified_at) if number == last else at),
            "task_id": task.id,
            "step_id": step_id,
            "status": "completed"
            if number < last
            else ("failed" if failed else "completed")
            if over
            else "running",
            "order": number,
            "is_last": over and not failed and number == last,
            "retry_index": 0,
            "organization_id": task.run.organization_id,
            "input_token_count": 0,
            "output_token_count": 0,
            "reasoning_token_count": 0,
            "cached_token_count": 0,
            "step_cost": 0.0,
            "is_speculative": False,
        }
        for number, (step_id, at) in enumerate(began.items())
    ]
