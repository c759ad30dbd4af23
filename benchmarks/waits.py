"""A wait of half an hour, polled every ten seconds: on virtual time against the calls alone."""

from __future__ import annotations

import asyncio

from benchmarks.pairs import Comparison, compare
from skyvern_testkit import InProcessSkyvern, RunScript, completed, fake_skyvern, running

POLLS = 180


async def _poll_in(fake: InProcessSkyvern, *, sleep: bool) -> None:
    async with fake.async_http() as client:
        body = {"prompt": "p", "url": "https://example.com"}
        task = (await client.post("/v1/run/tasks", json=body)).json()
        for _ in range(POLLS):
            await client.get(f"/v1/runs/{task['run_id']}")
            if sleep:
                await asyncio.sleep(10)


def _wait(*, sleep: bool) -> None:
    with fake_skyvern() as fake:
        fake.on(prompt="*").play(RunScript(running(POLLS * 10), completed()))
        asyncio.run(_poll_in(fake, sleep=sleep))


def run() -> list[Comparison]:
    return [
        compare(
            f"a wait of {POLLS} polls, 10 s apart",
            "the same calls, no clock",
            lambda: _wait(sleep=True),
            lambda: _wait(sleep=False),
            pairs=7,
        )
    ]
