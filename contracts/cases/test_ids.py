"""Ids and times of whatever can be made, and the order in which answers tell their fields."""

import re
from datetime import datetime
from itertools import count
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
EPOCH = 1655683200
"""2022-06-20: ids count seconds from then on."""
NAIVE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?")
"""Microseconds are left out where there are none."""
ZONED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")

PARAMETERS: list[Json] = [
    {"parameter_type": "workflow", "key": "k", "workflow_parameter_type": "string"},
    {"parameter_type": "credential", "key": "login", "credential_id": "cred_1"},
]
DEFINITION: Json = {
    "title": "Flow",
    "workflow_definition": {
        "parameters": PARAMETERS,
        "blocks": [{"block_type": "wait", "label": "pause", "wait_sec": 600}],
    },
}
RUNNABLE: Json = {
    "title": "Flow",
    "workflow_definition": {
        "parameters": [],
        "blocks": [{"block_type": "wait", "label": "pause", "wait_sec": 600}],
    },
}
URL = "https://example.com"
NUMBERS = count()
"""Names of profiles are had once."""


# --- making one of each -------------------------------------------------------------------------


def workflow(skyvern: Caller) -> Json:
    made: Json = skyvern.call("create_workflow", json_definition=DEFINITION).ok()
    return made


def folder(skyvern: Caller) -> Json:
    made: Json = skyvern.call("create_folder", title="Bills").ok()
    return made


def session(skyvern: Caller) -> Json:
    made: Json = skyvern.call("create_browser_session").ok()
    return made


def profile(skyvern: Caller) -> Json:
    made: Json = skyvern.call("create_browser_profile", name=f"shop {next(NUMBERS)}").ok()
    return made


def code(skyvern: Caller) -> Json:
    made: Json = skyvern.call("send_totp_code", totp_identifier="me", content="123456").ok()
    return made


def credential(skyvern: Caller) -> Json:
    made: Json = skyvern.call(
        "create_credential",
        name="shop",
        credential_type="secret",
        credential={"secret_value": "nobody's"},
    ).ok(201)
    return made


def bare_workflow(skyvern: Caller) -> str:
    made = skyvern.call("create_workflow", json_definition=RUNNABLE).ok()
    return str(made["workflow_permanent_id"])


def run(skyvern: Caller) -> Json:
    started: Json = skyvern.call("run_workflow", agent_id=bare_workflow(skyvern)).ok()
    return started


def task(engine: str) -> Any:
    def make(skyvern: Caller) -> Json:
        started: Json = skyvern.call("run_task", prompt="Read", url=URL, engine=engine).ok()
        return started

    return make


def schedule(skyvern: Caller) -> Json:
    asked = {"workflow_permanent_id": bare_workflow(skyvern), "timezone": "UTC"}
    made: Json = skyvern.call("schedules.create", **asked, interval_seconds=600).ok()
    return {**made["schedule"], "next_runs": made["next_runs"]}


def script(skyvern: Caller) -> Json:
    said = {"path": "main.py", "content": "eCA9IDE=", "encoding": "base64"}
    made = skyvern.call("create_script", files=[{**said, "mime_type": "text/x-python"}]).ok()
    read: Json = skyvern.call("get_script", script_id=made["script_id"]).ok()
    return read


def custom_llm(skyvern: Caller) -> Json:
    config = {"display_name": "Mine", "provider": "ollama", "model_name": "small"}
    made: Json = skyvern.raw.call("create_custom_llm", config=config).ok()["custom_llm"]
    return made


def tag_event(skyvern: Caller) -> Json:
    asked = {"workflow_permanent_id": bare_workflow(skyvern)}
    skyvern.call("apply_workflow_tags", **asked, tags=[{"key": "env", "value": "prod"}]).ok()
    told = skyvern.raw.call("get_workflow_tag_history", **asked).ok()
    (event,) = next(rows for rows in told.values() if isinstance(rows, list))
    found: Json = event
    return found


def listed_run(skyvern: Caller) -> Json:
    run_id = run(skyvern)["run_id"]
    rows = skyvern.raw.call("get_runs_v2", search_key=run_id).ok()
    return next(row for row in rows if row["run_id"] == run_id)


def upload(skyvern: Caller) -> Json:
    kept: Json = skyvern.raw.send(
        "POST", "/v1/upload_file", files={"file": ("a.csv", b"a", "text/csv")}
    ).ok()
    return kept


