"""Letting runs go on that wait for something which has just happened."""

from __future__ import annotations

from collections.abc import Callable

from skyvern_testkit.script import Trigger
from skyvern_testkit.world.events import StepOver
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = ["wake"]


def wake(world: World, hears: Callable[[Run, Trigger], bool], why: str) -> int:
    """Let every run go on whose trigger has been waiting for just this.

    Their steps end as an event of this instant, after what is happening now.

    Returns:
        how many runs go on.
    """
    woken = [
        run
        for run in world.live_runs()
        if run.waiting_for is not None and hears(run, run.waiting_for)
    ]
    for run in woken:
        world.schedule(world.now, StepOver(run.id, run.turn, why))
    return len(woken)
