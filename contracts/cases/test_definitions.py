"""Definitions of workflows: parameters of every kind, what is wrong with one, YAML and its repair."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
DEFINITION = ("body", "json_definition", "workflow_definition")
ODD_HEADERS = "the SDK's HTTP client sends no such header"
VAULT = {
    "bitwarden_client_id_aws_secret_key": "secret/id",
    "bitwarden_client_secret_aws_secret_key": "secret/secret",
    "bitwarden_master_password_aws_secret_key": "secret/master",
}
KINDS: dict[str, Json] = {
    "workflow": {"workflow_parameter_type": "string"},
    "context": {"source_parameter_key": "source"},
    "credential": {"credential_id": "cred_1"},
    "aws_secret": {"aws_key": "secret/key"},
    "bitwarden_login_credential": {**VAULT, "bitwarden_item_id": "item"},
    "bitwarden_sensitive_information": {
        **VAULT,
        "bitwarden_collection_id": "collection",
        "bitwarden_identity_key": "identity",
        "bitwarden_identity_fields": ["ssn"],
    },
    "bitwarden_credit_card_data": {
        **VAULT,
        "bitwarden_collection_id": "collection",
        "bitwarden_item_id": "item",
    },
    "onepassword": {"vault_id": "vault", "item_id": "item"},
    "azure_vault_credential": {"vault_name": "vault", "username_key": "u", "password_key": "p"},
}
"""What a parameter of each kind needs beside its key; output parameters are the server's."""
IDS = {
    "workflow": ("workflow_parameter_id", "wp_"),
    "credential": ("credential_parameter_id", "cp_"),
    "aws_secret": ("aws_secret_parameter_id", "asp_"),
    "bitwarden_login_credential": ("bitwarden_login_credential_parameter_id", "blc_"),
    "bitwarden_sensitive_information": ("bitwarden_sensitive_information_parameter_id", "bsi_"),
    "bitwarden_credit_card_data": ("bitwarden_credit_card_data_parameter_id", "bccd_"),
    "onepassword": ("onepassword_credential_parameter_id", "opp_"),
    "azure_vault_credential": ("azure_vault_credential_parameter_id", "azcp_"),
}


def wait(label: str = "pause", **more: Any) -> Json:
    return {"block_type": "wait", "label": label, "wait_sec": 1, **more}


def parameter(key: str, kind: str = "string", **more: Any) -> Json:
    return {
        "parameter_type": "workflow",
        "key": key,
        "workflow_parameter_type": kind,
        **more,
    }


def definition(*blocks: Json, parameters: tuple[Json, ...] = (), **inner: Any) -> Json:
    said = {"parameters": list(parameters), "blocks": list(blocks or (wait(),)), **inner}
    return {"title": "Flow", "workflow_definition": said}


def create(skyvern: Caller, *blocks: Json, **more: Any) -> Json:
    made: Json = skyvern.call("create_workflow", json_definition=definition(*blocks, **more)).ok()
    return made


def refusal(skyvern: Caller, *blocks: Json, **more: Any) -> Any:
    said = definition(*blocks, **more)
    return skyvern.call("create_workflow", json_definition=said).refused(422)


# --- parameters ---------------------------------------------------------------------------------


def of_kind(kind: str) -> tuple[Json, ...]:
    asked = {"parameter_type": kind, "key": "k", **KINDS[kind]}
    return (parameter("source"), asked) if kind == "context" else (asked,)


@case("workflows.parameters.every", fact="resources 3")
@pytest.mark.parametrize("kind", KINDS)
def test_parameter_of_every_kind_is_told_as_it_was_asked_for(skyvern: Caller, kind: str) -> None:
    made = create(skyvern, parameters=of_kind(kind))
    (kept,) = (row for row in made["workflow_definition"]["parameters"] if row["key"] == "k")
    assert kept["parameter_type"] == kind
    if kind == "context":
        assert kept["source"]["key"] == "source"
        return
    assert {name: kept[name] for name in KINDS[kind]} == KINDS[kind]
    name, prefix = IDS[kind]
    assert kept[name].startswith(prefix)
    assert kept["workflow_id"] == made["workflow_id"]


