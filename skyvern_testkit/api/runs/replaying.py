"""Sending a run's webhook once more: ``retry_run_webhook`` (facts: runs 8; recorded group ``webhooks``)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from skyvern_testkit.api.call import After, Call, Endpoint, Wait
from skyvern_testkit.api.fields import Lazy, checked_url, is_known_host
from skyvern_testkit.api.runs.reading import find_run, refuse_without_workflow
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MILLISECOND
from skyvern_testkit.world.events import EffectResult
from skyvern_testkit.world.rows import Run

__all__ = ["ENDPOINTS"]

SHOWN: Final = 2048
"""Characters of the receiver's answer that are shown."""
_SHOWN_HEADERS: Final = ("x-skyvern-timestamp", "x-skyvern-signature", "Content-Type")


class RetryRunWebhook(Lazy):
    webhook_url: str | None = None


def retry_run_webhook(call: Call) -> Generator[Wait, None, JsonObject]:
    """Send the webhook again, once, to the run's receiver or another; the answer tells how it went.

    The body is made anew and says less than the first one. What becomes of it changes nothing of
    the run.
    """
    from skyvern_testkit.api.effects import render  # which needs the answers beside this module

    run_id = call.params["run_id"]
    run = find_run(call, run_id, f"Run {run_id} not found", hidden_too=True, unlisted_too=True)
    refuse_without_workflow(call, run)
    _refuse_unless_final(run)
    asked: RetryRunWebhook | None = call.body
    target = _target(run, asked.webhook_url if asked else None)
    began, world = call.now, call.world
    effect = world.emit(
        world.new_effect(kind="webhook", url=target, run=run, api_key=run.api_key, replayed=True)
    )
    sent = render(effect, world, call.links)
    yield After(effect.id)
    result = world.results[effect.id]
    return {
        "run_id": run.id,
        "run_type": run.run_type,
        "default_webhook_url": run.webhook_url,
        "target_webhook_url": target,
        "payload": sent.body.decode(),
        "headers": {name: sent.header(name) for name in _SHOWN_HEADERS},
        "status_code": result.status if result.contacted else 200,
        "latency_ms": (call.now - began) // MILLISECOND,
        "response_body": _shown(result.body),
        "error": _error(result),
    }


def _refuse_unless_final(run: Run) -> None:
    if not run.is_over:
        raise Refusal(400, f"Run {run.id} has not reached a terminal state (status={run.status}).")
    if run.retry_pending:
        raise Refusal(
            409, f"Run {run.id} is not final; webhook replay is unavailable until it is final."
        )


def _target(run: Run, asked: str | None) -> str:
    """Where it goes: to the address that was asked for, else to the run's own."""
    url = asked or run.webhook_url
    if not url:
        raise Refusal(400, "No webhook URL configured for the run.")
    target = checked_url(url, "url", any_length=True)
    if target is None or not is_known_host(target):
        raise Refusal(
            400,
            "Invalid url: unresolvable host. It is either blocked by SSRF protection or could not "
            "be resolved. Add the host to ALLOWED_HOSTS to test internal endpoints or use an "
            "external receiver such as webhook.site or requestbin.com.",
        )
    return target


def _shown(body: str) -> str | None:
    if len(body) > SHOWN:
        return f"{body[:SHOWN]}\n... (truncated)"
    return body or None


def _error(result: EffectResult) -> str | None:
    """In other words than the run's ``webhook_failure_reason`` has (seen on 1.0.56)."""
    if result.status is not None or not result.contacted:
        return None
    kind, _, text = (result.error or "").partition(": ")
    if kind.endswith("Timeout"):
        return "Request timed out after 60 seconds."
    known = "Could not reach URL" if kind == "ConnectError" else "Unexpected error"
    return f"{known}: {text}"


ENDPOINTS: Final = (
    Endpoint("retry_run_webhook", retry_run_webhook, body=RetryRunWebhook, body_required=False),
)
