"""Logins and downloads: runs of a workflow of one block that the server makes itself."""

from __future__ import annotations

import re
from typing import Any, Final

from skyvern_testkit.api import advising
from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import check_browser_address, checked_url
from skyvern_testkit.api.runs.checks import check_profile, check_session
from skyvern_testkit.api.runs.requests import (
    CredentialSource,
    DownloadFilesRequest,
    LoginRequest,
    RunHeaders,
    workflow_echo,
)
from skyvern_testkit.api.runs.starting import Order, start_run
from skyvern_testkit.api.runs.tasks import DEFAULT_MAX_STEPS, plain
from skyvern_testkit.api.workflows import make_workflow
from skyvern_testkit.api.workflows.asked import asked_for
from skyvern_testkit.api.workflows.making import add_version
from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Credential, Workflow

__all__ = ["ENDPOINTS"]

DEFAULT_LOGIN_GOAL: Final = (
    "Log in to the website with the given credential and stop when the page shows that the login "
    "went well."
)
"""Our own words: the real server's long default goal is its product's text."""


def login(call: Call) -> JsonObject:
    """Accept a login with a stored credential (facts: runs 2 and 5)."""
    asked: LoginRequest = call.body
    url, webhook_url, totp_url = _urls(asked)
    parameter = _credential_parameter(call, asked)
    check_browser_address(asked.browser_address)
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)
    block = {
        "block_type": "login",
        "label": "login",
        "url": url,
        "title": "login",
        "navigation_goal": asked.prompt or DEFAULT_LOGIN_GOAL,
        "parameter_keys": ["credential"],
        "totp_identifier": asked.totp_identifier,
        "totp_verification_url": totp_url,
    }
    given = {"credential": asked.credential_id} if asked.credential_id else {}
    return _start_browser_task(
        call,
        asked,
        origin="login",
        title="Login",
        definition={"parameters": [parameter], "blocks": [block]},
        parameters=given,
        prompt=asked.prompt,
        urls=(url, webhook_url, totp_url),
        totp_identifier=asked.totp_identifier or None,
        credential_id=asked.credential_id,
    )


def download_files(call: Call) -> JsonObject:
    """Accept a download; a run that downloads nothing completes all the same (facts: runs 5)."""
    asked: DownloadFilesRequest = call.body
    url, webhook_url, totp_url = _urls(asked)
    check_browser_address(asked.browser_address)
    check_session(call, asked.browser_session_id)
    check_profile(call, asked.browser_profile_id)
    block = {
        "block_type": "file_download",
        "label": "file_download",
        "url": url,
        "title": "file_download",
        "navigation_goal": asked.navigation_goal,
        "download_suffix": asked.download_suffix,
        "download_timeout": asked.download_timeout,
        "max_steps_per_run": asked.max_steps_per_run or DEFAULT_MAX_STEPS,
        "totp_identifier": asked.totp_identifier,
        "totp_verification_url": totp_url,
    }
    return _start_browser_task(
        call,
        asked,
        origin="download_files",
        title="File Download",
        definition={"parameters": [], "blocks": [block]},
        parameters={},
        prompt=asked.navigation_goal,
        urls=(url, webhook_url, totp_url),
        totp_identifier=asked.totp_identifier,
        credential_id=None,
    )


_Urls = tuple[str | None, str | None, str | None]


def _urls(asked: LoginRequest | DownloadFilesRequest) -> _Urls:
    """Page, webhook and code URL; the page's host is not looked up here, only its scheme."""
    return (
        checked_url(asked.url or None, "url"),
        checked_url(asked.webhook_url or None, "webhook_url"),
        checked_url(asked.totp_url or None, "totp_url"),
    )


def _start_browser_task(
    call: Call,
    asked: LoginRequest | DownloadFilesRequest,
    *,
    origin: str,
    title: str,
    definition: JsonObject,
    parameters: JsonObject,
    prompt: str | None,
    urls: _Urls,
    totp_identifier: str | None,
    credential_id: str | None,
) -> JsonObject:
    url, webhook_url, totp_url = urls
    with call.world.all_or_nothing():  # a matcher may raise when the workflow is made already
        first, workflow = _auto_generated(call, asked, title, definition)
        echo = workflow_echo(
            workflow_id=first.id,
            title=title,
            proxy_location=plain(asked.proxy_location),
            webhook_url=webhook_url,
            totp_url=totp_url,
            totp_identifier=totp_identifier,
            browser_session_id=asked.browser_session_id,
            browser_profile_id=asked.browser_profile_id,
            start_fresh_browser=asked.start_fresh_browser,
            max_screenshot_scrolls=asked.max_screenshot_scrolling_times,
        )
        answer = start_run(
            call,
            Order(
                origin=origin,
                workflow=workflow,
                echo=echo,
                read_back={
                    **echo,
                    "workflow_id": workflow.permanent_id,
                    "parameters": parameters,
                    "proxy_location": echo["proxy_location"] or "RESIDENTIAL",
                },
                parameters=parameters,
                prompt=prompt,
                url=url,
                webhook_url=webhook_url,
                totp_identifier=asked.totp_identifier,
                totp_url=totp_url,
                credential_id=credential_id,
                browser_session_id=asked.browser_session_id,
                browser_profile_id=asked.browser_profile_id,
            ),
        )
        advising.on_run(call, asked, answer["run_id"])
        return answer


