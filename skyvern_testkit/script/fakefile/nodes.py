"""From YAML text to a tree of plain values that know where they stand.

The values are JSON's: numbers, ``true``, ``false`` and ``null`` look as in JSON, everything else is
text. So ``NO``, ``on``, ``2026-01-31``, ``12:30`` and ``007`` mean what they look like, and a key is
the text it is written as. Anchors and aliases work; tags and merge keys do not, so no text can run
code, and the tree is bounded however much the aliases multiply it.
"""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, cast

import yaml
from yaml.composer import ComposerError
from yaml.nodes import MappingNode, ScalarNode, SequenceNode

from skyvern_testkit.script.fakefile.problems import Place, Report, shortened
from skyvern_testkit.wire.jsontext import Json

__all__ = ["MAX_CHARACTERS", "MAX_DEPTH", "MAX_NODES", "Node", "read_nodes"]

MAX_CHARACTERS: Final = 2_000_000
MAX_DEPTH: Final = 60
MAX_NODES: Final = 100_000

INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
NUMBER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None, "~": None, "": None}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of the file and where it stands.

    Exactly one of ``fields`` and ``items`` is set for a mapping or a list; else ``scalar`` counts.
    """

    place: Place
    fields: dict[str, Node] | None = None
    items: list[Node] | None = None
    scalar: Json = None
    keys: dict[str, Place] = field(default_factory=dict[str, Place])

    @property
    def is_null(self) -> bool:
        return self.fields is None and self.items is None and self.scalar is None

    @property
    def json(self) -> Json:
        """The plain value."""
        if self.fields is not None:
            return {key: node.json for key, node in self.fields.items()}
        if self.items is not None:
            return [node.json for node in self.items]
        return self.scalar

    @property
    def shown(self) -> str:
        """What it is, in a few words, for messages."""
        if self.fields is not None:
            return f"a mapping with {shortened(', '.join(self.fields)) or 'nothing'}"
        if self.items is not None:
            return f"a list of {len(self.items)}"
        match self.scalar:
            case None:
                return "nothing"
            case str():
                return f"the text {shortened(self.scalar)!r}"
            case _:
                return str(self.scalar).lower()[:60]

    def at(self, *way: str | int) -> Place:
        """Where a part of the value stands, or the nearest thing above it that is there.

        A mapping or a list stands where its key does: it begins on the line below.
        """
        node, place = self, self.place
        for step in way:
            if isinstance(step, int) and node.items is not None and step < len(node.items):
                node = node.items[step]
                place = node.place
            elif isinstance(step, str) and node.fields is not None and step in node.fields:
                key, node = node.keys[step], node.fields[step]
                place = key if node.scalar is None else node.place
            # else: a step of a validator's own, such as the tag of a union
        return place


class _Loader(yaml.SafeLoader):
    """Composes plain nodes only: no tags, no implicit types, no depth without a bound."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.yaml_implicit_resolvers: Any = {}
        self._depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event: Any = cast("Any", self).peek_event()
        if getattr(event, "tag", None) is not None:
            raise ComposerError(
                None, None, "tags are not allowed: write plain values", event.start_mark
            )
        if self._depth >= MAX_DEPTH:
            raise ComposerError(None, None, f"nested deeper than {MAX_DEPTH}", event.start_mark)
        self._depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


def _compose(text: str, report: Report) -> Any:
    loader = None
    try:
        loader = _Loader(text)  # its reader looks at the characters at once
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        before = text[: error.position].splitlines() or [""]
        place = Place(len(before), len(before[-1]) + 1)
        report.add(place, f"the character {chr(error.character)!r} is not allowed in YAML")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        context = f" ({error.context})" if error.context else ""
        report.add(place, f"this is no YAML: {error.problem}{context}")
    finally:
        if loader is not None:
            loader.dispose()
    return None


class _Builder:
    def __init__(self, report: Report) -> None:
        self._report = report
        self._count = 0
        self._open: list[int] = []

    def build(self, raw: Any, place: Place) -> Node | None:
        """The tree under a node; None where it cannot be had, which is then reported."""
        self._count += 1
        if self._count == MAX_NODES + 1:
            self._report.add(place, f"more than {MAX_NODES:,} values, counting each alias's own")
        if self._count > MAX_NODES:
            return None
        if id(raw) in self._open:
            self._report.add(place, "this alias contains itself")
            return None
        if len(self._open) >= MAX_DEPTH:
            self._report.add(place, f"nested deeper than {MAX_DEPTH} through aliases")
            return None
        with self._inside(raw):
            match raw:
                case MappingNode():
                    return self._mapping(raw, place)
                case SequenceNode():
                    built = [
                        self.build(item, place.item(index, *_start(item)))
                        for index, item in enumerate(raw.value)
                    ]
                    return Node(place, items=[node for node in built if node is not None])
                case _:
                    return Node(place, scalar=self._scalar(raw, place))

    @contextmanager
    def _inside(self, raw: Any) -> Generator[None, None, None]:
        self._open.append(id(raw))
        try:
            yield
        finally:
            self._open.pop()

    def _mapping(self, raw: MappingNode, place: Place) -> Node:
        fields: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key, value in raw.value:
            if not isinstance(key, ScalarNode):
                self._report.add(place.key("?", *_start(key)), "a key must be a text")
                continue
            name: str = key.value
            here = place.key(name, *_start(key))
            if name == "<<" and key.style is None:
                self._report.add(here, "merge keys are not supported: write the fields out")
            elif name in fields:
                self._report.add(
                    here, f"`{name}` is here for the second time (first: line {keys[name].line})"
                )
            elif (node := self.build(value, place.key(name, *_start(value)))) is not None:
                fields[name], keys[name] = node, here
        return Node(place, fields=fields, keys=keys)

    def _scalar(self, raw: ScalarNode, place: Place) -> Json:
        text: str = raw.value
        if any("\ud800" <= character <= "\udfff" for character in text):
            try:  # JSON writes one character as two escapes; YAML reads them as two
                text = text.encode("utf-16", "surrogatepass").decode("utf-16")
            except UnicodeDecodeError:
                self._report.add(place, "half of a surrogate pair is no character")
                return ""
        if raw.style is not None:
            return text
        if text.lower() in _WORDS and text in {text.lower(), text.upper(), text.capitalize()}:
            return _WORDS[text.lower()]
        if not NUMBER.fullmatch(text):
            return text
        try:
            number = int(text) if INTEGER.fullmatch(text) else float(text)
        except ValueError:  # Python's bound on digits
            self._report.add(place, "a number of too many digits")
            return 0
        if number in {float("inf"), float("-inf")}:
            self._report.add(place, f"{text} is too large for a number")
            return 0
        return number


def _start(raw: Any) -> tuple[int, int]:
    return raw.start_mark.line + 1, raw.start_mark.column + 1


def read_nodes(text: str, report: Report) -> Node | None:
    """The tree of a YAML text, or None when there is none; what is wrong goes to the report."""
    if len(text) > MAX_CHARACTERS:
        report.add(Place(1, 1), f"{len(text):,} characters: more than {MAX_CHARACTERS:,}")
        return None
    raw = _compose(text, report)
    if raw is None:
        if not report.problems:
            report.add(Place(1, 1), "the file is empty")
        return None
    return _Builder(report).build(raw, Place(*_start(raw)))
