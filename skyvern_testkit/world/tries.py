"""How often the server tries to reach somebody before it gives up (facts: runs 8, 9, 11)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Final

from skyvern_testkit.wire.times import SECOND, from_datetime
from skyvern_testkit.world.events import Effect, EffectDue, EffectResult
from skyvern_testkit.world.world import World

__all__ = ["try_again"]


@dataclass(frozen=True, slots=True)
class Tries:
    """How a kind of call is repeated.

    Args:
        after: is that result worth another try?
        waits: before the second try, the third ...: from and to so many seconds.
        obeys: the longest ``Retry-After`` that is kept to, in seconds; 0: none is looked at.
    """

    after: Callable[[EffectResult], bool]
    waits: tuple[tuple[float, float], ...] = ()
    obeys: int = 0


_BUSY: Final = frozenset({403, 408, 425, 429})


def _may_be_better_later(result: EffectResult) -> bool:
    return result.status is None or result.status in _BUSY or result.status >= 500


def _nobody_there(result: EffectResult) -> bool:
    return result.status is None


_ONCE: Final = Tries(lambda _: False)
_KINDS: Final = {
    "webhook": Tries(_may_be_better_later, waits=((1, 2), (2, 3)), obeys=30),
    "totp_url": Tries(_nobody_there, waits=((5, 5), (5, 5))),
    "http_request": _ONCE,
}


def try_again(world: World, effect: Effect, result: EffectResult) -> bool:
    """Schedule the next try of a call that did not get through; False if this was the last.

    Every try says the same: body, timestamp and signature are those of the first.
    """
    tries = _ONCE if effect.replayed else _KINDS[effect.kind]
    if not result.contacted or not tries.after(result) or effect.nth > len(tries.waits):
        return False
    wait = world.random.uniform(*tries.waits[effect.nth - 1])
    asked = _retry_after(world, result)
    if asked is not None and tries.obeys:
        wait = min(asked, tries.obeys)
    again = replace(effect, nth=effect.nth + 1, first=effect.first or result)
    world.schedule(world.now + round(wait * SECOND), EffectDue(again))
    return True


def _retry_after(world: World, result: EffectResult) -> float | None:
    """What the receiver asked for, in seconds: a number, or an instant of the world's time."""
    said = (result.retry_after or "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0, from_datetime(parsedate_to_datetime(said)) - world.now) / SECOND
    except (TypeError, ValueError):
        return None
