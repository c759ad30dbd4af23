"""The faults of a remote fake: planned here, at work in its server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from skyvern_testkit.control.faults import ALWAYS, fault_as_json
from skyvern_testkit.control.orders import CannotTravel, Orders
from skyvern_testkit.control.webhook_faults import webhook_fault_as_json
from skyvern_testkit.faults import Fault, FaultRule, Faults
from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.faults.webhooks import WebhookFaults, WebhookPlan, WebhookRule
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = ["RemoteFaults", "RemoteWebhooks"]


class _Book:
    """The faults of one kind at the desk.

    Args:
        orders: the desk.
        name: of the kind, there.
    """

    def __init__(self, orders: Orders, name: str) -> None:
        self._orders, self._name = orders, name

    def plan(self, asked: JsonObject, times: int | None) -> int:
        """The number of a fault that is planned there."""
        asked = {**asked, "times": _times(times)}
        number: int = self._orders("POST", self._name, json=asked).json()["number"]
        return number

    def amend(self, number: int, times: int | None) -> None:
        """It strikes more or less often."""
        self._orders("PATCH", f"{self._name}/{number}", json={"times": _times(times)})

    def clear(self) -> None:
        """None strikes any more."""
        self._orders("DELETE", self._name)

    def counts(self) -> Mapping[int, tuple[int, int]]:
        """How many each has seen, and how many it has struck."""
        told = self._orders("GET", self._name).json()[self._name]
        return {one["number"]: (one["seen"], one["struck"]) for one in told}


def _times(times: int | None) -> Json:
    return ALWAYS if times is None else times


class RemoteFaults(Faults):
    """The faults of one key on a server; what is planned here is planned there."""

    def __init__(self, orders: Orders) -> None:
        super().__init__()
        self._book = _Book(orders, "faults")

    def add(
        self,
        operation: str,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        when: Callable[[Request], bool] | None = None,
    ) -> FaultRule:
        if when is not None:
            raise CannotTravel(
                f"faults.on({operation!r}, when=...) cannot be sent to a fake in another process: its "
                "condition is a function. Say which calls with nth= and times(), or run this test on a "
                "fake of its own process."
            )
        asked: JsonObject = {"on": operation, "nth": nth, "fault": fault_as_json(fault)}
        number = self._book.plan(asked, times)
        self._rules[number] = FaultRule(number, operation, fault, nth, times)
        return self._rules[number]

    def amend(self, rule: FaultRule, *, times: int | None) -> FaultRule:
        self._book.amend(rule.number, times)
        return super().amend(rule, times=times)

    def remove(self, rule: FaultRule) -> None:
        raise CannotTravel(_NOT_ALONE.format(rule))

    def clear(self) -> None:
        self._book.clear()
        super().clear()

    def __iter__(self) -> Iterator[FaultRule]:
        for number, (seen, used) in self._book.counts().items():
            if number in self._rules:
                self._rules[number] = replace(self._rules[number], seen=seen, used=used)
        return super().__iter__()


class _RemoteWebhookFaults(WebhookFaults):
    """As :class:`RemoteFaults`, of webhooks."""

    def __init__(self, orders: Orders) -> None:
        super().__init__()
        self._book = _Book(orders, "webhook_faults")

    def add(self, rule: WebhookRule) -> WebhookRule:
        if rule.when is not None:
            raise CannotTravel(
                f"{rule} cannot be sent to a fake in another process: its condition is a function. Say "
                "which webhooks with run=, status=, url= and nth=, or run this test on a fake of its "
                "own process."
            )
        try:
            fault = webhook_fault_as_json(rule.fault)
        except ValueError as error:
            raise CannotTravel(
                f"{rule} cannot be sent to a fake in another process: {error}. Say which fields "
                "change, or run this test on a fake of its own process."
            ) from None
        on = {"run": rule.run, "status": rule.status, "url": rule.url}
        asked: JsonObject = {
            "on": {name: value for name, value in on.items() if value is not None},
            "nth": rule.nth,
            "fault": fault,
        }
        number = self._book.plan(asked, rule.left)
        self._rules[number] = replace(rule, number=number)
        return self._rules[number]

    def amend(self, rule: WebhookRule, *, times: int | None) -> WebhookRule:
        self._book.amend(rule.number, times)
        return super().amend(rule, times=times)

    def remove(self, rule: WebhookRule) -> None:
        raise CannotTravel(_NOT_ALONE.format(rule))

    def clear(self) -> None:
        self._book.clear()
        super().clear()

    def __iter__(self) -> Iterator[WebhookRule]:
        for number, (seen, used) in self._book.counts().items():
            if number in self._rules:
                self._rules[number] = replace(self._rules[number], seen=seen, used=used)
        return super().__iter__()


_NOT_ALONE: Final = "{} cannot be removed alone from a fake in another process: clear() them all"


class RemoteWebhooks:
    """The webhooks of a served fake, as far as a test in another process can have a say in them.

    The server delivers them to addresses on loopback; to receive one is not for functions of this process.

    Attributes:
        faults: what is planned to go wrong with them.
    """

    def __init__(self, orders: Orders) -> None:
        self.faults = _RemoteWebhookFaults(orders)

    def on(
        self,
        *,
        run: str | None = None,
        status: str | None = None,
        url: str | None = None,
        nth: int = 1,
        when: Callable[[dict[str, Any]], bool] | None = None,
    ) -> WebhookPlan:
        """Plan what goes wrong with a webhook of this key's; see :meth:`Webhooks.on`.

        Functions cannot travel.
        """
        return self.faults.on(
            run=run, status=status, url=url, nth=nth, when=when, said_at=place_of_caller()
        )

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise _in_process(f"webhooks.{name}")

    def __len__(self) -> int:
        raise _in_process("webhooks.received")

    def __iter__(self) -> Iterator[Any]:
        raise _in_process("webhooks.received")


def _in_process(what: str) -> CannotTravel:
    return CannotTravel(
        f"{what} is not to be had of a fake in another process: webhook receivers are functions of this "
        "process. Serve one on loopback yourself, or run this test on a fake of its own process."
    )
