"""A schedule is due: it starts a run of its workflow's latest version."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from skyvern_testkit.api.runs.parameters import credential_of, resolve
from skyvern_testkit.api.runs.requests import workflow_echo
from skyvern_testkit.api.runs.starting import Order, begin_run
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.events import ScheduleDue
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.schedules import Schedule, arm, is_current
from skyvern_testkit.world.world import World

__all__ = ["fire"]


@dataclass(frozen=True, slots=True)
class _Owner:
    """Whom the run belongs to: whoever made the schedule."""

    world: World
    organization_id: str
    api_key: str = field(repr=False)


def fire(world: World, event: ScheduleDue) -> None:
    """Start the run that is due, and wait for the next instant.

    Runs may overlap: one that is still at work holds none up. A one-time schedule tells which run
    it has started, and then never changes again; one whose run is refused goes on to be pending
    (one such schedule was watched on 1.0.56, not every way to be refused).
    """
    schedule = is_current(world, event)
    if schedule is None:
        return
    if not schedule.is_once:
        arm(world, schedule)
    try:
        run = _started(world, schedule, event.at)
    except (Refusal, ServerCrash) as refusal:
        why = refusal.detail if isinstance(refusal, Refusal) else refusal.name
        owner = schedule.organization_id
        advise(world, "schedule_idle", organization_id=owner, schedule=schedule.id, why=why)
        return
    if schedule.is_once:
        world.change(
            schedule,
            turn=schedule.turn + 1,
            dispatch_status="fired",
            workflow_run_id=run.id,
        )


def _started(world: World, schedule: Schedule, at: int) -> Run:
    """The run.

    Raises:
        Refusal, ServerCrash: the server would start none.
    """
    owner = _Owner(world, schedule.organization_id, schedule.api_key)
    workflow = world.workflow(schedule.workflow_permanent_id, schedule.organization_id)
    if workflow is None:
        raise Refusal(404, f"Workflow {schedule.workflow_permanent_id} not found")
    if not workflow.blocks:
        raise Refusal(400, f"Workflow {workflow.permanent_id} has no blocks to run")
    parameters = resolve(owner, workflow, schedule.parameters)
    credential_id = credential_of(owner, workflow, parameters.values)
    echo = workflow_echo(
        workflow_id=workflow.permanent_id,
        parameters=parameters.values,
        title=workflow.title,
        start_fresh_browser=False,
    )
    return begin_run(
        owner,
        Order(
            origin="schedule",
            workflow=workflow,
            run_id=_run_id(schedule, at),
            trigger_type="scheduled",
            workflow_schedule_id=schedule.id,
            echo=echo,
            read_back=echo,
            parameters=parameters.values,
            unreadable=parameters.unreadable,
            credential_id=credential_id,
        ),
    )


def _run_id(schedule: Schedule, at: int) -> str:
    """The id of the run for that instant: unlike others it is not a number."""
    digest = hashlib.sha256(f"{schedule.id} {at}".encode()).hexdigest()
    return f"wr_sched_{digest[:32]}"
