"""``fake.on(...).play(...)``: give scripts to the runs that match."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar, overload

from skyvern_testkit.script import (
    GeneratorScript,
    Match,
    RunFunction,
    RunScript,
    Script,
    Step,
    as_script,
)
from skyvern_testkit.world.world import Rule

__all__ = ["On"]

F = TypeVar("F", bound=RunFunction)


class On:
    """A pattern that waits for its scripts.

    Args:
        add: makes the rule, once it has them.
        match: the pattern.
        said_at: where.

    Attributes:
        match: the pattern.
        said_at: ``file:line`` where it was said; empty for a rule of a file.
        is_played: it has scripts.
    """

    def __init__(
        self, add: Callable[[Match, tuple[Script, ...]], Rule], match: Match, said_at: str = ""
    ) -> None:
        self._add = add
        self.match = match
        self.said_at = said_at
        self.is_played = False

    @overload
    def play(self, script: F, /) -> F: ...
    @overload
    def play(
        self,
        script: RunScript | GeneratorScript | Step | Iterable[Step],
        /,
        *scripts: RunScript | GeneratorScript | Step | Iterable[Step] | RunFunction,
    ) -> Rule: ...
    def play(self, *scripts: Any) -> Any:
        """Let the runs that match play these scripts: the first run the first, and so on.

        The last script serves all further runs. Also a decorator of a generator function.

        Raises:
            TypeError: no script, something that is none, or the steps of one run given as several.
            IllegalMove: a script breaks the table of legal moves.
        """
        if not scripts:
            raise TypeError("play() needs at least one script, such as completed({...})")
        first, *others = scripts
        loose = [step for step in scripts if isinstance(step, Step) and not step.is_final]
        if loose and others:
            raise TypeError(
                f"play(a, b) gives the first run a and the next one b, but {loose[0].state} is no "
                "whole life. The steps of one run go into one script: "
                "play(RunScript(queued(2), running(8), completed()))"
            )
        rule = self._add(self.match, tuple(map(as_script, scripts)))
        self.is_played = True
        return first if not others and callable(first) else rule
