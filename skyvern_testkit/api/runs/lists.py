"""Lists of runs: ``get_runs_v2``, ``get_workflow_runs``, ``get_workflow_runs_by_id`` (facts: runs 7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.runs.listed import (
    WorkflowRunStatus,
    behind,
    contains,
    list_item,
    newest_first,
    search_texts,
    workflow_run_row,
    workflow_runs,
)
from skyvern_testkit.api.tags.searching import MAX_TERMS, tagged
from skyvern_testkit.script import Family
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import from_datetime
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.failure_category import main_category
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.tags import Kind

__all__ = ["ENDPOINTS", "RunsOfWorkflowQuery", "get_workflow_runs_by_id"]


class RunStatus(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    TIMED_OUT = "timed_out"
    FAILED = "failed"
    TERMINATED = "terminated"
    COMPLETED = "completed"
    CANCELED = "canceled"


class RunType(StrEnum):
    TASK_V1 = "task_v1"
    TASK_V2 = "task_v2"
    TASK_V3 = "task_v3"
    WORKFLOW_RUN = "workflow_run"
    OPENAI_CUA = "openai_cua"
    ANTHROPIC_CUA = "anthropic_cua"
    UI_TARS = "ui_tars"
    YUTORI_NAVIGATOR = "yutori_navigator"


_Hundred = Annotated[int, Field(ge=1, le=100)]
_AtLeastOne = Annotated[int, Field(ge=1)]
_Searched = Annotated[str, Field(max_length=500)]


class RunsQuery(Lazy):
    page: _Hundred = 1
    page_size: _Hundred = 10
    status: list[RunStatus] | None = None
    search_key: Annotated[str, Field(min_length=3)] | None = None
    run_type: list[RunType] | None = None
    workflow_permanent_id: Annotated[list[str], Field(max_length=50)] | None = None
    tags: Annotated[list[str], Field(max_length=MAX_TERMS)] | None = None
    failure_category: Annotated[str, Field(max_length=100)] | None = None


class WorkflowRunsQuery(Lazy):
    page: _AtLeastOne = 1
    page_size: _AtLeastOne = 10
    status: list[WorkflowRunStatus] | None = None
    search_key: _Searched | None = None
    error_code: _Searched | None = None


class RunsOfWorkflowQuery(WorkflowRunsQuery):
    created_at_start: datetime | None = None
    created_at_end: datetime | None = None
    tags: Annotated[list[str], Field(max_length=MAX_TERMS)] | None = None
    include_child_runs: bool = False


def get_runs_v2(call: Call) -> list[JsonObject]:
    """All kinds of runs, newest first."""
    query: RunsQuery = call.query
    tags = tagged(call.world, call.organization_id, Kind.RUN, query.tags)
    found = [
        run
        for run in _listed(call, query)
        if not (query.status and str(run.status) not in query.status)
        and not (query.run_type and run.run_type not in query.run_type)
        and not (query.workflow_permanent_id is not None and not _of_workflow(run, query))
        and not (query.search_key and not contains(search_texts(call.world, run), query.search_key))
        and (tags is None or run.id in tags)
        and (not query.failure_category or query.failure_category == main_category(run))
    ]
    return [list_item(call.world, run) for run in page_of(found, query.page, query.page_size)]


def _of_workflow(run: Run, query: RunsQuery) -> bool:
    """Tasks have no workflow here, not even those that are backed by one."""
    ids = query.workflow_permanent_id or []
    return run.family is Family.WORKFLOW and run.workflow_permanent_id in ids


def _listed(call: Call, query: RunsQuery) -> Iterator[Run]:
    """The runs; who searches finds those behind 2.0 tasks, too.

    Recorded: ``runlists.q.search_key~wr_``, ``legacystart.v.behind.runs``.
    """
    for run in newest_first(call.world, call.organization_id):
        if not run.is_listed or run.parent_run_id is not None:
            continue
        yield run
        hidden = behind(run)
        if hidden is not None and (query.search_key or query.workflow_permanent_id):
            yield hidden


def get_workflow_runs(call: Call) -> list[JsonObject]:
    """The runs of workflows, those behind 2.0 tasks and those of deleted workflows among them."""
    query: WorkflowRunsQuery = call.query
    runs = workflow_runs(call.world, call.organization_id)
    return _page(
        call, [run for run in runs if run.parent_run_id is None and _fits(call, run, query)]
    )


def get_workflow_runs_by_id(call: Call) -> list[JsonObject]:
    """The runs of one workflow; of an unknown one there are none.

    Those that blocks of other runs have started are hidden unless they are asked for.
    """
    query: RunsOfWorkflowQuery = call.query
    workflow_id, who = call.params["workflow_id"], call.organization_id
    if not call.world.workflow_versions(workflow_id, who):
        advise(call.world, "runs_of_nobody", organization_id=who, workflow=workflow_id)
    tags = tagged(call.world, call.organization_id, Kind.RUN, query.tags)
    start, end = _instant(query.created_at_start), _instant(query.created_at_end)
    found = [
        run
        for run in workflow_runs(call.world, call.organization_id)
        if run.workflow_permanent_id == call.params["workflow_id"]
        and (query.include_child_runs or run.parent_run_id is None)
        and _fits(call, run, query)
        and (tags is None or run.id in tags)
        and not (start is not None and run.created_at < start)
        and not (end is not None and run.created_at >= end)
    ]
    return _page(call, found)


def _fits(call: Call, run: Run, query: WorkflowRunsQuery) -> bool:
    codes = {error.get("error_code") for error in run.errors}
    return not (
        (query.status and str(run.status) not in query.status)
        or (query.error_code and query.error_code not in codes)
        or (query.search_key and not contains(search_texts(call.world, run), query.search_key))
    )


def _page(call: Call, found: list[Run]) -> list[JsonObject]:
    query: WorkflowRunsQuery = call.query
    page = page_of(found, query.page, query.page_size)
    return [workflow_run_row(call.world, run) for run in page]


def _instant(moment: datetime | None) -> int | None:
    return None if moment is None else from_datetime(moment)


ENDPOINTS: Final = (
    Endpoint("get_runs_v2", get_runs_v2, query=RunsQuery),
    Endpoint("get_workflow_runs", get_workflow_runs, query=WorkflowRunsQuery),
    Endpoint("get_workflow_runs_by_id", get_workflow_runs_by_id, query=RunsOfWorkflowQuery),
)
