"""What a case says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

__all__ = ["DRIVERS", "MARK", "Case", "case"]

MARK: Final = "skyvern_contract"
DRIVERS: Final = ("raw", "sdk")
"""Ways to make a call: as plain HTTP, and by the installed SDK."""

Test = TypeVar("Test", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Case:
    """One behaviour of the server.

    Attributes:
        name: dotted, family first: ``sessions.close.idempotent``.
        fact: where it is known from, file and section: ``resources 9``.
        raw_only: why the SDK cannot express it; None: it can.
        ours_only: why no real server can be asked; None: it can.
        alone: it reads whole lists, so the organisation must be nobody else's.
    """

    name: str
    fact: str
    raw_only: str | None = None
    ours_only: str | None = None
    alone: bool = False

    @property
    def family(self) -> str:
        """The first word of its name."""
        return self.name.partition(".")[0]


def case(
    name: str,
    *,
    fact: str,
    raw_only: str | None = None,
    ours_only: str | None = None,
    alone: bool = False,
) -> Callable[[Test], Test]:
    """Make a test function a case of the contract; the arguments are those of :class:`Case`."""
    import pytest

    mark: Callable[[Test], Test] = getattr(pytest.mark, MARK)(
        Case(name, fact, raw_only, ours_only, alone)
    )
    return mark
