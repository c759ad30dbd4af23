"""From nodes to run scripts and to the rules that give them to runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from skyvern_testkit.script.fakefile.forms import (
    STEPS,
    WRONG,
    Form,
    expected,
    read_call,
    read_form,
    text,
    unknown,
)
from skyvern_testkit.script.fakefile.nodes import Node
from skyvern_testkit.script.fakefile.problems import Report, nearest
from skyvern_testkit.script.match import Match
from skyvern_testkit.script.runscript import RunScript
from skyvern_testkit.script.states import ENGINES, RUN_TYPES, Family, IllegalMove
from skyvern_testkit.script.steps import Step

__all__ = ["RunRule", "pattern", "read_rule", "read_script"]

_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class RunRule:
    """Runs that match play these scripts: the first run the first, the last for all further ones."""

    match: Match
    scripts: tuple[RunScript, ...]


# --- scripts ----------------------------------------------------------------------------------------

_SCRIPT_FIELDS: Final = ("steps", "illegal")


def _is_whole_script(node: Node) -> bool:
    """``{steps: [...], illegal: true}``: a script that has more than steps."""
    return node.fields is not None and not node.fields.keys().isdisjoint(_SCRIPT_FIELDS)


def read_script(node: Node, report: Report, family: Family | None = None) -> Any:
    """A script: a list of steps, one step, or ``{steps: [...], illegal: true}``; or WRONG.

    Args:
        node: where it stands.
        report: takes what is wrong.
        family: the kind of run that will play it, where that is known.
    """
    if node.fields is None or not _is_whole_script(node):
        return _built(node, family, report)
    for name in node.fields.keys() - set(_SCRIPT_FIELDS):
        unknown(node, name, dict.fromkeys(_SCRIPT_FIELDS), "a script", report)
    illegal = node.fields.get("illegal")
    if illegal is not None and not isinstance(illegal.scalar, bool):
        expected(illegal, "true or false", report)
        illegal = None
    steps = node.fields.get("steps")
    if steps is None:
        report.add(node.place, "a script needs `steps`")
        return WRONG
    return _built(steps, family, report, illegal=bool(illegal and illegal.scalar))


def _built(node: Node, family: Family | None, report: Report, *, illegal: bool = False) -> Any:
    nodes = [node] if node.items is None else node.items
    steps = [read_call(item, STEPS, "a step", report) for item in nodes]
    if WRONG in steps:
        return WRONG
    try:
        return _checked(RunScript(*steps, illegal=illegal), family)
    except IllegalMove as refusal:
        report.add(_culprit(nodes, steps, family).place, str(refusal))
        return WRONG


def _checked(script: RunScript, family: Family | None) -> RunScript:
    if family is not None:
        script.check_for(family)
    return script


def _culprit(nodes: list[Node], steps: list[Step], family: Family | None) -> Node:
    """The step that makes the script illegal: the last of the shortest beginning that is."""
    for count, node in enumerate(nodes, start=1):
        try:
            _checked(RunScript(*steps[:count]), family)
        except IllegalMove:
            return node
    return nodes[-1]


def _scripts(node: Node, report: Report, family: Family | None) -> tuple[RunScript, ...]:
    """What stands under ``play``.

    A list of steps is one script. A list that holds lists is a sequence of scripts, and so is a
    list of nothing but endings, since no run ends twice.
    """
    parts = [node]
    if node.items is not None and _is_sequence(node.items):
        parts = node.items
    if node.is_null or node.items == []:
        report.add(node.place, "`play` needs a script, such as `- completed: {output: ...}`")
        return ()
    found = [read_script(part, report, family) for part in parts]
    return tuple(script for script in found if script is not WRONG)


def _is_sequence(items: list[Node]) -> bool:
    if any(item.items is not None or _is_whole_script(item) for item in items):
        return True
    return all(_name_of(item) in _ENDINGS for item in items)


_ENDINGS: Final = frozenset({"completed", "failed", "terminated", "timed_out", "canceled"})


def _name_of(node: Node) -> Any:
    return next(iter(node.fields), None) if node.fields else node.scalar


# --- rules ------------------------------------------------------------------------------------------


def _regex(value: str) -> re.Pattern[str]:
    try:
        return re.compile(value)
    except re.error as error:
        raise ValueError(f"this is no regular expression: {error}") from None


_PATTERNS: Final[Mapping[str, Form]] = {
    "regex": Form(_regex, {"value": text}, "value", ("value",)),
}


def pattern(node: Node, report: Report) -> Any:
    """A glob, or ``{regex: ...}``."""
    if node.fields is not None:
        return read_call(node, _PATTERNS, "a kind of pattern", report)
    return text(node, report)


def _one_of(names: tuple[str, ...], what: str) -> Callable[[Node, Report], Any]:
    """A pattern that, without wildcards, is one of these names: another would never match."""

    def read(node: Node, report: Report) -> Any:
        name = node.scalar
        if isinstance(name, str) and not _GLOB.search(name) and name not in names:
            hint = nearest(name, names)
            report.add(node.place, f"`{name}` is no {what}.{hint} There are: {', '.join(names)}.")
            return WRONG
        return pattern(node, report)

    return read


def _parameters(node: Node, report: Report) -> Any:
    if node.fields is None:
        return expected(node, "a mapping of parameters and their values", report)
    return node.json


_MATCH: Final = Form(
    Match,
    {
        "prompt": pattern,
        "url": pattern,
        "workflow": pattern,
        "parameters": _parameters,
        "engine": _one_of(ENGINES, "engine"),
        "title": pattern,
        "run_type": _one_of(tuple(RUN_TYPES), "run type"),
        "block": pattern,
        "block_type": pattern,
    },
)

_RULE_FIELDS: Final = ("on", "play")


def _family_of(match: Match) -> Family | None:
    """The kind of run that a pattern is for, where it says so."""
    if isinstance(match.run_type, str) and match.run_type in RUN_TYPES:
        return RUN_TYPES[match.run_type]
    return Family.WORKFLOW if match.workflow is not None or match.is_for_block else None


def read_rule(node: Node, report: Report) -> RunRule | None:
    """``{on: {prompt: ...}, play: [...]}``; None where it is wrong."""
    if node.fields is None:
        expected(node, "a mapping with `on` and `play`", report)
        return None
    for name in node.fields:
        if name not in _RULE_FIELDS:
            unknown(node, name, dict.fromkeys(_RULE_FIELDS), "a rule", report)
    on = node.fields.get("on")
    match = Match() if on is None else read_form(on, _MATCH, "on", report)
    play = node.fields.get("play")
    if play is None:
        report.add(node.place, "a rule needs `play`: what its runs do")
        return None
    scripts = _scripts(play, report, None if match is WRONG else _family_of(match))
    return None if match is WRONG or not scripts else RunRule(match, scripts)
