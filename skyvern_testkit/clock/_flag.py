"""A one-shot signal that async and sync code, in any thread, can wait for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skyvern_testkit.clock._stdlib import allocate_lock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Flag"]


class Flag:
    """Set once, by any thread; waited for through :meth:`Clock.wait_for` and :meth:`Clock.wait_for_sync`.

    Waiting for a flag is not a timer: virtual time may jump to events of the world meanwhile, and if nothing that is
    due can set the flag, the wait ends in a :class:`Deadlock` that names `what`.

    Args:
      what: what is awaited, for error messages ("the answer to webhook 3").
    """

    __slots__ = ("_listeners", "_lock", "_set", "what")

    def __init__(self, what: str = "a flag") -> None:
        self.what = what
        self._set = False
        self._lock = allocate_lock()
        self._listeners: dict[int, Callable[[], None]] = {}

    def __repr__(self) -> str:
        return f"<Flag {self.what}: {'set' if self._set else 'not set'}>"

    @property
    def is_set(self) -> bool:
        """Whether :meth:`set` was called."""
        return self._set

    def set(self) -> None:
        """Set the flag and wake all who wait for it. A second call does nothing."""
        with self._lock:
            if self._set:
                return
            self._set = True
            listeners = list(self._listeners.values())
            self._listeners.clear()
        for listener in listeners:
            listener()

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` once when the flag is set, at once if it is; returns a function that ends that.

        The listener runs in the thread that sets the flag and must not block.
        """
        with self._lock:
            if not self._set:
                self._listeners[id(listener)] = listener
                return lambda: self._forget(listener)
        listener()
        return lambda: None

    def _forget(self, listener: Callable[[], None]) -> None:
        with self._lock:
            self._listeners.pop(id(listener), None)