def of_parameters(kind: str) -> Any:
    def make(skyvern: Caller) -> Json:
        rows = workflow(skyvern)["workflow_definition"]["parameters"]
        return next(row for row in rows if row["parameter_type"] == kind)

    return make


MADE: dict[str, tuple[Any, str, str]] = {
    "organisation": (folder, "organization_id", "o"),
    "workflow": (workflow, "workflow_permanent_id", "wpid"),
    "agent": (workflow, "agent_id", "wpid"),
    "version": (workflow, "workflow_id", "w"),
    "parameter": (of_parameters("workflow"), "workflow_parameter_id", "wp"),
    "output": (of_parameters("output"), "output_parameter_id", "op"),
    "credential parameter": (of_parameters("credential"), "credential_parameter_id", "cp"),
    "run of a workflow": (run, "run_id", "wr"),
    "task": (task("skyvern-1.0"), "run_id", "tsk"),
    "task 2.0": (task("skyvern-2.0"), "run_id", "tsk_v2"),
    "session": (session, "browser_session_id", "pbs"),
    "profile": (profile, "browser_profile_id", "bp"),
    "credential": (credential, "credential_id", "cred"),
    "code": (code, "totp_code_id", "totp"),
    "folder": (folder, "folder_id", "fld"),
    "schedule": (schedule, "workflow_schedule_id", "wfs"),
    "script": (script, "script_id", "s"),
    "revision of a script": (script, "script_revision_id", "sr"),
    "custom model": (custom_llm, "id", "oat"),
    "event of a tag": (tag_event, "tag_event_id", "tge"),
    "row of a run": (listed_run, "task_run_id", "tr"),
    "file": (upload, "file_id", "file"),
}


@case("ids.prefix", fact="resources 2")
@pytest.mark.parametrize("thing", MADE)
def test_id_is_a_prefix_and_an_even_number(skyvern: Caller, thing: str) -> None:
    make, name, prefix = MADE[thing]
    found = make(skyvern)[name]
    number = re.fullmatch(rf"{prefix}_(\d+)", found)
    assert number, found
    assert int(number[1]) % 2 == 0


@case("ids.time", fact="resources 2")
@pytest.mark.parametrize(
    ("make", "name"),
    [(folder, "folder_id"), (session, "browser_session_id"), (profile, "browser_profile_id")],
    ids=["folder", "session", "profile"],
)
def test_id_tells_the_second_in_which_it_was_given(skyvern: Caller, make: Any, name: str) -> None:
    made = make(skyvern)
    seconds = EPOCH + (int(made[name].split("_")[-1]) >> 32)
    created = datetime.fromisoformat(f"{made['created_at']}+00:00").timestamp()
    assert abs(seconds - created) <= 2


@case("ids.increase", fact="resources 2")
def test_later_id_is_a_higher_number(skyvern: Caller) -> None:
    numbers = [int(folder(skyvern)["folder_id"].split("_")[-1]) for _ in range(5)]
    assert numbers == sorted(set(numbers))
    assert all(number % 2 == 0 for number in numbers)


@case("ids.unchecked", fact="resources 2")
@pytest.mark.parametrize(
    ("operation", "asked", "refusal"),
    [
        ("get_folder", {"folder_id": "bp_1"}, "Folder bp_1 not found"),
        ("get_browser_session", {"browser_session_id": "x"}, "Browser session x not found"),
        ("get_credential", {"credential_id": "x y"}, "Credential not found"),
        ("get_run", {"run_id": "fld_1"}, "Task run not found fld_1"),
    ],
)
def test_id_of_any_form_is_looked_up(
    skyvern: Caller, operation: str, asked: Json, refusal: str
) -> None:
    skyvern.call(operation, **asked).refused(404, refusal)


# --- times --------------------------------------------------------------------------------------


NAIVELY = {
    "workflow": (workflow, ("created_at", "modified_at")),
    "folder": (folder, ("created_at", "modified_at")),
    "session": (session, ("created_at", "modified_at")),
    "profile": (profile, ("created_at", "modified_at")),
    "code": (code, ("created_at", "modified_at")),
    "output parameter": (of_parameters("output"), ("created_at", "modified_at")),
    "schedule": (schedule, ("created_at", "modified_at")),
    "script": (script, ("created_at", "modified_at")),
    "custom model": (custom_llm, ("created_at", "modified_at")),
    "tag": (tag_event, ("set_at",)),
    "row of a run": (listed_run, ("created_at",)),
}


