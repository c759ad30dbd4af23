"""Starting a task: ``run_task``."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import check_host, checked_url
from skyvern_testkit.api.runs.answers import create_body
from skyvern_testkit.api.runs.checks import check_profile, check_session
from skyvern_testkit.api.runs.requests import (
    RUN_TYPE_OF_ENGINE,
    RunEngine,
    RunHeaders,
    TaskRunRequest,
    task_echo,
)
from skyvern_testkit.api.uploads import attach_files, check_files
from skyvern_testkit.api.workflows.answers import settings_of
from skyvern_testkit.script import START, Family, RunInput, family_of
from skyvern_testkit.wire.errors import Refusal, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world import machine
from skyvern_testkit.world.playing import choose_script
from skyvern_testkit.world.rows import Run, Workflow

__all__ = ["DEFAULT_MAX_STEPS", "ENDPOINTS", "masked", "plain"]

DEFAULT_MAX_STEPS: Final = 10
"""What a 1.0 task reads back when the caller gave no number: the organisation's (facts: runs 2)."""


def run_task(call: Call) -> JsonObject:
    """Accept a task (facts: runs 2; order of checks: runs 5)."""
    asked: TaskRunRequest = call.body
    engine = RunEngine.SKYVERN_V2 if asked.publish_workflow else asked.engine
    webhook_url = checked_url(asked.webhook_url or None, "webhook_url")
    totp_url = checked_url(asked.totp_url, "totp_url")
    check_files(call, asked.file_ids)
    run_type = RUN_TYPE_OF_ENGINE.get(engine)
    if run_type is None:
        raise Refusal(400, f"The {engine} engine is not enabled on this server")
    family = family_of(run_type)
    if family is not Family.TASK_V2:
        _only_in_v2(asked)
    url = checked_url(asked.url or None, "url")
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)
    check_host(url, "url")

    world = call.world
    is_v2 = family is Family.TASK_V2
    run_id = world.new_id("tsk_v2" if is_v2 else "tsk")
    kept: JsonObject = {
        "prompt": asked.prompt,
        "url": url,
        "engine": str(engine),
        "proxy_location": plain(asked.proxy_location),
        "data_extraction_schema": asked.data_extraction_schema,
        "error_code_mapping": asked.error_code_mapping,
        "webhook_url": webhook_url,
        "totp_identifier": asked.totp_identifier,
        "totp_url": totp_url,
        "max_screenshot_scrolls": asked.max_screenshot_scrolls,
    }
    created = task_echo(
        **kept,
        browser_session_id=asked.browser_session_id,
        browser_profile_id=asked.browser_profile_id,
        publish_workflow=asked.publish_workflow,
        file_ids=asked.file_ids,
        max_steps=asked.max_steps if is_v2 else None,
    )
    read_back = task_echo(**kept) | (
        {"max_screenshot_scrolls": None}
        if is_v2
        else {"max_steps": asked.max_steps or DEFAULT_MAX_STEPS}
    )
    given = RunInput(
        run_id=run_id,
        run_type=run_type,
        prompt=asked.prompt,
        url=url,
        engine=str(engine),
        title=asked.title,
        browser_session_id=asked.browser_session_id,
        browser_profile_id=asked.browser_profile_id,
        totp_identifier=asked.totp_identifier,
    )
    check_storable(asked.prompt, asked.title, asked.totp_identifier)
    script = choose_script(
        world, given, call.organization_id
    )  # a matcher may raise: before any row is made
    hidden = _hidden_workflow(call) if is_v2 else None
    run = world.make(
        Run,
        call.organization_id,
        id=run_id,
        run_type=run_type,
        status=START[family],
        input=given,
        request=created,
        request_read_back=read_back,
        origin="run_task",
        workflow_id=hidden.id if hidden else None,
        workflow_permanent_id=hidden.permanent_id if hidden else None,
        hidden_run_id=world.new_id("wr") if is_v2 else None,
        api_key=call.api_key,
        webhook_url=webhook_url,
        totp_identifier=asked.totp_identifier,
        totp_url=totp_url,
        browser_session_id=asked.browser_session_id,
        browser_profile_id=asked.browser_profile_id,
        error_code_mapping=asked.error_code_mapping,
        data_extraction_schema=asked.data_extraction_schema,
        older_request={} if is_v2 else _older_request(asked, kept),
        script=script,
    )
    attach_files(call, asked.file_ids, run_id)
    return create_body(machine.start(world, run), call.links)


def _older_request(asked: TaskRunRequest, kept: JsonObject) -> JsonObject:
    """What the older API says that the task was asked for: more than the newer one remembers."""
    return {
        "title": asked.title,
        "url": kept["url"],
        "webhook_callback_url": kept["webhook_url"],
        "totp_verification_url": kept["totp_url"],
        "totp_identifier": asked.totp_identifier,
        "navigation_goal": asked.prompt,
        "error_code_mapping": asked.error_code_mapping,
        "proxy_location": kept["proxy_location"],
        "extracted_information_schema": asked.data_extraction_schema,
        "extra_http_headers": asked.extra_http_headers,
        "cdp_connect_headers": masked(asked.cdp_connect_headers),
        "include_action_history_in_verification": bool(
            asked.include_action_history_in_verification
        ),
        "max_screenshot_scrolls": asked.max_screenshot_scrolls,
        "browser_address": asked.browser_address,
    }


def masked(headers: dict[str, str] | None) -> JsonObject | None:
    """Headers of a browser's address: their values are shown to nobody."""
    return None if headers is None else dict.fromkeys(headers, "***")


def _only_in_v2(asked: TaskRunRequest) -> None:
    """Refuse what only a 2.0 task can do, instead of ignoring it."""
    for name in ("start_fresh_browser", "browser_profile_id"):
        if getattr(asked, name):
            raise Refusal(
                400,
                f"{name} is not supported for the skyvern_v1 or CUA task engines; "
                "use engine=skyvern_v2.",
            )


def _hidden_workflow(call: Call) -> Workflow:
    """The workflow behind a 2.0 task; it is listed nowhere."""
    world = call.world
    permanent_id = world.new_id("wpid")
    return world.make(
        Workflow,
        call.organization_id,
        permanent_id=permanent_id,
        version=1,
        title="New Workflow",
        definition={
            "version": 1,
            "parameters": [],
            "blocks": [],
            "finally_block_label": None,
            "error_code_mapping": None,
            "retry_policy": None,
            "workflow_system_prompt": None,
            "completion_contract": None,
        },
        settings=settings_of(_HIDDEN),
    )


_HIDDEN: Final[JsonObject] = {
    "status": "auto_generated",
    "is_saved_task": False,
    "proxy_location": "RESIDENTIAL",
    "persist_browser_session": False,
    "reuse_browser_session": False,
    "pin_saved_session_ip": False,
    "run_with": "agent",
    "ai_fallback": True,
    "adaptive_caching": False,
    "generate_script_on_terminal": False,
    "run_sequentially": False,
}
"""What the workflow behind a 2.0 task is answered with, as the real server was asked for one."""


def plain(value: object) -> object:
    """A proxy location as JSON."""
    dump = getattr(value, "model_dump", None)
    return dump() if dump is not None else value


ENDPOINTS: Final = (Endpoint("run_task", run_task, body=TaskRunRequest, headers=RunHeaders),)
