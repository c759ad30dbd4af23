"""Automatic retries of a workflow run (facts: runs 3.4): attempts, decisions, webhooks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MILLISECOND, SECOND
from skyvern_testkit.world.blocks import workflow_of
from skyvern_testkit.world.rows import Attempt, Run
from skyvern_testkit.world.tagging import tag_end
from skyvern_testkit.world.world import World

__all__ = [
    "Decision",
    "close_attempt",
    "decide",
    "mark_sent",
    "policy_of",
    "revoke_retry",
    "was_told",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows an attempt: ``retry``, ``final``, or None where there is no policy."""

    word: str | None = None
    reason: str | None = None
    delay: int | None = None
    tells: bool = True
    """Is the webhook sent after this attempt?"""

    @property
    def retries(self) -> bool:
        return self.word == "retry"


_NO_POLICY: Final = Decision()


def policy_of(world: World, run: Run) -> JsonObject | None:
    """The retry policy of the version of the workflow that runs."""
    if run.family is not Family.WORKFLOW:
        return None
    workflow = workflow_of(world, run)
    return workflow.retry_policy if workflow else None


def decide(world: World, run: Run) -> Decision:
    """Is there another attempt after this end?"""
    policy = policy_of(world, run)
    if policy is None:
        return _NO_POLICY
    if run.status is State.CANCELED:
        return Decision("final", "canceled")
    if run.attempt > int(policy.get("max_retries") or 0):
        return Decision("final", "budget_exhausted")  # also after an attempt that completed
    if not _matches(policy, run):
        return Decision("final", "no_match")
    return Decision(
        "retry",
        delay=int(policy.get("delay_seconds") or 0) * SECOND,
        tells=policy.get("webhook_on_retry") == "every_attempt",
    )


def _matches(policy: JsonObject, run: Run) -> bool:
    rules = policy.get("retry_on") or ()
    codes = {str(error["error_code"]) for error in run.errors}
    return any(
        rule.get("status") == run.status
        and (not rule.get("error_codes") or codes & set(rule["error_codes"]))
        for rule in rules
    )


_BOOKED: Final = 30 * MILLISECOND
"""An attempt is booked a moment after the run's own end; the delay counts from there."""


def close_attempt(world: World, run: Run, decision: Decision) -> Run:
    """Write the attempt that has just ended into the run's list.

    Without a policy the entry knows neither decision nor error codes, whatever the run's errors
    (recorded lives ``wf_unreachable``, ``wf_retry_codes``).
    """
    if run.family is not Family.WORKFLOW or run.finished_at is None:
        return run
    decided = decision.word is not None
    booked = run.finished_at + (_BOOKED if decided else 0)
    due = booked + (decision.delay or 0) if decision.retries else None
    codes = (str(error["error_code"]) for error in run.errors) if decided else ()
    entry = Attempt(
        number=run.attempt,
        status=run.status,
        failure_reason=run.failure_reason,
        error_codes=tuple(codes),
        started_at=run.started_at,
        finished_at=booked,
        decision=decision.word,
        decision_reason=decision.reason,
        next_attempt_at=due,
    )
    return world.change(
        run, attempts=(*run.attempts, entry), retry_pending=due is not None, next_attempt_at=due
    )


def mark_sent(run: Run, attempt: int, now: int) -> tuple[Attempt, ...]:
    """The attempts, with the time at which the webhook of one of them went out.

    Only the attempts of a run with a policy note it.
    """
    return tuple(
        replace(entry, webhook_sent_at=now)
        if entry.number == attempt and entry.decision is not None
        else entry
        for entry in run.attempts
    )


def was_told(run: Run) -> bool:
    """Under a policy: has the webhook of the last attempt gone out? Then a cancel sends no other.

    Without a policy nobody notes it, and each cancel sends it again (facts: runs 3.3; the real
    server was asked after ``no_match``, ``budget_exhausted`` and ``canceled``).
    """
    return bool(run.attempts) and run.attempts[-1].webhook_sent_at is not None


def revoke_retry(world: World, run: Run) -> Run:
    """A cancel while a retry is pending: there will be none; the entry keeps its date (facts: runs 3.3)."""
    last = replace(run.attempts[-1], decision="revoked", decision_reason="cancel")
    run = world.change(
        run, retry_pending=False, next_attempt_at=None, attempts=(*run.attempts[:-1], last)
    )
    tag_end(world, run)
    return run
