"""How steps and triggers are written: one table row per function of ``steps`` and ``triggers``.

A value with arguments is written as the name with its arguments under it, named as in Python::

    running: {seconds: 8, step: Open the login page}

A value that is no mapping is the first argument (``queued: 2``, ``failed: Login wall``), and a name
alone, as a text, takes none (``completed``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from skyvern_testkit.script import steps, triggers
from skyvern_testkit.script.fakefile.nodes import Node
from skyvern_testkit.script.fakefile.problems import Report, nearest, shortened
from skyvern_testkit.script.states import State

__all__ = ["STEPS", "TRIGGERS", "WRONG", "Form", "Reader", "read_call", "read_form"]


class Wrong:
    """The type of :data:`WRONG`: what could not be read, and is reported already."""


WRONG: Final = Wrong()

Reader = Callable[[Node, Report], Any]


@dataclass(frozen=True, slots=True)
class Form:
    """How the arguments of a function are written.

    Args:
        make: the function.
        fields: its arguments, and how each is read.
        first: the argument that a value which is no mapping stands for.
        needs: the arguments it cannot do without.
    """

    make: Callable[..., Any]
    fields: Mapping[str, Reader] = field(default_factory=dict[str, Reader])
    first: str | None = None
    needs: tuple[str, ...] = ()


def unknown(node: Node, name: str, known: Mapping[str, Any], owner: str, report: Report) -> None:
    """Report a field that the owner does not have."""
    takes = f"It takes: {', '.join(known)}." if known else "It takes no arguments."
    report.add(
        node.keys[name], f"{owner} has no `{shortened(name)}`.{nearest(name, known)} {takes}"
    )


def read_form(node: Node, form: Form, name: str, report: Report) -> Any:
    """What a form's value stands for, or WRONG."""
    given: dict[str, Any] = {}
    if node.fields is not None:
        for key, value in node.fields.items():
            if key in form.fields:
                given[key] = form.fields[key](value, report)
            else:
                unknown(node, key, form.fields, f"`{name}`", report)
                given[key] = WRONG
    elif not node.is_null:
        if form.first is None:
            report.add(node.place, f"`{name}` takes no arguments, not {node.shown}")
            return WRONG
        given[form.first] = form.fields[form.first](node, report)
    if WRONG in given.values():
        return WRONG
    if missing := [f"`{key}`" for key in form.needs if key not in given]:
        report.add(node.place, f"`{name}` needs {' and '.join(missing)}")
        return WRONG
    try:
        return form.make(**given)
    except (TypeError, ValueError) as error:
        report.add(node.place, f"`{name}`: {error}")
        return WRONG


def read_call(node: Node, forms: Mapping[str, Form], what: str, report: Report) -> Any:
    """What ``name`` or ``name: arguments`` stands for, by a table of forms; or WRONG."""
    if isinstance(node.scalar, str):
        name, arguments = node.scalar, Node(node.place)
        place = node.place
    elif node.fields is not None and len(node.fields) == 1:
        ((name, arguments),) = node.fields.items()
        place = node.keys[name]
    elif node.fields:
        first, *others = node.fields
        inside = f"; write it inside: `{first}: {{{others[0]}: ...}}`" if first in forms else ""
        report.add(
            node.keys[others[0]], f"{what} has one name, and `{others[0]}` is a second{inside}"
        )
        return WRONG
    else:
        report.add(
            node.place,
            f"expected {what} such as {_examples(forms)}; not {node.shown}",
        )
        return WRONG
    if name not in forms:
        known = ", ".join(forms)
        report.add(
            place, f"`{shortened(name)}` is not {what}.{nearest(name, forms)} There are: {known}."
        )
        return WRONG
    return read_form(arguments, forms[name], name, report)


def _examples(forms: Mapping[str, Form]) -> str:
    return " or ".join(f"`{name}`" for name in list(forms)[-2:])


# --- readers of arguments --------------------------------------------------------------------------


def expected(node: Node, what: str, report: Report) -> Wrong:
    """Report that something else should stand here."""
    report.add(node.place, f"expected {what}; not {node.shown}")
    return WRONG


def text(node: Node, report: Report) -> Any:
    """A text; a number is taken as it reads."""
    match node.scalar:
        case bool() | None:
            return expected(node, "a text", report)
        case str():
            return node.scalar
        case number:
            return expected(node, f'a text (in quotes: "{number}")', report)


def optional_text(node: Node, report: Report) -> Any:
    """A text, or null for none."""
    return None if node.is_null else text(node, report)


def seconds(node: Node, report: Report) -> Any:
    """Virtual seconds."""
    value = node.scalar
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        return expected(node, "virtual seconds (a number, 0 or more)", report)
    return value


def whole(node: Node, report: Report) -> Any:
    """A whole number, 0 or more."""
    value = node.scalar
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        return expected(node, "a whole number, 0 or more", report)
    return value


def share(node: Node, report: Report) -> Any:
    """A number from 0 to 1."""
    value = node.scalar
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return expected(node, "a number from 0 to 1", report)
    return value


def json(node: Node, _report: Report) -> Any:
    """Any value of JSON."""
    return node.json


def trigger(node: Node, report: Report) -> Any:
    """What ends a step: a trigger, or a number of virtual seconds."""
    if isinstance(node.scalar, int | float) and not isinstance(node.scalar, bool):
        return read_form(node, TRIGGERS["after"], "after", report)
    return read_call(node, TRIGGERS, "a trigger", report)


