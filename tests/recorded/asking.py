"""Which recorded exchanges the fake can be asked: what it serves, and what nothing unserved made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import ROUTER, Matched, Redirect
from skyvern_testkit.wire.http import Request
from tests.recorded.evidence import Recorded, groups, recorded
from tests.recorded.naming import ID

LAB = frozenset({"no_browser", "no_model", "local_path", "not_repeatable"})
"""Answers that say more of where they were recorded than of the server: played, never compared.
(``sqlite`` and ``no_vault`` are what the fake is, too.)"""


def _answered_by_router(exchange: Recorded) -> bool:
    return exchange.status == 405 or exchange.body == b'{"detail":"Not Found"}'


def _own_reason(exchange: Recorded) -> str | None:
    found = ROUTER.match(Request.to(exchange.method, exchange.path.split("?")[0]))
    if isinstance(found, Matched):
        name = found.operation.name
        return None if name in endpoints() else f"{name} is not served yet"
    if isinstance(found, Redirect) or _answered_by_router(exchange):
        return None
    if exchange.method == "OPTIONS":  # a preflight is answered whatever the path
        return None
    return "a route outside the public interface, not served yet"


def referred(exchange: Recorded, names: set[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """What its placeholders mean: (placeholder, name of the exchange, path into its answer)."""
    for reference in exchange.references():
        parts = reference.split(".")
        for cut in range(len(parts) - 1, 0, -1):
            name = ".".join(parts[:cut])
            if name in names:
                yield reference, name, tuple(parts[cut:])
                break


@cache
def unserved(group: str) -> dict[str, str]:
    """The exchanges of a group that the fake cannot be asked yet, and why: name -> reason.

    What refers to the answer of such an exchange, or shows what it made, cannot be asked either.
    """
    found: dict[str, str] = {}
    made_by: dict[str, str] = {}
    names = {exchange.name for exchange in recorded(group)}
    for exchange in recorded(group):
        shown = set(ID.findall(exchange.body.decode("utf-8", "replace")))
        things = {f"{prefix}_{number}" for prefix, number in shown if prefix != "o"}
        reason = _own_reason(exchange)
        if reason is None:
            needed = (name for _, name, _ in referred(exchange, names) if name in found)
            reason = next((f"needs {name}: {found[name]}" for name in needed), None)
        if reason is None:
            makers = sorted({made_by.get(thing, "") for thing in things} - {""})
            reason = next((f"shows what {name} made: {found[name]}" for name in makers), None)
        if reason is not None:
            found[exchange.name] = reason
        for thing in things:
            made_by.setdefault(thing, exchange.name if reason else "")
    return found


def served(wanted: Callable[[str], bool] = lambda group: True) -> list[Recorded]:
    """The exchanges of these groups that the fake can be asked."""
    return [
        exchange
        for group in groups()
        if wanted(group)
        for exchange in recorded(group)
        if exchange.name not in unserved(group) and not exchange.environment & LAB
    ]
