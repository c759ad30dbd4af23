"""The states of a run and the moves between them, as tables (facts: runs 3).

The table is the documentation: :data:`LEGAL` holds, per kind of run, what may follow what.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "ENGINES",
    "FINAL",
    "LEGAL",
    "RUN_TYPES",
    "START",
    "Family",
    "IllegalMove",
    "State",
    "check_move",
    "family_of",
]


class State(StrEnum):
    """A run's status, exactly as on the wire."""

    CREATED = "created"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    TERMINATED = "terminated"
    TIMED_OUT = "timed_out"
    CANCELED = "canceled"


class Family(StrEnum):
    """The three kinds of run that differ in their life cycle."""

    TASK = "task 1.0/3.0/CUA"
    TASK_V2 = "task 2.0"
    WORKFLOW = "workflow run"


FINAL: Final = frozenset(
    {State.COMPLETED, State.FAILED, State.TERMINATED, State.TIMED_OUT, State.CANCELED}
)

START: Final[Mapping[Family, State]] = {
    Family.TASK: State.CREATED,
    Family.TASK_V2: State.QUEUED,
    Family.WORKFLOW: State.CREATED,
}
"""What the create call answers (facts: runs 2)."""

_NEVER_RAN = frozenset({State.FAILED, State.TIMED_OUT, State.CANCELED})
_OVER: Final[Mapping[State, frozenset[State]]] = {
    state: frozenset()
    for state in State
    if state in FINAL  # in their order: a set has none
}

LEGAL: Final[Mapping[Family, Mapping[State, frozenset[State]]]] = {
    Family.TASK: {  # facts: runs 3.1; `queued` is the hosted service's
        State.CREATED: frozenset({State.QUEUED, State.RUNNING}) | _NEVER_RAN,
        State.QUEUED: frozenset({State.RUNNING}) | _NEVER_RAN,
        State.RUNNING: FINAL,
        **_OVER,
    },
    Family.TASK_V2: {  # facts: runs 3.2
        State.QUEUED: frozenset({State.RUNNING}) | _NEVER_RAN,
        State.RUNNING: FINAL,
        **_OVER,
    },
    Family.WORKFLOW: {  # facts: runs 3.3; a retried attempt starts over, see 3.4
        State.CREATED: frozenset({State.QUEUED}) | _NEVER_RAN,
        State.QUEUED: frozenset({State.RUNNING}) | _NEVER_RAN,
        State.RUNNING: frozenset({State.PAUSED}) | FINAL,
        State.PAUSED: frozenset({State.RUNNING}) | _NEVER_RAN,
        **_OVER,
    },
}

ENGINES: Final = (
    "skyvern-1.0",
    "skyvern-2.0",
    "skyvern-3.0",
    "openai-cua",
    "anthropic-cua",
    "ui-tars",
    "yutori-navigator",
)
"""Of tasks, as on the wire."""

RUN_TYPES: Final[Mapping[str, Family]] = {
    "task_v1": Family.TASK,
    "task_v2": Family.TASK_V2,
    "task_v3": Family.TASK,
    "openai_cua": Family.TASK,
    "anthropic_cua": Family.TASK,
    "ui_tars": Family.TASK,
    "yutori_navigator": Family.TASK,
    "workflow_run": Family.WORKFLOW,
}
"""``run_type`` on the wire, and the life cycle it follows (facts: runs 1)."""


def family_of(run_type: str) -> Family:
    """The life cycle that a run of this ``run_type`` follows."""
    return RUN_TYPES[run_type]


class IllegalMove(ValueError):
    """A script asks for a move that the real server never makes."""


_WRONG_ON_PURPOSE: Final = "To simulate a server gone wrong, say so: RunScript(..., illegal=True)."


def check_move(family: Family, current: State, wanted: State, *, who: str = "a run") -> None:
    """Refuse a move that is not in :data:`LEGAL`.

    Raises:
        IllegalMove: names who moves, from where, what it may do instead and the next step.
    """
    row = LEGAL[family].get(current)
    if row is None:
        states = ", ".join(LEGAL[family])
        raise IllegalMove(f"{who} cannot be {current}: a {family} is never that (it is: {states})")
    if wanted in row:
        return
    if wanted not in LEGAL[family]:
        states = ", ".join(LEGAL[family])
        raise IllegalMove(
            f"{who} cannot move from {current} to {wanted}: a {family} is never {wanted} "
            f"(it is: {states}). {_WRONG_ON_PURPOSE}"
        )
    moves = ", ".join(sorted(row)) or "none"
    hint = (
        "Did you mean to script a new run with .play(a, b)?"
        if current in FINAL
        else f"Put one of them between {current} and {wanted}. {_WRONG_ON_PURPOSE}"
    )
    raise IllegalMove(
        f"{who} is {current}; a {family} that is {current} cannot move to {wanted} "
        f"(legal moves: {moves}). {hint}"
    )
