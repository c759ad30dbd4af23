"""One request on its way through the fake, in the order of the real server's checks.

route (404, 405, 307) -> fault? -> JSON syntax (422) -> key (403) -> model (422) -> handler -> answer
(facts: resources 1, "Order of checks").
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from skyvern_testkit.api import answers
from skyvern_testkit.api.call import After, Answer, Call, Endpoint, Until, Wait
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import Matched, Redirect, Unroutable
from skyvern_testkit.api.validation import read_body
from skyvern_testkit.fake.performing import Caller, call_of
from skyvern_testkit.faults import (
    AnswerWith,
    Damage,
    EmptyBody,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
)
from skyvern_testkit.wire.errors import Refusal, ServerCrash, server_error
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.jsontext import Json

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern
    from skyvern_testkit.fake.journal import Entry

__all__ = ["Broken", "Exchange", "Forever", "Step"]


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection is reset instead of an answer."""


@dataclass(frozen=True, slots=True)
class Forever:
    """No answer will come; only the client's own timeout ends it."""


Step = Response | Until | After | Broken | Forever
Course = Generator[Wait | Forever, None, Response | Broken]


class Exchange:
    """One request and the answer that it may take time to get.

    A transport calls :meth:`step` with the time; a :class:`Response` or :class:`Broken` is the end,
    ``Until`` and ``After`` say what to wait for before the next step.
    """

    def __init__(self, fake: FakeSkyvern, request: Request, entry: Entry) -> None:
        self._fake = fake
        self._course: Course = _serve(fake, request, entry)
        self.request = request
        self.entry = entry
        self._last: Step | None = None

    @property
    def is_over(self) -> bool:
        """Has it come to its end?"""
        return isinstance(self._last, Response | Broken)

    def step(self, now: int) -> Step:
        """Go on as far as possible.

        Args:
            now: nanoseconds since the Unix epoch; the world is advanced to it.

        Raises:
            Exception: a user's script went wrong, or the fake itself; never shown as HTTP.
        """
        if isinstance(self._last, Response | Broken):
            return self._last
        self._fake.advance(now)
        try:
            step: Step = next(self._course)
        except StopIteration as end:
            step = end.value
            self._fake.close(self, step)
        except BaseException as error:
            self._fake.abandon(self, "error")
            if isinstance(error, Exception):
                self._fake.remember(error)
            raise
        self._last = step
        return step

    def abandon(self) -> None:
        """Drop the exchange: what was to be done later is not done, and no answer is made."""
        if not self.is_over:
            self._course.close()
            self._fake.abandon(self, "abandoned")


def _serve(fake: FakeSkyvern, request: Request, entry: Entry) -> Course:
    response = yield from _served(fake, request, entry)
    if request.method == "HEAD" and isinstance(response, Response):
        return answers.without_body(response)
    return response


def _served(fake: FakeSkyvern, request: Request, entry: Entry) -> Course:
    world = fake.world
    preflight = answers.preflight(request, now=world.now)
    if preflight is not None:
        return preflight
    found = fake.dialect.router.match(request)
    if isinstance(found, Matched):
        entry.operation, entry.params = found.operation.name, found.params
    fault = fake.faults.strike(entry.operation, request)
    if fault is not None:
        entry.fault = str(fault)
    match fault:
        case AnswerWith():
            return _instead(request, fault, now=world.now)
        case ResetConnection(done=False):
            return Broken()
        case Slow(nanoseconds):
            yield Until(world.now + nanoseconds)
        case NeverAnswer():
            while True:
                yield Forever()
        case _:
            pass
    response = yield from _answer_or_refuse(fake, request, found)
    match fault:
        case ResetConnection():
            return Broken()
        case EmptyBody() | MalformedBody():
            return _damaged(request, response, fault, now=world.now)
        case _:
            return response


