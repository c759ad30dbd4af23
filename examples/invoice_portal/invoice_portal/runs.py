"""Starting runs and waiting for them, on a network and a server that have bad moments.

``wait_for_completion=True`` of the SDK is fine for a short task, see ``status``. For a login that
has cost a code, one 503 in the middle of half an hour must not be the end, so we wait ourselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from skyvern import Skyvern
from skyvern.client.core import ApiError

from invoice_portal.errors import RunTooLong, failure_of

__all__ = ["FINAL", "completed", "finished", "when_not_busy"]

T = TypeVar("T")
log = logging.getLogger(__name__)

FINAL = frozenset({"completed", "failed", "terminated", "timed_out", "canceled"})

BUSY = frozenset({429, 503})
"""Statuses of a server that has done nothing yet: whatever was asked can be asked again."""

WAIT = 1800.0
EVERY = 10.0
PATIENCE = 5
"""Reads of a run that may fail in a row before we believe that something is really wrong."""


async def when_not_busy(call: Callable[[], Awaitable[T]], *, tries: int = 4) -> T:
    """Call until Skyvern is not busy, waiting as long as it asks for.

    Raises:
        ApiError: every other error at once, and the last "busy" when there were too many.
    """
    while True:
        tries -= 1
        try:
            return await call()
        except ApiError as error:
            if error.status_code not in BUSY or not tries:
                raise
            pause = seconds_to_wait(error, otherwise=5)
            log.info("Skyvern is busy (%s); again in %g s", error.status_code, pause)
        await asyncio.sleep(pause)


async def finished(
    client: Skyvern, run_id: str, *, timeout: float = WAIT, every: float = EVERY
) -> Any:
    """The run when it is over, however it ended.

    A run that failed may be tried again by Skyvern itself, under the same id: it is over only when
    no retry is pending.

    Args:
        timeout: seconds; a run that takes longer is canceled, since it goes on costing. So is one
            that cannot be read.
        every: seconds between two reads.

    Raises:
        RunTooLong: the run took longer.
        ApiError, httpx.TransportError: it could not be read ``PATIENCE`` times in a row, or at all.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _poll(client, run_id, every)
    except TimeoutError:
        await _cancel(client, run_id)
        raise RunTooLong(f"{run_id} was not over after {timeout:g} s") from None
    except (ApiError, httpx.TransportError):
        await _cancel(client, run_id)
        raise


async def completed(client: Skyvern, run_id: str, *, timeout: float = WAIT) -> Any:
    """The run when it has completed.

    Raises:
        RunFailed: it ended otherwise; the class says more where an error code does.
        RunTooLong: it did not end.
    """
    run = await finished(client, run_id, timeout=timeout)
    if run.status != "completed":
        raise failure_of(run)
    return run


async def _poll(client: Skyvern, run_id: str, every: float) -> Any:
    misses = 0
    while True:
        pause = every
        try:
            run = await client.get_run(run_id)
        except (ApiError, httpx.TransportError) as error:
            misses += 1
            if misses == PATIENCE or not _may_pass(error):
                raise
            pause = seconds_to_wait(error, otherwise=every)
            log.warning("%s could not be read (%r); again in %g s", run_id, error, pause)
        else:
            misses = 0
            if run.status in FINAL and not getattr(run, "retry_pending", False):
                return run
        await asyncio.sleep(pause)


async def _cancel(client: Skyvern, run_id: str) -> None:
    try:
        await client.cancel_run(run_id)
    except (ApiError, httpx.TransportError) as error:
        # a cancel may answer 500 because the run's webhook could not be delivered, and has worked
        log.warning("canceling %s: %r", run_id, error)


def _may_pass(error: ApiError | httpx.TransportError) -> bool:
    if isinstance(error, ApiError):
        status = error.status_code or 0
        return status == 429 or status >= 500 or status < 400  # 200: a body that broke off
    return True


def seconds_to_wait(error: ApiError | httpx.TransportError, *, otherwise: float) -> float:
    """What the answer's ``Retry-After`` says, at most a minute."""
    headers = (error.headers or {}) if isinstance(error, ApiError) else {}
    asked = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return min(float(asked), 60.0) if asked.isdecimal() else otherwise
