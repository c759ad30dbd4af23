"""Credentials."""

import re
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

NO_METHOD = "the SDK has no method for it"
NEEDS_A_FIELD = "the SDK's method cannot leave it out"

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
"""Nobody's: of 32 characters, because the popular one of 16 is refused."""
PASSWORD = {"username": "me@example.com", "password": "hunter-2-password"}
CARD = {
    "card_number": "4111111111111234",
    "card_cvv": "987",
    "card_exp_month": "01",
    "card_exp_year": "2030",
    "card_brand": "visa",
    "card_holder_name": "Jo Bloggs",
}
SECRET = {"secret_value": "open sesame", "secret_label": "Door"}
KINDS = {"password": PASSWORD, "credit_card": CARD, "secret": SECRET}

IN_PASSWORD = "function-after[normalize_empty_optional_fields(), NonEmptyPasswordCredential]"
IN_CARD = "function-after[normalize_empty_optional_fields(), NonEmptyCreditCardCredential]"
IN_SECRET = "SecretCredential"

KEY_REQUIRED = {
    "error_code": "authenticator_key_required",
    "message": "Authenticator key is required. "
    "Paste the raw setup key or full otpauth:// URI from the website's 2FA setup screen.",
}
KEY_INVALID = {
    "error_code": "invalid_authenticator_key",
    "message": "Invalid authenticator key. "
    "Paste the raw Base32 setup key or full otpauth:// URI from the website's 2FA setup screen.",
}


def create(
    skyvern: Caller,
    kind: str = "password",
    credential: object = None,
    *,
    name: object = "shop",
    **more: object,
) -> Outcome:
    """Ask for a new credential."""
    inside = KINDS[kind] if credential is None else credential
    return skyvern.call(
        "create_credential", name=name, credential_type=kind, credential=inside, **more
    )


def made(skyvern: Caller, *args: Any, **more: Any) -> dict[str, Any]:
    """A new credential."""
    answer: dict[str, Any] = create(skyvern, *args, **more).ok(201)
    return answer


def login(**more: object) -> dict[str, object]:
    """A password credential with more in it."""
    return {**PASSWORD, **more}


def names(skyvern: Caller, **query: object) -> list[str]:
    """The names in a list."""
    return [row["name"] for row in skyvern.call("get_credentials", **query).ok()]


def profile(skyvern: Caller) -> str:
    """The id of a new browser profile."""
    answer = skyvern.raw.call("create_browser_profile", name="login").ok()
    return str(answer["browser_profile_id"])


# --- what is answered, and what never is --------------------------------------------------------


@case("credentials.create.defaults", fact="resources 7, 14")
def test_settings_have_their_defaults(skyvern: Caller) -> None:
    answer = made(skyvern)
    assert answer["credential_id"].startswith("cred_")
    assert (answer["name"], answer["credential_type"]) == ("shop", "password")
    assert answer["vault_type"] == "skyvern"
    for nothing in (
        "browser_profile_id",
        "tested_url",
        "user_context",
        "folder_id",
        "proxy_location",
        "proxy_session_id",
        "created_by",
    ):
        assert answer[nothing] is None, nothing
    for off in (
        "auto_profile_disabled",
        "pin_saved_session_ip",
        "save_browser_session_intent",
        "run_sequentially",
    ):
        assert answer[off] is False, off


@case("credentials.create.no_times", fact="resources 7")
def test_credential_tells_no_times(skyvern: Caller) -> None:
    assert not {"created_at", "modified_at", "deleted_at"} & made(skyvern).keys()


@case("credentials.password", fact="resources 7")
def test_password_is_not_shown(skyvern: Caller) -> None:
    answer = made(skyvern, "password", login(totp_identifier="Me@Example.com"))
    assert answer["credential"] == {
        "username": "me@example.com",
        "totp_type": "none",
        "totp_identifier": "Me@Example.com",
        "has_totp": False,
    }


