"""Runs that a ``workflow_trigger`` block starts: awaited ones are hidden, others can be read.

Recorded groups ``walk_child``, ``walk_kids`` and ``walk_async``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from skyvern_testkit.api.runs.parameters import credential_of, resolve
from skyvern_testkit.api.runs.requests import workflow_echo
from skyvern_testkit.api.runs.starting import Order, begin_run
from skyvern_testkit.script import State
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.world import machine
from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.events import ChildDue
from skyvern_testkit.world.rows import Run, Session, Workflow
from skyvern_testkit.world.schemas import is_object
from skyvern_testkit.world.walking.walk import Outcome
from skyvern_testkit.world.world import World

__all__ = ["start"]


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whom the run belongs to: whoever started its parent."""

    world: World
    organization_id: str
    api_key: str = field(repr=False)


def start(world: World, event: ChildDue) -> None:
    """Start the run that a block asks for; without one the block fails."""
    parent = world.run(event.run_id)
    block = current_block(parent)
    if parent.is_over or block is None or block.id != event.block_id:
        return
    workflow = world.workflow(event.workflow_permanent_id, parent.organization_id)
    if workflow is None:
        known = f"workflow_permanent_id={event.workflow_permanent_id}"
        reason = f"Failed to resolve triggered workflow: Workflow not found. {known}"
        _refuse(world, parent, reason)
        return
    run_id = world.new_id("wr")
    try:
        child = _started(world, parent, workflow, event, run_id)
    except (Refusal, ServerCrash) as refusal:
        why = refusal.detail if isinstance(refusal, Refusal) else refusal.name
        why = str(why).replace(" in workflow wpid_", f" in workflow run {run_id} of workflow wpid_")
        _refuse(world, parent, f"Failed to setup triggered workflow run: {why}")
        return
    if event.waits:
        machine.wait_for_child(world, world.run(parent.id), child)
        return
    output = {
        "workflow_run_id": child.id,
        "workflow_permanent_id": workflow.permanent_id,
        "status": "queued",
    }
    machine.block_over(world, world.run(parent.id), Outcome(output=output))


def _refuse(world: World, parent: Run, reason: str) -> None:
    outcome = Outcome(state=State.FAILED, reason=reason, output={"failure_reason": reason})
    machine.block_over(world, parent, outcome)


def _started(world: World, parent: Run, workflow: Workflow, event: ChildDue, run_id: str) -> Run:
    """The child run; an awaited one names a session made for it, which nobody else may use.

    Raises:
        Refusal, ServerCrash: the server would start none.
    """
    owner = _Owner(world, parent.organization_id, parent.api_key)
    payload = event.payload if is_object(event.payload) else None
    parameters = resolve(owner, workflow, payload)
    if not workflow.blocks:
        raise Refusal(400, f"Workflow {workflow.permanent_id} has no blocks to run")
    echo = workflow_echo(
        workflow_id=workflow.permanent_id,
        parameters=parameters.values,
        title=workflow.title,
        start_fresh_browser=False,
    )
    echo["proxy_location"] = None
    return begin_run(
        owner,
        Order(
            origin="awaited_child" if event.waits else "child",
            workflow=workflow,
            run_id=run_id,
            echo=echo,
            read_back=echo,
            parameters=parameters.values,
            unreadable=parameters.unreadable,
            credential_id=credential_of(owner, workflow, parameters.values),
            browser_session_id=world.new_id(Session.PREFIX) if event.waits else None,
            parent_run_id=parent.id,
        ),
    )
