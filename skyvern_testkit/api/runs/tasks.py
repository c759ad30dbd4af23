"""Starting a task: ``run_task``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from skyvern_testkit.api import advising
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
from skyvern_testkit.script import DEFAULT_SCRIPT, START, Family, RunInput, family_of
from skyvern_testkit.wire.errors import Refusal, check_storable
from skyvern_testkit.wire.jsontext import Json, JsonObject, without_nul
from skyvern_testkit.world import machine
from skyvern_testkit.world.playing import choose_script
from skyvern_testkit.world.rows import Run, Workflow
from skyvern_testkit.world.tagging import tag_start

__all__ = ["DEFAULT_MAX_STEPS", "ENDPOINTS", "TaskOrder", "begin_task", "masked", "plain"]

DEFAULT_MAX_STEPS: Final = 10
"""What a 1.0 task reads back when the caller gave no number: the organisation's (facts: runs 2)."""


def run_task(call: Call) -> JsonObject:
    """Accept a task (facts: runs 2; order of checks: runs 5)."""
    asked: TaskRunRequest = call.body
    engine = RunEngine.SKYVERN_V2 if asked.publish_workflow else asked.engine
    url = checked_url(asked.url or None, "url")
    webhook_url = checked_url(asked.webhook_url or None, "webhook_url")
    totp_url = checked_url(asked.totp_url or None, "totp_url")
    check_files(call, asked.file_ids)
    if engine is not RunEngine.SKYVERN_V2:
        _only_in_v2(asked)
    run_type = RUN_TYPE_OF_ENGINE.get(engine)
    if run_type is None:
        raise Refusal(400, f"The {engine} engine is not enabled on this server")
    family = family_of(run_type)
    check_host(url, "url")
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)

    shown = None if family is Family.TASK_V2 else asked.max_screenshot_scrolls
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
    }
    if family is not Family.TASK_V2:
        kept |= {name: without_nul(kept[name]) for name in _WITHOUT_NUL}
    run = begin_task(
        call,
        TaskOrder(
            origin="run_task",
            run_type=run_type,
            title=asked.title,
            kept=kept,
            echo={
                "max_screenshot_scrolls": asked.max_screenshot_scrolls,
                "browser_session_id": asked.browser_session_id,
                "browser_profile_id": asked.browser_profile_id,
                "publish_workflow": asked.publish_workflow,
                "file_ids": asked.file_ids,
                "max_steps": asked.max_steps if family is Family.TASK_V2 else None,
            },
            read_back={"max_screenshot_scrolls": shown},
            max_steps=asked.max_steps,
            browser_session_id=asked.browser_session_id,
            browser_profile_id=asked.browser_profile_id,
            older={} if family is Family.TASK_V2 else _older_request(asked, kept),
            published=_published(asked) if asked.publish_workflow else {},
        ),
    )
    attach_files(call, asked.file_ids, run.id)
    advising.on_task(call, asked, run.id, default_steps=DEFAULT_MAX_STEPS)
    return create_body(run, call.links)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOrder:
    """A task to be started, whichever operation asked for it.

    Args:
        origin: the operation.
        run_type: the kind of task.
        title: if it was given one.
        kept: fields of the request that are read back as they were sent.
        echo: further fields that the create call alone answers.
        read_back: further fields that only a later read answers.
        max_steps: how many the caller allows.
        browser_session_id: where it works.
        browser_profile_id: with what it begins.
        older: the request as the older API has it.
        published: what the workflow behind a 2.0 task has otherwise than a hidden one.
    """

    origin: str
    run_type: str
    title: str | None
    kept: JsonObject
    echo: JsonObject = field(default_factory=dict[str, Json])
    read_back: JsonObject = field(default_factory=dict[str, Json])
    max_steps: int | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    older: JsonObject = field(default_factory=dict[str, Json])
    published: JsonObject = field(default_factory=dict[str, Json])


def begin_task(call: Call, order: TaskOrder) -> Run:
    """Make the task and let it begin."""
    world, kept = call.world, order.kept
    family = family_of(order.run_type)
    is_v2 = family is Family.TASK_V2
    run_id = world.new_id("tsk_v2" if is_v2 else "tsk")
    steps: JsonObject = {} if is_v2 else {"max_steps": order.max_steps or DEFAULT_MAX_STEPS}
    given = RunInput(
        run_id=run_id,
        run_type=order.run_type,
        prompt=kept["prompt"],
        url=kept["url"],
        engine=kept["engine"],
        title=order.title,
        browser_session_id=order.browser_session_id,
        browser_profile_id=order.browser_profile_id,
        totp_identifier=kept["totp_identifier"],
    )
    check_storable(given.prompt, given.title, given.totp_identifier)
    script = choose_script(
        world, given, call.organization_id
    )  # a matcher may raise: before any row is made
    hidden = _workflow_behind(call, order.published) if is_v2 else None
    run = world.make(
        Run,
        call.organization_id,
        id=run_id,
        run_type=order.run_type,
        status=START[family],
        input=given,
        request=task_echo(**{**kept, **order.echo}),
        request_read_back=task_echo(**{**kept, **order.read_back, **steps}),
        origin=order.origin,
        workflow_id=hidden.id if hidden else None,
        workflow_permanent_id=hidden.permanent_id if hidden else None,
        hidden_run_id=world.new_id("wr") if is_v2 else None,
        api_key=call.api_key,
        webhook_url=kept["webhook_url"],
        totp_identifier=kept["totp_identifier"],
        totp_url=kept["totp_url"],
        browser_session_id=order.browser_session_id,
        browser_profile_id=order.browser_profile_id,
        error_code_mapping=kept["error_code_mapping"],
        data_extraction_schema=kept["data_extraction_schema"],
        older_request=order.older,
        script=script or DEFAULT_SCRIPT,
    )
    tag_start(world, run, None)
    return machine.start(world, run)


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
    said = {
        "browser_profile_id": asked.browser_profile_id is not None,
        "start_fresh_browser": asked.start_fresh_browser,
    }
    for name, is_said in said.items():
        if is_said:
            raise Refusal(
                400,
                f"{name} is not supported for the skyvern_v1 or CUA task engines; "
                "use engine=skyvern_v2.",
            )


_WITHOUT_NUL: Final = ("prompt", "data_extraction_schema", "error_code_mapping")


def _published(asked: TaskRunRequest) -> JsonObject:
    """A published workflow is listed from the start (recorded group ``outsidepublished``)."""
    return {"status": "published", "run_with": asked.run_with or "agent"}


def _workflow_behind(call: Call, published: JsonObject) -> Workflow:
    """The workflow behind a 2.0 task; it is listed nowhere, unless it is to be published."""
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
        settings=settings_of({**_HIDDEN, **published}),
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
