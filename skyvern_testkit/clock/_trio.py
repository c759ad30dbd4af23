"""trio: placeholder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["is_ours", "trio_runs_patched"]


@contextlib.contextmanager
def trio_runs_patched() -> Iterator[None]:
    yield


def is_ours() -> bool:
    return True
