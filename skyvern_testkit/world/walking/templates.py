"""Templates in the texts of blocks: jinja2, sandboxed, as the real server renders them.

What is not there renders as nothing; an attribute of what is not there is an error (recorded
exchanges ``walk.undefined``, ``walk_more.undef_plain``).
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.wire.jsontext import Json, JsonObject

if TYPE_CHECKING:
    from jinja2.sandbox import SandboxedEnvironment

__all__ = [
    "TemplateError",
    "evaluate",
    "failed_template",
    "not_formatted",
    "render",
    "render_all",
    "single_expression",
    "syntax_error",
]


class TemplateError(Exception):
    """A template cannot be rendered; ``str()`` of it is the server's sentence."""

    def __init__(self, sentence: str, *, is_syntax: bool = False, template: str = "") -> None:
        super().__init__(sentence)
        self.is_syntax = is_syntax
        self.template = template


_ADVICE: Final = (
    "If your block labels or parameter keys contain characters like '/', '-', or '.', please "
    "rename them to use only letters, numbers, and underscores (e.g., 'State_Province' instead of "
    "'State/Province')."
)


@lru_cache(maxsize=1)
def _environment() -> SandboxedEnvironment:
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment()
    known = cast("Any", environment)
    known.globals.pop("lipsum", None)  # it draws from the process's own randomness
    known.filters["random"] = _first_of
    return environment


def _first_of(values: Any) -> Any:
    """Jinja's filter ``random``, the same in every run of a test."""
    items = list(values)
    return random.Random(repr(items)).choice(items) if items else None


def not_formatted(template: str, error: Exception) -> TemplateError:
    """The server's sentence for a template and what went wrong in it."""
    return TemplateError(
        f"Failed to format Jinja style parameter '{template}'. Reason: {error}. {_ADVICE}"
    )


def failed_template(error: TemplateError) -> TemplateError:
    """What a block says whose template has gone wrong; ``terminate`` says the error itself."""
    found = not_formatted(error.template, error) if error.is_syntax else error
    sentence = f"Failed to format jinja template: {found}"
    return TemplateError(sentence, is_syntax=error.is_syntax)


def render(template: str, names: Mapping[str, Any]) -> str:
    """A text with its templates filled in.

    Raises:
        TemplateError: its syntax is wrong, or it asks something of what is not there.
    """
    from jinja2.exceptions import TemplateSyntaxError

    if not any(sign in template for sign in ("{{", "{%", "{#")):
        return template
    try:
        return _environment().from_string(template).render(names)
    except TemplateSyntaxError as error:
        raise TemplateError(str(error), is_syntax=True, template=template) from None
    except Exception as error:  # noqa: BLE001 - a template may go wrong in any way
        raise not_formatted(template, error) from None


def render_all(value: Json, names: Mapping[str, Any]) -> Json:
    """A JSON value with the templates of all its texts filled in.

    Raises:
        TemplateError: one of them cannot be.
    """
    match value:
        case str():
            return render(value, names)
        case list():
            return [render_all(item, names) for item in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
        case dict():
            parts = cast("JsonObject", value)
            return {key: render_all(item, names) for key, item in parts.items()}
        case _:
            return value


def syntax_error(template: str) -> tuple[str, int] | None:
    """What is wrong with a template's syntax, and in which line; None: nothing."""
    from jinja2.exceptions import TemplateSyntaxError

    try:
        _environment().parse(template)
    except TemplateSyntaxError as error:
        return error.message or "", error.lineno
    return None


_SINGLE: Final = re.compile(r"\s*\{\{(?P<inside>(?:(?!\}\}).)*)\}\}\s*", re.DOTALL)


def single_expression(template: str) -> str | None:
    """What stands between the braces, where a text is nothing but one expression."""
    match = _SINGLE.fullmatch(template)
    return match["inside"].strip() if match else None


def evaluate(template: str, names: Mapping[str, Any]) -> Any:
    """The value of a text that is one expression, of its own type; None for what is not there.

    Raises:
        TemplateError: as :func:`render`.
    """
    from jinja2.exceptions import TemplateSyntaxError

    inside = single_expression(template)
    if inside is None:
        return render(template, names)
    try:
        return _environment().compile_expression(inside)(**names)
    except TemplateSyntaxError as error:
        raise TemplateError(str(error), is_syntax=True, template=template) from None
    except Exception as error:  # noqa: BLE001 - a template may go wrong in any way
        raise not_formatted(template, error) from None
