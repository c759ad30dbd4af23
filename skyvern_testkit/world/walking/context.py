"""What templates may name: parameters, outputs, the turn of a loop, the run itself.

The names are those that the real server lists when a template fails (recorded exchange
``walk.undefined``).
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from typing import Any, Final

from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.walking.templates import TemplateError
from skyvern_testkit.world.walking.walk import Frame, Walk
from skyvern_testkit.world.world import World

__all__ = ["names", "not_rendered", "turn_of"]

_DATE: Final = len("2026-01-01")


def turn_of(frames: Iterable[Frame]) -> Frame | None:
    """The innermost loop that is being walked, if any."""
    found = None
    for frame in frames:
        if frame.loop is not None:
            found = frame
    return found


def names(world: World, run: Run, walk: Walk, label: str | None = None) -> dict[str, Any]:
    """What a template may name in the block of that label, in the turn of its loop."""
    workflow = workflow_of(world, run)
    found: dict[str, Any] = deepcopy(dict(run.input.parameters))  # a template may append to a list
    turning = {
        str(frame.definition.get("label")) for frame in walk.frames if frame.loop is not None
    }
    for done, value in walk.outputs.items():
        if (
            done in turning
        ):  # what a loop gave is named when it is over (recorded: walk_codes.keys1)
            continue
        found[done] = found[f"{done}_output"] = value
    if label is not None:
        found.setdefault(label, {})
    turn = turn_of(walk.frames)
    if turn is not None and turn.loop is not None:
        found["current_value"] = found["current_item"] = turn.loop.value
        found["current_index"] = turn.loop.index
    return found | {
        "browser_session_id": run.browser_session_id or "",
        "current_date": timestamp(world.now)[:_DATE],
        "workflow_id": run.workflow_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "workflow_run_id": run.id,
        "workflow_run_outputs": dict(walk.outputs),
        "workflow_run_summary": _summary(run),
        "workflow_title": workflow.title if workflow else None,
    }


def _summary(run: Run) -> JsonObject:
    information: Json = {}
    if run.output is not None and run.output.get("extracted_information"):
        information = run.output["extracted_information"]
    return {
        "workflow_run_id": run.id,
        "status": None,
        "output": {"extracted_information": information},
        "downloaded_files": [],
        "errors": list(run.errors),
        "failure_reason": None,
    }


def not_rendered(error: TemplateError, known: dict[str, Any]) -> JsonObject:
    """The output of a block whose templates cannot be rendered."""
    reason = str(error)
    if error.is_syntax:
        return {"failure_reason": reason}
    return {"failure_reason": reason, "available_keys": sorted(known)}
