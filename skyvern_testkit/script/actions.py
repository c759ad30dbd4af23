"""Single actions on a page, as ``run_sdk_action`` asks for them, and patterns for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Final

from skyvern_testkit.script.match import Pattern, fits, shown
from skyvern_testkit.wire.jsontext import Json

__all__ = ["ACTION_TYPES", "ActionAnswer", "ActionMatch", "ActionRule", "SdkAction"]

ACTION_TYPES: Final = (
    "ai_click",
    "ai_input_text",
    "ai_select_option",
    "ai_upload_file",
    "ai_act",
    "extract",
    "locate_element",
    "validate",
    "prompt",
)
"""As on the wire, in the order in which the server names them."""


@dataclass(frozen=True, slots=True)
class SdkAction:
    """What was asked of an action.

    Args:
        type: one of :data:`ACTION_TYPES`.
        prompt: what it is to do, in words: its ``prompt``, or the ``intention`` of those that have one.
        url: the page it is on.
        fields: everything that was sent of it, by wire names.
        browser_session_id: the session it is in.
        workflow_run_id: the run that it is part of, if the client named one.
    """

    type: str
    prompt: str | None = None
    url: str | None = field(default=None, repr=False)
    fields: Mapping[str, Json] = field(default_factory=dict[str, Json], repr=False)
    browser_session_id: str | None = None
    workflow_run_id: str | None = None


ActionAnswer = Json | Callable[[SdkAction], Json]
"""What an action answers, or a function of the action that says it."""


@dataclass(frozen=True, slots=True)
class ActionMatch:
    """A pattern for actions; a field left out matches every action.

    Args:
        type: as on the wire: ``extract``, ``ai_click``, or a pattern such as ``ai_*``.
        prompt: what the action is to do.
        url: the page it is on.

    Raises:
        ValueError: a type that no action has; the message names the nearest.
    """

    type: Pattern | None = None
    prompt: Pattern | None = None
    url: Pattern | None = None

    def __post_init__(self) -> None:
        wanted = self.type
        if isinstance(wanted, str) and not any(fits(wanted, name) for name in ACTION_TYPES):
            near = get_close_matches(wanted, ACTION_TYPES, n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            known = ", ".join(ACTION_TYPES)
            raise ValueError(f"{wanted!r} fits no type of action ({known}).{hint}")

    def is_for(self, type: str) -> bool:
        """Is it about actions of that type, among others?"""
        return self.type is None or fits(self.type, type)

    def fits(self, action: SdkAction) -> bool:
        """Is the action meant?"""
        return all(
            fits(pattern, getattr(action, item.name))
            for item in fields(self)
            if (pattern := getattr(self, item.name)) is not None
        )

    def __str__(self) -> str:
        given = (
            f"{item.name}={shown(pattern)}"
            for item in fields(self)
            if (pattern := getattr(self, item.name)) is not None
        )
        return f"on_action({', '.join(given)})"


@dataclass(frozen=True, slots=True)
class ActionRule:
    """``on_action(...)``: actions that match answer these, one each, the last for ever.

    ``organization_id``: for the actions of that organisation only; None: of all.
    """

    number: int
    match: ActionMatch
    answers: tuple[ActionAnswer, ...] = field(repr=False)
    organization_id: str | None = None

    def is_of(self, organization_id: str) -> bool:
        """Is it said for that organisation, among others?"""
        return self.organization_id in (None, organization_id)