@case("workflows.parameters.every.needed", fact="resources 3")
@pytest.mark.parametrize("kind", KINDS)
def test_parameter_of_every_kind_has_a_key(skyvern: Caller, kind: str) -> None:
    said = definition(parameters=({"parameter_type": kind, **KINDS[kind]},))
    skyvern.call("create_workflow", json_definition=said).invalid(
        ("missing", *DEFINITION, "parameters", 0, kind, "key")
    )


@case("workflows.parameters.default.read", fact="resources 3")
@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        ("string", "text", "text"),
        ("string", 5, "5"),
        ("integer", 7, 7),
        ("float", "1.5", 1.5),
        ("float", 2, 2.0),
        ("boolean", "true", True),
        ("boolean", "FALSE", False),
        ("json", {"a": 1}, {"a": 1}),
        ("file_url", "https://example.com/a.pdf", "https://example.com/a.pdf"),
        ("credential_id", "cred_1", "cred_1"),
    ],
    ids=str,
)
def test_default_is_kept_as_one_of_its_kind(
    skyvern: Caller, kind: str, said: object, kept: object
) -> None:
    made = create(skyvern, parameters=(parameter("k", kind, default_value=said),))
    found = made["workflow_definition"]["parameters"][-1]["default_value"]
    assert (found, type(found)) == (kept, type(kept))


# --- what holds a definition together -----------------------------------------------------------


@case("workflows.blocks.next.unknown", fact="resources 3")
def test_next_block_is_one_of_the_workflow(skyvern: Caller) -> None:
    assert refusal(skyvern, wait("a", next_block_label="zzz")) == (
        "Block a references unknown next_block_label zzz"
    )


@case("workflows.blocks.next", fact="resources 3")
def test_block_names_the_one_after_it(skyvern: Caller) -> None:
    inner = create(
        skyvern, wait("a", next_block_label="c"), wait("b"), wait("c", next_block_label="b")
    )["workflow_definition"]
    assert inner["version"] == 2
    assert [block["next_block_label"] for block in inner["blocks"]] == ["c", None, "b"]


@case("workflows.blocks.next.unreached", fact="resources 3")
def test_every_block_is_reached(skyvern: Caller) -> None:
    said = refusal(skyvern, wait("a", next_block_label="c"), wait("b"), wait("c"))
    assert said.startswith("Disconnected blocks detected: blocks (a, b) are not reachable ")


@case("workflows.finally", fact="resources 3")
def test_last_block_whatever_happens_is_named(skyvern: Caller) -> None:
    made = create(skyvern, wait("a"), wait("b"), finally_block_label="b")
    assert made["workflow_definition"]["finally_block_label"] == "b"


@case("workflows.finally.unknown", fact="resources 3")
def test_last_block_is_one_of_the_workflow(skyvern: Caller) -> None:
    said = definition(finally_block_label="zzz")
    (problem,) = skyvern.call("create_workflow", json_definition=said).invalid(
        ("value_error", *DEFINITION)
    )
    assert problem["msg"].startswith("Value error, finally_block_label 'zzz' ")


@case("workflows.blocks.jinja.later", fact="resources 3")
def test_text_may_use_what_a_later_block_gives(skyvern: Caller) -> None:
    early = {"block_type": "text_prompt", "label": "a", "prompt": "{{ b_output }} {{ nowhere }}"}
    made = create(skyvern, early, wait("b"))["workflow_definition"]
    assert made["blocks"][0]["prompt"] == early["prompt"]


@case("workflows.blocks.kind.listed", fact="resources 3")
def test_unknown_kind_is_answered_with_the_known_ones(skyvern: Caller) -> None:
    (problem,) = refusal(skyvern, {"block_type": "zzz", "label": "a"})
    assert problem["msg"].startswith(
        "Input tag 'zzz' found using 'block_type' does not match any of the expected tags: "
    )
    assert problem["msg"].count("BlockType.") == 33


