"""One call in process: the fake against ``httpx.MockTransport`` with the same bytes."""

from __future__ import annotations

import httpx

from benchmarks.pairs import Comparison, compare
from skyvern_testkit import completed, fake_skyvern

CALLS = 200


def run() -> list[Comparison]:
    with fake_skyvern() as fake:
        fake.on(prompt="*").play(completed({"title": "Show HN"}))
        ours = fake.http()
        task = ours.post("/v1/run/tasks", json={"prompt": "p", "url": "https://example.com"}).json()
        path = f"/v1/runs/{task['run_id']}"
        fake.clock.advance(60)
        answer = ours.get(path)
        canned = httpx.Response(200, headers=answer.headers, content=answer.content)
        theirs = httpx.Client(
            transport=httpx.MockTransport(lambda _: canned),
            base_url=ours.base_url,
            headers={"x-api-key": "k"},
        )

        def reads(client: httpx.Client) -> None:
            for _ in range(CALLS):
                client.get(path)

        fake.max_requests = 10**9
        return [
            compare(
                "get_run in process",
                "httpx.MockTransport",
                lambda: reads(ours),
                lambda: reads(theirs),
                per=CALLS,
            )
        ]
