"""The transports of a remote fake: to its server, on the client's clock, remembered as they were sent."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import httpx

from skyvern_testkit.clock import VirtualClock
from skyvern_testkit.control.entries import Sent
from skyvern_testkit.transport.httpx_transports import to_wire
from skyvern_testkit.transport.interception import Carrier
from skyvern_testkit.transport.sdk import NO_IDLE
from skyvern_testkit.transport.stamps import StampedTransport, SyncStampedTransport
from skyvern_testkit.wire.http import Response

if TYPE_CHECKING:
    from skyvern_testkit.clock import Clock

__all__ = ["RemoteTransport", "SocketTransport", "SyncRemoteTransport"]


class SocketTransport(Carrier, httpx.HTTPTransport):
    """A socket, whatever is intercepted meanwhile."""

    def __init__(self) -> None:
        super().__init__(trust_env=False, limits=NO_IDLE)


class _AsyncSocketTransport(Carrier, httpx.AsyncHTTPTransport):
    def __init__(self) -> None:
        super().__init__(trust_env=False, limits=NO_IDLE)


class SyncRemoteTransport(httpx.BaseTransport):
    """A sync transport to a served fake, whatever host a request is for.

    Args:
        url: of the server.
        clock: the client's.
        zero: the world's instant at the clock's zero, where the two go together.
        log: takes what is sent.
    """

    def __init__(self, url: str, clock: Clock, zero: int, log: deque[Sent]) -> None:
        self._url, self._log = httpx.URL(url), log
        over = SocketTransport()
        self._over = (
            SyncStampedTransport(over, clock, zero=zero)
            if isinstance(clock, VirtualClock)
            else over
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        ours = _directed(request, self._url)
        sent = _remembered(ours, self._log)
        answer = self._over.handle_request(ours)
        answer.read()
        answer.close()
        return _kept(answer, request, sent)

    def close(self) -> None:
        self._over.close()


class RemoteTransport(httpx.AsyncBaseTransport):
    """As :class:`SyncRemoteTransport`, async."""

    def __init__(self, url: str, clock: Clock, zero: int, log: deque[Sent]) -> None:
        self._url, self._log = httpx.URL(url), log
        over = _AsyncSocketTransport()
        self._over = (
            StampedTransport(over, clock, zero=zero) if isinstance(clock, VirtualClock) else over
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        ours = _directed(request, self._url)
        sent = _remembered(ours, self._log)
        answer = await self._over.handle_async_request(ours)
        await answer.aread()
        await answer.aclose()
        return _kept(answer, request, sent)

    async def aclose(self) -> None:
        await self._over.aclose()


def _directed(request: httpx.Request, server: httpx.URL) -> httpx.Request:
    """The request, to our server; the program may have meant Skyvern's own."""
    url = request.url.copy_with(scheme=server.scheme, host=server.host, port=server.port)
    return httpx.Request(
        request.method,
        url,
        headers=request.headers.raw,
        content=request.content,
        extensions=request.extensions,
    )


def _remembered(request: httpx.Request, log: deque[Sent]) -> Sent:
    sent = Sent(to_wire(request))
    log.append(sent)
    return sent


def _kept(answer: httpx.Response, request: httpx.Request, sent: Sent) -> httpx.Response:
    headers = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers.raw
    )
    sent.response = Response(answer.status_code, headers, answer.content)
    return httpx.Response(
        answer.status_code,
        headers=answer.headers.raw,
        stream=httpx.ByteStream(answer.content),
        request=request,
        extensions={"http_version": b"HTTP/1.1"},
    )
