"""Turn raw recordings of whole runs into ``contracts/recorded/lives.jsonl``.

    python tools/import_lives.py RAW.json NAME ...

RAW is a list of records of a real server that had a browser and a scripted model: everything that
its clients sent and saw over the life of a run, its webhooks included. The named lives become one
line each, as the README of that folder says. What belongs to the machine that recorded is taken
out; of the files only their kinds are kept.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "contracts" / "recorded" / "lives.jsonl"

SCRUB = (
    (re.compile(r"file:///[^\"]*/(?=\w[^\"/]*\.\w+\")"), "file:///app/"),
    (re.compile(r"127\.0\.0\.1:9302"), "shop.test"),
    (re.compile(r"127\.0\.0\.1:9303"), "hook.test"),
    (re.compile(r"127\.0\.0\.1:9399"), "closed.test"),
    (re.compile(r"\"/tmp/[^\"]*\""), '"/app"'),
    (re.compile(r"Achieve the following mini goal[^\"]*"), "<own words>"),
)
"""Folders, ports and the product's own prompts -> what stands for them."""

STEPS = re.compile(
    r"create( \w+)?|get.*|timeline.*|artifacts (at|after) end|session|close session|cancel.*|webhook|totp sent"
)
"""The steps that are kept; lists hold the neighbours' runs too."""


def parsed(body: Any) -> Any:
    """A body as JSON; the recordings hold some as text."""
    return json.loads(body) if isinstance(body, str) and body else body


def compact(record: dict[str, Any]) -> dict[str, Any]:
    """One record; of a list of artifacts only the kinds, and one row of each."""
    asked, answered = record["request"], record["response"]
    step, body = record["step"], parsed(answered.get("body"))
    line: dict[str, Any] = {"step": step, "at": round(record["at"], 3)}
    if step == "webhook":
        line["headers"] = list(asked["headers"])
        line["body"] = parsed(asked["body"])
        return line
    line |= {"method": asked["method"], "path": asked["path"], "status": answered["status"]}
    if asked.get("body") is not None:
        line["sent"] = parsed(asked["body"])
    if step.startswith("artifacts"):
        line["kinds"] = [row["artifact_type"] for row in body]
        line["rows"] = list({row["artifact_type"]: row for row in body}.values())
        line["rows"] = [row for row in line["rows"] if row["artifact_type"] in ROWS]
    else:
        line["body"] = body
    return line


ROWS = ("recording", "screenshot_action", "download", "har")


def order(record: dict[str, Any]) -> tuple[float, bool]:
    """By time; a cancel comes before the read of the same time that shows it."""
    body = parsed(record["response"].get("body"))
    shows_cancel = isinstance(body, dict) and body.get("status") == "canceled"
    return record["at"], shows_cancel


def main(raw_file: str, *names: str) -> None:
    raw = json.loads(Path(raw_file).read_text(encoding="utf-8"))
    with TARGET.open("w", encoding="utf-8") as file:
        for name in names:
            mine = [record for record in raw if record["name"] == name]
            setup = [item for item in mine if item["step"].startswith("create ")]
            life = [item for item in mine if item not in setup and STEPS.fullmatch(item["step"])]
            life.sort(key=order)
            line = {"name": name, "records": [compact(item) for item in (*setup, *life)]}
            text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
            for pattern, instead in SCRUB:
                text = pattern.sub(instead, text)
            file.write(text + "\n")
    print(f"{len(names)} lives, {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
