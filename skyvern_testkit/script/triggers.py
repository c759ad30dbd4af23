"""What ends a step of a script: time, looks of the client, codes, signals, other runs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

from skyvern_testkit.script.states import State
from skyvern_testkit.wire.times import seconds as to_nanoseconds

__all__ = [
    "After",
    "CodeFound",
    "Never",
    "Polls",
    "RunReaches",
    "SessionClosed",
    "Signal",
    "Trigger",
    "WebhookAnswered",
    "after",
    "never",
    "polls",
    "run_reaches",
    "session_closed",
    "signal",
    "webhook_answered",
]


@dataclass(frozen=True, slots=True)
class After:
    """So many nanoseconds of virtual time after the step began."""

    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Polls:
    """The client has read the run so many times in this step."""

    count: int


@dataclass(frozen=True, slots=True)
class Signal:
    """The test has fired the signal of that name since the step began."""

    name: str


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The browser session that the run uses was closed or ran out."""


@dataclass(frozen=True, slots=True)
class WebhookAnswered:
    """A webhook of the named run (None: of any run) has been answered."""

    run_id: str | None = None


@dataclass(frozen=True, slots=True)
class RunReaches:
    """Another run is in one of these states."""

    run_id: str
    states: frozenset[State]


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing ends the step but a cancel or a limit of the server."""


@dataclass(frozen=True, slots=True)
class CodeFound:
    """A second-factor code is found, by the real server's rules (facts: runs 9).

    With nothing given, the sources are those of the run itself: its credential's seed, its
    ``totp_url``, its ``totp_identifier``.
    """

    identifier: str | None = None


Trigger = After | Polls | Signal | SessionClosed | WebhookAnswered | RunReaches | Never | CodeFound


def after(seconds: float) -> After:
    """End the step after so many virtual seconds.

    Raises:
        ValueError: a negative number, or no number of seconds at all: ``never()`` is for ever.
        TypeError: something else than a number.
    """
    if not isinstance(cast("object", seconds), int | float):
        raise TypeError(f"a step lasts a number of seconds, not {seconds!r}: say step= for words")
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a step cannot last {seconds} seconds")
    return After(to_nanoseconds(seconds))


def polls(count: int) -> Polls:
    """End the step when the client has read the run ``count`` times in it.

    The move happens as part of the last of these reads, which shows the state moved to. Use it
    where no clock is shared (a server in CI); elsewhere time is the better trigger.

    Raises:
        ValueError: less than one poll.
    """
    if count < 1:
        raise ValueError(f"a step ends after at least one poll, not {count}")
    return Polls(count)


def signal(name: str) -> Signal:
    """End the step when the test calls ``fake.signal(name)``."""
    return Signal(name)


def session_closed() -> SessionClosed:
    """End the step when the run's browser session is closed or runs out."""
    return SessionClosed()


def webhook_answered(run_id: str | None = None) -> WebhookAnswered:
    """End the step when a webhook of that run (or any) has been answered."""
    return WebhookAnswered(run_id)


def run_reaches(run_id: str, *states: State | str) -> RunReaches:
    """End the step when another run is in one of the states (default: any final one)."""
    from skyvern_testkit.script.states import FINAL

    return RunReaches(run_id, frozenset(map(State, states)) or FINAL)


def never() -> Never:
    """A step that ends only by a cancel or a limit of the server."""
    return Never()
