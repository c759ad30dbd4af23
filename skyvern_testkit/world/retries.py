"""Automatic retries of a workflow run (facts: runs 3.4): attempts, decisions, webhooks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.rows import Attempt, Run, Workflow
from skyvern_testkit.world.world import World

__all__ = ["Decision", "close_attempt", "decide", "policy_of"]


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
_RETRIED_BY_DEFAULT: Final = frozenset({State.FAILED, State.TERMINATED, State.TIMED_OUT})


def policy_of(world: World, run: Run) -> JsonObject | None:
    """The retry policy of the version of the workflow that runs."""
    if run.family is not Family.WORKFLOW:
        return None
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    return workflow.retry_policy if workflow else None


def decide(world: World, run: Run) -> Decision:
    """Is there another attempt after this end?"""
    policy = policy_of(world, run)
    if policy is None:
        return _NO_POLICY
    if run.status is State.CANCELED:
        return Decision("final", "canceled")
    if not _matches(policy, run):
        return Decision("final", "no_match")
    if run.attempt > int(policy.get("max_retries") or 0):
        return Decision("final", "budget_exhausted")
    return Decision(
        "retry",
        delay=int(policy.get("delay_seconds") or 0) * SECOND,
        tells=policy.get("webhook_on_retry") == "every_attempt",
    )


def _matches(policy: JsonObject, run: Run) -> bool:
    rules = policy.get("retry_on")
    if not rules:
        return run.status in _RETRIED_BY_DEFAULT
    codes = {str(error["error_code"]) for error in run.errors}
    return any(
        rule.get("status") == run.status
        and (not rule.get("error_codes") or codes & set(rule["error_codes"]))
        for rule in rules
    )


def close_attempt(world: World, run: Run, decision: Decision) -> Run:
    """Write the attempt that has just ended into the run's list."""
    if run.family is not Family.WORKFLOW:
        return run
    entry = Attempt(
        number=run.attempt,
        status=run.status,
        failure_reason=run.failure_reason,
        error_codes=tuple(str(error["error_code"]) for error in run.errors),
        started_at=run.started_at,
        finished_at=run.finished_at,
        decision=decision.word,
        decision_reason=decision.reason,
        next_attempt_at=world.now + (decision.delay or 0) if decision.retries else None,
    )
    return world.change(run, attempts=(*run.attempts, entry))


def mark_sent(run: Run, attempt: int, now: int) -> tuple[Attempt, ...]:
    """The attempts, with the time at which the webhook of one of them went out."""
    return tuple(
        replace(entry, webhook_sent_at=now) if entry.number == attempt else entry
        for entry in run.attempts
    )
