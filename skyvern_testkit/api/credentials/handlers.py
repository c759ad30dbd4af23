"""The operations on credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from skyvern_testkit.api.call import Answer, Call, Endpoint, page_of
from skyvern_testkit.api.credentials.answers import KINDS, credential_body
from skyvern_testkit.api.credentials.requests import (
    CreateCredential,
    CredentialsQuery,
    CredentialType,
    RenameCredential,
    TotpType,
    VaultType,
)
from skyvern_testkit.api.credentials.seeds import check_seed
from skyvern_testkit.api.fields import ProxyLocation
from skyvern_testkit.api.profiles import pinned_proxy, repinned_proxy
from skyvern_testkit.api.vaults import UNUSABLE_LATER, ask_service, check_service
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.authenticator import Authenticator, usable_seed
from skyvern_testkit.world.rows import Credential, Profile

__all__ = ["ENDPOINTS"]

_KEPT: Final = ("browser_profile_id", "auto_profile_disabled", "pin_saved_session_ip", "tested_url")
_PATCHED: Final = (
    "auto_profile_disabled",
    "pin_saved_session_ip",
    "tested_url",
    "save_browser_session_intent",
)


def create_credential(call: Call) -> JsonObject:
    asked: CreateCredential = call.body
    _check(call, asked)
    vault = asked.vault_type or VaultType.SKYVERN
    refusal = _NO_VAULT.get(vault)
    if refusal is not None:
        raise refusal
    if vault is VaultType.CUSTOM:
        ask_service(check_service(call), "create")
    values = _values(call, asked)
    values["settings"] |= {**_UNTOLD, "vault_type": str(vault)}
    return credential_body(call.world.make(Credential, call.organization_id, **values))


_NO_VAULT: Final[dict[VaultType, Exception]] = {
    VaultType.BITWARDEN: ServerCrash("BitwardenSecretError"),
    VaultType.AZURE_VAULT: Refusal(400, "Azure Vault credential is not supported"),
    VaultType.GCP: Refusal(400, "GCP credential vault is not supported"),
}
"""Vaults that belong to the whole server, which has none."""

_UNTOLD: Final[JsonObject] = {
    "user_context": None,
    "save_browser_session_intent": False,
    "folder_id": None,
}
"""Settings that routes of their own change."""


def _check(call: Call, asked: CreateCredential, own: str | None = None) -> None:
    check_seed(asked.credential)
    if "browser_profile_id" in asked.model_fields_set:
        _check_profile(call, asked.browser_profile_id, own=own)


def _values(call: Call, asked: CreateCredential, old: Credential | None = None) -> dict[str, Any]:
    """The fields of the row that a request asks for."""
    model, shown = KINDS[asked.credential_type]
    if not isinstance(asked.credential, model):
        raise ServerCrash("AttributeError")
    secret = asked.credential.model_dump()
    if "totp" in secret:
        secret["totp_as_sent"], secret["totp"] = secret["totp"], usable_seed(secret["totp"])
    return {
        "name": asked.name,
        "type": str(asked.credential_type),
        "shown": shown(asked.credential),
        "secret": secret,
        "settings": _settings(call, asked, None if old is None else old.settings),
    }


def _settings(call: Call, asked: CreateCredential, old: Mapping[str, Any] | None) -> dict[str, Any]:
    """What a request sets beside the secret; an update leaves what it does not name."""
    settings = {name: getattr(asked, name) for name in _KEPT}
    if old is None:
        location, session_id = pinned_proxy(
            call.world, asked.proxy_location, asked.proxy_session_id
        )
    else:
        settings = {
            **old,
            **{name: value for name, value in settings.items() if name in asked.model_fields_set},
        }
        if asked.tested_url is None:
            settings["tested_url"] = old["tested_url"]
        location, session_id = repinned_proxy(
            call.world, asked, old["proxy_location"], old["proxy_session_id"]
        )
    if asked.pin_saved_session_ip:  # to the address that an ISP proxy keeps
        location, session_id = pinned_proxy(call.world, ProxyLocation.RESIDENTIAL_ISP, session_id)
    return {**settings, "proxy_location": location, "proxy_session_id": session_id}


def _check_profile(call: Call, profile_id: str | None, *, own: str | None) -> None:
    if profile_id is None:
        return
    call.find(
        Profile,
        profile_id,
        Refusal(400, f"Browser profile not found, browser_profile_id={profile_id}"),
    )
    for other in call.world.rows(Credential, call.organization_id):
        if other.id != own and other.settings["browser_profile_id"] == profile_id:
            raise Refusal(400, "This browser profile is already linked to another credential.")


def get_credentials(call: Call) -> list[JsonObject]:
    query: CredentialsQuery = call.query
    rows = [
        credential
        for credential in call.world.rows(Credential, call.organization_id)
        if query.vault_type in (None, credential.settings["vault_type"])
        and query.credential_type in (None, credential.type)
        and query.folder_id in (None, credential.settings["folder_id"])
        and _found(credential, query.search or "")
    ]
    return [credential_body(row) for row in page_of(rows[::-1], query.page, query.page_size)]


def _found(credential: Credential, search: str) -> bool:
    """A part of the name or of what is shown, in any case; or the exact id."""
    shown = (
        credential.shown.get(name) for name in ("username", "secret_label", "brand", "last_four")
    )
    texts = (credential.name, *(text for text in shown if text))
    return search == credential.id or any(search.lower() in text.lower() for text in texts)


def get_credential(call: Call) -> JsonObject:
    credential_id = call.params["credential_id"]
    return credential_body(call.find(Credential, credential_id, "Credential not found"))


def _own(call: Call) -> Credential:
    """The other routes word a miss otherwise than :func:`get_credential`."""
    credential_id = call.params["credential_id"]
    missing = f"Credential not found, credential_id={credential_id}"
    return call.find(Credential, credential_id, missing)


def _in_custom_vault(credential: Credential) -> bool:
    vault: str = credential.settings["vault_type"]
    return vault == VaultType.CUSTOM


def update_credential(call: Call) -> JsonObject:
    """The whole secret is replaced, its type too; settings that are not named stay, and the vault."""
    credential, asked = _own(call), call.body
    _check(call, asked, credential.id)
    if _in_custom_vault(credential):
        is_secret = asked.credential_type is CredentialType.SECRET
        ask_service(check_service(call, UNUSABLE_LATER), "create" if is_secret else "retrieve")
    values = _values(call, asked, credential)
    return credential_body(call.world.change(credential, **values))


def rename_credential(call: Call) -> JsonObject:
    """The name, and settings beside it: null leaves them, but takes the profile and the proxy off."""
    credential, asked = _own(call), call.body
    said: set[str] = asked.model_fields_set
    if "browser_profile_id" in said:
        _check_profile(call, asked.browser_profile_id, own=credential.id)
    if asked.run_sequentially:
        raise Refusal(400, "Sequential credential execution is not supported by this deployment")
    if not isinstance(asked.user_context, str | None):
        raise ServerCrash("AttributeError")
    old = credential.settings
    settings: dict[str, Any] = dict(old)
    for name in _PATCHED:
        value = getattr(asked, name)
        settings[name] = old[name] if value is None else value
    if (asked.user_context or "").strip():
        settings["user_context"] = asked.user_context
    if "browser_profile_id" in said:
        settings["browser_profile_id"] = asked.browser_profile_id
    location, session_id = repinned_proxy(
        call.world, asked, old["proxy_location"], old["proxy_session_id"]
    )
    if asked.pin_saved_session_ip:
        location, session_id = pinned_proxy(call.world, ProxyLocation.RESIDENTIAL_ISP, session_id)
    settings |= {"proxy_location": location, "proxy_session_id": session_id}
    name = credential.name if asked.name is None else asked.name
    return credential_body(call.world.change(credential, name=name, settings=settings))


def delete_credential(call: Call) -> Answer:
    """By the older path, a DELETE, the answer is null, not nothing."""
    credential = _own(call)
    if _in_custom_vault(credential):
        ask_service(check_service(call, UNUSABLE_LATER), "delete")
    call.world.change(credential, deleted_at=call.now)
    return Answer(200 if call.request.method == "DELETE" else 204)


_UNREADABLE: Final[dict[str, Exception]] = {
    "missing": Refusal(400, "Custom credential service is not configured for this organization"),
    "unusable": Refusal(500, "Unable to retrieve credential from vault"),
}


def get_credential_totp_code(call: Call) -> Answer:
    """The code that an authenticator would show now."""
    credential_id = call.params["credential_id"]
    credential = call.find(Credential, credential_id, "Credential not found")
    seed = credential.totp_seed
    if seed is None or credential.shown["totp_type"] != TotpType.AUTHENTICATOR:
        raise Refusal(400, "This credential does not have an authenticator app configured.")
    if _in_custom_vault(credential):
        ask_service(check_service(call, _UNREADABLE), "retrieve")
    app = Authenticator.of(seed) or Authenticator(seed)
    return Answer(
        200,
        {"code": app.code(call.now), "seconds_remaining": app.seconds_left(call.now)},
        headers=(("cache-control", "no-store"), ("pragma", "no-cache")),
    )


ENDPOINTS = (
    Endpoint("create_credential", create_credential, body=CreateCredential, status=201),
    Endpoint("get_credentials", get_credentials, query=CredentialsQuery),
    Endpoint("get_credential", get_credential),
    Endpoint("update_credential", update_credential, body=CreateCredential),
    Endpoint("rename_credential", rename_credential, body=RenameCredential),
    Endpoint("delete_credential", delete_credential),
    Endpoint("get_credential_totp_code", get_credential_totp_code),
)
