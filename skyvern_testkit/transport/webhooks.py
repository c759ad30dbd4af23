"""The receiving end of webhooks: who answers which address, what came, and the signature."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar, overload

import httpx

from skyvern_testkit.clock import Flag
from skyvern_testkit.transport.front import Front

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
        self._flags: list[tuple[int, Flag]] = []
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

    def find(self, url: str) -> tuple[Receiver, bool] | None:
        """Who answers that address, and whether an exception of theirs fails the test."""
        for place in reversed(self._places):
            if url == place.pattern or fnmatchcase(url, place.pattern):
                return place.receiver, place.fails_test
        return None

    # --- waiting --------------------------------------------------------------------------

    async def wait(self, count: int = 1, *, timeout: float | None = None) -> WebhookRequest:
        """Wait until so many webhooks in all have been received.

        Args:
            count: how many, those included that are there.
            timeout: virtual seconds; None: until nothing can come any more.

        Returns:
            the ``count``-th.

        Raises:
            TimeoutError: they did not come in time.
            Deadlock: they cannot come any more.
        """
        flag = self._flag(count, timeout)
        await self._front.clock.wait_for(flag)
        return self._count_th(count, timeout)

    def wait_sync(self, count: int = 1, *, timeout: float | None = None) -> WebhookRequest:
        """As :meth:`wait`, for tests that are not async."""
        flag = self._flag(count, timeout)
        self._front.clock.wait_for_sync(flag)
        return self._count_th(count, timeout)

    def _flag(self, count: int, timeout: float | None) -> Flag:
        front = self._front
        flag = front.clock.flag(f"webhook number {count} ({len(self.received)} received so far)")
        with front.lock:
            if len(self.received) >= count:
                flag.set()
            else:
                self._flags.append((count, flag))
        if timeout is not None and not flag.is_set:
            alarm = front.later(timeout, flag.set)
            flag.listen(lambda: front.agenda.forget(alarm))
        return flag

    def _count_th(self, count: int, timeout: float | None) -> WebhookRequest:
        if len(self.received) < count:
            raise TimeoutError(
                f"{count} webhooks were awaited and {len(self.received)} came in {timeout:g} virtual seconds"
            )
        return self.received[count - 1]

    def record(self, sent: WebhookRequest) -> None:
        """One more was answered."""
        with self._front.lock:
            self.received.append(sent)
            count = len(self.received)
            ready = [flag for wanted, flag in self._flags if wanted <= count]
            self._flags = [entry for entry in self._flags if entry[0] > count]
        for flag in ready:
            flag.set()


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
