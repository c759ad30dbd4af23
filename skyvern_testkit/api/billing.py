"""Billing, of which the releases 1.0.11 to 1.0.28 of the SDK have methods (facts: sdk-surface).

Only Skyvern's cloud ever answered them, and it was not asked: what is answered is what their models
can read, and what a test can tell apart - the tier that was chosen is the tier that is shown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.billing import BillingState

__all__ = ["ENDPOINTS"]


class PlanTier(StrEnum):
    FREE = "free"
    HOBBY = "hobby"
    PRO = "pro"
    ENTERPRISE = "enterprise"


class ChosenTier(Lazy):
    tier: PlanTier


_CREDITS: Final = {
    PlanTier.FREE: 1_000,
    PlanTier.HOBBY: 30_000,
    PlanTier.PRO: 150_000,
    PlanTier.ENTERPRISE: 1_000_000,
}
"""Credits of a period: our numbers."""


def _state(call: Call) -> BillingState:
    """The organisation's; made when it is first asked for."""
    rows = call.world.rows(BillingState, call.organization_id)
    return next(rows, None) or call.world.make(BillingState, call.organization_id)


def get_state(call: Call) -> JsonObject:
    state = _state(call)
    included = _CREDITS[PlanTier(state.plan_tier)]
    return {
        "billing_id": state.id,
        "organization_id": state.organization_id,
        "plan_tier": state.plan_tier,
        "current_period_start": None,
        "current_period_end": None,
        "included_credits_this_period": included,
        "credits_consumed_this_period": 0,
        "cached_credits_consumed_this_period": 0,
        "overage_enabled": False,
        "browser_uptime_seconds_consumed": 0,
        "topup_credits_total": 0,
        "topup_credits_used": 0,
        "topup_credits_remaining": 0,
        "credits_remaining": included,
        "created_at": timestamp(state.created_at),
        "modified_at": timestamp(state.modified_at),
        "cancel_at_period_end": False,
    }


def change_tier(call: Call) -> JsonObject:
    tier: PlanTier = call.body.tier
    call.world.change(_state(call), plan_tier=str(tier))
    return {"status": "success", "tier": tier, "redirect_url": None}


def create_checkout_session(call: Call) -> JsonObject:
    """Nothing is bought by it: somebody would have to pay at that address."""
    session = f"cs_{_state(call).id}_{call.body.tier}"
    return {"id": session, "url": f"{call.links.app_url}/billing/checkout/{session}"}


def create_portal_session(call: Call) -> JsonObject:
    return {"url": f"{call.links.app_url}/billing/portal/{_state(call).id}"}


ENDPOINTS = (
    Endpoint("get_organization_billing_api_v1billing_state_get", get_state),
    Endpoint("change_tier_api_v1billing_change_tier_post", change_tier, body=ChosenTier),
    Endpoint(
        "create_checkout_session_api_v1billing_checkout_post",
        create_checkout_session,
        body=ChosenTier,
    ),
    Endpoint("create_portal_session_api_v1billing_portal_post", create_portal_session),
)
