"""A virtual clock over a socket: the client stamps its time on each request, and waits on its own clock.

An answer that takes time cannot keep the connection waiting: time would stand still for it. So the
server tells such a client how long it is to wait, and the client asks again::

    client -> POST /v1/browser_profiles      x-skyvern-testkit-now: 1767225600000000000
    server -> 202                            x-skyvern-testkit-exchange: 7
                                             x-skyvern-testkit-until: 1767225603000000000
    (three virtual seconds pass at the client)
    client -> POST /v1/browser_profiles      x-skyvern-testkit-exchange: 7   (without its body)
    server -> 200 and the answer

Instants are nanoseconds since the Unix epoch, of the served world. Clients that send no stamp never
see any of this.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import Final

import httpx

from skyvern_testkit.clock import Clock, Flag, accounted
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import seconds as to_nanoseconds

__all__ = [
    "CLOCK",
    "CONTROL",
    "NOW",
    "Stamp",
    "StampedTransport",
    "SyncStampedTransport",
    "gone",
    "of",
    "wait",
    "without",
]

CONTROL: Final = "/_skyvern_testkit/"
"""What a server of the kit is asked that Skyvern is not."""
CLOCK: Final = f"{CONTROL}clock"
"""Where a server of the kit is asked for its world's time."""

NOW: Final = "x-skyvern-testkit-now"
EXCHANGE: Final = "x-skyvern-testkit-exchange"
UNTIL: Final = "x-skyvern-testkit-until"
LEFT: Final = "x-skyvern-testkit-left"
GONE: Final = "x-skyvern-testkit-gone"
NANOSECOND_DIGITS: Final = 19
"""Of an instant before the year 2286."""
_OURS: Final = "x-skyvern-testkit-"


# --- the server's side --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a clock-keeping client says with its request.

    Args:
        now: the world's instant at which it sends it.
        exchange: the exchange whose answer it comes back for, None for a new request.
        left: exchanges whose answers it no longer waits for.
    """

    now: int
    exchange: str | None = None
    left: tuple[str, ...] = ()


def of(request: Request) -> Stamp | None:
    """The stamp of a request, if it has one."""
    now = request.header(NOW)
    if now is None or not now.isascii() or not now.isdigit() or len(now) > NANOSECOND_DIGITS:
        return None
    return Stamp(int(now), request.header(EXCHANGE), tuple((request.header(LEFT) or "").split()))


def without(request: Request) -> Request:
    """The request as the client meant it."""
    kept = tuple(item for item in request.headers if not item[0].lower().startswith(_OURS))
    return replace(request, headers=kept)


def wait(exchange: str, until: int | None) -> Response:
    """Come back for the answer at that instant; None: there will not be one."""
    headers = ((EXCHANGE, exchange), *(((UNTIL, str(until)),) if until is not None else ()))
    return _answer(202, *headers)


def gone() -> Response:
    """The client asks for the answer of an exchange that nobody knows."""
    return _answer(410, (GONE, "1"))


def _answer(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, (*headers, ("content-length", "0")))


# --- the client's side --------------------------------------------------------------------------


@dataclass
class _Keeper:
    """What a transport knows of the served world's time: how far it is from the client's clock."""

    clock: Clock
    zero: int | None
    """The world's instant at the clock's own zero."""
    left: list[str] = field(default_factory=list[str])

    def learn(self, answer: httpx.Response) -> None:
        """The server has told the world's time."""
        try:
            self.zero = int(answer.json()["now"]) - self.clock.now_ns
        except (KeyError, TypeError, ValueError):
            raise httpx.UnsupportedProtocol(
                f"{answer.request.url.host} does not answer as a server of skyvern-testkit does, so it "
                'cannot keep a virtual clock: run the test with clock="real"',
                request=answer.request,
            ) from None

    def stamped(self, request: httpx.Request, exchange: str | None = None) -> httpx.Request:
        """The request with the client's time on it; when it comes back for an answer, without a body."""
        headers = [(name, value) for name, value in request.headers.raw if not _is_own(name)]
        if exchange is not None:
            headers = [(name, value) for name, value in headers if name.lower() not in _OF_BODY]
            headers.append((EXCHANGE.encode(), exchange.encode()))
        headers.append((NOW.encode(), str(self._distance + self.clock.now_ns).encode()))
        if self.left:
            headers.append((LEFT.encode(), " ".join(self.left).encode()))
            self.left.clear()
        body = request.stream if exchange is None else None
        extensions = {
            name: value for name, value in request.extensions.items() if name != "timeout"
        }
        return httpx.Request(
            request.method, request.url, headers=headers, stream=body, extensions=extensions
        )

    def question(self, request: httpx.Request) -> httpx.Request:
        """The request for the world's time."""
        return httpx.Request("GET", request.url.copy_with(raw_path=CLOCK.encode()))

    def deadline(self, request: httpx.Request) -> int | None:
        """When the client's own read timeout strikes, on its clock."""
        patience: float | None = request.extensions.get("timeout", {}).get("read")
        return None if patience is None else self.clock.now_ns + to_nanoseconds(patience)

    def comes(self, answer: httpx.Response) -> int | None:
        """When the answer comes, on the client's clock; None: never."""
        until = answer.headers.get(UNTIL)
        return None if until is None else int(until) - self._distance

    @property
    def _distance(self) -> int:
        if self.zero is None:
            raise RuntimeError("the server was not asked for its time yet")
        return self.zero

    @contextlib.contextmanager
    def leaving(self, exchange: str) -> Generator[None]:
        """Whoever is not there any more for an answer says so with its next request."""
        try:
            yield
        except BaseException:
            self.left.append(exchange)
            raise

    def checked(self, answer: httpx.Response, request: httpx.Request) -> httpx.Response:
        """The answer, unless the server has forgotten that it owes one."""
        if GONE in answer.headers:
            raise httpx.RemoteProtocolError(
                "the server was started anew while its answer was waited for", request=request
            )
        return answer

    def never(self, request: httpx.Request) -> Flag:
        """What a client without a timeout waits for in vain."""
        return self.clock.flag(
            f"the answer to {request.method} {request.url.path}, which never comes"
        )


