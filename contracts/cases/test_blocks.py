"""Blocks of a workflow: each of the 33 types as it is asked for, read, and asked for again."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
DEFINITION = ("body", "json_definition", "workflow_definition")
URL = "https://example.com"
SCHEMA = {"type": "object", "properties": {"x": {"type": "string"}}}
CODES = {"E1": "the page is gone"}


def wait(label: str = "pause", **more: Any) -> Json:
    return {"block_type": "wait", "label": label, "wait_sec": 1, **more}


def loop(label: str, *blocks: Json, **more: Any) -> Json:
    return {"block_type": "for_loop", "label": label, "loop_blocks": list(blocks), **more}


PARAMETERS: list[Json] = [
    {"parameter_type": "workflow", "key": "text", "workflow_parameter_type": "string"},
    {"parameter_type": "workflow", "key": "items", "workflow_parameter_type": "json"},
    {"parameter_type": "credential", "key": "login", "credential_id": "cred_1"},
]
KEYS = {"parameter_keys": ["text"]}

TASK: Json = {
    "url": URL,
    "title": "A task",
    "error_code_mapping": CODES,
    "max_retries": 1,
    "max_steps_per_run": 4,
    "totp_verification_url": "https://codes.example.com",
    "totp_identifier": "me@example.com",
    "disable_cache": True,
}
"""Settings of most blocks that drive a browser."""
CRITERIA: Json = {"complete_criterion": "it is done", "terminate_criterion": "it is hopeless"}

LEAST: dict[str, Json] = {
    "task": {},
    "for_loop": {"loop_blocks": [wait("inner")], "loop_variable_reference": "[1]"},
    "while_loop": {"loop_blocks": [wait("inner")], "condition": {"expression": "{{ true }}"}},
    "code": {"code": "x = 1"},
    "text_prompt": {"prompt": "say"},
    "download_to_s3": {"url": URL},
    "upload_to_s3": {},
    "file_upload": {},
    "send_email": {
        "recipients": ["me@example.com"],
        "subject": "s",
        "body": "b",
        "sender": "it@example.com",
    },
    "file_url_parser": {"file_url": URL},
    "validation": {"complete_criterion": "done"},
    "action": {"navigation_goal": "click"},
    "navigation": {"navigation_goal": "go"},
    "extraction": {"data_extraction_goal": "read"},
    "login": {},
    "wait": {"wait_sec": 1},
    "human_interaction": {"recipients": ["me@example.com"]},
    "file_download": {"navigation_goal": "get it"},
    "data_export": {"data": "{{ text }}", "data_schema": SCHEMA},
    "terminate": {"reason": "enough"},
    "goto_url": {"url": URL},
    "pdf_parser": {"file_url": URL},
    "task_v2": {"prompt": "do"},
    "http_request": {},
    "web_search": {"query": "what"},
    "conditional": {"branch_conditions": [{"is_default": True}]},
    "print_page": {},
    "pdf_fill": {"file_url": URL, "prompt": "fill"},
    "split_pdf": {"file_url": URL, "prompt": "split"},
    "workflow_trigger": {"workflow_permanent_id": "wpid_1"},
    "google_sheets_read": {"spreadsheet_url": URL},
    "google_sheets_write": {"spreadsheet_url": URL},
    "email_inbox": {"email_client": "gmail"},
}
"""What a block of each type needs beside its label."""

MOST: dict[str, Json] = {
    "task": {
        **TASK,
        **CRITERIA,
        **KEYS,
        "engine": "skyvern-2.0",
        "navigation_goal": "go",
        "data_extraction_goal": "read",
        "data_schema": SCHEMA,
        "complete_on_download": True,
        "download_suffix": "bill",
        "complete_verification": False,
        "include_action_history_in_verification": True,
    },
    "for_loop": {
        "loop_over_parameter_key": "items",
        "complete_if_empty": True,
        "loop_blocks": [
            {"block_type": "text_prompt", "label": "inner", "prompt": "{{ text }}", **KEYS},
            loop("inner_loop", wait("deep"), loop_over_parameter_key="items"),
        ],
    },
    "while_loop": {
        "condition": {"criteria_type": "prompt", "expression": "more?", "description": "d"},
        "loop_blocks": [
            {"block_type": "text_prompt", "label": "inner", "prompt": "{{ text }}", **KEYS},
            loop("inner_loop", wait("deep"), loop_variable_reference="{{ items }}"),
        ],
    },
    "code": {"code": "x = text\nreturn x", "error_code_mapping": CODES, **KEYS},
    "text_prompt": {"prompt": "{{ text }}", "json_schema": SCHEMA, **KEYS},
    "download_to_s3": {"url": "{{ text }}"},
    "upload_to_s3": {"path": "/bills"},
    "file_upload": {
        "storage_type": "azure",
        "s3_bucket": "bucket",
        "region_name": "region",
        "azure_storage_account_name": "account",
        "azure_blob_container_name": "container",
        "path": "/bills",
    },
    "send_email": {
        "recipients": ["me@example.com", "you@example.com"],
        "subject": "s",
        "body": "b",
        "body_format": "html",
        "sender": "it@example.com",
        "file_attachments": ["bill.pdf"],
        "custom_smtp_host": "smtp.example.com",
        "custom_smtp_port": 25,
        "custom_smtp_username": "it",
        "custom_smtp_password": "nobody's",
    },
    "file_url_parser": {"file_url": URL, "file_type": "csv", "json_schema": SCHEMA},
    "validation": {**CRITERIA, **KEYS, "error_code_mapping": CODES, "max_steps_per_run": 3},
    "action": {**TASK, **KEYS, "navigation_goal": "click", "selector": "#x"},
    "navigation": {
        **TASK,
        **CRITERIA,
        **KEYS,
        "navigation_goal": "go",
        "engine": "skyvern-1.0",
        "complete_on_download": True,
        "download_suffix": "bill",
    },
    "extraction": {
        "url": URL,
        "title": "Read",
        "data_extraction_goal": "read",
        "data_schema": SCHEMA,
        "max_retries": 1,
        **KEYS,
    },
    "login": {
        **TASK,
        **CRITERIA,
        "navigation_goal": "log in",
        "parameter_keys": ["login"],
    },
    "wait": {"wait_sec": 1800},
    "human_interaction": {
        "recipients": ["me@example.com"],
        "instructions": "Look",
        "positive_descriptor": "Yes",
        "negative_descriptor": "No",
        "timeout_seconds": 60,
        "sender": "it@example.com",
        "subject": "s",
        "body": "b",
    },
    "file_download": {
        **TASK,
        **KEYS,
        "navigation_goal": "get it",
        "download_suffix": "bill",
        "download_timeout": 12.5,
    },
    "data_export": {"data": "{{ text }}", "data_schema": SCHEMA, "file_name": "a.csv", **KEYS},
    "terminate": {"reason": "{{ text }}", "error_code": "E1"},
    "goto_url": {"url": "{{ text }}"},
    "pdf_parser": {"file_url": URL, "json_schema": SCHEMA},
    "task_v2": {
        "prompt": "do",
        "url": URL,
        "totp_identifier": "me@example.com",
        "max_iterations": 3,
        "max_steps": 4,
    },
    "http_request": {
        "method": "POST",
        "url": URL,
        "headers": {"A": "b"},
        "body": {"x": [1, "{{ text }}"]},
        "files": {"f": "/bills/a.pdf"},
        "timeout": 5,
        "follow_redirects": False,
        **KEYS,
    },
    "web_search": {"query": "{{ text }}", "provider": "google", "num_results": 3, **KEYS},
    "conditional": {
        "branch_conditions": [
            {"criteria": {"expression": "{{ text == 'x' }}"}, "next_block_label": "last"},
            {
                "criteria": {"criteria_type": "prompt", "expression": "is it?"},
                "next_block_label": "last",
                "description": "asked",
            },
            {"is_default": True, "next_block_label": None},
        ]
    },
    "print_page": {"custom_filename": "a", "format": "Letter", "landscape": True, **KEYS},
    "pdf_fill": {"file_url": URL, "prompt": "fill", "payload": {"a": 1}, **KEYS},
    "split_pdf": {"file_url": URL, "prompt": "split", **KEYS},
    "workflow_trigger": {
        "workflow_permanent_id": "wpid_1",
        "payload": {"a": "{{ text }}"},
        "wait_for_completion": False,
        "use_parent_browser_session": False,
        **KEYS,
    },
    "google_sheets_read": {"spreadsheet_url": URL, "range": "A1:B2", **KEYS},
    "google_sheets_write": {"spreadsheet_url": URL, "write_mode": "update", **KEYS},
    "email_inbox": {"email_client": "outlook", "folder": "Inbox", "max_results": 5, **KEYS},
}
"""A block of each type with much asked for."""

HEAD: Json = {
    "continue_on_failure": True,
    "model": {"model_name": "gpt-4o"},
    "ignore_workflow_system_prompt": True,
    "next_loop_on_failure": True,
}
"""What a block of any type may ask for."""

LAST = wait("last")
UNREFUSED = [kind for kind in LEAST if kind != "code"]
"""The types whose ``parameters`` may be said again, and are ignored."""
UNREAD_BY_SDK = {"data_export", "terminate", "web_search"}
"""The SDK 1.0.56 has no models of them: it fails to read an answer that shows one."""


def asker(skyvern: Caller, kind: str) -> Caller:
    """Who can ask for a block of this type and read the answer."""
    return skyvern.raw if kind in UNREAD_BY_SDK else skyvern


def definition(*blocks: Json, parameters: list[Json] = PARAMETERS) -> Json:
    return {
        "title": "Flow",
        "workflow_definition": {"parameters": parameters, "blocks": list(blocks)},
    }


def create(skyvern: Caller, *blocks: Json) -> Json:
    made: Json = skyvern.call("create_workflow", json_definition=definition(*blocks)).ok()
    return made


def again(skyvern: Caller, made: Json, inner: Json) -> Any:
    """Post a definition as the next version of the workflow."""
    return skyvern.call(
        "update_workflow",
        workflow_id=made["workflow_permanent_id"],
        json_definition={"title": "Flow", "workflow_definition": inner},
    )


def without_outputs(inner: Json) -> Json:
    """A definition that was read, without the parameters that are the server's own."""
    rows = [row for row in inner["parameters"] if row["parameter_type"] != "output"]
    return {**inner, "parameters": rows}


