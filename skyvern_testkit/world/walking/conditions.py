"""Conditionals: which branch is taken, and what the timeline tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from skyvern_testkit.script import UNSET, State, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.walking.begun import Block
from skyvern_testkit.world.walking.loops import is_true
from skyvern_testkit.world.walking.templates import (
    TemplateError,
    evaluate,
    not_formatted,
    single_expression,
)
from skyvern_testkit.world.walking.walk import Outcome

__all__ = ["conditional"]

_UNMATCHED: Final = "No conditional branch matched and no default branch configured"


@dataclass(frozen=True, slots=True)
class _Judged:
    """What became of a branch's criterion."""

    result: bool | None
    rendered: str | None = None
    error: str | None = None


def conditional(
    block: Block, parameters: Mapping[str, Json], said: Json | Unset = UNSET
) -> Outcome:
    """Which branch is taken: the first whose condition holds, else the default.

    Args:
        block: it begins.
        parameters: of the run: their values stand in the condition as it is shown.
        said: the branch that a script takes: the label it leads to, or its index; without one a
            condition in words, which a model would judge, does not hold.
    """
    branches: list[JsonObject] = block.definition.get("branch_conditions") or []
    evaluations: list[JsonObject] = []
    error: str | None = None
    taken: int | None = None
    default = next((at for at, branch in enumerate(branches) if branch.get("is_default")), None)
    for index, branch in enumerate(branches):
        if branch.get("is_default"):
            continue
        judged = _judge(block, branch, parameters, index, said)
        evaluations.append(_evaluation(index, branch, judged))
        if judged.error is not None and error is None:
            label = block.definition["label"]
            error = f"Failed to evaluate branch {index} for {label}: {judged.error}"
        if judged.result:
            taken = index
            break
    if taken is None and default is not None:
        taken = default
        evaluations.append(_evaluation(default, branches[default], None))
    output = _output(taken, branches, evaluations)
    if error is not None:
        output["evaluation_error"] = error
    if taken is None:
        return Outcome(state=State.FAILED, reason=_UNMATCHED, output=output)
    return Outcome(output=output)


def _criteria(branch: JsonObject) -> JsonObject:
    return branch.get("criteria") or {}


def _judge(
    block: Block,
    branch: JsonObject,
    parameters: Mapping[str, Json],
    index: int,
    said: Json | Unset,
) -> _Judged:
    expression = str(_criteria(branch).get("expression") or "")
    if not isinstance(said, Unset):
        return _Judged(said in (index, branch.get("next_block_label")) and said is not None)
    if _criteria(branch).get("criteria_type") == "prompt" or single_expression(expression) is None:
        return _Judged(result=False)
    try:
        result = is_true(evaluate(expression, block.names))
    except TemplateError as error:
        return _Judged(None, error=str(not_formatted(expression, error)))
    return _Judged(result, _filled_in(expression, parameters) if result else None)


def _evaluation(index: int, branch: JsonObject, judged: _Judged | None) -> JsonObject:
    """What is told of a branch; None: it is the default, which has no condition."""
    criteria = _criteria(branch)
    rendered: JsonObject = {}
    if judged is None or judged.rendered is not None:
        rendered["rendered_expression"] = judged.rendered if judged else None
    return {
        "branch_id": branch.get("id"),
        "branch_index": index,
        "criteria_type": criteria.get("criteria_type"),
        "original_expression": criteria.get("expression"),
        **rendered,
        "result": judged.result if judged else None,
        "is_matched": judged is None or bool(judged.result),
        "is_default": judged is None,
        "next_block_label": branch.get("next_block_label"),
        "error": judged.error if judged else None,
    }


def _output(
    taken: int | None, branches: list[JsonObject], evaluations: list[JsonObject]
) -> JsonObject:
    branch: JsonObject = branches[taken] if taken is not None else {}
    criteria = _criteria(branch)
    return {
        "branch_taken": branch.get("next_block_label"),
        "branch_index": taken,
        "branch_id": branch.get("id"),
        "branch_description": branch.get("description"),
        "criteria_type": criteria.get("criteria_type"),
        "criteria_expression": criteria.get("expression"),
        "next_block_label": branch.get("next_block_label"),
        "evaluations": list(evaluations),
        "llm_response": None,
        "llm_prompt": None,
    }


_NAME: Final = re.compile(r"(?P<text>'[^']*'|\"[^\"]*\")|(?<![\w.])(?P<name>[A-Za-z_]\w*)")


def _filled_in(expression: str, parameters: Mapping[str, Json]) -> str:
    """A condition with the values of the run's parameters, as the server shows it.

    Recorded: ``{{ n > 2 }}`` is shown as ``3 > 2``; the turn of a loop keeps its name.
    """
    inside = single_expression(expression)

    def fill(match: re.Match[str]) -> str:
        name = match["name"]
        return _as_shown(parameters[name]) if name in parameters else match[0]

    return _NAME.sub(fill, expression if inside is None else inside)


def _as_shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)
