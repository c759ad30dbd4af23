"""docs/sdk-matrix.md, made of the results that were kept: python -m tools.sdk_matrix.page."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tools.sdk_matrix.known import KNOWN
from tools.sdk_matrix.releases import within
from tools.sdk_matrix.results import Row, read

__all__ = ["PAGE", "page"]

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "sdk-matrix.md"

HEAD: Final = """\
# The SDK's releases

Made by `make sdk-matrix`, which calls every method of every published release of `skyvern`, sync and async, at a served
fake that speaks the release's own dialect, and once more at one that speaks the newest. Each is called so that it
answers, with an answer that the SDK reads into the model that the method declares, and, where that can be, so that it
is refused, with the error class that the release has for that status. `Skyvern: ...` is a story of the wrapper that
`from skyvern import Skyvern` gives, in memory and on virtual time, in the releases with the small install (1.0.33 and
newer). A test compares this page with `contracts/sdk_matrix.json`, which the command writes.

"""


def page(rows: Iterable[Row]) -> str:
    """The page."""
    rows = list(rows)
    lines = [
        "| method | releases | answer | refusal | at the newest dialect |",
        "|---|---|---|---|---|",
    ]
    lines += [_line(row) for row in rows]
    names = {row.method for row in rows if not row.method.endswith("*")}
    stories = {name for name in names if name.startswith("Skyvern: ")}
    count = f"{len(names - stories)} methods, {len(stories)} stories of the wrapper."
    return f"{HEAD}{count}\n\n" + "\n".join(lines) + "\n\n" + _known()


def _line(row: Row) -> str:
    newest = "the same" if row.newest is None else _pair(row, *row.newest, dialect="newest")
    own = _marked(row, row.call, "own")
    return f"| `{row.method}` | {row.releases} | {own} | {row.wrong or '-'} | {newest} |"


def _pair(row: Row, call: str, wrong: str, *, dialect: str) -> str:
    return ", ".join(filter(None, (_marked(row, call, dialect), wrong)))


def _marked(row: Row, outcome: str, dialect: str) -> str:
    """An outcome with the number of the reason that it has."""
    first = within(row.releases.partition(",")[0])[0]
    numbers = [
        str(number)
        for number, known in enumerate(KNOWN, 1)
        if known.is_about(row.method, first, dialect, "call") and known.outcome == outcome
    ]
    return f"{outcome} ({', '.join(numbers)})" if numbers else outcome


def _known() -> str:
    lines = ["Why a call does not pass:", ""]
    for number, row in enumerate(KNOWN, 1):
        where = "" if row.dialect == "any" else f", at the {row.dialect} dialect"
        methods = ", ".join(f"`{method}`" for method in row.methods)
        lines.append(f"{number}. {methods}, {row.releases}{where}: {row.why} ({row.source}).")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(read()), "utf-8")


if __name__ == "__main__":
    main()
