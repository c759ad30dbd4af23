"""What may go wrong on purpose with webhooks: which, how often, and in which way.

The path of a webhook is the provider, the network, and the receiver's own proxies; each of these faults
is one of the things that they do in production.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Final

from skyvern_testkit.faults.plans import Planned, Rules
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
    organization_id: str | None = None

    def __str__(self) -> str:
        return f"{_said(self.run, self.status, self.nth)}: {self.fault}"

    def fits(
        self, run_id: str, status: str, url: str, body: JsonObject, organization_id: str
    ) -> bool:
        """Is that one of its webhooks?"""
        return (
            self.organization_id in (None, organization_id)
            and (self.run is None or fnmatchcase(run_id, self.run))
            and self.status in (None, status)
            and (self.url is None or fnmatchcase(url, self.url))
            and (self.when is None or self.when(body))
        )


class WebhookFaults(Rules[WebhookRule, "WebhookPlan"]):
    """What is planned to go wrong with the webhooks of one fake.

    Every plan that fits a webhook strikes it: one may be late, altered, and come twice. What is not
    planned is delivered as ever.
    """

    def on(
        self,
        *,
        run: str | None = None,
        status: str | None = None,
        url: str | None = None,
        nth: int = 1,
        when: Callable[[JsonObject], bool] | None = None,
        organization_id: str | None = None,
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
            organization_id: of the runs of one organisation only.
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
        rule = WebhookRule(
            *(0, run, status, url, Unsigned(), nth, 1, when), organization_id=organization_id
        )
        return self._note(WebhookPlan(self, rule, where))

    def add(self, rule: WebhookRule) -> WebhookRule:
        """Plan what a rule says; it gets a number, and its counts begin anew."""
        self._count += 1
        self._rules[self._count] = replace(rule, number=self._count, seen=0, used=0)
        return self._rules[self._count]

    def strike(
        self, run_id: str, status: str, url: str, body: JsonObject, organization_id: str
    ) -> tuple[WebhookFault, ...]:
        """What goes wrong with that webhook; counts it in every rule that it matches."""
        fitting = [rule for rule in self if rule.fits(run_id, status, url, body, organization_id)]
        return tuple(rule.fault for rule in fitting if self._counted(rule))


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

    def _plan(self, fault: WebhookFault) -> Planned[WebhookRule]:
        self.is_finished = True
        return Planned(self._faults, self._faults.add(replace(self._rule, fault=fault)))

    def duplicate(self, copies: int = 1, *, after: float = 0) -> Planned[WebhookRule]:
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

    def delay(self, seconds: float) -> Planned[WebhookRule]:
        """Send it so much later: after the client has learned the end of the run by polling.

        The body tells of the run as it is then. A cancel, which waits for its webhook, waits for this one too.

        Raises:
            ValueError: a negative time.
        """
        return self._plan(Late(_time("a webhook cannot be late by", seconds)))

    def reorder(self, *, within: float = 60) -> Planned[WebhookRule]:
        """Let the next webhook, whichever run's, overtake it.

        Args:
            within: seconds for which it waits to be overtaken; then it goes out all the same.

        Raises:
            ValueError: a negative time.
        """
        return self._plan(Overtaken(_time("it cannot wait", within)))

    def drop(self, tries: int = 1) -> Planned[WebhookRule]:
        """Let the first tries find nobody: the server sees a broken connection, and tries again.

        Args:
            tries: how many of the three; with 3 the webhook never comes.

        Raises:
            ValueError: less than 1 or more than 3.
        """
        return self._plan(Lost(_tries(tries)))

    def lose_answer(self, tries: int = 1) -> Planned[WebhookRule]:
        """Let the receiver have it, and lose its answer: the server tries again, with the same bytes.

        Args:
            tries: how many of the three.

        Raises:
            ValueError: less than 1 or more than 3.
        """
        return self._plan(AnswerLost(_tries(tries)))

    def alter(
        self, change: Mapping[str, Json] | Callable[[bytes], bytes], *, signed: bool = False
    ) -> Planned[WebhookRule]:
        """Change its body on the way: a receiver that verifies the signature refuses it.

        Args:
            change: fields that are put into the body, or a function from its bytes to others.
            signed: sign what comes out, as if Skyvern itself had said it.
        """
        fields = change if callable(change) else dict(change)
        return self._plan(Altered(fields, signed))

    def sign_with(self, key: str) -> Planned[WebhookRule]:
        """Sign it with another key."""
        return self._plan(SignedWith(key))

    def omit_signature(self) -> Planned[WebhookRule]:
        """Leave the ``x-skyvern-signature`` header out."""
        return self._plan(Unsigned())


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
