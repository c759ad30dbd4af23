"""Billing: no release that is served here has it."""

from __future__ import annotations

from skyvern_testkit.api.call import Endpoint

__all__ = ["ENDPOINTS"]

ENDPOINTS: tuple[Endpoint, ...] = ()
