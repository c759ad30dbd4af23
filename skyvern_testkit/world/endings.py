"""What a run shows when it ends: output, failure reason, errors (facts: runs 3 and 4)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from skyvern_testkit.script import Family, RunError, State
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.blocks import current_block, definitions_of
from skyvern_testkit.world.own_errors import is_server_code
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = [
    "block_reason",
    "default_output",
    "failure_reason",
    "missing_source",
    "navigation_error",
    "otp_error",
    "otp_timeout",
    "session_lost",
    "shown_errors",
]

_DEFAULT_REASONS: Final = {
    State.FAILED: "The page did not react as expected.",
    State.TERMINATED: "The goal cannot be reached on this page.",
}
_SENTENCES: Final = {
    State.FAILED: "{block} block failed. failure reason: {reason}",
    State.TERMINATED: "{block} block terminated. Reason: {reason}",
}


def block_reason(state: State, reason: str | None) -> str | None:
    """Why the work itself ended so: the reason of a task, or of the block at work."""
    return reason if reason is not None else _DEFAULT_REASONS.get(state)


def failure_reason(world: World, run: Run, state: State, reason: str | None) -> str | None:
    """The ``failure_reason`` that a run shows at that end.

    In a workflow run the block's reason stands inside the server's sentence.
    """
    match state:
        case State.COMPLETED | State.CANCELED:
            return None
        case State.TIMED_OUT:
            return reason or _elapsed_sentence(run)
        case _ if run.family is not Family.WORKFLOW:
            return block_reason(state, reason)
        case _:
            text = block_reason(state, reason)
            return _SENTENCES[state].format(block=_working_block_type(world, run), reason=text)


def _elapsed_sentence(run: Run) -> str:
    minutes = run.max_elapsed_minutes or 0
    unit = "minute" if minutes == 1 else "minutes"
    return f"Workflow run exceeded max elapsed runtime limit of {minutes} {unit}."


def _working_block_type(world: World, run: Run) -> str:
    block = current_block(run)
    if block is not None:
        return block.block_type
    definitions = definitions_of(world, run)
    return str(definitions[0]["block_type"]) if definitions else "task"


_LOST_PAGE: Final = re.compile(r"^Failed to navigate to url .*?(net::ERR_\w+)", re.DOTALL)


def navigation_error(reason: str | None) -> JsonObject | None:
    """The ``errors`` entry of a block whose page could not be opened; it has no ``error_type``.

    The server makes the code from the browser's own (facts: runs 3.3).
    """
    match = _LOST_PAGE.match(reason or "")
    if match is None:
        return None
    return {"error_code": match.group(1), "reasoning": reason, "confidence_float": 1.0}


def shown_errors(world: World, run: Run, errors: tuple[RunError, ...]) -> tuple[JsonObject, ...]:
    """The ``errors`` entries for scripted errors: codes that the caller did not map are dropped."""
    mapping = run.error_code_mapping or {}
    found: list[JsonObject] = []
    for error in errors:
        if error.code in mapping:
            found.append(
                {
                    "error_code": error.code,
                    "reasoning": error.reasoning or str(mapping[error.code]),
                    "confidence_float": error.confidence,
                    "error_type": "USER_DEFINED_ERROR",
                }
            )
            continue
        if is_server_code(error.code):
            continue  # own_errors says what becomes of it
        known = ", ".join(mapping) or "none"
        advise(world, "unmapped_error_code", run.id, code=error.code, known=known)
    return tuple(found)


_NO_CODE: Final = "No TOTP verification code found. Going to terminate."


def _otp_error(code: str, reasoning: str) -> JsonObject:
    return {
        "error_code": code,
        "reasoning": reasoning,
        "confidence_float": 1.0,
        "error_type": "USER_DEFINED_ERROR",  # although the server made it (facts: runs 4)
    }


def otp_timeout(polled: str, statuses: tuple[int, ...] = ()) -> tuple[str, JsonObject]:
    """Reason and error of a run whose second factor never came (facts: runs 9).

    Args:
        polled: where it was looked for.
        statuses: what a ``totp_url`` answered that never said anything of the expected form.
    """
    error = _otp_error("OTP_TIMEOUT", "Timeout getting TOTP verification code.")
    reason = f"{_NO_CODE} Polled source: {polled}."
    if statuses:
        counted = ",".join(f"{status}x{times}" for status, times in Counter(statuses).items())
        reason += (
            " The endpoint responded to every poll but never returned the expected "
            '{"verification_code":"123456"} body '
            f"(webhook_responses={len(statuses)} http_status={counted})."
        )
    return reason, error


def otp_error(cause: str) -> tuple[str, JsonObject]:
    """Reason and error of a run whose ``totp_url`` could not be asked at last (facts: runs 9)."""
    reason = f"Failed to get TOTP verification code. Going to terminate. Reason: {cause}"
    return reason, _otp_error("OTP_ERROR", "Failed to get TOTP verification code.")


def missing_source() -> tuple[str, JsonObject]:
    """Reason and error of a run that needs a second factor and was given no source of one."""
    return _NO_CODE, _otp_error("MISSING_TOTP_SOURCE", "No source of TOTP codes is configured.")


_LOST_SESSION: Final = {
    Family.TASK: "Browser state page is missing.  ",  # the blanks are the server's
    Family.WORKFLOW: "Browser state page is missing.  ",
    Family.TASK_V2: "Task exceeded maximum of 50 planning iterations. "
    "Consider simplifying the task or breaking it into smaller steps.",
}


def session_lost(family: Family) -> str:
    """Reason of a run whose browser session was closed under it (recorded lives ``se_lost_*``)."""
    return _LOST_SESSION[family]


def default_output(world: World, run: Run) -> Json:
    """The output of a task that ends well.

    What the script says wins, None included; the real server does not hold it against the caller's
    schema, but a test's author wants to know. Without a script a 1.0 task with a url has none even
    with a schema (facts: runs 4), which is worth an advice too.
    """
    schema = run.data_extraction_schema
    if run.output_is_scripted:
        _advise_on_schema(world, run, schema)
        return run.output
    if run.output is not None or schema is None:
        return run.output
    if run.run_type == "task_v1" and run.input.url is not None:
        advise(world, "schema_without_extraction", run.id)
        return None
    return plausible(schema, world.random)


def _advise_on_schema(world: World, run: Run, schema: Json) -> None:
    if schema is None or run.output is None:
        return
    from skyvern_testkit.world.schemas import conforms

    violations = conforms(run.output, schema)
    if violations:
        advise(world, "output_against_schema", run.id, violation=violations[0])
