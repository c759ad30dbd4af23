"""The caller's organisation, its keys, and what a key is worth: routes beside the public schema."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field, field_validator

from skyvern_testkit.api.call import Answer, Call, Endpoint
from skyvern_testkit.api.fields import Lazy, checked_url
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.credentials import AuthToken
from skyvern_testkit.world.custom_llms import CustomLlm
from skyvern_testkit.world.rows import Organization

__all__ = ["ENDPOINTS"]

LONGEST_SLUG: Final = 20
_SLUG: Final = rf"^[a-z0-9-]{{1,{LONGEST_SLUG}}}$"
SHORTEST_EXPIRY, LONGEST_EXPIRY = 3_600, 604_800
"""Seconds for which the address of an artifact may be good."""
_LARGEST: Final = 2**63 - 1
_LLM_KEYS: Final = ("default_llm_key", "default_secondary_llm_key")
_CUSTOM: Final = "CUSTOM_LLM_"


class UpdateOrganization(Lazy):
    slug: str | None = None
    webhook_callback_url: str | None = None
    max_steps_per_run: Annotated[int, Field(ge=1)] | None = None
    max_steps_per_workflow_run: Annotated[int, Field(ge=1)] | None = None
    max_retries_per_step: Annotated[int, Field(ge=0)] | None = None
    artifact_url_expiry_seconds: int | None = None
    default_llm_key: str | None = None
    default_secondary_llm_key: str | None = None

    @field_validator("slug")
    @classmethod
    def _is_slug(cls, slug: str | None) -> str | None:
        if slug is not None and not re.fullmatch(_SLUG, slug):
            raise ValueError(f"slug must match {_SLUG}")
        return slug


# --- the organisation -------------------------------------------------------------------------


def _own(call: Call) -> Organization:
    return call.find(Organization, call.organization_id, "Organization not found")


def _slug(organization: Organization) -> str:
    """What was set, or else what its name makes."""
    made = re.sub(r"[^a-z0-9]+", "-", organization.name.lower()).strip("-")[:LONGEST_SLUG]
    return str(organization.settings.get("slug") or made)


def _shown(organization: Organization) -> JsonObject:
    settings = organization.settings
    return {
        "organization_id": organization.id,
        "organization_name": organization.name,
        "slug": _slug(organization),
        "webhook_callback_url": settings.get("webhook_callback_url"),
        "max_steps_per_run": settings.get("max_steps_per_run"),
        "max_steps_per_workflow_run": settings.get("max_steps_per_workflow_run"),
        "max_retries_per_step": settings.get("max_retries_per_step"),
        "domain": None,
        "bw_organization_id": None,
        "bw_collection_ids": None,
        "artifact_url_expiry_seconds": settings.get("artifact_url_expiry_seconds"),
        "default_llm_key": settings.get("default_llm_key"),
        "default_secondary_llm_key": settings.get("default_secondary_llm_key"),
        "created_at": timestamp(organization.created_at),
        "modified_at": timestamp(organization.modified_at),
    }


def get_organizations(call: Call) -> JsonObject:
    """A key opens one; the list is of that one."""
    return {"organizations": [_shown(_own(call))]}


def get_current_organization(call: Call) -> JsonObject:
    return _shown(_own(call))


def update_organization(call: Call) -> JsonObject:
    """Null leaves a setting as it is. The name cannot be set."""
    organization = _own(call)
    asked = {name: value for name, value in call.body.model_dump().items() if value is not None}
    if "slug" in call.body.model_fields_set and "slug" not in asked:
        raise Refusal(400, "Organization slug cannot be cleared.")
    if url := asked.get("webhook_callback_url"):
        asked["webhook_callback_url"] = checked_url(url, "webhook_callback_url")
    _check_expiry(asked.get("artifact_url_expiry_seconds"))
    for name in _LLM_KEYS:
        _check_llm(call, name, asked.get(name))
    _check_slug(call, asked.get("slug"))
    if any(isinstance(value, int) and value > _LARGEST for value in asked.values()):
        raise ServerCrash("OverflowError")
    settings = {**organization.settings, **asked}
    if settings != organization.settings:
        organization = call.world.change(organization, settings=settings)
    return _shown(organization)


def _check_expiry(seconds: int | None) -> None:
    if seconds is not None and not SHORTEST_EXPIRY <= seconds <= LONGEST_EXPIRY:
        raise Refusal(
            400,
            "artifact_url_expiry_seconds must be between "
            f"{SHORTEST_EXPIRY} and {LONGEST_EXPIRY} seconds",
        )


def _check_llm(call: Call, name: str, key: str | None) -> None:
    """The key of a model of its own is ``CUSTOM_LLM_`` and that model's id."""
    if key is None:
        return
    model = call.world.get(CustomLlm, key.removeprefix(_CUSTOM), call.organization_id)
    if model is None or not key.startswith(_CUSTOM):
        raise Refusal(400, f"{name} must reference a valid custom LLM for this organization")