@case("credentials.card", fact="resources 7")
def test_card_shows_its_last_four_characters(skyvern: Caller) -> None:
    answer = made(skyvern, "credit_card")
    assert answer["credential"] == {"last_four": "1234", "brand": "visa"}


@case("credentials.secret", fact="resources 7")
def test_secret_shows_its_label(skyvern: Caller) -> None:
    assert made(skyvern, "secret")["credential"] == {"secret_label": "Door"}


@case("credentials.masked", fact="resources 7", alone=True)
@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_holds_what_is_secret(skyvern: Caller, kind: str) -> None:
    inside = dict(KINDS[kind])
    if kind == "password":
        inside |= {"totp": SEED, "totp_type": "authenticator"}
    answer = create(skyvern, kind, inside)
    credential_id = answer.ok(201)["credential_id"]
    answers = (
        answer,
        skyvern.call("get_credential", credential_id=credential_id),
        skyvern.call("get_credentials"),
        skyvern.call(
            "update_credential",
            credential_id=credential_id,
            name="shop",
            credential_type=kind,
            credential=inside,
        ),
    )
    hidden = ("hunter-2-password", SEED, CARD["card_number"], "987", "Jo Bloggs", "open sesame")
    for one in answers:
        text = re.sub(r'"credential_id":"cred_\d+"', "", one.body.decode())
        assert not [secret for secret in hidden if secret in text], one.asked


# --- names --------------------------------------------------------------------------------------


@case("credentials.name.empty", fact="resources 7")
def test_name_may_be_empty(skyvern: Caller) -> None:
    assert made(skyvern, name="")["name"] == ""


@case("credentials.name.twice", fact="resources 7", alone=True)
def test_two_may_have_one_name(skyvern: Caller) -> None:
    assert made(skyvern)["credential_id"] != made(skyvern)["credential_id"]
    assert names(skyvern) == ["shop", "shop"]


@case("credentials.name.string", fact="resources 7")
@pytest.mark.parametrize("name", [None, 5], ids=["null", "number"])
def test_name_is_a_string(skyvern: Caller, name: object) -> None:
    create(skyvern, name=name).invalid(("string_type", "body", "name"))


# --- passwords ----------------------------------------------------------------------------------


@case("credentials.password.optional", fact="resources 7")
@pytest.mark.parametrize(
    "credential", [{"username": "me"}, {"username": "me", "password": ""}], ids=["none", "empty"]
)
def test_password_may_be_left_out(skyvern: Caller, credential: dict[str, str]) -> None:
    assert made(skyvern, "password", credential)["credential"]["username"] == "me"


@case("credentials.password.username", fact="resources 7")
def test_username_is_of_one_character_at_least(skyvern: Caller) -> None:
    assert made(skyvern, "password", {"username": "  "})["credential"]["username"] == "  "
    create(skyvern, "password", {"username": "", "password": "pw"}).invalid(
        ("string_too_short", "body", "credential", IN_PASSWORD, "username"),
        *(("missing", "body", "credential", IN_CARD, field) for field in CARD),
        ("missing", "body", "credential", IN_SECRET, "secret_value"),
    )


@case("credentials.password.null", fact="resources 7")
def test_password_is_not_null(skyvern: Caller) -> None:
    problems = create(skyvern, "password", {"username": "me", "password": None}).refused(422)
    assert (problems[0]["type"], problems[0]["loc"]) == (
        "string_type",
        ["body", "credential", IN_PASSWORD, "password"],
    )


@case("credentials.password.unheard_of", fact="resources 1, 7")
def test_unknown_field_is_ignored(skyvern: Caller) -> None:
    assert "unheard_of" not in made(skyvern, "password", login(unheard_of=1))["credential"]


# --- second factors -----------------------------------------------------------------------------


@case("credentials.totp.types", fact="resources 7")
@pytest.mark.parametrize("totp_type", ["authenticator", "email", "text", "passkey", "none"])
def test_seed_is_said_to_be_there_whatever_the_type(skyvern: Caller, totp_type: str) -> None:
    answer = made(skyvern, "password", login(totp=SEED, totp_type=totp_type))
    assert (answer["credential"]["totp_type"], answer["credential"]["has_totp"]) == (
        totp_type,
        True,
    )


