"""Vaults of others, folders of credentials, and the codes of an authenticator: hidden routes."""

import json
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

HIDDEN = "a route outside the public schema: the SDK has no method for it"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
STORED: dict[str, dict[str, Any]] = {
    "onepassword": {"token": "ops_1"},
    "bitwarden": {"credential": {"email": "me@example.com", "master_password": "pw"}},
    "azure_credential": {"credential": {"tenant_id": "t", "client_id": "c", "client_secret": "s"}},
    "custom_credential": {"config": {"api_base_url": "https://v.invalid", "api_token": "t"}},
}
MISSING = {
    "onepassword": "No OnePassword service account token found for this organization",
    "bitwarden": "No Bitwarden credential found for this organization",
    "azure_credential": "No Azure Client Secret Credential found for this organization",
    "custom_credential": "No custom credential service configuration found for this organization",
}
PROVIDERS = pytest.mark.parametrize("provider", STORED)


def send(skyvern: Caller, what: str, **body: Any) -> Outcome:
    method, _, path = what.partition(" ")
    headers = {"content-type": "application/json"}
    return skyvern.send(method, path, content=json.dumps(body).encode(), headers=headers)


def new_folder(skyvern: Caller) -> str:
    made: str = send(skyvern, "POST /v1/credential_folders", title="Banks").ok()["folder_id"]
    return made


def store(skyvern: Caller, provider: str) -> Any:
    return send(skyvern, f"POST /v1/credentials/{provider}/create", **STORED[provider]).ok()


def password(skyvern: Caller, **more: Any) -> str:
    credential = {"username": "u", "password": "p", "totp": SEED, "totp_type": "authenticator"}
    made = skyvern.call(
        "create_credential",
        name="Bank",
        credential_type="password",
        credential=credential,
        **more,
    )
    found: str = made.ok(201)["credential_id"]
    return found


# --- vaults -------------------------------------------------------------------------------------


@PROVIDERS
@case("vaults.none", fact="recorded: vaults", raw_only=HIDDEN, alone=True)
def test_nothing_is_stored_at_first(skyvern: Caller, provider: str) -> None:
    skyvern.call(f"{provider}.get").refused(404, MISSING[provider])


@PROVIDERS
@case("vaults.create", fact="recorded: vaults", raw_only=HIDDEN)
def test_what_is_stored_is_read(skyvern: Caller, provider: str) -> None:
    made = store(skyvern, provider)
    assert made["token"]["id"].startswith("oat_")
    assert skyvern.call(f"{provider}.get").ok() == made


@PROVIDERS
@case("vaults.create.again", fact="recorded: vaults", raw_only=HIDDEN)
def test_a_new_token_stands_for_the_old_one(skyvern: Caller, provider: str) -> None:
    first, second = store(skyvern, provider), store(skyvern, provider)
    assert first["token"]["id"] != second["token"]["id"]
    assert skyvern.call(f"{provider}.get").ok() == second


@PROVIDERS
@case("vaults.delete", fact="recorded: vaults", raw_only=HIDDEN)
def test_a_token_is_dropped_as_often_as_one_likes(skyvern: Caller, provider: str) -> None:
    store(skyvern, provider)
    for _ in range(2):
        gone = skyvern.call("delete_vault_credential", credential_type=provider).ok()
        assert gone == {"success": True}
    assert skyvern.call(f"{provider}.get").status == 404


@PROVIDERS
@case("vaults.foreign", fact="recorded: vaults", raw_only=HIDDEN)
def test_a_token_is_its_organisations(skyvern: Caller, provider: str) -> None:
    store(skyvern, provider)
    skyvern.stranger().call(f"{provider}.get").refused(404, MISSING[provider])


@case("vaults.delete.unknown", fact="resources 7", raw_only=HIDDEN)
def test_another_provider_is_none(skyvern: Caller) -> None:
    gone = skyvern.call("delete_vault_credential", credential_type="cred_1")
    gone.refused(404, "Unsupported organization auth credential provider")


@case("vaults.onepassword.secret", fact="recorded: vaults", raw_only=HIDDEN)
def test_the_token_of_1password_is_not_told(skyvern: Caller) -> None:
    store(skyvern, "onepassword")
    assert b"ops_1" not in skyvern.call("onepassword.get").body


