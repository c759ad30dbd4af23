"""Clients that are wrong in the ways in which clients are wrong, and one that is right."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx

FINAL = {"completed", "failed", "terminated", "timed_out", "canceled"}
TASK = {"prompt": "Read the news", "url": "https://example.com"}


class JobFailed(Exception):
    """The run did not complete, or could not be had."""


async def careful(http: httpx.AsyncClient) -> Any:
    """Asks again after trouble, gives up after half an hour, takes no retried failure for the end."""
    try:
        async with asyncio.timeout(1800):
            started = await http.post("/v1/run/tasks", json=TASK)
            started.raise_for_status()
            return await _completed(http, started.json()["run_id"])
    except (httpx.HTTPError, ValueError, TimeoutError) as error:
        raise JobFailed(repr(error)) from error


async def _completed(http: httpx.AsyncClient, run_id: str) -> Any:
    misses = 0
    while misses < 5:
        try:
            answer = await http.get(f"/v1/runs/{run_id}")
            answer.raise_for_status()
            run = answer.json()
        except (httpx.HTTPError, ValueError):
            misses += 1
        else:
            misses = 0
            if run["status"] in FINAL and not run.get("retry_pending"):
                if run["status"] != "completed":
                    raise JobFailed(run["failure_reason"])
                return run
        await asyncio.sleep(10)
    raise JobFailed("the run cannot be read")


async def never_gives_up(http: httpx.AsyncClient) -> Any:
    """Waits as long as it takes."""
    run = (await http.post("/v1/run/tasks", json=TASK)).json()
    while run["status"] not in FINAL:
        await asyncio.sleep(10)
        run = (await http.get(f"/v1/runs/{run['run_id']}")).json()
    return run


def takes_no_503(http: httpx.Client) -> Any:
    """Believes that every answer is a run."""
    run_id = http.post("/v1/run/tasks", json=TASK).json()["run_id"]
    for _ in range(180):
        run = http.get(f"/v1/runs/{run_id}")
        run.raise_for_status()
        if run.json()["status"] in FINAL:
            return run.json()
        time.sleep(10)
    raise JobFailed(run_id)


def has_no_timeout(http: httpx.Client) -> Any:
    """And switches off the one that httpx has."""
    return http.post("/v1/run/tasks", json=TASK, timeout=None).status_code


def does_not_sleep(http: httpx.Client) -> Any:
    """Polls in a tight loop, and takes any trouble for "not yet"."""
    run_id = None
    while run_id is None:
        answer = http.post("/v1/run/tasks", json=TASK)
        if answer.is_success:
            run_id = answer.json()["run_id"]
    time.sleep(60)
    return http.get(f"/v1/runs/{run_id}").status_code


def confuses_two_troubles(http: httpx.Client) -> Any:
    """Takes a failed run for another answer that is none, when there was one before."""
    run_id = http.post("/v1/run/tasks", json=TASK).json()["run_id"]
    misses = 0
    for _ in range(180):
        answer = http.get(f"/v1/runs/{run_id}")
        if answer.is_success and answer.json()["status"] in FINAL:
            if misses and answer.json()["status"] == "failed":
                raise RuntimeError(answer.text)
            return answer.json()
        misses += not answer.is_success
        time.sleep(10)
    raise JobFailed(run_id)


def loses_the_code(http: httpx.Client) -> Any:
    """Thinks that a run with an OTP_TIMEOUT cannot be."""
    run = http.post("/v1/run/tasks", json=TASK).json()
    while run["status"] not in FINAL:
        time.sleep(10)
        run = http.get(f"/v1/runs/{run['run_id']}").json()
    assert not any(error["error_code"] == "OTP_TIMEOUT" for error in run["errors"] or [])
    return run


RETRIED = {
    "title": "Retried",
    "workflow_definition": {
        "parameters": [],
        "blocks": [{"block_type": "goto_url", "label": "go", "url": "https://example.com"}],
        "retry_policy": {
            "max_retries": 1,
            "delay_seconds": 60,
            "retry_on": [{"status": "failed"}],
        },
    },
}


def believes_the_first_failure(http: httpx.Client) -> Any:
    """Takes ``failed`` for the end, though a retry is pending."""
    made = http.post("/v1/agents", json={"json_definition": RETRIED}).json()
    asked = {"agent_id": made["workflow_permanent_id"]}
    run = http.post("/v1/run/agents", json=asked).json()
    for _ in range(60):
        run = http.get(f"/v1/runs/{run['run_id']}").json()
        if run["status"] in FINAL:
            return run
        time.sleep(10)
    raise JobFailed(run["run_id"])


def is_over(run: Any, fake: Any) -> None:
    """The result of a client is a run whose work is over for good."""
    assert not run["retry_pending"], "it is not over: a retry is pending"


def swallows_everything(http: httpx.Client) -> Any:
    """Hides what ends a test, and goes on."""
    while True:
        try:
            run = http.post("/v1/run/tasks", json=TASK).json()
            while run["status"] not in FINAL:
                time.sleep(10)
                run = http.get(f"/v1/runs/{run['run_id']}").json()
        except Exception:  # noqa: BLE001 - the point
            time.sleep(1)
        else:
            return run
