"""A hundred worlds of ``explore()``, against the same client as often in a world without trouble."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx

from benchmarks.pairs import Comparison, compare
from skyvern_testkit import explore, fake_skyvern

WORLDS = 100


class Failed(Exception):
    """No result."""


async def _job(http: httpx.AsyncClient) -> Any:
    try:
        async with asyncio.timeout(600):
            answer = await http.post("/v1/run/tasks", json={"prompt": "p"})
            run = answer.raise_for_status().json()
            while run["finished_at"] is None:
                await asyncio.sleep(10)
                answer = await http.get(f"/v1/runs/{run['run_id']}")
                run = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError, TimeoutError) as error:
        raise Failed from error
    return run


def _explored() -> None:
    explore(_job, deadline=3600, raises=Failed, max_examples=WORLDS)


def _repeated() -> None:
    for _ in range(WORLDS):
        with fake_skyvern() as fake:
            asyncio.run(_job(fake.async_http()))


def run() -> list[Comparison]:
    return [
        compare(
            f"a world of explore() ({WORLDS} of them)",
            "the same client in a world without trouble",
            _explored,
            _repeated,
            pairs=5,
            per=WORLDS,
        )
    ]
