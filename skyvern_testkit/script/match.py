"""Which run plays which script: patterns over what the caller asked for, and their near misses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final, cast

from skyvern_testkit.script.states import ENGINES, RUN_TYPES
from skyvern_testkit.wire.jsontext import Json

__all__ = ["Match", "Miss", "Pattern", "RunInput", "fits", "shown"]

Pattern = str | re.Pattern[str] | Callable[[Any], bool]
"""A glob (``"*invoice*"``, case as written), a compiled regular expression (searched), or a function.

None of them fits what the run does not have: a function is never asked about None.
"""


@dataclass(frozen=True, slots=True)
class RunInput:
    """What was asked of a run: all that a matcher or a generator script may know of it."""

    run_id: str
    run_type: str
    prompt: str | None = None
    url: str | None = field(default=None, repr=False)
    engine: str | None = None
    title: str | None = None
    workflow_permanent_id: str | None = None
    workflow_title: str | None = None
    parameters: Mapping[str, Json] = field(default_factory=dict[str, Json], repr=False)
    browser_session_id: str | None = None
    browser_profile_id: str | None = None
    totp_identifier: str | None = None
    attempt: int = 1
    block: str | None = None
    """The label of the block that a script plays; None: it plays the whole run."""
    block_type: str | None = None
    current_value: Json = None
    current_index: int | None = None
    """In a loop: the turn that the block belongs to."""


def fits(pattern: Pattern, value: Any) -> bool:
    """Does the pattern fit what was asked? None fits none."""
    if value is None:
        return False
    if isinstance(pattern, re.Pattern):
        return pattern.search(str(value)) is not None
    if isinstance(pattern, str):
        return fnmatchcase(str(value), pattern)
    return bool(pattern(value))


@dataclass(frozen=True, slots=True)
class Miss:
    """One reason why a run does not match. ``str()`` of it is exact: redact the values first.

    Args:
        name: which field of :class:`Match`'s.
        got: what the run has; None if it has none.
        wanted: the pattern.
        key: of a parameter: its name.
    """

    name: str
    got: Any = field(repr=False)
    wanted: Any = field(repr=False)
    key: str | None = None
    is_given: bool = True

    def __str__(self) -> str:
        if not self.is_given:
            return f"parameter {self.key} is not given"
        if self.key is not None:
            return f"parameter {self.key} is {self.got!r}, not {shown(self.wanted)}"
        return f"{self.name} is {self.got!r}, not {shown(self.wanted)}"


@dataclass(frozen=True, slots=True)
class _WorkflowMiss(Miss):
    title: str | None = None

    def __str__(self) -> str:
        known = (
            "the run has no workflow"
            if self.got is None
            else f"workflow is {self.got!r} ({self.title!r})"
        )
        return f"{known}, not {shown(self.wanted)}"


_NAMES: Final[Mapping[str, tuple[str, ...]]] = {"engine": ENGINES, "run_type": tuple(RUN_TYPES)}
"""What these fields can be: another name would never match."""
_GLOB: Final = re.compile(r"[*?\[]")


@dataclass(frozen=True, slots=True)
class Match:
    """A pattern for runs; a field left out matches every run.

    Args:
        prompt: a task's prompt (or a login's, or a download's goal).
        url: its starting page.
        workflow: a workflow's permanent id or its title.
        parameters: values that the run's parameters must have; others do not matter. A value may be
            a function, which is asked.
        engine: as on the wire: ``skyvern-1.0``, ``skyvern-2.0``, ...
        title: the run's title.
        run_type: as on the wire: ``task_v1``, ``workflow_run``, ...
        block: label of a block of a workflow: the script is for that block, not for the whole run.
        block_type: its type, as on the wire: ``extraction``, ``http_request``, ...

    Raises:
        TypeError: what no pattern can be.
        ValueError: an engine or a kind of run that there is not; the message names the nearest.
    """

    prompt: Pattern | None = None
    url: Pattern | None = None
    workflow: Pattern | None = None
    parameters: Mapping[str, Json] | None = None
    engine: Pattern | None = None
    title: Pattern | None = None
    run_type: Pattern | None = None
    block: Pattern | None = None
    block_type: Pattern | None = None

    def __post_init__(self) -> None:
        for item in fields(self):
            wanted = getattr(self, item.name)
            if item.name == "parameters":
                if not isinstance(wanted, Mapping | None):
                    raise TypeError(f"parameters is a mapping of names to values, not {wanted!r}")
            elif not (isinstance(wanted, str | re.Pattern | None) or callable(wanted)):
                raise TypeError(
                    f"{item.name} is a glob, a compiled regular expression or a function, not {wanted!r}"
                )
            names = _NAMES.get(item.name)
            if names and isinstance(wanted, str) and not (wanted in names or _GLOB.search(wanted)):
                near = get_close_matches(wanted, names, n=1, cutoff=0.4)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise ValueError(
                    f"no run has the {item.name} {wanted!r} ({', '.join(names)}).{hint}"
                )

    @property
    def is_for_block(self) -> bool:
        """Is it for a block of a run that walks, rather than for a whole run?"""
        return self.block is not None or self.block_type is not None

    def misses(self, run: RunInput) -> tuple[Miss, ...]:
        """Why the run does not match; empty when it does."""
        found: list[Miss] = []
        for name in ("prompt", "url", "engine", "title", "run_type", "block", "block_type"):
            pattern = getattr(self, name)
            value = getattr(run, name)
            if pattern is not None and not fits(pattern, value):
                found.append(Miss(name, value, pattern))
        if self.workflow is not None and not (
            fits(self.workflow, run.workflow_permanent_id)
            or fits(self.workflow, run.workflow_title)
        ):
            id_, title = run.workflow_permanent_id, run.workflow_title
            found.append(_WorkflowMiss("workflow", id_, self.workflow, title=title))
        for key, wanted in (self.parameters or {}).items():
            if key not in run.parameters:
                found.append(Miss("parameters", None, wanted, key, is_given=False))
            elif callable(wanted) and wanted(run.parameters[key]):
                continue
            elif run.parameters[key] != wanted:
                found.append(Miss("parameters", run.parameters[key], wanted, key))
        return tuple(found)

    def __str__(self) -> str:
        given = (
            f"{item.name}={shown(value)}"
            for item in fields(self)
            if (value := getattr(self, item.name)) is not None
        )
        return f"on({', '.join(given)})"


def shown(pattern: Any) -> str:
    """A pattern as people write it."""
    if isinstance(pattern, re.Pattern):
        return f"re {cast('re.Pattern[str]', pattern).pattern!r}"
    if isinstance(pattern, Mapping):
        items = cast("Mapping[str, Any]", pattern).items()
        return f"{{{', '.join(f'{key!r}: {shown(value)}' for key, value in items)}}}"
    if callable(pattern):
        return getattr(pattern, "__qualname__", repr(pattern))
    return repr(pattern)
