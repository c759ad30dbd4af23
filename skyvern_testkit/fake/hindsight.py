"""What can be told only when it is over: what a client has seen last, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from skyvern_testkit.world.advice import advice_on
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import Advice

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["in_hindsight"]


def in_hindsight(fake: FakeSkyvern) -> Iterator[Advice]:
    """Advice on what clients have left as they saw it; it is in no world's list.

    Args:
        fake: whose journal and world.
    """
    for run in fake.world.rows(Run):
        if run.webhook_url or not any(attempt.decision == "retry" for attempt in run.attempts):
            continue  # a webhook tells of the true end
        seen = _last_seen(fake, run.id)
        if seen is not None and seen.get("retry_pending"):
            was, number = seen["status"], run.attempt
            yield advice_on("retry_unseen", run.id, seen=was, status=run.status, attempt=number)


def _last_seen(fake: FakeSkyvern, run_id: str) -> dict[str, Any] | None:
    polls = fake.journal.polls(run_id)
    answered = [poll for poll in polls if poll.status == 200]
    return answered[-1].answer if answered else None
