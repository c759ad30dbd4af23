"""trio, if somebody imports it: its runs get a clock that follows ours."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from importlib.abc import MetaPathFinder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

__all__ = ["is_ours", "trio_runs_patched"]


@contextlib.contextmanager
def trio_runs_patched() -> Generator[None]:
    """The default ``clock=`` of ``trio.run`` and ``trio.lowlevel.start_guest_run`` is ours inside.

    trio is not imported for that: if it is not there yet, an import hook waits for it.
    """
    with contextlib.ExitStack() as undo:
        if "trio" in sys.modules:
            _patch(undo)
        else:
            watch = _Watch(lambda: _patch(undo))
            sys.meta_path.insert(0, watch)
            undo.callback(watch.end)
        yield


def is_ours() -> bool:
    """Whether the clock of the trio run that calls is ours."""
    import trio

    from skyvern_testkit.clock._trio_clock import TrioClock

    return isinstance(trio.lowlevel.current_clock(), TrioClock)


def _patch(undo: contextlib.ExitStack) -> None:
    import trio

    from skyvern_testkit.clock._trio_clock import run_on_our_clock

    owners: list[tuple[Any, str]] = [(trio, "run"), (trio.lowlevel, "start_guest_run")]
    for owner, name in owners:
        original = getattr(owner, name)
        setattr(owner, name, run_on_our_clock(original))
        undo.callback(setattr, owner, name, original)


class _Watch(MetaPathFinder):
    """Calls `imported` once, when trio has been imported."""

    def __init__(self, imported: Callable[[], None]) -> None:
        self._imported: Callable[[], None] | None = imported

    def end(self) -> None:
        self._imported = None
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname != "trio":
            return None
        sys.meta_path.remove(self)  # the others find it
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            loader: Any = spec.loader
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                if self._imported is not None:
                    self._imported()

            loader.exec_module = exec_module
        return spec
