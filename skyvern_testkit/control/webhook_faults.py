"""Faults of webhooks as JSON: ``{"on": {"status": "completed"}, "fault": {"duplicate": {"copies": 1}}}``.

As :mod:`skyvern_testkit.control.faults` for the calls of a client: names and arguments are those of the
methods of ``webhooks.on(...)``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from skyvern_testkit.control.faults import ALWAYS, flag, how_often, read_body, says
from skyvern_testkit.fake.redact import HIDDEN
from skyvern_testkit.faults.plans import Planned
from skyvern_testkit.faults.webhooks import (
    Altered,
    AnswerLost,
    Duplicated,
    Late,
    Lost,
    Overtaken,
    SignedWith,
    Unsigned,
    WebhookFault,
    WebhookPlan,
    WebhookRule,
)
from skyvern_testkit.script.fakefile.forms import (
    Form,
    expected,
    read_call,
    read_form,
    seconds,
    text,
    whole,
)
from skyvern_testkit.script.fakefile.nodes import Node
from skyvern_testkit.script.fakefile.problems import Report
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import SECOND

__all__ = ["WebhookAsk", "read_webhook_ask", "webhook_fault_as_json", "webhook_rule_as_json"]

Plan = Callable[[WebhookPlan], Planned[WebhookRule]]
"""What goes wrong, once it is said with which webhooks."""


@dataclass(frozen=True, slots=True)
class WebhookAsk:
    """A fault of webhooks that somebody asks for.

    Args:
        fault: what goes wrong.
        on: with which: ``run``, ``status``, ``url``; empty: any.
        nth: the one that goes wrong first.
        times: how many go wrong from there; None: all.
    """

    fault: Plan
    on: Mapping[str, str] = field(default_factory=dict[str, str])
    nth: int = 1
    times: int | None = 1


def _changed(node: Node, report: Report) -> Any:
    if node.fields is None:
        return expected(node, "a mapping of fields of the body and their values", report)
    return node.json


_FAULTS: Final[Mapping[str, Form]] = {
    "duplicate": Form(says("duplicate"), {"copies": whole, "after": seconds}, "copies"),
    "delay": Form(says("delay"), {"seconds": seconds}, "seconds", ("seconds",)),
    "reorder": Form(says("reorder"), {"within": seconds}, "within"),
    "drop": Form(says("drop"), {"tries": whole}, "tries"),
    "lose_answer": Form(says("lose_answer"), {"tries": whole}, "tries"),
    "alter": Form(says("alter"), {"change": _changed, "signed": flag}, needs=("change",)),
    "sign_with": Form(says("sign_with"), {"key": text}, "key", ("key",)),
    "omit_signature": Form(says("omit_signature")),
}

_WHICH: Final = Form(dict, {"run": text, "status": text, "url": text})
_ASK: Final = Form(
    WebhookAsk,
    {
        "on": lambda node, report: read_form(node, _WHICH, "on", report),
        "nth": whole,
        "times": how_often,
        "fault": lambda node, report: read_call(node, _FAULTS, "a fault of webhooks", report),
    },
    needs=("fault",),
)


def read_webhook_ask(body: str) -> WebhookAsk:
    """The fault that a request asks for.

    Raises:
        FakeFileError: its body is wrong; it says where.
    """
    asked: WebhookAsk = read_body(body, _ASK, "a fault of webhooks to plan")
    return asked


# --- and back -------------------------------------------------------------------------------------


def _written_change(fault: Altered) -> Json:
    if callable(fault.change):
        raise ValueError("its change of the body is a function")  # noqa: TRY004 - a value that JSON lacks
    return dict(fault.change)


_WRITTEN: Final[Mapping[type[WebhookFault], tuple[str, Callable[[Any], dict[str, Json]]]]] = {
    Duplicated: (
        "duplicate",
        lambda it: {"copies": it.copies, "after": it.nanoseconds / SECOND},
    ),
    Late: ("delay", lambda it: {"seconds": it.nanoseconds / SECOND}),
    Overtaken: ("reorder", lambda it: {"within": it.nanoseconds / SECOND}),
    Lost: ("drop", lambda it: {"tries": it.tries}),
    AnswerLost: ("lose_answer", lambda it: {"tries": it.tries}),
    Altered: ("alter", lambda it: {"change": _written_change(it), "signed": it.signed}),
    SignedWith: ("sign_with", lambda it: {"key": it.key}),
    Unsigned: ("omit_signature", lambda _: {}),
}


def webhook_fault_as_json(fault: WebhookFault) -> Json:
    """``{"delay": {"seconds": 60}}``: read back, an equal fault.

    Raises:
        ValueError: a function alters the body, which no JSON can say.
    """
    name, write = _WRITTEN[type(fault)]
    return {name: write(fault)}


def webhook_rule_as_json(rule: WebhookRule) -> Json:
    """A planned fault, and how many webhooks it has met; the key of a forger is nobody's to read."""
    shown = SignedWith(HIDDEN) if isinstance(rule.fault, SignedWith) else rule.fault
    on = {"run": rule.run, "status": rule.status, "url": rule.url}
    return {
        "number": rule.number,
        "on": {name: value for name, value in on.items() if value is not None},
        "nth": rule.nth,
        "times": ALWAYS if rule.left is None else rule.left,
        "fault": webhook_fault_as_json(shown),
        "seen": rule.seen,
        "struck": rule.used,
    }
