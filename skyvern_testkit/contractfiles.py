"""The files of ``contracts/``: where they are, and the one place that reads them.

They lie inside the installed package, or beside it in a checkout. They are the kit's own data and never change while
it runs, so whoever needs one reads it when it is first needed, as Python reads a module.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["contracts_folder", "read_contract"]


def contracts_folder() -> Path:
    """The folder with cases, schemas and evidence."""
    package = Path(__file__).resolve().parent
    inside = package / "contracts"
    if not inside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return package.parent / "contracts"
    return inside


@cache
def read_contract(name: str) -> Any:
    """A JSON file of the contract: ``sdk_errors.json``, ``schemas/models.json``, ..."""
    return json.loads((contracts_folder() / name).read_text("utf-8"))
