"""Loops: over values, and while a condition holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.script import UNSET, State, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.walking.begun import Begun, Block
from skyvern_testkit.world.walking.graph import first_label
from skyvern_testkit.world.walking.templates import TemplateError, evaluate, single_expression
from skyvern_testkit.world.walking.walk import Frame, Loop, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MOST_TURNS", "for_loop", "holds", "loop_output", "next_turn", "while_loop"]

MOST_TURNS: Final = 1000
"""A ``while_loop`` whose condition always holds fails after so many (seen on 1.0.56)."""

_NOTHING: Final = "No iterable value found for the loop block"


def for_loop(block: Block, said: Json | Unset = UNSET) -> Begun:
    """Begin a loop over values; a script of the block's may say them."""
    try:
        values = _values(block) if isinstance(said, Unset) else said
    except TemplateError:
        return Outcome(state=State.FAILED, reason="Failed to get loop values.")
    listed = _listed(values)
    if listed:
        return _frame(block, Loop(values=listed))
    if block.definition.get("complete_if_empty"):
        return Outcome(output=[])
    return Outcome(state=State.TERMINATED, reason=_NOTHING, output=[])


def _values(block: Block) -> Any:
    definition, names = block.definition, block.names
    reference = definition.get("loop_variable_reference")
    if not reference:
        over: JsonObject = definition.get("loop_over") or {}
        key = over.get("key") or definition.get("loop_over_parameter_key")
        return names.get(str(key))
    if single_expression(reference) is None and "{{" not in reference:
        reference = f"{{{{ {reference} }}}}"
    return evaluate(reference, names)


def _listed(values: Any) -> tuple[Json, ...]:
    """One value is a loop of one turn."""
    match values:
        case None | "":
            return ()
        case list() | tuple():
            return tuple(cast("Iterable[Json]", values))
        case _:
            return (values,)


def while_loop(block: Block) -> Begun:
    """Begin a loop that asks its condition before each turn, the first one too."""
    return _frame(block, Loop(values=None))


def _frame(block: Block, loop: Loop) -> Frame:
    return Frame(
        blocks=tuple(block.definition.get("loop_blocks") or ()),
        label=None,
        block_id=block.row_id,
        definition=block.definition,
        loop=loop,
    )


def holds(frame: Frame, names: dict[str, Any], index: int) -> bool:
    """Does the condition of a ``while_loop`` hold before that turn?

    A condition in words would be judged by a model; it does not hold.

    Raises:
        TemplateError: it cannot be evaluated.
    """
    condition: JsonObject = frame.definition.get("condition") or {}
    expression = str(condition.get("expression") or "")
    if "{{" not in expression and "{%" not in expression:
        return False
    return is_true(evaluate(expression, {**names, "current_index": index}))


def is_true(value: Any) -> bool:
    """Is the value of a condition true? A rendered text may say so in words."""
    if isinstance(value, str):
        return value.strip().lower() not in ("", "false", "0", "none", "null", "no")
    return bool(value)


def next_turn(frame: Frame, version: int) -> Frame:
    """The frame at the beginning of its next turn."""
    loop = frame.loop or Loop(values=())
    loop = replace(loop, index=loop.index + 1, turns=(*loop.turns, ()))
    return replace(frame, loop=loop, label=first_label(frame.blocks, version), parents={})


def loop_output(frame: Frame) -> list[list[JsonObject]]:
    """What a loop gives: a list for each turn, of what its blocks gave."""
    return [list(turn) for turn in frame.loop.turns] if frame.loop is not None else []
