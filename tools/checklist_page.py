"""Writes docs/checklist.md: every line of what is known of the real server, and the cases that prove it.

    python tools/checklist_page.py            # writes the page
    python tools/checklist_page.py --faults   # says what is wrong with the checklist, and nothing else

The lines stand in ``contracts/checklist``; a case says only to which sections it belongs
(``fact="resources 4"``), and has to stand in a line of each of them, and of no other. Lines may name
cases of other facts too.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "checklist.md"
CONTRACTS = ROOT / "contracts"
HEAD = """\
# Checklist

Made by `python tools/checklist_page.py` of `contracts/checklist`; a test compares it with the code.

What is known of the real server 1.0.56, line by line, and what proves each line: the cases of
[the contract](../contracts/README.md), and groups of exchanges that
[are replayed](../contracts/recorded/README.md). Below, each case and its lines.

* yes: the real server was asked every case that it can be asked, and gave each answer.
* not yet: a case is newer than the last evidence.
* recorded: its exchanges are replayed.
* no: the last column says why not.
"""
CASES_HEAD = """
## Cases

A case of which no line is known names the recorded exchange that it repeats, or a section of the
facts about runs that is not in this list.

| case | lines |
|---|---|
"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of what is known.

    Attributes:
        name: facts and number: ``resources 5.3``.
        says: the line, in our words.
        cases: that prove it.
        recorded: groups of exchanges that prove it.
        reason: why no case can prove it, or can prove all of it.
    """

    name: str
    says: str
    cases: tuple[str, ...] = ()
    recorded: tuple[str, ...] = ()
    reason: str = ""

    @property
    def section(self) -> str:
        """``resources 5`` of ``resources 5.3``."""
        return self.name.rpartition(".")[0]


@dataclass(frozen=True, slots=True)
class Stated:
    """What a case says of itself.

    Attributes:
        sections: that it is of.
        ours_only: it asks the fake alone.
        times: how many functions have its name, which should be one.
    """

    sections: frozenset[str]
    ours_only: bool
    times: int


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the facts."""

    name: str
    title: str
    lines: tuple[Line, ...]


# --- what there is ------------------------------------------------------------------------------


@cache
def sections() -> tuple[Section, ...]:
    """All sections of all checklists, in their order."""
    found: list[Section] = []
    for path in sorted((CONTRACTS / "checklist").glob("*.yaml")):
        said = yaml.safe_load(path.read_text("utf-8"))
        for number, section in said["sections"].items():
            lines = tuple(
                Line(f"{said['facts']} {name}", **_tuples(row))
                for name, row in section["lines"].items()
            )
            found.append(Section(f"{said['facts']} {number}", section["title"], lines))
    return tuple(found)


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}


def lines() -> Iterator[Line]:
    """All lines."""
    for section in sections():
        yield from section.lines