@case("credentials.totp.types.unchecked", fact="resources 7")
@pytest.mark.parametrize("totp_type", ["email", "text", "passkey", "none"])
def test_seed_is_checked_for_authenticators_alone(skyvern: Caller, totp_type: str) -> None:
    for seed, has_totp in (("not base32!", True), (None, False)):
        answer = made(skyvern, "password", login(totp=seed, totp_type=totp_type))
        assert answer["credential"]["has_totp"] is has_totp, seed


@case("credentials.totp.types.unknown", fact="resources 7")
@pytest.mark.parametrize("totp_type", ["letter", None])
def test_unknown_type_is_refused(skyvern: Caller, totp_type: str | None) -> None:
    problems = create(skyvern, "password", login(totp_type=totp_type)).refused(422)
    assert (problems[0]["type"], problems[0]["loc"]) == (
        "enum",
        ["body", "credential", IN_PASSWORD, "totp_type"],
    )


@case("credentials.totp.seed", fact="resources 7")
@pytest.mark.parametrize(
    "seed",
    [
        SEED.lower(),
        "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP",
        "JBSW-Y3DP-EHPK-3PXP-JBSW-Y3DP-EHPK-3PXP",
        f"otpauth://totp/Shop:me?secret={SEED}",
        "A" * 23,
    ],
    ids=["lower", "spaces", "hyphens", "uri", "shortest"],
)
def test_seed_is_read_in_many_forms(skyvern: Caller, seed: str) -> None:
    answer = made(skyvern, "password", login(totp=seed, totp_type="authenticator"))
    assert answer["credential"]["has_totp"] is True


@case("credentials.totp.seed.missing", fact="resources 1, 7")
@pytest.mark.parametrize("seed", [None, "", "   "], ids=["null", "empty", "blank"])
def test_authenticator_needs_a_seed(skyvern: Caller, seed: str | None) -> None:
    create(skyvern, "password", login(totp=seed, totp_type="authenticator")).refused(
        400, KEY_REQUIRED
    )


@case("credentials.totp.seed.unusable", fact="resources 1, 7")
@pytest.mark.parametrize(
    "seed",
    [
        "not base32!",
        "JBSWY3DPEHPK3PXP",
        "otpauth://totp/Shop:me?secret=JBSWY3DPEHPK3PXP",
        "otpauth://totp/Shop:me",
        f"otpauth://hotp/Shop:me?secret={SEED}",
        "12345678901234567890123456789012",
        f"{SEED}=",
    ],
    ids=["letters", "short", "short-uri", "no-secret", "hotp", "digits", "padded"],
)
def test_seed_that_no_authenticator_takes_is_refused(skyvern: Caller, seed: str) -> None:
    create(skyvern, "password", login(totp=seed, totp_type="authenticator")).refused(
        400, KEY_INVALID
    )


@case("credentials.totp.code", fact="resources 7", raw_only=NO_METHOD)
def test_code_of_an_authenticator_is_told(skyvern: Caller) -> None:
    answer = made(skyvern, "password", login(totp=SEED, totp_type="authenticator"))
    told = skyvern.call("get_credential_totp_code", credential_id=answer["credential_id"]).ok()
    assert re.fullmatch(r"\d{6}", told["code"])
    assert 1 <= told["seconds_remaining"] <= 30


@case("credentials.totp.code.none", fact="resources 7", raw_only=NO_METHOD)
def test_credential_without_an_authenticator_has_no_code(skyvern: Caller) -> None:
    skyvern.call(
        "get_credential_totp_code", credential_id=made(skyvern, "secret")["credential_id"]
    ).refused(400, "This credential does not have an authenticator app configured.")


# --- cards and secrets --------------------------------------------------------------------------


