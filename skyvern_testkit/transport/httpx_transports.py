"""httpx on the fake: the transports of a client in the same process, sync and async."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from skyvern_testkit.clock import Flag
from skyvern_testkit.fake.exchange import Broken
from skyvern_testkit.transport.front import Front, OutOfPatience, Talk
from skyvern_testkit.wire.http import Request, Response

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["FakeTransport", "SyncFakeTransport", "to_wire"]


class FakeTransport(httpx.AsyncBaseTransport):
    """An async transport into a fake, on asyncio and trio: ``httpx.AsyncClient(transport=...)``.

    The client's own ``read`` timeout counts on the fake's clock: an answer that takes longer is an
    ``httpx.ReadTimeout`` at exactly that time. There is nothing to connect to, to write to or to
    wait for in a pool, so those timeouts never strike.

    Args:
        fake: the fake, open.
    """

    def __init__(self, fake: InProcessSkyvern) -> None:
        self._front = fake.front

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        front = self._front
        talk = _talk(front, request)
        try:
            while isinstance(turn := talk.go_on(), Flag):
                front.served()
                await front.clock.wait_for(turn)
        except BaseException:
            talk.abandon()
            raise
        front.served()
        return _answer(turn, request)


class SyncFakeTransport(httpx.BaseTransport):
    """A sync transport into a fake: ``httpx.Client(transport=...)``; see :class:`FakeTransport`.

    Args:
        fake: the fake, open.
    """

    def __init__(self, fake: InProcessSkyvern) -> None:
        self._front = fake.front

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        front = self._front
        talk = _talk(front, request)
        try:
            while isinstance(turn := talk.go_on(), Flag):
                front.served(blocking=True)
                front.clock.wait_for_sync(turn)
        except BaseException:
            talk.abandon()
            raise
        front.served(blocking=True)
        return _answer(turn, request)


def _talk(front: Front, request: httpx.Request) -> Talk:
    timeouts = request.extensions.get("timeout", {})
    return front.talk(to_wire(request), patience=timeouts.get("read"))


def to_wire(request: httpx.Request) -> Request:
    """The request as a value; its body was read."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw
    )
    return Request(
        request.method.upper(), path, query, headers, request.content, request.url.scheme
    )


def _answer(turn: Response | Broken | OutOfPatience, request: httpx.Request) -> httpx.Response:
    match turn:
        case Response():
            headers = [
                (name.encode("latin-1"), value.encode("latin-1")) for name, value in turn.headers
            ]
            return httpx.Response(
                turn.status,
                headers=headers,
                stream=httpx.ByteStream(turn.body),
                request=request,
                extensions={"http_version": b"HTTP/1.1"},
            )
        case Broken():
            raise httpx.ReadError("[Errno 104] Connection reset by peer", request=request)
        case OutOfPatience():
            raise httpx.ReadTimeout("The read operation timed out", request=request)
