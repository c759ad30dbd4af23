"""A run script printed as the Python or the YAML that makes it.

:func:`as_code` is for failures and shrunk examples: its text, evaluated with the package's public
names, is an equal script. :func:`as_yaml` is for fake files: ``parse_script`` reads it back equal.
:func:`rule_as_json` and :func:`answers_as_json` are rules as such a file holds them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from pprint import pformat
from typing import Any, Final, cast

from skyvern_testkit.script.actions import ActionAnswer, ActionMatch
from skyvern_testkit.script.match import Match
from skyvern_testkit.script.runscript import GeneratorScript, RunScript, Script
from skyvern_testkit.script.states import FINAL, State
from skyvern_testkit.script.steps import Download, RunError, Step
from skyvern_testkit.script.triggers import (
    After,
    CodeFound,
    Never,
    Polls,
    RunReaches,
    SessionClosed,
    Signal,
    WebhookAnswered,
)
from skyvern_testkit.wire.jsontext import Json
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.wire.times import seconds as to_nanoseconds

__all__ = ["answers_as_json", "as_code", "as_yaml", "rule_as_json"]

WIDTH: Final = 96

Call = tuple[str, dict[str, Any]]
"""A function's name and its arguments; the key "" is for a positional one."""

_WAITS: Final = frozenset({"until"})
_ENDS_BADLY: Final = frozenset({"reason", "errors", "output", "downloads"})

_TAKEN: Final[Mapping[State, frozenset[str]]] = {
    State.CREATED: _WAITS,
    State.QUEUED: _WAITS,
    State.RUNNING: _WAITS
    | {"activity", "thought", "block", "output", "errors", "downloads", "screenshot", "credits"},
    State.PAUSED: _WAITS,
    State.COMPLETED: frozenset({"output", "downloads", "credits"}),
    State.FAILED: _ENDS_BADLY,
    State.TERMINATED: _ENDS_BADLY,
    State.TIMED_OUT: frozenset({"reason", "output"}),
    State.CANCELED: frozenset(),
}
"""What the function of each state can say of a step."""


def _given(step: Step) -> dict[str, Any]:
    """The step's values that differ from their defaults."""
    return {
        item.name: value
        for item in fields(step)
        if item.name != "state"
        and (value := getattr(step, item.name)) is not item.default
        and (item.default is MISSING or value != item.default)
    }


def exact_seconds(nanoseconds: int) -> float | None:
    """Seconds that come back as the same nanoseconds, or None when no float does."""
    if nanoseconds % SECOND == 0:
        return nanoseconds // SECOND
    value = nanoseconds / SECOND
    return value if to_nanoseconds(value) == nanoseconds else None


def _call(step: Step) -> Call | None:
    """The function that makes the step, with its arguments; None for a step made by hand."""
    given = _given(step)
    if not given.keys() <= _TAKEN[step.state] or ("until" in given) == step.is_final:
        return None
    until = given.pop("until", None)
    activity = given.pop("activity", None)
    if isinstance(until, CodeFound) and step.state is State.RUNNING and not given:
        return "needs_totp", _some({"": until.identifier, "step": activity})
    arguments = _some({"until": until, "step": activity}) | given
    default = Never() if step.state is State.PAUSED else After(0)
    if until == default:
        arguments.pop("until")
    elif isinstance(until, After) and (seconds := exact_seconds(until.nanoseconds)) is not None:
        arguments.pop("until")
        arguments = {"seconds": seconds} | arguments
    first = "output" if step.state is State.COMPLETED else "reason"
    if step.state in FINAL and first in arguments:
        arguments = {"": arguments.pop(first)} | arguments
    return step.state.value, _short_errors(arguments)


