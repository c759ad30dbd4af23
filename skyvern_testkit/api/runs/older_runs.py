"""Runs of workflows by the older API, which Skyvern's own command line and tools ask.

It has no page of its own in the server's reference; recorded groups ``legacyruns``, ``runlistwf``.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint, Wait, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.runs.canceling import cancel
from skyvern_testkit.api.runs.listed import (
    WorkflowRunStatus,
    behind,
    contains,
    inputs_of,
    is_behind,
    newest_first,
    workflow_run_row,
    workflow_runs,
)
from skyvern_testkit.api.runs.lists import RunsOfWorkflowQuery, get_workflow_runs_by_id
from skyvern_testkit.api.runs.older import older_task_v2, older_workflow_run
from skyvern_testkit.api.runs.older_tasks import task_row, task_texts
from skyvern_testkit.api.runs.reading import find_run, refuse_without_workflow
from skyvern_testkit.api.runs.timeline import timeline_body
from skyvern_testkit.api.workflows.answers import render
from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world import machine
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.rows import Run, Session

__all__ = ["ENDPOINTS"]


def _workflow_run(call: Call, refusal: str) -> Run:
    """The caller's workflow run that the path names, also one behind a 2.0 task.

    Raises:
        Refusal: 404 with that text.
    """
    run_id = call.params["workflow_run_id"]
    runs = workflow_runs(call.world, call.organization_id)
    run = next((run for run in runs if run.id == run_id), None)
    if run is None:
        raise Refusal(404, refusal)
    return run


def _read(call: Call, run: Run) -> Run:
    """It was read: that may let it go on."""
    if is_behind(run):
        return run
    return machine.read_by_client(call.world, run)


# --- reading ------------------------------------------------------------------------------------


def get_workflow_run(call: Call) -> JsonObject:
    """A workflow run; only the route under its workflow counts the steps."""
    run_id = call.params["workflow_run_id"]
    run = _workflow_run(call, f"WorkflowRun {run_id} not found")
    if run.unreadable is not None:
        raise Refusal(400, run.unreadable)
    refuse_without_workflow(call, run)
    run = _read(call, run)
    counted: JsonObject = {} if "workflow_id" in call.params else {"total_steps": None}
    return {**_body(call, run), **counted}


def get_workflow_and_run(call: Call) -> JsonObject:
    """A workflow run with the version of the workflow that it ran, deleted or not."""
    run_id = call.params["workflow_run_id"]
    run = _workflow_run(call, f"Workflow not found for workflow run {run_id}")
    run = _read(call, run)
    body = _body(call, run)
    workflow = workflow_of(call.world, run)
    ids = {name: body.pop(name) for name in ("agent_id", "agent_run_id")}
    return {**body, "workflow": render(workflow) if workflow else None, **ids}


def _body(call: Call, run: Run) -> JsonObject:
    """A workflow run; one behind a 2.0 task names the task (recorded: ``legacystart.v.behind``)."""
    body = older_workflow_run(call.world, run, call.links)
    if is_behind(run):
        body["task_v2"] = older_task_v2(call.world.run(run.input.run_id))
    return body


class TimelineQuery(Lazy):
    """Checked, and no more: a timeline is not told in pages."""

    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 20


def get_timeline(call: Call) -> list[JsonObject]:
    """What a run did; which workflow the path names does not matter, and of no run it is empty."""
    try:
        run = find_run(call, call.params["workflow_run_id"], "", hidden_too=True)
    except Refusal:
        return []
    if run.family is Family.TASK:
        return []
    return timeline_body(call.world, run, call.links)


# --- lists --------------------------------------------------------------------------------------


class RunsQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10
    status: list[WorkflowRunStatus] | None = None
    search_key: str | None = None


def get_runs(call: Call) -> list[JsonObject]:
    """Workflow runs, those behind 2.0 tasks too, and tasks in one list, newest first."""
    query: RunsQuery = call.query
    found = [
        run
        for made in newest_first(call.world, call.organization_id)
        if (run := behind(made) if made.family is Family.TASK_V2 else made)
        and not (query.status and str(run.status) not in query.status)
        and not (query.search_key and not _mentions(run, query.search_key))
    ]
    start = (query.page - 1) * query.page_size
    return [  # of lists of its own, so that no page is too far for the database
        workflow_run_row(call.world, run) if run.family is Family.WORKFLOW else task_row(run)
        for run in found[start : start + query.page_size]
    ]


def _mentions(run: Run, key: str) -> bool:
    """This list does not know the titles of workflows, nor which workflow ran."""
    if run.family is Family.TASK:
        return contains(task_texts(run), key)
    return contains(iter((run.id, *inputs_of(run))), key)


class RunsOfSessionQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 10


def get_runs_of_browser_session(call: Call) -> list[JsonObject]:
    """The workflow runs that asked for a browser session, newest first."""
    session_id = call.params["browser_session_id"]
    call.find(Session, session_id, f"Browser session {session_id} not found")
    found = [
        run
        for run in newest_first(call.world, call.organization_id)
        if run.family is Family.WORKFLOW and run.browser_session_id == session_id
    ]
    page = page_of(found, call.query.page, call.query.page_size)
    return [workflow_run_row(call.world, run) for run in page]


# --- canceling and going on ---------------------------------------------------------------------


def cancel_workflow_run(call: Call) -> Generator[Wait, None, Json]:
    """Cancel a workflow run; which browser session the path names does not matter."""
    refusal = f"Workflow run not found {call.params['workflow_run_id']}"
    run = _workflow_run(call, refusal)
    return cancel(call, find_run(call, run.id, refusal, hidden_too=True))


def continue_workflow_run(call: Call) -> None:
    """Let a run go on that waits for a person; any other counts as not found.

    What the real server answers then was never recorded: it needs a mail that goes out.
    """
    run_id = call.params["workflow_run_id"]
    run = _workflow_run(call, f"Workflow run not found {run_id}")
    if run.status is not State.PAUSED:
        raise Refusal(404, f"Workflow run not found {run_id}")
    machine.let_go_on(call.world, run)


ENDPOINTS: Final = (
    Endpoint("get_workflow_and_run", get_workflow_and_run),
    Endpoint("older.get_workflow_run", get_workflow_run),
    Endpoint("older.get_workflow_run_of_workflow", get_workflow_run),
    Endpoint("older.get_workflow_run_timeline", get_timeline, query=TimelineQuery),
    Endpoint("older.get_workflow_runs_by_id", get_workflow_runs_by_id, query=RunsOfWorkflowQuery),
    Endpoint("older.get_runs", get_runs, query=RunsQuery),
    Endpoint("get_runs_of_browser_session", get_runs_of_browser_session, query=RunsOfSessionQuery),
    Endpoint("older.cancel_workflow_run", cancel_workflow_run),
    Endpoint("older.cancel_workflow_run_of_browser_session", cancel_workflow_run),
    Endpoint("continue_workflow_run", continue_workflow_run),
)
