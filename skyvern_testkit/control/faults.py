"""Faults as JSON: ``{"on": "get_run", "nth": 3, "times": 2, "fault": {"answer": {"status": 503}}}``.

One row of the table per fault; names and arguments are those of the methods of ``faults.on(...)``, and a
value that is no mapping is the first argument: ``{"slow": 90}``, ``"never_answer"``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

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
from skyvern_testkit.faults.faults import FaultPlan
from skyvern_testkit.faults.plans import Planned
from skyvern_testkit.script.fakefile.forms import (
    WRONG,
    Form,
    expected,
    json,
    read_call,
    read_form,
    seconds,
    text,
    whole,
)
from skyvern_testkit.script.fakefile.nodes import Node, read_nodes
from skyvern_testkit.script.fakefile.problems import FakeFileError, Report
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import SECOND

__all__ = [
    "ALWAYS",
    "Ask",
    "fault_as_json",
    "flag",
    "how_often",
    "read_ask",
    "read_body",
    "read_times",
    "rule_as_json",
    "says",
]

ALWAYS: Final = "always"

Plan = Callable[[FaultPlan], Planned[FaultRule]]
"""What goes wrong, once it is said when."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A fault that somebody asks for.

    Args:
        on: the operation, or ``*``.
        fault: what goes wrong.
        nth: the call that goes wrong first.
        times: how many go wrong from there; None: all.
    """

    on: str
    fault: Plan
    nth: int = 1
    times: int | None = 1


def flag(node: Node, report: Report) -> Any:
    """True or false."""
    return node.scalar if isinstance(node.scalar, bool) else expected(node, "true or false", report)


def _when(node: Node, report: Report) -> Any:
    return node.scalar if isinstance(node.scalar, int | float) else text(node, report)


def how_often(node: Node, report: Report) -> Any:
    """A number of times; None for always."""
    if node.scalar == ALWAYS:
        return None
    if isinstance(node.scalar, bool) or not isinstance(node.scalar, int) or node.scalar < 1:
        return expected(node, f"a whole number, 1 or more, or `{ALWAYS}`", report)
    return node.scalar


def says(method: str) -> Callable[..., Callable[[Any], Any]]:
    """What goes wrong, as the method of a plan that says it."""

    def make(**arguments: Any) -> Callable[[Any], Any]:
        return lambda plan: getattr(plan, method)(**arguments)

    return make


_FAULTS: Final[Mapping[str, Form]] = {
    "answer": Form(
        says("answer"),
        {"status": whole, "detail": json, "body": json, "retry_after": _when},
        "status",
        ("status",),
    ),
    "slow": Form(says("slow"), {"seconds": seconds}, "seconds", ("seconds",)),
    "never_answer": Form(says("never_answer")),
    "reset_connection": Form(says("reset_connection"), {"done": flag}),
    "empty_body": Form(says("empty_body"), {"status": whole}, "status"),
    "malformed_body": Form(says("malformed_body"), {"status": whole}, "status"),
}

_ASK: Final = Form(
    Ask,
    {
        "on": text,
        "nth": whole,
        "times": how_often,
        "fault": lambda node, report: read_call(node, _FAULTS, "a fault", report),
    },
    needs=("on", "fault"),
)
_CHANGE: Final = Form(dict, {"times": how_often}, needs=("times",))


def read_ask(body: str) -> Ask:
    """The fault that a request asks for.

    Raises:
        FakeFileError: its body is wrong; it says where.
    """
    asked: Ask = read_body(body, _ASK, "a fault to plan")
    return asked


def read_times(body: str) -> int | None:
    """How often a planned fault is to strike: ``{"times": 3}`` or ``{"times": "always"}``.

    Raises:
        FakeFileError: its body is wrong; it says where.
    """
    times: int | None = read_body(body, _CHANGE, "a change of a fault")["times"]
    return times


def read_body(body: str, form: Form, name: str) -> Any:
    """What the body of an order says, by its form.

    Raises:
        FakeFileError: it is wrong; it says where.
    """
    report = Report("body", body)
    node = read_nodes(body, report)
    value = WRONG
    if node is not None and node.fields is None:
        value = expected(node, f"a mapping with {', '.join(form.fields)}", report)
    elif node is not None:
        value = read_form(node, form, name, report)
    if value is WRONG or report.problems:
        raise FakeFileError("body", report.problems)
    return value


# --- and back -------------------------------------------------------------------------------------

_WRITTEN: Final[Mapping[type[Fault], tuple[str, Callable[[Any], Mapping[str, Json]]]]] = {
    AnswerWith: (
        "answer",
        lambda it: {
            "status": it.status,
            "body": it.body,
            **({} if it.retry_after is None else {"retry_after": it.retry_after}),
        },
    ),
    Slow: ("slow", lambda it: {"seconds": it.nanoseconds / SECOND}),
    NeverAnswer: ("never_answer", lambda _: {}),
    ResetConnection: ("reset_connection", lambda it: {"done": it.done}),
    EmptyBody: ("empty_body", lambda it: {"status": it.status}),
    MalformedBody: ("malformed_body", lambda it: {"status": it.status}),
}


def fault_as_json(fault: Fault) -> Json:
    """``{"answer": {"status": 503, ...}}``: read back, an equal fault."""
    name, write = _WRITTEN[type(fault)]
    return {name: dict(write(fault))}


def rule_as_json(rule: FaultRule) -> Json:
    """A planned fault, and how many calls it has met."""
    return {
        "number": rule.number,
        "on": rule.operation,
        "nth": rule.nth,
        "times": ALWAYS if rule.left is None else rule.left,
        "fault": fault_as_json(rule.fault),
        "seen": rule.seen,
        "struck": rule.used,
    }
