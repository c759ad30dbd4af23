"""What is asked of schedules: bodies, the query of their list."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field, field_validator, model_validator

from skyvern_testkit.api.fields import Lazy

__all__ = ["ListQuery", "UpsertBody"]

_LONGEST: Final = 2**31 - 1
_LAST_RUN: Final = datetime(2100, 12, 31, 23, 59, 59, tzinfo=UTC)
_LAST_FIRST: Final = datetime.max.replace(microsecond=0, tzinfo=UTC) - timedelta(
    seconds=5 * _LONGEST
)
"""So that five instants can be told at any interval."""


def _second(moment: datetime, field: str, last: datetime) -> datetime:
    """The instant in UTC, without fraction of a second.

    Raises:
        ValueError: it is too late, or no instant in UTC at all.
    """
    try:
        cut = moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        cut = None
    if cut is None or cut > last:
        raise ValueError(f"{field} must be no later than {last.isoformat()}")
    return cut


class UpsertBody(Lazy):
    """Of a new schedule and of a change, which replaces all of it."""

    cron_expression: str | None = None
    interval_seconds: Annotated[int, Field(ge=300, le=_LONGEST)] | None = None
    first_fire_at: AwareDatetime | None = None
    run_at: AwareDatetime | None = None
    timezone: str
    enabled: bool | None = True
    parameters: dict[str, Any] | None = None
    name: str | None = None
    description: str | None = None

    @field_validator("first_fire_at")
    @classmethod
    def _first_second(cls, moment: datetime | None) -> datetime | None:
        return None if moment is None else _second(moment, "first_fire_at", _LAST_FIRST)

    @field_validator("run_at")
    @classmethod
    def _run_second(cls, moment: datetime | None) -> datetime | None:
        return None if moment is None else _second(moment, "run_at", _LAST_RUN)

    @model_validator(mode="after")
    def _is_one_kind(self) -> UpsertBody:
        kinds = (self.cron_expression, self.interval_seconds, self.run_at)
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("Set exactly one of cron_expression, interval_seconds or run_at")
        if self.first_fire_at is not None and self.interval_seconds is None:
            raise ValueError("first_fire_at requires interval_seconds")
        if self.run_at is not None and self.enabled is False:
            raise ValueError(
                "A one-time schedule cannot be disabled; cancel it or change run_at instead"
            )
        return self


class ListQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 10
    status: Literal["active", "paused"] | None = None
    search: str | None = None
