"""Writes docs/operations.md: what the fake serves of Skyvern's operations, and by what that is proven."""

from __future__ import annotations

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import ROUTER, Matched
from skyvern_testkit.wire.declined import DECLINED
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import OPERATIONS, PUBLIC, Operation

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "operations.md"
CONTRACTS = ROOT / "contracts"
HEAD = """\
# Operations

Made by `python tools/operations_page.py`; a test compares it with the code.
An operation that is not served answers 501 and says so: it is never a 404 that the real server
would not give. Operations are named as the SDK's methods.

* aliases: other spellings of the path that are answered in the same way.
* cases: those of [the contract](../contracts/README.md) that ask for the operation, themselves or by
  a function of their module, and how many of them the real server has proven.
* recorded: exchanges with the real server that [are replayed](../contracts/recorded/README.md) and
  ask for it.
"""
HIDDEN = """
## Hidden routes that are served

The real server answers them, but neither its public document nor the SDK names them, so their names
here are ours.
"""
DECLINED_HEAD = """
## Routes that are declined

They answer 501 with the reason. Nothing of them is in the public document or in any release of the
SDK. A fault can answer in their place: `faults.on("*", when=...)`.
"""


def page() -> str:
    """The whole page."""
    served = endpoints()
    count = sum(item.name in served for item in PUBLIC)
    hidden = [item for item in OPERATIONS.values() if item.hidden and item.name in served]
    return "".join(
        (
            HEAD,
            f"\n{count} of {len(PUBLIC)} public operations are served.\n\n",
            _table(PUBLIC),
            HIDDEN,
            "\n",
            _table(hidden),
            DECLINED_HEAD,
            _declined(),
        )
    )


def _table(operations: tuple[Operation, ...] | list[Operation]) -> str:
    asking, exchanges = cases(), recorded()
    lines = [
        "| operation | route | aliases | served | cases | recorded |",
        "|---|---|--:|---|---|--:|",
    ]
    for item in operations:
        named = asking.get(item.name, set())
        proven = len(named & proven_cases())
        told = f"{len(named)}, {proven} proven" if named else "-"
        lines.append(
            f"| `{item.name}` | `{item.method} {item.path}` | {len(item.routes) - 1} "
            f"| {'yes' if item.name in endpoints() else '-'} | {told} | {exchanges[item.name]} |"
        )
    return "\n".join(lines) + "\n"


def _declined() -> str:
    parts: list[str] = []
    for group in DECLINED:
        lines = [" ".join(line.split()) for line in group.written.split("\n") if line.strip()]
        routes = "".join(f"* `{line}`\n" for line in lines)
        parts.append(
            f"\n### {group.name.replace('_', ' ').capitalize()}\n\n{group.reason}\n\n{routes}"
        )
    return "".join(parts)


# --- exchanges ----------------------------------------------------------------------------------


def recorded() -> Counter[str]:
    """Operation -> recorded exchanges that ask for it."""
    found: Counter[str] = Counter()
    for path in sorted((CONTRACTS / "recorded").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            asked = json.loads(line).get("request")  # a line may also tell of the recording itself
            name = operation_of(asked["method"], asked["path"]) if asked else None
            if name is not None:
                found[name] += 1
    return found


def operation_of(method: str, target: str) -> str | None:
    """The operation that a request asks for, where it is one."""
    found = ROUTER.match(Request.to(method, target))
    return found.operation.name if isinstance(found, Matched) else None


# --- cases --------------------------------------------------------------------------------------


def proven_cases() -> set[str]:
    """The cases that the real server has proven, by any driver."""
    evidence = json.loads((CONTRACTS / "evidence.json").read_text("utf-8"))["cases"]
    return {
        name
        for name, drivers in evidence.items()
        if any(row["verdict"] == "proven" for row in drivers.values())
    }


def cases() -> dict[str, set[str]]:
    """Operation -> the cases that ask for it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted((CONTRACTS / "cases").glob("test_*.py")):
        parts = _parts(ast.parse(path.read_text("utf-8")))
        for part in parts.values():
            name = _case_of(part)
            if name is not None:
                for operation in _asked_by(part, parts):
                    found[operation].add(name)
    return found


def _parts(module: ast.Module) -> dict[str, ast.stmt]:
    """What a module defines at its top: functions and constants, by name."""
    found: dict[str, ast.stmt] = {}
    for statement in module.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                found[name] = statement
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = statement
            case _:
                pass
    return found


def _case_of(part: ast.stmt) -> str | None:
    """The name in ``@case("...")``."""
    for decorator in part.decorator_list if isinstance(part, ast.FunctionDef) else ():
        match decorator:
            case ast.Call(func=ast.Name(id="case"), args=[ast.Constant(value=str(name)), *_]):
                return name
            case _:
                pass
    return None


def _asked_by(part: ast.stmt, parts: dict[str, ast.stmt]) -> set[str]:
    """The operations that a function names, or what it uses of its module does."""
    found: set[str] = set()
    seen: set[str] = set()
    wanted = [part]
    while wanted:
        for node in ast.walk(wanted.pop()):
            found.update(_named(node))
            if isinstance(node, ast.Name) and node.id in parts and node.id not in seen:
                seen.add(node.id)
                wanted.append(parts[node.id])
    return found


def _named(node: ast.AST) -> Iterator[str]:
    """An operation's own name, or the method and path of a request."""
    match node:
        case ast.Constant(value=str(text)) if text in OPERATIONS:
            yield text
        case ast.Call(args=[ast.Constant(value=str(method)), target, *_]) if method.isupper():
            name = operation_of(method, _written(target))
            if name is not None:
                yield name
        case _:
            pass


def _written(target: ast.expr) -> str:
    """A path as it is written, with something in place of what is put in."""
    match target:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=values):
            return "".join(_written(value) for value in values)
        case _:
            return "x"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
