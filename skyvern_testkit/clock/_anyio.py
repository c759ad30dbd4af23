"""anyio's own worker threads, which no executor knows of."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from ._jobs import HeldJob
from ._running import running_clock

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["anyio_threads_counted"]


@contextlib.contextmanager
def anyio_threads_counted() -> Iterator[None]:
    """``anyio.to_thread.run_sync`` on asyncio holds the running clock, if anyio is imported by now."""
    if "anyio" not in sys.modules:
        yield
        return
    from anyio._backends._asyncio import AsyncIOBackend

    # Where every road of anyio's leads, also for those who imported run_sync by name.
    original: Any = vars(AsyncIOBackend)["run_sync_in_worker_thread"]

    async def run_sync_in_worker_thread(cls: Any, func: Any, args: Any, *rest: Any, **options: Any) -> Any:
        clock = running_clock()
        call = original.__get__(None, cls)
        if clock is None:
            return await call(func, args, *rest, **options)
        job = HeldJob(clock.scheduler, f"anyio.to_thread.run_sync({getattr(func, '__qualname__', func)})")
        try:
            return await call(job.run, (func, *args), *rest, **options)
        finally:
            job.delivered()

    AsyncIOBackend.run_sync_in_worker_thread = classmethod(run_sync_in_worker_thread)  # type: ignore[assignment]
    try:
        yield
    finally:
        AsyncIOBackend.run_sync_in_worker_thread = original
