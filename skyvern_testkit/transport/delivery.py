"""Delivery of effects: to receivers in this process, to loopback addresses, and to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable
from dataclasses import replace
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpx

from skyvern_testkit.clock import VirtualClock, running_library
from skyvern_testkit.fake.redact import redact_target, redact_text
from skyvern_testkit.transport.front import Front
from skyvern_testkit.transport.webhooks import Receiver, WebhookRequest, Webhooks
from skyvern_testkit.world.events import Effect, EffectResult

__all__ = ["Courier", "is_loopback"]

PATIENCE: Final = 30.0
"""Seconds for which the real server waits for a receiver (facts: runs 12)."""
BODY_LIMIT: Final = 1 << 20
"""Bytes of a receiver's answer that are read."""
OUTSIDE: Final = "not contacted: a fake never sends traffic to the outside world"


def is_loopback(host: str | None) -> bool:
    """Is it this machine, by name or number? Nothing is resolved for that."""
    if host is None:
        return False
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class Courier:
    """Delivers effects and tells the world what became of them; whether to try again is its business.

    Args:
        failures: gets what receivers raise.
    """

    def __init__(self, failures: list[BaseException]) -> None:
        self._failures = failures
        self._tasks: set[asyncio.Task[None]] = set()
        self.is_open = True

    def begin(self, front: Front, webhooks: Webhooks) -> None:
        """For whom it works."""
        self._front, self._webhooks = front, webhooks

    def start(self, effect: Effect) -> None:
        """Deliver an effect where the client runs: in its event loop, if there is one, as a task."""
        if not self.is_open:
            return
        is_server = threading.get_ident() in self._front.servers
        library = None if is_server else running_library()
        if library == "asyncio":
            task = asyncio.get_running_loop().create_task(self._carry(effect))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        elif library == "trio":
            import trio

            trio.lowlevel.spawn_system_task(self._carry, effect)
        elif is_server or not isinstance(self._front.clock, VirtualClock):
            # The caller serves requests, or keeps the world's time and holds its lock; a receiver may need both.
            threading.Thread(target=self.start_here, args=(effect,), daemon=True).start()
        else:
            self.start_here(effect)

    def start_here(self, effect: Effect) -> None:
        """Deliver an effect in this call."""
        sent = self._render(effect)
        try:
            answer = self._post(sent, _call)
            if asyncio.iscoroutine(answer) and running_library() is not None:
                answer.close()
                self.start(effect)  # this loop must go on for that
                return
            response = asyncio.run(_result_of(answer)) if isinstance(answer, Awaitable) else answer
        except Exception as error:  # noqa: BLE001 - a receiver may raise anything
            self._done(effect, sent, self._failed(sent, error))
        else:
            self._done(effect, sent, _result(response))

    async def _carry(self, effect: Effect) -> None:
        sent = self._render(effect)
        try:
            answer = self._post(sent, self._call_async)
            response = await answer if isinstance(answer, Awaitable) else answer
        except Exception as error:  # noqa: BLE001 - a receiver may raise anything
            self._done(effect, sent, self._failed(sent, error))
        else:
            self._done(effect, sent, _result(response))

    def _render(self, effect: Effect) -> WebhookRequest:
        front = self._front
        with front.lock:
            request = front.fake.render_effect(effect)
            at = front.fake.elapsed
        return WebhookRequest(
            effect.kind,
            effect.run.id,
            at,
            request.method,
            effect.url,
            httpx.Headers(list(request.headers)),
            request.body,
            effect.api_key,
        )

    def _post(self, sent: WebhookRequest, call: Receiver) -> Answer:
        found = self._webhooks.find(sent.url)
        if found is not None:
            return found[0](sent)
        if not is_loopback(urlsplit(sent.url).hostname):
            raise _OutsideWorld
        return call(sent)

    async def _call_async(self, sent: WebhookRequest) -> httpx.Response:
        """Over real HTTP; on asyncio the loop's own connections hold the clock."""
        asyncio_holds = running_library() == "asyncio"
        hold = (
            contextlib.nullcontext()
            if asyncio_holds
            else self._front.clock.hold(f"the delivery to {redact_target(sent.url)}")
        )
        with hold:
            async with httpx.AsyncHTTPTransport(trust_env=False) as transport:
                response = await transport.handle_async_request(_with_patience(sent))
                body = b""
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) >= BODY_LIMIT:
                        break
                await response.aclose()
        return httpx.Response(
            response.status_code, headers=_kept(response), content=body[:BODY_LIMIT]
        )

    def _failed(self, sent: WebhookRequest, error: Exception) -> EffectResult:
        if isinstance(error, _OutsideWorld):
            return EffectResult(error=OUTSIDE, contacted=False)
        found = self._webhooks.find(sent.url)
        if found is None:  # over HTTP
            return EffectResult(error=redact_text(f"{type(error).__name__}: {error}"))
        if found[1]:
            where = redact_target(sent.url)
            error.add_note(f"raised by the receiver of {where} for {sent.kind} of {sent.run_id}")
            self._failures.append(error)
        return EffectResult(status=500, body="Internal Server Error")

    def _done(self, effect: Effect, sent: WebhookRequest, result: EffectResult) -> None:
        if not self.is_open:
            return
        exact = replace(result, request_headers=dict(sent.headers), request_body=sent.body)
        try:
            self._front.effect_done(effect, exact)
        except Exception as error:  # noqa: BLE001 - a script that goes on may raise anything
            if all(error is not problem.error for problem in self._front.fake.world.problems):
                self._failures.append(error)
        if effect.kind == "webhook" and result.status is not None:
            self._webhooks.record(sent)


class _OutsideWorld(Exception):
    """An address that nobody here answers and that is not this machine."""


Answer = httpx.Response | Awaitable[httpx.Response]


async def _result_of(answer: Awaitable[httpx.Response]) -> httpx.Response:
    return await answer


def _call(sent: WebhookRequest) -> httpx.Response:
    with httpx.HTTPTransport(trust_env=False) as transport:
        response = transport.handle_request(_with_patience(sent))
        body = b""
        for part in response.iter_bytes():
            body += part
            if len(body) >= BODY_LIMIT:
                break
        response.close()
    return httpx.Response(response.status_code, headers=_kept(response), content=body[:BODY_LIMIT])


def _with_patience(sent: WebhookRequest) -> httpx.Request:
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)
    return httpx.Request(
        sent.method,
        sent.url,
        headers=sent.headers,
        content=sent.body,
        extensions={"timeout": timeouts},
    )


def _kept(response: httpx.Response) -> dict[str, str]:
    """The headers, as they are written, without those that speak of the body's encoding."""
    pairs = (
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw
    )
    return {name: value for name, value in pairs if name.lower() not in _OF_ENCODING}


_OF_ENCODING: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


def _result(response: httpx.Response) -> EffectResult:
    return EffectResult(
        status=response.status_code,
        body=response.text,
        retry_after=response.headers.get("retry-after"),
        headers={
            name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers.raw
        },
    )