@case("workflows.create.settings", fact="resources 3")
def test_settings_are_told_again(skyvern: Caller) -> None:
    asked: Json = {
        "description": "about it",
        "proxy_location": "RESIDENTIAL_DE",
        "totp_verification_url": "https://codes.example.com",
        "totp_identifier": "me@example.com",
        "persist_browser_session": True,
        "mask_secrets": True,
        "pin_saved_session_ip": True,
        "model": {"model_name": "gpt-4o"},
        "is_saved_task": True,
        "max_screenshot_scrolls": 3,
        "max_elapsed_time_minutes": 30,
        "extra_http_headers": {"A": "b"},
        "status": "draft",
        "run_with": "code",
        "ai_fallback": False,
        "cache_key": "mine",
        "run_sequentially": True,
        "sequential_key": "one",
    }
    said = {**definition(), **asked}
    made = skyvern.call("create_workflow", json_definition=said).ok()
    assert {name: made[name] for name in asked} == asked


@case("workflows.create.proxy.place", fact="resources 3")
def test_proxy_may_be_a_place(skyvern: Caller) -> None:
    said = {**definition(), "proxy_location": {"country": "US", "city": "Boston"}}
    place = skyvern.call("create_workflow", json_definition=said).ok()["proxy_location"]
    assert (place["country"], place["subdivision"], place["city"]) == ("US", None, "Boston")


@case("workflows.create.proxy.unknown", fact="resources 3")
def test_unknown_proxy_is_refused(skyvern: Caller) -> None:
    said = {**definition(), "proxy_location": "MARS"}
    problems = skyvern.call("create_workflow", json_definition=said).refused(422)
    assert problems[0]["type"] == "enum"
    assert problems[0]["loc"][:3] == ["body", "json_definition", "proxy_location"]


# --- idempotency --------------------------------------------------------------------------------


@case("workflows.create.idempotency.length", fact="resources 3")
def test_key_may_have_255_characters(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "x" * 255}
    assert (
        skyvern.call("create_workflow", json_definition=definition(), headers=key).ok()["version"]
        == 1
    )


@case("workflows.create.idempotency.visible", fact="resources 3", raw_only=ODD_HEADERS)
@pytest.mark.parametrize("key", [b"", b"a b", b"\xe9"], ids=["empty", "space", "accent"])
def test_key_is_of_visible_ascii(skyvern: Caller, key: bytes) -> None:
    said = {"json_definition": definition()}
    skyvern.send("POST", "/v1/agents", json=said, headers={"Idempotency-Key": key}).refused(
        422, "Idempotency-Key must contain 1 to 255 visible ASCII bytes."
    )


