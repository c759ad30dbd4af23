"""A whole fake file as a value."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from skyvern_testkit.script.fakefile.actions import Answered, read_answered
from skyvern_testkit.script.fakefile.forms import WRONG, expected, text, unknown
from skyvern_testkit.script.fakefile.nodes import Node, read_nodes
from skyvern_testkit.script.fakefile.problems import FakeFileError, Place, Problem, Report
from skyvern_testkit.script.fakefile.scripts import RunRule, read_rule, read_script
from skyvern_testkit.script.runscript import RunScript
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["KINDS", "FakeFile", "Kind", "Resource", "examine", "parse_fake", "parse_script"]

FORMAT: Final = 1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: how its ids begin, and what it cannot do without."""

    prefix: str
    needs: tuple[str, ...] = ()


KINDS: Final[Mapping[str, Kind]] = {  # in the order in which they are made
    "credentials": Kind("cred", ("name", "credential_type", "credential")),
    "profiles": Kind("bp", ("name",)),
    "sessions": Kind("pbs"),
    "workflows": Kind("wpid", ("title", "workflow_definition")),
}
"""The resources of a fake file."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that the world is to have.

    Args:
        kind: a key of :data:`KINDS`.
        id: the id it is to have; None: the world's choice.
        body: what a client would send to create it.
    """

    kind: str
    id: str | None
    body: JsonObject
    node: Node = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class FakeFile:
    """A fake, as its file says it: the resources in the order of their making, and the rules of runs and actions."""

    source: str
    description: str | None = None
    resources: tuple[Resource, ...] = ()
    rules: tuple[RunRule, ...] = ()
    actions: tuple[Answered, ...] = ()
    text: str = field(default="", repr=False, compare=False)

    def of_kind(self, kind: str) -> tuple[Resource, ...]:
        """The resources of one kind."""
        return tuple(resource for resource in self.resources if resource.kind == kind)

    def problem(self, place: Place, text: str) -> Problem:
        """Something that is wrong in the file and was found out later than by its grammar."""
        report = Report(self.source, self.text)
        report.add(place, text)
        return report.problems[0]


_FIELDS: Final = ("format", "description", *KINDS, "runs", "actions")


def _list(
    node: Node | None, item: Callable[[Node], T | None], what: str, report: Report
) -> list[T]:
    if node is None or node.is_null:
        return []
    if node.items is None:
        expected(node, f"a list of {what}", report)
        return []
    return [found for each in node.items if (found := item(each)) is not None]


class _Resources:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._ids: dict[str, Place] = {}

    def read(self, kind: str, node: Node) -> Resource | None:
        if node.fields is None:
            expected(node, "a mapping, as in a create request", self._report)
            return None
        for name in KINDS[kind].needs:
            if name not in node.fields:
                self._report.add(node.place, f"one of the {kind} needs `{name}`")
        body = node.json
        body.pop("id", None)
        chosen = self._id(node.fields.get("id"), KINDS[kind].prefix)
        return Resource(kind, chosen, body, node)

    def _id(self, node: Node | None, prefix: str) -> str | None:
        if node is None:
            return None
        chosen = node.scalar
        if not isinstance(chosen, str) or not re.fullmatch(rf"{prefix}_\w+", chosen, re.ASCII):
            expected(node, f"an id such as `{prefix}_100000000000000002`", self._report)
            return None
        if chosen in self._ids:
            first = f"{self._ids[chosen].path}, line {self._ids[chosen].line}"
            self._report.add(node.place, f"`{chosen}` is here already: {first}")
        self._ids.setdefault(chosen, node.place)
        return chosen


def examine(source: str, text_: str) -> tuple[FakeFile, tuple[Problem, ...]]:
    """What a fake file says as far as it is right, and all that is wrong with it.

    Args:
        source: the file's name, for messages.
        text_: its text.
    """
    report = Report(source, text_)
    root = read_nodes(text_, report)
    if root is None:
        return FakeFile(source, text=text_), tuple(report.problems)
    if root.fields is None:
        expected(root, f"a mapping with {', '.join(_FIELDS)}", report)
        return FakeFile(source, text=text_), tuple(report.problems)
    for name in root.fields:
        if name not in _FIELDS:
            unknown(root, name, dict.fromkeys(_FIELDS), "a fake file", report)
    _check_format(root, report)
    resources = _Resources(report)
    made = [
        resource
        for kind in KINDS
        for resource in _list(root.fields.get(kind), partial(resources.read, kind), kind, report)
    ]
    rules = _list(root.fields.get("runs"), lambda node: read_rule(node, report), "rules", report)
    answered = partial(read_answered, report=report)
    actions = _list(root.fields.get("actions"), answered, "rules of actions", report)
    about = root.fields.get("description")
    description = None if about is None else text(about, report)
    return (
        FakeFile(
            source,
            None if description is WRONG else description,
            tuple(made),
            tuple(rules),
            tuple(actions),
            text_,
        ),
        tuple(report.problems),
    )


def _check_format(root: Node, report: Report) -> None:
    node = (root.fields or {}).get("format")
    if node is None:
        report.add(
            root.place, f"a fake file needs `format: {FORMAT}`: the grammar it is written in"
        )
    elif isinstance(node.scalar, bool) or node.scalar != FORMAT:
        expected(node, f"{FORMAT}, the only format there is", report)


def parse_fake(source: str, text: str) -> FakeFile:
    """A fake file from its text.

    Args:
        source: the file's name, for messages.
        text: its text.

    Raises:
        FakeFileError: something is wrong; it names all that is, with line, column and field.
    """
    file, problems = examine(source, text)
    if problems:
        raise FakeFileError(source, problems)
    return file


def parse_script(text: str, source: str = "script") -> RunScript:
    """One run script from YAML: what may stand as one script under ``play``.

    Raises:
        FakeFileError: something is wrong.
    """
    report = Report(source, text)
    node = read_nodes(text, report)
    script = WRONG if node is None else read_script(node, report)
    if report.problems or not isinstance(script, RunScript):
        raise FakeFileError(source, report.problems)
    return script
