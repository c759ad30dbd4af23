"""What came back from a call."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Outcome"]

SHOWN: Final = 400
"""Characters of an answer that a message shows."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer, exactly as it came over the wire, whoever asked.

    Attributes:
        asked: method and path, for messages.
        status: of the answer.
        headers: of the answer, names in lower case.
        body: its bytes.
        model: what the SDK made of it; None where it was asked raw, or refused.
    """

    asked: str
    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    model: Any = field(default=None, repr=False)

    @property
    def json(self) -> Any:
        """The body read as JSON; None when there is none."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            return None
        return json.loads(self.body) if self.body else None

    def ok(self, status: int = 200) -> Any:
        """The JSON of an answer that had to have this status.

        Raises:
            AssertionError: it had another; the message shows the answer.
        """
        self._must_be(status)
        return self.json

    def refused(self, status: int, detail: object = ...) -> Any:
        """The ``detail`` of a refusal that had to have this status, and this detail if one is given.

        Raises:
            AssertionError: it had another.
        """
        self._must_be(status)
        found = self.json["detail"]
        if detail is not ... and found != detail:
            raise AssertionError(f"{self.asked}: the detail is {found!r}, not {detail!r}")
        return found

    def invalid(self, *problems: tuple[str | int, ...]) -> list[dict[str, Any]]:
        """The list of a 422, which had to have exactly these problems, in this order.

        Args:
            problems: the type of each and then its place:
                ``("greater_than_equal", "body", "timeout")``.

        Raises:
            AssertionError: it had another status, or other problems.
        """
        listed: list[dict[str, Any]] = self.refused(422)
        found = [(row["type"], *row["loc"]) for row in listed]
        if found != list(problems):
            raise AssertionError(f"{self.asked}: the problems are {found}, not {list(problems)}")
        return listed

    def _must_be(self, status: int) -> None:
        if self.status != status:
            answer = self.body.decode("utf-8", "replace")
            cut = answer if len(answer) <= SHOWN else f"{answer[:SHOWN]}... ({len(answer)} in all)"
            raise AssertionError(f"{self.asked} was answered {self.status}, not {status}: {cut}")