@case("workflows.create.idempotency.updated", fact="resources 3")
def test_key_gives_the_first_version(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    said = definition()
    first = skyvern.call("create_workflow", json_definition=said, headers=key).ok()
    wpid = first["workflow_permanent_id"]
    skyvern.call("update_workflow", workflow_id=wpid, json_definition=said).ok()
    again = skyvern.call("create_workflow", json_definition=said, headers=key).ok()
    assert (again["version"], again["workflow_id"]) == (1, first["workflow_id"])


@case("workflows.create.idempotency.stranger", fact="resources 1, 3")
def test_key_is_its_organisations_alone(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    mine, theirs = (
        who.call("create_workflow", json_definition=definition(), headers=key).ok()
        for who in (skyvern, skyvern.stranger())
    )
    assert mine["workflow_permanent_id"] != theirs["workflow_permanent_id"]


# --- YAML ---------------------------------------------------------------------------------------


def yaml_of(blocks: str, parameters: str = "[]") -> str:
    return (
        f"title: From YAML\nworkflow_definition:\n  parameters: {parameters}\n  blocks:\n{blocks}"
    )


def pauses(*labels: str) -> str:
    rows = (f"  - {{block_type: wait, label: '{label}', wait_sec: 1}}\n" for label in labels)
    return "".join(rows)


def of_yaml(skyvern: Caller, text: str) -> Json:
    made: Json = skyvern.call("create_workflow", yaml_definition=text).ok()["workflow_definition"]
    return made


@case("workflows.yaml.label.twice", fact="resources 3")
def test_labels_in_yaml_are_made_unique(skyvern: Caller) -> None:
    made = of_yaml(skyvern, yaml_of(pauses("a", "a", "b")))
    assert [block["label"] for block in made["blocks"]] == ["a", "a_2", "b"]


@case("workflows.yaml.key", fact="resources 3")
def test_keys_in_yaml_are_mended_and_what_names_them_follows(skyvern: Caller) -> None:
    key = "[{parameter_type: workflow, key: 'my key!', workflow_parameter_type: string}]"
    block = (
        "  - {block_type: text_prompt, label: it, prompt: 'say {{ my key! }}', "
        "parameter_keys: ['my key!']}\n"
    )
    made = of_yaml(skyvern, yaml_of(block, key))
    assert made["parameters"][-1]["key"] == "my_key"
    (block_made,) = made["blocks"]
    assert [row["key"] for row in block_made["parameters"]] == ["my_key"]
    assert block_made["prompt"] == "say {{ my_key }}"


@case("workflows.yaml.label.references", fact="resources 3")
def test_labels_that_others_name_follow(skyvern: Caller) -> None:
    blocks = (
        "  - {block_type: wait, label: 'a b', wait_sec: 1, next_block_label: 'c d'}\n"
        "  - {block_type: text_prompt, label: 'c d', prompt: '{{ a b_output }}'}\n"
    )
    made = of_yaml(skyvern, yaml_of(blocks))
    first, second = made["blocks"]
    assert (first["label"], first["next_block_label"], second["label"]) == ("a_b", "c_d", "c_d")
    assert second["prompt"] == "{{ a_b_output }}"


@case("workflows.yaml.json", fact="resources 3")
def test_json_is_not_mended(skyvern: Caller) -> None:
    skyvern.call("create_workflow", json_definition=definition(wait("a b"))).invalid(
        ("value_error", *DEFINITION, "blocks", 0, "wait", "label")
    )
    of_yaml(skyvern, yaml_of(pauses("a b")))


@case("workflows.yaml.syntax", fact="resources 3")
def test_error_of_syntax_says_where(skyvern: Caller) -> None:
    said = skyvern.call("create_workflow", yaml_definition="title: [a\nb: c").refused(422)
    assert said.startswith("Invalid YAML: ")
    assert "at line 2, column " in said


@case("workflows.yaml.invalid.several", fact="resources 1")
def test_problems_of_yaml_are_told_in_one_line(skyvern: Caller) -> None:
    text = yaml_of("  - {block_type: code, label: it}\n").replace("title: From YAML\n", "")
    said = skyvern.call("create_workflow", yaml_definition=text).refused(422)
    assert said == (
        "title: Field required; workflow_definition -> blocks -> 0 -> code -> code: Field required"
    )


@case("workflows.yaml.document", fact="resources 3")
@pytest.mark.parametrize("text", ["just text", "[1, 2]", "5"])
def test_yaml_that_is_no_map_is_a_crash(skyvern: Caller, text: str) -> None:
    crash = skyvern.call("create_workflow", yaml_definition=text)
    assert crash.status == 500
    assert crash.json["detail"].startswith("Failed to create workflow. Error: ")
    wpid = create(skyvern)["workflow_permanent_id"]
    crash = skyvern.call("update_workflow", workflow_id=wpid, yaml_definition=text)
    assert crash.status == 500
    assert crash.json["detail"].startswith(f"Failed to update workflow with ID {wpid}. Error: ")


# --- new versions -------------------------------------------------------------------------------


@case("workflows.update.ids", fact="resources 3")
def test_version_has_parameters_of_its_own(skyvern: Caller) -> None:
    said = definition(parameters=(parameter("k"),))
    made = skyvern.call("create_workflow", json_definition=said).ok()
    wpid = made["workflow_permanent_id"]
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=said).ok()
    for row, other in zip(
        made["workflow_definition"]["parameters"],
        updated["workflow_definition"]["parameters"],
        strict=True,
    ):
        name = "workflow_parameter_id" if row["key"] == "k" else "output_parameter_id"
        assert row["key"] == other["key"]
        assert row[name] != other[name]
        assert other["workflow_id"] == updated["workflow_id"]
    old = skyvern.call("get_workflow", workflow_permanent_id=wpid, version=1).ok()
    assert old["workflow_definition"] == made["workflow_definition"]


@case("workflows.update.kept.folder", fact="resources 3")
def test_version_stays_in_its_folder(skyvern: Caller) -> None:
    folder_id = skyvern.call("create_folder", title="Bills").ok()["folder_id"]
    made = skyvern.call("create_workflow", json_definition=definition(), folder_id=folder_id).ok()
    wpid = made["workflow_permanent_id"]
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=definition()).ok()
    assert (updated["folder_id"], updated["version"]) == (folder_id, 2)


