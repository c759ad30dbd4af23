"""Operations that the test does itself: no request, so no fault, no key and no line in the journal."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, cast

from skyvern_testkit.api.call import Answer, Call, Endpoint, Wait
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.validation import check_body, check_headers, check_query
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json, dump_answer

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["do"]

Course = Generator[Wait, None, "Json | Answer"]


def do(
    fake: FakeSkyvern,
    operation: str,
    body: Mapping[str, Json] | None = None,
    params: Mapping[str, str] | None = None,
) -> Json:
    """What the server would answer to the world's own organisation, done at once.

    Args:
        fake: whose world.
        operation: named as the SDK's method.
        body: the JSON that the operation takes.
        params: what its path says.

    Raises:
        ValueError: the server would refuse; the message holds its answer.
        RuntimeError: the operation takes time.
    """
    endpoint = endpoints()[operation]
    asked = endpoint.operation
    request = Request(
        asked.method,
        asked.path.format(**(params or {})),
        body=b"" if body is None else dump_answer(body),
    )
    call = Call(
        world=fake.world,
        links=fake.links,
        organization_id=fake.organization_id,
        api_key=fake.api_key,
        params=dict(params or {}),
        query=check_query(endpoint.query, [])[0] if endpoint.query else None,
        headers=check_headers(endpoint.headers, request)[0] if endpoint.headers else None,
        body=_valid(endpoint, body),
        request=request,
    )
    try:
        answer = endpoint.handler(call)
    except Refusal as refusal:
        raise ValueError(f"{operation}: {refusal.detail}") from None
    if isinstance(answer, Generator):
        answer = _at_once(operation, cast("Course", answer))
    return answer.body if isinstance(answer, Answer) else answer


def _at_once(operation: str, course: Course) -> Json | Answer:
    try:
        next(course)
    except StopIteration as end:
        return end.value
    course.close()
    raise RuntimeError(f"{operation} takes time here: call it with a client")


def _valid(endpoint: Endpoint, body: Mapping[str, Json] | None) -> Json:
    if endpoint.body is None:
        return None
    given = None if body is None else dict(body)
    valid, wrong = check_body(endpoint.body, given, required=endpoint.body_required)
    if wrong:
        items = "; ".join(f"{'.'.join(map(str, item.loc[1:]))}: {item.msg}" for item in wrong)
        raise ValueError(f"{endpoint.name}: {items}")
    return valid
