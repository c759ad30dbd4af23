"""The receiving end of webhooks: who answers which address, what came, and the signature."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

import httpx

from skyvern_testkit.clock import Flag
from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.faults.webhooks import WebhookPlan
from skyvern_testkit.transport.front import Front

if TYPE_CHECKING:
    from aiohttp import web

__all__ = [
    "Handler",
    "Receiver",
    "Reply",
    "WebhookRequest",
    "Webhooks",
    "sign_webhook",
    "verify_webhook",
]

Reply = None | int | str | bytes | Mapping[str, Any] | tuple[int, Any] | httpx.Response
"""What a handler may answer: nothing (200), a status, a body (200; a mapping is sent as JSON), both, or all of it."""

DEFAULT_URL: Final = "https://webhooks.skyvern-testkit.example/received"
SIGNATURE: Final = "x-skyvern-signature"
MOST_SHOWN: Final = 10
"""Webhooks that an error names: the newest."""


def sign_webhook(body: bytes | str, api_key: str) -> str:
    """The ``x-skyvern-signature`` of a webhook: hex HMAC-SHA256 of its exact bytes.

    Args:
        body: the body as it is sent; a text is taken as UTF-8.
        api_key: the API key of whoever started the run.
    """
    from skyvern_testkit.api.effects import sign

    return sign(body.encode() if isinstance(body, str) else body, api_key)


def verify_webhook(body: bytes | str, signature: str | None, api_key: str) -> bool:
    """Was that body signed with that key? Compares in constant time; no signature is a wrong one.

    Skyvern does not sign the ``x-skyvern-timestamp`` header: it proves nothing.
    """
    wanted = sign_webhook(body, api_key)
    return hmac.compare_digest(wanted.encode(), (signature or "").strip().lower().encode())


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """One call of Skyvern's to the outside, as the receiver gets it.

    Attributes:
        kind: ``webhook``, or ``totp_url`` when it asks for a second-factor code.
        run_id: the run it is about.
        at: virtual seconds from the start of the world.
        method: always ``POST``.
        url: where it was sent.
        headers: any case will do.
        body: the exact bytes.
    """

    kind: str
    run_id: str
    at: float
    method: str
    url: str = field(repr=False)
    headers: httpx.Headers = field(repr=False)
    body: bytes = field(repr=False)
    api_key: str = field(repr=False)

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return json.loads(self.body)

    @property
    def status(self) -> str | None:
        """The status of the run, as the body tells it; None if it tells none."""
        try:
            told = self.json
        except ValueError:
            return None
        return told.get("status") if isinstance(told, dict) else None  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]

    @property
    def signature(self) -> str | None:
        """The ``x-skyvern-signature`` header."""
        found: str | None = self.headers.get(SIGNATURE)
        return found

    @property
    def signature_ok(self) -> bool:
        """Was it signed with the key of the client that started the run?"""
        return verify_webhook(self.body, self.signature, self.api_key)


Handler = Callable[[WebhookRequest], Reply | Awaitable[Reply]]
Receiver = Callable[[WebhookRequest], "httpx.Response | Awaitable[httpx.Response]"]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True, slots=True)
class _Place:
    pattern: str
    receiver: Receiver
    fails_test: bool


class Webhooks:
    """Where a fake's webhooks (and calls of a ``totp_url``) go, and those that have arrived.

    Without any registration, ``url`` is an address that answers 200 and loopback addresses are
    really called. Every other address is recorded in the journal and not contacted: a fake never
    sends traffic to the outside world.

    Attributes:
        url: give it as ``webhook_url``; what arrives there is only recorded.
        received: the webhooks that some receiver has answered, in that order.
    """

    url: str = DEFAULT_URL

    def __init__(self, front: Front) -> None:
        self._front = front
        self._places: list[_Place] = [_Place(DEFAULT_URL, _accept, fails_test=False)]
        self._flags: list[tuple[_Wanted, Flag]] = []
        self._how: list[str] = []
        front.describe.append(lambda: self._came() if self._flags else "")
        self.received: list[WebhookRequest] = []

    def __iter__(self) -> Iterator[WebhookRequest]:
        return iter(self.received)

    def __len__(self) -> int:
        return len(self.received)

    def __repr__(self) -> str:
        return f"<Webhooks: {len(self.received)} received>"

    @property
    def last(self) -> WebhookRequest:
        """The newest that was received.

        Raises:
            LookupError: none was.
        """
        if not self.received:
            raise LookupError("no webhook has been received yet; wait for one with `await .wait()`")
        return self.received[-1]

    # --- receivers ------------------------------------------------------------------------

    @overload
    def receive(self, url: str, handler: H) -> H: ...
    @overload
    def receive(self, url: str) -> Callable[[H], H]: ...
    def receive(self, url: str, handler: Any = None) -> Any:
        """Let a function answer what is sent to an address, in this process; also a decorator.

        Args:
            url: the address, or a glob of addresses (``"https://shop.example/hooks/*"``). The one
                said last wins.
            handler: called with a :class:`WebhookRequest`; sync, or async on the client's own event
                loop. It answers None (200), a status, a body, ``(status, body)`` or an
                ``httpx.Response``. What it raises fails the test, and Skyvern sees a 500.
        """
        if handler is None:

            def decorate(function: H) -> H:
                return self.receive(url, function)

            return decorate
        self._places.append(_Place(url, _of_handler(handler), fails_test=True))
        return handler

    def receive_asgi(self, url: str, app: Any, *, raise_app_exceptions: bool = True) -> None:
        """Let an ASGI application (Starlette, FastAPI, Quart, ...) answer what is sent to an address.

        Args:
            url: as in :meth:`receive`.
            app: the application; its lifespan is not started.
            raise_app_exceptions: an exception in it fails the test; otherwise it is only a 500.
        """
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)

        async def receiver(sent: WebhookRequest) -> httpx.Response:
            response = await transport.handle_async_request(_as_httpx(sent))
            await response.aread()
            return response

        self._places.append(_Place(url, receiver, fails_test=raise_app_exceptions))

    def receive_wsgi(self, url: str, app: Any, *, raise_app_exceptions: bool = True) -> None:
        """Let a WSGI application (Flask, Django, ...) answer; see :meth:`receive_asgi`."""
        transport = httpx.WSGITransport(app, raise_app_exceptions=True)

        def receiver(sent: WebhookRequest) -> httpx.Response:
            response = transport.handle_request(_as_httpx(sent))
            response.read()
            return response

        self._places.append(_Place(url, receiver, fails_test=raise_app_exceptions))

    def receive_aiohttp(
        self, url: str, app: web.Application | Callable[[], web.Application]
    ) -> None:
        """Let an aiohttp application answer what is sent to an address.

        It gets real HTTP without a socket. It is started (``on_startup``, ``cleanup_ctx``) on the event loop
        of the first webhook, and cleaned up when that loop ends. What its handlers raise is a 500, as
        aiohttp has it.

        Args:
            url: as in :meth:`receive`.
            app: the application, or a function that makes one. In a synchronous test it must be the function:
                each delivery has an event loop of its own.
        """
        from skyvern_testkit.transport.aiohttp_apps import AiohttpApp

        running = AiohttpApp(app)
        self._places.append(
            _Place(url, lambda sent: running.answer(_as_httpx(sent)), fails_test=True)
        )

    def find(self, url: str) -> tuple[Receiver, bool] | None:
        """Who answers that address, and whether an exception of theirs fails the test."""
        for place in reversed(self._places):
            if url == place.pattern or fnmatchcase(url, place.pattern):
                return place.receiver, place.fails_test
        return None

    # --- what goes wrong on purpose ---------------------------------------------------------

    def on(
        self,
        *,
        run: str | None = None,
        status: str | None = None,
        url: str | None = None,
        nth: int = 1,
        when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> WebhookPlan:
        """Plan what goes wrong with a webhook: ``on(status="completed").duplicate()``.

        Receivers in this process and on loopback alike see it, and the journal tells of it.

        Args:
            run: id of the run that it tells of, or a glob.
            status: the run's, as the webhook tells it.
            url: where it goes; a glob.
            nth: which one, counted from 1 among those that match, from now on. A webhook that is tried again
                counts once.
            when: asked with the body as JSON.

        Raises:
            ValueError: ``nth`` is less than 1, or no run has that status.
        """
        plans = self._front.fake.webhook_faults
        return plans.on(
            run=run, status=status, url=url, nth=nth, when=when, said_at=place_of_caller()
        )

    # --- waiting --------------------------------------------------------------------------

    def of(self, run: str | None = None, status: str | None = None) -> list[WebhookRequest]:
        """Those received that tell of a run, or of a status, or both; oldest first."""
        return [sent for sent in self.received if _Wanted(run, status).fits(sent)]

    async def wait(
        self,
        count: int = 1,
        *,
        run: str | None = None,
        status: str | None = None,
        timeout: float | None = None,
    ) -> WebhookRequest:
        """Wait until so many webhooks in all have been received.

        Args:
            count: how many, those included that are there.
            run: of this run only: its id.
            status: only those that tell of this status.
            timeout: virtual seconds; None: until nothing can come any more.

        Returns:
            the ``count``-th of them.

        Raises:
            TimeoutError: they did not come in time; the message names what did.
            Deadlock: they cannot come any more; likewise.
        """
        wanted = _Wanted(run, status, count)
        flag = self._flag(wanted, timeout)
        await self._front.clock.wait_for(flag)
        return self._count_th(wanted, timeout)

    def wait_sync(
        self,
        count: int = 1,
        *,
        run: str | None = None,
        status: str | None = None,
        timeout: float | None = None,
    ) -> WebhookRequest:
        """As :meth:`wait`, for tests that are not async."""
        wanted = _Wanted(run, status, count)
        flag = self._flag(wanted, timeout)
        self._front.clock.wait_for_sync(flag)
        return self._count_th(wanted, timeout)

    def _flag(self, wanted: _Wanted, timeout: float | None) -> Flag:
        front = self._front
        flag = front.clock.flag(f"{wanted} ({len(self.received)} received so far)")
        with front.lock:
            if wanted.is_there(self.received):
                flag.set()
            else:
                self._flags.append((wanted, flag))
        if timeout is not None and not flag.is_set:
            alarm = front.later(timeout, flag.set)
            flag.listen(lambda: front.agenda.forget(alarm))
        return flag

    def _count_th(self, wanted: _Wanted, timeout: float | None) -> WebhookRequest:
        found = [sent for sent in self.received if wanted.fits(sent)]
        if len(found) < wanted.count:
            raise TimeoutError(
                f"{wanted.asked} and {len(found)} came in {timeout:g} virtual seconds\n{self._came()}"
            )
        return found[wanted.count - 1]

    def _came(self) -> str:
        """What has come, and what went elsewhere."""
        lines = [f"  {how}" for how in self._how[-MOST_SHOWN:]]
        said = [f"Webhooks received so far: {len(self.received)}", *lines]
        if missed := [
            it.line()
            for it in self._front.fake.journal.deliveries
            if it.kind == "webhook" and it.status is None
        ]:
            said += ["Tries that nobody answered:", *(f"  {it}" for it in missed[-MOST_SHOWN:])]
        return "\n".join(said)

    def record(self, sent: WebhookRequest, how: str) -> None:
        """One more was received.

        Args:
            sent: what.
            how: what became of it, in words.
        """
        with self._front.lock:
            self.received.append(sent)
            self._how.append(f"{sent.at:>10.3f} s  {sent.run_id} {sent.status or 'altered'}: {how}")
            ready = [flag for wanted, flag in self._flags if wanted.is_there(self.received)]
            self._flags = [entry for entry in self._flags if entry[1] not in ready]
        for flag in ready:
            flag.set()


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What somebody waits for."""

    run: str | None = None
    status: str | None = None
    count: int = 1

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"wait() counts webhooks from 1, so it cannot be {self.count}")

    def __str__(self) -> str:
        return f"webhook number {self.count}{self._which}"

    @property
    def _which(self) -> str:
        of = f" of {self.run}" if self.run else ""
        return f"{of} with status {self.status}" if self.status else of

    @property
    def asked(self) -> str:
        many = f"{self.count} webhooks{self._which} were" if self.count > 1 else None
        return f"{many or f'1 webhook{self._which} was'} awaited"

    def fits(self, sent: WebhookRequest) -> bool:
        return self.run in (None, sent.run_id) and self.status in (None, sent.status)

    def is_there(self, received: list[WebhookRequest]) -> bool:
        return sum(map(self.fits, received)) >= self.count


