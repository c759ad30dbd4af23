"""Canceling runs, one by one and many at once (facts: runs 3)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import After, Call, Endpoint, Wait
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.runs.reading import find_run
from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world import machine
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.events import Effect
from skyvern_testkit.world.retries import was_told
from skyvern_testkit.world.rows import Run

__all__ = ["ENDPOINTS", "cancel"]


class BulkCancelBody(Lazy):
    run_ids: Annotated[list[str], Field(max_length=100)]


def cancel_run(call: Call) -> Generator[Wait, None, Json]:
    """Cancel a run; the answer waits for the webhook that tells of it (facts: runs 3 and 8)."""
    run_id = call.params["run_id"]
    return cancel(call, find_run(call, run_id, f"Run not found {run_id}"))


def bulk_cancel_runs(call: Call) -> Generator[Wait, None, JsonObject]:
    """Cancel all of them at once; what cannot be canceled is told, not refused (facts: runs 3.6).

    The real server names them in the order in which it came to their ends; here it is that of the
    request.
    """
    cancelled: list[str] = []
    failed: list[str] = []
    begun: list[tuple[str, Run, Effect | None]] = []
    for run_id in dict.fromkeys(call.body.run_ids):
        try:
            run = find_run(call, run_id, f"Run not found {run_id}")
            begun.append((run_id, run, _begin(call, run)))
        except (Refusal, ServerCrash):
            failed.append(run_id)
    for run_id, run, effect in begun:
        try:
            yield from _told(call, run, effect)
        except ServerCrash:
            failed.append(run_id)
        else:
            cancelled.append(run_id)
    return {"cancelled": cancelled, "failed": failed}


def cancel(call: Call, run: Run) -> Generator[Wait, None, Json]:
    """Cancel a run, and wait until its webhook has gone out."""
    yield from _told(call, run, _begin(call, run))
    return None


def _begin(call: Call, run: Run) -> Effect | None:
    """Cancel a run; returns the webhook that tells of it, if there is one."""
    world = call.world
    if run.is_over:
        again = run.retry_pending  # the cancel takes the next attempt away: it is not in vain
        run, tells = _cancel_what_is_over(call, run)
        if not again:
            advise(world, "cancel_after_end", run.id, status=run.status)
    else:
        run, tells = machine.cancel(world, run), True
    return machine.webhook_now(world, run) if tells else None


def _told(call: Call, run: Run, effect: Effect | None) -> Generator[Wait, None, None]:
    """Wait for the webhook; a task that nobody could be told of is canceled and yet a 500."""
    if effect is None:
        return
    yield After(effect.id)
    result = call.world.results[effect.id]
    if result.contacted and result.status is None and run.family is Family.TASK:
        raise ServerCrash("FailedToSendWebhook")


def _cancel_what_is_over(call: Call, run: Run) -> tuple[Run, bool]:
    """The run, and whether its webhook goes out again: by kind of run (facts: runs 3)."""
    match run.family:
        case Family.TASK:
            if run.status is State.CANCELED:
                raise Refusal(
                    400,
                    f"Invalid task status transition to canceled for {run.id} "
                    "because task is already canceled",
                )
            if run.status is State.TIMED_OUT:
                # as the older API answered for a task whose workflow run was timed out under it
                raise ServerCrash("TaskAlreadyTimeout")
            raise Refusal(
                400,
                f"Invalid task status transition from {run.status} to canceled for {run.id}",
            )
        case Family.TASK_V2:
            return run, run.status is State.CANCELED
        case Family.WORKFLOW:
            if run.retry_pending:
                return machine.revoke_retry(call.world, run), True
            return run, not was_told(run)


ENDPOINTS: Final = (
    Endpoint("cancel_run", cancel_run),
    Endpoint("bulk_cancel_runs", bulk_cancel_runs, body=BulkCancelBody),
)