def _instead(request: Request, fault: AnswerWith, *, now: int) -> Response:
    after = (("retry-after", fault.retry_after),) if fault.retry_after is not None else ()
    return answers.json_answer(request, fault.status, fault.body, now=now, headers=after)


def _answer_or_refuse(
    fake: FakeSkyvern, request: Request, found: Matched | Redirect | Unroutable
) -> Generator[Wait, None, Response]:
    try:
        try:
            return (yield from _answer(fake, request, found))
        except Refusal as refused:
            return answers.refusal(request, refused, now=fake.world.now)
    except ServerCrash as crash:  # of the refusal too: it may echo what cannot be written
        return answers.crash(server_error(crash.name), now=fake.world.now)


def _damaged(request: Request, response: Response, damage: Damage, *, now: int) -> Response:
    half = response.body[: max(1, len(response.body) // 2)]
    body = b"" if isinstance(damage, EmptyBody) else half
    kind = (("content-type", "application/json"),)
    return answers.bare(request, damage.status, body, now=now, headers=kind)


def _answer(
    fake: FakeSkyvern, request: Request, found: Matched | Redirect | Unroutable
) -> Generator[Wait, None, Response]:
    world = fake.world
    match found:
        case Unroutable(allow=None):
            raise Refusal(404, "Not Found")
        case Unroutable(allow=allow):
            raise Refusal(405, "Method Not Allowed", headers=(("allow", str(allow)),))
        case Redirect():
            return answers.redirect(request, found.path, now=world.now)
        case Matched():
            pass
    endpoint = endpoints().get(found.operation.name)
    if endpoint is None:
        raise Refusal(501, _unserved(found, request.method))
    result = endpoint.handler(_check(fake, request, found, endpoint))
    if isinstance(result, Generator):
        result = yield from cast("Generator[Wait, None, Json | Answer]", result)
    body = result.body if isinstance(result, Answer) else result
    told = fake.dialect.write(endpoint.name, body)
    if isinstance(result, Answer):
        if result.raw is not None:
            return answers.bare(
                request, result.status, result.raw, now=world.now, headers=result.headers
            )
        return answers.json_answer(request, result.status, told, now=world.now, more=result.headers)
    return answers.json_answer(request, endpoint.status, told, now=world.now)


def _unserved(found: Matched, method: str) -> str:
    operation = found.operation
    if operation.declined is not None:
        return (
            f"skyvern-testkit does not serve {method} {found.path}, which the real server does: "
            f'{operation.declined}. `faults.on("*", when=...)` can answer in its place.'
        )
    return (
        f"skyvern-testkit does not serve {operation.name} "
        f"({operation.method} {operation.path}) yet; the real server does."
    )


def _check(fake: FakeSkyvern, request: Request, found: Matched, endpoint: Endpoint) -> Call:
    """JSON syntax, key, models: in this order."""
    credential_route = found.path.removeprefix("/api").startswith("/v1/credentials")
    raw: Json = None
    if endpoint.body is not None:
        raw = read_body(request, reduced=credential_route)
    elif endpoint.form is not None:
        raw = endpoint.form(request)
    organization_id, key = "", request.header("x-api-key") or ""
    given = dict(request.query_items)
    opened = bool(endpoint.opened_by) and all(name in given for name in endpoint.opened_by)
    if endpoint.needs_key and not opened:
        key = _key_of(request)
        organization_id = fake.keys.organization_of(
            key, credential_route=credential_route or endpoint.registered_first
        )
    return call_of(
        fake,
        endpoint,
        request,
        Caller(organization_id, key),
        body=raw,
        params=found.params,
        reduced=credential_route,
    )


def _key_of(request: Request) -> str:
    """The key that counts, or the refusal of an ``Authorization`` header (facts: resources 1)."""
    key = request.header("x-api-key")
    authorization = request.header("authorization")
    scheme, _, token = (authorization or "").partition(" ")
    if not key and scheme.lower() == "bearer" and token:
        raise Refusal(403, "Invalid authentication method")
    return key or ""
