"""What a clock raises. Every one ends the test that caused it, with a sentence that names the next step."""

from __future__ import annotations

__all__ = ["ClockError", "Deadlock", "HeldTooLong", "VirtualTimeExceeded"]


class ClockError(RuntimeError):
    """Something is wrong with how a test and its clock meet. Base of every error of this package."""


class Deadlock(ClockError):
    """Everything waits and nothing is due: time has nowhere to go.

    Raised at once, where a real program would hang: every participant waits, no timer of the client runs, nothing
    holds the clock, and nothing that is due in the world can ever reach a client.
    """


class HeldTooLong(ClockError):
    """Virtual time stood still for longer than the real-time cap, because something held it."""


class VirtualTimeExceeded(ClockError):
    """A test ran past ``max_virtual``: most likely it polls for something that will never happen."""
