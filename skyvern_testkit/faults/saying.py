"""Where a test said something, for complaints about what it left unsaid."""

from __future__ import annotations

import inspect

__all__ = ["place_of_caller"]


def place_of_caller() -> str:
    """``file:line`` where the function was called that calls this one."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = frame.f_back if frame is not None else None
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else "somewhere"
