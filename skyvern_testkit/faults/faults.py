"""Fault plans: which calls go wrong, told in the words of a test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from skyvern_testkit.faults.catalogue import (
    AnswerWith,
    EmptyBody,
    Fault,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
    body_in_dialect,
)
from skyvern_testkit.faults.plans import Planned, Rules
from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.operations import operation_named
from skyvern_testkit.wire.times import seconds as to_nanoseconds

__all__ = ["FaultRule", "Faults"]

ANY = "*"
"""Every operation, also requests that are none."""


@dataclass(frozen=True, slots=True)
class FaultRule:
    """One line of a fault plan.

    ``nth`` is the call that goes wrong first (1 is the first that matches); ``left`` how many go
    wrong from there, None for all.
    """

    number: int
    operation: str
    fault: Fault
    nth: int = 1
    left: int | None = 1
    when: Callable[[Request], bool] | None = None
    seen: int = 0
    used: int = 0

    def __str__(self) -> str:
        return f"faults.on({self.operation!r}, nth={self.nth}): {self.fault}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - the protocol
        """Hypothesis and IPython show a fault as the code that plans it."""
        from skyvern_testkit.faults.printing import as_code

        printer.text("..." if cycle else as_code(self))


class Faults(Rules[FaultRule, "FaultPlan"]):
    """The faults of one fake, in the order in which they were planned; the first that fits is used.

    An unplanned call is served as ever. Injected faults are no evidence of the real server.
    """

    def on(
        self,
        operation: str,
        *,
        nth: int = 1,
        when: Callable[[Request], bool] | None = None,
    ) -> FaultPlan:
        """Plan a fault for calls of an operation; say which with a method of what is returned.

        Args:
            operation: named as the SDK's method (``"get_run"``), or ``"*"`` for every request.
            nth: the call that goes wrong, counted from 1 among those that match, from now on.
            when: asked with the request; calls that it refuses neither count nor go wrong.

        Raises:
            UnknownOperation: no such operation; the message shows the nearest.
            ValueError: ``nth`` is less than 1.
        """
        if operation != ANY:
            operation_named(operation)
        if nth < 1:
            raise ValueError(f"nth counts calls from 1, so it cannot be {nth}")
        return self._note(FaultPlan(self, operation, nth, when, said_at=place_of_caller()))

    def add(
        self,
        operation: str,
        fault: Fault,
        *,
        nth: int = 1,
        times: int | None = 1,
        when: Callable[[Request], bool] | None = None,
    ) -> FaultRule:
        """Plan a fault given as a value (what :meth:`on` and its methods end in)."""
        self._count += 1
        rule = FaultRule(self._count, operation, fault, nth, times, when)
        self._rules[rule.number] = rule
        return rule

    def extend(self, rules: Iterable[FaultRule]) -> None:
        """Plan the faults of a plan that is kept or drawn as a value; their counts begin anew."""
        for rule in rules:
            self.add(rule.operation, rule.fault, nth=rule.nth, times=rule.left, when=rule.when)

    def strike(self, operation: str | None, request: Request) -> Fault | None:
        """The fault that this call meets, if any; counts the call in every rule that it matches."""
        struck: Fault | None = None
        for rule in list(self._rules.values()):
            if rule.operation not in (ANY, operation):
                continue
            if rule.when is not None and not rule.when(request):
                continue
            if self._counted(rule, free=struck is None):
                struck = rule.fault
        return struck


class FaultPlan:
    """``faults.on(...)``: say what goes wrong. Every method plans it for one call.

    Attributes:
        said_at: ``file:line`` where it was said.
        is_finished: it was said what goes wrong.
    """

    def __init__(
        self,
        faults: Faults,
        operation: str,
        nth: int,
        when: Callable[[Request], bool] | None,
        *,
        said_at: str = "",
    ) -> None:
        self._faults = faults
        self._operation = operation
        self._nth = nth
        self._when = when
        self.said_at = said_at
        self.is_finished = False

    def __str__(self) -> str:
        return f"faults.on({self._operation!r}, nth={self._nth})"

    def _plan(self, fault: Fault) -> Planned[FaultRule]:
        self.is_finished = True
        rule = self._faults.add(self._operation, fault, nth=self._nth, when=self._when)
        return Planned(self._faults, rule)

    def answer(
        self,
        status: int,
        *,
        detail: Json | None = None,
        body: Json | None = None,
        retry_after: float | str | None = None,
    ) -> Planned[FaultRule]:
        """Answer with that status and do nothing.

        Args:
            status: HTTP status, 400 to 599.
            detail: put into the server's ``{"detail": ...}``; default: its own text for the status.
            body: the whole body as JSON, if not that.
            retry_after: seconds, or an HTTP date, for the ``Retry-After`` header.

        Raises:
            ValueError: not an error status, or both ``detail`` and ``body``.
        """
        if not 400 <= status <= 599:
            raise ValueError(f"a fault answers with an error status (400 to 599), not {status}")
        if detail is not None and body is not None:
            raise ValueError("a fault has a detail= or a whole body=, not both")
        whole = body if body is not None else body_in_dialect(status, detail)
        after = None if retry_after is None else _header_number(retry_after)
        return self._plan(AnswerWith(status, whole, after))

    def slow(self, seconds: float) -> Planned[FaultRule]:
        """Take so many virtual seconds before doing and answering what was asked.

        A client that gives up before does not stop the server, here as in reality: with
        ``faults.on("create_browser_profile").slow(90)`` one with a timeout of 60 s gets its
        ``httpx.ReadTimeout``, the profile exists 30 s later, and a second try meets a 409.

        Raises:
            ValueError: a negative number.
        """
        if seconds < 0:
            raise ValueError(f"an answer cannot take {seconds} seconds")
        return self._plan(Slow(to_nanoseconds(seconds)))

    def never_answer(self) -> Planned[FaultRule]:
        """Take the request and never answer: the client's own timeout must end it."""
        return self._plan(NeverAnswer())

    def reset_connection(self, *, done: bool = False) -> Planned[FaultRule]:
        """Break the connection before an answer.

        Args:
            done: the server does what was asked first; only the answer is lost.
        """
        return self._plan(ResetConnection(done))

    def empty_body(self, status: int = 200) -> Planned[FaultRule]:
        """Do what was asked and answer with no body."""
        return self._plan(EmptyBody(status))

    def malformed_body(self, status: int = 200) -> Planned[FaultRule]:
        """Do what was asked and answer with JSON that breaks off in the middle."""
        return self._plan(MalformedBody(status))


def _header_number(value: float | str) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
