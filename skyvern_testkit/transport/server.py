"""A fake Skyvern behind a real socket, for clients in any language and any process.

>>> with fake_skyvern(clock="polls") as fake, serving(fake) as server:
...     subprocess.run(["node", "client.js", server.url, server.api_key])

It listens on this machine only. Paths are taken as they stand on the request line: ``//`` and
``%2F`` mean here what they mean to the real server (facts: resources 1).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Generator
from dataclasses import replace
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

import httpx

from skyvern_testkit.clock import Flag, HandClock, VirtualClock
from skyvern_testkit.fake.exchange import Broken
from skyvern_testkit.transport import stamps
from skyvern_testkit.transport.front import OutOfPatience, Talk
from skyvern_testkit.transport.listening import Listening, Reset, listen
from skyvern_testkit.transport.sdk import NO_IDLE
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.jsontext import Json, dump_answer

if TYPE_CHECKING:
    from skyvern.client import Skyvern as SyncSkyvern
    from skyvern.library.skyvern import Skyvern

    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["Server", "serving"]


@contextlib.contextmanager
def serving(
    fake: InProcessSkyvern,
    *,
    port: int = 0,
    base_url: str | None = None,
    control: Callable[[Request], Response] | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> Generator[Server]:
    """A fake, served on this machine until the end of the block.

    Its answers then hold the server's address, so that files can be fetched from it.

    Args:
        fake: an open one, on any clock.
        port: 0 takes one that is free.
        base_url: the address in answers, where it is to be another than the server's.
        control: answers what is asked under ``/_skyvern_testkit/`` besides the time.
        on_error: told of each exception of a script, or of the kit itself. A client that meets one
            finds its connection reset: it is nothing that Skyvern would say.

    Raises:
        OSError: the port is taken.
    """
    sockets = listen(port)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    server = Server(fake, url, on_error, control)
    listening = Listening(server.answer, sockets)
    before, fake.links = fake.links, replace(fake.links, base_url=base_url or server.url)
    listening.begin()
    try:
        yield server
    finally:
        listening.end()
        server.forget()
        fake.links = before


class Server:
    """A fake behind a socket. Made by :func:`serving`.

    Attributes:
        fake: what is served.
        url: where: scheme, host and port.
    """

    def __init__(
        self,
        fake: InProcessSkyvern,
        url: str,
        on_error: Callable[[Exception], None] | None = None,
        control: Callable[[Request], Response] | None = None,
    ) -> None:
        self.fake = fake
        self._control = control
        self.url = url
        self._on_error = on_error
        self._away: dict[str, Talk] = {}
        """Exchanges whose clients wait on their own clock, and come back."""
        self._numbers = 0
        self._name = token_hex(4)

    def __repr__(self) -> str:
        return f"<Server at {self.url} of {self.fake!r}>"

    # --- clients --------------------------------------------------------------------------

    @property
    def api_key(self) -> str:
        """The key of the world's own organisation."""
        return self.fake.api_key

    def client(self, **options: Any) -> Skyvern:
        """The installed SDK's ``skyvern.Skyvern``, connected to this server.

        Args:
            options: for its constructor; ``api_key`` is the world's own by default.

        Raises:
            ModuleNotFoundError: no SDK is installed.
        """
        from skyvern_testkit.transport import sdk

        return sdk.client(self.transport(), **self._given(options))

    def sync_client(self, **options: Any) -> SyncSkyvern:
        """The installed SDK's synchronous ``skyvern.client.Skyvern``; see :meth:`client`."""
        from skyvern_testkit.transport import sdk

        return sdk.sync_client(self.sync_transport(), **self._given(options))

    def http(self, **options: Any) -> httpx.Client:
        """A plain httpx client of this server: ``server.http().get("/v1/runs/...")``.

        Args:
            options: for ``httpx.Client``; base_url and the key's header are set already.
        """
        return httpx.Client(**self._plain(options), transport=self.sync_transport())

    def async_http(self, **options: Any) -> httpx.AsyncClient:
        """As :meth:`http`, async."""
        return httpx.AsyncClient(**self._plain(options), transport=self.transport())

    def transport(self) -> httpx.AsyncBaseTransport:
        """For an ``httpx.AsyncClient`` of your own: over the socket, on the fake's clock if that is virtual."""
        over = httpx.AsyncHTTPTransport(trust_env=False, limits=NO_IDLE)
        clock = self.fake.clock
        if not isinstance(clock, VirtualClock):
            return over
        return stamps.StampedTransport(over, clock, zero=self.fake.front.instant(0))

    def sync_transport(self) -> httpx.BaseTransport:
        """As :meth:`transport`, sync."""
        over = httpx.HTTPTransport(trust_env=False, limits=NO_IDLE)
        clock = self.fake.clock
        if not isinstance(clock, VirtualClock):
            return over
        return stamps.SyncStampedTransport(over, clock, zero=self.fake.front.instant(0))

    def _given(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"api_key": self.api_key, "base_url": self.url, **options}

    def _plain(self, options: dict[str, Any]) -> dict[str, Any]:
        headers = httpx.Headers({"x-api-key": self.api_key})
        headers.update(options.pop("headers", None))
        return {"base_url": self.url, "headers": headers, **options}

    # --- one request ----------------------------------------------------------------------

    async def answer(self, request: Request) -> Response:
        """Serve one request, in the server's own event loop.

        Raises:
            Reset: instead of an answer.
        """
        front = self.fake.front
        front.servers.add(threading.get_ident())
        try:
            stamp = stamps.of(request)
            if stamp is not None:
                if isinstance(front.clock, HandClock):
                    front.clock.move_to(front.on_clock(stamp.now))
                for exchange in stamp.left:
                    self._leave(exchange)
            if request.path == stamps.CLOCK:
                return self._clock(request)
            if self._control is not None and request.path.startswith(stamps.CONTROL):
                return self._control(request)
            if stamp is not None:
                turn = await self._stamped(request, stamp)
            else:
                turn = await self._turn(self._talk(request))
        except Exception as error:
            if self._on_error is not None:
                self._on_error(error)
            raise Reset from error
        if isinstance(turn, Response):
            return turn
        raise Reset

    async def _stamped(
        self, request: Request, stamp: stamps.Stamp
    ) -> Response | Broken | OutOfPatience:
        if stamp.exchange is None:
            talk = self._talk(stamps.without(request))
        elif (found := self._away.pop(stamp.exchange, None)) is None:
            return stamps.gone()
        else:
            talk = found
        turn = await self._tried(talk)
        if isinstance(turn, Flag):
            self._numbers += 1
            exchange = f"{self._name}-{self._numbers}"  # another server's is not taken for ours
            self._away[exchange] = talk
            return stamps.wait(exchange, self._goes_on_at(talk))
        return await self._turn(talk, turn)

    async def _tried(self, talk: Talk) -> Response | Broken | OutOfPatience | Flag:
        """The answer, or a flag when no try to tell somebody is under way: the next one needs the client's time."""
        turn = talk.go_on()
        self.fake.front.served()
        while isinstance(turn, Flag) and talk.waits_for_effect and self.fake.world.in_flight:
            try:
                await asyncio.sleep(_LOOK)
            except asyncio.CancelledError:  # the client went away, or the server stops
                talk.abandon()
                raise
            turn = talk.go_on()
            self.fake.front.served()
        return turn

    def _goes_on_at(self, talk: Talk) -> int | None:
        """When the client is to come back: at the latest instant that it waits for, or when something is next due."""
        if not talk.waits_for_effect:
            return talk.end
        ends = (talk.end, self.fake.next_due())
        return min((end for end in ends if end is not None), default=None)

    def _clock(self, request: Request) -> Response:
        """The world's time; ``POST {"advance": seconds}`` moves one that is moved by hand."""
        clock = self.fake.clock
        if request.method == "POST":
            if not isinstance(clock, HandClock):
                return _said(409, error=f"{clock!r} moves by itself: serve with --clock manual")
            try:
                clock.advance(float(request.json["advance"]))
            except (KeyError, OverflowError, TypeError, ValueError) as error:
                return _said(422, error=f'wanted {{"advance": seconds}}: {error}')
        elif request.method != "GET":
            return _said(405, error="GET the time, or POST to move it")
        front = self.fake.front
        moved_by = "polls" if front.is_by_polls else "hand"
        return _said(
            200,
            now=front.now,
            elapsed=self.fake.elapsed,
            moved_by=moved_by if isinstance(clock, HandClock) else "itself",
        )

    def _talk(self, request: Request) -> Talk:
        # The server's loop is no client: receivers of webhooks must not run in it.
        return self.fake.front.talk(request, is_participant=False)

    async def _turn(
        self, talk: Talk, turn: Response | Broken | OutOfPatience | Flag | None = None
    ) -> Response | Broken | OutOfPatience:
        front = self.fake.front
        turn = turn or talk.go_on()
        try:
            while isinstance(turn, Flag):
                front.served()
                await _set(turn)
                turn = talk.go_on()
        except asyncio.CancelledError:  # the client went away, or the server stops
            talk.abandon()
            raise
        front.served()
        return turn

    def _leave(self, exchange: str) -> None:
        if (talk := self._away.pop(exchange, None)) is not None:
            talk.abandon()

    def forget(self) -> None:
        """The server has stopped: nobody comes back."""
        for exchange in list(self._away):
            self._leave(exchange)


def _said(status: int, **body: Json) -> Response:
    raw = dump_answer(body)
    headers = (("content-length", str(len(raw))), ("content-type", "application/json"))
    return Response(status, headers, raw)


_LOOK: Final = 0.005
"""Real seconds between two looks at whether a try is over."""


async def _set(flag: Flag) -> None:
    """Wait for a flag in the server's own loop, which is on no clock."""
    loop = asyncio.get_running_loop()
    woken = asyncio.Event()

    def wake() -> None:
        loop.call_soon_threadsafe(woken.set)

    forget = flag.listen(wake)
    try:
        await woken.wait()
    finally:
        forget()
