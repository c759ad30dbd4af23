"""What may go wrong on purpose with webhooks: which, how often, and in which way.

The path of a webhook is the provider, the network, and the receiver's own proxies; each of these faults
is one of the things that they do in production.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from skyvern_testkit.faults.saying import place_of_caller
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.wire.times import seconds as to_nanoseconds

__all__ = [
    "Altered",
    "AnswerLost",
    "Duplicated",
    "Late",
    "Lost",
    "Overtaken",
    "SignedWith",
    "Unsigned",
    "WebhookFault",
    "WebhookFaults",
    "WebhookPlan",
    "WebhookRule",
]

TRIES: Final = 3
"""How often the server tries to deliver a webhook (facts: runs 8)."""
STATUSES: Final = (
    *("created", "queued", "running", "paused"),
    *("completed", "failed", "terminated", "timed_out", "canceled"),
)


# --- what goes wrong, as values ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Duplicated:
    """So many copies follow, each so many nanoseconds after the one before."""

    copies: int
    nanoseconds: int

    def __str__(self) -> str:
        return f"{self.copies + 1} times the same"


@dataclass(frozen=True, slots=True)
class Late:
    """It is sent so many nanoseconds later."""

    nanoseconds: int

    def __str__(self) -> str:
        return f"late by {self.nanoseconds / SECOND:g} s"


@dataclass(frozen=True, slots=True)
class Overtaken:
    """It is sent after the next one; if none comes, after so many nanoseconds."""

    nanoseconds: int

    def __str__(self) -> str:
        return "overtaken by the next one"


@dataclass(frozen=True, slots=True)
class Lost:
    """The first so many tries find nobody."""

    tries: int

    def __str__(self) -> str:
        return "all its tries lost" if self.tries >= TRIES else f"the first {self.tries} lost"


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The first so many tries arrive, and what the receiver answers does not."""

    tries: int

    def __str__(self) -> str:
        return f"the receiver's first {self.tries} answers lost"


@dataclass(frozen=True, slots=True)
class Altered:
    """Its body is another. ``signed``: the signature is that of the new one."""

    change: Mapping[str, Json] | Callable[[bytes], bytes]
    signed: bool = False

    def __str__(self) -> str:
        by_name = getattr(self.change, "__name__", "by a function")
        said = by_name if callable(self.change) else ", ".join(self.change)
        return f"body altered ({said}){', signed' if self.signed else ''}"


@dataclass(frozen=True, slots=True, repr=False)
class SignedWith:
    """It is signed with another key, which is a secret of somebody's."""

    key: str

    def __str__(self) -> str:
        return "signed with another key"

    __repr__ = __str__


@dataclass(frozen=True, slots=True)
class Unsigned:
    """It has no signature."""

    def __str__(self) -> str:
        return "without a signature"


WebhookFault = Duplicated | Late | Overtaken | Lost | AnswerLost | Altered | SignedWith | Unsigned


# --- the plan -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookRule:
    """One line of the plan; the fields are those of :meth:`WebhookFaults.on`.

    ``left`` is how many webhooks go wrong from the ``nth`` on, None for all.
    """

    number: int
    run: str | None
    status: str | None
    url: str | None
    fault: WebhookFault
    nth: int = 1
    left: int | None = 1
    when: Callable[[JsonObject], bool] | None = None
    seen: int = 0
    used: int = 0

    def __str__(self) -> str:
        return f"{_said(self.run, self.status, self.nth)}: {self.fault}"

    def fits(self, run_id: str, status: str, url: str, body: JsonObject) -> bool:
        """Is that one of its webhooks?"""
        return (
            (self.run is None or fnmatchcase(run_id, self.run))
            and self.status in (None, status)
            and (self.url is None or fnmatchcase(url, self.url))
            and (self.when is None or self.when(body))
        )


