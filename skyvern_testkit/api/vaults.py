"""Vaults of others, where an organisation may keep its credentials: routes beside the public schema.

All four work alike: a token is stored, shown, replaced and dropped. No vault is behind them: where
the real server would ask one, the fake answers what that server answers when it finds none. Only a
service of one's own (``custom_credential``) works: as if it stood at its URL and kept what it is
given; a host that no name server knows (see :func:`fields.is_known_host`) is one that is down.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Final

from pydantic import BaseModel, Field, StringConstraints

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.emails import EmailText
from skyvern_testkit.api.fields import URL_ADVICE, Lazy, check_host, checked_url
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.credentials import AuthToken

__all__ = ["ENDPOINTS", "ask_service", "check_service"]


# --- what is asked ----------------------------------------------------------------------------

_Filled = Annotated[str, StringConstraints(min_length=1)]


class OnePasswordToken(Lazy):
    token: _Filled = Field(repr=False)


class BitwardenLogin(Lazy):
    email: EmailText
    master_password: _Filled = Field(repr=False)


class BitwardenCredential(Lazy):
    credential: BitwardenLogin


class AzureSecret(Lazy):
    tenant_id: str
    client_id: str
    client_secret: str = Field(repr=False)


class AzureCredential(Lazy):
    credential: AzureSecret


class CustomService(Lazy):
    api_base_url: str = Field(repr=False)
    api_token: str = Field(repr=False)


class CustomServiceConfig(Lazy):
    config: CustomService


# --- the providers ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Provider:
    """One kind of vault.

    Args:
        name: as its routes say it.
        token_type: as its token says it.
        missing: the detail where an organisation has none.
        body: model of the request that stores a token.
        shown: what a token shows of what was stored, secrets and all, as the real server does.
    """

    name: str
    token_type: str
    missing: str
    body: type[BaseModel]
    shown: Callable[[JsonObject], JsonObject]


PROVIDERS: Final = (
    Provider(
        "onepassword",
        "onepassword_service_account",
        "No OnePassword service account token found for this organization",
        OnePasswordToken,
        lambda _: {},
    ),
    Provider(
        "bitwarden",
        "bitwarden_credential",
        "No Bitwarden credential found for this organization",
        BitwardenCredential,
        lambda stored: {"credential": {"email": stored["credential"]["email"]}},
    ),
    Provider(
        "azure_credential",
        "azure_client_secret_credential",
        "No Azure Client Secret Credential found for this organization",
        AzureCredential,
        lambda stored: {"credential": stored["credential"]},
    ),
    Provider(
        "custom_credential",
        "custom_credential_service",
        "No custom credential service configuration found for this organization",
        CustomServiceConfig,
        lambda stored: {"token": json.dumps(stored["config"])},
    ),
)
_BY_NAME: Final = {provider.name: provider for provider in PROVIDERS}


def _stored(call: Call, provider: Provider) -> AuthToken | None:
    rows = call.world.rows(AuthToken, call.organization_id)
    return next((row for row in rows if row.type == provider.token_type), None)


def _token_body(provider: Provider, token: AuthToken) -> JsonObject:
    return {
        "token": {
            "id": token.id,
            "organization_id": token.organization_id,
            "token_type": token.type,
            "valid": True,
            "created_at": timestamp(token.created_at),
            "modified_at": timestamp(token.modified_at),
            **provider.shown(token.secret),
        }
    }


# --- tokens -----------------------------------------------------------------------------------


def _get(provider: Provider, call: Call) -> JsonObject:
    token = _stored(call, provider)
    if token is None:
        raise Refusal(404, provider.missing)
    return _token_body(provider, token)


def _create(provider: Provider, call: Call) -> JsonObject:
    _drop(call, provider)
    stored = call.body.model_dump()
    made = call.world.make(AuthToken, call.organization_id, type=provider.token_type, secret=stored)
    return _token_body(provider, made)


def _drop(call: Call, provider: Provider) -> None:
    token = _stored(call, provider)
    if token is not None:
        call.world.change(token, deleted_at=call.now)


def delete_vault_credential(call: Call) -> JsonObject:
    """DELETE on a credential's path means a provider; one that has no token has none all the same."""
    provider = _BY_NAME.get(call.params["credential_type"])
    if provider is None:
        raise Refusal(404, "Unsupported organization auth credential provider")
    _drop(call, provider)
    return {"success": True}


