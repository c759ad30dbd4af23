"""Runs that walk through the blocks of their workflows: the fake answers as the real server did."""

from __future__ import annotations

import pytest

from tests.recorded.asking import served
from tests.recorded.differences import KNOWN
from tests.recorded.evidence import Recorded
from tests.recorded.replay import replayed

WALKS = {
    "mergeruns",
    "walk",
    "walk_async",
    "walk_cancel",
    "walk_child",
    "walk_fifth",
    "walk_kids",
    "walk_more",
    "walk_syntax",
    "walk_third",
    "walk_codes",
    "categories",
}

EXCHANGES = [
    pytest.param(
        exchange,
        id=exchange.name,
        marks=[pytest.mark.xfail(reason=KNOWN[exchange.name])] if exchange.name in KNOWN else [],
    )
    for exchange in served(WALKS.__contains__)
]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_fake_walks_as_the_real_server_does(exchange: Recorded):
    outcome = replayed(exchange.group)[exchange.name]
    if not outcome.ok:
        pytest.fail(outcome.explain(), pytrace=False)
