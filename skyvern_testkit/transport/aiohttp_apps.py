"""An aiohttp application that answers in this process: real HTTP/1.1, byte for byte, and no socket."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from http.client import HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Any, Final, cast
from weakref import WeakKeyDictionary

import httpx

from skyvern_testkit.clock import running_library

if TYPE_CHECKING:
    from aiohttp import web

__all__ = ["AiohttpApp"]

_HERE: Final = ("127.0.0.1", 443)


class AiohttpApp:
    """Starts an application on the event loop of the first request, and stops it when that loop ends.

    Args:
        app: the application, or a function that makes one. An application lives on one event loop; where each
            delivery has a loop of its own, as in a synchronous test, it must be the function.
    """

    def __init__(self, app: web.Application | Callable[[], web.Application]) -> None:
        self._app = app
        self._runners: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Task[web.AppRunner]] = (
            WeakKeyDictionary()
        )
        self._keepers: set[asyncio.Task[None]] = set()
        self._is_used = False

    async def answer(self, request: httpx.Request) -> httpx.Response:
        """What the application answers.

        Raises:
            RuntimeError: the application has run on another event loop, or this one is trio's.
            ConnectionError: it closed the connection without an answer.
        """
        if running_library() != "asyncio":
            raise RuntimeError("an aiohttp application needs asyncio; this test runs on trio")
        loop = asyncio.get_running_loop()
        if loop not in self._runners:
            self._runners[loop] = loop.create_task(self._start())
        runner = await self._runners[loop]
        if runner.server is None:
            raise RuntimeError("the aiohttp application has been stopped")
        protocol = runner.server()
        wire = _Wire(protocol)
        protocol.connection_made(wire)
        try:
            protocol.data_received(_written(request))
            return await wire.response
        finally:
            protocol.connection_lost(None)

    async def _start(self) -> web.AppRunner:
        from aiohttp import web

        if isinstance(self._app, web.Application):
            if self._is_used:
                raise RuntimeError(
                    "an aiohttp application runs on one event loop, and the next webhook comes on another "
                    "(each delivery of a synchronous test has its own). Give receive_aiohttp() the function "
                    "that makes the application."
                )
            app = self._app
        else:
            app = self._app()
        self._is_used = True
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        keeper = asyncio.get_running_loop().create_task(_keep(runner))
        self._keepers.add(keeper)
        keeper.add_done_callback(self._keepers.discard)
        return runner


async def _keep(runner: web.AppRunner) -> None:
    """Hold the application open until the event loop ends: that cancels its tasks."""
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await runner.cleanup()


class _Wire(asyncio.Transport):
    """The connection, as the application sees it: what is written to it becomes the response."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        super().__init__({"peername": _HERE, "sockname": _HERE})
        self._protocol = protocol
        self._raw = b""
        self._is_closing = False
        self.response: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        self._raw += bytes(data)
        self._look()

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._is_closing = True
        self._look()

    def abort(self) -> None:
        self.close()

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast("asyncio.Protocol", protocol)

    def pause_reading(self) -> None:
        """All has been read."""

    def resume_reading(self) -> None:
        """All has been read."""

    def is_reading(self) -> bool:
        return not self._is_closing

    def get_write_buffer_size(self) -> int:
        return 0

    def _look(self) -> None:
        if self.response.done():
            return
        response = _parsed(self._raw, is_whole=self._is_closing)
        if response is not None:
            self.response.set_result(response)
        elif self._is_closing:
            self.response.set_exception(
                ConnectionResetError("Server disconnected without sending a response.")
            )


class _Readable:
    """What ``HTTPResponse`` takes for a socket."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._raw)


def _parsed(raw: bytes, *, is_whole: bool) -> httpx.Response | None:
    """The response, if it has come to its end."""
    if b"\r\n\r\n" not in raw:
        return None
    answer = HTTPResponse(cast("Any", _Readable(raw)), method="POST")
    answer.begin()
    if answer.length is None and not answer.chunked and not is_whole:
        return None  # it ends with the connection
    try:
        body = answer.read()
    except IncompleteRead:
        return None
    headers = [
        (name, value) for name, value in answer.getheaders() if name.lower() != "transfer-encoding"
    ]
    return httpx.Response(answer.status, headers=headers, content=body)


def _written(request: httpx.Request) -> bytes:
    lines = [b"%s %s HTTP/1.1" % (request.method.encode(), request.url.raw_path)]
    lines += [b"%s: %s" % pair for pair in request.headers.raw]
    return b"\r\n".join([*lines, b"", request.content])
