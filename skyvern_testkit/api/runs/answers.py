"""A run as the client sees it: what the create call answers, and what a later GET does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.files import artifact_url, file_info
from skyvern_testkit.script import Family
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.rows import Artifact, Attempt, Run
from skyvern_testkit.world.world import World

__all__ = [
    "attempt_body",
    "attempts_of",
    "block_output_body",
    "create_body",
    "downloads",
    "last_screenshot_url",
    "output_body",
    "queued_at",
    "recording_url",
    "run_body",
    "screenshot_urls",
]


def _app_url(run: Run, links: Links, *, created: bool) -> str:
    """Where people look at the run; of a task the place changes (facts: runs 2)."""
    if run.family is Family.TASK and not created:
        return f"{links.app_url}/tasks/{run.id}"
    return f"{links.app_url}/runs/{run.hidden_run_id or run.id}"


def create_body(run: Run, links: Links) -> JsonObject:
    """The answer of the create call: what is not known yet is null (facts: runs 2)."""
    nothing: JsonObject = {
        "output": None,
        "downloaded_files": None,
        "recording_url": None,
        "recording_archived": False,
        "screenshot_urls": None,
        "failure_reason": None,
    }
    body: JsonObject = {
        "run_id": run.id,
        "status": str(run.status),
        **nothing,
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        "queued_at": None,
        "started_at": None,
        "finished_at": None,
        "app_url": _app_url(run, links, created=True),
        "browser_session_id": run.browser_session_id if run.family is Family.WORKFLOW else None,
        "browser_profile_id": run.browser_profile_id if run.family is Family.WORKFLOW else None,
        "max_screenshot_scrolls": None,
        "script_run": None,
        "errors": None,
        "step_count": None,
        "run_type": run.run_type,
    }
    if run.family is Family.WORKFLOW:
        body |= _workflow_part(run, attempts=[])
    return {**body, "run_request": run.request}


def run_body(world: World, run: Run, links: Links) -> JsonObject:
    """The answer of ``get_run`` (facts: runs 2 and 4)."""
    workflow = run.family is Family.WORKFLOW
    body: JsonObject = {
        "run_id": run.id,
        "status": str(run.status),
        "output": output_body(world, run, links),
        "downloaded_files": None if run.files_lost else downloads(world, run, links),
        "recording_url": recording_url(world, run, links),
        "recording_archived": False,
        "screenshot_urls": screenshot_urls(world, run, links),
        "failure_reason": run.failure_reason,
        "created_at": timestamp(run.created_at),
        "modified_at": timestamp(run.modified_at),
        "queued_at": queued_at(run),
        "started_at": timestamp_or_none(run.started_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "app_url": _app_url(run, links, created=False),
        "browser_session_id": run.browser_session_id if workflow else None,
        "browser_profile_id": run.browser_profile_id if workflow else None,
        "max_screenshot_scrolls": run.request_read_back["max_screenshot_scrolls"]
        if workflow
        else None,
        "script_run": None,
        "errors": list(run.errors),
        "step_count": run.step_count,
        "run_type": run.run_type,
    }
    if workflow:
        body |= _workflow_part(run, attempts=[attempt_body(entry) for entry in attempts_of(run)])
    return {**body, "run_request": run.request_read_back}


def queued_at(run: Run) -> str | None:
    """When it was queued; without fraction of a second where a workflow run waits for its turn.

    That is in a browser session, and of a workflow whose runs go one after the other.
    """
    if run.queued_at is None:
        return None
    written = timestamp(run.queued_at)
    in_session = run.family is Family.WORKFLOW and bool(run.request.get("browser_session_id"))
    return written.partition(".")[0] if in_session or run.in_turn else written


def attempts_of(run: Run) -> tuple[Attempt, ...]:
    """The attempts so far, the one under way included (facts: runs 3.4)."""
    if any(entry.number == run.attempt for entry in run.attempts):
        return run.attempts
    current = Attempt(
        number=run.attempt,
        status=run.status,
        failure_reason=None,
        error_codes=(),
        started_at=run.started_at,
        finished_at=None,
    )
    return (*run.attempts, current)


def attempt_body(entry: Attempt) -> JsonObject:
    return {
        "attempt_number": entry.number,
        "status": str(entry.status),
        "failure_reason": entry.failure_reason,
        "error_codes": list(entry.error_codes),
        "started_at": timestamp_or_none(entry.started_at),
        "finished_at": timestamp_or_none(entry.finished_at),
        "retry_decision": entry.decision,
        "decision_reason": entry.decision_reason,
        "next_attempt_at": timestamp_or_none(entry.next_attempt_at),
        "webhook_sent_at": timestamp_or_none(entry.webhook_sent_at),
    }


def _workflow_part(run: Run, *, attempts: list[JsonObject]) -> JsonObject:
    return {
        "attempt": run.attempt,
        "retry_pending": run.retry_pending,
        "next_attempt_at": timestamp_or_none(run.next_attempt_at),
        "attempts": attempts,
        "run_with": run.run_with,
        "ai_fallback": run.ai_fallback,
        "script_id": None,
        "browser_seed_source": run.browser_seed_source,
        "browser_settings_receipt": None,
    }


def screenshot_urls(world: World, run: Run, links: Links) -> Json:
    """The latest pictures, newest first; null until there is one."""
    if not run.screenshots:
        return None
    return [_url(world, artifact_id, run, links) for artifact_id in run.screenshots]


def last_screenshot_url(world: World, run: Run, links: Links) -> str | None:
    """The very last picture, which ``screenshot_urls`` of a task leaves out."""
    last = run.last_screenshot or next(iter(run.screenshots), None)
    return _url(world, last, run, links) if last else None


def recording_url(world: World, run: Run, links: Links) -> str | None:
    """The recording: it grows while the run works, and gets another name when it is final.

    A canceled task loses it; in a browser session only tasks show it before the session is over
    (recorded lives ``t1_alone_cancel``, ``se_*``).
    """
    if run.recording is None or run.files_lost:
        return None
    session = world.session_of(run)
    if session is not None and not session.is_over and run.family is not Family.TASK:
        return None
    return _url(world, run.recording, run, links)


def downloads(world: World, run: Run, links: Links) -> list[JsonObject]:
    """The files that the run downloaded."""
    return _files(world, run.downloads, run, links)


def _files(world: World, ids: Iterable[str], run: Run, links: Links) -> list[JsonObject]:
    found = (world.get(Artifact, item, run.organization_id) for item in ids)
    return [file_info(run, artifact, links) for artifact in found if artifact is not None]


def _url(world: World, artifact_id: str, run: Run, links: Links) -> str:
    artifact = world.get(Artifact, artifact_id, run.organization_id)
    assert artifact is not None, "a run names only artifacts of its own"  # noqa: S101
    return artifact_url(run, artifact, links)


# --- outputs ----------------------------------------------------------------------------------


def output_body(world: World, run: Run, links: Links) -> Json:
    """The run's output; the files and pictures of its blocks have addresses here."""
    if run.family is not Family.WORKFLOW or run.output_is_scripted or run.output is None:
        return run.output
    return {
        name: value if name == "extracted_information" else _addressed(world, run, value, links)
        for name, value in run.output.items()
    }