def _auto_generated(
    call: Call, asked: LoginRequest | DownloadFilesRequest, title: str, definition: JsonObject
) -> tuple[Workflow, Workflow]:
    """The workflow made for one run: an empty first version, and the one that runs."""
    settings: dict[str, Any] = {
        "title": title,
        "status": "auto_generated",
        "proxy_location": plain(asked.proxy_location) or "RESIDENTIAL",
        "extra_http_headers": asked.extra_http_headers or {},
        "cdp_connect_headers": asked.cdp_connect_headers or {},
    }
    first = make_workflow(
        call.world, call.organization_id, {"parameters": [], "blocks": []}, **settings
    )
    second = request_model().model_validate({"workflow_definition": definition, **settings})
    return first, add_version(
        call.world,
        call.organization_id,
        asked_for(second).request,
        permanent_id=first.permanent_id,
        version=2,
    )


_REQUIRED_OF_SOURCE: Final[dict[CredentialSource, tuple[tuple[str, str], ...]]] = {
    CredentialSource.SKYVERN: (("credential_id", "Skyvern"),),
    CredentialSource.BITWARDEN: (),
    CredentialSource.ONEPASSWORD: (
        ("onepassword_vault_id", "1Password"),
        ("onepassword_item_id", "1Password"),
    ),
    CredentialSource.AZURE_VAULT: (
        ("azure_vault_name", "Azure Vault"),
        ("azure_vault_username_key", "Azure Vault"),
        ("azure_vault_password_key", "Azure Vault"),
    ),
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _credential_parameter(call: Call, asked: LoginRequest) -> JsonObject:
    """The login workflow's one parameter, by where the credential is kept.

    Raises:
        Refusal: a field that this place needs is missing, or the credential is unknown.
    """
    for name, place in _REQUIRED_OF_SOURCE[asked.credential_type]:
        if not getattr(asked, name):
            raise Refusal(400, f"{name} is required to login with {place} credential")
    match asked.credential_type:
        case CredentialSource.SKYVERN:
            call.find(
                Credential, asked.credential_id, f"Credential {asked.credential_id} not found"
            )
            return {
                "parameter_type": "workflow",
                "key": "credential",
                "workflow_parameter_type": "credential_id",
                "default_value": asked.credential_id,
            }
        case CredentialSource.BITWARDEN:
            _check_bitwarden(call, asked)
            return {
                "parameter_type": "bitwarden_login_credential",
                "key": "credential",
                "bitwarden_client_id_aws_secret_key": "SKYVERN_BITWARDEN_CLIENT_ID",
                "bitwarden_client_secret_aws_secret_key": "SKYVERN_BITWARDEN_CLIENT_SECRET",
                "bitwarden_master_password_aws_secret_key": "SKYVERN_BITWARDEN_MASTER_PASSWORD",
                "bitwarden_collection_id": asked.bitwarden_collection_id,
                "bitwarden_item_id": asked.bitwarden_item_id,
                "url_parameter_key": asked.url,
            }
        case CredentialSource.ONEPASSWORD:
            return {
                "parameter_type": "onepassword",
                "key": "credential",
                "vault_id": asked.onepassword_vault_id,
                "item_id": asked.onepassword_item_id,
            }
        case CredentialSource.AZURE_VAULT:
            return {
                "parameter_type": "azure_vault_credential",
                "key": "credential",
                "vault_name": asked.azure_vault_name,
                "username_key": asked.azure_vault_username_key,
                "password_key": asked.azure_vault_password_key,
                "totp_secret_key": asked.azure_vault_totp_secret_key,
            }


def _check_bitwarden(call: Call, asked: LoginRequest) -> None:
    if not (asked.bitwarden_collection_id or asked.bitwarden_item_id):
        raise Refusal(
            400,
            "Missing required value for workflow parameter. Workflow parameter type: "
            "bitwarden_login_credential. workflow_parameter_key: credential. Required value: "
            "bitwarden_collection_id or bitwarden_item_id",
        )
    item = asked.bitwarden_item_id
    if item and _UUID.fullmatch(item) is None:
        raise Refusal(
            400,
            "Invalid workflow parameter. Expected parameter type: Bitwarden item ID (UUID). "
            f"Value: {item}. Workflow permanent id: {call.world.new_id('wpid')}",
        )


ENDPOINTS: Final = (
    Endpoint("login", login, body=LoginRequest, headers=RunHeaders),
    Endpoint("download_files", download_files, body=DownloadFilesRequest, headers=RunHeaders),
)
