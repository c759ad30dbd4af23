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
        body = {"prompt": "p", "url": "https://example.com"}
        made = [ours.post("/v1/run/tasks", json=body).json()["run_id"] for _ in range(2)]
        path, other = (f"/v1/runs/{run_id}" for run_id in made)
        fake.clock.advance(60)
        answer = ours.get(path)
        canned = httpx.Response(200, headers=answer.headers, content=answer.content)
        theirs = httpx.Client(
            transport=httpx.MockTransport(lambda _: canned),
            base_url=ours.base_url,
            headers={"x-api-key": "k"},
        )

        def reads(client: httpx.Client) -> None:
            for _ in range(CALLS // 2):  # in turn: the same request for ever would be a runaway
                client.get(path)
                client.get(other)

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
