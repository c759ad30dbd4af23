"""The exchanges of ``contracts/recorded`` as values (the README there says what the fields mean)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent.parent / "contracts" / "recorded"

PLACEHOLDER = re.compile(r"\{([A-Za-z0-9_\-]+(?:\.[A-Za-z0-9_\-]+)+)\}")


@dataclass(frozen=True)
class Poll:
    """The request was repeated until that field of the answer had one of these values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Recorded:
    """One exchange with the real server."""

    name: str
    at: str
    method: str
    path: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float = 0.0
    poll: Poll | None = None
    environment: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        return f"<{self.name}: {self.method} {self.path[:60]} -> {self.status}>"

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]

    def references(self) -> Iterator[str]:
        """The placeholders in its request, without braces."""
        texts = (
            self.path,
            self.request_body.decode("latin-1"),
            *dict(self.request_headers).values(),
        )
        for text in texts:
            yield from PLACEHOLDER.findall(text)


def _body(written: str | dict[str, Any]) -> bytes:
    if isinstance(written, str):
        return written.encode()
    pieces = written["pieces"]
    return "".join(p if isinstance(p, str) else p[0] * p[1] for p in pieces).encode()


def _usual_headers(body: bytes) -> tuple[tuple[str, str], ...]:
    return (
        ("server", "uvicorn"),
        ("content-length", str(len(body))),
        ("content-type", "application/json"),
        ("vary", "Origin"),
        ("x-frame-options", "DENY"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
    )


def _read(line: str, bodies: dict[str, bytes]) -> Recorded:
    item = json.loads(line)
    asked, answered = item["request"], item["response"]
    encoded = asked.get("body_base64")
    sent = _body(asked.get("body", "")) if encoded is None else base64.b64decode(encoded)
    body = bodies[answered["body_of"]] if "body_of" in answered else _body(answered["body"])
    bodies[item["name"]] = body
    poll = item.get("poll")
    return Recorded(
        name=item["name"],
        at=item["at"],
        method=asked["method"],
        path=asked["path"],
        request_headers=tuple(asked.get("headers", {}).items()),
        request_body=sent,
        status=answered["status"],
        headers=(
            tuple((name, value) for name, value in answered["headers"])
            if "headers" in answered
            else _usual_headers(body)
        ),
        body=body,
        seconds=item.get("seconds", 0.0),
        poll=Poll(poll["field"], tuple(poll["in"])) if poll else None,
        environment=frozenset(item.get("environment", ())),
    )


@cache
def recorded(group: str) -> tuple[Recorded, ...]:
    """The exchanges of a group, in their order."""
    bodies: dict[str, bytes] = {}
    text = (FOLDER / f"{group}.jsonl").read_text(encoding="utf-8")
    return tuple(_read(line, bodies) for line in text.split("\n") if line)


def groups() -> list[str]:
    """The groups of exchanges that were recorded; whole lives of runs are another form."""
    return sorted(path.stem for path in FOLDER.glob("*.jsonl") if path.stem != "lives")
