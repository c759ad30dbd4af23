"""Errors that the server itself finds, not the model: steps or retries used up, a page that is not there.

A script names them by their code, ``failed(error_code="REACH_MAX_STEPS")``; the sentences are the
server's (facts: runs 3.1 to 3.3; recorded lives).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from skyvern_testkit.script import Family, RunError, State, Step
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.rows import Run

__all__ = ["Found", "found_by_server", "is_server_code"]


@dataclass(frozen=True, slots=True)
class Found:
    """What the server says of an end that it came to itself.

    Args:
        reason: why the work ended so.
        errors: its entries of ``errors``; a page that is not there has none of its own here.
        step_count: how many steps there were, if that is known from the code.
    """

    reason: str
    errors: tuple[JsonObject, ...] = ()
    step_count: int | None = None


_MAX_STEPS: Final = "REACH_MAX_STEPS"
_MAX_RETRIES: Final = "REACH_MAX_RETRIES"
_PAGE: Final = re.compile(r"net::ERR_\w+")

_ENTRIES: Final = {
    _MAX_STEPS: "The agent has reached the maximum number of steps.",
    _MAX_RETRIES: "The agent has reached the maximum number of retries. It might be an issue with "
    "the agent. Please reach out to the Skyvern team for support.",
}
"""``reasoning`` of the entry; it has no ``confidence_float``."""

_NO_ACTIONS: Final = (
    "The task failed because all 3 retry attempts failed to generate actions. This is typically "
    "caused by the page content exceeding the LLM context window, LLM service errors during action "
    "extraction (rate limiting, service outages), a malformed model response that could not be "
    "parsed into actions, or oversized input data. If the input is large, try reducing the page "
    "content or input data size."
)
_ADVICE: Final = (
    ' If you need more steps, update the "Max Steps Override" configuration when running the task. '
    'Or add/update the "x-max-steps-override" header with your desired number of steps in the API '
    "request."
)
_SUMMARY: Final = "The page did not react as expected."  # a model's words in reality
_TURNS: Final = (
    "The run reached its turn budget before the model finished; the recorded output may be partial."
)

_STEPS: Final = {Family.TASK: 10, Family.WORKFLOW: 10, Family.TASK_V2: 25}
"""How many steps there are where nobody says (facts: runs 11)."""


def is_server_code(code: str) -> bool:
    """Does the server itself find that error?"""
    return code in _ENTRIES or _PAGE.fullmatch(code) is not None


def found_by_server(run: Run, step: Step) -> Found | None:
    """What the server says of the end in ``step``, if one of its errors is the server's own.

    A code of the caller's own mapping is the caller's, whatever it is called.
    """
    own = (error for error in step.errors if error.code not in (run.error_code_mapping or {}))
    error = next((error for error in own if is_server_code(error.code)), None)
    if error is None or step.state not in (State.FAILED, State.TERMINATED):
        return None
    if error.code == _MAX_STEPS:
        return _steps_used_up(run, step)
    if error.code == _MAX_RETRIES:
        summary = step.reason or _NO_ACTIONS
        reason = f"Max retries per step (3) exceeded. Possible failure reasons: {summary}"
        return Found(reason, _entries(run, step, _MAX_RETRIES))
    return Found(_lost_page(run, step, error))


def _entries(run: Run, step: Step, code: str) -> tuple[JsonObject, ...]:
    """The entry of ``errors``; a 2.0 task has none, and a terminated run only the caller's."""
    if run.family is Family.TASK_V2 or step.state is State.TERMINATED:
        return ()
    return (
        {
            "error_code": code,
            "reasoning": _ENTRIES[code],
            "error_type": "SYSTEM_DEFINED_ERROR",
        },
    )


def _steps_used_up(run: Run, step: Step) -> Found:
    steps = _allowed(run)
    summary = step.reason or _SUMMARY
    if run.run_type == "task_v3":
        return Found(_TURNS)
    if run.family is Family.TASK_V2:
        said = f"Reached the max number of {steps} steps. Possible failure reasons: {summary}"
        return Found(said + _ADVICE, step_count=steps)
    said = f"Reached the maximum steps ({steps}). Possible failure reasons: {summary}"
    return Found(said, _entries(run, step, _MAX_STEPS), step_count=steps + 1)


def _allowed(run: Run) -> int:
    block = current_block(run) if run.family is Family.WORKFLOW else None
    asked = (
        block.definition.get("max_steps_per_run")
        if block is not None
        else run.request_read_back.get("max_steps") or run.request.get("max_steps")
    )
    return int(asked or _STEPS[run.family])


def _lost_page(run: Run, step: Step, error: RunError) -> str:
    block = current_block(run)
    url = str(block.definition.get("url") if block else run.input.url)
    text = step.reason or (
        f"Page.goto: {error.code} at {url}\n"
        f'Call log:\nnavigating to "{url}", waiting until "commit"\n'
    )
    if run.family is Family.TASK:
        return f"Failed to navigate to URL. URL:{url}, Error:{text}"
    return f"Failed to navigate to url {url}. Error message: {text}"
