"""What single actions answer: what a test said of them, or something an action could have found."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.script.actions import ActionAnswer, ActionMatch, ActionRule, SdkAction
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.rows import Run
from skyvern_testkit.world.world import World

__all__ = ["add_action_rule", "answer_to"]

_EXTRACTED: Final = {
    "type": "object",
    "properties": {"extracted_information": {"type": "string"}},
    "required": ["extracted_information"],
}
_PROMPTED: Final = {
    "type": "object",
    "properties": {"llm_response": {"type": "string"}},
    "required": ["llm_response"],
}
_GIVEN: Final = {
    "ai_click": "selector",
    "ai_input_text": "value",
    "ai_select_option": "value",
    "ai_upload_file": "file_url",
}
"""Actions that answer with what they were given, and under which name that was."""


def add_action_rule(
    world: World,
    match: ActionMatch,
    answers: tuple[ActionAnswer, ...],
    organization_id: str | None = None,
) -> ActionRule:
    """From now on, actions that match answer these.

    Args:
        world: whose actions.
        match: which.
        answers: at least one.
        organization_id: whose actions only; None: of all.
    """
    rule = ActionRule(len(world.action_rules) + 1, match, answers, organization_id)
    world.action_rules = (*world.action_rules, rule)
    return rule


def answer_to(world: World, action: SdkAction, run: Run) -> Json:
    """The result of an action: of the last rule said that matches, or a plausible one.

    Args:
        world: where it happens.
        action: what was asked.
        run: the workflow run that it is part of.

    Raises:
        Exception: a user's function went wrong.
    """
    rules = [rule for rule in world.action_rules if rule.is_of(run.organization_id)]
    for rule in reversed(rules):
        if rule.match.fits(action):
            used = world.action_uses.get(rule.number, 0)
            world.action_uses[rule.number] = used + 1
            answer = rule.answers[min(used, len(rule.answers) - 1)]
            return answer(action) if callable(answer) else answer
    near = [str(rule.match) for rule in rules if rule.match.is_for(action.type)]
    if near:
        asked = {"type": action.type, "prompt": action.prompt, "rules": ", ".join(near)}
        advise(world, "action_unmatched", run.id, **asked)
    return _plausible(world, action)


def _plausible(world: World, action: SdkAction) -> Json:
    asked = action.fields
    match action.type:
        case "extract":
            return plausible(asked.get("extract_schema") or _EXTRACTED, world.random)
        case "prompt":
            return plausible(asked.get("response_schema") or _PROMPTED, world.random)
        case "validate":
            return True
        case "locate_element":
            return "xpath=/html/body"
        case "ai_act":
            return None
        case kind:
            return asked.get(_GIVEN[kind])