@case("credentials.card.unchecked", fact="resources 7")
@pytest.mark.parametrize(("number", "last_four"), [("12", "12"), ("4111 1111 1111 12 34 ", " 34 ")])
def test_number_of_a_card_is_not_checked(skyvern: Caller, number: str, last_four: str) -> None:
    answer = made(skyvern, "credit_card", {**CARD, "card_number": number, "card_brand": "My Brand"})
    assert answer["credential"] == {"last_four": last_four, "brand": "My Brand"}


@case("credentials.card.filled", fact="resources 7")
def test_fields_of_a_card_are_filled(skyvern: Caller) -> None:
    create(skyvern, "credit_card", dict.fromkeys(CARD, "")).invalid(
        ("missing", "body", "credential", IN_PASSWORD, "username"),
        *(("string_too_short", "body", "credential", IN_CARD, field) for field in CARD),
        ("missing", "body", "credential", IN_SECRET, "secret_value"),
    )


@case("credentials.card.missing", fact="resources 7")
def test_card_has_all_its_fields(skyvern: Caller) -> None:
    create(skyvern, "credit_card", {"card_number": "1"}).invalid(
        ("missing", "body", "credential", IN_PASSWORD, "username"),
        *(
            ("missing", "body", "credential", IN_CARD, field)
            for field in CARD
            if field != "card_number"
        ),
        ("missing", "body", "credential", IN_SECRET, "secret_value"),
    )


@case("credentials.secret.label", fact="resources 7")
@pytest.mark.parametrize(
    "credential",
    [{"secret_value": "v"}, {"secret_value": "v", "secret_label": None}],
    ids=["none", "null"],
)
def test_label_may_be_left_out(skyvern: Caller, credential: dict[str, object]) -> None:
    assert made(skyvern, "secret", credential)["credential"] == {"secret_label": None}


@case("credentials.secret.filled", fact="resources 7")
def test_secret_is_of_one_character_at_least(skyvern: Caller) -> None:
    create(skyvern, "secret", {"secret_value": ""}).invalid(
        ("missing", "body", "credential", IN_PASSWORD, "username"),
        *(("missing", "body", "credential", IN_CARD, field) for field in CARD),
        ("string_too_short", "body", "credential", IN_SECRET, "secret_value"),
    )


# --- type and shape -----------------------------------------------------------------------------


@case("credentials.type.unknown", fact="resources 7")
def test_unknown_kind_is_refused(skyvern: Caller) -> None:
    skyvern.call(
        "create_credential", name="shop", credential_type="letter", credential=PASSWORD
    ).invalid(("enum", "body", "credential_type"))


@case("credentials.type.other", fact="resources 1, 7")
@pytest.mark.parametrize(
    ("kind", "inside"),
    [
        ("secret", "password"),
        ("password", "secret"),
        ("password", "credit_card"),
        ("credit_card", "password"),
    ],
)
def test_shape_of_another_kind_is_a_crash(skyvern: Caller, kind: str, inside: str) -> None:
    refused = create(skyvern, kind, KINDS[inside])
    assert refused.status == 500
    assert refused.json == {"error": "Unexpected error: AttributeError"}


@case("credentials.missing", fact="resources 7", raw_only=NEEDS_A_FIELD)
def test_name_type_and_credential_are_needed(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/credentials", json={}).invalid(
        ("missing", "body", "name"),
        ("missing", "body", "credential_type"),
        ("missing", "body", "credential"),
    )


@case("credentials.secrecy", fact="resources 1")
def test_refusal_repeats_nothing_that_was_sent(skyvern: Caller) -> None:
    refused = create(skyvern, "password", {"password": "hunter-2-password"})
    for problem in refused.refused(422):
        assert list(problem) == ["loc", "msg", "type"]
    assert b"hunter-2" not in refused.body


# --- vaults, profiles, proxies ------------------------------------------------------------------


@case("credentials.vault", fact="resources 7")
@pytest.mark.parametrize("vault", ["skyvern", None])
def test_vault_is_the_servers_own(skyvern: Caller, vault: str | None) -> None:
    assert made(skyvern, vault_type=vault)["vault_type"] == "skyvern"


