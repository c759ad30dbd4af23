"""Waiting on whichever async library runs; both are asked only if they are there."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from typing import TYPE_CHECKING, Literal

from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._stdlib import NANOSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern_testkit.clock._flag import Flag

__all__ = ["poster", "running_library", "sleep", "wait_for"]


def running_library() -> Literal["asyncio", "trio"] | None:
    """The async library whose task or callback the caller is, or ``None`` in plain sync code.

    trio is asked first: as a guest it runs inside an asyncio loop, whose running loop is then visible too.
    """
    if (trio := sys.modules.get("trio")) is not None:
        try:
            trio.lowlevel.current_task()
        except (RuntimeError, AttributeError):  # AttributeError: trio is only half imported
            pass
        else:
            return "trio"
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return None
    return "asyncio"


def poster() -> Callable[[Callable[[], None]], None]:
    """What runs a function soon on the event loop that now runs in this thread; it raises RuntimeError after its end.

    May be called from any thread.
    """
    if _demand() == "asyncio":
        loop = asyncio.get_running_loop()
        return lambda fn: _post_to_asyncio(loop, fn)
    import trio

    return trio.lowlevel.current_trio_token().run_sync_soon


def _post_to_asyncio(loop: asyncio.AbstractEventLoop, fn: Callable[[], None]) -> None:
    if not loop.is_running():
        raise RuntimeError("the loop does not run any more")
    loop.call_soon_threadsafe(fn)


async def sleep(ns: int) -> None:
    """Sleep `ns` on the running library."""
    if _demand() == "asyncio":
        await asyncio.sleep(ns / NANOSECONDS)
        return
    import trio

    await trio.sleep(ns / NANOSECONDS)


async def wait_for(flag: Flag) -> None:
    """Wait for `flag` on the running library."""
    if flag.is_set:
        return
    if _demand() == "asyncio":
        await _wait_on_asyncio(flag)
    else:
        await _wait_on_trio(flag)


def _demand() -> Literal["asyncio", "trio"]:
    if (library := running_library()) is None:
        raise ClockError("a clock can be awaited on asyncio or trio, and neither runs here")
    return library


async def _wait_on_asyncio(flag: Flag) -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[None] = loop.create_future()

    def finish() -> None:
        if not future.done():
            future.set_result(None)

    def notify() -> None:
        # The flag may be set by another thread, or after the loop of a cancelled waiter was closed.
        if not loop.is_closed():
            loop.call_soon_threadsafe(finish)

    forget = flag.listen(notify)
    try:
        await future
    finally:
        forget()


async def _wait_on_trio(flag: Flag) -> None:
    import trio

    event = trio.Event()
    token = trio.lowlevel.current_trio_token()

    def notify() -> None:
        with contextlib.suppress(trio.RunFinishedError):
            token.run_sync_soon(event.set)

    forget = flag.listen(notify)
    try:
        await event.wait()
    finally:
        forget()
