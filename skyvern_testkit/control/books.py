"""What clients of a served world have planned to go wrong: each for its own organisation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from skyvern_testkit.control.faults import read_ask, read_times, rule_as_json
from skyvern_testkit.control.webhook_faults import read_webhook_ask, webhook_rule_as_json
from skyvern_testkit.faults import FaultRule, Faults
from skyvern_testkit.faults.plans import Planned, Rule, Rules
from skyvern_testkit.faults.webhooks import WebhookFaults, WebhookRule
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json

__all__ = ["Book", "book_of_faults", "book_of_webhook_faults"]

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True)
class Book(Generic[R]):
    """The faults of one kind, and whose each is.

    Args:
        rules: where they are planned.
        ask: plans what a body asks for, for one organisation; and how often it strikes.
        show: a rule as JSON.
    """

    rules: Rules[R, Any]
    ask: Callable[[str, str], tuple[Planned[R], int | None]]
    show: Callable[[R], Json]
    _owners: dict[int, str] = field(default_factory=dict[int, str])

    def plan(self, body: str, organization_id: str) -> Json:
        """Plan what a body asks for.

        Raises:
            FakeFileError: the body is wrong.
            ValueError: it asks for what cannot be.
        """
        before = {rule.number for rule in self.rules}
        planned, times = self.ask(body, organization_id)
        if times is None:
            planned.always()
        else:
            planned.times(times)
        (rule,) = [rule for rule in self.rules if rule.number not in before]
        self._owners[rule.number] = organization_id
        return self.show(rule)

    def change(self, rule: R, body: str) -> Json:
        """Let a fault strike more or less often.

        Raises:
            FakeFileError: the body is wrong.
        """
        return self.show(self.rules.amend(rule, times=read_times(body)))

    def of(self, organization_id: str) -> list[R]:
        """What one organisation has planned."""
        return [rule for rule in self.rules if self._owners.get(rule.number) == organization_id]

    def forget(self, organization_id: str) -> None:
        """Nothing that it has planned strikes any more."""
        for rule in self.of(organization_id):
            self.rules.remove(rule)
            del self._owners[rule.number]


def book_of_faults(
    faults: Faults, sent_by: Callable[[str], Callable[[Request], bool]]
) -> Book[FaultRule]:
    """The faults of calls.

    Args:
        faults: of the world.
        sent_by: is a request an organisation's?
    """

    def ask(body: str, organization_id: str) -> tuple[Planned[FaultRule], int | None]:
        asked = read_ask(body)
        plan = faults.on(asked.on, nth=asked.nth, when=sent_by(organization_id))
        return asked.fault(plan), asked.times

    return Book(faults, ask, rule_as_json)


def book_of_webhook_faults(faults: WebhookFaults) -> Book[WebhookRule]:
    """The faults of webhooks.

    Args:
        faults: of the world.
    """

    def ask(body: str, organization_id: str) -> tuple[Planned[WebhookRule], int | None]:
        asked = read_webhook_ask(body)
        plan = faults.on(
            run=asked.on.get("run"),
            status=asked.on.get("status"),
            url=asked.on.get("url"),
            nth=asked.nth,
            organization_id=organization_id,
        )
        return asked.fault(plan), asked.times

    return Book(faults, ask, webhook_rule_as_json)
