"""Single actions on a page: ``run_sdk_action`` (recorded groups ``actions``, ``actions2``).

No browser is needed: what an action finds, a test says with ``fake.on_action(...)``.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy, check_browser_address
from skyvern_testkit.api.runs.requests import workflow_echo
from skyvern_testkit.api.workflows.making import make_workflow
from skyvern_testkit.script import DEFAULT_SCRIPT, Family, RunInput, State
from skyvern_testkit.script.actions import SdkAction
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MICROSECOND, MILLISECOND
from skyvern_testkit.world.rows import Attempt, Run, Session
from skyvern_testkit.world.sdk_actions import answer_to
from skyvern_testkit.world.tagging import tag_end

__all__ = ["ENDPOINTS"]

TITLE: Final = "SDK Workflow"
_TOOK: Final = 60 * MILLISECOND
"""From the making of an action's run until it counts as completed, before the action begins."""

_ATTEMPT: Final = partial(
    Attempt,
    number=1,
    status=State.COMPLETED,
    failure_reason=None,
    error_codes=(),
    started_at=None,
)

_Data = str | dict[str, Any] | None


class _OnElement(Lazy):
    selector: str | None = ""


class ClickAction(_OnElement):
    type: Literal["ai_click"]
    intention: str = ""
    data: _Data = None
    timeout: float = 10000


class InputTextAction(_OnElement):
    type: Literal["ai_input_text"]
    value: str | None = ""
    intention: str = ""
    data: _Data = None
    totp_identifier: str | None = None
    totp_url: str | None = Field(default=None, repr=False)
    timeout: float = 10000


class SelectOptionAction(_OnElement):
    type: Literal["ai_select_option"]
    value: str | None = ""
    intention: str = ""
    data: _Data = None
    timeout: float = 10000


class UploadFileAction(_OnElement):
    type: Literal["ai_upload_file"]
    file_url: str | None = ""
    intention: str = ""
    data: _Data = None
    timeout: float = 10000


class ActAction(Lazy):
    type: Literal["ai_act"]
    intention: str = ""
    data: _Data = None


class ExtractAction(Lazy):
    type: Literal["extract"]
    prompt: str = ""
    extract_schema: dict[str, Any] | list[Any] | str | None = None
    error_code_mapping: dict[str, str] | None = None
    intention: str | None = None
    data: _Data = None


class LocateElementAction(Lazy):
    type: Literal["locate_element"]
    prompt: str = ""


class ValidateAction(Lazy):
    type: Literal["validate"]
    prompt: str
    model: dict[str, Any] | None = None


class PromptAction(Lazy):
    type: Literal["prompt"]
    prompt: str
    response_schema: dict[str, Any] | None = None
    model: dict[str, Any] | None = None


_Action = Annotated[
    ClickAction
    | InputTextAction
    | SelectOptionAction
    | UploadFileAction
    | ActAction
    | ExtractAction
    | LocateElementAction
    | ValidateAction
    | PromptAction,
    Field(discriminator="type"),
]


class RunActionBody(Lazy):
    url: str
    browser_session_id: str | None = None
    browser_address: str | None = None
    workflow_run_id: str | None = None
    action: _Action


def run_sdk_action(call: Call) -> JsonObject:
    """Do one action, in a run that the client names or in one made for it."""
    asked: RunActionBody = call.body
    with call.world.all_or_nothing():  # a user's function may raise when the run is made already
        run = _own_run(call, asked.workflow_run_id) if asked.workflow_run_id else _made(call, asked)
        sent: JsonObject = asked.action.model_dump(mode="json")
        action = SdkAction(
            type=asked.action.type,
            prompt=sent.get("prompt") or sent.get("intention"),
            url=asked.url,
            fields=sent,
            browser_session_id=asked.browser_session_id,
            workflow_run_id=asked.workflow_run_id,
        )
        return {"workflow_run_id": run.id, "result": answer_to(call.world, action, run)}


def _own_run(call: Call, run_id: str) -> Run:
    """The run that the client named; it may be over, and nobody asks for its session."""
    missing = f"Workflow run {run_id} not found"
    run = call.find(Run, run_id, missing)
    if run.family is not Family.WORKFLOW:
        raise Refusal(404, missing)
    return run


def _made(call: Call, asked: RunActionBody) -> Run:
    """A workflow and a run for this action, completed before it begins."""
    check_browser_address(asked.browser_address)
    _use_session(call, asked.browser_session_id)
    world = call.world
    workflow = make_workflow(
        world,
        call.organization_id,
        {"parameters": [], "blocks": []},
        title=TITLE,
        status="auto_generated",
    )
    session_id = asked.browser_session_id or None
    echo = workflow_echo(
        workflow_id=workflow.permanent_id,
        title=TITLE,
        browser_session_id=session_id,
        browser_address=asked.browser_address,
    )
    run_id, ended = world.new_id(Run.PREFIX), world.now + _TOOK
    run = world.make(
        Run,
        call.organization_id,
        id=run_id,
        run_type="workflow_run",
        status=State.COMPLETED,
        input=RunInput(
            run_id=run_id,
            run_type="workflow_run",
            url=asked.url,
            title=TITLE,
            workflow_permanent_id=workflow.permanent_id,
            workflow_title=TITLE,
            browser_session_id=session_id,
        ),
        request=echo,
        request_read_back=echo,
        origin="run_sdk_action",
        workflow_id=workflow.id,
        workflow_permanent_id=workflow.permanent_id,
        browser_session_id=session_id,
        browser_seed_source=None if session_id else "fresh",
        finished_at=ended,
        attempts=(_ATTEMPT(finished_at=ended),),
        script=DEFAULT_SCRIPT,
    )
    tag_end(world, run)
    return world.change(run, modified_at=ended + MICROSECOND)


def _use_session(call: Call, session_id: str | None) -> None:
    if not session_id:
        return
    missing = f"Browser session {session_id} does not exist or is not live."
    session = call.find(Session, session_id, missing)
    if session.is_over:
        raise Refusal(
            410,
            f"Browser session {session_id} is no longer usable (status: {session.status}). "
            "Create a new browser session and retry.",
        )
    call.world.change(session, was_used=True)


ENDPOINTS = (Endpoint("run_sdk_action", run_sdk_action, body=RunActionBody),)