def list_of(item: Reader, what: str) -> Reader:
    """A reader of lists; a single value may stand for a list of one."""

    def read(node: Node, report: Report) -> Any:
        if node.is_null:
            return expected(node, f"a list of {what}", report)
        found = [item(each, report) for each in (node.items if node.items is not None else [node])]
        return WRONG if WRONG in found else found

    return read


def _bytes_of_base64(value: str) -> bytes:
    try:
        return base64.b64decode("".join(value.split()), validate=True)
    except binascii.Error as error:
        raise ValueError(f"this is no base64: {error}") from None


def _bytes_of_text(value: str) -> bytes:
    return value.encode()


BYTES: Final[Mapping[str, Form]] = {
    "base64": Form(_bytes_of_base64, {"value": text}, "value", ("value",)),
    "text": Form(_bytes_of_text, {"value": text}, "value", ("value",)),
}


def content(node: Node, report: Report) -> Any:
    """Bytes: ``{base64: ...}`` or ``{text: ...}``."""
    if node.fields is None:
        return expected(node, "bytes, written {base64: ...} or {text: ...}", report)
    return read_call(node, BYTES, "a kind of bytes", report)


def _download(filename: str, text: str | None = None, base64: str | None = None) -> steps.Download:
    if text is not None and base64 is not None:
        raise ValueError("a file has text or base64, not both")
    raw = _bytes_of_base64(base64) if base64 is not None else (text or "").encode()
    return steps.Download(filename, raw)


DOWNLOAD: Final = Form(
    _download, {"filename": text, "text": text, "base64": text}, "filename", ("filename",)
)


def download(node: Node, report: Report) -> Any:
    """A file: ``{filename: invoice.pdf, text: ...}``, with ``base64`` instead, or only its name."""
    return read_form(node, DOWNLOAD, "download", report)


ERROR: Final = Form(
    steps.RunError,
    {"code": text, "reasoning": optional_text, "confidence": share},
    "code",
    ("code",),
)


def error(node: Node, report: Report) -> Any:
    """An entry of ``errors``: a code, or ``{code: ..., reasoning: ..., confidence: ...}``.

    A code alone is left as it is: the step's function gives it the run's own reason.
    """
    if isinstance(node.scalar, str):
        return node.scalar
    return read_form(node, ERROR, "error", report)


def state(node: Node, report: Report) -> Any:
    """A state's name."""
    name = node.scalar
    if isinstance(name, str) and name in tuple(State):
        return State(name)
    hint = nearest(name, State) if isinstance(name, str) else ""
    report.add(node.place, f"{node.shown} is no state.{hint} There are: {', '.join(State)}.")
    return WRONG


# --- the tables -------------------------------------------------------------------------------------


def _after(seconds: float | None = None, nanoseconds: int | None = None) -> triggers.After:
    if (seconds is None) == (nanoseconds is None):
        raise ValueError("takes either seconds or nanoseconds")
    return triggers.after(seconds) if seconds is not None else triggers.After(nanoseconds or 0)


def _run_reaches(run_id: str, states: list[State] | None = None) -> triggers.RunReaches:
    return triggers.run_reaches(run_id, *(states or ()))


TRIGGERS: Final[Mapping[str, Form]] = {
    "after": Form(_after, {"seconds": seconds, "nanoseconds": whole}, "seconds"),
    "polls": Form(triggers.polls, {"count": whole}, "count", ("count",)),
    "signal": Form(triggers.signal, {"name": text}, "name", ("name",)),
    "session_closed": Form(triggers.session_closed),
    "webhook_answered": Form(triggers.webhook_answered, {"run_id": optional_text}, "run_id"),
    "run_reaches": Form(
        _run_reaches,
        {"run_id": text, "states": list_of(state, "states")},
        "run_id",
        ("run_id",),
    ),
    "code_found": Form(triggers.CodeFound, {"identifier": optional_text}, "identifier"),
    "never": Form(triggers.never),
}

_WAIT: Final[Mapping[str, Reader]] = {"seconds": seconds, "until": trigger}
_BAD_END: Final[Mapping[str, Reader]] = {
    "reason": optional_text,
    "error_code": optional_text,
    "errors": list_of(error, "errors"),
    "output": json,
    "downloads": list_of(download, "files"),
}

STEPS: Final[Mapping[str, Form]] = {
    "created": Form(steps.created, _WAIT, "seconds"),
    "queued": Form(steps.queued, _WAIT, "seconds"),
    "running": Form(
        steps.running,
        {
            **_WAIT,
            "step": optional_text,
            "thought": optional_text,
            "block": optional_text,
            "output": json,
            "errors": list_of(error, "errors"),
            "downloads": list_of(download, "files"),
            "screenshot": content,
            "credits": whole,
        },
        "seconds",
    ),
    "paused": Form(steps.paused, _WAIT, "seconds"),
    "needs_totp": Form(
        steps.needs_totp, {"identifier": optional_text, "step": optional_text}, "identifier"
    ),
    "completed": Form(
        steps.completed,
        {"output": json, "downloads": list_of(download, "files"), "credits": whole},
        "output",
    ),
    "failed": Form(steps.failed, _BAD_END, "reason"),
    "terminated": Form(steps.terminated, _BAD_END, "reason"),
    "timed_out": Form(steps.timed_out, {"reason": optional_text, "output": json}, "reason"),
    "canceled": Form(steps.canceled),
}
