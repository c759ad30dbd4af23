"""Event loops of clients that no clock drives: where to run what is to run where the client runs."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from skyvern_testkit.clock import _waiting

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Loops"]


class Loops:
    """The loops that have sent a request, by thread."""

    def __init__(self) -> None:
        self._posters: dict[int, Callable[[Callable[[], None]], None]] = {}

    def enlist(self) -> None:
        """Remember the loop that runs in the calling thread, if one does."""
        if _waiting.running_library() is not None:
            self._posters[threading.get_ident()] = _waiting.poster()

    def call(self, fn: Callable[[], None]) -> None:
        """Run `fn` soon on the caller's own loop, else on the first that still runs, else here and now."""
        own = threading.get_ident()
        for ident in sorted(self._posters, key=lambda ident: ident != own):
            try:
                self._posters[ident](fn)
            except RuntimeError:  # that loop is closed
                del self._posters[ident]
            else:
                return
        fn()
