"""What a run shows when it ends: output, failure reason, errors (facts: runs 3 and 4)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.script import Family, RunError, State, Step, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.rows import Run, Workflow
from skyvern_testkit.world.world import Advice, World

__all__ = [
    "BROWSERLESS",
    "default_output",
    "failure_reason",
    "otp_timeout",
    "session_lost",
    "shown_errors",
]

BROWSERLESS: Final = frozenset(
    {
        "code",
        "conditional",
        "data_export",
        "download_to_s3",
        "email_inbox",
        "file_upload",
        "file_url_parser",
        "for_loop",
        "google_sheets_read",
        "google_sheets_write",
        "http_request",
        "human_interaction",
        "pdf_fill",
        "pdf_parser",
        "send_email",
        "split_pdf",
        "terminate",
        "text_prompt",
        "upload_to_s3",
        "wait",
        "web_search",
        "while_loop",
        "workflow_trigger",
    }
)
"""Block types that open no browser task of their own."""

_DEFAULT_REASONS: Final = {
    State.FAILED: "The page did not react as expected.",
    State.TERMINATED: "The goal cannot be reached on this page.",
}
_SENTENCES: Final = {
    State.FAILED: "{block} block failed. failure reason: {reason}",
    State.TERMINATED: "{block} block terminated. Reason: {reason}",
}
_NO_REASON: Final = frozenset({State.COMPLETED, State.CANCELED})


def failure_reason(world: World, run: Run, state: State, reason: str | None) -> str | None:
    """The ``failure_reason`` that a run shows at that end.

    In a workflow run the block's reason stands inside the server's sentence.
    """
    if state in _NO_REASON:
        return None
    if state is State.TIMED_OUT:
        return reason or _elapsed_sentence(run)
    text = reason if reason is not None else _DEFAULT_REASONS[state]
    if run.family is not Family.WORKFLOW:
        return text
    return _SENTENCES[state].format(block=_working_block_type(world, run), reason=text)


def _elapsed_sentence(run: Run) -> str:
    minutes = run.max_elapsed_minutes or 0
    unit = "minute" if minutes == 1 else "minutes"
    return f"Workflow run exceeded max elapsed runtime limit of {minutes} {unit}."


def _working_block_type(world: World, run: Run) -> str:
    for block in reversed(run.blocks):
        if block.attempt == run.attempt:
            return block.block_type
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    blocks = workflow.blocks if workflow else []
    return str(blocks[0]["block_type"]) if blocks else "task"


def shown_errors(world: World, run: Run, errors: tuple[RunError, ...]) -> tuple[JsonObject, ...]:
    """The ``errors`` entries for scripted errors: codes that the caller did not map are dropped."""
    mapping = run.error_code_mapping or {}
    found: list[JsonObject] = []
    for error in errors:
        if error.code not in mapping:
            known = ", ".join(mapping) or "none"
            world.advice.append(
                Advice(
                    "unmapped_error_code",
                    f"run {run.id}: error code {error.code!r} is not in the caller's "
                    f"error_code_mapping (codes: {known}), so the server drops it",
                    run.id,
                )
            )
            continue
        found.append(
            {
                "error_code": error.code,
                "reasoning": error.reasoning or str(mapping[error.code]),
                "confidence_float": error.confidence,
                "error_type": "USER_DEFINED_ERROR",
            }
        )
    return tuple(found)


def otp_timeout(polled: str) -> tuple[str, JsonObject]:
    """Reason and error of a run whose second factor never came (facts: runs 9)."""
    return (
        f"No TOTP verification code found. Going to terminate. Polled source: {polled}.",
        {
            "error_code": "OTP_TIMEOUT",
            "reasoning": "Timeout getting TOTP verification code.",
            "confidence_float": 1.0,
            "error_type": "USER_DEFINED_ERROR",
        },
    )


def session_lost() -> str:
    """Reason of a run whose browser session was closed under it; the blanks are the server's."""
    return "Browser state page is missing.  "


def default_output(world: World, run: Run, step: Step) -> Json:
    """The output of a run that ends well, as the real server would have had it.

    What the script says wins, then what the run shows already. A 1.0 task with a url has none even
    with a schema (facts: runs 4), which is worth an advice.
    """
    if not isinstance(step.output, Unset):
        return step.output
    if run.output is not None:
        return run.output
    if run.family is Family.WORKFLOW:
        return _block_outputs(world, run)
    schema = run.data_extraction_schema
    if run.run_type == "task_v1" and run.input.url is not None:
        if schema is not None:
            world.advice.append(
                Advice(
                    "schema_without_extraction",
                    f"run {run.id}: a 1.0 task with a url gives no output for its "
                    "data_extraction_schema; use engine skyvern-2.0 or a workflow, or script the "
                    "output",
                    run.id,
                )
            )
        return None
    return plausible(schema, world.random) if schema is not None else None


def _block_outputs(world: World, run: Run) -> Json:
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    if workflow is None:
        return None
    outputs: JsonObject = {}
    extracted: list[Json] = []
    for block in workflow.blocks:
        value = _block_output(world, run, block)
        if value is _NO_OUTPUT:
            continue
        outputs[f"{block['label']}_output"] = value
        if block["block_type"] == "extraction":
            extracted.append(value["extracted_information"])
    return {**outputs, "extracted_information": extracted}


_NO_OUTPUT: Final = object()
_PLAIN_OUTPUTS: Final[dict[str, Json]] = {
    "wait": {"success": True},
    "code": None,
    "text_prompt": None,
    "terminate": _NO_OUTPUT,
}


def _block_output(world: World, run: Run, block: JsonObject) -> Json:
    kind = block["block_type"]
    if kind in BROWSERLESS:
        return _PLAIN_OUTPUTS.get(kind)
    information = None
    if kind == "extraction":
        information = plausible(block.get("data_schema") or {}, world.random)
    return {
        "task_id": world.new_id("tsk"),
        "status": "completed",
        "extracted_information": information,
        "failure_reason": None,
        "errors": [],
        "failure_category": None,
        "downloaded_files": [],
        "downloaded_file_urls": None,
        "downloaded_file_artifact_ids": None,
        "task_screenshots": None,
        "workflow_screenshots": None,
        "task_screenshot_artifact_ids": [],
        "workflow_screenshot_artifact_ids": [],
    }