@case("workflows.update.kept.secret_headers", fact="resources 3")
def test_hidden_headers_are_carried_over_hidden(skyvern: Caller) -> None:
    said = {**definition(), "cdp_connect_headers": {"Authorization": "secret"}}
    made = skyvern.call("create_workflow", json_definition=said).ok()
    wpid = made["workflow_permanent_id"]
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=definition()).ok()
    assert updated["cdp_connect_headers"] == {"Authorization": "***"}


@case("workflows.update.null.every", fact="resources 3")
@pytest.mark.parametrize(
    ("name", "value", "cleared"),
    [
        ("proxy_location", "RESIDENTIAL", None),
        ("totp_verification_url", "https://codes.example.com", None),
        ("cdp_connect_headers", {"A": "b"}, {}),
        ("max_elapsed_time_minutes", 30, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_null_clears_each(skyvern: Caller, name: str, value: object, cleared: object) -> None:
    made = skyvern.call("create_workflow", json_definition={**definition(), name: value}).ok()
    wpid = made["workflow_permanent_id"]
    said = {**definition(), name: None}
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=said).ok()
    assert updated[name] == cleared


@case("workflows.update.null.kept", fact="resources 3")
def test_null_does_not_uncover_secrets(skyvern: Caller) -> None:
    said = {**definition(), "mask_secrets": True}
    wpid = skyvern.call("create_workflow", json_definition=said).ok()["workflow_permanent_id"]
    said = {**definition(), "mask_secrets": None}
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=said).ok()
    assert updated["mask_secrets"] is True


@case("workflows.update.stay", fact="resources 3")
def test_version_has_times_of_its_own(skyvern: Caller) -> None:
    made = create(skyvern)
    wpid = made["workflow_permanent_id"]
    skyvern.wait(0.01)
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=definition()).ok()
    assert updated["created_at"] > made["created_at"]
    versions = skyvern.call("get_workflow_versions", workflow_permanent_id=wpid).ok()
    assert [row["workflow_id"] for row in versions] == [updated["workflow_id"], made["workflow_id"]]


# --- lists, and what else hangs on a workflow ---------------------------------------------------


@case("workflows.list.status.unknown", fact="resources 3")
def test_list_is_of_a_known_status(skyvern: Caller) -> None:
    skyvern.call("get_workflows", status="zzz").invalid(("enum", "query", "status", 0))


@case("workflows.list.templates", fact="resources 3", alone=True)
def test_plain_workflows_are_no_templates(skyvern: Caller) -> None:
    create(skyvern)
    assert skyvern.call("get_workflows", only_templates=True).ok() == []


@case("workflows.list.tags.malformed", fact="resources 3")
def test_tag_in_a_filter_is_read(skyvern: Caller) -> None:
    skyvern.call("get_workflows", tags=":").refused(
        400, "Invalid tag filter ':'; expected 'label', 'key:*', or 'key:value'."
    )


@case("workflows.list.folder.unknown", fact="resources 3")
def test_unknown_folder_lists_nothing(skyvern: Caller) -> None:
    create(skyvern)
    assert skyvern.call("get_workflows", folder_id="fld_1").ok() == []


@case("workflows.list.size", fact="resources 3", alone=True)
def test_page_is_of_ten_where_nothing_is_said(skyvern: Caller) -> None:
    for _ in range(11):
        create(skyvern)
    assert len(skyvern.call("get_workflows").ok()) == 10
    assert len(skyvern.call("get_workflows", page_size=1000).ok()) == 11


