"""A world whose time passes because somebody looks: how far a poll takes it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.events import (
    AttemptDue,
    EffectDue,
    ElapsedLimit,
    Event,
    ScheduleDue,
    SessionExpires,
    SessionLost,
)
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = ["after_poll", "settled"]

INTERVAL: Final = 10 * SECOND
"""The SDK's own, between two polls."""

_DEADLINES: Final = (ElapsedLimit,)
"""What cuts a run short is not its next step: a run that waits for a person is not to be timed out by two looks."""


def after_poll(world: World, run: Run) -> int:
    """The instant at which the next poll finds the world, once this one has been answered.

    A run at work comes to its next step; one that waits for something from outside, ten seconds on. A
    run that is over comes to the end of what follows (recording, webhook, archive), and from there to
    its next attempt.
    """
    if not run.is_live:
        return settled(world, run) or _first(world, run, AttemptDue) or world.now
    dues = [due for due, event in _events(world, run) if not isinstance(event, _DEADLINES)]
    return min(dues, default=world.now + INTERVAL)


def settled(world: World, run: Run) -> int | None:
    """When everything has followed that follows the end of a run, or None where nothing is left to."""
    passing = (*_DEADLINES, AttemptDue)
    return max(
        (due for due, event in _events(world, run) if not isinstance(event, passing)), default=None
    )


def _first(world: World, run: Run, kind: type[Event]) -> int | None:
    return min((due for due, event in _events(world, run) if isinstance(event, kind)), default=None)


def _events(world: World, run: Run) -> Iterator[tuple[int, Event]]:
    for due, event in world.due_events():
        if _run_of(event) == run.id:
            yield due, event


def _run_of(event: Event) -> str | None:
    match event:
        case EffectDue(effect=effect):
            return effect.run.id
        case SessionExpires() | SessionLost() | ScheduleDue():
            return None
        case _:
            return event.run_id
