"""The request models, made from the tables when the first workflow is checked.

They carry the names that the server's errors show. Making them costs some 100 ms, which a test
that uses no workflow does not pay.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Annotated, Any, Final, ForwardRef, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    create_model,
    model_validator,
)

from skyvern_testkit.api.fields import GeoTarget, ProxyLocation
from skyvern_testkit.api.narrowing import Missing, narrowed_annotation
from skyvern_testkit.api.workflows import blocks, parameters
from skyvern_testkit.api.workflows.rules import BRANCH_RULE, RULES, TIMEZONE_RULE
from skyvern_testkit.api.workflows.words import (
    each_status_once,
    enumeration,
    enumerations_without,
    fields,
)
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["request_model"]

CREATE_TAKES: Final = """
    title: str, recording_id: str?, description: str?, proxy_location: proxy?,
    webhook_callback_url: str?, totp_verification_url: str?, totp_identifier: str?,
    persist_browser_session: bool = False, reuse_browser_session: bool = False, mask_secrets: bool?,
    pin_saved_session_ip: bool = False, browser_profile_id: str?, browser_profile_key: profile_key?,
    model: json?, workflow_definition: definition, is_saved_task: bool = False,
    max_screenshot_scrolls: int?, max_elapsed_time_minutes: minutes?, extra_http_headers: map?,
    cdp_connect_headers: map?, status: WorkflowStatus = 'published', run_with: run_with = 'agent',
    browser_type: browser_type?, ai_fallback: bool = True, cache_key: str? = 'default',
    adaptive_caching: bool = False, enable_self_healing: bool?, code_version: code_version?,
    generate_script_on_terminal: bool = False, run_sequentially: bool = False, sequential_key: str?,
    folder_id: str?
"""
DEFINITION_TAKES: Final = """
    version: int?, parameters: parameters, blocks: blocks, finally_block_label: str?,
    error_code_mapping: map?, retry_policy: retry_policy?, workflow_system_prompt: str?,
    completion_contract: json?, browser_settings: browser_settings?
"""
RETRY_RULE_TAKES: Final = """
    status: 'completed'|'failed'|'terminated'|'canceled'|'timed_out', error_codes: some_texts?
"""
RETRY_POLICY_TAKES: Final = """
    max_retries: retries = 1, delay_seconds: retry_delay = 0,
    webhook_on_retry: 'final_only'|'every_attempt' = 'final_only', retry_on: retry_rules
"""
BRANCH_TAKES: Final = """
    criteria: criteria?, next_block_label: str?, description: str?, is_default: bool = False
"""
CRITERIA_TAKES: Final = """
    criteria_type: 'jinja2_template'|'prompt' = 'jinja2_template', expression: str, description: str?
"""
STEP_TAKES: Final = """
    description: str?, action_type: str = 'null_action', line_start: int?, line_end: int?
"""


class _Part(BaseModel):
    """A piece of the request; it is built together with the whole."""

    model_config = ConfigDict(defer_build=True, validate_default=True)


def _model(
    name: str,
    takes: str,
    words: JsonObject | None = None,
    *,
    tag: JsonObject | None = None,
    rule: Any = None,
) -> type[BaseModel]:
    return create_model(
        name,
        __base__=_Part,
        __validators__={"rule": rule} if rule is not None else None,
        **(tag or {}),
        **fields(takes, words),
    )


@cache
def request_model(missing: Missing = frozenset()) -> type[BaseModel]:
    """The model of the request that makes a workflow, made once.

    Args:
        missing: words that it does not know, such as ``("BlockType", "while_loop")``.
    """
    definition = _model(
        "WorkflowDefinitionYAML",
        DEFINITION_TAKES,
        {
            "parameters": _list_of(_one_of(_parameter_models(), "parameter_type")),
            "blocks": _list_of(_one_of(_block_models(missing), "block_type")),
            "retry_policy": _retry_policy(),
            "browser_settings": _model("BrowserSettings", "timezone_id: str?", rule=TIMEZONE_RULE),
        },
        rule=model_validator(mode="after")(_holds_together),
    )
    proxy = Annotated[
        ProxyLocation | GeoTarget | dict,  # type: ignore[type-arg] # as errors name it
        Field(union_mode="left_to_right"),
    ]
    words = {"definition": definition, "proxy": narrowed_annotation(proxy, missing)}
    return _model("WorkflowCreateYAMLRequest", CREATE_TAKES, words)


_ODD_MEMBERS: Final = {"task_v2": "TaskV2"}
_PLAIN_TAGS: Final = {"bitwarden_sensitive_information"}
"""Warts of the server's enumerations, which errors that list them show."""


