"""Folders, as workflows see them (facts: resources 4)."""

from __future__ import annotations

from typing import Any

from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.wire.errors import check_storable
from skyvern_testkit.wire.times import MICROSECOND
from skyvern_testkit.world.rows import Folder
from skyvern_testkit.world.world import World

__all__ = ["folder_for", "touch"]


def folder_for(world: World, organization_id: str, folder_id: str | None) -> Folder | None:
    """The folder that a version of a workflow is to be in.

    Raises:
        Tripped: it is not there, or not that organisation's, or no longer.
        Unstorable: its name is no text.
    """
    if folder_id is None:
        return None
    check_storable(folder_id)
    folder = world.get(Folder, folder_id, organization_id)
    if folder is None:
        raise _no_folder(world, organization_id, folder_id)
    return folder


def _no_folder(world: World, organization_id: str, folder_id: str) -> Tripped:
    if any(row.id == folder_id for row in world.rows(Folder, include_deleted=True)):
        why = f"Folder {folder_id} not found or does not belong to organization {organization_id}"
        return Tripped("ValueError", why)
    return Tripped("IntegrityError", "FOREIGN KEY constraint failed")  # and more of its SQL


def touch(world: World, folder: Folder, **values: Any) -> Folder:
    """Change a folder, be it by what it holds.

    It becomes the last that was changed, also when no time has passed since another was: lists go
    by that.
    """
    latest = max(row.modified_at for row in world.rows(Folder, folder.organization_id))
    return world.change(folder, modified_at=max(world.now, latest + MICROSECOND), **values)