@case("times.naive", fact="resources 2")
@pytest.mark.parametrize("thing", NAIVELY)
def test_times_have_microseconds_and_no_zone(skyvern: Caller, thing: str) -> None:
    make, names = NAIVELY[thing]
    made = make(skyvern)
    for name in names:
        assert NAIVE.fullmatch(made[name]), made[name]


@case("times.zoned.schedules", fact="resources 2")
def test_times_that_a_schedule_is_due_at_have_a_zone(skyvern: Caller) -> None:
    made = schedule(skyvern)
    for moment in (made["first_fire_at"], *made["next_runs"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", moment), moment


@case("times.zoned", fact="resources 2")
@pytest.mark.parametrize("kind", ["workflow", "credential"])
def test_times_of_parameters_have_a_zone(skyvern: Caller, kind: str) -> None:
    made = of_parameters(kind)(skyvern)
    assert ZONED.fullmatch(made["created_at"]), made["created_at"]
    assert made["created_at"] == made["modified_at"]


@case("times.modified", fact="resources 2")
@pytest.mark.parametrize(
    "make", [workflow, folder, session, profile, code],
    ids=["workflow", "folder", "session", "profile", "code"],
)  # fmt: skip
def test_what_is_new_was_modified_just_after(skyvern: Caller, make: Any) -> None:
    made = make(skyvern)
    created, modified = (
        datetime.fromisoformat(made[f"{word}_at"]) for word in ("created", "modified")
    )
    assert 0 < (modified - created).total_seconds() < 1


# --- the order of fields ------------------------------------------------------------------------

FIELDS = {
    "workflow": """
        workflow_id organization_id title workflow_permanent_id version is_saved_task is_template
        description workflow_definition proxy_location webhook_callback_url totp_verification_url
        totp_identifier persist_browser_session reuse_browser_session mask_secrets
        pin_saved_session_ip browser_profile_id browser_profile_key model status
        max_screenshot_scrolls max_elapsed_time_minutes extra_http_headers cdp_connect_headers
        run_with browser_type ai_fallback cache_key adaptive_caching enable_self_healing
        code_version generate_script_on_terminal run_sequentially sequential_key folder_id
        import_error created_by edited_by copilot_authored original_created_by
        original_created_at created_at modified_at deleted_at agent_id
    """,
    "session": """
        browser_session_id organization_id status runnable_type runnable_id timeout
        browser_address app_url extensions browser_type browser_profile_id
        generate_browser_profile browser_settings browser_settings_receipt
        vnc_streaming_supported stream_transport download_path downloaded_files recordings
        started_at completed_at created_by created_at modified_at deleted_at warning source
        remaining_lifetime_seconds
    """,
    "profile": """
        browser_profile_id organization_id name description source_browser_type proxy_location
        proxy_session_id is_managed workflow_permanent_id browser_profile_key_digest created_at
        modified_at deleted_at last_verified_login_at linked_credential_name
    """,
    "credential": """
        credential_id credential credential_type name vault_type browser_profile_id
        auto_profile_disabled pin_saved_session_ip tested_url user_context
        save_browser_session_intent run_sequentially folder_id proxy_location proxy_session_id
        created_by
    """,
    "code": """
        totp_identifier task_id workflow_id workflow_run_id source content expired_at type
        totp_code_id code organization_id created_at modified_at otp_type
    """,
    "folder": """
        title description folder_id organization_id workflow_count created_at modified_at
    """,
}


@case("shapes", fact="resources 14")
@pytest.mark.parametrize("thing", FIELDS)
def test_answer_tells_its_fields_in_their_order(skyvern: Caller, thing: str) -> None:
    make, _, _ = MADE[thing]
    assert list(make(skyvern)) == FIELDS[thing].split()


@case("shapes.read", fact="resources 14")
def test_workflow_that_is_read_tells_one_field_more(skyvern: Caller) -> None:
    made = workflow(skyvern)
    asked = {"workflow_permanent_id": made["workflow_permanent_id"]}
    read = skyvern.call("get_workflow", **asked).ok()
    assert read.keys() - made.keys() == {"effective_default_engine"}
