"""What an organisation pays: of releases that had billing (1.0.11 to 1.0.28)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from skyvern_testkit.world.rows import Row

__all__ = ["BillingState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingState(Row):
    PREFIX: ClassVar[str] = "bil"
    plan_tier: str = "free"
