"""Login codes: a mail rule writes each as a file into a folder, and we take them from there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

__all__ = ["NextCode", "codes_from"]

NextCode = Callable[[], Awaitable[str]]
"""Returns when the next login code is here."""


def codes_from(folder: Path, *, every: float = 2.0) -> NextCode:
    """Codes from files in that folder, oldest first; a file is removed when it is read."""

    async def next_code() -> str:
        while (code := _take(folder)) is None:  # noqa: ASYNC110 - nobody tells us of a new file
            await asyncio.sleep(every)
        return code

    return next_code


def _take(folder: Path) -> str | None:
    files = sorted(folder.glob("*.txt"), key=lambda file: file.stat().st_mtime)
    if not files:
        return None
    code = files[0].read_text().strip()
    files[0].unlink()
    return code
