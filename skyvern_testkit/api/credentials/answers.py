"""A credential as it is answered: without its secrets and without times (facts: resources 7)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from skyvern_testkit.api.credentials.requests import (
    CredentialType,
    NonEmptyCreditCardCredential,
    NonEmptyPasswordCredential,
    SecretCredential,
)
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Credential

__all__ = ["KINDS", "credential_body"]


def credential_body(credential: Credential) -> JsonObject:
    """A credential as it is answered: without its secrets and without times."""
    settings = credential.settings
    return {
        "credential_id": credential.id,
        "credential": credential.shown,
        "credential_type": credential.type,
        "name": credential.name,
        "vault_type": settings["vault_type"],
        "browser_profile_id": settings["browser_profile_id"],
        "auto_profile_disabled": settings["auto_profile_disabled"],
        "pin_saved_session_ip": settings["pin_saved_session_ip"],
        "tested_url": settings["tested_url"],
        "user_context": settings["user_context"],
        "save_browser_session_intent": settings["save_browser_session_intent"],
        "run_sequentially": False,
        "folder_id": settings["folder_id"],
        "proxy_location": settings["proxy_location"],
        "proxy_session_id": settings["proxy_session_id"],
        "created_by": None,
    }


def _shown_password(credential: NonEmptyPasswordCredential) -> JsonObject:
    return {
        "username": credential.username,
        "totp_type": credential.totp_type,
        "totp_identifier": credential.totp_identifier,
        "has_totp": bool((credential.totp or "").strip()),
    }


def _shown_card(credential: NonEmptyCreditCardCredential) -> JsonObject:
    return {"last_four": credential.card_number[-4:], "brand": credential.card_brand}


def _shown_secret(credential: SecretCredential) -> JsonObject:
    return {"secret_label": credential.secret_label}


KINDS: Final[dict[CredentialType, tuple[type[Lazy], Callable[[Any], JsonObject]]]] = {
    CredentialType.PASSWORD: (NonEmptyPasswordCredential, _shown_password),
    CredentialType.CREDIT_CARD: (NonEmptyCreditCardCredential, _shown_card),
    CredentialType.SECRET: (SecretCredential, _shown_secret),
}
