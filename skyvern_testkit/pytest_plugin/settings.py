"""The settings of a test: its ``skyvern`` marks, the command line and the ini file, checked."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final
from weakref import WeakKeyDictionary

import pytest

__all__ = [
    "DESCRIPTION",
    "FIXTURES",
    "add_options",
    "check",
    "is_marked",
    "needs_our_loops",
    "of",
    "refuse",
]

DESCRIPTION: Final = (
    "skyvern(fake=, seed=, clock=, strict=, intercept=, ...): settings of the test's fake Skyvern; "
    "see skyvern_testkit.fake_skyvern for all of them."
)
FIXTURES: Final = frozenset(
    f"skyvern_{name}"
    for name in (
        "fake",
        "server",
        "client",
        "sync_client",
        "totp",
        "webhooks",
        "session",
        "profile",
        "credential",
        "faults",
        "clock",
    )
)
FLAGS: Final = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}
VIRTUAL_ONLY: Final = ("max_virtual", "hold_cap", "wallclock")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what it may be, and what it is on the command line and in the ini file."""

    is_valid: Callable[[Any], bool]
    must_be: str
    option: dict[str, Any] | None = None
    read: Callable[[str], Any] = str
    hint: Callable[[object], str] = lambda value: ""  # noqa: ARG005 - most have none


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _is_instance_of(module: str, name: str) -> Callable[[object], bool]:
    """Is it of a class that may not even be imported?"""

    def check(value: object) -> bool:
        kind = getattr(sys.modules.get(module), name, None)
        return kind is not None and isinstance(value, kind)

    return check


def _read_flag(text: str) -> Any:
    return FLAGS.get(text.strip().lower(), text)


