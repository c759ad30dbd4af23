"""HTTP on a socket of this machine: aiohttp's low-level server, in a thread of its own, on real time."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web
from aiohttp.web_protocol import RequestHandler
from multidict import CIMultiDict

from skyvern_testkit.wire.http import Request, Response

__all__ = ["BODY_LIMIT", "Handler", "Listening", "Reset", "listen"]

BODY_LIMIT: Final = 64 << 20
"""Bytes of a request's body that are read: well above Skyvern's own limit for files, 30 MiB."""
HEAD_LIMIT: Final = 64 << 10
"""Bytes of a request line or a header."""
LINGER: Final = 0.5
"""Real seconds for which requests under way may go on when the server stops."""


class Reset(Exception):
    """The connection is to be reset instead of an answer."""


Handler = Callable[[Request], Awaitable[Response]]
"""Serves one request; is cancelled when its client goes away.

Raises:
    Reset: instead of an answer.
"""


def listen(port: int) -> list[socket.socket]:
    """Sockets of this machine's own addresses, IPv4 and, where it has that, IPv6, on one port.

    Args:
        port: 0 takes one that is free.

    Raises:
        OSError: the port is taken.
    """
    sockets = [socket.create_server(("127.0.0.1", port))]
    port = sockets[0].getsockname()[1]
    with contextlib.suppress(OSError):  # no IPv6 here, or the port is taken there
        sockets.append(socket.create_server(("::1", port), family=socket.AF_INET6))
    return sockets


class Listening(threading.Thread):
    """A server in its own thread and event loop, whatever clock the test is on.

    Args:
        handler: serves the requests.
        sockets: bound; closed at the end.
    """

    def __init__(self, handler: Handler, sockets: list[socket.socket]) -> None:
        super().__init__(name="skyvern-testkit server", daemon=True)
        self._handler, self._sockets = handler, sockets
        self._loop = asyncio.SelectorEventLoop()  # never a patched one
        self._stopped = asyncio.Event()
        self._ready = threading.Event()
        self._error: BaseException | None = None

    def begin(self) -> None:
        """Start the thread, and come back when requests are taken."""
        self.start()
        self._ready.wait()
        self._raise()

    def end(self) -> None:
        """Take no more requests; those under way are cancelled."""
        with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
            self._loop.call_soon_threadsafe(self._stopped.set)
        self.join()
        self._raise()

    def run(self) -> None:
        """The thread's work."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - raised in the thread that begins and ends this one
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        runner = web.ServerRunner(_Web(self._answer), shutdown_timeout=LINGER)
        await runner.setup()
        try:
            for one in self._sockets:
                await web.SockSite(runner, one).start()
            self._ready.set()
            await self._stopped.wait()
        finally:
            await runner.cleanup()

    async def _answer(self, asked: web.BaseRequest) -> web.StreamResponse:
        if asked.headers.get("expect", "").lower() == "100-continue" and asked.transport:
            asked.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await _read_body(asked)
        if body is None:
            return _text(413, f"skyvern-testkit reads bodies of up to {BODY_LIMIT} bytes")
        path, _, query = asked.raw_path.partition("?")
        headers = tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in asked.raw_headers
        )
        try:
            answer = await self._handler(
                Request(asked.method.upper(), path, query, headers, body, "http")
            )
        except Reset:
            return _reset(asked)
        return _Answer(status=answer.status, headers=CIMultiDict(answer.headers), body=answer.body)

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error


class _Answer(web.Response):
    """An answer with just its own headers: some of the real server's have no content type."""

    async def _prepare_headers(self) -> None:
        has_type = "content-type" in self.headers
        await super()._prepare_headers()
        if not has_type:
            self.headers.pop("content-type", None)


class _Web(web.Server):
    """aiohttp's server of raw requests, saying to what is no HTTP what the real server says."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]) -> None:
        super().__init__(handler, handler_cancellation=True)

    def __call__(self) -> RequestHandler:
        return _Protocol(
            self,
            loop=asyncio.get_running_loop(),
            **_AS_SENT,
        )


_AS_SENT: Final[dict[str, Any]] = {
    "access_log": None,  # a path may hold a secret
    "auto_decompress": False,  # uvicorn does not either
    "max_line_size": HEAD_LIMIT,
    "max_field_size": HEAD_LIMIT,
}


class _Protocol(RequestHandler):
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,  # noqa: ARG002 - aiohttp's signature
        message: str | None = None,  # noqa: ARG002
    ) -> web.StreamResponse:
        """What uvicorn says to whatever it cannot parse."""
        if status == 500:
            return _reset(request)  # nothing that Skyvern would say
        response = _text(400, "Invalid HTTP request received.")
        response.force_close()
        return response


async def _read_body(asked: web.BaseRequest) -> bytes | None:
    """The body, or None where it is too large."""
    parts: list[bytes] = []
    size = 0
    async for part in asked.content.iter_any():
        size += len(part)
        if size > BODY_LIMIT:
            return None
        parts.append(part)
    return b"".join(parts)


def _text(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, headers={"server": "uvicorn"})


def _reset(asked: web.BaseRequest) -> web.StreamResponse:
    """RST instead of FIN: the client is to see a broken connection, not an answer that is empty."""
    transport = asked.transport
    if transport is not None:
        sock: Any = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