def _tags(name: str, types: list[str]) -> dict[str, Any]:
    """The tag of each type: a member of an enumeration."""
    members = enumeration(name, {_ODD_MEMBERS.get(value, value.upper()): value for value in types})
    return {value: value if value in _PLAIN_TAGS else members(value) for value in types}


def _tag(field: str, tag: Any) -> JsonObject:
    return {field: (Literal[tag], tag)}


def _list_of(item: Any, *checks: Any) -> Any:
    return Annotated[list[item], *checks] if checks else list[item]


def _one_of(found: list[type[BaseModel]], discriminator: str) -> Any:
    return Annotated[Union[tuple(found)], Field(discriminator=discriminator)]  # noqa: UP007


def _parameter_models() -> list[type[BaseModel]]:
    tags = _tags("ParameterType", [row.type for row in parameters.PARAMETERS])
    found: list[type[BaseModel]] = []
    for row in parameters.PARAMETERS:
        tag = _tag("parameter_type", tags[row.type])
        takes = ", ".join(filter(None, (parameters.HEAD_TAKES, row.takes)))
        found.append(_model(row.model, takes, tag=tag))
    return found


def _block_models(missing: Missing) -> list[type[BaseModel]]:
    rows = [row for row in blocks.BLOCKS if ("BlockType", row.type) not in missing]
    tags = _tags("BlockType", [row.type for row in rows])
    criteria = _model("BranchCriteriaYAML", CRITERIA_TAKES)
    branch = _model("BranchConditionYAML", BRANCH_TAKES, {"criteria": criteria}, rule=BRANCH_RULE)
    step = _model("CodeBlockStepYAML", STEP_TAKES)
    words: JsonObject = {
        **enumerations_without(missing),
        "blocks": _list_of(ForwardRef("AnyBlock")),
        "criteria": criteria,
        "branches": _list_of(branch),
        "steps": _list_of(step),
    }
    found: list[type[BaseModel]] = []
    for row in rows:
        tag = _tag("block_type", tags[row.type])
        takes = f"{blocks.HEAD_TAKES}, {row.takes}"
        found.append(
            _model(row.model, takes, words, tag=tag, rule=RULES[row.rule] if row.rule else None)
        )
    for model in found:
        model.model_rebuild(_types_namespace={"AnyBlock": Union[tuple(found)]})  # noqa: UP007
    return found


def _retry_policy() -> type[BaseModel]:
    rule = _model("WorkflowRetryRule", RETRY_RULE_TAKES)
    rules = _list_of(rule, Field(min_length=1), AfterValidator(each_status_once))
    return _model("WorkflowRetryPolicy", RETRY_POLICY_TAKES, {"retry_rules": rules})


# --- what holds for the definition as a whole -------------------------------------------------


def _holds_together(definition: Any) -> Any:
    labels = [block.label for block in definition.blocks]
    twice = sorted(label for label, count in Counter(labels).items() if count > 1)
    if twice:
        raise ValueError(
            "Block labels must be unique within a workflow. "
            f"Found duplicate label(s): {', '.join(twice)}"
        )
    last = definition.finally_block_label
    if last and last not in labels:
        raise ValueError(
            f"finally_block_label '{last}' does not reference a valid block. "
            f"Available labels: {', '.join(labels) or '(none)'}"
        )
    linked = any(
        block.next_block_label is not None or block.block_type == "conditional"
        for block in definition.blocks
    )
    if definition.version is not None and definition.version < 2 and linked:
        raise ValueError(
            "workflow_definition.version must be 2 or greater when using conditional blocks or "
            "explicit next_block_label routing."
        )
    definition.version = definition.version or (2 if linked else 1)
    return definition
