"""API keys: whose they are and what the server says to each (facts: resources 1, "Auth")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from enum import Enum

from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.world.rows import Organization
from skyvern_testkit.world.world import World

__all__ = ["DEFAULT_KEY", "Key", "KeyState", "Keys"]

DEFAULT_KEY = "skyvern-testkit-key"
"""The key of a world's own organisation, where the kit makes the client."""

_EXPIRED_BY_TIME = "Auth token is expired"
_INVALID = "Invalid credentials"
_UNREADABLE = "Could not validate credentials"
_REVOKED = (
    "Your API key has expired. "
    "Please retrieve the latest one from https://app.skyvern.com/settings/api-keys"
)


class KeyState(Enum):
    """What a key is worth: the value is what the server answers, on ordinary and credential routes."""

    ACTIVE = (200, "", "")
    EXPIRED = (403, _EXPIRED_BY_TIME, _EXPIRED_BY_TIME)
    EXPIRED_UNREGISTERED = (403, _EXPIRED_BY_TIME, _INVALID)
    UNREGISTERED = (403, _INVALID, _INVALID)
    UNREADABLE = (403, _UNREADABLE, _UNREADABLE)
    UNKNOWN_ORGANIZATION = (404, "Organization not found", "Organization not found")
    REVOKED = (403, _REVOKED, _REVOKED)

    def refusal(self, *, credential_route: bool) -> Refusal:
        """The answer to a request with such a key."""
        status, ordinary, credential = self.value
        return Refusal(status, credential if credential_route else ordinary)


@dataclass(frozen=True, slots=True)
class Key:
    """One API key. Its text is a secret: it is not in the repr."""

    organization_id: str | None
    state: KeyState = KeyState.ACTIVE


class Keys:
    """The keys of a world.

    Args:
        world: whose organisations the keys open.
        strict: only registered keys are taken; otherwise every key that a real server could take.
        one_organization: keys that nobody registered all open the same organisation (the way of a
            world in process); otherwise each opens its own (the way of a served world).
        on_organization: called with the id of every organisation that a key makes later.
    """

    def __init__(
        self,
        world: World,
        *,
        strict: bool = False,
        one_organization: bool = True,
        on_organization: Callable[[str], None] | None = None,
    ) -> None:
        self._world = world
        self._on_organization = on_organization
        self.strict = strict
        self.one_organization = one_organization
        self.default_organization = world.new_organization("skyvern-testkit")
        self._keys = {DEFAULT_KEY: Key(self.default_organization.id)}

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def fork(self, world: World, *, on_organization: Callable[[str], None] | None = None) -> Keys:
        """The same keys for a fork of the world."""
        twin = copy(self)
        vars(twin).update(_world=world, _keys=dict(self._keys), _on_organization=on_organization)
        return twin

    def add(self, key: str, *, organization: str | None = None) -> str:
        """Register a key; returns the id of the organisation that it opens.

        Args:
            key: its text.
            organization: the id of one that exists; left out, a new one is made.

        Raises:
            ValueError: no organisation has that id, or no server would take such a key.
        """
        if _never_a_key(key):
            raise ValueError(
                "a key is a text without quotes, spaces at its ends or a Bearer prefix"
            )
        if organization is None:
            organization = self._new_organization()
        elif self._world.get(Organization, organization) is None:
            raise ValueError(f"there is no organisation {organization}")
        self._keys[key] = Key(organization)
        return organization

    def expire(self, key: str) -> None:
        """The key's time is over: 403 ``Auth token is expired``."""
        self.mark(key, KeyState.EXPIRED)

    def revoke(self, key: str) -> None:
        """The key was replaced by another: 403 with the advice to fetch the latest one."""
        self.mark(key, KeyState.REVOKED)

    def mark(self, key: str, state: KeyState) -> None:
        """Put a key, known or not, into any state of the table."""
        self._keys[key] = replace(self._keys.get(key) or Key(None), state=state)

    def organization_of(self, key: str | None, *, credential_route: bool) -> str:
        """The id of the organisation that the key opens.

        Raises:
            Refusal: what the real server answers to that key on that kind of route.
        """
        if not key:
            raise KeyState.UNREGISTERED.refusal(credential_route=credential_route)
        known = self._keys.get(key)
        if known is None:
            if _never_a_key(key):
                raise KeyState.UNREADABLE.refusal(credential_route=credential_route)
            known = self._stranger(key)
        if known.state is not KeyState.ACTIVE:
            raise known.state.refusal(credential_route=credential_route)
        if known.organization_id is None:
            raise KeyState.UNKNOWN_ORGANIZATION.refusal(credential_route=credential_route)
        return known.organization_id

    def of(self, organization_id: str) -> list[str]:
        """The keys that open an organisation now."""
        return [
            text
            for text, key in self._keys.items()
            if key.organization_id == organization_id and key.state is KeyState.ACTIVE
        ]

    def opens(self, key: str | None, organization_id: str) -> bool:
        """Is that the organisation that the key opens, as far as is known? A stranger opens none."""
        known = self._keys.get(key or "")
        return known is not None and known.organization_id == organization_id

    def _stranger(self, key: str) -> Key:
        if self.strict:
            readable = key.count(".") == 2
            return Key(None, KeyState.UNREGISTERED if readable else KeyState.UNREADABLE)
        organization_id = (
            self.default_organization.id if self.one_organization else self._new_organization()
        )
        self._keys[key] = Key(organization_id)
        return self._keys[key]

    def _new_organization(self) -> str:
        made = self._world.new_organization(f"organisation {len(self._keys) + 1}").id
        if self._on_organization is not None:
            self._on_organization(made)
        return made


def _never_a_key(key: str) -> bool:
    return key != key.strip() or key[:1] in "\"'" or key[:7].lower() == "bearer "
