"""Turn raw recordings of the real server into the evidence of ``contracts/recorded``.

    python tools/import_recordings.py RAW.json [GROUP ...]

RAW is a list of exchanges with a real server, in the order in which they were made:
``{"group", "name", "request": {method, path, headers, body}, "response": {status, headers, body}}``.
Each group becomes ``contracts/recorded/GROUP.jsonl``, one exchange a line; its README says what
the fields mean. What belongs to the machine that recorded and not to the server is taken out.
"""

from __future__ import annotations

import json
import re
import sys
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "contracts" / "recorded"

SCRUB = (
    (re.compile(r"http://127\.0\.0\.1:(?!9\b)\d{4,5}"), "http://127.0.0.1:8000"),
    (re.compile(r"/\w+/skyvern-oracle-\w+/home/\.cache"), "/home/.cache"),
    (re.compile(r"/\w+/skyvern-oracle-\w+"), "/app"),
    (re.compile(r"eyJhbGci[\w-]+\.[\w-]+\.[\w-]+"), "<api key>"),
    (re.compile(r"(Failed to create browser context) \(Error\)(?:[^\"\\]|\\.)*"), r"\1"),
    (re.compile(r"(LLM call failed): (?:[^\"\\]|\\.)*"), r"\1"),
    (re.compile(r"\[outgoing connection refused[^\]]*\]"), "[Connection refused]"),
    (re.compile(r"If you're not on the login page(?:[^\"\\]|\\.)*"), "<own words>"),
    (re.compile(r"import asyncio\\n(?:[^\"\\]|\\.)*"), "<own words>"),
)
"""Ports, folders and keys of the recording machine, and long prose of the product that is neither
ours to copy nor anything a client can rely on -> what stands for them."""

SLOW = 1.0
"""Seconds from which the time of an answer is worth keeping."""

LONG = 400
"""Characters from which a body that came before is named instead of repeated."""

RUN_LENGTH = re.compile(r"(.)\1{999,}")


def usual_headers(body: str | None) -> list[list[str]]:
    """The headers of most answers; the date stands in the exchange's ``at``."""
    return [
        ["server", "uvicorn"],
        ["content-length", str(len((body or "").encode()))],
        ["content-type", "application/json"],
        ["vary", "Origin"],
        ["x-frame-options", "DENY"],
        ["content-security-policy", "frame-ancestors 'none'"],
        ["x-content-type-options", "nosniff"],
    ]


def scrub(text: str | None) -> str | None:
    for pattern, instead in SCRUB if text else ():
        text = pattern.sub(instead, text or "")
    return text


def squeezed(body: str) -> str | dict[str, Any]:
    """A body with a very long run of one character, as its pieces."""
    found = RUN_LENGTH.search(body)
    if found is None:
        return body
    pieces: list[Any] = []
    end = 0
    for match in RUN_LENGTH.finditer(body):
        pieces += [body[end : match.start()], [match[1], len(match[0])]]
        end = match.end()
    return {"pieces": [*pieces, body[end:]]}


def compact(raw: dict[str, Any], bodies: dict[str, str]) -> dict[str, Any]:
    """One exchange as its line; ``bodies`` remembers who answered each long body first."""
    asked, answered = raw["request"], raw["response"]
    headers = [list(item) for item in answered["headers"]]
    date = next(value for name, value in headers if name == "date")
    headers = [item for item in headers if item[0] != "date"]
    usual = headers == usual_headers(answered["body"])

    request: dict[str, Any] = {"method": asked["method"], "path": asked["path"]}
    if asked["headers"]:
        request["headers"] = asked["headers"]
    if "body_base64" in asked:
        request["body_base64"] = asked["body_base64"]
    elif asked["body"] is not None:
        request["body"] = squeezed(asked["body"])

    response: dict[str, Any] = {"status": answered["status"]}
    body = scrub(answered["body"]) or ""
    if not usual:
        was, now = (str(len((text or "").encode())) for text in (answered["body"], body))
        response["headers"] = [
            [name, now if (name, value) == ("content-length", was) else scrub(value)]
            for name, value in headers
        ]
    if len(body) > LONG and body in bodies:
        response["body_of"] = bodies[body]
    else:
        bodies.setdefault(body, raw["name"])
        response["body"] = squeezed(body)

    line: dict[str, Any] = {
        "name": raw["name"],
        "at": parsedate_to_datetime(date).replace(tzinfo=None).isoformat(),
        "request": request,
        "response": response,
    }
    if raw.get("seconds", 0) >= SLOW:
        line["seconds"] = raw["seconds"]
    if "poll" in raw:
        line["poll"] = raw["poll"]
    if "environment" in raw:
        line["environment"] = raw["environment"]
    return line


def write(group: str, exchanges: list[dict[str, Any]]) -> Path:
    """Write one group's file."""
    bodies: dict[str, str] = {}
    path = FOLDER / f"{group}.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for raw in exchanges:
            line = json.dumps(compact(raw, bodies), ensure_ascii=False, separators=(",", ":"))
            file.write(line + "\n")
    return path


def main(raw_file: str, *wanted: str) -> None:
    groups: dict[str, list[dict[str, Any]]] = {}
    for raw in json.loads(Path(raw_file).read_text(encoding="utf-8")):
        groups.setdefault(raw["group"], []).append(raw)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for group in wanted or groups:
        path = write(group, groups[group])
        size = path.stat().st_size // 1024
        print(f"{path.name:24} {len(groups[group]):5} exchanges {size:6} KB")


if __name__ == "__main__":
    main(*sys.argv[1:])