def _accept(_: WebhookRequest) -> httpx.Response:
    return httpx.Response(200)


def _of_handler(handler: Handler) -> Receiver:
    def receiver(sent: WebhookRequest) -> httpx.Response | Awaitable[httpx.Response]:
        reply = handler(sent)
        return _later(handler, reply) if isinstance(reply, Awaitable) else _response(handler, reply)

    return receiver


async def _later(handler: Handler, reply: Awaitable[Reply]) -> httpx.Response:
    return _response(handler, await reply)


def _response(handler: Handler, reply: Reply) -> httpx.Response:
    if isinstance(reply, httpx.Response):
        return reply
    status = 200
    body: Any = reply
    if isinstance(reply, int) and not isinstance(reply, bool):
        status, body = reply, None
    elif isinstance(reply, tuple):
        status, body = reply
    match body:
        case None:
            return httpx.Response(status)
        case str() | bytes():
            return httpx.Response(status, content=body)
        case Mapping() | list():
            return httpx.Response(status, json=body)
        case _:
            name = getattr(handler, "__qualname__", repr(handler))
            raise TypeError(
                f"the webhook handler {name} answered {reply!r}; it may answer None, a status, a body, "
                "(status, body) or an httpx.Response"
            )


def _as_httpx(sent: WebhookRequest) -> httpx.Request:
    return httpx.Request(sent.method, sent.url, headers=sent.headers, content=sent.body)