@case("credentials.vault.unsupported", fact="resources 7")
@pytest.mark.parametrize(("vault", "word"), [("azure_vault", "Azure Vault"), ("gcp", "GCP")])
def test_vault_of_another_is_not_supported(skyvern: Caller, vault: str, word: str) -> None:
    detail = create(skyvern, vault_type=vault).refused(400)
    assert detail in (
        f"{word} credential is not supported",
        f"{word} credential vault is not supported",
    )


@case("credentials.vault.custom", fact="resources 7")
def test_custom_vault_must_be_configured(skyvern: Caller) -> None:
    detail = create(skyvern, vault_type="custom").refused(400)
    assert re.fullmatch(r"Custom credential service not configured for organization o_\w+", detail)


@case("credentials.vault.bitwarden", fact="resources 7")
def test_bitwarden_that_is_not_configured_is_a_crash(skyvern: Caller) -> None:
    refused = create(skyvern, vault_type="bitwarden")
    assert refused.status == 500
    assert refused.json == {"error": "Unexpected error: BitwardenSecretError"}


@case("credentials.vault.unknown", fact="resources 7")
def test_unknown_vault_is_refused(skyvern: Caller) -> None:
    create(skyvern, vault_type="cellar").invalid(("enum", "body", "vault_type"))


@case("credentials.profile", fact="resources 7")
def test_profile_is_linked_to_one_credential(skyvern: Caller) -> None:
    profile_id = profile(skyvern)
    assert made(skyvern, browser_profile_id=profile_id)["browser_profile_id"] == profile_id
    create(skyvern, browser_profile_id=profile_id).refused(
        400, "This browser profile is already linked to another credential."
    )


@case("credentials.profile.unknown", fact="resources 7")
@pytest.mark.parametrize("profile_id", ["bp_1", ""], ids=["unknown", "empty"])
def test_unknown_profile_is_refused(skyvern: Caller, profile_id: str) -> None:
    create(skyvern, browser_profile_id=profile_id).refused(
        400, f"Browser profile not found, browser_profile_id={profile_id}"
    )


@case("credentials.profile.stranger", fact="resources 1, 7")
def test_profile_of_another_organisation_is_unknown(skyvern: Caller) -> None:
    theirs = profile(skyvern.stranger())
    create(skyvern, browser_profile_id=theirs).refused(
        400, f"Browser profile not found, browser_profile_id={theirs}"
    )


@case("credentials.settings", fact="resources 7")
def test_settings_are_told_again(skyvern: Caller) -> None:
    asked = {
        "tested_url": "notaurl",
        "auto_profile_disabled": True,
        "proxy_location": "RESIDENTIAL_DE",
    }
    answer = made(skyvern, **asked)
    assert {name: answer[name] for name in asked} == asked


@case("credentials.proxy.isp", fact="resources 7")
def test_isp_proxy_is_given_a_session(skyvern: Caller) -> None:
    answer = made(skyvern, proxy_location="RESIDENTIAL_ISP")
    assert re.fullmatch("[0-9a-f]{10}", answer["proxy_session_id"])


@case("credentials.proxy.session_alone", fact="resources 7")
def test_proxy_session_alone_means_an_isp_proxy(skyvern: Caller) -> None:
    answer = made(skyvern, proxy_session_id="s1")
    assert (answer["proxy_location"], answer["proxy_session_id"]) == ("RESIDENTIAL_ISP", "s1")


@case("credentials.proxy.pinned", fact="resources 7")
@pytest.mark.parametrize("location", [None, "NONE", "RESIDENTIAL_DE"])
def test_pinned_address_means_an_isp_proxy_whatever_is_asked(
    skyvern: Caller, location: str | None
) -> None:
    answer = made(skyvern, proxy_location=location, pin_saved_session_ip=True)
    assert (answer["proxy_location"], answer["pin_saved_session_ip"]) == ("RESIDENTIAL_ISP", True)
    assert re.fullmatch("[0-9a-f]{10}", answer["proxy_session_id"])


