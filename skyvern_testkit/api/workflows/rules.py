"""Rules over several fields of one block, by the names that errors inside loops show.

A rule raises ``ValueError`` with the server's sentence; Pydantic makes the 422 of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, cast

from pydantic import model_validator

from skyvern_testkit.api.fields import check_timezone
from skyvern_testkit.api.workflows.words import error_codes
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["BRANCH_RULE", "RULES", "TIMEZONE_RULE"]

_LLM_KEY: Final = re.compile("[A-Z][A-Z0-9_.]*")
"""How the server's keys of models look. (It takes those of the providers that it is set up with.)"""


_TEMPLATE: Final = re.compile("{{|{%")


def normalize_llm_selection(block: Any) -> Any:
    key = (block.llm_key or "").strip()
    known = block.model is None and (_LLM_KEY.fullmatch(key) or _TEMPLATE.search(key))
    block.llm_key = key if known else None
    return block


def _validate_transport_fields(block: Any) -> Any:
    custom = (
        block.custom_smtp_host,
        block.custom_smtp_port,
        block.custom_smtp_username,
        block.custom_smtp_password,
    )
    if block.transport == "gmail":
        if any(custom):
            raise ValueError("custom SMTP settings cannot be combined with the gmail transport")
        return block
    if block.cc or block.bcc:
        raise ValueError("cc and bcc are only supported with the gmail transport")
    if "sender" not in block.model_fields_set:
        raise ValueError("sender is required unless the transport is gmail")
    return block


def validate_secret_response_paths_file_conflict(block: Any) -> Any:
    if block.secret_response_paths and block.save_response_as_file:
        raise ValueError("secret_response_paths cannot be combined with save_response_as_file")
    return block


def validate_no_match_error_code_prompt(block: Any) -> Any:
    if block.no_match_error_code and not (block.prompt or "").strip():
        raise ValueError("No Match Error Code requires a Prompt.")
    return block


def validate_branches(block: Any) -> Any:
    if not block.branch_conditions:
        raise ValueError("Conditional blocks require at least one branch.")
    if sum(branch.is_default for branch in block.branch_conditions) > 1:
        raise ValueError("Only one default branch is permitted per conditional block.")
    return block


def branch_has_criteria_or_is_default(branch: Any) -> Any:
    if branch.is_default and branch.criteria is not None:
        raise ValueError("Default branches may not define criteria.")
    if not branch.is_default and branch.criteria is None:
        raise ValueError("Branches without criteria must be marked as default.")
    return branch


def timezone_is_known(settings: Any) -> Any:
    check_timezone(settings.timezone_id)
    return settings


def code_takes_keys(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    given = cast("JsonObject", block)
    if "parameters" in given:  # as in a definition that was read back
        raise ValueError(
            "Code blocks do not accept a 'parameters' field; use 'parameter_keys' "
            "(a list of workflow parameter names) to inject parameters into the code block."
        )
    if given.get("error_code_mapping") is not None:
        error_codes(given["error_code_mapping"])
    return {**given, "steps": None} if "steps" in given else given


def _after(rule: Callable[[Any], Any]) -> Any:
    return model_validator(mode="after")(rule)


RULES: Final[dict[str, Any]] = {
    rule.__name__: _after(rule)
    for rule in (
        normalize_llm_selection,
        _validate_transport_fields,
        validate_secret_response_paths_file_conflict,
        validate_no_match_error_code_prompt,
        validate_branches,
    )
} | {
    "code_takes_keys": model_validator(mode="before")(code_takes_keys),
}

BRANCH_RULE: Final = _after(branch_has_criteria_or_is_default)
TIMEZONE_RULE: Final = _after(timezone_is_known)