@case("workflows.runs.unknown", fact="resources 3", raw_only="the SDK has no method for it")
def test_unknown_workflow_has_no_runs(skyvern: Caller) -> None:
    assert skyvern.send("GET", "/v1/agents/wpid_1/runs").ok() == []
    for name in ("page", "page_size"):
        skyvern.send("GET", f"/v1/agents/wpid_1/runs?{name}=0").invalid(
            ("greater_than_equal", "query", name)
        )


@case("workflows.profile.reset", fact="resources 3")
def test_profile_of_a_workflow_is_reset(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    operation = "agents.reset_workflow_browser_profile"
    assert skyvern.call(operation, workflow_permanent_id=wpid).ok(204) is None
    skyvern.call(operation, workflow_permanent_id="wpid_1").refused(
        404, "Workflow not found. workflow_permanent_id=wpid_1"
    )


@case("workflows.update.path.runs", fact="resources 1", raw_only="the SDK names an id")
def test_post_to_runs_is_an_update_of_runs(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/agents/runs", json={"json_definition": definition()}).refused(
        404, "Workflow not found. workflow_permanent_id=runs"
    )
    skyvern.send("POST", "/v1/agents/runs", json=None).invalid(("missing", "body"))


# --- templates, and YAML as it is ---------------------------------------------------------------

HIDDEN = "the SDK has no method for it"


@case("workflows.template.flag", fact="resources 3", raw_only=HIDDEN)
def test_workflow_is_made_a_template_and_none_again(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    for wanted in (True, False):
        path = f"/v1/workflows/{wpid}/template?is_template={str(wanted).lower()}"
        assert skyvern.send("PUT", path).ok() == {
            "workflow_permanent_id": wpid,
            "is_template": wanted,
        }
        read = skyvern.call("get_workflow", workflow_permanent_id=wpid).ok()
        assert (read["is_template"], read["version"]) == (wanted, 1)


@case("workflows.template.listed", fact="resources 3", raw_only=HIDDEN, alone=True)
def test_templates_of_ones_own_are_listed_on_request(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    create(skyvern)
    skyvern.send("PUT", f"/v1/workflows/{wpid}/template?is_template=true").ok()
    (row,) = skyvern.call("get_workflows", only_templates=True).ok()
    assert row["workflow_permanent_id"] == wpid
    assert skyvern.call("get_workflows", template=True).ok() == []


@case("workflows.template.unknown", fact="resources 3", raw_only=HIDDEN)
def test_unknown_workflow_is_made_no_template(skyvern: Caller) -> None:
    skyvern.send("PUT", "/v1/workflows/wpid_1/template?is_template=true").refused(
        404, "Workflow not found. workflow_permanent_id=wpid_1"
    )
    skyvern.send("PUT", "/v1/workflows/wpid_1/template").invalid(
        ("missing", "query", "is_template")
    )


@case("workflows.older.yaml", fact="resources 1", raw_only=HIDDEN)
@pytest.mark.parametrize("kind", ["application/x-yaml", "text/plain", "application/json"])
def test_older_path_takes_yaml_as_it_is(skyvern: Caller, kind: str) -> None:
    text = yaml_of(pauses("a b")).encode()
    said = {"content": text, "headers": {"content-type": kind}}
    made = skyvern.send("POST", "/api/v1/workflows", **said).ok()
    assert (made["title"], made["version"]) == ("From YAML", 1)
    assert made["workflow_definition"]["blocks"][0]["label"] == "a_b"
    wrapped = {"yaml_definition": yaml_of(pauses("a"))}
    skyvern.send("POST", "/api/v1/workflows", json=wrapped).refused(
        422, "title: Field required; workflow_definition: Field required"
    )


@case("workflows.older.update", fact="resources 1", raw_only=HIDDEN)
def test_older_path_updates_by_put_and_deletes_by_delete(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    path = f"/api/v1/workflows/{wpid}"
    updated = skyvern.send("PUT", path, content=yaml_of(pauses("a")).encode()).ok()
    assert (updated["title"], updated["version"]) == ("From YAML", 2)
    deleted = skyvern.send("DELETE", path)
    assert (deleted.status, deleted.body) == (200, b"null")
    skyvern.send("GET", path).refused(404, f"Workflow not found. workflow_permanent_id={wpid}")
