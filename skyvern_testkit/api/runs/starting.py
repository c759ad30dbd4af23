"""A workflow run as it is started, whichever operation asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from skyvern_testkit.api.call import Call
from skyvern_testkit.api.runs.answers import create_body
from skyvern_testkit.api.runs.owner import Owner
from skyvern_testkit.api.tags.creation import target_domain
from skyvern_testkit.api.uploads import attach_files
from skyvern_testkit.script import DEFAULT_SCRIPT, START, Family, RunInput
from skyvern_testkit.wire.errors import check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world import machine
from skyvern_testkit.world.playing import choose_script
from skyvern_testkit.world.rows import Profile, Run, Workflow
from skyvern_testkit.world.tagging import tag_start

__all__ = ["Order", "begin_run", "known_runner", "start_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A workflow run to be started, whichever operation asked for it."""

    origin: str
    workflow: Workflow
    run_id: str | None = None
    trigger_type: str = "api"
    workflow_schedule_id: str | None = None
    created_by: str | None = None
    echo: JsonObject
    read_back: JsonObject
    parameters: JsonObject
    prompt: str | None = None
    url: str | None = None
    webhook_url: str | None = None
    totp_identifier: str | None = None
    totp_url: str | None = None
    credential_id: str | None = None
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    parent_run_id: str | None = None
    max_elapsed_minutes: int | None = None
    unreadable: str | None = None
    run_with: str | None = None
    ai_fallback: bool | None = None
    file_ids: Sequence[str] = ()


def start_run(call: Call, order: Order) -> JsonObject:
    """Make the run and let it begin; returns the answer of the create call."""
    run = begin_run(call, _by_whom(call, order))
    attach_files(call, order.file_ids, run.id)
    return create_body(run, call.links)


def begin_run(owner: Owner, order: Order) -> Run:
    """Make the run and let it begin, whoever asked for it."""
    world, workflow = owner.world, order.workflow
    run_id = order.run_id or world.new_id("wr")
    given = RunInput(
        run_id=run_id,
        run_type="workflow_run",
        prompt=order.prompt,
        url=order.url,
        title=workflow.title,
        workflow_permanent_id=workflow.permanent_id,
        workflow_title=workflow.title,
        parameters=order.parameters,
        browser_session_id=order.browser_session_id,
        browser_profile_id=order.browser_profile_id,
        totp_identifier=order.echo.get("totp_identifier"),
    )
    check_storable(order.totp_identifier)
    script = choose_script(
        world, given, owner.organization_id
    )  # a matcher may raise: before any row is made
    profile_id = order.browser_profile_id or _picked(order) or _own_memory(owner, order)
    webhook_url = order.webhook_url or workflow.settings.get("webhook_callback_url")
    read_back = {
        **order.read_back,
        "browser_profile_id": profile_id,
        "webhook_url": webhook_url,
    }
    run = world.make(
        Run,
        owner.organization_id,
        id=run_id,
        run_type="workflow_run",
        status=START[Family.WORKFLOW],
        input=given,
        request=order.echo,
        request_read_back=read_back,
        origin=order.origin,
        trigger_type=order.trigger_type,
        workflow_schedule_id=order.workflow_schedule_id,
        parent_run_id=order.parent_run_id,
        workflow_id=workflow.id,
        workflow_permanent_id=workflow.permanent_id,
        api_key=owner.api_key,
        webhook_url=webhook_url,
        totp_identifier=order.totp_identifier,
        totp_url=order.totp_url,
        credential_id=order.credential_id,
        browser_session_id=order.browser_session_id,
        browser_profile_id=profile_id,
        error_code_mapping=_error_codes(workflow),
        max_elapsed_minutes=order.max_elapsed_minutes
        or workflow.settings.get("max_elapsed_time_minutes")
        or world.timing.default_elapsed_minutes,
        unreadable=order.unreadable,
        extra_http_headers=order.echo["extra_http_headers"]
        or workflow.settings.get("extra_http_headers"),
        run_with=order.run_with or known_runner(workflow.settings.get("run_with")) or "agent",
        ai_fallback=order.ai_fallback,
        browser_seed_source=_seed_source(order),
        in_turn=bool(workflow.settings.get("run_sequentially")),
        created_by=order.created_by,
        script=script or DEFAULT_SCRIPT,
    )
    tag_start(world, run, target_domain(workflow.blocks, order.parameters))
    return machine.start(world, run, walks=script is None)


def _picked(order: Order) -> str | None:
    """The profile that the workflow itself names (recorded: ``extras.usage_run``)."""
    if order.browser_session_id or order.echo["start_fresh_browser"]:
        return None
    return order.workflow.settings.get("browser_profile_id")


def _remembers(order: Order) -> bool:
    """Does it begin with what earlier runs of its workflow left in the browser?

    Recorded: ``taskorder.memory.*``. A request that asks for a fresh browser wins; then a workflow
    that persists its browser; then what the request says of reuse, and what the workflow says.
    """
    if order.browser_session_id or order.echo["start_fresh_browser"]:
        return False
    asked = order.echo["reuse_browser_session"]
    reuses = order.workflow.settings.get("reuse_browser_session") if asked is None else asked
    return order.workflow.persists_browser_session or bool(reuses)


def _own_memory(owner: Owner, order: Order) -> str | None:
    """The managed profile of a workflow, made with the first run that remembers.

    Recorded lives ``wf_persist``, ``wf_persist_second``.
    """
    workflow = order.workflow
    if not _remembers(order):
        return None
    for profile in owner.world.rows(Profile, owner.organization_id):
        if profile.is_managed and profile.workflow_permanent_id == workflow.permanent_id:
            return profile.id
    made = owner.world.make(
        Profile,
        owner.organization_id,
        name=f"{workflow.title} (auto-saved session)",
        is_managed=True,
        workflow_permanent_id=workflow.permanent_id,
    )
    return made.id


def _by_whom(call: Call, order: Order) -> Order:
    """The order, with who gave it: Skyvern's own clients say so in a header.

    Recorded: ``runretry.list1``, ``runlistwf.ui.list``, ``tagdomain.mcp.tags``.
    """
    match getattr(call.headers, "user_agent", None):
        case "skyvern-ui":
            return replace(order, trigger_type="manual", created_by=f"{call.organization_id}_user")
        case "skyvern-mcp":
            return replace(order, trigger_type="mcp")
        case _:
            return order


def known_runner(asked: Any) -> str | None:
    """Any unknown value reads as the agent (facts: runs 4; recorded: ``tagsystem.code_v2``)."""
    if asked is None:
        return None
    return "code" if asked in ("code", "code_v2") else "agent"


def _seed_source(order: Order) -> str | None:
    """Where the browser's state comes from."""
    if order.browser_session_id:
        return None
    if order.browser_profile_id:
        return "override"
    if _picked(order):
        return "picked"
    return "own_memory" if _remembers(order) else "fresh"


def _error_codes(workflow: Workflow) -> JsonObject:
    """The caller's error codes: of the definition, and of every block."""
    found: JsonObject = dict(workflow.definition.get("error_code_mapping") or {})
    for block in workflow.blocks:
        found |= block.get("error_code_mapping") or {}
    return found
