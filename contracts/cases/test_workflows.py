"""Workflows, which paths call agents: definitions, versions, lists."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
DEFINITION = ("body", "json_definition", "workflow_definition")
FORMAT = "Invalid workflow definition. Workflow should be provided in either yaml or json format."
YAML = """\
title: From YAML
workflow_definition:
  parameters: []
  blocks:
    - {block_type: wait, label: pause, wait_sec: 1}
"""


def wait(label: str = "pause", **more: Any) -> Json:
    return {"block_type": "wait", "label": label, "wait_sec": 1, **more}


def parameter(key: str, kind: str = "string", **more: Any) -> Json:
    return {
        "parameter_type": "workflow",
        "key": key,
        "workflow_parameter_type": kind,
        **more,
    }


def definition(*blocks: Json, parameters: tuple[Json, ...] = (), **more: Any) -> Json:
    inner = {"parameters": list(parameters), "blocks": list(blocks or (wait(),))}
    return {"title": "Flow", "workflow_definition": inner, **more}


def create(skyvern: Caller, *blocks: Json, **more: Any) -> Json:
    made: Json = skyvern.call("create_workflow", json_definition=definition(*blocks, **more)).ok()
    skyvern.wait(0.01)  # the newest first is told by time alone
    return made


def update(skyvern: Caller, wpid: str, *blocks: Json, **more: Any) -> Json:
    updated: Json = skyvern.call(
        "update_workflow", workflow_id=wpid, json_definition=definition(*blocks, **more)
    ).ok()
    skyvern.wait(0.01)
    return updated


def read(skyvern: Caller, wpid: str, **asked: Any) -> Json:
    found: Json = skyvern.call("get_workflow", workflow_permanent_id=wpid, **asked).ok()
    return found


def titles(skyvern: Caller, **asked: Any) -> list[str]:
    return [row["title"] for row in skyvern.call("get_workflows", **asked).ok()]


def not_found(wpid: str) -> str:
    return f"Workflow not found. workflow_permanent_id={wpid}"


# --- making one ---------------------------------------------------------------------------------


@case("workflows.create.defaults", fact="resources 3")
def test_new_workflow_has_defaults(skyvern: Caller) -> None:
    made = create(skyvern)
    expected = {
        "title": "Flow",
        "version": 1,
        "status": "published",
        "is_saved_task": False,
        "is_template": False,
        "persist_browser_session": False,
        "reuse_browser_session": False,
        "mask_secrets": False,
        "pin_saved_session_ip": False,
        "run_with": "agent",
        "ai_fallback": True,
        "cache_key": "default",
        "adaptive_caching": False,
        "enable_self_healing": False,
        "code_version": 2,
        "generate_script_on_terminal": False,
        "run_sequentially": False,
        "description": None,
        "proxy_location": None,
        "webhook_callback_url": None,
        "model": None,
        "folder_id": None,
        "max_elapsed_time_minutes": None,
        "deleted_at": None,
        "original_created_at": None,
    }
    assert {name: made[name] for name in expected} == expected


@case("workflows.create.ids", fact="resources 2, 3")
def test_workflow_has_an_id_and_each_version_another(skyvern: Caller) -> None:
    made = create(skyvern)
    assert made["workflow_permanent_id"].startswith("wpid_")
    assert made["workflow_id"].startswith("w_")
    assert made["agent_id"] == made["workflow_permanent_id"]


@case("workflows.create.definition", fact="resources 3")
def test_definition_is_told_with_its_settings(skyvern: Caller) -> None:
    made = create(skyvern)["workflow_definition"]
    assert list(made)[:3] == ["version", "parameters", "blocks"]
    assert made["version"] == 1
    unsaid = ("finally_block_label", "error_code_mapping", "retry_policy", "completion_contract")
    assert [made[name] for name in unsaid] == [None] * 4


@case("workflows.create.no_blocks", fact="resources 3")
def test_workflow_may_be_empty(skyvern: Caller) -> None:
    empty = {"title": "", "workflow_definition": {"parameters": [], "blocks": []}}
    made = skyvern.call("create_workflow", json_definition=empty).ok()
    assert made["title"] == ""
    assert made["workflow_definition"]["blocks"] == []
    assert made["workflow_definition"]["parameters"] == []


@case("workflows.create.neither", fact="resources 3")
@pytest.mark.parametrize(
    "body", [{"json_definition": None}, {"yaml_definition": None}, {"yaml_definition": ""}], ids=str
)
def test_definition_is_needed(skyvern: Caller, body: Json) -> None:
    skyvern.call("create_workflow", **body).refused(422, FORMAT)


@case("workflows.create.bare", fact="resources 3", raw_only="the SDK wraps definitions")
def test_definition_is_wrapped(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/agents", json=definition()).refused(422, FORMAT)


@case("workflows.create.body.missing", fact="resources 13")
def test_body_is_needed(skyvern: Caller) -> None:
    skyvern.call("create_workflow").invalid(("missing", "body"))


@case("workflows.create.missing", fact="resources 3")
@pytest.mark.parametrize(
    ("said", "place"),
    [
        ({"workflow_definition": {"parameters": [], "blocks": []}}, ("title",)),
        ({"title": "Flow"}, ("workflow_definition",)),
        (
            {"title": "Flow", "workflow_definition": {"blocks": []}},
            ("workflow_definition", "parameters"),
        ),
        (
            {"title": "Flow", "workflow_definition": {"parameters": []}},
            ("workflow_definition", "blocks"),
        ),
    ],
    ids=["title", "definition", "parameters", "blocks"],
)
def test_parts_of_a_definition_are_needed(
    skyvern: Caller, said: Json, place: tuple[str, ...]
) -> None:
    skyvern.call("create_workflow", json_definition=said).invalid(
        ("missing", "body", "json_definition", *place)
    )


@case("workflows.create.title.twice", fact="resources 3", alone=True)
def test_two_workflows_may_have_one_title(skyvern: Caller) -> None:
    assert create(skyvern)["workflow_permanent_id"] != create(skyvern)["workflow_permanent_id"]
    assert titles(skyvern) == ["Flow", "Flow"]


@case("workflows.create.settings.mended", fact="resources 3")
@pytest.mark.parametrize(
    ("name", "said", "kept"),
    [
        ("webhook_callback_url", "notaurl", "https://notaurl/"),
        ("max_screenshot_scrolls", -1, 0),
        ("run_with", "zzz", "agent"),
        ("browser_profile_id", "bp_1", "bp_1"),
        ("cdp_connect_headers", {"Authorization": "secret"}, {"Authorization": "***"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_soft_settings_are_mended(skyvern: Caller, name: str, said: object, kept: object) -> None:
    assert create(skyvern, **{name: said})[name] == kept


@case("workflows.create.settings.refused", fact="resources 3")
@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"status": "zzz"}, ("enum", "status")),
        ({"status": None}, ("enum", "status")),
        ({"ai_fallback": None}, ("bool_type", "ai_fallback")),
        ({"extra_http_headers": {"A": 5}}, ("string_type", "extra_http_headers", "A")),
        ({"code_version": 3}, ("less_than_equal", "code_version")),
        ({"browser_type": "zzz"}, ("value_error", "browser_type")),
        ({"max_elapsed_time_minutes": 0}, ("greater_than_equal", "max_elapsed_time_minutes")),
        ({"max_elapsed_time_minutes": 481}, ("less_than_equal", "max_elapsed_time_minutes")),
    ],
    ids=str,
)
def test_hard_settings_are_refused(skyvern: Caller, said: Json, problem: tuple[str, ...]) -> None:
    skyvern.call("create_workflow", json_definition=definition(**said)).invalid(
        (problem[0], "body", "json_definition", *problem[1:])
    )


@case("workflows.create.browser_type", fact="resources 3")
def test_browser_cannot_be_chosen_here(skyvern: Caller) -> None:
    refusal = skyvern.call(
        "create_workflow", json_definition=definition(browser_type="chrome")
    ).refused(400)
    assert refusal.startswith("browser_type='chrome' is not supported by this runtime")


@case("workflows.create.webhook.scheme", fact="runs 5")
def test_webhook_is_called_by_http(skyvern: Caller) -> None:
    said = definition(webhook_callback_url="ftp://x.example.com")
    skyvern.call("create_workflow", json_definition=said).refused(
        400,
        "Invalid webhook_callback_url: unsupported scheme. "
        "Use an HTTP or HTTPS URL with at most 2083 characters.",
    )


@case("workflows.create.folder.unknown", fact="resources 3")
@pytest.mark.parametrize("in_definition", [False, True], ids=["query", "definition"])
def test_unknown_folder_breaks_the_creation(skyvern: Caller, in_definition: bool) -> None:
    outcome = (
        skyvern.call("create_workflow", json_definition=definition(folder_id="fld_1"))
        if in_definition
        else skyvern.call("create_workflow", json_definition=definition(), folder_id="fld_1")
    )
    assert outcome.status == 500
    assert outcome.json["detail"].startswith("Failed to create workflow. Error: ")


# --- idempotency --------------------------------------------------------------------------------


@case("workflows.create.idempotency", fact="resources 3", alone=True)
def test_same_key_makes_one_workflow(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    first = skyvern.call("create_workflow", json_definition=definition(), headers=key).ok()
    other = definition(wait("other"))
    again = skyvern.call("create_workflow", json_definition=other, headers=key).ok()
    assert again["workflow_id"] == first["workflow_id"]
    assert again["workflow_definition"]["blocks"][0]["label"] == "pause"
    assert len(titles(skyvern)) == 1


@case("workflows.create.idempotency.id", fact="resources 2")
def test_id_comes_from_the_key(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    made = skyvern.call("create_workflow", json_definition=definition(), headers=key).ok()
    digits = made["workflow_permanent_id"].removeprefix("wpid_")
    assert len(digits) == 64
    assert set(digits) <= set("0123456789abcdef")


@case("workflows.create.idempotency.deleted", fact="resources 3")
def test_key_outlives_its_workflow(skyvern: Caller) -> None:
    key = {"Idempotency-Key": "once"}
    first = skyvern.call("create_workflow", json_definition=definition(), headers=key).ok()
    skyvern.call("delete_workflow", workflow_id=first["workflow_permanent_id"]).ok()
    again = skyvern.call("create_workflow", json_definition=definition(), headers=key).ok()
    assert again["workflow_id"] == first["workflow_id"]
    assert again["deleted_at"] is not None


@case("workflows.create.idempotency.bounds", fact="resources 3")
def test_key_is_of_255_characters_at_most(skyvern: Caller) -> None:
    skyvern.call(
        "create_workflow", json_definition=definition(), headers={"Idempotency-Key": "x" * 256}
    ).refused(422, "Idempotency-Key must contain 1 to 255 visible ASCII bytes.")


# --- YAML ---------------------------------------------------------------------------------------


@case("workflows.yaml", fact="resources 3")
def test_workflow_is_made_of_yaml(skyvern: Caller) -> None:
    made = skyvern.call("create_workflow", yaml_definition=YAML).ok()
    assert made["title"] == "From YAML"
    assert [block["label"] for block in made["workflow_definition"]["blocks"]] == ["pause"]


@case("workflows.yaml.wins", fact="resources 3")
def test_yaml_wins_over_json(skyvern: Caller) -> None:
    made = skyvern.call("create_workflow", yaml_definition=YAML, json_definition=definition()).ok()
    assert made["title"] == "From YAML"


@case("workflows.yaml.label", fact="resources 3")
def test_labels_in_yaml_are_mended(skyvern: Caller) -> None:
    said = YAML.replace("label: pause", "label: 'a b-c!'")
    made = skyvern.call("create_workflow", yaml_definition=said).ok()
    assert made["workflow_definition"]["blocks"][0]["label"] == "a_b_c"


@case("workflows.yaml.invalid", fact="resources 1")
def test_what_is_wrong_in_yaml_is_one_sentence(skyvern: Caller) -> None:
    refusal = skyvern.call(
        "create_workflow", yaml_definition=YAML.replace("title: From YAML\n", "")
    ).refused(422)
    assert refusal == "title: Field required"


# --- blocks -------------------------------------------------------------------------------------


@case("workflows.blocks.kind.unknown", fact="resources 3")
@pytest.mark.parametrize(
    ("block", "problem"),
    [
        ({"block_type": "zzz", "label": "a"}, "union_tag_invalid"),
        ({"label": "a"}, "union_tag_not_found"),
    ],
    ids=["unknown", "missing"],
)
def test_block_is_of_a_known_kind(skyvern: Caller, block: Json, problem: str) -> None:
    skyvern.call("create_workflow", json_definition=definition(block)).invalid(
        (problem, *DEFINITION, "blocks", 0)
    )


@case("workflows.blocks.label", fact="resources 3")
@pytest.mark.parametrize("label", ["", "a b", "1a", "a-b"])
def test_label_is_an_identifier(skyvern: Caller, label: str) -> None:
    skyvern.call("create_workflow", json_definition=definition(wait(label))).invalid(
        ("value_error", *DEFINITION, "blocks", 0, "wait", "label")
    )


@case("workflows.blocks.label.twice", fact="resources 3")
def test_label_is_used_once(skyvern: Caller) -> None:
    (problem,) = skyvern.call(
        "create_workflow", json_definition=definition(wait("a"), wait("a"))
    ).invalid(("value_error", *DEFINITION))
    assert problem["msg"] == (
        "Value error, Block labels must be unique within a workflow. Found duplicate label(s): a"
    )


@case("workflows.blocks.label.twice.nested", fact="resources 3")
def test_label_is_used_once_also_in_a_loop(skyvern: Caller) -> None:
    loop = {
        "block_type": "for_loop",
        "label": "loop",
        "loop_variable_reference": "[1]",
        "loop_blocks": [wait("g")],
    }
    skyvern.call("create_workflow", json_definition=definition(wait("g"), loop)).refused(
        422,
        "WorkflowDefinition has blocks with duplicate labels. "
        "Each block needs to have a unique label. Duplicate label(s): g",
    )


@case("workflows.blocks.outputs", fact="resources 3")
def test_each_block_has_an_output_parameter(skyvern: Caller) -> None:
    made = create(skyvern, wait("a"), wait("b"), parameters=(parameter("k"),))
    inner = made["workflow_definition"]
    assert [row["key"] for row in inner["parameters"]] == ["a_output", "b_output", "k"]
    first = inner["parameters"][0]
    assert first["parameter_type"] == "output"
    assert first["description"] == "Output parameter for block a"
    assert first["output_parameter_id"].startswith("op_")
    assert inner["blocks"][0]["output_parameter"] == first


@case("workflows.blocks.jinja", fact="resources 3")
def test_templates_are_not_read(skyvern: Caller) -> None:
    block = {"block_type": "text_prompt", "label": "a", "prompt": "{{ broken"}
    assert create(skyvern, block)["workflow_definition"]["blocks"][0]["prompt"] == "{{ broken"


# --- parameters ---------------------------------------------------------------------------------


@case("workflows.parameters.kinds", fact="resources 3")
@pytest.mark.parametrize(
    "kind", ["string", "integer", "float", "boolean", "json", "file_url", "credential_id"]
)
def test_parameter_is_of_a_kind(skyvern: Caller, kind: str) -> None:
    rows = create(skyvern, parameters=(parameter("k", kind),))["workflow_definition"]["parameters"]
    kept = rows[-1]
    assert kept["workflow_parameter_id"].startswith("wp_")
    assert (kept["workflow_parameter_type"], kept["default_value"]) == (kind, None)


@case("workflows.parameters.default", fact="resources 3")
@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [("integer", "7", 7), ("json", '{"a": 1}', '{"a": 1}'), ("json", "{bad", "{bad")],
    ids=["integer", "json", "broken json"],
)
def test_default_is_read_by_its_kind(
    skyvern: Caller, kind: str, said: object, kept: object
) -> None:
    made = create(skyvern, parameters=(parameter("k", kind, default_value=said),))
    assert made["workflow_definition"]["parameters"][-1]["default_value"] == kept


@case("workflows.parameters.default.wrong", fact="resources 3")
@pytest.mark.parametrize(
    ("kind", "said"),
    [("integer", "notint"), ("integer", "1.0"), ("float", "x"), ("boolean", "yes")],
)
def test_default_of_another_kind_is_refused(skyvern: Caller, kind: str, said: str) -> None:
    said_of = definition(parameters=(parameter("k", kind, default_value=said),))
    skyvern.call("create_workflow", json_definition=said_of).refused(
        400, f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {said}."
    )


@case("workflows.parameters.kind.unknown", fact="resources 3")
@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"parameter_type": "zzz", "key": "k"}, ("union_tag_invalid",)),
        ({"key": "k"}, ("union_tag_not_found",)),
        (parameter("k", "zzz"), ("enum", "workflow", "workflow_parameter_type")),
    ],
    ids=["unknown", "missing", "type"],
)
def test_parameter_is_of_a_known_kind(
    skyvern: Caller, said: Json, problem: tuple[str, ...]
) -> None:
    skyvern.call("create_workflow", json_definition=definition(parameters=(said,))).invalid(
        (problem[0], *DEFINITION, "parameters", 0, *problem[1:])
    )


@case("workflows.parameters.key", fact="resources 3")
@pytest.mark.parametrize("key", ["", "a b", "1a", "a-b", "a.b"])
def test_key_is_an_identifier(skyvern: Caller, key: str) -> None:
    said = definition(parameters=(parameter(key),))
    skyvern.call("create_workflow", json_definition=said).invalid(
        ("value_error", *DEFINITION, "parameters", 0, "workflow", "key")
    )


@case("workflows.parameters.key.twice", fact="resources 3")
def test_key_is_used_once(skyvern: Caller) -> None:
    said = definition(parameters=(parameter("u"), parameter("u")))
    skyvern.call("create_workflow", json_definition=said).refused(
        422,
        "WorkflowDefinition has parameters with duplicate keys. "
        "Each parameter needs to have a unique key. Duplicate key(s): u",
    )


@case("workflows.parameters.key.reserved", fact="resources 3")
@pytest.mark.parametrize(
    "key",
    [
        *("current_item", "current_value", "current_index", "current_date"),
        *("workflow_title", "workflow_id", "workflow_permanent_id", "workflow_run_id"),
        *("workflow_run_outputs", "workflow_run_summary", "pause_output"),
    ],
)
def test_servers_own_keys_are_reserved(skyvern: Caller, key: str) -> None:
    said = definition(parameters=(parameter(key),))
    refusal = skyvern.call("create_workflow", json_definition=said).refused(422)
    assert refusal.startswith("WorkflowDefinition has parameters with reserved keys.")


@case("workflows.parameters.undefined", fact="resources 3")
def test_block_uses_only_what_is_defined(skyvern: Caller) -> None:
    block = {"block_type": "task", "label": "a", "parameter_keys": ["nope"]}
    refusal = skyvern.call("create_workflow", json_definition=definition(block)).refused(422)
    assert refusal.startswith(
        "Workflow definition has blocks that reference undefined parameters:\n"
        "  - Block 'a' references undefined parameter(s): 'nope'\n\nMake sure to define "
    )


@case("workflows.parameters.used", fact="resources 3")
def test_block_shows_the_parameters_that_it_uses(skyvern: Caller) -> None:
    block = {"block_type": "task", "label": "a", "parameter_keys": ["k"]}
    inner = create(skyvern, block, parameters=(parameter("k"),))["workflow_definition"]
    assert inner["blocks"][0]["parameters"] == [inner["parameters"][-1]]


@case("workflows.parameters.context", fact="resources 3")
def test_context_parameter_has_a_source(skyvern: Caller) -> None:
    context = {"parameter_type": "context", "key": "c", "source_parameter_key": "nope"}
    said = definition(parameters=(context,))
    skyvern.call("create_workflow", json_definition=said).refused(
        422, "Source parameter key nope for context parameter c does not exist."
    )


@case("workflows.parameters.output", fact="resources 3")
def test_output_parameters_are_the_servers(skyvern: Caller) -> None:
    said = definition(parameters=({"parameter_type": "output", "key": "o"},))
    skyvern.call("create_workflow", json_definition=said).refused(
        422, "Cannot manually create output parameters"
    )


@case("workflows.parameters.times", fact="resources 2")
def test_times_of_parameters_name_their_zone(skyvern: Caller) -> None:
    made = create(skyvern, parameters=(parameter("k"),))
    output, own = made["workflow_definition"]["parameters"]
    assert not made["created_at"].endswith("Z")
    assert not output["created_at"].endswith("Z")
    assert own["created_at"].endswith("Z")


# --- retry policy -------------------------------------------------------------------------------


@case("workflows.retry_policy.bounds", fact="runs 3.4")
@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({}, ("missing", "retry_on")),
        ({"retry_on": []}, ("too_short", "retry_on")),
        ({"retry_on": [{"status": "zzz"}]}, ("literal_error", "retry_on", 0, "status")),
        (
            {"max_retries": 6, "retry_on": [{"status": "failed"}]},
            ("less_than_equal", "max_retries"),
        ),
    ],
    ids=["nothing", "no rule", "status", "too often"],
)
def test_retry_policy_is_bound(
    skyvern: Caller, policy: Json, problem: tuple[str | int, ...]
) -> None:
    said = definition()
    said["workflow_definition"]["retry_policy"] = policy
    skyvern.call("create_workflow", json_definition=said).invalid(
        (problem[0], *DEFINITION, "retry_policy", *problem[1:])
    )


# --- reading ------------------------------------------------------------------------------------


@case("workflows.get", fact="resources 3")
def test_workflow_is_read_as_it_was_made(skyvern: Caller) -> None:
    made = create(skyvern)
    found = read(skyvern, made["workflow_permanent_id"])
    assert found == {**made, "effective_default_engine": None}


@case("workflows.get.unknown", fact="resources 3, 13")
def test_unknown_workflow_is_missed(skyvern: Caller) -> None:
    for unknown in ("wpid_1", "anything"):
        skyvern.call("get_workflow", workflow_permanent_id=unknown).refused(404, not_found(unknown))


@case("workflows.get.version_id", fact="resources 3")
def test_workflow_is_not_found_by_the_id_of_a_version(skyvern: Caller) -> None:
    version_id = create(skyvern)["workflow_id"]
    skyvern.call("get_workflow", workflow_permanent_id=version_id).refused(
        404, not_found(version_id)
    )


@case("workflows.get.version", fact="resources 3")
def test_older_version_can_be_read(skyvern: Caller) -> None:
    made = create(skyvern)
    wpid = made["workflow_permanent_id"]
    update(skyvern, wpid, wait("other"))
    assert read(skyvern, wpid, version=1)["workflow_id"] == made["workflow_id"]
    assert read(skyvern, wpid)["version"] == 2


@case("workflows.get.version.unknown", fact="resources 3")
def test_unknown_version_is_missed(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    skyvern.call("get_workflow", workflow_permanent_id=wpid, version=9).refused(
        404, f"{not_found(wpid)}, version=9"
    )


@case("workflows.get.template", fact="resources 3")
def test_plain_workflow_is_no_template(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    skyvern.call("get_workflow", workflow_permanent_id=wpid, template=True).refused(
        400,
        f"Invalid template workflow permanent id: {wpid}. "
        "Please make sure the workflow is a valid template.",
    )


@case("workflows.stranger", fact="resources 1")
@pytest.mark.parametrize(
    ("operation", "named", "more"),
    [
        ("get_workflow", "workflow_permanent_id", {}),
        ("update_workflow", "workflow_id", {"json_definition": definition()}),
    ],
    ids=["get", "update"],
)
def test_workflow_is_its_organisations_alone(
    skyvern: Caller, operation: str, named: str, more: Json
) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    skyvern.stranger().call(operation, **{named: wpid}, **more).refused(404, not_found(wpid))


@case("workflows.versions", fact="resources 3")
def test_versions_are_listed_newest_first(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    update(skyvern, wpid)
    rows = skyvern.call("get_workflow_versions", workflow_permanent_id=wpid).ok()
    assert [row["version"] for row in rows] == [2, 1]


@case("workflows.versions.none", fact="resources 3")
def test_unknown_foreign_or_deleted_workflow_has_no_versions(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    asked: Json = {"workflow_permanent_id": wpid}
    assert skyvern.stranger().call("get_workflow_versions", **asked).ok() == []
    assert skyvern.call("get_workflow_versions", workflow_permanent_id="wpid_1").ok() == []
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    assert skyvern.call("get_workflow_versions", **asked).ok() == []


# --- lists --------------------------------------------------------------------------------------


@case("workflows.list.order", fact="resources 3", alone=True)
def test_newest_version_comes_first(skyvern: Caller) -> None:
    first = create(skyvern, title="a")
    create(skyvern, title="b")
    assert titles(skyvern) == ["b", "a"]
    update(skyvern, first["workflow_permanent_id"], title="c")
    assert titles(skyvern) == ["c", "b"]


@case("workflows.list.original", fact="resources 3", alone=True)
def test_list_tells_when_the_first_version_was_made(skyvern: Caller) -> None:
    made = create(skyvern)
    update(skyvern, made["workflow_permanent_id"])
    (row,) = skyvern.call("get_workflows").ok()
    assert row["original_created_at"] == made["created_at"] < row["created_at"]


@case("workflows.list.pages", fact="resources 3", alone=True)
def test_list_is_paged(skyvern: Caller) -> None:
    for title in "abc":
        create(skyvern, title=title)
    assert titles(skyvern, page=1, page_size=2) == ["c", "b"]
    assert titles(skyvern, page=2, page_size=2) == ["a"]
    assert titles(skyvern, page=3, page_size=2) == []


@case("workflows.list.pages.bounds", fact="resources 3")
@pytest.mark.parametrize("name", ["page", "page_size"])
def test_pages_begin_with_one(skyvern: Caller, name: str) -> None:
    skyvern.call("get_workflows", **{name: 0}).invalid(("greater_than_equal", "query", name))


@case("workflows.list.search", fact="resources 3", alone=True)
def test_search_is_for_title_id_and_parameters(skyvern: Caller) -> None:
    asked = parameter("invoice_number", default_value="X42", description="printed on top")
    bills = create(skyvern, title="Bills", parameters=(asked,))
    create(skyvern, title="Other")
    wpid = bills["workflow_permanent_id"]
    for word in ("BILL", wpid, "invoice_n", "x42", "on TOP"):
        assert titles(skyvern, search_key=word) == ["Bills"], word
    assert titles(skyvern, search_key="pause_output") == ["Other", "Bills"]
    assert titles(skyvern, search_key="nowhere") == []


@case("workflows.list.title", fact="resources 3", alone=True)
def test_title_is_searched_where_no_search_key_is_given(skyvern: Caller) -> None:
    create(skyvern, title="Bills")
    create(skyvern, title="Other")
    assert titles(skyvern, title="bill") == ["Bills"]
    assert titles(skyvern, title="bill", search_key="other") == ["Other"]


@case("workflows.list.search.versions", fact="resources 3", alone=True)
def test_older_versions_are_not_searched(skyvern: Caller) -> None:
    wpid = create(skyvern, title="Before")["workflow_permanent_id"]
    update(skyvern, wpid, title="After")
    assert titles(skyvern, search_key="before") == []


@case("workflows.list.status", fact="resources 3", alone=True)
def test_published_and_drafts_are_listed(skyvern: Caller) -> None:
    create(skyvern, title="a")
    create(skyvern, title="b", status="draft")
    assert titles(skyvern) == ["b", "a"]
    assert titles(skyvern, status="draft") == ["b"]


@case("workflows.list.saved_tasks", fact="resources 3", alone=True)
def test_saved_tasks_and_workflows_are_told_apart(skyvern: Caller) -> None:
    create(skyvern, title="task", is_saved_task=True)
    create(skyvern, title="flow")
    assert titles(skyvern, only_saved_tasks=True) == ["task"]
    assert titles(skyvern, only_workflows=True) == ["flow"]


@case("workflows.list.contradiction", fact="resources 3")
def test_saved_tasks_alone_and_workflows_alone_is_refused(skyvern: Caller) -> None:
    skyvern.call("get_workflows", only_saved_tasks=True, only_workflows=True).refused(
        400, "only_saved_tasks and only_workflows cannot be used together"
    )


@case("workflows.list.stranger", fact="resources 1", alone=True)
def test_list_shows_nobody_elses(skyvern: Caller) -> None:
    create(skyvern)
    assert skyvern.stranger().call("get_workflows").ok() == []


# --- new versions -------------------------------------------------------------------------------


@case("workflows.update", fact="resources 3")
def test_update_makes_a_version(skyvern: Caller) -> None:
    made = create(skyvern)
    updated = update(skyvern, made["workflow_permanent_id"], title="Second")
    assert (updated["version"], updated["title"]) == (2, "Second")
    assert updated["workflow_permanent_id"] == made["workflow_permanent_id"]
    assert updated["workflow_id"] != made["workflow_id"]
    assert updated["created_at"] > made["created_at"]


@case("workflows.update.kept", fact="resources 3")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("proxy_location", "RESIDENTIAL"),
        ("webhook_callback_url", "https://example.com/hook"),
        ("totp_verification_url", "https://example.com/totp"),
        ("totp_identifier", "me@example.com"),
        ("extra_http_headers", {"A": "b"}),
        ("mask_secrets", True),
        ("pin_saved_session_ip", True),
        ("max_elapsed_time_minutes", 30),
        ("enable_self_healing", True),
        ("code_version", 1),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_some_settings_are_carried_over(skyvern: Caller, name: str, value: object) -> None:
    made = create(skyvern, **{name: value})
    assert made[name] == value
    assert update(skyvern, made["workflow_permanent_id"])[name] == value


@case("workflows.update.reset", fact="resources 3")
@pytest.mark.parametrize(
    ("name", "value", "default"),
    [
        ("description", "about it", None),
        ("status", "draft", "published"),
        ("is_saved_task", True, False),
        ("persist_browser_session", True, False),
        ("run_with", "code", "agent"),
        ("ai_fallback", False, True),
        ("cache_key", "mine", "default"),
        ("run_sequentially", True, False),
        ("max_screenshot_scrolls", 3, None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_settings_go_back_to_their_defaults(
    skyvern: Caller, name: str, value: object, default: object
) -> None:
    made = create(skyvern, **{name: value})
    assert made[name] == value
    assert update(skyvern, made["workflow_permanent_id"])[name] == default


@case("workflows.update.null", fact="resources 3")
@pytest.mark.parametrize(
    ("name", "value", "cleared"),
    [
        ("webhook_callback_url", "https://example.com/hook", None),
        ("totp_identifier", "me@example.com", None),
        ("extra_http_headers", {"A": "b"}, {}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_null_clears_what_is_carried_over(
    skyvern: Caller, name: str, value: object, cleared: object
) -> None:
    wpid = create(skyvern, **{name: value})["workflow_permanent_id"]
    assert update(skyvern, wpid, **{name: None})[name] == cleared


@case("workflows.update.unknown", fact="resources 3")
def test_unknown_workflow_is_not_updated(skyvern: Caller) -> None:
    skyvern.call("update_workflow", workflow_id="wpid_1", json_definition=definition()).refused(
        404, not_found("wpid_1")
    )


@case("workflows.update.version_id", fact="resources 3")
def test_workflow_is_not_updated_by_the_id_of_a_version(skyvern: Caller) -> None:
    version_id = create(skyvern)["workflow_id"]
    skyvern.call("update_workflow", workflow_id=version_id, json_definition=definition()).refused(
        404, not_found(version_id)
    )


@case("workflows.update.deleted", fact="resources 3")
def test_update_revives_a_deleted_workflow(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    assert update(skyvern, wpid)["version"] == 2
    assert read(skyvern, wpid)["version"] == 2


@case("workflows.update.invalid", fact="resources 3")
def test_refused_update_makes_no_version(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    skyvern.call(
        "update_workflow", workflow_id=wpid, json_definition=definition(wait("a b"))
    ).invalid(("value_error", *DEFINITION, "blocks", 0, "wait", "label"))
    assert read(skyvern, wpid)["version"] == 1


@case("workflows.update.yaml", fact="resources 3")
def test_update_may_be_yaml(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    updated = skyvern.call("update_workflow", workflow_id=wpid, yaml_definition=YAML).ok()
    assert (updated["title"], updated["version"]) == ("From YAML", 2)


# --- deleting, templates, aliases ---------------------------------------------------------------


@case("workflows.delete", fact="resources 3", alone=True)
def test_deleted_workflow_is_gone(skyvern: Caller) -> None:
    wpid = create(skyvern)["workflow_permanent_id"]
    assert skyvern.call("delete_workflow", workflow_id=wpid).ok() is None
    skyvern.call("get_workflow", workflow_permanent_id=wpid).refused(404, not_found(wpid))
    assert titles(skyvern) == []


@case("workflows.delete.anything", fact="resources 3")
def test_deleting_is_never_refused(skyvern: Caller) -> None:
    made = create(skyvern)
    for unknown in ("wpid_1", "anything", made["workflow_id"]):
        assert skyvern.call("delete_workflow", workflow_id=unknown).ok() is None
    wpid = made["workflow_permanent_id"]
    assert skyvern.stranger().call("delete_workflow", workflow_id=wpid).ok() is None
    assert read(skyvern, wpid)["deleted_at"] is None


@case("workflows.aliases", fact="resources 1", raw_only="the SDK uses one of the two")
def test_agents_are_workflows(skyvern: Caller) -> None:
    made = skyvern.send("POST", "/v1/workflows", json={"json_definition": definition()}).ok()
    wpid = made["workflow_permanent_id"]
    assert skyvern.send("GET", f"/v1/workflows/{wpid}").ok() == read(skyvern, wpid)
    skyvern.send("POST", f"/v1/workflows/{wpid}/delete").ok()
    skyvern.send("GET", f"/v1/agents/{wpid}").refused(404, not_found(wpid))