def keyed(block: Json) -> Json:
    """A block that was read, with the names of its parameters instead of the parameters."""
    said = {name: value for name, value in block.items() if name != "output_parameter"}
    if "parameters" in said:
        said["parameter_keys"] = [row["key"] for row in said.pop("parameters") or ()]
    if said.get("loop_over"):
        said["loop_over_parameter_key"] = said.pop("loop_over")["key"]
    if "loop_blocks" in said:
        said["loop_blocks"] = [keyed(inner) for inner in said["loop_blocks"]]
    return said


OF_ONE_VERSION = {"created_at", "modified_at", "workflow_id"}
"""Beside the ids of parameters and of branches."""


def lasting(value: Any) -> Any:
    """What of a definition is the same in every version: not its ids, not its times."""
    if isinstance(value, list):
        return [lasting(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: lasting(item)
        for name, item in value.items()
        if name not in OF_ONE_VERSION and name != "id" and not name.endswith("_parameter_id")
    }


# --- asked for and read -------------------------------------------------------------------------

NEEDED: dict[str, tuple[str, ...]] = {
    "for_loop": ("loop_blocks",),
    "while_loop": ("loop_blocks", "condition"),
    "code": ("code",),
    "text_prompt": ("prompt",),
    "download_to_s3": ("url",),
    "send_email": ("recipients", "subject", "body"),
    "file_url_parser": ("file_url",),
    "navigation": ("navigation_goal",),
    "extraction": ("data_extraction_goal",),
    "human_interaction": ("recipients",),
    "file_download": ("navigation_goal",),
    "data_export": ("data", "data_schema"),
    "terminate": ("reason",),
    "goto_url": ("url",),
    "pdf_parser": ("file_url",),
    "task_v2": ("prompt",),
    "web_search": ("query",),
    "pdf_fill": ("file_url", "prompt"),
    "split_pdf": ("file_url", "prompt"),
    "workflow_trigger": ("workflow_permanent_id",),
    "google_sheets_read": ("spreadsheet_url",),
    "google_sheets_write": ("spreadsheet_url",),
    "email_inbox": ("email_client",),
}
BY_ITSELF = ("task", "login", "upload_to_s3", "file_upload", "http_request", "print_page")


def refused(skyvern: Caller, *blocks: Json) -> Any:
    return skyvern.call("create_workflow", json_definition=definition(*blocks))


@case("workflows.blocks.kinds", fact="resources 3")
@pytest.mark.parametrize("kind", LEAST)
def test_block_of_every_kind_is_kept(skyvern: Caller, kind: str) -> None:
    inner = create(asker(skyvern, kind), {"block_type": kind, "label": "it", **LEAST[kind]})[
        "workflow_definition"
    ]
    (kept,) = inner["blocks"]
    assert (kept["block_type"], kept["label"]) == (kind, "it")
    assert kept["output_parameter"]["key"] == "it_output"
    assert kept["output_parameter"] in inner["parameters"]
    assert kept["continue_on_failure"] is False


@case("workflows.blocks.filled", fact="resources 3")
@pytest.mark.parametrize("kind", MOST)
def test_block_is_told_as_it_was_asked_for(skyvern: Caller, kind: str) -> None:
    asked = {**HEAD, **MOST[kind]}
    kept = create(asker(skyvern, kind), {"block_type": kind, "label": "it", **asked}, LAST)[
        "workflow_definition"
    ]["blocks"][0]
    told = keyed(kept)
    plain = asked.keys() - {"loop_blocks", "branch_conditions", "condition", "disable_cache"}
    assert {name: told[name] for name in plain} == {name: asked[name] for name in plain}


@case("workflows.blocks.needed", fact="resources 3")
@pytest.mark.parametrize("kind", NEEDED)
def test_block_needs_its_fields(skyvern: Caller, kind: str) -> None:
    refused(skyvern, {"block_type": kind, "label": "it"}).invalid(
        *(("missing", *DEFINITION, "blocks", 0, kind, field) for field in NEEDED[kind])
    )


@case("workflows.blocks.needed.nothing", fact="resources 3")
@pytest.mark.parametrize("kind", BY_ITSELF)
def test_block_may_be_a_label_alone(skyvern: Caller, kind: str) -> None:
    made = create(skyvern, {"block_type": kind, "label": "it"})
    assert made["workflow_definition"]["blocks"][0]["block_type"] == kind


@case("workflows.blocks.label.missing", fact="resources 3")
@pytest.mark.parametrize("kind", LEAST)
def test_block_of_every_kind_has_a_label(skyvern: Caller, kind: str) -> None:
    refused(skyvern, {"block_type": kind, **LEAST[kind]}).invalid(
        ("missing", *DEFINITION, "blocks", 0, kind, "label")
    )


@case("workflows.blocks.inside", fact="resources 3")
def test_block_inside_a_loop_is_held_against_every_kind(skyvern: Caller) -> None:
    inner = {"block_type": "code", "label": "inner"}
    problems = refused(skyvern, loop("it", inner, loop_variable_reference="[1]")).refused(422)
    place = [*DEFINITION, "blocks", 0, "for_loop", "loop_blocks", 0]
    assert all(problem["loc"][: len(place)] == place for problem in problems)
    found = [(problem["type"], *problem["loc"][len(place) :]) for problem in problems]
    assert ("missing", "CodeBlockYAML", "code") in found
    other = [row for row in found if row[0] == "literal_error" and row[2] == "block_type"]
    assert len(other) == len(LEAST) - 1


@case("workflows.blocks.outputs.inside", fact="resources 3")
def test_blocks_inside_loops_have_outputs_too(skyvern: Caller) -> None:
    inner_loop = loop("inner_loop", wait("deep"), loop_variable_reference="[1]")
    made = create(skyvern, loop("it", inner_loop, wait("near"), loop_variable_reference="[1]"))
    inner = made["workflow_definition"]
    outputs = [row["key"] for row in inner["parameters"] if row["parameter_type"] == "output"]
    assert sorted(outputs) == ["deep_output", "inner_loop_output", "it_output", "near_output"]
    (outer,) = inner["blocks"]
    assert outer["loop_blocks"][0]["loop_blocks"][0]["output_parameter"]["key"] == "deep_output"


@case("workflows.blocks.code.parameters", fact="resources 3")
def test_code_block_takes_names_of_parameters_alone(skyvern: Caller) -> None:
    block = {"block_type": "code", "label": "it", "code": "x = 1", "parameters": []}
    (problem,) = refused(skyvern, block).invalid(("value_error", *DEFINITION, "blocks", 0, "code"))
    assert problem["msg"].startswith(
        "Value error, Code blocks do not accept a 'parameters' field; use 'parameter_keys'"
    )


@case("workflows.blocks.send_email.sender", fact="resources 3")
def test_mail_has_a_sender(skyvern: Caller) -> None:
    block = {"block_type": "send_email", "label": "it", **LEAST["send_email"]}
    del block["sender"]
    (problem,) = refused(skyvern, block).invalid(
        ("value_error", *DEFINITION, "blocks", 0, "send_email")
    )
    assert problem["msg"] == "Value error, sender is required unless the transport is gmail"


@case("workflows.blocks.sentences", fact="resources 3")
@pytest.mark.parametrize(
    ("block", "refusal"),
    [
        ({"block_type": "action"}, "Action block 'b' requires navigation_goal"),
        (
            {"block_type": "for_loop", "loop_blocks": [wait("inner")]},
            "For loop block 'b' requires either loop_over_parameter_key or loop_variable_reference",
        ),
        (
            {"block_type": "validation"},
            (
                "Validation block 'b' requires at least one of complete_criterion or "
                "terminate_criterion"
            ),
        ),
        (
            {"block_type": "wait", "wait_sec": 0},
            (
                "Invalid wait time 0 for wait block 'b'. "
                "It must be a whole number of seconds between 1 and 1800."
            ),
        ),
        (
            {"block_type": "wait", "wait_sec": 1801},
            (
                "Invalid wait time 1801 for wait block 'b'. "
                "It must be a whole number of seconds between 1 and 1800."
            ),
        ),
    ],
    ids=["action", "loop", "validation", "wait", "long wait"],
)
def test_some_blocks_are_refused_with_a_sentence(
    skyvern: Caller, block: Json, refusal: str
) -> None:
    refused(skyvern, {"label": "b", **block}).refused(422, refusal)


@case("workflows.blocks.conditional", fact="resources 3")
def test_conditional_has_branches(skyvern: Caller) -> None:
    (problem,) = refused(skyvern, {"block_type": "conditional", "label": "it"}).invalid(
        ("value_error", *DEFINITION, "blocks", 0, "conditional")
    )
    assert problem["msg"].startswith("Value error, ")


@case("workflows.blocks.branches.ids", fact="resources 3")
def test_branches_have_ids_of_one_version(skyvern: Caller) -> None:
    block = {"block_type": "conditional", "label": "it", **LEAST["conditional"]}
    made = create(skyvern, block)
    branch_id = made["workflow_definition"]["blocks"][0]["branch_conditions"][0]["id"]
    updated = again(skyvern, made, without_outputs(made["workflow_definition"])).ok()
    assert branch_id != updated["workflow_definition"]["blocks"][0]["branch_conditions"][0]["id"]


# --- what the SDK cannot read -------------------------------------------------------------------


@case("workflows.blocks.unread_by_sdk", fact="resources 13")
@pytest.mark.parametrize("kind", sorted(UNREAD_BY_SDK))
def test_sdk_does_not_know_blocks_of_three_kinds(skyvern: Caller, kind: str) -> None:
    """The workflow is made, and its answer is none that the SDK's models hold."""
    said = definition({"block_type": kind, "label": "it", **LEAST[kind]})
    if skyvern.driver == "raw":
        skyvern.call("create_workflow", json_definition=said).ok()
        return
    with pytest.raises(ValueError, match="validation errors for Workflow"):
        skyvern.call("create_workflow", json_definition=said)


# --- read and asked for again -------------------------------------------------------------------


@case("workflows.roundtrip", fact="resources 3")
@pytest.mark.parametrize("kind", MOST)
def test_what_was_read_makes_the_same_again(skyvern: Caller, kind: str) -> None:
    """Without output parameters, and with names of parameters where a block shows them whole."""
    block = {"block_type": kind, "label": "it", **HEAD, **MOST[kind]}
    made = create(asker(skyvern, kind), block, LAST)
    inner = made["workflow_definition"]
    said = {**without_outputs(inner), "blocks": [keyed(block) for block in inner["blocks"]]}
    updated = again(asker(skyvern, kind), made, said).ok()
    assert lasting(updated["workflow_definition"]) == lasting(inner)


@case("workflows.roundtrip.outputs", fact="resources 3")
@pytest.mark.parametrize("kind", UNREFUSED)
def test_output_parameters_that_were_read_are_refused(skyvern: Caller, kind: str) -> None:
    made = create(asker(skyvern, kind), {"block_type": kind, "label": "it", **LEAST[kind]})
    again(asker(skyvern, kind), made, made["workflow_definition"]).refused(
        422, "Cannot manually create output parameters"
    )


@case("workflows.roundtrip.plain", fact="resources 3")
@pytest.mark.parametrize("kind", UNREFUSED)
def test_block_without_parameters_is_read_and_asked_for_again(skyvern: Caller, kind: str) -> None:
    made = create(asker(skyvern, kind), {"block_type": kind, "label": "it", **LEAST[kind]})
    inner = made["workflow_definition"]
    updated = again(asker(skyvern, kind), made, without_outputs(inner)).ok()
    assert lasting(updated["workflow_definition"]) == lasting(inner)


@case("workflows.roundtrip.parameters", fact="resources 3")
@pytest.mark.parametrize(
    "kind", [kind for kind, block in MOST.items() if "parameter_keys" in block]
)
def test_parameters_of_a_block_that_was_read_are_lost(skyvern: Caller, kind: str) -> None:
    made = create(asker(skyvern, kind), {"block_type": kind, "label": "it", **MOST[kind]})
    outcome = again(asker(skyvern, kind), made, without_outputs(made["workflow_definition"]))
    if kind == "code":
        outcome.invalid(("value_error", *DEFINITION, "blocks", 0, "code"))
        return
    (block,) = outcome.ok()["workflow_definition"]["blocks"]
    assert made["workflow_definition"]["blocks"][0]["parameters"] != []
    assert block["parameters"] == []


@case("workflows.roundtrip.loop", fact="resources 3")
def test_loop_over_a_parameter_that_was_read_is_refused(skyvern: Caller) -> None:
    made = create(skyvern, loop("it", wait("inner"), loop_over_parameter_key="items"))
    again(skyvern, made, without_outputs(made["workflow_definition"])).refused(
        422,
        "For loop block 'it' requires either loop_over_parameter_key or loop_variable_reference",
    )
