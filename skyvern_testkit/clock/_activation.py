"""Where virtual time begins and ends. Everything that is replaced meanwhile is put back, whatever happens."""

from __future__ import annotations

import asyncio
import asyncio.events
import contextlib
import warnings
from typing import TYPE_CHECKING, Any

from skyvern_testkit.clock import _threads, _time_patches
from skyvern_testkit.clock._anyio import anyio_threads_counted
from skyvern_testkit.clock._errors import ClockError
from skyvern_testkit.clock._loop import VirtualLoop
from skyvern_testkit.clock._running import running_clock, set_running
from skyvern_testkit.clock._trio import trio_runs_patched
from skyvern_testkit.clock._wallclock import wallclock_patched

if TYPE_CHECKING:
    from collections.abc import Generator

    from skyvern_testkit.clock._virtual import VirtualClock

__all__ = ["patched_loops", "running", "virtual_time"]

_ABSENT = object()


@contextlib.contextmanager
def _patched(patches: list[tuple[Any, str, Any]]) -> Generator[None]:
    with contextlib.ExitStack() as undo:
        for owner, name, replacement in patches:
            # __dict__, not getattr: what was inherited or missing is taken away again, not copied down.
            original: object = owner.__dict__.get(name, _ABSENT)
            setattr(owner, name, replacement)
            if original is _ABSENT:
                undo.callback(delattr, owner, name)
            else:
                undo.callback(setattr, owner, name, original)
        yield


@contextlib.contextmanager
def patched_loops() -> Generator[None]:
    """Inside, new asyncio loops and trio runs are ours: stock ones, until a clock is :func:`running`.

    A test runner may make the loop of a test before the fixture that starts the clock and close it after; so the loops
    come first. May be nested.
    """
    # The factory is a function, so that a policy, whose attribute it becomes, does not bind it as a method.
    patches: list[tuple[Any, str, Any]] = [
        (asyncio, "new_event_loop", _new),
        (asyncio.events, "new_event_loop", _new),
    ]
    if (policy := _policy()) is not None:
        patches.append((policy, "new_event_loop", _new))  # asked by pytest-asyncio before 1.1
    with _patched(patches), trio_runs_patched():
        yield


def _new() -> VirtualLoop:
    return VirtualLoop()


def _policy() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", DeprecationWarning
        )  # policies: deprecated in 3.14, gone in 3.16
        get: Any = getattr(asyncio, "get_event_loop_policy", None)
        return None if get is None else get()


@contextlib.contextmanager
def running(clock: VirtualClock, *, wallclock: bool | None = None) -> Generator[VirtualClock]:
    """`clock` drives time inside: our loops and trio runs, and the ``time`` functions of its participants.

    The calling thread is a participant from the start.

    Args:
      clock: the clock. It starts where it is: a clock may run several times, one after the other.
      wallclock: whether ``datetime.now`` follows too, through time-machine. None: if time-machine can be imported.

    Raises:
      ClockError: another clock runs already.
    """
    if (other := running_clock()) is not None:
        if other is not clock:
            raise ClockError(
                "another virtual clock runs already, and there can be one at a time: attach this world to that clock "
                "(running_clock()) instead"
            )
        yield clock
        return
    with contextlib.ExitStack() as stack:
        clock.start()
        stack.callback(clock.stop)
        set_running(clock)
        stack.callback(set_running, None)
        stack.enter_context(wallclock_patched(clock, wanted=wallclock))
        stack.enter_context(_patched([*_time_patches.PATCHES, *_threads.PATCHES]))
        stack.enter_context(anyio_threads_counted())
        yield clock
    clock.raise_failure()


@contextlib.contextmanager
def virtual_time(clock: VirtualClock, *, wallclock: bool | None = None) -> Generator[VirtualClock]:
    """:func:`patched_loops` and :func:`running` in one: everything inside is on `clock`'s time.

    >>> with virtual_time(VirtualClock()) as clock:
    ...     asyncio.run(asyncio.sleep(3600))
    >>> clock.now
    3600.0
    """
    with patched_loops(), running(clock, wallclock=wallclock):
        yield clock
