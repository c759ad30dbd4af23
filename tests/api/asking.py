"""Asking a fake, in the words of a test: ``ask(fake, "POST /v1/browser_sessions", timeout=5)``."""

from __future__ import annotations

import json
from typing import Any

from skyvern_testkit.api.call import Until
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import seconds


def send(fake: FakeSkyvern, what: str, *, key: str | None = None, **body: Any) -> Response:
    """The answer; where it takes time, the world's time goes on until it comes."""
    method, _, target = what.partition(" ")
    raw = json.dumps(body).encode() if body else b""
    headers = (("x-api-key", key or fake.api_key), ("content-type", "application/json"))
    exchange = fake.begin(Request.to(method, target, headers=headers, body=raw))
    step = exchange.step(fake.world.now)
    while isinstance(step, Until):
        step = exchange.step(step.at)
    assert isinstance(step, Response), step
    return step


def ask(fake: FakeSkyvern, what: str, *, key: str | None = None, **body: Any) -> Any:
    """The JSON of an answer that is no refusal."""
    response = send(fake, what, key=key, **body)
    assert response.status < 300, (response.status, response.body)
    return response.json


def refused(
    fake: FakeSkyvern, what: str, *, key: str | None = None, **body: Any
) -> tuple[int, Any]:
    """Status and detail of a refusal."""
    response = send(fake, what, key=key, **body)
    assert response.status >= 400, (response.status, response.body)
    return response.status, response.json["detail"]


def wait(fake: FakeSkyvern, duration: float) -> None:
    """So many virtual seconds go by."""
    fake.advance(fake.world.now + seconds(duration))
