"""Delivery of effects: to receivers in this process, to loopback addresses, and to nobody else."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from skyvern_testkit.clock import VirtualClock, running_library
from skyvern_testkit.fake.post import NOBODY
from skyvern_testkit.fake.redact import redact_target, redact_text
from skyvern_testkit.transport.codes import Unreachable
from skyvern_testkit.transport.front import Front
from skyvern_testkit.transport.webhooks import Receiver, WebhookRequest, Webhooks
from skyvern_testkit.world.events import Effect, EffectResult

__all__ = ["Courier", "is_loopback"]

PATIENCE: Final = 30.0
"""Seconds for which the real server waits for a receiver (facts: runs 11)."""
REPLAY_PATIENCE: Final = 60.0
"""The same for a webhook that a client asks for once more."""
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
        """Deliver an effect in this call; a handler that is too slow is canceled, as nobody runs it on."""
        sent = self._render(effect)
        try:
            answer = self._post(effect, sent, _call)
            if asyncio.iscoroutine(answer) and running_library() is not None:
                answer.close()
                self.start(effect)  # this loop must go on for that
                return
            if isinstance(answer, Awaitable):
                asyncio.run(self._carry_here(effect, sent, answer))
                return
        except Exception as error:  # noqa: BLE001 - a receiver may raise anything
            self._ended(effect, sent, self._failed(sent, error))
        else:
            self._ended(effect, sent, _result(answer))

    async def _carry_here(
        self, effect: Effect, sent: WebhookRequest, answer: Awaitable[httpx.Response]
    ) -> None:
        """Likewise, on an event loop made for that; what falls due meanwhile is delivered on it too."""
        try:
            response = await _in_time(answer, patience_for(effect))
        except Exception as error:  # noqa: BLE001 - a receiver may raise anything
            self._ended(effect, sent, self._failed(sent, error))
        else:
            self._ended(effect, sent, _result(response))
        loop = asyncio.get_running_loop()
        while others := {task for task in self._tasks if task.get_loop() is loop}:
            await asyncio.wait(others)

    async def _carry(self, effect: Effect) -> None:
        sent = self._render(effect)
        try:
            answer = self._post(effect, sent, self._call_async)
            if isinstance(answer, Awaitable):
                is_ours = self._webhooks.find(sent.url) is not None
                answer = await (self._in_time(effect, sent, answer) if is_ours else answer)
        except Exception as error:  # noqa: BLE001 - a receiver may raise anything
            self._ended(effect, sent, self._failed(sent, error))
        else:
            self._ended(effect, sent, _result(answer))

    async def _in_time(
        self, effect: Effect, sent: WebhookRequest, answer: Awaitable[httpx.Response]
    ) -> httpx.Response:
        """The answer of a receiver in this process, if it comes before the server gives up.

        A receiver that is too slow is not stopped by that, here as in reality: it goes on, beside the next
        try. What it raises then still fails the test.
        """
        front = self._front
        flag = front.clock.flag(f"the receiver of {redact_target(sent.url)}")
        came: list[httpx.Response] = []
        raised: list[Exception] = []
        is_late = False

        async def work() -> None:
            try:
                came.append(await answer)
                if is_late and effect.kind == "webhook":
                    self._webhooks.record(sent, "too late")
            except Exception as error:  # noqa: BLE001 - a receiver may raise anything
                raised.append(error)
                if is_late:
                    self._failed(sent, error)
            finally:
                flag.set()

        self._spawn(work)
        alarm = front.later(patience_for(effect), flag.set)
        await front.clock.wait_for(flag)
        with front.lock:
            front.agenda.forget(alarm)
            is_late = not came and not raised
        if raised:
            raise raised[0]
        if is_late:
            raise _TooLate
        return came[0]

    def _spawn(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if running_library() == "trio":
            import trio

            trio.lowlevel.spawn_system_task(work)
            return
        task = asyncio.get_running_loop().create_task(work())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

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
            front.fake.post.key(front.fake, effect),
        )

    def _post(self, effect: Effect, sent: WebhookRequest, call: Receiver) -> Answer:
        if self._front.fake.post.fate(effect) == NOBODY:
            raise _Dropped
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
        match error:
            case _OutsideWorld():
                return EffectResult(error=OUTSIDE, contacted=False)
            case _Dropped() | Unreachable():
                return EffectResult(error=NOBODY)
            case _TooLate():
                return EffectResult(error="ReadTimeout")
            case httpx.ConnectError():
                return EffectResult(
                    error=NOBODY
                )  # as an async client says it, such as the server's
            case _:
                pass
        found = self._webhooks.find(sent.url)
        if found is None:  # over HTTP
            text = str(error)
            said = f"{type(error).__name__}: {text}" if text else type(error).__name__
            return EffectResult(error=redact_text(said))
        if found[1]:
            where = redact_target(sent.url)
            error.add_note(f"raised by the receiver of {where} for {sent.kind} of {sent.run_id}")
            self._failures.append(error)
        return EffectResult(status=500, body="Internal Server Error")

    def _ended(self, effect: Effect, sent: WebhookRequest, result: EffectResult) -> None:
        """The try is over for the receiver; if it has answered, the network may yet lose that."""
        fate = self._front.fake.post.fate(effect)
        is_lost = fate is not None and result.status is not None
        self._done(effect, sent, EffectResult(error=fate) if is_lost else result)
        if effect.kind == "webhook" and result.status is not None and self.is_open:
            lost = ", which was lost" if is_lost else ""
            self._webhooks.record(sent, f"answered {result.status}{lost}")

    def _done(self, effect: Effect, sent: WebhookRequest, result: EffectResult) -> None:
        if not self.is_open:
            return
        headers: dict[str, Any] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in sent.headers.raw
        }
        exact = replace(result, request_headers=headers, request_body=sent.body)
        try:
            self._front.effect_done(effect, exact)
        except Exception as error:  # noqa: BLE001 - a script that goes on may raise anything
            if all(error is not problem.error for problem in self._front.fake.world.problems):
                self._failures.append(error)


class _OutsideWorld(Exception):
    """An address that nobody here answers and that is not this machine."""


class _Dropped(Exception):
    """The test wants this try to find nobody."""


class _TooLate(Exception):
    """The receiver took longer than the server waits."""


Answer = httpx.Response | Awaitable[httpx.Response]


def patience_for(effect: Effect) -> float:
    """Seconds for which the server waits for the answer to one try (facts: runs 8, 11)."""
    return REPLAY_PATIENCE if effect.replayed and effect.first is None else PATIENCE


async def _in_time(answer: Awaitable[httpx.Response], patience: float) -> httpx.Response:
    task = asyncio.ensure_future(answer)
    done, _ = await asyncio.wait({task}, timeout=patience)
    if not done:
        task.cancel()
        raise _TooLate
    return task.result()


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