def _check_slug(call: Call, slug: str | None) -> None:
    for other in call.world.rows(Organization):
        if other.id != call.organization_id and slug == _slug(other):
            raise Refusal(409, "Organization slug is already in use.")


# --- keys -------------------------------------------------------------------------------------


def get_api_keys(call: Call) -> JsonObject:
    """The keys of the caller's organisation, as they are."""
    if call.params["organization_id"] != call.organization_id:
        raise Refusal(403, "You do not have permission to access this organization")
    keys = call.keys.of(call.organization_id)
    return {"api_keys": [_key_body(_token_of(call, key)) for key in keys]}


def _token_of(call: Call, key: str) -> AuthToken:
    """The row of a key: made when it is first shown, as old as the organisation."""
    for row in call.world.rows(AuthToken, call.organization_id):
        if row.type == "api" and row.secret["token"] == key:
            return row
    made = call.world.make(AuthToken, call.organization_id, type="api", secret={"token": key})
    born = _own(call).created_at
    return call.world.change(made, created_at=born, modified_at=born)


def _key_body(token: AuthToken) -> JsonObject:
    return {
        "id": token.id,
        "organization_id": token.organization_id,
        "token_type": token.type,
        "valid": True,
        "created_at": timestamp(token.created_at),
        "modified_at": timestamp(token.modified_at),
        "token": token.secret["token"],
    }


_NO_KEY: Final[JsonObject] = {
    "status": "missing_api_key",
    "detail": (
        "No x-api-key header was provided. This endpoint validates the API key sent in the "
        "request, not whether a .env file exists."
    ),
    "next_step": "Run skyvern doctor --fix to regenerate the local key and update the env files.",
}
_EXAMPLE_KEY: Final = "YOUR_API_KEY"


def get_auth_status(call: Call) -> JsonObject:
    """What the key is worth, in words: never a refusal."""
    key = (call.request.header("x-api-key") or "").strip()
    if key in ("", _EXAMPLE_KEY):
        return _NO_KEY
    try:
        call.keys.organization_of(key, credential_route=True)
    except Refusal as refused:
        return _worthless(refused)
    return {"status": "ok"}


def _worthless(refused: Refusal) -> JsonObject:
    detail: Json = refused.detail
    if refused.status == 404:
        return {"status": "not_found"}
    unreadable = detail == "Could not validate credentials"
    return {"status": "invalid_format" if unreadable else "invalid", "detail": detail}


# --- its own receiver -------------------------------------------------------------------------


def receive_webhook(call: Call) -> Answer:
    """A receiver to try webhooks with: it takes whatever names a signature and an instant."""
    request = call.request
    if not (request.header("x-skyvern-signature") and request.header("x-skyvern-timestamp")):
        raise Refusal(400, "Missing webhook signature or timestamp")
    try:
        request.body.decode()
    except UnicodeDecodeError:
        raise ServerCrash("UnicodeDecodeError") from None
    return Answer(200, raw=b"webhook validation")


ENDPOINTS = (
    Endpoint("get_organizations", get_organizations),
    Endpoint("get_current_organization", get_current_organization),
    Endpoint("update_organization", update_organization, body=UpdateOrganization),
    Endpoint("get_api_keys", get_api_keys, registered_first=True),
    Endpoint("get_auth_status", get_auth_status, needs_key=False),
    Endpoint("receive_webhook", receive_webhook, needs_key=False),
)