def _addressed(world: World, run: Run, value: Json, links: Links) -> Json:
    """A block's output with addresses for its files and pictures."""
    if not _is_task_output(value):
        return value
    # of a retried run all are named, and those of the present attempt have addresses
    now = {
        shot for block in run.blocks if block.attempt == run.attempt for shot in block.screenshots
    }
    pictures = {
        name: [_url(world, item, run, links) for item in value[ids] if item in now] or None
        for name, ids in _PICTURES
    }
    return {**block_output_body(world, run, value, links), **pictures}


_PICTURES: Final = (
    ("task_screenshots", "task_screenshot_artifact_ids"),
    ("workflow_screenshots", "workflow_screenshot_artifact_ids"),
)


def block_output_body(world: World, run: Run, value: Json, links: Links) -> Json:
    """A block's output as the timeline has it: with addresses for its files alone (facts: runs 6)."""
    if not _is_task_output(value) or not value["downloaded_file_artifact_ids"]:
        return value
    files = _files(world, value["downloaded_file_artifact_ids"], run, links)
    return {
        **value,
        "downloaded_files": files,
        "downloaded_file_urls": [item["url"] for item in files],
    }


def _is_task_output(value: Json) -> bool:
    return isinstance(value, dict) and "task_screenshot_artifact_ids" in value
