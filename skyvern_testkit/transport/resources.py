"""Ready resources: sessions, profiles and credentials made in the world by the test, without HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["Resource"]


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource that is there. Every field of the server's answer is an attribute.

    Calling it makes another one of its kind: ``skyvern_session(timeout=30)``.

    Attributes:
        id: its id, whatever the kind (``pbs_...``, ``bp_...``, ``cred_...``).
        answer: what the server answered when it was made.
    """

    id: str
    answer: JsonObject = field(repr=False)
    _make: Callable[..., Resource] = field(repr=False)

    def __call__(self, **settings: Any) -> Resource:
        """Another one; the arguments are those of the fake's method of the same name."""
        return self._make(**settings)

    def __getattr__(self, name: str) -> Any:
        try:
            return self.answer[name]
        except KeyError:
            known = ", ".join(self.answer)
            raise AttributeError(f"{self.id} has no {name} (it has: {known})") from None

    def __str__(self) -> str:
        return self.id