def _is_seed(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_clock(value: object) -> bool:
    return _is_number(value) or value in {"virtual", "real", "polls", "manual"}


def _is_fake(value: object) -> bool:
    return bool(value) and isinstance(value, str | os.PathLike)


def _is_dialect(value: object) -> bool:
    from skyvern_testkit.api.differences import RELEASES

    return value in RELEASES


def _nearest_dialects(value: object) -> str:
    from skyvern_testkit.api.dialects import nearest_releases

    return f" (the nearest: {' and '.join(nearest_releases(str(value)))})"


def _read_number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _read_int(text: str) -> Any:
    try:
        return int(text)
    except ValueError:
        return text


SETTINGS: Final[dict[str, Setting]] = {
    "seed": Setting(
        _is_seed,
        "a whole number",
        {
            "metavar": "N",
            "help": "seed of the fake Skyvern: ids, values, retry jitter (default: 0)",
        },
        _read_int,
    ),
    "clock": Setting(
        _is_clock,
        "'virtual', 'real', 'polls', 'manual' or how many times as fast as real time it is",
        {
            "metavar": "virtual|real|polls|manual|RATE",
            "help": "time of the tests that use a fake (default: virtual; polls with skyvern_server)",
        },
        _read_number,
    ),
    "fake": Setting(
        _is_fake,
        "the name or path of a fake",
        {"metavar": "NAME", "help": "the YAML fake that every world begins with"},
    ),
    "strict": Setting(
        _is_flag,
        "true or false",
        {
            "action": "store_const",
            "const": "true",
            "help": "fail tests whose rules, faults or scripts are not used, or that get advice",
        },
        _read_flag,
    ),
    "intercept": Setting(
        _is_flag,
        "true or false",
        {
            "action": "store_const",
            "const": "true",
            "help": "in tests that use a fixture or the mark: serve every httpx request for "
            "Skyvern's own hosts from the test's fake",
        },
        _read_flag,
    ),
    "dialect": Setting(
        _is_dialect,
        "a release of Skyvern such as '1.0.24'",
        {"metavar": "RELEASE", "help": "release of Skyvern that fakes speak (default: the newest)"},
        hint=_nearest_dialects,
    ),
    "epoch": Setting(_is_instance_of("datetime", "datetime"), "a datetime"),
    "timing": Setting(_is_instance_of("skyvern_testkit.world.world", "Timing"), "a Timing"),
    "strict_keys": Setting(_is_flag, "true or false"),
    "max_virtual": Setting(_is_number, "a positive number of virtual seconds"),
    "max_requests": Setting(_is_count, "a positive whole number"),
    "hold_cap": Setting(_is_number, "a positive number of real seconds"),
    "wallclock": Setting(_is_flag, "true or false"),
}


def add_options(parser: pytest.Parser) -> None:
    """``--skyvern-NAME`` and ``skyvern_NAME`` for the settings that are for a whole suite."""
    group = parser.getgroup("skyvern", "skyvern-testkit: a fake Skyvern")
    for name, setting in SETTINGS.items():
        if setting.option is not None:
            group.addoption(
                f"--skyvern-{name}", dest=f"skyvern_{name}", default=None, **setting.option
            )
            parser.addini(f"skyvern_{name}", setting.option["help"], default=None)


def of(item: pytest.Item) -> dict[str, Any]:
    """What ``fake_skyvern()`` is called with for a test: its marks, the nearest first, then options, then ini.

    Raises:
        pytest.UsageError: something is wrong; it names the test.
    """
    found = dict(_of_suite(item.config))
    if "skyvern_server" in _fixtures(item):
        found.setdefault("clock", "polls")  # its clients may be on a time of their own
    for mark in reversed(list(item.iter_markers("skyvern"))):
        found.update(mark.kwargs)
    return found


def check(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Look at all settings of all tests; what is wrong with a mark is told by :func:`refuse`.

    Raises:
        pytest.UsageError: names the options and ini keys that are wrong.
    """
    suite = _of_suite(config)
    wrong = [f"{_where(config, name)}: {why}" for name, why in _invalid(suite)]
    if wrong:
        raise pytest.UsageError("\n".join(wrong))
    for item in items:
        if item.get_closest_marker("skyvern") is not None or FIXTURES & _fixtures(item):
            item.stash[_WRONG] = [
                f"{item.nodeid}: @pytest.mark.skyvern: {why}" for why in dict.fromkeys(_wrong(item))
            ]


def refuse(item: pytest.Item) -> None:
    """Fail a test whose marks are wrong, before anything of it is set up."""
    if wrong := item.stash.get(_WRONG, None):
        pytest.fail("\n".join(wrong), pytrace=False)


def _of_suite(config: pytest.Config) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if setting.option is None:
            continue
        text = config.getoption(f"skyvern_{name}")
        if text is None:
            text = config.getini(f"skyvern_{name}")
        if text not in (None, ""):
            found[name] = setting.read(str(text))
    return found


def _where(config: pytest.Config, name: str) -> str:
    given = config.getoption(f"skyvern_{name}") is not None
    return f"--skyvern-{name}" if given else f"skyvern_{name} in {config.inipath or 'the ini file'}"


def _invalid(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if not SETTINGS[name].is_valid(value):
            yield (
                name,
                f"{name} must be {SETTINGS[name].must_be}, not {value!r}{SETTINGS[name].hint(value)}",
            )


_WRONG: Final = pytest.StashKey[list[str]]()


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, SETTINGS, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def _wrong(item: pytest.Item) -> Iterator[str]:
    """What is wrong with the marks of a test."""
    by_node: dict[str, dict[str, Any]] = {}
    for node, mark in item.iter_markers_with_node("skyvern"):
        if mark.args:
            yield f"takes arguments by name only, not {', '.join(map(repr, mark.args))}"
        said = by_node.setdefault(node.nodeid, {})
        for name, value in mark.kwargs.items():
            if name not in SETTINGS:
                yield f"knows no {name!r}.{_nearest(name)} It takes {', '.join(SETTINGS)}"
                continue
            if name in said and said[name] != value:
                yield f"says {name}={said[name]!r} and {name}={value!r} of the same test"
            said[name] = value
        known = {name: value for name, value in mark.kwargs.items() if name in SETTINGS}
        yield from (why for _, why in _invalid(known))
    together = of(item)
    if (clock := together.get("clock", "virtual")) != "virtual":
        for name in VIRTUAL_ONLY:
            if name in together:
                yield f"says clock={clock!r} and {name}={together[name]!r}, which is for virtual time"


# --- whose loops are ours -----------------------------------------------------------------------


def needs_our_loops(item: pytest.Item) -> bool:
    """Does the test use anything of the kit, or share its event loop with tests that may?"""
    return _uses_us(item) or _shares_its_loop(item)


def _fixtures(item: pytest.Item) -> frozenset[str]:
    return frozenset(getattr(item, "fixturenames", ()))


def is_marked(item: pytest.Item) -> bool:
    """Has the test the mark, or its class, or its module?"""
    return item.get_closest_marker("skyvern") is not None


def _uses_us(item: pytest.Item) -> bool:
    if FIXTURES & _fixtures(item) or is_marked(item):
        return True
    module = getattr(item, "module", None)
    return module is not None and _imports_us(module)


_KNOWN: Final = WeakKeyDictionary[ModuleType, bool]()
_SESSION: Final = pytest.StashKey[bool]()
"""Does any test of the session use the kit?"""


def _imports_us(module: ModuleType) -> bool:
    """Does a test module have anything of ours among its names, such as ``fake_skyvern``?"""
    known = _KNOWN.get(module)
    if known is None:
        known = any(
            str(getattr(value, "__module__", None) or getattr(value, "__name__", "")).startswith(
                "skyvern_testkit"
            )
            for value in vars(module).values()
        )
        _KNOWN[module] = known
    return known


def _shares_its_loop(item: pytest.Item) -> bool:
    """Is its event loop made once for several tests, of which a later one may use the kit?"""
    session = item.session
    if _SESSION not in session.stash:
        session.stash[_SESSION] = any(map(_uses_us, session.items))
    if not session.stash[_SESSION]:
        return False
    scopes = {_ini(item, f"asyncio_default_{kind}_loop_scope") for kind in ("test", "fixture")}
    if (mark := item.get_closest_marker("asyncio")) is not None:
        scopes |= {mark.kwargs.get("loop_scope"), mark.kwargs.get("scope")}
    if scopes - {None, "", "function"}:
        return True
    definitions = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return any(
        found[-1].scope != "function" and _has_to_do_with_loops(name, found[-1].func)
        for name, found in definitions.items()
        if found
    )


def _ini(item: pytest.Item, name: str) -> object:
    """A key of another plugin, which may not be there."""
    try:
        return item.config.getini(name)
    except (KeyError, ValueError):
        return None


def _has_to_do_with_loops(name: str, function: Any) -> bool:
    return (
        name in {"event_loop", "anyio_backend"}
        or inspect.iscoroutinefunction(function)
        or inspect.isasyncgenfunction(function)
    )
