"""Schedules of workflows, and the runs that they start (facts: resources 6)."""

from __future__ import annotations

from skyvern_testkit.api.schedules.handlers import ENDPOINTS

__all__ = ["ENDPOINTS"]
