"""What the tests share. The fixtures named skyvern_... come with skyvern-testkit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from invoice_portal.settings import Settings
from invoice_portal.store import Store
from portal import MAIL, PORTAL, Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def store() -> Iterator[Store]:
    with Store(":memory:") as store:
        yield store


@pytest.fixture
def login_id(skyvern_credential) -> str:
    """A stored login whose codes come by mail."""
    stored = skyvern_credential(username="acme", password="correct horse", totp_identifier=MAIL)
    return stored.credential_id


@pytest.fixture
def profile_id(skyvern_profile) -> str:
    """A browser profile that is logged in."""
    return skyvern_profile(name="acme").browser_profile_id


@pytest.fixture
def settings(skyvern_fake, login_id) -> Settings:
    return Settings(api_key=skyvern_fake.api_key, credential_id=login_id, portal_url=PORTAL)
