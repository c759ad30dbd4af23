"""Running a workflow once more as it ran: ``retry_workflow_run`` (facts: runs 3.5)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.runs.checks import check_profile, check_session, ended_session
from skyvern_testkit.api.runs.listed import workflow_runs
from skyvern_testkit.api.runs.requests import WorkflowRunHeaders
from skyvern_testkit.api.runs.starting import Order, start_run
from skyvern_testkit.api.runs.workflow_runs import LOST_ON_READ_BACK, refuse_without_blocks
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.rows import Run

__all__ = ["ENDPOINTS"]


def retry_workflow_run(call: Call) -> JsonObject:
    """Begin a new run of the same version, asked for in the same way; tasks have no such thing.

    A run whose next attempt is still to come can be retried, too (recorded: ``runlistretry``).
    """
    run_id = call.params["workflow_run_id"]
    runs = workflow_runs(call.world, call.organization_id)
    run = next((run for run in runs if run.id == run_id), None)
    if run is None:
        raise Refusal(404, f"Workflow run not found {run_id}")
    if not run.is_over:
        raise Refusal(400, "Only terminal workflow runs can be retried")
    workflow = workflow_of(call.world, run)
    if workflow is None or call.world.workflow(workflow.permanent_id, call.organization_id) is None:
        raise Refusal(404, f"Workflow not found for run {run_id}")
    refuse_without_blocks(workflow)  # which the workflow behind a 2.0 task is
    _check_session(call, run)
    chosen = run.browser_profile_id if run.browser_seed_source == "override" else None
    check_profile(call, chosen)
    asked = run.request_read_back
    made_by_server = run.origin in ("login", "download_files")
    echo: JsonObject = {
        **run.request,
        "workflow_id": workflow.permanent_id,
        "title": workflow.title,
        "parameters": asked["parameters"] or {},
        "proxy_location": asked["proxy_location"],
        "webhook_url": run.webhook_url,
        "run_with": run.run_with,
        "max_elapsed_time_minutes": run.request["max_elapsed_time_minutes"]
        or workflow.settings.get("max_elapsed_time_minutes"),
        "extra_http_headers": run.extra_http_headers or ({} if made_by_server else None),
        "cdp_connect_headers": run.request["cdp_connect_headers"]
        or ({} if made_by_server else None),
    }
    return start_run(
        call,
        Order(
            origin=run.origin,
            workflow=workflow,
            echo=echo,
            read_back={**echo, **dict.fromkeys(LOST_ON_READ_BACK)},
            parameters=echo["parameters"],
            prompt=run.input.prompt,
            url=run.input.url,
            webhook_url=run.webhook_url,
            totp_identifier=run.totp_identifier,
            totp_url=run.totp_url,
            credential_id=run.credential_id,
            browser_session_id=run.browser_session_id,
            browser_profile_id=chosen,
            max_elapsed_minutes=echo["max_elapsed_time_minutes"],
            unreadable=run.unreadable,
            run_with=run.run_with,
            ai_fallback=run.ai_fallback,
        ),
    )


def _check_session(call: Call, run: Run) -> None:
    """A session that the server made for the run is over with it (seen of runs that a person held)."""
    session_id = run.browser_session_id
    if session_id is not None and session_id != run.request.get("browser_session_id"):
        raise ended_session(session_id, "completed")
    check_session(call, session_id)


ENDPOINTS: Final = (Endpoint("retry_workflow_run", retry_workflow_run, headers=WorkflowRunHeaders),)
