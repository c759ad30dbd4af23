"""Webhooks of runs: when they go out, and what their answers change (facts: runs 8)."""

from __future__ import annotations

from dataclasses import replace

from skyvern_testkit.script import Family, WebhookAnswered
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.events import Effect, EffectDue, EffectResult
from skyvern_testkit.world.retries import mark_sent
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.waking import wake
from skyvern_testkit.world.world import World

__all__ = ["emit_due", "webhook_at_end", "webhook_later", "webhook_now", "webhook_sent"]


def webhook_now(world: World, run: Run) -> Effect | None:
    """Send the run's webhook at once (a cancel does, and waits for it); None without a URL."""
    effect = _webhook(world, run)
    return world.emit(effect) if effect else None


def webhook_later(world: World, run: Run, delay: int) -> None:
    """Send the run's webhook after so many nanoseconds."""
    effect = _webhook(world, run)
    if effect is not None:
        world.schedule(world.now + delay, EffectDue(effect))


def webhook_at_end(world: World, run: Run) -> None:
    """Send the webhook of a run that has just ended.

    It waits until the recording is final; a 2.0 task does not wait, and in a browser session there
    is nothing to wait for.
    """
    timing = world.timing
    waits = (
        run.recording is not None
        and run.family is not Family.TASK_V2
        and run.browser_session_id is None
    )
    webhook_later(world, run, timing.webhook if waits else timing.plain_webhook)


def _webhook(world: World, run: Run) -> Effect | None:
    if not run.webhook_url:
        return None
    return world.new_effect(kind="webhook", url=run.webhook_url, run=run, api_key=run.api_key)


def emit_due(world: World, event: EffectDue) -> None:
    """Hand an effect to the outside; a webhook tells of the run as it is now, recording and all."""
    effect = event.effect
    if effect.first is not None:
        world.emit(effect, at=effect.at)
        return
    run = world.run(effect.run.id)
    if effect.kind == "webhook" and run.attempt == effect.run.attempt:
        effect = replace(effect, run=run)
    world.emit(effect)


def webhook_sent(world: World, effect: Effect, result: EffectResult) -> None:
    """Note what became of a webhook, in the run and in its attempt; of a replayed one nothing."""
    run = world.run(effect.run.id)
    if not effect.replayed:
        got_through = result.ok or not result.contacted
        attempts = mark_sent(run, effect.run.attempt, world.now) if got_through else run.attempts
        world.change(run, webhook_failure_reason=_failure(result), attempts=attempts)
        if failure := _failure(result):
            advise(world, "webhook_failed", run.id, why=failure)
    wake(
        world,
        lambda _, trigger: (
            isinstance(trigger, WebhookAnswered) and trigger.run_id in (None, run.id)
        ),
        f"webhook of {run.id} answered",
    )


def _failure(result: EffectResult) -> str | None:
    if not result.contacted:
        return None  # as where none was tried
    if result.ok:
        return ""
    if result.status is None:
        return f"Webhook delivery failed before receiving a response: {result.error}"
    return f"Webhook failed with status code {result.status}, error message: {result.body}"
