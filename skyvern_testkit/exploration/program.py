"""A scenario and a client's call as a test that a user can paste and run."""

from __future__ import annotations

import ast
import functools
import inspect
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import skyvern_testkit
from skyvern_testkit.exploration.client_function import ClientFunction, name_of
from skyvern_testkit.exploration.scenarios import Scenario

__all__ = ["as_test"]


def as_test(
    scenario: Scenario,
    client: ClientFunction,
    *,
    setup: Any,
    check: Any,
    raises: tuple[type[BaseException], ...],
    world: Mapping[str, Any],
) -> str:
    """Source of a test function with its imports.

    What cannot be imported (a lambda, a function inside a test, one of ``__main__``) is named in a
    comment, and the test is to be pasted where it is known.

    Args:
        scenario: what the world has in store.
        client: who is called.
        setup: called with the fake before, or None.
        check: called with result and fake after, or None.
        raises: what the client may raise.
        world: arguments for ``fake_skyvern``.
    """
    names = _Names()
    call = client.code(names.of(client.function, "client_function"))
    body = [f"{names.of(setup, 'setup')}(fake)"] if setup is not None else []
    body += scenario.lines()
    declared = ", ".join(names.of(kind, kind.__name__) for kind in raises)
    if check is None and raises:
        body += [f"with contextlib.suppress({declared}):  # what it declares", f"    {call}"]
    elif check is None:
        body.append(call)
    elif raises:
        caught = f"({declared})" if len(raises) > 1 else declared
        body += [
            "try:", f"    result = {call}", f"except {caught}:  # what it declares", "    return"
        ]  # fmt: skip
    else:
        body.append(f"result = {call}")
    if check is not None:
        body.append(f"{names.of(check, 'check')}(result, fake)")

    arguments = ", ".join(f"{name}={value!r}" for name, value in world.items())
    function = (
        f"def test_{_identifier(name_of(client.function))}_in_a_world_that_explore_found():\n"
        f"    with fake_skyvern({arguments}) as fake:\n"
        + "".join(_indented(statement, 8) for statement in body)
    )
    return f"{_imports(function, names)}\n\n\n{function}"


def _indented(statement: str, by: int) -> str:
    return "".join(f"{' ' * by}{line}\n" for line in statement.splitlines())


def _identifier(name: str) -> str:
    return name.strip("_") if name.isidentifier() else "client"


class _Names:
    """The names of a user's functions and classes, and where they come from."""

    def __init__(self) -> None:
        self.imports: dict[str, set[str]] = {}
        self.elsewhere: list[str] = []

    def of(self, thing: Any, otherwise: str) -> str:
        """The name by which the program calls it."""
        name = name_of(thing)
        if getattr(thing, "__module__", None) == "builtins":
            return name
        if _can_be_imported(thing):
            self.imports.setdefault(thing.__module__, set()).add(name)
            return name
        shown = name if name.isidentifier() else otherwise
        self.elsewhere.append(f"# {shown}: {_place(thing)}")
        return shown


def _can_be_imported(thing: Any) -> bool:
    """Does another process find it by its name, as far as this one can tell?"""
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", "")
    if not isinstance(module, str) or module == "__main__" or not name.isidentifier():
        return False
    if getattr(sys.modules.get(module), name, None) is not thing:
        return False
    return PathFinder.find_spec(module.partition(".")[0]) is not None


def _place(thing: Any) -> str:
    if isinstance(thing, functools.partial):
        inner: Any = thing.func  # pyright: ignore[reportUnknownMemberType] - of any function
        return f"the functools.partial of {name_of(inner)} that explore() was given"
    try:
        file, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
    except (OSError, TypeError):
        return "what explore() was given"
    return f"what explore() was given, from {Path(file or '?').name}, line {line}"


def _imports(function: str, names: _Names) -> str:
    used = {node.id for node in ast.walk(ast.parse(function)) if isinstance(node, ast.Name)}
    plain = [f"import {name}" for name in ("asyncio", "contextlib") if name in used]
    ours = used & set(skyvern_testkit.__all__)
    known = {**names.imports, "skyvern_testkit": {*names.imports.get("skyvern_testkit", ()), *ours}}
    theirs = [_import(module, sorted(found)) for module, found in sorted(known.items())]
    blocks = [plain, theirs, list(dict.fromkeys(names.elsewhere))]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _import(module: str, names: list[str]) -> str:
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= 96:
        return line
    return f"from {module} import (\n{''.join(f'    {name},{chr(10)}' for name in names)})"