# --- what asks the vaults ---------------------------------------------------------------------


def onepassword_status(call: Call) -> JsonObject:
    token = _stored(call, _BY_NAME["onepassword"])
    return {
        "configured": token is not None,
        "source": token and "organization",
        "instance_default_available": False,
        "modified_at": token and timestamp(token.modified_at),
    }


def onepassword_items(call: Call) -> JsonObject:
    if _stored(call, _BY_NAME["onepassword"]) is None:
        return {"configured": False, "items": [], "source": None}
    raise Refusal(
        400,
        "Your 1Password service account token appears to be invalid or expired. "
        "Please update it in Settings and try again.",
    )


def bitwarden_items(call: Call) -> JsonObject:
    if _stored(call, _BY_NAME["bitwarden"]) is None:
        return {"configured": False, "items": []}
    raise Refusal(502, "Failed to list Bitwarden items")


def test_connection(call: Call) -> JsonObject:
    url: str = call.body.config.api_base_url
    if not url:
        raise Refusal(400, "Invalid url: malformed.")
    if url != url.strip():
        raise Refusal(400, f"Invalid url: malformed. {URL_ADVICE}")
    url = checked_url(url, "url") or ""
    try:
        check_host(url, "url")
    except Refusal:
        raise Refusal(400, "Connection test failed: could not reach the specified URL") from None
    return {"success": True}


# --- the service of one's own -----------------------------------------------------------------

_NOT_CONFIGURED: Final = "Custom credential service not configured for organization {}"
_UNUSABLE: Final = (
    "Custom credential service configuration for this organization is invalid. "
    "Re-save the API base URL and API token for the custom credential service."
)


def check_service(call: Call, refusals: dict[str, Exception] | None = None) -> CustomService:
    """The configuration of the organisation's own service.

    Args:
        call: whose.
        refusals: what to raise instead where it is ``missing`` or ``unusable``.

    Raises:
        Refusal: 400; there is none, or it lacks its URL or its token.
    """
    instead = refusals or {}
    token = _stored(call, _BY_NAME["custom_credential"])
    if token is None:
        missing = Refusal(400, _NOT_CONFIGURED.format(call.organization_id))
        raise instead.get("missing", missing)
    config = CustomService.model_validate(token.secret["config"])
    if not (config.api_base_url and config.api_token):
        raise instead.get("unusable", Refusal(400, _UNUSABLE))
    return config


def ask_service(config: CustomService, doing: str) -> None:
    """Ask the service for something.

    Args:
        config: where it is.
        doing: ``create``, ``retrieve`` or ``delete``.

    Raises:
        Refusal: 502; nobody is there, as the host says.
    """
    try:
        check_host(checked_url(config.api_base_url, "url"), "url")
    except Refusal as refused:
        detail: Any = refused.detail
        raise Refusal(
            502,
            "Custom credential service returned "
            f"Failed to {doing} credential via custom API: {detail}",
        ) from None


UNUSABLE_LATER: Final[dict[str, Exception]] = {
    "unusable": ServerCrash("CustomCredentialConfigurationError")
}
"""What an update or a deletion says where a creation is refused."""


ENDPOINTS = (
    *(Endpoint(f"{item.name}.get", partial(_get, item)) for item in PROVIDERS),
    *(
        Endpoint(f"{item.name}.create", partial(_create, item), body=item.body)
        for item in PROVIDERS
    ),
    Endpoint("delete_vault_credential", delete_vault_credential),
    Endpoint("onepassword.status", onepassword_status),
    Endpoint("onepassword.items", onepassword_items),
    Endpoint("bitwarden.items", bitwarden_items),
    Endpoint("custom_credential.test_connection", test_connection, body=CustomServiceConfig),
)
