"""The asyncio loop: a stock selector loop until a clock runs, then a participant of its time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import math
import selectors
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from skyvern_testkit.clock._connections import CountedTransport
from skyvern_testkit.clock._dial import Dial, due_at
from skyvern_testkit.clock._jobs import HeldJob
from skyvern_testkit.clock._running import running_clock
from skyvern_testkit.clock._stdlib import NANOSECONDS

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from concurrent.futures import Executor
    from contextlib import AbstractContextManager
    from contextvars import Context

    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["VirtualLoop"]

Ts = TypeVarTuple("Ts")
R = TypeVar("R")

HALF_NS = 0.5e-9

Events = list[tuple[selectors.SelectorKey, int]]


class _Selector(selectors.DefaultSelector):
    """Where a loop waits. With a clock it looks whether real work is there, and then gives up its turn."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Events:
        clock = running_clock()
        if clock is None or (timeout is not None and timeout <= 0):
            return super().select(timeout)
        return self.loop.rest(clock, timeout, self.poll)

    def poll(self, seconds: float) -> Events:
        """A real wait."""
        return super().select(None if seconds == math.inf else seconds)


if TYPE_CHECKING:

    class _StockLoop(asyncio.SelectorEventLoop):
        """What typeshed does not tell of asyncio's own loop."""

        def _write_to_self(self) -> None: ...

else:
    _StockLoop = asyncio.SelectorEventLoop


class VirtualLoop(_StockLoop):
    """An asyncio loop whose time is virtual while a :class:`VirtualClock` runs, and real while none does.

    :meth:`time` equals ``time.monotonic()`` in both, as in a stock loop, and never goes back when that changes.
    """

    def __init__(self) -> None:
        self._dial = Dial()
        self._jobs: set[HeldJob] = set()
        selector = _Selector()
        selector.loop = self
        super().__init__(selector)
        self._stock_resolution = time.get_clock_info("monotonic").resolution

    def time(self) -> float:
        dial = self._dial
        now = dial.time()
        if dial.changed:
            dial.changed = False
            # How early a timer may fire. asyncio runs those with `when < time() + resolution`, so it must exceed the
            # grain of the float that time() is, or a timer that is due now would never run and the loop would spin.
            virtual = dial.clock is not None
            self._clock_resolution = (
                HALF_NS + 2 * math.ulp(now) if virtual else self._stock_resolution
            )
        return now

    def rest(
        self, clock: VirtualClock, timeout: float | None, poll: Callable[[float], Events]
    ) -> Events:
        """Wait for this loop's turn on `clock`: real work, a due timer, or something that the world has scheduled."""
        scheduler = clock.scheduler
        me = scheduler.enlist()
        me.loop, me.post = self, self._post
        if timeout is None:
            deadline, why = None, "in its event loop, with no timer"
        else:
            deadline = due_at(clock.now_ns, timeout, math.ulp(self._dial.time()))
            why = f"in its event loop, until {deadline / NANOSECONDS:g} s"
        return scheduler.rest(deadline, why, poll, self._write_to_self) or []

    def _post(self, fn: Callable[[], None]) -> None:
        self.call_soon_threadsafe(fn)

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """As in every loop; a loop that rests is on its feet from the moment of the call."""
        clock = running_clock()
        if clock is not None:
            for participant in list(clock.scheduler.participants.values()):
                if participant.loop is self:
                    clock.scheduler.poke(participant)
        return super().call_soon_threadsafe(callback, *args, context=context)

    # -- holds -------------------------------------------------------------------------------------------------------

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], R], *args: *Ts
    ) -> asyncio.Future[R]:
        """As in every loop; virtual time stands still until the result has come."""
        clock = running_clock()
        if clock is None:
            return super().run_in_executor(executor, func, *args)
        job = HeldJob(clock.scheduler, f"run_in_executor({getattr(func, '__qualname__', func)})")
        # Only for threads: what goes to a process pool is pickled, and a thread of ours in it means nothing.
        in_thread = executor is None or isinstance(executor, ThreadPoolExecutor)
        call = (
            functools.partial(job.run, func, *args) if in_thread else functools.partial(func, *args)
        )
        try:
            future: asyncio.Future[R] = super().run_in_executor(executor, call)
        except BaseException:
            job.delivered()
            raise
        self._jobs.add(job)
        future.add_done_callback(functools.partial(self._delivered, job))
        return future

    def _delivered(self, job: HeldJob, _: object) -> None:
        self._jobs.discard(job)
        job.delivered()

    async def shutdown_default_executor(self, *args: Any, **kwargs: Any) -> None:
        with _held("shutdown_default_executor"):
            await super().shutdown_default_executor(*args, **kwargs)

    async def sock_connect(self, sock: socket.socket, address: Any) -> None:
        with _held(f"connecting to {address}"):
            await super().sock_connect(sock, address)

    def close(self) -> None:
        for job in list(self._jobs):
            self._delivered(job, None)  # nobody will hear of its result
        super().close()

    # -- asyncio's own factories of transports -----------------------------------------------------------------------

    def _make_socket_transport(
        self, sock: Any, protocol: Any, waiter: Any = None, **options: Any
    ) -> Any:
        return CountedTransport(self, sock, protocol, waiter, **options)

    def _make_ssl_transport(
        self,
        rawsock: Any,
        protocol: Any,
        sslcontext: Any,
        waiter: Any = None,
        *,
        server_side: bool = False,
        server_hostname: str | None = None,
        extra: Any = None,
        server: Any = None,
        **timeouts: Any,
    ) -> Any:
        from asyncio import sslproto

        tls: Any = sslproto.SSLProtocol(
            self, protocol, sslcontext, waiter, server_side, server_hostname, **timeouts
        )
        CountedTransport(self, rawsock, tls, extra=extra, server=server)
        return tls._app_transport  # noqa: SLF001


def _held(why: str) -> AbstractContextManager[None]:
    clock = running_clock()
    return contextlib.nullcontext() if clock is None else clock.hold(why)