class WebhookFaults:
    """What is planned to go wrong with the webhooks of one fake.

    Every plan that fits a webhook strikes it: one may be late, altered, and come twice. What is not
    planned is delivered as ever.
    """

    def __init__(self) -> None:
        self._rules: dict[int, WebhookRule] = {}
        self._count = 0
        self._said: list[WebhookPlan] = []

    def on(
        self,
        *,
        run: str | None = None,
        status: str | None = None,
        url: str | None = None,
        nth: int = 1,
        when: Callable[[JsonObject], bool] | None = None,
        said_at: str | None = None,
    ) -> WebhookPlan:
        """Plan a fault for webhooks; say which with a method of what is returned.

        Webhooks are counted, not tries: what a receiver refuses and gets again is one webhook.

        Args:
            run: id of the run that it tells of, or a glob (``"tsk_v2_*"``).
            status: the run's, as the webhook tells it.
            url: where it goes; a glob.
            nth: the webhook that goes wrong, counted from 1 among those that match, from now on.
            when: asked with the body as JSON; webhooks that it refuses neither count nor go wrong.
            said_at: ``file:line`` where it was said, if not at the call of this method.

        Raises:
            ValueError: ``nth`` is less than 1, or no run has that status.
        """
        if nth < 1:
            raise ValueError(f"nth counts webhooks from 1, so it cannot be {nth}")
        if status is not None and status not in STATUSES:
            near = get_close_matches(status, STATUSES, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are: {', '.join(STATUSES)}."
            raise ValueError(f"no run has the status {status!r}.{hint}")
        where = said_at if said_at is not None else place_of_caller()
        said = WebhookPlan(self, WebhookRule(0, run, status, url, Unsigned(), nth, 1, when), where)
        self._said = [*self.unfinished(), said]
        return said

    def add(self, rule: WebhookRule) -> WebhookRule:
        """Plan what a rule says; it gets a number, and its counts begin anew."""
        self._count += 1
        self._rules[self._count] = replace(rule, number=self._count, seen=0, used=0)
        return self._rules[self._count]

    def amend(self, rule: WebhookRule, *, times: int | None) -> WebhookRule:
        """Change how often a planned fault strikes."""
        self._rules[rule.number] = replace(self._rules[rule.number], left=times)
        return self._rules[rule.number]

    def clear(self) -> None:
        """Forget every fault."""
        self._rules.clear()
        self._said.clear()

    def __iter__(self) -> Iterator[WebhookRule]:
        return iter(self._rules.values())

    def __len__(self) -> int:
        return len(self._rules)

    def unused(self) -> list[WebhookRule]:
        """Faults that no webhook has met: often a test that does not test what it says."""
        return [rule for rule in self if not rule.used]

    def unfinished(self) -> list[WebhookPlan]:
        """What was said with :meth:`on` without a method that says what goes wrong."""
        return [said for said in self._said if not said.is_finished]

    def fork(self) -> WebhookFaults:
        """The same plan with the same counts."""
        twin = WebhookFaults()
        twin._rules, twin._count = dict(self._rules), self._count
        return twin

    def strike(
        self, run_id: str, status: str, url: str, body: JsonObject
    ) -> tuple[WebhookFault, ...]:
        """What goes wrong with that webhook; counts it in every rule that it matches."""
        struck: list[WebhookFault] = []
        for rule in list(self):
            if not rule.fits(run_id, status, url, body):
                continue
            seen = replace(rule, seen=rule.seen + 1)
            if seen.seen >= rule.nth and (rule.left is None or rule.used < rule.left):
                struck.append(rule.fault)
                seen = replace(seen, used=rule.used + 1)
            self._rules[rule.number] = seen
        return tuple(struck)


class WebhookPlan:
    """``webhooks.on(...)``: say what goes wrong. Every method plans it for one webhook.

    Attributes:
        said_at: ``file:line`` where it was said.
        is_finished: it was said what goes wrong.
    """

    def __init__(self, faults: WebhookFaults, rule: WebhookRule, said_at: str = "") -> None:
        self._faults, self._rule = faults, rule
        self.said_at = said_at
        self.is_finished = False

    def __str__(self) -> str:
        return _said(self._rule.run, self._rule.status, self._rule.nth)

    def _plan(self, fault: WebhookFault) -> PlannedWebhookFault:
        self.is_finished = True
        return PlannedWebhookFault(self._faults, self._faults.add(replace(self._rule, fault=fault)))

    def duplicate(self, copies: int = 1, *, after: float = 0) -> PlannedWebhookFault:
        """Deliver it again: the same bytes, timestamp and signature.

        Args:
            copies: how many more.
            after: seconds between two of them; 0: all at once, so that a receiver handles them at the
                same time.

        Raises:
            ValueError: less than one copy, or a negative time.
        """
        if copies < 1:
            raise ValueError(f"a duplicate is at least one copy, not {copies}")
        return self._plan(Duplicated(copies, _time("a copy cannot come", after)))

    def delay(self, seconds: float) -> PlannedWebhookFault:
        """Send it so much later: after the client has learned the end of the run by polling.

        The body tells of the run as it is then. A cancel, which waits for its webhook, waits for this one too.

        Raises:
            ValueError: a negative time.
        """
        return self._plan(Late(_time("a webhook cannot be late by", seconds)))

    def reorder(self, *, within: float = 60) -> PlannedWebhookFault:
        """Let the next webhook, whichever run's, overtake it.

        Args:
            within: seconds for which it waits to be overtaken; then it goes out all the same.

        Raises:
            ValueError: a negative time.
        """
        return self._plan(Overtaken(_time("it cannot wait", within)))

    def drop(self, tries: int = 1) -> PlannedWebhookFault:
        """Let the first tries find nobody: the server sees a broken connection, and tries again.

        Args:
            tries: how many of the three; with 3 the webhook never comes.

        Raises:
            ValueError: less than 1 or more than 3.
        """
        return self._plan(Lost(_tries(tries)))

    def lose_answer(self, tries: int = 1) -> PlannedWebhookFault:
        """Let the receiver have it, and lose its answer: the server tries again, with the same bytes.

        Args:
            tries: how many of the three.

        Raises:
            ValueError: less than 1 or more than 3.
        """
        return self._plan(AnswerLost(_tries(tries)))

    def alter(
        self, change: Mapping[str, Json] | Callable[[bytes], bytes], *, signed: bool = False
    ) -> PlannedWebhookFault:
        """Change its body on the way: a receiver that verifies the signature refuses it.

        Args:
            change: fields that are put into the body, or a function from its bytes to others.
            signed: sign what comes out, as if Skyvern itself had said it.
        """
        fields = change if callable(change) else dict(change)
        return self._plan(Altered(fields, signed))

    def sign_with(self, key: str) -> PlannedWebhookFault:
        """Sign it with another key."""
        return self._plan(SignedWith(key))

    def omit_signature(self) -> PlannedWebhookFault:
        """Leave the ``x-skyvern-signature`` header out."""
        return self._plan(Unsigned())


class PlannedWebhookFault:
    """A planned fault; strikes one webhook unless told otherwise."""

    def __init__(self, faults: WebhookFaults, rule: WebhookRule) -> None:
        self._faults, self._rule = faults, rule

    def times(self, count: int) -> PlannedWebhookFault:
        """Strike that many webhooks in a row.

        Raises:
            ValueError: less than one.
        """
        if count < 1:
            raise ValueError(f"a fault strikes at least once, not {count} times")
        self._rule = self._faults.amend(self._rule, times=count)
        return self

    def always(self) -> PlannedWebhookFault:
        """Strike every webhook from the nth on."""
        self._rule = self._faults.amend(self._rule, times=None)
        return self

    @property
    def struck(self) -> int:
        """How many webhooks have met this fault."""
        return next((rule.used for rule in self._faults if rule.number == self._rule.number), 0)


def _said(run: str | None, status: str | None, nth: int) -> str:
    given = {"run": run, "status": status, "nth": None if nth == 1 else nth}
    said = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
    return f"webhooks.on({said})"


def _time(what: str, seconds: float) -> int:
    if seconds < 0:
        raise ValueError(f"{what} {seconds:g} seconds: time does not run backwards")
    return to_nanoseconds(seconds)


def _tries(tries: int) -> int:
    if not 1 <= tries <= TRIES:
        raise ValueError(f"a webhook is tried {TRIES} times, so 1 to {TRIES} can fail, not {tries}")
    return tries
