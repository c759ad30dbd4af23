"""Who a run is started for: by a call, or by the world when a schedule is due."""

from __future__ import annotations

from typing import Protocol

from skyvern_testkit.world.world import World

__all__ = ["Owner"]


class Owner(Protocol):
    """An organisation in a world, and the key that signs its webhooks; a ``Call`` is one."""

    @property
    def world(self) -> World: ...

    @property
    def organization_id(self) -> str: ...

    @property
    def api_key(self) -> str: ...
