"""A planned fault printed as the Python that plans it, for failures and shrunk examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from skyvern_testkit.faults.catalogue import (
    AnswerWith,
    EmptyBody,
    Fault,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
    body_in_dialect,
)
from skyvern_testkit.faults.faults import FaultRule
from skyvern_testkit.wire.times import SECOND

__all__ = ["as_code"]


def as_code(rule: FaultRule) -> str:
    """``faults.on("get_run", nth=3).answer(503)``: evaluated, it plans the same fault.

    A condition (``when=``) is a function, of which only the name can be told.
    """
    where = [f'"{rule.operation}"']
    if rule.nth != 1:
        where.append(f"nth={rule.nth}")
    if rule.when is not None:
        where.append(f"when={getattr(rule.when, '__name__', repr(rule.when))}")
    how_often = {1: "", None: ".always()"}.get(rule.left, f".times({rule.left})")
    return f"faults.on({', '.join(where)}).{_WAYS[type(rule.fault)](rule.fault)}{how_often}"


def _answer(fault: AnswerWith) -> str:
    given = [str(fault.status)]
    if fault.body != body_in_dialect(fault.status, None):
        given.append(f"body={fault.body!r}")
    if fault.retry_after is not None:
        after = fault.retry_after
        given.append(f"retry_after={after if after.isdecimal() else repr(after)}")
    return f"answer({', '.join(given)})"


def _body(name: str) -> Callable[[EmptyBody | MalformedBody], str]:
    return lambda fault: f"{name}({'' if fault.status == 200 else fault.status})"


_WAYS: Final[Mapping[type[Fault], Callable[[Any], str]]] = {
    AnswerWith: _answer,
    Slow: lambda fault: f"slow({fault.nanoseconds / SECOND:.12g})",
    NeverAnswer: lambda _: "never_answer()",
    ResetConnection: lambda fault: f"reset_connection({'done=True' if fault.done else ''})",
    EmptyBody: _body("empty_body"),
    MalformedBody: _body("malformed_body"),
}
