"""What every fault plan does, be it of calls or of webhooks: rules in their order, and their counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, replace
from typing import Any, ClassVar, Generic, Protocol, Self, TypeVar

__all__ = ["Planned", "Rule", "Rules", "Unsaid"]


class Rule(Protocol):
    """A frozen line of a plan.

    Of what it matches, the ``nth`` goes wrong first (1 is the first), and ``left`` from there, None
    for all. It has ``seen`` so many, and ``used`` itself on so many.
    """

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def number(self) -> int: ...
    @property
    def nth(self) -> int: ...
    @property
    def left(self) -> int | None: ...
    @property
    def seen(self) -> int: ...
    @property
    def used(self) -> int: ...


class Unsaid(Protocol):
    """What ``on()`` returns, until a method of it has said what goes wrong."""

    @property
    def is_finished(self) -> bool: ...


R = TypeVar("R", bound=Rule)
S = TypeVar("S", bound=Unsaid)


class Rules(Generic[R, S]):
    """The rules of one fake, in the order in which they were planned."""

    def __init__(self) -> None:
        self._rules: dict[int, R] = {}
        self._count = 0
        self._said: list[S] = []

    def amend(self, rule: R, *, times: int | None) -> R:
        """Change how often a planned fault strikes."""
        self._rules[rule.number] = replace(self._rules.get(rule.number, rule), left=times)
        return self._rules[rule.number]

    def remove(self, rule: R) -> None:
        """Forget one fault."""
        self._rules.pop(rule.number, None)

    def clear(self) -> None:
        """Forget every fault."""
        self._rules.clear()
        self._said.clear()

    def __iter__(self) -> Iterator[R]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def unused(self) -> list[R]:
        """Faults that nothing has met: often a test that does not test what it says."""
        return [rule for rule in self if not rule.used]

    def unfinished(self) -> list[S]:
        """What was said with ``on()`` without a method that says what goes wrong: it does nothing."""
        return [said for said in self._said if not said.is_finished]

    def fork(self) -> Self:
        """The same plan with the same counts."""
        twin = type(self)()
        twin._rules, twin._count = dict(self._rules), self._count  # noqa: SLF001 - one of its own
        return twin

    def _note(self, said: S) -> S:
        self._said = [*self.unfinished(), said]
        return said

    def _counted(self, rule: R, *, free: bool = True) -> bool:
        """Count one more that the rule matches: does it strike? Not if others were faster."""
        seen = rule.seen + 1
        strikes = free and seen >= rule.nth and (rule.left is None or rule.used < rule.left)
        self._rules[rule.number] = replace(rule, seen=seen, used=rule.used + strikes)
        return strikes


class Planned(Generic[R]):
    """A planned fault; strikes once unless told otherwise."""

    def __init__(self, faults: Rules[R, Any], rule: R) -> None:
        self._faults = faults
        self._rule = rule

    def times(self, count: int) -> Self:
        """Strike that many calls, or webhooks, in a row.

        Raises:
            ValueError: less than one.
        """
        if count < 1:
            raise ValueError(f"a fault strikes at least once, not {count} times")
        self._rule = self._faults.amend(self._rule, times=count)
        return self

    def always(self) -> Self:
        """Strike all from the nth on."""
        self._rule = self._faults.amend(self._rule, times=None)
        return self

    @property
    def struck(self) -> int:
        """How many calls, or webhooks, have met this fault."""
        return next((rule.used for rule in self._faults if rule.number == self._rule.number), 0)