@case("credentials.proxy.unknown", fact="resources 7")
def test_unknown_proxy_is_refused(skyvern: Caller) -> None:
    create(skyvern, proxy_location="MARS").invalid(("value_error", "body", "proxy_location"))


# --- read and listed ----------------------------------------------------------------------------


@case("credentials.get", fact="resources 7")
@pytest.mark.parametrize("kind", KINDS)
def test_credential_is_read_as_it_was_made(skyvern: Caller, kind: str) -> None:
    answer = made(skyvern, kind)
    read = skyvern.call("get_credential", credential_id=answer["credential_id"]).ok()
    assert read == answer


@case("credentials.miss", fact="resources 1, 7, 13")
@pytest.mark.parametrize("whose", ["nobody", "stranger", "deleted"])
@pytest.mark.parametrize("operation", ["get", "update", "delete"])
def test_credential_that_is_not_there_is_missed(
    skyvern: Caller, operation: str, whose: str
) -> None:
    missing = "cred_1"
    if whose == "stranger":
        missing = made(skyvern.stranger())["credential_id"]
    if whose == "deleted":
        missing = made(skyvern)["credential_id"]
        skyvern.call("delete_credential", credential_id=missing).ok(204)
    wording = {"get": "Credential not found"}
    body = {"name": "shop", "credential_type": "password", "credential": PASSWORD}
    skyvern.call(
        f"{operation}_credential",
        credential_id=missing,
        **(body if operation == "update" else {}),
    ).refused(404, wording.get(operation, f"Credential not found, credential_id={missing}"))


@case("credentials.list.newest", fact="resources 7", alone=True)
def test_list_is_paged_and_newest_first(skyvern: Caller) -> None:
    assert names(skyvern) == []
    for name in ("a", "b", "c"):
        made(skyvern, name=name)
        skyvern.wait(0.01)  # newest first is told by time alone
    assert names(skyvern) == ["c", "b", "a"]
    assert names(skyvern, page_size=2) == ["c", "b"]
    assert names(skyvern, page=2, page_size=2) == ["a"]
    assert names(skyvern, page=99) == []


@case("credentials.list.page_size", fact="resources 7", alone=True)
def test_page_is_of_ten_where_nothing_is_said(skyvern: Caller) -> None:
    for _ in range(11):
        made(skyvern)
    assert len(names(skyvern)) == 10
    assert len(names(skyvern, page_size=1000)) == 11


@case("credentials.list.page.least", fact="resources 7")
@pytest.mark.parametrize("name", ["page", "page_size"])
def test_pages_are_counted_from_one(skyvern: Caller, name: str) -> None:
    skyvern.call("get_credentials", **{name: 0}).invalid(("greater_than_equal", "query", name))


@case("credentials.list.type", fact="resources 7", alone=True)
def test_list_is_of_a_kind(skyvern: Caller) -> None:
    for kind in KINDS:
        made(skyvern, kind, name=kind)
    for kind in KINDS:
        assert names(skyvern, credential_type=kind) == [kind]
    skyvern.call("get_credentials", credential_type="letter").invalid(
        ("enum", "query", "credential_type")
    )


@case("credentials.list.vault", fact="resources 7", alone=True)
def test_list_is_of_a_vault(skyvern: Caller) -> None:
    made(skyvern)
    assert names(skyvern, vault_type="skyvern") == ["shop"]
    assert names(skyvern, vault_type="bitwarden") == []
    skyvern.call("get_credentials", vault_type="cellar").invalid(("enum", "query", "vault_type"))


@case("credentials.list.folder", fact="resources 7", alone=True)
def test_unknown_folder_is_empty(skyvern: Caller) -> None:
    made(skyvern)
    assert names(skyvern, folder_id="x") == []


