"""Ready resources: sessions, profiles and credentials made in the world by the test, without HTTP."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["Furnishing", "Resource"]


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


class Furnishing:
    """Makes resources in a fake, without a request."""

    _names = 0

    @abstractmethod
    def _do(self, operation: str, body: dict[str, Any]) -> Any:
        """What the server would answer; a ValueError where it would refuse."""

    def session(self, **settings: Any) -> Resource:
        """A new browser session.

        Args:
            settings: as for the SDK's ``create_browser_session`` (``timeout`` in minutes, ...).

        Raises:
            ValueError: the server would refuse them.
        """
        return self._make("create_browser_session", "browser_session_id", self.session, settings)

    def profile(self, **settings: Any) -> Resource:
        """A new browser profile, empty unless a source is named.

        Args:
            settings: as for the SDK's ``create_browser_profile``; the name is made up if not given.

        Raises:
            ValueError: the server would refuse them.
        """
        given = {"name": self._new_name("Profile"), **settings}
        return self._make("create_browser_profile", "browser_profile_id", self.profile, given)

    def credential(
        self,
        *,
        name: str | None = None,
        username: str = "demo@example.com",
        password: str = "correct horse battery staple",
        totp: str | None = None,
        totp_identifier: str | None = None,
        **settings: Any,
    ) -> Resource:
        """A new stored credential, of kind ``password`` unless the settings say otherwise.

        Args:
            name: made up if not given.
            username: of the account.
            password: of the account.
            totp: seed of its second factor (base32 or an ``otpauth://`` URI).
            totp_identifier: under which codes are sent, where there is no seed.
            settings: as for the SDK's ``create_credential``; ``credential_type`` and ``credential``
                together give another kind.

        Raises:
            ValueError: the server would refuse them.
        """
        secret: dict[str, Any] = {"username": username, "password": password}
        if totp is not None:
            secret |= {"totp": totp, "totp_type": "authenticator"}
        if totp_identifier is not None:
            secret |= {"totp_identifier": totp_identifier}
            secret.setdefault("totp_type", "email" if "@" in totp_identifier else "text")
        given = {
            "name": name or self._new_name("Credential"),
            "credential_type": "password",
            "credential": secret,
            **settings,
        }
        return self._make("create_credential", "credential_id", self.credential, given)

    def _make(
        self, operation: str, id_field: str, again: Callable[..., Resource], body: dict[str, Any]
    ) -> Resource:
        answer = self._do(operation, body)
        return Resource(answer[id_field], answer, again)

    def _new_name(self, kind: str) -> str:
        self._names += 1
        return f"{kind} {self._names}"
