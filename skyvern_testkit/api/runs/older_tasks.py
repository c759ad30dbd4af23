"""Tasks by the older API: those of their own, and those behind the blocks of workflow runs.

``skyvern tasks list`` asks here. Recorded groups ``legacytasks``, ``legacystart``.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import After, Call, Endpoint, Wait, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.runs.canceling import cancel
from skyvern_testkit.api.runs.older import (
    older_task,
    older_task_request,
    older_task_v2,
)
from skyvern_testkit.api.runs.older_views import Task, asked_for, steps, tasks
from skyvern_testkit.script import FINAL, Family
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import MICROSECOND, timestamp, timestamp_or_none
from skyvern_testkit.world import machine
from skyvern_testkit.world.failure_category import category_of_task
from skyvern_testkit.world.rows import BlockRun, Run

__all__ = ["ENDPOINTS", "task_row", "task_texts"]


class TaskStatus(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    TERMINATED = "terminated"
    COMPLETED = "completed"
    CANCELED = "canceled"


class SortBy(StrEnum):
    CREATED_AT = "created_at"
    MODIFIED_AT = "modified_at"


class Order(StrEnum):
    ASC = "asc"
    DESC = "desc"


class TasksQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10
    task_status: list[TaskStatus] | None = None
    workflow_run_id: str | None = None
    only_standalone_tasks: bool = False
    application: str | None = None
    sort: SortBy = SortBy.CREATED_AT
    order: Order = Order.DESC


# --- reading ------------------------------------------------------------------------------------


def get_task(call: Call) -> JsonObject:
    """A task with what it was asked for."""
    task = asked_for(call, f"Task {call.params['task_id']} not found")
    if task.block is None:
        run = machine.read_by_client(call.world, task.run)
        return older_task(call.world, run, call.links)
    return _behind_block(task, task.block)


def _behind_block(task: Task, block: BlockRun) -> JsonObject:
    over = block.status in FINAL
    output: JsonObject = block.output if block.has_output and block.output else {}
    return {
        "request": task.request,
        "task_id": task.id,
        "status": task.status,
        "created_at": timestamp(block.created_at),
        "modified_at": timestamp(block.modified_at),
        "extracted_information": output.get("extracted_information"),
        "action_screenshot_urls": output.get("task_screenshots"),
        "screenshot_url": None,
        "recording_url": None,
        "recording_archived": False,
        "browser_console_log_url": None,
        "downloaded_files": output.get("downloaded_files") or [],
        "downloaded_file_urls": output.get("downloaded_file_urls"),
        "failure_reason": block.failure_reason,
        "failure_category": None,
        "webhook_failure_reason": None,
        "errors": output.get("errors") or [],
        "max_steps_per_run": block.definition.get("max_steps_per_run"),
        "workflow_run_id": task.run.hidden_run_id or task.run.id,
        "queued_at": None,
        "started_at": timestamp(block.created_at + 3 * MICROSECOND),
        "finished_at": timestamp(block.modified_at) if over else None,
        "max_screenshot_scrolls": None,
        "step_count": len(steps(task)),
        "browser_session_id": task.run.browser_session_id,
    }


_NOT_LISTED: Final[JsonObject] = {
    "action_screenshot_urls": None,
    "screenshot_url": None,
    "recording_url": None,
    "downloaded_files": None,
    "downloaded_file_urls": None,
    "step_count": None,
}
"""What the list leaves out of a task."""


def get_tasks(call: Call) -> list[JsonObject]:
    """Tasks, also those of workflow runs; files and pictures are not in the list."""
    query: TasksQuery = call.query
    found = [
        task
        for task in tasks(call)
        if not (query.task_status and task.status not in query.task_status)
        and not (query.workflow_run_id and not _of_run(task, query.workflow_run_id))
        and not (query.only_standalone_tasks and task.block is not None)
        and not (query.application and task.request["application"] != query.application)
    ]
    found.sort(key=lambda task: getattr(task, query.sort), reverse=True)
    if query.order is Order.ASC:
        found.reverse()
    return [_listed(call, task) for task in page_of(found, query.page, query.page_size)]


def _of_run(task: Task, run_id: str) -> bool:
    return task.block is not None and run_id == (task.run.hidden_run_id or task.run.id)


def _listed(call: Call, task: Task) -> JsonObject:
    if task.block is None:
        return {**older_task(call.world, task.run, call.links), **_NOT_LISTED}
    return {**_behind_block(task, task.block), **_NOT_LISTED}


def task_row(run: Run) -> JsonObject:
    """A task as the older list of all runs has it: its request and its row in one."""
    return {
        **older_task_request(run),
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        "task_id": run.id,
        "status": str(run.status),
        "extracted_information": run.output,
        "failure_reason": run.failure_reason,
        "organization_id": run.organization_id,
        "workflow_run_id": None,
        "attempt_number": None,
        "workflow_permanent_id": None,
        "browser_session_id": None,
        "order": None,
        "retry": None,
        "max_steps_per_run": run.request_read_back["max_steps"],
        "errors": list(run.errors),
        "failure_category": category_of_task(run),
        "model": None,
        "queued_at": None,
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
    }


def task_texts(run: Run) -> Iterator[str]:
    """Where that list is searched."""
    asked = older_task_request(run)
    yield run.id
    for name in ("title", "url", "navigation_goal"):
        yield asked[name] or ""


# --- canceling, webhooks ------------------------------------------------------------------------


def cancel_task(call: Call) -> Generator[Wait, None, Json]:
    """Cancel a task of its own; one behind a block goes with its run."""
    task_id = call.params["task_id"]
    task = asked_for(call, f"Task not found {task_id}")
    if task.block is None:
        return cancel(call, task.run)
    if task.status in FINAL:
        raise Refusal(
            400, f"Invalid task status transition from {task.status} to canceled for {task_id}"
        )
    return cancel(call, task.run)


def retry_task_webhook(call: Call) -> Generator[Wait, None, JsonObject]:
    """Send a task's webhook once more, if it has one; the answer is the task, in the list's form."""
    task = asked_for(call, f"Task not found {call.params['task_id']}")
    run, world = task.run, call.world
    if task.block is None and run.webhook_url and run.is_over:
        effect = world.emit(
            world.new_effect(
                kind="webhook", url=run.webhook_url, run=run, api_key=run.api_key, replayed=True
            )
        )
        yield After(effect.id)
        result = world.results[effect.id]
        if result.contacted and result.status is None:
            raise ServerCrash("FailedToSendWebhook")
    body = get_task(call)
    return {**body, "step_count": None}


# --- tasks of the second kind -------------------------------------------------------------------


def get_task_v2(call: Call) -> JsonObject:
    """A 2.0 task by its own id alone."""
    task_id = call.params["task_id"]
    run = call.find(Run, task_id, f"Task v2 {task_id} not found")
    if run.family is not Family.TASK_V2:
        raise Refusal(404, f"Task v2 {task_id} not found")
    return older_task_v2(machine.read_by_client(call.world, run))


ENDPOINTS: Final = (
    Endpoint("older.get_tasks", get_tasks, query=TasksQuery),
    Endpoint("older.get_task", get_task),
    Endpoint("older.cancel_task", cancel_task),
    Endpoint("older.retry_task_webhook", retry_task_webhook),
    Endpoint("older.get_task_v2", get_task_v2),
)
