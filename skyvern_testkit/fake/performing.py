"""From a request to the call that its handler takes; and operations done at once, by no request."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from skyvern_testkit.api import advising
from skyvern_testkit.api.call import Answer, Call, Endpoint, Wait
from skyvern_testkit.api.validation import check_body, check_headers, check_query, refuse
from skyvern_testkit.wire.errors import Invalid
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world.advice import advise

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["Caller", "Performed", "TakesTime", "call_of", "perform"]


class TakesTime(RuntimeError):
    """An operation that is to be done at once waits for something."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an organisation and the key that opened it, both empty where none is needed."""

    organization_id: str
    api_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Performed:
    """What was done: the valid call, and the body of its answer."""

    call: Call
    answer: Json


def call_of(
    fake: FakeSkyvern,
    endpoint: Endpoint,
    request: Request,
    caller: Caller,
    *,
    body: Json,
    params: Mapping[str, str],
    reduced: bool = False,
) -> Call:
    """The call, once query, headers and body are what the endpoint's models say.

    Args:
        fake: who is asked.
        endpoint: what for.
        request: where query and headers come from.
        caller: who asks.
        body: the JSON that was sent, or ``MISSING``; of a form what the endpoint reads of it.
        params: what the path says.
        reduced: a refusal has the form of the credential routes.

    Raises:
        Refusal: a 422 with everything that is wrong.
        ServerCrash: it echoes what the real server cannot write.
    """
    wrong: list[Invalid] = []
    query = headers = valid = None
    ignored: tuple[str, ...] = ()
    if endpoint.query is not None:
        taken = fake.dialect.worded(endpoint.query)
        sent, ignored = fake.dialect.read_query(endpoint.name, request.query_items)
        query, items = check_query(taken, sent)
        wrong += items
    if endpoint.headers is not None:
        headers, items = check_headers(endpoint.headers, request)
        wrong += items
    if endpoint.body is not None:
        model = fake.dialect.model_of(endpoint.name, endpoint.body)
        body, forgotten = fake.dialect.read(endpoint.name, body)
        ignored += forgotten
        valid, items = check_body(model, body, required=endpoint.body_required)
        wrong += items
    elif endpoint.form is not None:
        valid = body
    if wrong:
        raise refuse(wrong, reduced=reduced)
    for name in ignored:
        advise(
            fake.world,
            "parameter_ignored",
            organization_id=caller.organization_id,
            operation=endpoint.name,
            release=fake.dialect.release,
            name=name,
        )
    call = Call(
        world=fake.world,
        links=fake.links,
        dialect=fake.dialect,
        organization_id=caller.organization_id,
        api_key=caller.api_key,
        keys=fake.keys,
        params=dict(params),
        query=query,
        body=valid,
        headers=headers,
        request=request,
    )
    names = [name for name, _ in request.query_items if name not in ignored]
    advising.on_unknown(call, endpoint, body, names)
    return call


def perform(
    fake: FakeSkyvern,
    endpoint: Endpoint,
    body: Json,
    params: Mapping[str, str] | None = None,
    *,
    organization_id: str | None = None,
) -> Performed:
    """Do an operation, as the server would, at once.

    Args:
        fake: whose world.
        endpoint: the operation.
        body: the JSON that it takes; None for none.
        params: what its path says.
        organization_id: who asks; default: the world's own organisation.

    Raises:
        Refusal: the server's "no".
        ServerCrash: the real server crashes on this.
        TakesTime: it would have to wait; what it did before stays done.
    """
    params = params or {}
    request = Request(endpoint.operation.method, endpoint.operation.path.format(**params))
    caller = Caller(organization_id or fake.organization_id, fake.api_key)
    call = call_of(fake, endpoint, request, caller, body=body, params=params)
    result = endpoint.handler(call)
    if isinstance(result, Generator):
        result = _at_once(endpoint.name, cast("Generator[Wait, None, Json | Answer]", result))
    return Performed(call, result.body if isinstance(result, Answer) else result)


def _at_once(operation: str, course: Generator[Wait, None, Json | Answer]) -> Json | Answer:
    try:
        next(course)
    except StopIteration as end:
        return end.value
    course.close()
    raise TakesTime(f"{operation} takes time here: call it with a client")
