"""Runs as lists have them: who is found, how a row looks (facts: runs 7, resources 14)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from enum import StrEnum

from skyvern_testkit.api.runs.answers import queued_at
from skyvern_testkit.api.runs.requests import workflow_echo
from skyvern_testkit.script import Family, family_of
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import MICROSECOND, timestamp, timestamp_or_none
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.failure_category import category_of_workflow_run
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = [
    "WorkflowRunStatus",
    "behind",
    "contains",
    "inputs_of",
    "is_behind",
    "list_item",
    "newest_first",
    "search_texts",
    "title_of",
    "workflow_run_row",
    "workflow_runs",
]


class WorkflowRunStatus(StrEnum):
    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    FAILED = "failed"
    TERMINATED = "terminated"
    CANCELED = "canceled"
    TIMED_OUT = "timed_out"
    COMPLETED = "completed"
    PAUSED = "paused"


# --- which runs there are -----------------------------------------------------------------------


def newest_first(world: World, organization_id: str) -> list[Run]:
    """The runs of an organisation, those made last first."""
    return list(world.rows(Run, organization_id))[::-1]


def behind(run: Run) -> Run | None:
    """The workflow run behind a 2.0 task, which some lists show as a run of its own."""
    if run.hidden_run_id is None:
        return None
    asked = workflow_echo(
        workflow_id=run.workflow_permanent_id,
        parameters={},
        proxy_location=run.request["proxy_location"],
    )
    return replace(
        run,
        id=run.hidden_run_id,
        run_type="workflow_run",
        hidden_run_id=None,
        request=asked,
        request_read_back=asked,
        output=None,
        webhook_url=None,
        webhook_failure_reason=None,
    )


def is_behind(run: Run) -> bool:
    """Is it the workflow run behind a 2.0 task?"""
    return run.family is Family.WORKFLOW and family_of(run.input.run_type) is Family.TASK_V2


def workflow_runs(world: World, organization_id: str) -> Iterator[Run]:
    """The runs of workflows, those behind 2.0 tasks among them, newest first."""
    for run in newest_first(world, organization_id):
        if run.family is Family.WORKFLOW:
            yield run
        hidden = behind(run)
        if hidden is not None:
            yield hidden


# --- searching ----------------------------------------------------------------------------------


def contains(texts: Iterator[str], key: str) -> bool:
    """Is the text in one of them? Letters of either case are the same, signs mean themselves."""
    return any(key.lower() in text.lower() for text in texts)


def search_texts(world: World, run: Run) -> Iterator[str]:
    """Where a search looks (recorded groups ``runlists`` and ``runlistwf``)."""
    yield run.id
    yield title_of(world, run) or ""
    if run.family is not Family.WORKFLOW:
        yield run.input.url or ""
        return
    yield run.workflow_permanent_id or ""
    yield from inputs_of(run)


def inputs_of(run: Run) -> Iterator[str]:
    """What a workflow run was given, as far as searches look: its parameters, and some settings."""
    parameters: JsonObject = run.request_read_back.get("parameters") or {}
    for key, value in parameters.items():
        yield key
        yield value if isinstance(value, str) else json.dumps(value)
    yield run.webhook_url or ""
    yield run.browser_profile_id or ""
    yield run.browser_session_id or ""
    yield json.dumps(run.extra_http_headers or "")


# --- rows ---------------------------------------------------------------------------------------


def title_of(world: World, run: Run) -> str | None:
    """The title of the version of the workflow that ran; of a task that which was asked for."""
    if run.family is Family.TASK:
        return run.input.title
    workflow = workflow_of(world, run)
    return workflow.title if workflow else None


def list_item(world: World, run: Run) -> JsonObject:
    """A row of ``get_runs_v2``. It is a row of its own, made a moment after the run.

    The run behind a 2.0 task has none, so its own id stands there (recorded: ``runlists``).
    """
    workflow = run.family is Family.WORKFLOW
    permanent_id = run.workflow_permanent_id if workflow else None
    gone = permanent_id is not None and world.workflow(permanent_id, run.organization_id) is None
    return {
        "task_run_id": run.id if is_behind(run) else f"tr_{_number_of(run)}",
        "run_id": run.id,
        "task_run_type": run.run_type,
        "status": str(run.status),
        "title": title_of(world, run),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "created_at": timestamp(run.created_at + 6 * MICROSECOND),
        "workflow_permanent_id": permanent_id,
        "workflow_deleted": gone,
        "script_run": False,
        "trigger_type": run.trigger_type if workflow else None,
        "created_by": run.created_by if workflow else None,
        "attempt": run.attempt,
        "retry_pending": run.retry_pending,
        "next_attempt_at": timestamp_or_none(run.next_attempt_at),
    }


def _number_of(run: Run) -> str:
    """The number in a run's id; a scheduled run has none there, so it is made of what it has."""
    last = run.id.rpartition("_")[2]
    if not run.id.startswith("wr_sched_"):
        return last
    return str(10**17 + int(last, 16) % 10**17 // 2 * 2)


def workflow_run_row(world: World, run: Run) -> JsonObject:
    """A row of ``get_workflow_runs``. It names no attempts, whatever ``get_run`` tells of them."""
    asked, echo = run.request_read_back, run.request
    workflow = workflow_of(world, run)
    settings: JsonObject = workflow.settings if workflow else {}
    nothing: Json = {} if run.origin in ("login", "download_files") else None
    masked = dict.fromkeys(settings.get("cdp_connect_headers") or {}, "***")
    own_memory = run.browser_seed_source == "own_memory"
    return {
        "workflow_run_id": run.id,
        "workflow_id": run.workflow_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "organization_id": run.organization_id,
        "browser_session_id": run.browser_session_id,
        "browser_profile_id": run.browser_profile_id,
        "browser_seed_source": run.browser_seed_source,
        "browser_sink_profile_id": run.browser_profile_id if own_memory else None,
        "start_fresh_browser": bool(asked.get("start_fresh_browser")),
        "reuse_browser_session": echo.get("reuse_browser_session"),
        "debug_session_id": None,
        "status": str(run.status),
        "attempt": run.attempt,
        "retry_pending": run.retry_pending,
        "next_attempt_at": timestamp_or_none(run.next_attempt_at),
        "attempts": [],
        "extra_http_headers": run.extra_http_headers or nothing,
        "cdp_connect_headers": echo.get("cdp_connect_headers") or masked or nothing,
        "proxy_location": asked.get("proxy_location"),
        "webhook_callback_url": run.webhook_url,
        "webhook_failure_reason": run.webhook_failure_reason,
        "totp_verification_url": asked.get("totp_url"),
        "totp_identifier": asked.get("totp_identifier"),
        "failure_reason": run.failure_reason,
        "failure_category": category_of_workflow_run(run),
        "retried_from_workflow_run_id": None,
        "fallback_attempt": None,
        "parent_workflow_run_id": run.parent_run_id,
        "workflow_title": workflow.title if workflow else None,
        "max_screenshot_scrolls": asked.get("max_screenshot_scrolls"),
        "max_elapsed_time_minutes": echo.get("max_elapsed_time_minutes")
        or settings.get("max_elapsed_time_minutes"),
        "browser_address": asked.get("browser_address"),
        "run_with": run.run_with,
        "browser_type": None,
        "browser_settings": None,
        "browser_settings_receipt": None,
        "script_run": None,
        "job_id": None,
        "depends_on_workflow_run_id": None,
        "sequential_key": settings.get("sequential_key") if run.in_turn else None,
        "sequential_credential_id": None,
        "ai_fallback": run.ai_fallback,
        "code_gen": None,
        "trigger_type": run.trigger_type,
        "workflow_schedule_id": run.workflow_schedule_id,
        "ignore_inherited_workflow_system_prompt": False,
        "copilot_session_id": None,
        "created_by": run.created_by,
        "credits_used": run.credits,
        "cached_credits_used": 0,
        "queued_at": queued_at(run),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
    }
