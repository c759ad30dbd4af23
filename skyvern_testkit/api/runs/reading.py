"""Reading runs: ``get_run``, ``get_run_timeline``."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.runs.answers import run_body
from skyvern_testkit.api.runs.timeline import timeline_body
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world import machine
from skyvern_testkit.world.magic import strike_read
from skyvern_testkit.world.rows import Run

__all__ = ["ENDPOINTS", "find_run", "refuse_without_workflow"]


def find_run(
    call: Call,
    run_id: str,
    refusal: str,
    *,
    hidden_too: bool = False,
    unlisted_too: bool = False,
) -> Run:
    """The caller's run of that id.

    Args:
        call: who asks.
        run_id: as it was sent.
        refusal: what is answered when there is none.
        hidden_too: find a 2.0 task also by its hidden id.
        unlisted_too: find a run also that single actions are done in.

    Raises:
        Refusal: 404 with that text.
    """
    run = call.world.get(Run, run_id, call.organization_id)
    if run is None and hidden_too and run_id.startswith("wr_"):
        rows = call.world.rows(Run, call.organization_id)
        run = next((row for row in rows if row.hidden_run_id == run_id), None)
    if run is None or not (run.is_listed or unlisted_too):
        raise Refusal(404, refusal)
    return run


def get_run(call: Call) -> JsonObject:
    """A run as it is now (facts: runs 2 and 4)."""
    run_id = call.params["run_id"]
    run = find_run(call, run_id, f"Task run not found {run_id}", hidden_too=True)
    if run.unreadable is not None:
        raise Refusal(400, run.unreadable)
    refuse_without_workflow(call, run)
    if run.family is Family.TASK and run.input.prompt is None:
        # only the older API makes one (recorded: legacystart.t.min.new)
        raise Refusal(422, "prompt: Input should be a valid string")
    strike_read(call.world, run.input, run.script)
    run = machine.read_by_client(call.world, run)
    return run_body(call.world, run, call.links)


def refuse_without_workflow(call: Call, run: Run) -> None:
    """A run whose workflow was deleted cannot be read (facts: runs 5)."""
    permanent_id = run.workflow_permanent_id
    if run.family is not Family.WORKFLOW or permanent_id is None:
        return
    if call.world.workflow(permanent_id, call.organization_id) is None:
        raise Refusal(404, f"Workflow not found. workflow_permanent_id={permanent_id}")


def get_run_timeline(call: Call) -> list[JsonObject]:
    """What the run did, newest first (facts: runs 6)."""
    run_id = call.params["run_id"]
    run = find_run(call, run_id, f"Run not found {run_id}", hidden_too=True)
    if run.family is Family.TASK:
        raise Refusal(400, f"Timeline not available for run type {run.run_type}")
    return timeline_body(call.world, run, call.links)


ENDPOINTS: Final = (
    Endpoint("get_run", get_run),
    Endpoint("get_run_timeline", get_run_timeline),
)
