"""The way of webhooks out of a fake: what the plan does to each, and what goes out besides."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import urlsplit

from skyvern_testkit.api.effects import render, sign
from skyvern_testkit.faults.webhooks import (
    Altered,
    AnswerLost,
    Duplicated,
    Late,
    Lost,
    Overtaken,
    SignedWith,
    Unsigned,
    WebhookFault,
)
from skyvern_testkit.script import Family
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json, dump_webhook
from skyvern_testkit.world.deliveries import emit_due
from skyvern_testkit.world.events import Effect, EffectDue, EffectResult
from skyvern_testkit.world.rows import Run

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["NOBODY", "NO_ANSWER", "Post"]

NOBODY: Final = "ConnectError: All connection attempts failed"
"""What the server notes of a try that found nobody (facts: runs 8)."""
NO_ANSWER: Final = "RemoteProtocolError: Server disconnected without sending a response."
"""What it notes where the connection broke before an answer (seen on 1.0.56)."""
SIGNATURE: Final = "x-skyvern-signature"
_COPY: Final = "a copy"
_FIRED: Final = "sent by the test"


@dataclass
class Post:
    """Webhooks on their way out of one fake.

    Attributes:
        struck: what goes wrong with each, by the number of the effect, until it is done.
        held: those that wait for another to overtake them.
        overtaken: those that may go, since one has.
        expired: those that are gone before their time limit; when that comes, it means nothing.
        extra: those that the server would not have sent, and why they are there.
    """

    struck: dict[int, tuple[WebhookFault, ...]] = field(
        default_factory=dict[int, "tuple[WebhookFault, ...]"]
    )
    held: dict[int, Effect] = field(default_factory=dict[int, Effect])
    overtaken: set[int] = field(default_factory=set[int])
    expired: set[int] = field(default_factory=set[int])
    extra: dict[int, str] = field(default_factory=dict[int, str])

    def fork(self) -> Post:
        """The same, for a fork of the fake."""
        return Post(
            dict(self.struck),
            dict(self.held),
            set(self.overtaken),
            set(self.expired),
            dict(self.extra),
        )

    # --- out ------------------------------------------------------------------------------

    def collect(self, fake: FakeSkyvern) -> list[Effect]:
        """The effects that are to be delivered now; the others wait for their time."""
        ready: list[Effect] = []
        while fake.world.outbox:
            effects, fake.world.outbox = fake.world.outbox, []
            ready += [effect for effect in effects if self._goes(fake, effect)]
        return ready

    def _goes(self, fake: FakeSkyvern, effect: Effect) -> bool:
        number = effect.id
        if effect.kind != "webhook" or effect.nth > 1 or self.extra.get(number) == _COPY:
            return True
        if number in self.expired:
            self.expired.discard(number)
            if number in fake.world.results:
                del fake.world.in_flight[number]
            return False
        if number in self.overtaken:
            self.overtaken.discard(number)
            self.expired.add(number)
        elif number in self.held:
            del self.held[number]
        elif number not in self.struck:
            self.struck[number] = self._strike(fake, effect)
            if self._waits(fake, effect):
                return False
        self._copy(fake, effect)
        return True

    def _strike(self, fake: FakeSkyvern, effect: Effect) -> tuple[WebhookFault, ...]:
        if not len(fake.webhook_faults):
            return ()
        run, body = effect.run, json.loads(self._untouched(fake, effect).body)
        try:
            return fake.webhook_faults.strike(
                run.id, str(run.status), effect.url, body, run.organization_id
            )
        except Exception as error:  # noqa: BLE001 - a condition of the user's may raise anything
            fake.remember(error)
            return ()

    def _waits(self, fake: FakeSkyvern, effect: Effect) -> bool:
        """Is it not its time yet? Then it comes back."""
        faults = self.struck[effect.id]
        waits = [fault.nanoseconds for fault in faults if isinstance(fault, Late | Overtaken)]
        if not any(waits):
            return False
        if any(isinstance(fault, Overtaken) for fault in faults):
            self.held[effect.id] = effect
        del fake.world.in_flight[effect.id]
        fake.world.schedule(effect.at + sum(waits), EffectDue(effect))
        return True

    def _copy(self, fake: FakeSkyvern, effect: Effect) -> None:
        for fault in self.struck.get(effect.id, ()):
            if not isinstance(fault, Duplicated):
                continue
            said = self.render(fake, effect)
            for number in range(1, fault.copies + 1):
                copy = self._besides(fake, effect, said, _COPY)
                if fault.nanoseconds:
                    fake.world.schedule(effect.at + number * fault.nanoseconds, EffectDue(copy))
                else:
                    fake.world.emit(copy, at=copy.at)

    def fire(self, fake: FakeSkyvern, run: Run, url: str) -> None:
        """Send the webhook of a run as it is now, once; what becomes of it changes nothing of the run."""
        world = fake.world
        own = Effect(0, "webhook", url, run, run.api_key, at=world.now)
        fired = self._besides(fake, own, self._untouched(fake, own), _FIRED)
        world.emit(fired, at=world.now)

    def _besides(self, fake: FakeSkyvern, effect: Effect, said: Request, why: str) -> Effect:
        """One more effect that says just that; it is tried once, and its result is nobody's business."""
        exact = EffectResult(request_headers=dict(said.headers), request_body=said.body)
        more = fake.world.new_effect(
            kind="webhook",
            url=effect.url,
            run=effect.run,
            api_key=effect.api_key,
            at=effect.at,
            replayed=True,
            first=exact,
        )
        self.extra[more.id] = why
        return more

    # --- what is sent ---------------------------------------------------------------------

    def render(self, fake: FakeSkyvern, effect: Effect) -> Request:
        """What is sent for an effect; every try of it says the same."""
        request = self._untouched(fake, effect)
        if effect.nth > 1 or self.extra.get(effect.id) == _COPY:
            return request  # as the first, with all that was done to that
        try:
            for fault in self.struck.get(effect.id, ()):
                request = _tampered(request, fault, self.key(fake, effect))
        except Exception as error:  # noqa: BLE001 - a function of the user's may raise anything
            fake.remember(error)
        return request

    def _untouched(self, fake: FakeSkyvern, effect: Effect) -> Request:
        first = effect.first if effect.kind == "webhook" else None
        if first is not None and first.request_headers:
            parts = urlsplit(effect.url)
            return Request(
                "POST",
                parts.path or "/",
                parts.query,
                tuple(first.request_headers.items()),
                first.request_body,
                scheme=parts.scheme or "http",
            )
        return render(replace(effect, api_key=self.key(fake, effect)), fake.world, fake.links)

    def key(self, fake: FakeSkyvern, effect: Effect) -> str:
        """The key that signs: that of the request which started the run (facts: runs 8).

        For a 2.0 task and for a ``totp_url`` it is the organisation's own: another, once that one is no
        longer good.
        """
        follows = effect.kind == "totp_url" or effect.run.family is Family.TASK_V2
        if effect.api_key and not follows:
            return effect.api_key
        good = fake.keys.of(effect.run.organization_id)
        return effect.api_key if effect.api_key in good or not good else good[-1]

    # --- what becomes of it ---------------------------------------------------------------

    def fate(self, effect: Effect) -> str | None:
        """How the network ends this try, before (``NOBODY``) or after (``NO_ANSWER``) the receiver has it."""
        for fault in self.struck.get(effect.id, ()):
            match fault:
                case Lost(tries) if effect.nth <= tries:
                    return NOBODY
                case AnswerLost(tries) if effect.nth <= tries:
                    return NO_ANSWER
                case _:
                    pass
        return None

    def note(self, effect: Effect) -> str | None:
        """What was done to it on purpose, for the journal."""
        said = [self.extra[effect.id]] if effect.id in self.extra else []
        return "; ".join([*said, *map(str, self.struck.get(effect.id, ()))]) or None

    def done(self, fake: FakeSkyvern, effect: Effect) -> None:
        """There is no further try; whoever waits for one to overtake it may go."""
        if effect.id not in fake.world.results:
            return
        self.struck.pop(effect.id, None)
        self.extra.pop(effect.id, None)
        if effect.kind != "webhook":
            return
        held, self.held = self.held, {}
        for number, waiting in held.items():
            self.overtaken.add(number)
            emit_due(fake.world, EffectDue(waiting))


def _tampered(request: Request, fault: WebhookFault, key: str) -> Request:
    match fault:
        case Altered(change, signed):
            body = _changed(request.body, change)
            request = _with(replace(request, body=body), "content-length", str(len(body)))
            return _with(request, SIGNATURE, sign(body, key)) if signed else request
        case SignedWith(other):
            return _with(request, SIGNATURE, sign(request.body, other))
        case Unsigned():
            return _with(request, SIGNATURE, None)
        case _:
            return request


def _changed(body: bytes, change: Mapping[str, Json] | Callable[[bytes], bytes]) -> bytes:
    if not callable(change):
        return dump_webhook({**json.loads(body), **change})
    changed = cast("object", change(body))
    if not isinstance(changed, bytes):
        name = getattr(change, "__name__", repr(change))
        raise TypeError(f"alter({name}) must return the new body as bytes, not {changed!r}")
    return changed


def _with(request: Request, name: str, value: str | None) -> Request:
    """The request with another value of a header, or without it."""
    headers = tuple(
        (key, old if key.lower() != name else value or "")
        for key, old in request.headers
        if key.lower() != name or value is not None
    )
    return replace(request, headers=headers)
