"""The fixture ``skyvern_server``: the test's own world behind a socket."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import pytest

from skyvern_testkit import RunScript, completed, queued, running
from skyvern_testkit.clock import HandClock, VirtualClock

TASK = {"prompt": "x", "url": "https://a.example"}


def test_one_world_two_fronts(skyvern_fake, skyvern_server):
    session = skyvern_fake.session()
    with skyvern_server.http() as client:
        there = client.get("/v1/browser_sessions").json()
    assert [row["browser_session_id"] for row in there] == [session.id]
    assert skyvern_server.fake is skyvern_fake


def test_looks_move_time_unless_the_test_says_otherwise(skyvern_server, skyvern_clock):
    assert isinstance(skyvern_clock, HandClock)
    skyvern_server.fake.on().play(RunScript(queued(5), running(1800), completed()))
    began = time.perf_counter()
    client = skyvern_server.sync_client()
    run = client.run_task(prompt="x", url="https://a.example")
    seen = [client.get_run(run.run_id).status for _ in range(5)]
    assert seen[-1] == "completed"
    assert time.perf_counter() - began < 30


@pytest.mark.skyvern(clock="virtual")
@pytest.mark.asyncio
async def test_the_sdk_over_a_socket_on_virtual_time(skyvern_server, skyvern_clock):
    assert isinstance(skyvern_clock, VirtualClock)
    skyvern_server.fake.on().play(RunScript(queued(5), running(600), completed({"n": 1})))
    run = await skyvern_server.client().run_task(
        "x", url="https://a.example", wait_for_completion=True
    )
    assert run.output == {"n": 1}
    assert skyvern_clock.now == 610


def test_another_process(skyvern_server):
    """A client that knows only a URL and a key."""
    program = (
        "import json, sys, urllib.request\n"
        "url, key = sys.argv[1:]\n"
        "def ask(path, body=None):\n"
        "    data = None if body is None else json.dumps(body).encode()\n"
        "    headers = {'x-api-key': key, 'content-type': 'application/json'}\n"
        "    with urllib.request.urlopen(urllib.request.Request(url + path, data, headers)) as answer:\n"
        "        return json.load(answer)\n"
        "run = ask('/v1/run/tasks', {'prompt': 'x', 'url': 'https://a.example'})\n"
        "while (run := ask('/v1/runs/' + run['run_id']))['status'] != 'completed': pass\n"
        "print(run['output'])\n"
    )
    skyvern_server.fake.on().play(completed({"total": 12}))
    done = subprocess.run(
        [sys.executable, "-c", program, skyvern_server.url, skyvern_server.api_key],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "{'total': 12}"


@pytest.mark.skyvern(clock="manual")
def test_a_webhook_goes_out_when_its_time_is_there(skyvern_server, skyvern_webhooks, skyvern_clock):
    skyvern_webhooks.receive("https://hooks.example/in", lambda _: httpx.Response(200))
    with skyvern_server.http() as client:
        client.post("/v1/run/tasks", json={**TASK, "webhook_url": "https://hooks.example/in"})
        skyvern_clock.advance(60)
        told = skyvern_webhooks.wait_sync()
    assert told.json["status"] == "completed"
    assert told.signature_ok
