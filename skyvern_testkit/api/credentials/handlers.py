"""The operations on credentials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from skyvern_testkit.api.call import Answer, Call, Endpoint, page_of
from skyvern_testkit.api.credentials.answers import KINDS, credential_body
from skyvern_testkit.api.credentials.requests import (
    CreateCredential,
    CredentialsQuery,
    RenameCredential,
    VaultType,
)
from skyvern_testkit.api.credentials.seeds import check_seed, usable_seed
from skyvern_testkit.api.fields import ProxyLocation
from skyvern_testkit.api.profiles import pinned_proxy, repinned_proxy
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.codes import seed_code
from skyvern_testkit.world.rows import Credential, Profile

__all__ = ["ENDPOINTS"]

CODE_PERIOD: Final = 30
_KEPT: Final = ("browser_profile_id", "auto_profile_disabled", "pin_saved_session_ip", "tested_url")


def create_credential(call: Call) -> JsonObject:
    asked: CreateCredential = call.body
    values = _values(call, asked)
    return credential_body(call.world.make(Credential, call.organization_id, **values))


def _values(call: Call, asked: CreateCredential, old: Credential | None = None) -> dict[str, Any]:
    """The fields of the row that a request asks for."""
    model, shown = KINDS[asked.credential_type]
    if not isinstance(asked.credential, model):
        raise ServerCrash("AttributeError")
    check_seed(asked.credential)
    _check_vault(call, asked.vault_type)
    if "browser_profile_id" in asked.model_fields_set:
        _check_profile(call, asked.browser_profile_id, own=None if old is None else old.id)
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
        settings |= {name: old[name] for name in _KEPT if name not in asked.model_fields_set}
        if asked.tested_url is None:
            settings["tested_url"] = old["tested_url"]
        location, session_id = repinned_proxy(
            call.world, asked, old["proxy_location"], old["proxy_session_id"]
        )
    if asked.pin_saved_session_ip:  # to the address that an ISP proxy keeps
        location, session_id = pinned_proxy(call.world, ProxyLocation.RESIDENTIAL_ISP, session_id)
    return {**settings, "proxy_location": location, "proxy_session_id": session_id}


def _check_vault(call: Call, vault: VaultType | None) -> None:
    """Only the server's own vault is configured."""
    match vault:
        case VaultType.BITWARDEN:
            raise ServerCrash("BitwardenSecretError")
        case VaultType.AZURE_VAULT:
            raise Refusal(400, "Azure Vault credential is not supported")
        case VaultType.GCP:
            raise Refusal(400, "GCP credential vault is not supported")
        case VaultType.CUSTOM:
            raise Refusal(
                400,
                f"Custom credential service not configured for organization {call.organization_id}",
            )
        case _:
            pass


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
        if query.vault_type in (None, VaultType.SKYVERN)
        and query.credential_type in (None, credential.type)
        and not query.folder_id
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


def update_credential(call: Call) -> JsonObject:
    """The whole secret is replaced, its type too; settings that are not named stay."""
    credential = _own(call)
    values = _values(call, call.body, credential)
    return credential_body(call.world.change(credential, **values))


def rename_credential(call: Call) -> JsonObject:
    return credential_body(call.world.change(_own(call), name=call.body.name))


def delete_credential(call: Call) -> Answer:
    """By the older path, a DELETE, the answer is null, not nothing."""
    call.world.change(_own(call), deleted_at=call.now)
    return Answer(200 if call.request.method == "DELETE" else 204)


def get_credential_totp_code(call: Call) -> Answer:
    """The code that an authenticator would show now."""
    credential = _own(call)
    if credential.totp_seed is None:
        raise Refusal(400, "This credential does not have an authenticator app configured.")
    code = seed_code(credential.totp_seed, call.now)
    left = CODE_PERIOD - call.now // SECOND % CODE_PERIOD
    return Answer(
        200,
        {"code": code, "seconds_remaining": left},
        headers=(("cache-control", "no-store"), ("pragma", "no-cache")),
    )


def delete_vault_credential(_: Call) -> None:
    """DELETE on a credential's path belongs to the vaults, and no vault is configured."""
    raise Refusal(404, "Unsupported organization auth credential provider")


ENDPOINTS = (
    Endpoint("create_credential", create_credential, body=CreateCredential, status=201),
    Endpoint("get_credentials", get_credentials, query=CredentialsQuery),
    Endpoint("get_credential", get_credential),
    Endpoint("update_credential", update_credential, body=CreateCredential),
    Endpoint("rename_credential", rename_credential, body=RenameCredential),
    Endpoint("delete_credential", delete_credential),
    Endpoint("get_credential_totp_code", get_credential_totp_code),
    Endpoint("delete_vault_credential", delete_vault_credential),
)