def _some(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _short_errors(arguments: dict[str, Any]) -> dict[str, Any]:
    """One error that says no more than the run's own reason is an ``error_code``."""
    errors = arguments.get("errors", ())
    reason = arguments.get("")
    if reason is None or not errors or errors != (RunError(errors[0].code, reason),):
        return arguments
    said = {"": reason, "error_code": errors[0].code}
    return said | {name: value for name, value in arguments.items() if name not in {"", "errors"}}


_TRIGGERS: Final[Mapping[type, Callable[[Any], Call]]] = {
    Polls: lambda it: ("polls", {"": it.count}),
    Signal: lambda it: ("signal", {"": it.name}),
    SessionClosed: lambda _: ("session_closed", {}),
    WebhookAnswered: lambda it: ("webhook_answered", _some({"": it.run_id})),
    Never: lambda _: ("never", {}),
}
"""Triggers that are written alike in both languages."""


# --- Python -----------------------------------------------------------------------------------------


def as_code(script: RunScript) -> str:
    """Python that evaluates to an equal script, with the names of ``skyvern_testkit.script``."""
    parts = [_step_code(step) for step in script.steps]
    if script.illegal:
        parts.append("illegal=True")
    return _joined("RunScript", parts)


def _joined(name: str, parts: list[str], indent: int = 0) -> str:
    line = f"{name}({', '.join(parts)})"
    if len(line) + indent <= WIDTH and "\n" not in line:
        return line
    inner = "".join(f"    {part},\n".replace("\n", "\n    ")[:-4] for part in parts)
    return f"{name}(\n{inner})"


def _step_code(step: Step) -> str:
    call = _call(step)
    if call is None:  # made by hand: printed as it was made
        given = {"": step.state} | _given(step)
        return _joined("Step", [_argument(name, value) for name, value in given.items()], 4)
    name, arguments = call
    return _joined(name, [_argument(key, value) for key, value in arguments.items()], 4)


def _argument(name: str, value: Any) -> str:
    return f"{name}={_code(value)}" if name else _code(value)


def _code(value: Any) -> str:
    match value:
        case State():
            return f"State.{value.name}"
        case Download():
            return f"Download({value.filename!r}, {value.content!r})"
        case RunError():
            told = _some({"": value.code, "reasoning": value.reasoning})
            if value.confidence != 1.0:
                told["confidence"] = value.confidence
            return _joined("RunError", [_argument(*item) for item in told.items()])
        case tuple():
            items = ", ".join(map(_code, cast("Sequence[Any]", value)))
            return f"[{items}]"
        case After():
            seconds = exact_seconds(value.nanoseconds)
            return f"After({value.nanoseconds})" if seconds is None else f"after({seconds!r})"
        case RunReaches():
            return _joined("run_reaches", [repr(value.run_id), *map(repr, _states(value))])
        case CodeFound():
            return _joined("CodeFound", list(map(repr, _some({"": value.identifier}).values())))
        case _ if type(value) in _TRIGGERS:
            name, arguments = _TRIGGERS[type(value)](value)
            return _joined(name, list(map(repr, arguments.values())))
        case _:
            return pformat(value, width=WIDTH - 12, sort_dicts=False)


def _states(trigger: RunReaches) -> list[str]:
    """The states to name: none for the default, any final one."""
    if trigger.states == FINAL:
        return []
    return [state.value for state in State if state in trigger.states]


# --- YAML -------------------------------------------------------------------------------------------


def as_yaml(script: RunScript) -> str:
    """YAML that :func:`~skyvern_testkit.script.fakefile.parse_script` reads back as an equal script.

    Raises:
        ValueError: a step was not made by the functions of ``skyvern_testkit.script.steps``.
    """
    from skyvern_testkit.script.fakefile.writing import write_yaml

    return write_yaml(_script_json(script))


def _script_json(script: RunScript) -> Json:
    steps = [_step_json(step) for step in script.steps]
    return {"illegal": True, "steps": steps} if script.illegal else steps


def rule_as_json(match: Match, scripts: Sequence[Script]) -> Json:
    """An entry of ``runs`` in a fake file: read back, an equal rule.

    Raises:
        ValueError: a function decides, which no file can hold; or see :func:`as_yaml`.
    """
    return {"on": _match_json(match), "play": [_played_json(script) for script in scripts]}


def answers_as_json(match: ActionMatch, answers: Sequence[ActionAnswer]) -> Json:
    """An entry of ``actions`` in a fake file: read back, an equal rule.

    Raises:
        ValueError: a function decides, which no file can hold.
    """
    return {"on": _match_json(match), "answers": [_answer_json(answer) for answer in answers]}


def _answer_json(answer: ActionAnswer) -> Json:
    if not callable(answer):
        return answer
    name = getattr(answer, "__qualname__", repr(answer))
    raise ValueError(f"the answer {name} is a function")


def _match_json(match: Match | ActionMatch) -> dict[str, Json]:
    given = {item.name: getattr(match, item.name) for item in fields(match)}
    return {name: _pattern_json(name, value) for name, value in given.items() if value is not None}


def _played_json(script: Script) -> Json:
    match script:
        case RunScript():
            return _script_json(script)
        case GeneratorScript():
            raise ValueError(f"the script {script.name} is a generator, which decides as it goes")


def _pattern_json(name: str, value: Any) -> Json:
    match value:
        case str():
            return value
        case re.Pattern():
            pattern = cast("re.Pattern[str]", value)
            letters = "".join(letter for letter, flag in _FLAGS.items() if pattern.flags & flag)
            return {"regex": f"(?{letters}){pattern.pattern}" if letters else pattern.pattern}
        case Mapping():
            given = cast("Mapping[str, Any]", value)
            if functions := [key for key, wanted in given.items() if callable(wanted)]:
                raise ValueError(f"the condition on the parameter {functions[0]} is a function")
            return dict(given)
        case _:
            raise ValueError(f"the condition on {name} is a function")


_FLAGS: Final = {
    "a": re.ASCII,
    "i": re.IGNORECASE,
    "m": re.MULTILINE,
    "s": re.DOTALL,
    "x": re.VERBOSE,
}


def _step_json(step: Step) -> Json:
    call = _call(step)
    if call is None:
        raise ValueError(f"only steps made by queued(), running(), ... can be YAML, not {step!r}")
    return _call_json(*call)


def _call_json(name: str, arguments: Mapping[str, Any]) -> Json:
    told = {key: _json(value) if key != "output" else value for key, value in arguments.items()}
    if not told:
        return name
    # what a bare value would stand for; a mapping must name it, and null would say nothing
    first = {"needs_totp": "identifier", "completed": "output"}.get(name, "reason")
    if set(told) == {"seconds"}:
        return {name: told["seconds"]}
    if set(told) == {""} and isinstance(told[""], str | int | float) and name != "completed":
        return {name: told[""]}
    return {name: {key or first: value for key, value in told.items()}}


def _json(value: Any) -> Json:
    match value:
        case Download():
            return {"filename": value.filename, **_file_json(value.content)}
        case RunError():
            told = _some({"code": value.code, "reasoning": value.reasoning})
            return told if value.confidence == 1.0 else told | {"confidence": value.confidence}
        case bytes():
            return {"base64": base64.b64encode(value).decode()}
        case tuple():
            return [_json(item) for item in cast("Sequence[Any]", value)]
        case After():
            seconds = exact_seconds(value.nanoseconds)
            if seconds is None:
                return {"after": {"nanoseconds": value.nanoseconds}}
            return {"after": seconds}
        case RunReaches():
            told = {"run_id": value.run_id} | (
                {"states": states} if (states := _states(value)) else {}
            )
            return {"run_reaches": told}
        case CodeFound():
            return (
                {"code_found": value.identifier} if value.identifier is not None else "code_found"
            )
        case _ if type(value) in _TRIGGERS:
            name, arguments = _TRIGGERS[type(value)](value)
            return {name: arguments[""]} if arguments else name
        case _:
            return value


def _file_json(content: bytes) -> Mapping[str, str]:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}
    return {"text": text} if text else {}
