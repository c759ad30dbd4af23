"""Short questions to Skyvern: is the portal open, how is a run doing."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from skyvern import Skyvern
from skyvern.client import Skyvern as SyncSkyvern
from skyvern.schemas.runs import RunEngine

from invoice_portal.runs import FINAL

__all__ = ["is_open", "watch"]


async def is_open(client: Skyvern, portal_url: str, *, timeout: float = 300) -> bool:
    """Does the portal let customers in, as far as we can find out in that many seconds?

    Engine 2.0, since a 1.0 task with a url gives no output for its schema.
    """
    try:
        run = await client.run_task(
            prompt="Can customers log in, or does the page announce a maintenance?",
            url=portal_url,
            engine=RunEngine.skyvern_v2,
            data_extraction_schema={
                "type": "object",
                "properties": {"open": {"type": "boolean"}},
                "required": ["open"],
            },
            max_steps=5,
            wait_for_completion=True,
            timeout=timeout,
        )
    except TimeoutError:
        return False
    output: Any = run.output
    return run.status == "completed" and isinstance(output, dict) and output.get("open") is True


def watch(
    client: SyncSkyvern, run_id: str, *, every: float = 5.0, show: Callable[[str], None] = print
) -> str:
    """Show every change of a run's status until it is over, and return the last."""
    shown = None
    while True:
        run = client.get_run(run_id)
        if run.status != shown:
            show(
                f"{run_id} {run.status}" + (f": {run.failure_reason}" if run.failure_reason else "")
            )
            shown = run.status
        if run.status in FINAL and not getattr(run, "retry_pending", False):
            return run.status
        time.sleep(every)
