"""Why a run failed, in the server's categories: found in its reason, by words, where no model says it.

The words were found by letting blocks of the real server fail with them (recorded group
``categories``); what an exception tells of a task stands in the recorded lives.
"""

from __future__ import annotations

import re
from typing import Final

from skyvern_testkit.script import Family, State
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Run

__all__ = [
    "category_of_block",
    "category_of_task",
    "category_of_task_v2",
    "category_of_workflow_run",
    "main_category",
]

_BY_WORDS: Final[tuple[tuple[str, float, re.Pattern[str]], ...]] = tuple(
    (category, confidence, re.compile(words, re.DOTALL))
    for category, confidence, words in (
        ("BROWSER_ERROR", 0.9, "browser crash|browser context closed"),
        ("NAVIGATION_FAILURE", 0.9, "404|failed to navigate"),
        ("LLM_ERROR", 0.9, "llm rate limit|llm service errors.*rate limit"),
        ("MAX_STEPS_EXCEEDED", 0.9, "max steps|maximum steps|max number of|step limit"),
        ("PAGE_LOAD_TIMEOUT", 0.8, "timeout"),
        ("CREDENTIAL_ERROR", 0.8, "missing credential|credential not found"),
        ("ELEMENT_NOT_FOUND", 0.8, "element not found"),
        ("WEBSITE_ERROR", 0.7, "rate[- ]?limit|too many requests"),
        (
            "AUTH_FAILURE",
            0.7,
            "password|login failed|authentication failed|auth failed|mfa",
        ),
        ("DATA_EXTRACTION_FAILURE", 0.7, "extraction failed"),
        ("WRONG_PAGE_STATE", 0.6, "wrong page|unexpected page"),
    )
)
"""Category, how sure it is, and the words that tell it; in the order in which they are listed."""

_REASONING: Final = {
    "PAGE_LOAD_TIMEOUT": "Timeout in failure reason",
    "WEBSITE_ERROR": "External service rate-limit wording in an integration failure reason",
}
_MORE: Final[dict[str, JsonObject]] = {
    "WEBSITE_ERROR": {"reason_code": "external_service_throttle"}
}
_UNKNOWN: Final[JsonObject] = {
    "category": "UNKNOWN",
    "confidence_float": 0.5,
    "reasoning": "No keyword match found",
}

_EXCEPTIONS: Final = (
    (
        "Failed to create browser context",
        "BROWSER_ERROR",
        "UnknownErrorWhileCreatingBrowserContext",
    ),
    ("Failed to navigate to URL.", "NAVIGATION_FAILURE", "FailedToNavigateToUrl"),
    ("Browser state page is missing.", "BROWSER_ERROR", "MissingBrowserStatePage"),
    ("Browser session ", "BROWSER_ERROR", "BrowserSessionAlreadyOccupiedError"),
)
"""How the reason of a task begins that ended by an exception: category, and its class."""

_GIVEN_UP: Final = "The task could not be done."
"""A model's words in the real server."""
_LOST_PAGE: Final = "Browser state page is missing."


def category_of_task(run: Run) -> list[JsonObject] | None:
    """The ``failure_category`` of a task with an engine of its own; None of one that did not fail."""
    reason = run.failure_reason
    if run.status is not State.FAILED or reason is None:
        return None
    for words, category, exception in _EXCEPTIONS:
        if reason.startswith(words):
            return [_of_exception(category, exception)]
    return _by_words(reason)


def category_of_workflow_run(run: Run) -> list[JsonObject] | None:
    """The ``failure_category`` of a workflow run, also of the one behind a 2.0 task.

    One that was out of time has a category, too; one that was terminated has none.
    """
    reason = run.failure_reason
    if run.status not in (State.FAILED, State.TIMED_OUT) or reason is None:
        return None
    if _LOST_PAGE in reason:
        return [_of_exception("BROWSER_ERROR", "MissingBrowserStatePage")]
    return _by_words(reason)


def category_of_block(reason: str | None) -> list[JsonObject] | None:
    """What the task of a block says of itself: nothing, unless its page was lost."""
    if reason is None or not reason.startswith(_LOST_PAGE):
        return None
    return [_of_exception("BROWSER_ERROR", "MissingBrowserStatePage")]


def category_of_task_v2(run: Run) -> list[JsonObject] | None:
    """What a model says of a 2.0 task that it gave up; nobody says it of one that failed."""
    if run.status is not State.TERMINATED:
        return None
    return [{"category": "UNKNOWN", "confidence_float": 0.8, "reasoning": _GIVEN_UP}]


def main_category(run: Run) -> str | None:
    """What a failed workflow run is tagged with, and found by in ``GET /v1/runs``; tasks are not."""
    found = None if run.family is Family.TASK else category_of_workflow_run(run)
    return str(found[0]["category"]) if found else None


def _of_exception(category: str, exception: str) -> JsonObject:
    return {
        "category": category,
        "confidence_float": 0.9,
        "reasoning": f"Exception: {exception}",
        "evidence_source": "exception_type",
    }


def _by_words(reason: str) -> list[JsonObject]:
    text = reason.lower()
    found: list[JsonObject] = [
        {
            "category": category,
            "confidence_float": confidence,
            "reasoning": _REASONING.get(category, "Keywords matched"),
            "evidence_source": "keyword_match",
            **_MORE.get(category, {}),
        }
        for category, confidence, words in _BY_WORDS
        if words.search(text)
    ]
    if any(entry["category"] == "LLM_ERROR" for entry in found):  # no other service's limit then
        found = [entry for entry in found if entry["category"] != "WEBSITE_ERROR"]
    return found or [dict(_UNKNOWN)]
