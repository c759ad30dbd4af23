"""Which virtual clock runs in this process: at most one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["on_change", "running_clock", "set_running"]

_clock: VirtualClock | None = None
on_change: dict[int, Callable[[], None]] = {}
"""Called when a clock starts or stops; keyed by the id of whoever listens."""


def running_clock() -> VirtualClock | None:
    """The clock that drives time now, or None: time is real."""
    return _clock


def set_running(clock: VirtualClock | None) -> None:
    """Let `clock` drive time, or nobody."""
    global _clock  # noqa: PLW0603 - there is one time module to patch, so there is one clock
    _clock = clock
    for listener in list(on_change.values()):
        listener()
