"""Connections of a virtual loop: time stands still while bytes are under way.

A client that has written waits for an answer from the real world, so time is held until data comes, and then for a
short real quiet. A connection whose other end is served by one of our loops needs less: once that end has read what was
written, whatever happens next is the work of participants, which the clock sees by itself.

The count is kept in the transport that owns the socket, below TLS, so ``start_tls`` changes nothing. asyncio has no
public way to give a selector loop another transport; the three private names used here are the same from Python 3.11
to 3.14, and tests over real sockets guard them.
"""

from __future__ import annotations

import asyncio
import socket
import weakref
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, cast

from skyvern_testkit.clock._participants import Hold
from skyvern_testkit.clock._running import running_clock

if TYPE_CHECKING:
    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["CountedTransport", "accounted"]

accounted: ContextVar[bool] = ContextVar("accounted", default=False)
"""Are connections that are opened here held by whoever opens them? He knows when an exchange is over, so neither count
nor quiet is needed."""

PAIRED_QUIET = 0.1
"""How much of the clock's quiet period is kept where both ends are ours: for the next chunk of a long message."""

Address = tuple[object, ...]
_ends: dict[tuple[Address, Address], weakref.WeakSet[CountedTransport]] = {}
"""Open connections of our loops by (own address, peer's address)."""

if TYPE_CHECKING:

    class _StockTransport(asyncio.Transport):
        """What typeshed does not tell of asyncio's own transport."""

        def __init__(
            self, loop: Any, sock: socket.socket, protocol: Any, waiter: Any, **options: Any
        ) -> None: ...
        def _read_ready(self) -> None: ...
        def _call_connection_lost(self, exc: BaseException | None) -> None: ...

else:
    from asyncio.selector_events import _SelectorSocketTransport as _StockTransport


class CountedTransport(_StockTransport):
    """A stock socket transport that holds the running clock from a write until there is an answer."""

    def __init__(
        self, loop: Any, sock: socket.socket, protocol: Any, waiter: Any = None, **options: Any
    ) -> None:
        self._hold: Hold | None = None
        self._holding: VirtualClock | None = None
        self._accepted = options.get("server") is not None
        self._accounted = accounted.get() and not self._accepted
        self._ends = _addresses(sock)
        _ends.setdefault(self._ends, weakref.WeakSet()).add(self)
        super().__init__(loop, sock, protocol, waiter, **options)

    def write(self, data: Any) -> None:
        self._written()
        super().write(data)

    def writelines(self, list_of_data: Any) -> None:
        self._written()
        super().writelines(list_of_data)

    def _read_ready(self) -> None:
        clock = running_clock()
        twins = self._twins()
        if self._accounted:
            pass
        elif twins:
            for twin in twins:
                if not twin.get_write_buffer_size():
                    twin.release(PAIRED_QUIET)
        elif clock is not None:
            self.release()
            clock.scheduler.be_quiet(clock.quiet)
        super()._read_ready()

    def _call_connection_lost(self, exc: BaseException | None) -> None:
        self.release()
        siblings = _ends.get(self._ends)
        if siblings is not None:
            siblings.discard(self)
            if not siblings:
                del _ends[self._ends]
        super()._call_connection_lost(exc)

    def release(self, quiet: float = 0.0) -> None:
        """What was written has been read, or never will be. `quiet` is a share of the clock's quiet period."""
        hold, clock = self._hold, self._holding
        if hold is not None and clock is not None:
            self._hold = self._holding = None
            clock.scheduler.unhold(hold, quiet=quiet * clock.quiet)

    def _written(self) -> None:
        clock = running_clock()
        if clock is None or self._accounted or self._hold is not None or self.is_closing():
            return
        if self._accepted and not self._twins():
            # A server's client outside our loops: it owes no answer, but it may come back with one more request.
            clock.scheduler.be_quiet(clock.quiet)
            return
        self._holding = clock
        self._hold = Hold(
            f"the connection to {_readable(self._ends[1])}: written, and no answer yet"
        )
        clock.scheduler.hold(self._hold)

    def _twins(self) -> list[CountedTransport]:
        """The other end, if it is one of ours; for unix sockets, whose clients have no address, all that may be it."""
        own, peer = self._ends
        if own == peer:
            return []  # a socketpair: no addresses at all
        return [end for end in _ends.get((peer, own), ()) if end is not self]


def _addresses(sock: socket.socket) -> tuple[Address, Address]:
    return _address(sock.getsockname()), _address(sock.getpeername())


def _address(raw: Any) -> Address:
    # IPv6 addresses carry a flow and a scope that differ between the two ends.
    parts = cast("Address", raw) if isinstance(raw, tuple) else (raw,)
    return parts[:2]


def _readable(address: Address) -> str:
    return ":".join(str(part) for part in address) or "an unnamed socket"
