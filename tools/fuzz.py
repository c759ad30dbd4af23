"""Schemathesis reads the fake's own document and asks: the fake, or the real server, the same things.

    python tools/fuzz.py                                      the fake; exit 1 for what nothing excuses
    python tools/fuzz.py --examples 50                        the same, deeper
    python tools/fuzz.py --record fake                        and write what was seen to contracts/fuzz.json
    python tools/fuzz.py --record real --target URL --api-key KEY
    python tools/fuzz.py --page                               write docs/fuzz.md from contracts/fuzz.json

A failed check of the fake is excused where the real server fails the same check at the same operation, or by a row of
``EXCUSED``. Requests are drawn without chance, so a run can be repeated; they are not the same on both sides where an
answer leads to the next request.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from skyvern_testkit.api.openapi.document import document
from skyvern_testkit.api.schemas import answer_models
from skyvern_testkit.wire.operations import PUBLIC

ROOT = Path(__file__).resolve().parent.parent
SEEN = ROOT / "contracts" / "fuzz.json"
PAGE = ROOT / "docs" / "fuzz.md"
KEY = "a-key-of-the-fuzzer"
ALL_PHASES = "coverage,fuzzing,stateful"

NOT_ASKED: Final = {
    "allow_header_conformance": "a 405 of the server names the first route that has the path, and no other",
}
"""Checks that are left out on both sides, each with its reason."""

NOT_COVERED: Final = {
    "create_workflow": "a definition has 30 kinds of block: the systematic requests are more than 50,000",
    "update_workflow": "the same",
    "run_task": "some hundred runs would be started, and the real server's are real",
    "download_files": "the same",
}
"""Operations that are asked what is drawn, but not what is systematic, each with its reason."""

NO_ZONE: Final = "the server writes its times without a zone, which is no date-time of RFC 3339"
"""Why answers are not held to the format that their schema names. (``contract.answers`` holds them to ISO 8601.)"""


@dataclass(frozen=True)
class Excuse:
    """A check that the fake may fail where the real server was not seen to."""

    check: str
    operations: frozenset[str]
    reason: str


_MIXED: Final = "a credential of one type told as another crashes both; none had been made on that side to tell so"

EXCUSED: Final = (
    Excuse("not_a_server_error", frozenset({"update_credential"}), _MIXED),
    Excuse("status_code_conformance", frozenset({"update_credential"}), _MIXED),
    Excuse(
        "negative_data_rejection",
        frozenset({"run_sdk_action"}),
        "both take `false` for a number; the server that was asked then has no browser, and says 500",
    ),
    Excuse(
        "positive_data_acceptance",
        frozenset({"delete_run_tag", "delete_tag_key", "delete_workflow_tag", "update_tag_key"}),
        "keys that begin with `skyvern.` are refused at both; only one of the two had listed such a key",
    ),
)


@dataclass
class Found:
    """What one operation answered, and which checks that failed; of each the first message."""

    statuses: set[int] = field(default_factory=set)
    failures: dict[str, str] = field(default_factory=dict)


def fuzzed_document() -> dict[str, Any]:
    """The fake's document, answers without the format of times; see ``NO_ZONE``."""
    made = document("1.0.56")
    models = made["components"]["schemas"]
    answers = {name: any_time(models[name]) for name in models if name in answer_models()}
    for item in made["paths"].values():
        for operation in item.values():
            operation["responses"] = any_time(operation["responses"])
    models.update(answers)
    return made


