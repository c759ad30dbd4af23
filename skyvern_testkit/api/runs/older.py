"""Runs in the words of the older API, which webhooks repeat (facts: runs 8)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.runs.answers import (
    attempt_body,
    attempts_of,
    downloads,
    last_screenshot_url,
    queued_at,
    recording_url,
    run_body,
)
from skyvern_testkit.script import State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.failure_category import (
    category_of_task,
    category_of_task_v2,
    category_of_workflow_run,
)
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = [
    "TASK_REQUEST",
    "older_task",
    "older_task_request",
    "older_task_v2",
    "older_workflow_run",
]

TASK_REQUEST: Final[JsonObject] = {
    "title": None,
    "url": None,
    "webhook_callback_url": None,
    "webhook_failure_reason": None,
    "totp_verification_url": None,
    "totp_identifier": None,
    "navigation_goal": None,
    "data_extraction_goal": None,
    "navigation_payload": None,
    "error_code_mapping": None,
    "workflow_system_prompt": None,
    "proxy_location": None,
    "extracted_information_schema": None,
    "extra_http_headers": None,
    "cdp_connect_headers": None,
    "complete_criterion": None,
    "terminate_criterion": None,
    "task_type": "general",
    "application": None,
    "include_action_history_in_verification": False,
    "max_screenshot_scrolls": None,
    "browser_address": None,
    "download_timeout": None,
    "include_extracted_text": True,
}
"""What a task was asked for, where nothing was said."""


def older_task_request(run: Run) -> JsonObject:
    """The request of a task."""
    return {
        **TASK_REQUEST,
        **run.older_request,
        "webhook_failure_reason": run.webhook_failure_reason,
    }


def older_task(world: World, run: Run, links: Links) -> JsonObject:
    """A task of its own; those of workflow runs are told by their blocks."""
    new = run_body(world, run, links)
    shots, files = new["screenshot_urls"], new["downloaded_files"]
    read_back = run.request_read_back
    return {
        "request": older_task_request(run),
        "task_id": run.id,
        "status": new["status"],
        "created_at": new["created_at"],
        "modified_at": new["modified_at"],
        "extracted_information": run.output,
        "action_screenshot_urls": shots,
        "screenshot_url": last_screenshot_url(world, run, links),
        "recording_url": new["recording_url"],
        "recording_archived": False,
        "browser_console_log_url": None,
        "downloaded_files": files,
        "downloaded_file_urls": [item["url"] for item in files or ()] or None,
        "failure_reason": run.failure_reason,
        "failure_category": category_of_task(run),
        "webhook_failure_reason": run.webhook_failure_reason,
        "errors": new["errors"],
        "max_steps_per_run": read_back["max_steps"],
        "workflow_run_id": None,
        "queued_at": new["queued_at"],
        "started_at": new["started_at"],
        "finished_at": new["finished_at"],
        "max_screenshot_scrolls": read_back["max_screenshot_scrolls"],
        "step_count": run.step_count,
        "browser_session_id": None,
    }


_SUMMARY: Final = "The task is done."
"""A model's words in the real server."""


def older_task_v2(run: Run) -> JsonObject:
    """A 2.0 task."""
    asked = run.request
    return {
        "task_id": run.id,
        "status": str(run.status),
        "organization_id": run.organization_id,
        "workflow_run_id": run.hidden_run_id,
        "workflow_id": run.workflow_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "prompt": asked["prompt"],
        "url": asked["url"],
        "summary": _SUMMARY if run.status is State.COMPLETED else None,
        "output": run.output,
        "totp_verification_url": asked["totp_url"],
        "totp_identifier": asked["totp_identifier"],
        "proxy_location": asked["proxy_location"],
        "webhook_callback_url": asked["webhook_url"],
        "webhook_failure_reason": run.webhook_failure_reason,
        "extracted_information_schema": asked["data_extraction_schema"],
        "error_code_mapping": asked["error_code_mapping"],
        "workflow_system_prompt": None,
        "model": None,
        "queued_at": timestamp_or_none(run.queued_at),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "max_screenshot_scrolling_times": asked["max_screenshot_scrolls"],
        "extra_http_headers": None,
        "cdp_connect_headers": None,
        "browser_address": None,
        "run_with": None,
        "failure_category": category_of_task_v2(run),
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        **run.older_request,
    }


def older_workflow_run(world: World, run: Run, links: Links) -> JsonObject:
    """A run of a workflow."""
    new = run_body(world, run, links)
    asked = run.request_read_back
    workflow = workflow_of(world, run)
    files = downloads(world, run, links)
    recording = recording_url(world, run, links)
    nothing: JsonObject | None = {} if run.origin in ("login", "download_files") else None
    return {
        "workflow_id": run.workflow_permanent_id,
        "workflow_run_id": run.id,
        "status": new["status"],
        "attempt": run.attempt,
        "retry_pending": run.retry_pending,
        "next_attempt_at": timestamp_or_none(run.next_attempt_at),
        "attempts": [attempt_body(entry) for entry in attempts_of(run)],
        "failure_reason": run.failure_reason,
        "failure_category": category_of_workflow_run(run),
        "retried_from_workflow_run_id": None,
        "retried_by_workflow_run_id": None,
        "proxy_location": asked["proxy_location"],
        "webhook_callback_url": run.webhook_url,
        "webhook_failure_reason": run.webhook_failure_reason,
        "totp_verification_url": asked["totp_url"],
        "totp_identifier": asked["totp_identifier"],
        "extra_http_headers": run.extra_http_headers or nothing,
        "cdp_connect_headers": run.request["cdp_connect_headers"] or nothing,
        "queued_at": queued_at(run),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        "parameters": asked["parameters"] or {},
        "screenshot_urls": new["screenshot_urls"],
        "recording_url": recording,
        "recording_urls": [recording] if recording else None,
        "recording_archived": False,
        "downloaded_files": files,
        "downloaded_file_urls": [item["url"] for item in files] or None,
        "outputs": new["output"],
        "total_steps": run.step_count,
        "total_cost": None,
        "credits_used": run.credits,
        "cached_credits_used": 0,
        "task_v2": None,
        "workflow_title": workflow.title if workflow else None,
        "browser_session_id": run.browser_session_id,
        "browser_profile_id": run.browser_profile_id,
        "browser_seed_source": run.browser_seed_source,
        "browser_sink_profile_id": None,
        "max_screenshot_scrolls": new["max_screenshot_scrolls"],
        "browser_address": asked["browser_address"],
        "run_with": run.run_with,
        "browser_type": None,
        "script_run": None,
        "script_id": None,
        "errors": new["errors"],
        "agent_id": run.workflow_permanent_id,
        "agent_run_id": run.id,
    }
