"""What a world plays: events of runs by the run machine, schedules by the api.

The world knows neither who plays its events nor how a run is asked for. A schedule starts a run,
and what that run shows as its request, the names and types of its parameters and its defaults are
the api's to say; so the fake, which stands above both, joins them here.
"""

from __future__ import annotations

from skyvern_testkit.world import machine
from skyvern_testkit.world.events import Event, ScheduleDue
from skyvern_testkit.world.world import World

__all__ = ["play"]


def play(world: World, event: Event) -> None:
    """Let an event happen.

    Raises:
        Exception: a script or a condition of the user's went wrong.
    """
    if isinstance(event, ScheduleDue):
        from skyvern_testkit.api.schedules.firing import fire

        fire(world, event)
    else:
        machine.play(world, event)