@case("credentials.list.search", fact="resources 7", alone=True)
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SHOP", "shop"),
        ("me@example", "shop"),
        ("VISA", "card"),
        ("1234", "card"),
        ("door", "door key"),
    ],
    ids=["name", "username", "brand", "last_four", "label"],
)
def test_search_is_for_a_part_of_what_is_shown(skyvern: Caller, text: str, found: str) -> None:
    made(skyvern)
    made(skyvern, "credit_card", name="card")
    made(skyvern, "secret", name="door key")
    assert names(skyvern, search=text) == [found]


@case("credentials.list.search.id", fact="resources 7", alone=True)
def test_search_is_for_a_whole_id_too(skyvern: Caller) -> None:
    credential_id = made(skyvern)["credential_id"]
    assert names(skyvern, search=credential_id) == ["shop"]
    assert names(skyvern, search=credential_id[:-1]) == []


@case("credentials.list.search.hidden", fact="resources 7", alone=True)
@pytest.mark.parametrize("text", ["hunter", "4111", "sesame"])
def test_search_does_not_see_what_is_secret(skyvern: Caller, text: str) -> None:
    for kind in KINDS:
        made(skyvern, kind, name=kind)
    assert names(skyvern, search=text) == []


@case("credentials.list.search.wild", fact="resources 7", alone=True)
def test_percent_in_a_search_is_a_percent(skyvern: Caller) -> None:
    made(skyvern)
    assert names(skyvern, search="%") == []
    assert names(skyvern, search="sh_p") == []


@case("credentials.list.search.longest", fact="resources 7")
def test_search_is_of_two_hundred_characters_at_most(skyvern: Caller) -> None:
    assert names(skyvern, search="x" * 200) == []
    skyvern.call("get_credentials", search="x" * 201).invalid(
        ("string_too_long", "query", "search")
    )


@case("credentials.list.stranger", fact="resources 1, 7", alone=True)
def test_list_is_the_organisations_own(skyvern: Caller) -> None:
    made(skyvern.stranger())
    assert names(skyvern) == []


# --- changed and deleted ------------------------------------------------------------------------


@case("credentials.update", fact="resources 7")
def test_update_replaces_name_and_credential(skyvern: Caller) -> None:
    before = made(skyvern)
    updated = skyvern.call(
        "update_credential",
        credential_id=before["credential_id"],
        name="bank",
        credential_type="password",
        credential={"username": "you", "password": "pw"},
    ).ok()
    assert updated["credential_id"] == before["credential_id"]
    assert (updated["name"], updated["credential"]["username"]) == ("bank", "you")
    read = skyvern.call("get_credential", credential_id=before["credential_id"]).ok()
    assert read == updated


@case("credentials.update.type", fact="resources 7")
def test_update_may_change_the_kind(skyvern: Caller) -> None:
    updated = skyvern.call(
        "update_credential",
        credential_id=made(skyvern)["credential_id"],
        name="door key",
        credential_type="secret",
        credential=SECRET,
    ).ok()
    assert (updated["credential_type"], updated["credential"]) == (
        "secret",
        {"secret_label": "Door"},
    )


def update(skyvern: Caller, before: dict[str, Any], **more: object) -> dict[str, Any]:
    """The credential after an update with the same secret."""
    answer: dict[str, Any] = skyvern.call(
        "update_credential",
        credential_id=before["credential_id"],
        name=before["name"],
        credential_type="password",
        credential=PASSWORD,
        **more,
    ).ok()
    return answer


@case("credentials.update.settings", fact="resources 7")
def test_settings_that_an_update_does_not_name_stay(skyvern: Caller) -> None:
    before = made(
        skyvern,
        browser_profile_id=profile(skyvern),
        tested_url="https://example.com",
        auto_profile_disabled=True,
        pin_saved_session_ip=True,
    )
    assert update(skyvern, before) == before
    assert update(skyvern, before, tested_url=None) == before


