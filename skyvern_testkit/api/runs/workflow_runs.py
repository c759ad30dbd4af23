"""Starting a run of a workflow: ``run_workflow``."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api import advising
from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import checked_url, stored_proxy
from skyvern_testkit.api.runs.checks import check_profile, check_session
from skyvern_testkit.api.runs.parameters import credential_of, resolve
from skyvern_testkit.api.runs.requests import (
    WorkflowRunHeaders,
    WorkflowRunQuery,
    WorkflowRunRequest,
    workflow_echo,
)
from skyvern_testkit.api.runs.starting import Order, known_runner, start_run
from skyvern_testkit.api.runs.tasks import masked, plain
from skyvern_testkit.api.uploads import check_files
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Workflow

__all__ = ["ENDPOINTS", "LOST_ON_READ_BACK", "find_workflow", "refuse_without_blocks"]

LOST_ON_READ_BACK: Final = (
    "max_elapsed_time_minutes",
    "run_with",
    "ai_fallback",
    "run_metadata",
    "extra_http_headers",
    "cdp_connect_headers",
    "file_ids",
    "reuse_browser_session",
)
"""Fields of ``run_request`` that a later GET no longer has (facts: runs 2)."""


def run_workflow(call: Call) -> JsonObject:
    """Accept a run of a workflow (facts: runs 2 and 5)."""
    asked: WorkflowRunRequest = call.body
    webhook_url = asked.webhook_url
    if webhook_url:
        webhook_url = checked_url(webhook_url, "webhook_url")
    totp_url = asked.totp_url
    if totp_url:
        totp_url = checked_url(totp_url, "totp_url")
    check_files(call, asked.file_ids)
    if asked.browser_type is not None:
        raise Refusal(
            400,
            f"browser_type={asked.browser_type!r} is not supported by this runtime: it has no "
            "dynamic-browser capability to honor an explicit engine selection. Remove the "
            "browser_type setting or run on Skyvern Cloud.",
        )
    workflow = find_workflow(call, asked.agent_id, template=call.query.template)
    parameters = resolve(call, workflow, asked.parameters)
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)
    echo = workflow_echo(
        workflow_id=workflow.permanent_id,
        parameters=asked.parameters,
        title=workflow.title,
        proxy_location=plain(asked.proxy_location),
        webhook_url=webhook_url,
        totp_url=totp_url,
        totp_identifier=asked.totp_identifier,
        browser_session_id=asked.browser_session_id,
        reuse_browser_session=asked.reuse_browser_session,
        browser_profile_id=asked.browser_profile_id,
        start_fresh_browser=asked.start_fresh_browser,
        max_screenshot_scrolls=asked.max_screenshot_scrolls,
        max_elapsed_time_minutes=asked.max_elapsed_time_minutes,
        extra_http_headers=asked.extra_http_headers,
        cdp_connect_headers=masked(asked.cdp_connect_headers),
        browser_address=asked.browser_address,
        ai_fallback=asked.ai_fallback,
        run_with=known_runner(asked.run_with),
        run_metadata=asked.run_metadata,
        file_ids=asked.file_ids,
    )
    answer = start_run(
        call,
        Order(
            origin="run_workflow",
            workflow=workflow,
            echo=echo,
            read_back={
                **echo,
                "parameters": parameters.values,
                "proxy_location": stored_proxy(echo["proxy_location"]),
                **dict.fromkeys(LOST_ON_READ_BACK),
            },
            parameters=parameters.values,
            unreadable=parameters.unreadable,
            webhook_url=webhook_url,
            credential_id=credential_of(call, workflow, parameters.values),
            browser_session_id=asked.browser_session_id,
            browser_profile_id=asked.browser_profile_id,
            max_elapsed_minutes=asked.max_elapsed_time_minutes,
            run_with=known_runner(asked.run_with),
            ai_fallback=asked.ai_fallback,
            file_ids=asked.file_ids or (),
        ),
    )
    advising.on_workflow_run(call, asked, workflow, answer["run_id"])
    return answer


def find_workflow(
    call: Call, workflow_id: str, *, template: bool, version: int | None = None
) -> Workflow:
    """The workflow to be run.

    Raises:
        Refusal: 400 for a template, and where there is nothing to run; 404 for an unknown one.
    """
    if template:
        raise Refusal(
            400,
            f"Invalid template workflow permanent id: {workflow_id}. "
            "Please make sure the workflow is a valid template.",
        )
    workflow = call.world.workflow(workflow_id, call.organization_id)
    if workflow is not None and version is not None:
        versions = call.world.workflow_versions(workflow_id, call.organization_id)
        workflow = next((row for row in versions if row.version == version), None)
    if workflow is None:
        known = f"workflow_permanent_id={workflow_id}" if workflow_id else ""
        wanted = f", version={version}" if version is not None else ""
        raise Refusal(404, f"Workflow not found. {known}{wanted}")
    refuse_without_blocks(workflow)
    return workflow


def refuse_without_blocks(workflow: Workflow) -> None:
    """Refuse to run what does nothing."""
    if not workflow.blocks:
        raise Refusal(
            400,
            f"Workflow {workflow.permanent_id} has no blocks to run. "
            "Add at least one block before running it.",
        )


ENDPOINTS: Final = (
    Endpoint(
        "run_workflow",
        run_workflow,
        body=WorkflowRunRequest,
        query=WorkflowRunQuery,
        headers=WorkflowRunHeaders,
    ),
)
