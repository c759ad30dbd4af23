"""What a world plays: events of runs by the run machine, schedules and child runs by the api.

The world knows neither who plays its events nor how a run is asked for. A schedule starts a run, as
a block of another may, and what that run shows as its request, the names and types of its
parameters and its defaults are the api's to say; so the fake, which stands above both, joins them
here.
"""

from __future__ import annotations

from skyvern_testkit.world import machine
from skyvern_testkit.world.events import ChildDue, Event, ScheduleDue
from skyvern_testkit.world.world import World

__all__ = ["play"]


def play(world: World, event: Event) -> None:
    """Let an event happen.

    Raises:
        Exception: a script or a condition of the user's went wrong.
    """
    match event:
        case ScheduleDue():
            from skyvern_testkit.api.schedules.firing import fire

            fire(world, event)
        case ChildDue():
            from skyvern_testkit.api.runs.children import start

            start(world, event)
        case _:
            machine.play(world, event)
