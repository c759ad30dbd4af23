"""Starting tasks and workflow runs by the older API (recorded group ``legacystart``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final, Literal

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import (
    BrowserAddress,
    Lazy,
    ProxyLocation,
    ProxyTarget,
    Scrolls,
    WorkflowProxy,
    check_browser_address,
    checked_url,
    stored_proxy,
)
from skyvern_testkit.api.runs.checks import check_profile, check_session
from skyvern_testkit.api.runs.older import older_task_v2
from skyvern_testkit.api.runs.parameters import credential_of, resolve
from skyvern_testkit.api.runs.requests import WorkflowRunHeaders, workflow_echo
from skyvern_testkit.api.runs.starting import Order, known_runner, start_run
from skyvern_testkit.api.runs.tasks import TaskOrder, begin_task, masked, plain
from skyvern_testkit.api.runs.workflow_runs import LOST_ON_READ_BACK, find_workflow
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


class TaskType(StrEnum):
    general = "general"
    validation = "validation"
    action = "action"


class TaskBody(Lazy):
    title: str | None = None
    url: str
    webhook_callback_url: str | None = None
    totp_verification_url: str | None = None
    totp_identifier: str | None = None
    navigation_goal: str | None = None
    data_extraction_goal: str | None = None
    navigation_payload: dict[str, Any] | list[Any] | str | None = None
    error_code_mapping: dict[str, str] | None = None
    workflow_system_prompt: str | None = None
    proxy_location: ProxyTarget = None
    extracted_information_schema: dict[str, Any] | list[Any] | str | None = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    complete_criterion: str | None = None
    terminate_criterion: str | None = None
    task_type: Literal[TaskType.general, TaskType.validation, TaskType.action] | None = (
        TaskType.general
    )
    application: str | None = None
    include_action_history_in_verification: bool | None = False
    max_screenshot_scrolls: int | None = None
    browser_address: BrowserAddress = None
    include_extracted_text: bool | None = True
    browser_session_id: str | None = None


_KEPT: Final = (
    "title",
    "totp_identifier",
    "navigation_goal",
    "data_extraction_goal",
    "navigation_payload",
    "error_code_mapping",
    "workflow_system_prompt",
    "extracted_information_schema",
    "extra_http_headers",
    "complete_criterion",
    "terminate_criterion",
    "application",
    "include_action_history_in_verification",
    "max_screenshot_scrolls",
    "browser_address",
    "include_extracted_text",
)
"""What is read back as it was sent; the kind of the task is ``general`` whatever was asked for."""


def run_task(call: Call) -> JsonObject:
    """Accept a task of the 1.0 engine; without a goal, too, but then ``get_run`` cannot read it."""
    asked: TaskBody = call.body
    if not asked.url:
        raise Refusal(400, "Invalid url: malformed.")
    url = checked_url(asked.url, "url")
    webhook_url = checked_url(asked.webhook_callback_url or None, "webhook_callback_url")
    totp_url = checked_url(asked.totp_verification_url or None, "totp_verification_url")
    check_session(call, asked.browser_session_id)
    proxy = plain(asked.proxy_location)
    run = begin_task(
        call,
        TaskOrder(
            origin="run_task",
            run_type="task_v1",
            title=asked.title,
            kept={
                "prompt": asked.navigation_goal,
                "url": url,
                "engine": "skyvern-1.0",
                "proxy_location": proxy,
                "data_extraction_schema": asked.extracted_information_schema,
                "error_code_mapping": asked.error_code_mapping,
                "webhook_url": webhook_url,
                "totp_identifier": asked.totp_identifier,
                "totp_url": totp_url,
                "max_screenshot_scrolls": asked.max_screenshot_scrolls,
            },
            max_steps=call.headers.max_steps_override,
            browser_session_id=asked.browser_session_id,
            older={
                **{name: getattr(asked, name) for name in _KEPT},
                "url": url,
                "webhook_callback_url": webhook_url,
                "totp_verification_url": totp_url,
                "proxy_location": proxy,
                "cdp_connect_headers": masked(asked.cdp_connect_headers),
            },
        ),
    )
    return {"task_id": run.id}


class TaskV2Body(Lazy):
    user_prompt: str
    url: str | None = None
    browser_session_id: str | None = None
    webhook_callback_url: str | None = None
    totp_verification_url: str | None = None
    totp_identifier: str | None = None
    proxy_location: Any = None  # an unknown name counts as none (recorded: legacystart.v.badproxy)
    extracted_information_schema: dict[str, Any] | list[Any] | str | None = None
    error_code_mapping: dict[str, str] | None = None
    max_screenshot_scrolls: int | None = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    browser_address: str | None = None
    run_with: str | None = None
    model: dict[str, Any] | None = None


def run_task_v2(call: Call) -> JsonObject:
    """Accept a 2.0 task; its answer is the task as it was made, not yet queued."""
    asked: TaskV2Body = call.body
    url = checked_url(asked.url or None, "url")
    webhook_url = checked_url(asked.webhook_callback_url or None, "webhook_callback_url")
    totp_url = checked_url(asked.totp_verification_url or None, "totp_verification_url")
    check_browser_address(asked.browser_address)
    check_session(call, asked.browser_session_id)
    named = isinstance(asked.proxy_location, str) and asked.proxy_location in [*ProxyLocation]
    kept: JsonObject = {
        "prompt": asked.user_prompt,
        "url": url,
        "engine": "skyvern-2.0",
        "proxy_location": asked.proxy_location if named else None,
        "data_extraction_schema": asked.extracted_information_schema,
        "error_code_mapping": asked.error_code_mapping,
        "webhook_url": webhook_url,
        "totp_identifier": asked.totp_identifier,
        "totp_url": totp_url,
    }
    run = begin_task(
        call,
        TaskOrder(
            origin="run_task",
            run_type="task_v2",
            title=None,
            kept=kept,
            echo={"max_screenshot_scrolls": asked.max_screenshot_scrolls},
            browser_session_id=asked.browser_session_id,
            older={
                "model": asked.model,
                "extra_http_headers": asked.extra_http_headers,
                "cdp_connect_headers": masked(asked.cdp_connect_headers),
                "browser_address": asked.browser_address,
                "run_with": asked.run_with,
            },
        ),
    )
    return {**older_task_v2(run), "status": "created"}


class WorkflowRunBody(Lazy):
    data: dict[str, Any] | None = None
    proxy_location: WorkflowProxy = None
    webhook_callback_url: str | None = None
    totp_verification_url: str | None = None
    totp_identifier: str | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    max_screenshot_scrolls: Scrolls = None
    extra_http_headers: dict[str, str] | None = None
    cdp_connect_headers: dict[str, str] | None = None
    browser_address: BrowserAddress = None
    run_with: Any = None
    ai_fallback: bool | None = None


class WorkflowRunQuery(Lazy):
    version: int | None = None
    template: bool = False


def run_workflow(call: Call) -> JsonObject:
    """Accept a run of a workflow, also of an older version; the answer is but its ids."""
    asked: WorkflowRunBody = call.body
    webhook_url = checked_url(asked.webhook_callback_url or None, "webhook_callback_url")
    totp_url = checked_url(asked.totp_verification_url or None, "totp_verification_url")
    workflow = find_workflow(
        call,
        call.params["workflow_id"],
        template=call.query.template,
        version=call.query.version,
    )
    parameters = resolve(call, workflow, asked.data)
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)
    echo = workflow_echo(
        workflow_id=workflow.permanent_id,
        parameters=parameters.values,
        title=workflow.title,
        proxy_location=plain(asked.proxy_location),
        webhook_url=webhook_url,
        totp_url=totp_url,
        totp_identifier=asked.totp_identifier,
        browser_session_id=asked.browser_session_id,
        browser_profile_id=asked.browser_profile_id,
        max_screenshot_scrolls=asked.max_screenshot_scrolls,
        extra_http_headers=asked.extra_http_headers,
        cdp_connect_headers=masked(asked.cdp_connect_headers),
        browser_address=asked.browser_address,
        ai_fallback=asked.ai_fallback,
        run_with=known_runner(asked.run_with),
    )
    made = start_run(
        call,
        Order(
            origin="run_workflow",
            workflow=workflow,
            echo=echo,
            read_back={
                **echo,
                "proxy_location": stored_proxy(echo["proxy_location"]),
                **dict.fromkeys(LOST_ON_READ_BACK),
            },
            parameters=parameters.values,
            unreadable=parameters.unreadable,
            webhook_url=webhook_url,
            credential_id=credential_of(call, workflow, parameters.values),
            browser_session_id=asked.browser_session_id,
            browser_profile_id=asked.browser_profile_id,
            run_with=known_runner(asked.run_with),
            ai_fallback=asked.ai_fallback,
        ),
    )
    run_id = made["run_id"]
    return {
        "workflow_id": workflow.permanent_id,
        "workflow_run_id": run_id,
        "agent_id": workflow.permanent_id,
        "agent_run_id": run_id,
    }


ENDPOINTS: Final = (
    Endpoint("older.run_task", run_task, body=TaskBody, headers=WorkflowRunHeaders),
    Endpoint("older.run_task_v2", run_task_v2, body=TaskV2Body, headers=WorkflowRunHeaders),
    Endpoint(
        "older.run_workflow",
        run_workflow,
        body=WorkflowRunBody,
        query=WorkflowRunQuery,
        headers=WorkflowRunHeaders,
    ),
)