@case("credentials.update.settings.cleared", fact="resources 7")
def test_settings_that_an_update_names_are_changed(skyvern: Caller) -> None:
    before = made(skyvern, browser_profile_id=profile(skyvern), auto_profile_disabled=True)
    after = update(skyvern, before, browser_profile_id=None, auto_profile_disabled=False)
    assert (after["browser_profile_id"], after["auto_profile_disabled"]) == (None, False)


@case("credentials.update.proxy", fact="resources 7")
@pytest.mark.parametrize(
    ("change", "proxy"),
    [
        ({"proxy_location": "RESIDENTIAL_ISP"}, ("RESIDENTIAL_ISP", "s1")),
        ({"proxy_location": "RESIDENTIAL_DE"}, ("RESIDENTIAL_DE", None)),
        ({"proxy_location": None}, (None, None)),
        ({"proxy_session_id": "s2"}, ("RESIDENTIAL_ISP", "s2")),
        ({"proxy_session_id": None}, (None, None)),
        ({"proxy_session_id": ""}, (None, None)),
    ],
)
def test_update_of_a_proxy_says_all_of_it(
    skyvern: Caller, change: dict[str, object], proxy: tuple[str | None, str | None]
) -> None:
    after = update(skyvern, made(skyvern, proxy_session_id="s1"), **change)
    assert (after["proxy_location"], after["proxy_session_id"]) == proxy


@case("credentials.update.pin", fact="resources 7")
def test_update_pins_and_another_proxy_leaves_the_wish(skyvern: Caller) -> None:
    before = made(skyvern, proxy_location="RESIDENTIAL_DE")
    pinned = update(skyvern, before, pin_saved_session_ip=True)
    assert pinned["proxy_location"] == "RESIDENTIAL_ISP"
    after = update(skyvern, before, proxy_location="RESIDENTIAL_DE")
    assert (after["proxy_location"], after["pin_saved_session_ip"]) == ("RESIDENTIAL_DE", True)


@case("credentials.update.missing", fact="resources 7", raw_only=NEEDS_A_FIELD)
def test_update_needs_the_whole_credential(skyvern: Caller) -> None:
    skyvern.call(
        "update_credential", credential_id=made(skyvern)["credential_id"], name="bank"
    ).invalid(("missing", "body", "credential_type"), ("missing", "body", "credential"))


@case("credentials.rename", fact="resources 7", raw_only=NO_METHOD)
def test_credential_is_renamed_alone(skyvern: Caller) -> None:
    before = made(skyvern)
    path = f"/v1/credentials/{before['credential_id']}"
    assert skyvern.send("PATCH", path, json={"name": "bank"}).ok() == {**before, "name": "bank"}
    skyvern.send("PATCH", path, json={"name": ""}).invalid(("string_too_short", "body", "name"))


@case("credentials.delete", fact="resources 7", alone=True)
def test_deletion_answers_nothing(skyvern: Caller) -> None:
    deleted = skyvern.call("delete_credential", credential_id=made(skyvern)["credential_id"])
    deleted.ok(204)
    assert deleted.body == b""
    assert names(skyvern) == []


@case("credentials.delete.vault", fact="resources 7", raw_only=NO_METHOD)
def test_delete_on_the_path_of_a_credential_is_of_the_vaults(skyvern: Caller) -> None:
    credential_id = made(skyvern)["credential_id"]
    skyvern.send("DELETE", f"/v1/credentials/{credential_id}").refused(
        404, "Unsupported organization auth credential provider"
    )


@case("credentials.api", fact="resources 1", raw_only="the SDK's methods have one path each")
def test_older_paths_update_by_put_and_delete_by_delete(skyvern: Caller) -> None:
    path = f"/api/v1/credentials/{made(skyvern)['credential_id']}"
    body = {"name": "bank", "credential_type": "secret", "credential": SECRET}
    assert skyvern.send("PUT", path, json=body).ok()["name"] == "bank"
    deleted = skyvern.send("DELETE", path)
    assert (deleted.status, deleted.body) == (200, b"null")
    skyvern.send("GET", path).refused(404, "Credential not found")