@cache
def cases() -> dict[str, Stated]:
    """Every case, by its name."""
    found: dict[str, Stated] = {}
    for path in sorted((CONTRACTS / "cases").glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(
                    func=ast.Name(id="case"), args=[ast.Constant(value=str(name))], keywords=words
                ):
                    named = {word.arg: word.value for word in words}
                    found[name] = Stated(
                        frozenset(_sections_of(ast.literal_eval(named["fact"]))),
                        "ours_only" in named,
                        found[name].times + 1 if name in found else 1,
                    )
                case _:
                    pass
    return found


def _sections_of(fact: str) -> Iterator[str]:
    """``resources 1, 8`` is of ``resources 1`` and ``resources 8``, ``recorded: tags`` of exchanges."""
    facts = ""
    for part in re.split("[,;]", fact):
        name, _, number = part.strip().rpartition(" ")
        facts = name.removesuffix(":") or facts
        yield f"{facts} {number}"


@cache
def recorded() -> tuple[str, ...]:
    """The names of all recorded exchanges, also those of a life under the name of its file."""
    return tuple(
        name
        for path in sorted((CONTRACTS / "recorded").glob("*.jsonl"))
        for row in map(json.loads, path.read_text("utf-8").splitlines())
        if "name" in row
        for name in (row["name"], f"{path.stem}.{row['name']}")
    )


def is_recorded(beginning: str) -> bool:
    """Whether there are exchanges whose names begin so; ``tags.*`` is ``tags.``."""
    return any(name.startswith(beginning.removesuffix("*")) for name in recorded())


@cache
def evidence() -> dict[str, Any]:
    """Case -> driver -> what the real server said to it."""
    found: dict[str, Any] = json.loads((CONTRACTS / "evidence.json").read_text("utf-8"))["cases"]
    return found


def proven(case: str) -> bool:
    """Whether the real server was asked and gave the answer, by every driver that can ask."""
    verdicts = {row["verdict"] for row in evidence().get(case, {}).values()}
    return "proven" in verdicts and verdicts <= {"proven", "not run"}


@cache
def lines_of() -> dict[str, list[str]]:
    """Case -> the lines that it proves."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for line in lines():
        for case in line.cases:
            found[case].append(line.name)
    return found


# --- what is wrong ------------------------------------------------------------------------------


def faults() -> Iterator[str]:
    """Everything in which lines and cases do not fit together."""
    known = {section.name for section in sections()}
    for section in sections():
        for number, line in enumerate(section.lines, 1):
            if line.name != f"{section.name}.{number}":
                yield f"{line.name}: the line after {section.name}.{number - 1} has that number"
            yield from _faults_of(line)
    for name, stated in cases().items():
        if stated.times > 1:
            yield f"{name}: {stated.times} cases have this name"
        told = stated.sections & known
        listed = {line.rpartition(".")[0] for line in lines_of().get(name, ())}
        for told_of in sorted(stated.sections):
            name_of_facts, _, beginning = told_of.partition(" ")
            if name_of_facts == "resources" and told_of not in known:
                yield f"{name}: there is no section {told_of}"
            if name_of_facts == "recorded" and not is_recorded(beginning):
                yield f"{name}: there is no recorded exchange {beginning}"
        for missing in sorted(told - listed):
            yield f"{name}: it is of {missing}, and in none of its lines"
        for unsaid in sorted(listed - told if told else ()):
            yield f"{name}: it is in a line of {unsaid}, and does not say that it is of it"


def _faults_of(line: Line) -> Iterator[str]:
    if not (line.cases or line.recorded or line.reason):
        yield f"{line.name}: neither cases nor a reason"
    for case in line.cases:
        if case not in cases():
            yield f"{line.name}: there is no case {case}"
    for group in line.recorded:
        if not is_recorded(f"{group}."):
            yield f"{line.name}: there is no recorded group {group}"


# --- the page -----------------------------------------------------------------------------------


def page() -> str:
    """The whole page."""
    count = Counter(verdict(line) for line in lines())
    told = ", ".join(f"{count[word]} {word}" for word in ("yes", "not yet", "recorded", "no"))
    parts = [HEAD, f"\nProven on the real server, of {count.total()} lines: {told}.\n"]
    for section in sections():
        parts.append(f"\n## {section.name}: {section.title}\n\n")
        parts.append("| line | says | proven by | on the real server | why not |\n")
        parts.append("|---|---|---|---|---|\n")
        parts.extend(_row(line) for line in section.lines)
    parts.append(CASES_HEAD)
    parts.extend(_case_row(name) for name in sorted(cases()))
    return "".join(parts)


def verdict(line: Line) -> str:
    """Whether the real server has said so."""
    asked = [case for case in line.cases if not cases()[case].ours_only]
    if asked:
        return "yes" if all(proven(case) for case in asked) else "not yet"
    return "recorded" if line.recorded else "no"


def _row(line: Line) -> str:
    by = [f"`{case}`" for case in line.cases] + [f"recorded `{it}`" for it in line.recorded]
    why = line.reason
    if not why and verdict(line) == "no":
        why = "no browser and no model there: the fake is asked alone"
    cells = (line.name.partition(" ")[2], line.says, ", ".join(by), verdict(line), why)
    return f"| {' | '.join(cells)} |\n"


def _case_row(name: str) -> str:
    told = lines_of().get(name) or sorted(cases()[name].sections)
    return f"| `{name}` | {', '.join(told)} |\n"


def main() -> int:
    """Write the page, unless something is wrong."""
    wrong = list(faults())
    print("\n".join(wrong), file=sys.stderr, end="\n" if wrong else "")
    if not wrong and "--faults" not in sys.argv[1:]:
        PAGE.write_text(page(), "utf-8")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
