"""Operations that the test does itself: no request, so no fault, no key and no line in the journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.fake.performing import perform
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world.schemas import is_list

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["do"]


def do(
    fake: FakeSkyvern,
    operation: str,
    body: Mapping[str, Json] | None = None,
    params: Mapping[str, str] | None = None,
    *,
    organization_id: str | None = None,
) -> Json:
    """What the server would answer to an organisation, done at once.

    Args:
        fake: whose world.
        operation: named as the SDK's method.
        body: the JSON that the operation takes.
        params: what its path says.
        organization_id: who asks; default: the world's own organisation.

    Raises:
        ValueError: the server would refuse, or crash; the message holds its answer.
        TakesTime: the operation takes time.
    """
    given = None if body is None else dict(body)
    try:
        return perform(
            fake, endpoints()[operation], given, params, organization_id=organization_id
        ).answer
    except Refusal as refusal:
        raise ValueError(f"{operation}: {_in_words(refusal.detail)}") from None
    except ServerCrash as crash:
        text = f"{operation}: the real server crashes on this: {crash.name}"
        raise ValueError(text) from None


def _in_words(detail: Json) -> str:
    """A ``detail`` without what was sent: that may be a secret."""
    if not is_list(detail):
        return str(detail)
    return "; ".join(f"{'.'.join(map(str, item['loc'][1:]))}: {item['msg']}" for item in detail)