def any_time(schema: Any) -> Any:
    if isinstance(schema, list):
        return [any_time(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: any_time(item) for name, item in schema.items() if item != "date-time"}


def settings() -> str:
    names = [f"{row.method} {row.path}" for row in PUBLIC if row.name in NOT_COVERED]
    return f"[[operations]]\ninclude-name = {json.dumps(names)}\nphases.coverage.enabled = false\n"


@contextmanager
def served() -> Iterator[str]:
    """A fake in a process of its own; its address."""
    command = [sys.executable, "-m", "skyvern_testkit", "serve", "--port", "0", "--ready-file", "-"]
    with subprocess.Popen(
        [*command, "--api-key", KEY], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            yield str(json.loads(ready)["url"])
        finally:
            process.terminate()


def fuzz(
    target: str,
    key: str,
    *,
    phases: str = ALL_PHASES,
    examples: int = 2,
    events: Path | None = None,
    operations: Collection[str] = (),
) -> dict[str, Found]:
    """Ask a server; what was found, by operation.

    Args:
        target: its address.
        key: which organisation's.
        phases: of schemathesis: ``coverage``, ``fuzzing``, ``stateful``.
        examples: drawn per operation and phase.
        events: where to keep every request and answer, one JSON a line; None: nowhere.
        operations: only these; none: all.

    Raises:
        RuntimeError: schemathesis itself went wrong.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        asked = [f"{row.method} {row.path}" for row in PUBLIC if row.name in operations]
        kept = (events or place / "events").resolve()
        (place / "openapi.json").write_text(json.dumps(fuzzed_document()), "utf-8")
        (place / "schemathesis.toml").write_text(settings(), "utf-8")
        command = [
            str(Path(sys.executable).with_name("st")),
            *("--config-file", "schemathesis.toml", "run", "openapi.json", "--url", target),
            *("--header", f"x-api-key: {key}", "--phases", phases, "--max-examples", str(examples)),
            *("--exclude-checks", ",".join(NOT_ASKED), "--generation-deterministic", "--no-shrink"),
            *("--continue-on-failure", "--request-timeout", "30", "--no-color"),
            *(part for name in asked for part in ("--include-name", name)),
            *("--report", "ndjson", "--report-ndjson-path", str(kept)),
        ]
        done = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 1}:
            raise RuntimeError(f"schemathesis: {done.returncode}\n{done.stdout}\n{done.stderr}")
        with kept.open(encoding="utf-8") as lines:
            return _read(lines)


def _read(lines: Iterable[str]) -> dict[str, Found]:
    names = {f"{row.method} {row.path}": row.name for row in PUBLIC}
    found: defaultdict[str, Found] = defaultdict(Found)
    for line in lines:
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for case_id, interaction in recorder.get("interactions", {}).items():
            case = recorder["cases"][case_id]["value"]
            name = names.get(f"{case['method']} {case['path']}")
            if name is not None and interaction.get("response"):
                found[name].statuses.add(interaction["response"]["status_code"])
        for checks in recorder.get("checks", {}).values():
            for check in checks:
                if check["status"] != "success":
                    failure = check["failure_info"]["failure"]
                    name = names[failure["operation"]]
                    found[name].failures.setdefault(check["name"], failure["message"])
    return dict(sorted(found.items()))


def unexcused(found: dict[str, Found]) -> list[str]:
    """The failures of the fake that neither the real server nor a row excuses, one line each."""
    real = {name: row.get("real", {}) for name, row in seen()["operations"].items()}
    return [
        f"{name}: {check}: {' '.join(message.split())[:300]}"
        for name, row in found.items()
        for check, message in row.failures.items()
        if check not in real.get(name, {}).get("failures", ())
        and not any(check == row.check and name in row.operations for row in EXCUSED)
    ]


# --- what was seen ------------------------------------------------------------------------------


def seen() -> dict[str, Any]:
    """What ``contracts/fuzz.json`` says."""
    empty: dict[str, Any] = {"about": ABOUT, "runs": {}, "operations": {}}
    return json.loads(SEEN.read_text("utf-8")) if SEEN.exists() else empty


ABOUT = "What schemathesis saw at the fake and at the real server. Written by tools/fuzz.py."


def record(side: str, found: dict[str, Found], examples: int) -> None:
    """Put what was found at one side in place of what was found before."""
    known = seen()
    known["runs"][side] = {
        "on": datetime.now(UTC).date().isoformat(),
        "schemathesis": version("schemathesis"),
        "examples": examples,
    }
    rows = known["operations"]
    for row in PUBLIC:
        rows.setdefault(row.name, {}).pop(side, None)
        if row.name in found:
            one = found[row.name]
            rows[row.name][side] = {
                "statuses": sorted(one.statuses),
                "failures": sorted(one.failures),
            }
    known["operations"] = {row.name: rows[row.name] for row in PUBLIC}
    lines = ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in known["operations"].items()
    )
    head = json.dumps({key: known[key] for key in ("about", "runs")})
    SEEN.write_text(f'{head[:-1]},\n "operations": {{\n{lines}\n }}\n}}\n', "utf-8")


def page() -> str:
    """docs/fuzz.md: both sides beside each other."""
    known = seen()
    runs = "\n".join(
        f"* {side}: {run['on']}, schemathesis {run['schemathesis']}, {run['examples']} drawn requests an "
        "operation and phase, beside the systematic ones"
        for side, run in known["runs"].items()
    )
    left_out = "\n".join(f"| `{name}` | {why} |" for name, why in NOT_ASKED.items())
    uncovered = "\n".join(f"| `{name}` | {why} |" for name, why in NOT_COVERED.items())
    excused = "\n".join(
        f"| `{row.check}` | {', '.join(f'`{name}`' for name in sorted(row.operations))} | {row.reason} |"
        for row in EXCUSED
    )
    rows = "\n".join(
        f"| `{name}` | {_statuses(row, 'fake')} | {_statuses(row, 'real')} | {_checks(row)} |"
        for name, row in known["operations"].items()
    )
    return f"""\
# A judge from outside

Made by `python tools/fuzz.py --page` from `contracts/fuzz.json`.
[Schemathesis](https://schemathesis.readthedocs.io) reads the document that the fake serves at
`/openapi.json`, draws requests from it, right ones and wrong ones, follows its links, and checks
every answer: status, content type, headers, schema, whether what is wrong is refused, whether what
is gone stays gone. The real server is asked in the same way.

{runs}

A check that fails at both is the real server's own way, which the fake has to share. `make fuzz`
fails for a check that only the fake fails.

Answers are not held to the format of times: {NO_ZONE}.

| check left out | why |
|---|---|
{left_out}

| operation asked only what is drawn | why |
|---|---|
{uncovered}

| excused at the fake alone | operations | why |
|---|---|---|
{excused or "| none | | |"}

## Operation by operation

Statuses are those that were seen; a check is one that failed at least once.

| operation | fake | real server | checks that failed |
|---|---|---|---|
{rows}
"""


def _statuses(row: dict[str, Any], side: str) -> str:
    return " ".join(map(str, row.get(side, {}).get("statuses", ()))) or "-"


def _checks(row: dict[str, Any]) -> str:
    fake, real = (set(row.get(side, {}).get("failures", ())) for side in ("fake", "real"))
    where = {(True, True): "both", (True, False): "fake", (False, True): "real server"}
    told = [f"{check} ({where[check in fake, check in real]})" for check in sorted(fake | real)]
    return ", ".join(told) or "-"


def main() -> None:
    """Ask, and say what was found."""
    parser = argparse.ArgumentParser(usage="%(prog)s [options]", description=__doc__)
    parser.add_argument("--target", help="a server; default: a fake, served for this")
    parser.add_argument("--api-key", default=KEY)
    parser.add_argument("--examples", type=int, default=2)
    parser.add_argument("--phases", default=ALL_PHASES)
    parser.add_argument("--operation", action="append", default=[], help="only that; repeatable")
    parser.add_argument("--events", type=Path, help="keep every request and answer there")
    parser.add_argument("--record", choices=["fake", "real"])
    parser.add_argument("--page", action="store_true")
    given = parser.parse_args()
    if given.page:
        PAGE.write_text(page(), "utf-8")
        return
    asked = {
        "phases": given.phases,
        "examples": given.examples,
        "events": given.events,
        "operations": given.operation,
    }
    if given.target:
        found = fuzz(given.target, given.api_key, **asked)
    else:
        with served() as url:
            found = fuzz(url, KEY, **asked)
    if given.record:
        record(given.record, found, given.examples)
    if given.record != "real":
        lines = unexcused(found)
        print("\n".join(lines) or f"{len(found)} operations, nothing but what the real server does")
        sys.exit(1 if lines else 0)


if __name__ == "__main__":
    main()
