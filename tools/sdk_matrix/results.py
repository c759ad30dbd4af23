"""What came of all calls, as data: judged, folded over the releases, written and read again."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from skyvern_testkit.api.differences import NEWEST
from tools.sdk_matrix.known import KNOWN, Known, known_of
from tools.sdk_matrix.releases import ranges, within

__all__ = ["FILE", "Row", "Verdict", "fold", "judge", "read", "write"]

FILE: Final = Path(__file__).resolve().parents[2] / "contracts" / "sdk_matrix.json"
Said = Mapping[str, str]
"""One line of what the process of a release prints."""


@dataclass(frozen=True, slots=True)
class Row:
    """A method in some releases, which all do the same.

    Args:
        method: its name there.
        releases: as ranges.
        call: what came of the call that should pass, at a fake of the release's own dialect.
        wrong: what came of the one that should be refused; empty where there is none.
        newest: the two of them at a fake of the newest dialect, where something is otherwise.
    """

    method: str
    releases: str
    call: str
    wrong: str
    newest: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the outcome of a matrix; nothing should be."""

    failures: tuple[str, ...]


def judge(said: Mapping[str, Iterable[Said]]) -> Verdict:
    """Hold what was said against what is due and against the table of what is known.

    Args:
        said: release -> its calls.
    """
    failures: list[str] = []
    met: set[Known] = set()
    for release, calls in said.items():
        for it in calls:
            dialects = ["own"] if it["dialect"] == release else []
            dialects += ["newest"] if it["dialect"] == NEWEST else []
            known = [known_of(it["method"], release, name, it["what"]) for name in dialects]
            due = it["due"]
            for row in known:
                if row is not None:
                    due = row.outcome
                    met.add(row)
            if it["outcome"] != due:
                failures.append(
                    f"{release} at {it['dialect']}, {it['client']}: {it['method']} ({it['what']}): "
                    f"{it['outcome']}, not {due}. {it['detail']}"
                )
    driven = set(said)
    failures += [
        f"not needed any more: {row}"
        for row in KNOWN
        if row not in met and driven.issuperset(within(row.releases))
    ]
    return Verdict(tuple(failures))


def fold(said: Mapping[str, Iterable[Said]]) -> list[Row]:
    """The calls of all releases, those that do the same in one row."""
    at: dict[str, dict[str, dict[tuple[str, str], str]]] = defaultdict(dict)
    for release, calls in said.items():
        for it in calls:
            where = at[it["method"]].setdefault(release, {})
            if it["dialect"] == release:
                where["own", it["what"]] = it["outcome"]
            if it["dialect"] == NEWEST:
                where["newest", it["what"]] = it["outcome"]
    rows: list[Row] = []
    for method in sorted(at):
        alike: dict[tuple[Any, ...], list[str]] = defaultdict(list)
        for release, found in at[method].items():
            own = (found["own", "call"], found.get(("own", "wrong"), ""))
            newest = (found["newest", "call"], found.get(("newest", "wrong"), ""))
            alike[(*own, None if newest == own else newest)].append(release)
        rows += [
            Row(method, ranges(releases), call, wrong, newest)
            for (call, wrong, newest), releases in alike.items()
        ]
    return rows


def write(rows: Iterable[Row], path: Path = FILE) -> None:
    """Keep the rows, one to a line."""
    lines = [
        json.dumps([row.method, row.releases, row.call, row.wrong, row.newest]) for row in rows
    ]
    about = "What every method of every release of the SDK makes of the fake. Written by make sdk-matrix."
    columns = ["method", "releases", "call", "wrong", "newest dialect, where otherwise"]
    text = ",\n  ".join(lines)
    path.write_text(
        f'{{\n "about": {json.dumps(about)},\n "columns": {json.dumps(columns)},\n'
        f' "rows": [\n  {text}\n ]\n}}\n',
        "utf-8",
    )


def read(path: Path = FILE) -> list[Row]:
    """The rows that were kept."""
    rows: list[Any] = json.loads(path.read_text("utf-8"))["rows"]
    return [
        Row(method, releases, call, wrong, newest and (newest[0], newest[1]))
        for method, releases, call, wrong, newest in rows
    ]
