"""``fake.on_action(...).answer(...)``: what single actions of the SDK's browser answer."""

from __future__ import annotations

import json
from collections.abc import Callable

from skyvern_testkit.script.actions import ActionAnswer, ActionMatch, ActionRule

__all__ = ["OnAction"]


class OnAction:
    """A pattern that waits for its answers.

    Args:
        add: makes the rule, once it has them.
        match: the pattern.
        said_at: where.

    Attributes:
        match: the pattern.
        said_at: ``file:line`` where it was said.
        is_answered: it has answers.
    """

    def __init__(
        self,
        add: Callable[[ActionMatch, tuple[ActionAnswer, ...]], ActionRule],
        match: ActionMatch,
        said_at: str = "",
    ) -> None:
        self._add = add
        self.match = match
        self.said_at = said_at
        self.is_answered = False

    def answer(self, *answers: ActionAnswer) -> ActionRule:
        """Let the actions that match answer these: the first the first, and so on.

        The last answer serves all further actions. An answer is JSON, or a function that is given
        the :class:`~skyvern_testkit.script.actions.SdkAction` and returns it.

        Raises:
            TypeError: no answer, or one that is no JSON.
        """
        if not answers:
            raise TypeError("answer() needs at least one answer, such as {'price': 12.5}")
        for given in answers:
            if not callable(given):
                json.dumps(given)
        rule = self._add(self.match, answers)
        self.is_answered = True
        return rule