@case("vaults.custom.missing", fact="resources 7", alone=True)
def test_no_service_of_ones_own_no_credential_in_it(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_credential",
        name="n",
        credential_type="secret",
        credential={"secret_value": "v"},
        vault_type="custom",
    )
    detail: str = made.refused(400)
    assert detail.startswith("Custom credential service not configured for organization o_")


@case("vaults.custom.down", fact="recorded: customvault", raw_only=HIDDEN)
def test_a_service_that_is_not_there_is_a_502(skyvern: Caller) -> None:
    store(skyvern, "custom_credential")
    made = skyvern.call(
        "create_credential",
        name="n",
        credential_type="secret",
        credential={"secret_value": "v"},
        vault_type="custom",
    )
    made.refused(
        502,
        "Custom credential service returned Failed to create credential via custom API: "
        "Invalid url: unresolvable host.",
    )


# --- folders ------------------------------------------------------------------------------------


@case("credential_folders.move", fact="recorded: credfolders", raw_only=HIDDEN)
def test_a_credential_is_put_into_a_folder(skyvern: Caller) -> None:
    folder = new_folder(skyvern)
    credential = password(skyvern)
    moved = send(skyvern, f"PUT /v1/credentials/{credential}/folder", folder_id=folder).ok()
    assert moved["folder_id"] == folder
    read = skyvern.call("get_credential_folder", folder_id=folder).ok()
    assert read["credential_count"] == 1


@case("credential_folders.delete", fact="recorded: credfolders", raw_only=HIDDEN)
def test_credentials_outlive_their_folder(skyvern: Caller) -> None:
    folder = new_folder(skyvern)
    credential = password(skyvern)
    send(skyvern, f"PUT /v1/credentials/{credential}/folder", folder_id=folder).ok()
    skyvern.call("delete_credential_folder", folder_id=folder).ok()
    read = skyvern.call("get_credential", credential_id=credential).ok()
    assert read["folder_id"] is None


@case("credential_folders.update.nothing", fact="recorded: credfolders", raw_only=HIDDEN)
def test_an_update_says_something(skyvern: Caller) -> None:
    folder = new_folder(skyvern)
    asked = send(skyvern, f"PUT /v1/credential_folders/{folder}", title=None)
    asked.invalid(("value_error", "body"))


@case("credential_folders.move.unknown", fact="recorded: credfolders", raw_only=HIDDEN)
def test_a_folder_that_is_not_there(skyvern: Caller) -> None:
    credential = password(skyvern)
    moved = send(skyvern, f"PUT /v1/credentials/{credential}/folder", folder_id="cfld_1")
    moved.refused(400, "Credential folder cfld_1 not found")


# --- codes --------------------------------------------------------------------------------------


@case("credentials.totp_code", fact="resources 7", raw_only=HIDDEN)
def test_the_code_of_the_seed(skyvern: Caller) -> None:
    shown = skyvern.call("get_credential_totp_code", credential_id=password(skyvern)).ok()
    assert len(shown["code"]) == 6
    assert 1 <= shown["seconds_remaining"] <= 30


@case("credentials.totp_code.missing", fact="recorded: totpcodes", raw_only=HIDDEN)
def test_an_unknown_credential_has_none(skyvern: Caller) -> None:
    asked = skyvern.call("get_credential_totp_code", credential_id="cred_1")
    asked.refused(404, "Credential not found")


@case("credentials.rename.nothing", fact="recorded: credpatch", raw_only=HIDDEN)
def test_a_rename_says_something(skyvern: Caller) -> None:
    asked = send(skyvern, f"PATCH /v1/credentials/{password(skyvern)}")
    asked.invalid(("value_error", "body"))


@case("credentials.rename.sequential", fact="recorded: credpatch", raw_only=HIDDEN)
def test_runs_one_after_the_other_are_not_for_every_server(skyvern: Caller) -> None:
    asked = send(skyvern, f"PATCH /v1/credentials/{password(skyvern)}", run_sequentially=True)
    asked.refused(400, "Sequential credential execution is not supported by this deployment")
