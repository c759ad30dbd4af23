"""The second front: the same requests over a real socket, as bytes, with the time moved by hand."""

from __future__ import annotations

import contextlib
import http.client
from collections.abc import Generator
from typing import Any
from urllib.parse import urlsplit

from skyvern_testkit.clock import HandClock
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.transport.inprocess import InProcessSkyvern
from skyvern_testkit.transport.server import serving
from skyvern_testkit.wire.http import Request, Response
from tests.recorded.replay import BASE_URL, Replay, Send, became_of, deliver

__all__ = ["over_a_socket"]


@contextlib.contextmanager
def over_a_socket(group: str) -> Generator[Replay]:
    """A replay of a group whose requests go through aiohttp and back."""
    with contextlib.ExitStack() as stack:

        def make(**options: Any) -> InProcessSkyvern:
            clock = HandClock(epoch_ns=options["epoch"])
            fake = InProcessSkyvern(clock, by_polls=True, **options)
            front: Any = fake.front

            def dispatch(*, here: bool = False) -> None:
                """As in memory: the world hears after a request, or when one waits for it."""
                with front.lock:
                    awaited = {effect.id for effect in fake.world.outbox} & set(front._listeners)
                    while awaited:
                        for effect in fake.take_effects():
                            front.effect_done(effect, became_of(effect))
                        awaited -= set(fake.world.results)
                        if awaited:  # there will be another try
                            clock.move_to(front.on_clock(front.fake.next_due()))

            front.dispatch = dispatch
            front.answered = front._settle = lambda _: None  # time moves for waits, not for looks
            return fake

        def connect(fake: FakeSkyvern) -> Send:
            assert isinstance(fake, InProcessSkyvern)
            fake.open()
            stack.callback(fake.shut)
            server = stack.enter_context(serving(fake, base_url=BASE_URL))
            line = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=30)
            stack.callback(line.close)
            clock: Any = fake.clock

            def send(request: Request, now: int) -> Response:
                while (due := fake.next_due()) is not None and due <= now:
                    clock.move_to(fake.front.on_clock(due))
                    with fake.front.lock:
                        fake.advance(due)
                        deliver(fake)
                clock.move_to(fake.front.on_clock(now))
                response = _sent(line, request)
                if response.status < 400:
                    with fake.front.lock:
                        deliver(fake)
                return response

            return send

        yield Replay(group, connect, make)


def _sent(line: http.client.HTTPConnection, request: Request) -> Response:
    line.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers:
        line.putheader(name, value.encode("latin-1"))
    if request.body and request.header("content-length") is None:
        line.putheader("content-length", str(len(request.body)))
    line.endheaders(request.body or None)
    answer = line.getresponse()
    return Response(answer.status, tuple(answer.getheaders()), answer.read())
