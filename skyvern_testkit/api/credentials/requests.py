"""What the operations on credentials take.

The names of these classes and of their validator are on the wire: they stand in the ``loc`` of 422s.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from skyvern_testkit.api.fields import Lazy, NamedProxyTarget, ProxySession

__all__ = [
    "CreateCredential",
    "CredentialType",
    "CredentialsQuery",
    "NonEmptyCreditCardCredential",
    "NonEmptyPasswordCredential",
    "RenameCredential",
    "SecretCredential",
    "TotpType",
    "VaultType",
]


class CredentialType(StrEnum):
    PASSWORD = "password"
    CREDIT_CARD = "credit_card"
    SECRET = "secret"


class TotpType(StrEnum):
    AUTHENTICATOR = "authenticator"
    EMAIL = "email"
    TEXT = "text"
    PASSKEY = "passkey"
    NONE = "none"


class VaultType(StrEnum):
    SKYVERN = "skyvern"
    BITWARDEN = "bitwarden"
    AZURE_VAULT = "azure_vault"
    GCP = "gcp"
    CUSTOM = "custom"


_Filled = Annotated[str, StringConstraints(min_length=1)]


class NonEmptyPasswordCredential(Lazy):
    password: str = Field(default="", repr=False)
    username: _Filled
    totp: str | None = Field(default=None, repr=False)
    totp_type: TotpType = TotpType.NONE
    totp_identifier: str | None = None
    metadata: dict[str, str] | None = None

    @model_validator(mode="after")
    def normalize_empty_optional_fields(self) -> NonEmptyPasswordCredential:
        return self


class BillingAddress(Lazy):
    line1: str | None = None
    line2: str | None = None
    city: str | None = None
    state: str | None = None
    state_code: str | None = None
    postal_code: str | None = None
    country: str | None = None
    country_code: str | None = None


class NonEmptyCreditCardCredential(Lazy):
    card_number: _Filled = Field(repr=False)
    card_cvv: _Filled = Field(repr=False)
    card_exp_month: _Filled
    card_exp_year: _Filled
    card_brand: _Filled
    card_holder_name: _Filled
    billing_address: BillingAddress | None = None
    billing_email: str | None = None
    billing_phone: str | None = None
    metadata: dict[str, str] | None = None

    @model_validator(mode="after")
    def normalize_empty_optional_fields(self) -> NonEmptyCreditCardCredential:
        return self


class SecretCredential(Lazy):
    secret_value: _Filled = Field(repr=False)
    secret_label: str | None = None


class CreateCredential(Lazy):
    name: str
    credential_type: CredentialType
    credential: NonEmptyPasswordCredential | NonEmptyCreditCardCredential | SecretCredential
    vault_type: VaultType | None = None
    proxy_location: NamedProxyTarget = None
    proxy_session_id: ProxySession = None
    rotate_proxy_session_id: bool = False
    browser_profile_id: str | None = None
    auto_profile_disabled: bool = False
    pin_saved_session_ip: bool = False
    tested_url: str | None = None


class RenameCredential(Lazy):
    name: _Filled | None = None
    proxy_location: NamedProxyTarget = None
    proxy_session_id: ProxySession = None
    rotate_proxy_session_id: bool = False
    browser_profile_id: str | None = None
    auto_profile_disabled: bool | None = None
    pin_saved_session_ip: bool | None = None
    tested_url: str | None = None
    user_context: Any = None
    save_browser_session_intent: bool | None = None
    run_sequentially: bool | None = None

    @model_validator(mode="after")
    def _says_something(self) -> RenameCredential:
        if not self.model_fields_set:
            raise ValueError("At least one credential metadata field must be provided")
        return self


class CredentialsQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10
    vault_type: VaultType | None = None
    credential_type: CredentialType | None = None
    search: Annotated[str, StringConstraints(max_length=200)] | None = None
    folder_id: str | None = None
