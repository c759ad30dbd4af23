"""Runs: tasks, workflow runs, logins and downloads; reading and canceling them."""

from __future__ import annotations

from skyvern_testkit.api.call import Endpoint
from skyvern_testkit.api.runs import (
    again,
    browser_tasks,
    canceling,
    lists,
    older_runs,
    older_starts,
    older_tasks,
    older_traces,
    reading,
    replaying,
    tasks,
    workflow_runs,
)

__all__ = ["ENDPOINTS"]

ENDPOINTS: tuple[Endpoint, ...] = (
    *tasks.ENDPOINTS,
    *workflow_runs.ENDPOINTS,
    *browser_tasks.ENDPOINTS,
    *reading.ENDPOINTS,
    *canceling.ENDPOINTS,
    *lists.ENDPOINTS,
    *again.ENDPOINTS,
    *older_runs.ENDPOINTS,
    *older_tasks.ENDPOINTS,
    *older_traces.ENDPOINTS,
    *older_starts.ENDPOINTS,
    *replaying.ENDPOINTS,
)
