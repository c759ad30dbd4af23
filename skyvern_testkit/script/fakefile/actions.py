"""What single actions answer, as a fake file says it.

``{on: {type: extract, prompt: "*price*"}, answer: {price: 12.5}}``; ``answers`` is a list of them, the first
for the first action, the last for all further ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from skyvern_testkit.script.actions import ActionMatch
from skyvern_testkit.script.fakefile.forms import WRONG, Form, Reader, expected, json, read_form
from skyvern_testkit.script.fakefile.nodes import Node
from skyvern_testkit.script.fakefile.problems import Report
from skyvern_testkit.script.fakefile.scripts import pattern
from skyvern_testkit.wire.jsontext import Json

__all__ = ["Answered", "read_answered"]


@dataclass(frozen=True, slots=True)
class Answered:
    """Actions that match answer these: the first the first, the last for all further ones."""

    match: ActionMatch
    answers: tuple[Json, ...]


_UNSAID: Final = object()


def _answered(
    on: ActionMatch | None = None, answer: Any = _UNSAID, answers: list[Json] | None = None
) -> Answered:
    if (answer is _UNSAID) == (answers is None):
        raise ValueError("takes either `answer`, or `answers` with one for each action")
    return Answered(on or ActionMatch(), (answer,) if answers is None else tuple(answers))


def _answers(node: Node, report: Report) -> Any:
    return node.json if node.items else expected(node, "a list of answers", report)


_PATTERNS: Final[Mapping[str, Reader]] = {"type": pattern, "prompt": pattern, "url": pattern}
_MATCH: Final = Form(ActionMatch, _PATTERNS)
_RULE: Final = Form(
    _answered,
    {
        "on": lambda node, report: read_form(node, _MATCH, "on", report),
        "answer": json,
        "answers": _answers,
    },
)


def read_answered(node: Node, report: Report) -> Answered | None:
    """An entry of ``actions``; None where it is wrong."""
    if node.fields is None:
        expected(node, "a mapping with `on` and `answer`", report)
        return None
    rule = read_form(node, _RULE, "an action", report)
    return None if rule is WRONG else rule