_OF_BODY: Final = frozenset({b"content-length", b"content-type", b"transfer-encoding"})


def _is_own(name: bytes) -> bool:
    return name.lower().startswith(_OURS.encode())


def _timed_out(request: httpx.Request) -> httpx.ReadTimeout:
    return httpx.ReadTimeout("The read operation timed out", request=request)


class StampedTransport(httpx.AsyncBaseTransport):
    """An async transport over a socket that keeps the client's clock and the served world's together.

    The client's ``read`` timeout counts on its own clock; the socket itself has none.

    Args:
        over: what carries the requests.
        clock: the client's.
        zero: the world's instant at the clock's zero; None: the server is asked for it.
    """

    def __init__(
        self, over: httpx.AsyncBaseTransport, clock: Clock, *, zero: int | None = None
    ) -> None:
        self._over = over
        self._keeper = _Keeper(clock, zero)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        keeper, clock = self._keeper, self._keeper.clock
        clock.check_participant()
        if keeper.zero is None:
            keeper.learn(await self._carry(keeper.question(request)))
        deadline = keeper.deadline(request)
        answer = await self._carry(keeper.stamped(request))
        while (exchange := answer.headers.get(EXCHANGE)) is not None:
            with keeper.leaving(exchange):
                comes = keeper.comes(answer)
                if deadline is not None and (comes is None or comes > deadline):
                    await clock.wait_until(deadline)
                    raise _timed_out(request)
                if comes is None:
                    await clock.wait_for(keeper.never(request))
                else:
                    await clock.wait_until(comes)
            answer = keeper.checked(await self._carry(keeper.stamped(request, exchange)), request)
        answer.request = request
        return answer

    async def _carry(self, request: httpx.Request) -> httpx.Response:
        before = accounted.set(True)
        try:
            with self._keeper.clock.hold(f"the answer to {request.method} {request.url.path}"):
                answer = await self._over.handle_async_request(request)
                answer.request = request
                await answer.aread()
                await answer.aclose()
        finally:
            accounted.reset(before)
        return answer

    async def aclose(self) -> None:
        await self._over.aclose()


class SyncStampedTransport(httpx.BaseTransport):
    """As :class:`StampedTransport`, sync."""

    def __init__(self, over: httpx.BaseTransport, clock: Clock, *, zero: int | None = None) -> None:
        self._over = over
        self._keeper = _Keeper(clock, zero)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        keeper, clock = self._keeper, self._keeper.clock
        clock.check_participant()
        if keeper.zero is None:
            keeper.learn(self._carry(keeper.question(request)))
        deadline = keeper.deadline(request)
        answer = self._carry(keeper.stamped(request))
        while (exchange := answer.headers.get(EXCHANGE)) is not None:
            with keeper.leaving(exchange):
                comes = keeper.comes(answer)
                if deadline is not None and (comes is None or comes > deadline):
                    clock.wait_until_sync(deadline)
                    raise _timed_out(request)
                if comes is None:
                    clock.wait_for_sync(keeper.never(request))
                else:
                    clock.wait_until_sync(comes)
            answer = keeper.checked(self._carry(keeper.stamped(request, exchange)), request)
        answer.request = request
        return answer

    def _carry(self, request: httpx.Request) -> httpx.Response:
        with self._keeper.clock.hold(f"the answer to {request.method} {request.url.path}"):
            answer = self._over.handle_request(request)
            answer.request = request
            answer.read()
            answer.close()
        return answer

    def close(self) -> None:
        self._over.close()
