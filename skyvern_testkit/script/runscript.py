"""Run scripts: immutable histories of a run, or generators that decide as they go."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from inspect import isasyncgenfunction, isfunction, isgeneratorfunction, signature
from itertools import pairwise
from typing import Any, cast

from skyvern_testkit.script.match import RunInput
from skyvern_testkit.script.states import (
    FINAL,
    LEGAL,
    START,
    Family,
    IllegalMove,
    State,
    check_move,
)
from skyvern_testkit.script.steps import Step, running

__all__ = [
    "DEFAULT_LIFE",
    "GeneratorScript",
    "RunFunction",
    "RunScript",
    "Script",
    "ScriptError",
    "as_script",
    "bridge",
    "check_for_block",
    "check_step_of_block",
]

RunFunction = Callable[[RunInput], Generator[Step, Any, None]]

DEFAULT_LIFE = 5.0
"""Virtual seconds that a run lives when its script only says how it ends."""


class ScriptError(Exception):
    """A script is wrong in a way that shows only when it plays; it fails the test, never a request."""


def bridge(family: Family, current: State, wanted: State) -> tuple[State, ...]:
    """States passed through in no time so that ``current -> wanted`` is made of legal moves.

    Only the ways that every run goes before it works are filled in: a script may start with
    ``running(...)`` and need not spell out the queue.
    """
    for way in ((), (State.QUEUED,), (State.RUNNING,), (State.QUEUED, State.RUNNING)):
        states = (current, *way, wanted)
        if all(
            later in LEGAL[family].get(earlier, frozenset()) for earlier, later in pairwise(states)
        ):
            return way
    check_move(family, current, wanted)
    return ()


@dataclass(frozen=True, slots=True, init=False)
class RunScript:
    """A run's whole life as data: ``RunScript(queued(seconds=2), running(seconds=8), completed())``.

    A script that only says how the run ends works for the world's ``Timing.life`` seconds first
    (:data:`DEFAULT_LIFE`); one that does not say how it ends, ends ``completed``.

    Args:
        steps: made by ``queued``, ``running``, ``needs_totp``, ``completed`` and their like.
        illegal: let the run make moves that the real server never makes.

    Raises:
        IllegalMove: the history breaks the table of legal moves for every kind of run. A history
            that is legal for one kind only (``paused``) is checked again when a run takes it.
    """

    steps: tuple[Step, ...]
    illegal: bool

    def __init__(self, *steps: Step, illegal: bool = False) -> None:
        for step in cast("tuple[object, ...]", steps):
            if not isinstance(step, Step):
                raise TypeError(
                    f"RunScript takes steps such as queued() or completed(), not {step!r}"
                )
        object.__setattr__(self, "steps", steps)
        object.__setattr__(self, "illegal", illegal)
        if not illegal:
            self._check()

    def _check(self) -> None:
        refusals: list[IllegalMove] = []
        for family in Family:
            try:
                self.check_for(family)
            except IllegalMove as refusal:
                refusals.append(refusal)
            else:
                return
        raise refusals[-1]

    def check_for(self, family: Family, who: str = "a run") -> None:
        """Refuse the script for a kind of run whose table it breaks.

        Raises:
            IllegalMove: names the states and the legal moves.
        """
        if self.illegal:
            return
        current, lived = START[family], False
        for step in self.steps:
            if step.state is not current:
                # only the way *to* work may be left out, never a state in the middle
                may_skip = not lived or step.state is State.RUNNING
                if not (may_skip and _reachable(family, current, step.state)):
                    check_move(family, current, step.state, who=who)
            elif current in FINAL:
                check_move(family, current, step.state, who=who)
            current, lived = step.state, True

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: FBT001 - the protocol
        """Hypothesis and IPython show a script as the code that makes it."""
        from skyvern_testkit.script.printing import as_code

        first, *others = ("..." if cycle else as_code(self)).split("\n")
        printer.text(first)
        for line in others:
            printer.break_()
            printer.text(line)

    def played(self, life: float) -> tuple[Step, ...]:
        """The steps to play: after so many seconds of work where the script only says how the run ends."""
        if not self.steps or (len(self.steps) == 1 and self.steps[0].is_final):
            return (running(life), *self.steps)
        return self.steps


def _reachable(family: Family, current: State, wanted: State) -> bool:
    try:
        bridge(family, current, wanted)
    except IllegalMove:
        return False
    return True


@dataclass(frozen=True, slots=True)
class GeneratorScript:
    """A script that decides as it goes; kept as its function, replayed where a world is forked."""

    function: RunFunction

    @property
    def name(self) -> str:
        return getattr(self.function, "__qualname__", repr(self.function))

    @property
    def illegal(self) -> bool:
        return False


Script = RunScript | GeneratorScript

_STATES_OF_BLOCK = frozenset(
    {State.RUNNING, State.PAUSED, State.COMPLETED, State.FAILED, State.TERMINATED}
)


def check_step_of_block(step: Step) -> None:
    """Refuse a step that only a whole run can have.

    Raises:
        ScriptError: a block neither queues nor is canceled, and it works in no other block.
    """
    if step.state not in _STATES_OF_BLOCK:
        known = ", ".join(sorted(_STATES_OF_BLOCK))
        raise ScriptError(f"a block is never {step.state}: its script is made of {known}")
    if step.block is not None:
        raise ScriptError(
            f"running(block={step.block!r}) is for scripts of whole runs: this one plays one block"
        )


def check_for_block(script: Script) -> None:
    """Refuse a script that a block cannot play; what a generator says is looked at as it plays.

    Raises:
        ScriptError: one of its steps is of a whole run's life.
    """
    for step in script.steps if isinstance(script, RunScript) else ():
        check_step_of_block(step)


def as_script(value: RunScript | GeneratorScript | Step | Iterable[Step] | RunFunction) -> Script:
    """The script meant by what people write: a script, one step, several, or a generator function.

    Raises:
        TypeError: none of these.
    """
    if isinstance(value, RunScript | GeneratorScript):
        return value
    if isinstance(value, Step):
        return RunScript(value)
    if isinstance(value, list | tuple):
        return RunScript(*cast("Iterable[Step]", value))
    if isgeneratorfunction(value):
        return GeneratorScript(_of_a_run(value))
    hint = ""
    if isinstance(value, str):
        hint = ". A script written as YAML is parse_script(text)"
    elif isasyncgenfunction(value):
        hint = ". It is plain `def`, not `async def`: a script never waits by itself"
    elif isfunction(value):
        hint = ". It has no `yield`: a script yields its steps"
    raise TypeError(
        "play() takes scripts: RunScript(...), a step such as completed({...}), a list of steps "
        f"or a generator function; not {value!r}{hint}"
    )


def _of_a_run(function: RunFunction) -> RunFunction:
    """Refuse here, where the script is said, a generator function that no run can be given to."""
    try:
        signature(function).bind(None)
    except TypeError:
        name = getattr(function, "__qualname__", repr(function))
        raise TypeError(
            f"the script {name} must take one argument, the run that it plays: def {name}(run)"
        ) from None
    except ValueError:  # of C, without a signature
        pass
    return function


DEFAULT_SCRIPT = RunScript()
"""What a run plays when no rule matches it: it completes after its default life."""
