"""anyio's own worker threads, which no executor knows of."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from skyvern_testkit.clock._jobs import HeldJob
from skyvern_testkit.clock._running import running_clock

if TYPE_CHECKING:
    from collections.abc import Generator

__all__ = ["anyio_threads_counted"]


@contextlib.contextmanager
def anyio_threads_counted() -> Generator[None]:
    """``anyio.to_thread.run_sync`` on asyncio holds the running clock, if anyio is imported by now."""
    if "anyio" not in sys.modules:
        yield
        return
    from anyio._backends import _asyncio

    # Where every road of anyio's leads, also for those who imported run_sync by name.
    backend: Any = _asyncio.AsyncIOBackend
    original: Any = backend.__dict__["run_sync_in_worker_thread"]

    async def run_sync_in_worker_thread(
        cls: Any, func: Any, args: Any, *rest: Any, **options: Any
    ) -> Any:
        clock = running_clock()
        call = original.__get__(None, cls)
        if clock is None:
            return await call(func, args, *rest, **options)
        job = HeldJob(
            clock.scheduler, f"anyio.to_thread.run_sync({getattr(func, '__qualname__', func)})"
        )
        try:
            return await call(job.run, (func, *args), *rest, **options)
        finally:
            job.delivered()

    backend.run_sync_in_worker_thread = classmethod(run_sync_in_worker_thread)
    try:
        yield
    finally:
        backend.run_sync_in_worker_thread = original
