"""Plans of faults: which calls go wrong, and how."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from hypothesis import strategies as st

from skyvern_testkit.faults import (
    AnswerWith,
    EmptyBody,
    Fault,
    FaultRule,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
)
from skyvern_testkit.faults.catalogue import body_in_dialect
from skyvern_testkit.wire.operations import operation_named
from skyvern_testkit.wire.times import SECOND

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["STATUSES", "WAYS", "Way", "every_fault", "faults"]

Way = Literal["answer", "reset_connection", "slow", "empty_body", "malformed_body", "never_answer"]
"""How a call goes wrong: named as the methods of ``fake.faults.on(...)``."""

STATUSES: Final = (503, 500, 502, 504, 429)
"""What a server answers that is busy, down, or behind a proxy that does not reach it."""

MOST_TIMES: Final = 6
LATEST: Final = 30


@dataclass(frozen=True, slots=True)
class _Drawn:
    """What any fault may need. It is all drawn for every fault, so that none is simpler than an answer."""

    status: int
    after: int | None
    seconds: int
    done: bool


def _answer(drawn: _Drawn) -> Fault:
    """The server's own text for the status; those that ask for patience may say for how much."""
    says = drawn.after is not None and drawn.status in {429, 503}
    body = body_in_dialect(drawn.status, None)
    return AnswerWith(drawn.status, body, str(drawn.after) if says else None)


_FAULTS: Final[Mapping[Way, Callable[[_Drawn], Fault]]] = {
    "answer": _answer,
    "reset_connection": lambda drawn: ResetConnection(drawn.done),
    "slow": lambda drawn: Slow(drawn.seconds * SECOND),
    "empty_body": lambda _: EmptyBody(),
    "malformed_body": lambda _: MalformedBody(),
    "never_answer": lambda _: NeverAnswer(),
}
WAYS: Final[tuple[Way, ...]] = tuple(_FAULTS)


def every_fault(
    operations: Collection[str],
    *,
    ways: Collection[Way] = WAYS,
    statuses: Collection[int] = STATUSES,
) -> tuple[FaultRule, ...]:
    """Each fault by itself, of each first call; the simplest first, and that one also for good.

    Not drawn, always the same. Arguments as for :func:`faults`.
    """
    found: list[tuple[Fault, int | None]] = []
    for way in ways:
        every = statuses if way == "answer" else tuple(statuses)[:1]
        found += [(_FAULTS[way](_Drawn(status, None, 30, done=False)), 1) for status in every]
    if found:
        found.insert(1, (found[0][0], None))
    return tuple(
        FaultRule(1, operation, fault, left=left)
        for fault, left in found
        for operation in operations
    )


def _fault(way: Way, drawn: _Drawn) -> Fault:
    return _FAULTS[way](drawn)


def faults(
    operations: Collection[str],
    *,
    ways: Collection[Way] = WAYS,
    statuses: Collection[int] = STATUSES,
    most: int = 2,
) -> SearchStrategy[tuple[FaultRule, ...]]:
    """Plans of faults, for ``fake.faults.extend(plan)``. The simplest is none at all.

    Args:
        operations: which calls may go wrong: named as the SDK's methods, or ``"*"`` for all.
        ways: in which ways.
        statuses: what the answers are that :data:`Way` ``answer`` gives.
        most: faults in one plan.

    Raises:
        UnknownOperation: no such operation; the message shows the nearest.
        ValueError: an unknown way, or no error status.
    """
    for name in operations:
        if name != "*":
            operation_named(name)
    if unknown := [way for way in ways if way not in _FAULTS]:
        raise ValueError(f"no call goes wrong by {unknown[0]!r} (ways: {', '.join(_FAULTS)})")
    if wrong := [status for status in statuses if not 400 <= status <= 599]:
        raise ValueError(f"a fault answers with an error status (400 to 599), not {wrong[0]}")
    if not operations or not ways:
        return st.just(())
    needs = st.builds(  # once: building strategies costs more than drawing from them
        _Drawn,
        status=st.sampled_from(tuple(statuses)),
        after=st.one_of(st.none(), st.integers(0, 120)),
        seconds=st.integers(1, 120),
        done=st.booleans(),
    )
    rules = st.builds(
        FaultRule,
        number=st.just(0),
        operation=st.sampled_from(tuple(operations)),
        fault=st.builds(_fault, st.sampled_from(tuple(ways)), needs),
        nth=st.one_of(st.integers(1, 3), st.integers(1, LATEST)),
        left=st.sampled_from((1, 1, 1, *range(2, MOST_TIMES + 1), None)),
    )
    return _plans(rules, st.integers(0, most))


@st.composite
def _plans(
    draw: DrawFn, rules: SearchStrategy[FaultRule], count: SearchStrategy[int]
) -> tuple[FaultRule, ...]:
    plan = [draw(rules) for _ in range(draw(count))]
    return tuple(
        FaultRule(number, rule.operation, rule.fault, rule.nth, rule.left)
        for number, rule in enumerate(plan, 1)
    )
