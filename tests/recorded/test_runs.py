"""Starting, reading and canceling runs: the fake answers as the real server did."""

from __future__ import annotations

import pytest

from tests.recorded.asking import served
from tests.recorded.differences import KNOWN
from tests.recorded.evidence import Recorded
from tests.recorded.replay import replayed

RUNS = {
    "addresses",
    "olderfields",
    "oldlist",
    "proxyread",
    "runfields",
    "taskorder",
    "artifacts",
    "legacyruns",
    "legacystart",
    "legacytasks",
    "logins",
    "nourl",
    "runbulk",
    "runlistretry",
    "runlists",
    "runlistwf",
    "runmore",
    "runretry",
    "tasks",
    "uploads",
    "webhooks",
    "wfruns",
}

EXCHANGES = [
    pytest.param(
        exchange,
        id=exchange.name,
        marks=[pytest.mark.xfail(reason=KNOWN[exchange.name])] if exchange.name in KNOWN else [],
    )
    for exchange in served(RUNS.__contains__)
]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_fake_answers_as_the_real_server(exchange: Recorded):
    outcome = replayed(exchange.group)[exchange.name]
    if not outcome.ok:
        pytest.fail(outcome.explain(), pytrace=False)
