"""The fake answers as the real server did, exchange by exchange (contracts/recorded)."""

from __future__ import annotations

import pytest

from tests.recorded.asking import served
from tests.recorded.differences import KNOWN
from tests.recorded.evidence import Recorded
from tests.recorded.replay import replayed

OF_CREDENTIALS = {"credentials", "credfolders", "credpatch", "customvault", "totpcodes", "vaults"}
RESOURCES = OF_CREDENTIALS | {
    "organizations",
    "status",
    "http",
    "sessions",
    "profiles",
    "totp",
    "totplinks",
}
OF_SCRIPTS = {"scripts", "scripts_versions", "scripts_generated", "scripts_cache"}
RESOURCES |= {"blanks", "credorder", "sessionids", "touched"}
RESOURCES |= OF_SCRIPTS | {"llms", "actions", "actions2", "extras"}

EXCHANGES = [
    pytest.param(
        exchange,
        id=exchange.name,
        marks=[pytest.mark.xfail(reason=KNOWN[exchange.name])] if exchange.name in KNOWN else [],
    )
    for exchange in served(RESOURCES.__contains__)
]


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_fake_answers_as_the_real_server(exchange: Recorded):
    outcome = replayed(exchange.group)[exchange.name]
    if not outcome.ok:
        pytest.fail(outcome.explain(), pytrace=False)
