"""Billing, which releases 1.0.11 to 1.0.28 had: there, and nowhere else."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.operations import GONE, Operation
from tests.api.asking import ask, refused

ROUTES = pytest.mark.parametrize("operation", GONE, ids=lambda row: row.path.rpartition("/")[2])


def asked(operation: Operation) -> str:
    return f"{operation.method} {operation.path}"


@ROUTES
@pytest.mark.parametrize("release", ["1.0.10", "1.0.29", "1.0.56"])
def test_before_and_after_there_is_no_such_route(operation: Operation, release: str):
    assert refused(FakeSkyvern(dialect=release), asked(operation)) == (404, "Not Found")


@ROUTES
@pytest.mark.parametrize("release", ["1.0.11", "1.0.28"])
def test_then_it_is_a_public_one(operation: Operation, release: str):
    fake = FakeSkyvern(dialect=release)
    assert asked(operation) in {asked(row) for row in fake.dialect.operations if not row.hidden}
    assert ask(fake, asked(operation), tier="pro")


def test_a_changed_tier_is_shown():
    fake = FakeSkyvern(dialect="1.0.24")
    assert ask(fake, "GET /api/v1/billing/state")["plan_tier"] == "free"
    changed = ask(fake, "POST /api/v1/billing/change-tier", tier="pro")
    assert changed == {"status": "success", "tier": "pro", "redirect_url": None}
    assert ask(fake, "GET /api/v1/billing/state")["plan_tier"] == "pro"


def test_a_checkout_buys_nothing():
    fake = FakeSkyvern(dialect="1.0.24")
    session = ask(fake, "POST /api/v1/billing/checkout", tier="pro")
    assert session["url"].endswith(session["id"])
    assert ask(fake, "GET /api/v1/billing/state")["plan_tier"] == "free"


def test_an_unknown_tier_is_refused():
    fake = FakeSkyvern(dialect="1.0.24")
    status, (problem,) = refused(fake, "POST /api/v1/billing/change-tier", tier="gold")
    assert (status, problem["type"], problem["loc"]) == (422, "enum", ["body", "tier"])
