"""Puts `fakes/` and `contracts/` into the wheel, inside the package.

They stand beside the package in the repository and are found by path. Editable installs read them
there: a copy made at install time would shadow the source and go stale, so only standard wheels
carry them.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDERS = ("fakes", "contracts")


class DataFolders(BuildHookInterface[Any]):
    """The wheel's custom build hook, and no other target's: sdists keep the repository's layout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add each folder that exists to a standard wheel as `skyvern_testkit/<folder>`."""
        if version == "standard":
            for name in FOLDERS:
                if (Path(self.root) / name).is_dir():
                    build_data["force_include"][name] = f"skyvern_testkit/{name}"
