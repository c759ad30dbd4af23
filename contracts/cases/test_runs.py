"""Runs, as far as a server answers for them without a browser and without a model."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
URL = "https://example.com"
UNKNOWN = ["tsk_1", "tsk_v2_1", "wr_1", "anything"]
HTTP_ONLY = "Use an HTTP or HTTPS URL with at most 2083 characters."
CREATED = [
    *("run_id", "status", "output", "downloaded_files", "recording_url", "recording_archived"),
    *("screenshot_urls", "failure_reason", "created_at", "modified_at", "queued_at"),
    *("started_at", "finished_at", "app_url", "browser_session_id", "browser_profile_id"),
    *("max_screenshot_scrolls", "script_run", "errors", "step_count", "run_type"),
]
NOT_YET = [
    *("output", "downloaded_files", "recording_url", "screenshot_urls", "failure_reason"),
    *("queued_at", "started_at", "finished_at", "errors", "step_count"),
]
FINAL = {"completed", "failed", "terminated", "timed_out", "canceled"}
SHORT: Json = {"block_type": "wait", "label": "pause", "wait_sec": 1}
LONG: Json = {**SHORT, "wait_sec": 600}


def workflow(skyvern: Caller, *blocks: Json, parameters: tuple[Json, ...] = ()) -> str:
    inner = {"parameters": list(parameters), "blocks": list(blocks)}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    return wpid


def typed(skyvern: Caller, kind: str, **more: Any) -> str:
    parameter = {
        "parameter_type": "workflow",
        "key": "k",
        "workflow_parameter_type": kind,
        **more,
    }
    return workflow(skyvern, LONG, parameters=(parameter,))


def started(skyvern: Caller, **more: Any) -> Json:
    """A run of a workflow that goes on until it is canceled."""
    run: Json = skyvern.call("run_workflow", agent_id=workflow(skyvern, LONG), **more).ok()
    return run


def ended(skyvern: Caller) -> Json:
    """A run of a workflow that is over."""
    run_id = started(skyvern)["run_id"]
    skyvern.call("cancel_run", run_id=run_id).ok()
    run: Json = skyvern.call("get_run", run_id=run_id).ok()
    assert run["status"] in FINAL
    return run


def ended_session(skyvern: Caller) -> str:
    session_id: str = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.call("close_browser_session", browser_session_id=session_id).ok()
    return session_id


def credential(skyvern: Caller) -> str:
    made = skyvern.call(
        "create_credential",
        name="Shop",
        credential_type="password",
        credential={"username": "me", "password": "secret"},
    ).ok(201)
    credential_id: str = made["credential_id"]
    return credential_id


# --- making a task ------------------------------------------------------------------------------


@case("runs.task.create", fact="runs 2")
def test_new_task_is_created_and_holds_nothing_yet(skyvern: Caller) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-1.0").ok()
    assert run["run_id"].startswith("tsk_")
    assert (run["status"], run["run_type"]) == ("created", "task_v1")
    assert [run[name] for name in NOT_YET] == [None] * len(NOT_YET)
    assert list(run) == [*CREATED, "run_request"]
    assert run["app_url"].endswith(f"/runs/{run['run_id']}")


@case("runs.task.create.engine", fact="runs 1")
@pytest.mark.parametrize(
    ("engine", "prefix", "kind", "status"),
    [
        ("skyvern-1.0", "tsk_", "task_v1", "created"),
        ("skyvern-2.0", "tsk_v2_", "task_v2", "queued"),
        ("skyvern-3.0", "tsk_", "task_v3", "created"),
        ("openai-cua", "tsk_", "openai_cua", "created"),
        ("anthropic-cua", "tsk_", "anthropic_cua", "created"),
    ],
    ids=["1.0", "2.0", "3.0", "openai", "anthropic"],
)
def test_engine_tells_the_kind_of_run(
    skyvern: Caller, engine: str, prefix: str, kind: str, status: str
) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL, engine=engine).ok()
    assert run["run_id"].startswith(prefix)
    assert (run["run_type"], run["status"]) == (kind, status)


@case("runs.task.create.engine.default", fact="runs 1", raw_only="the SDK names an engine itself")
def test_engine_of_the_server_is_the_first(skyvern: Caller) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL).ok()
    assert (run["run_type"], run["run_request"]["engine"]) == ("task_v1", "skyvern-1.0")


@case("runs.task.create.engine.tars", fact="runs 1")
def test_engine_may_not_be_enabled(skyvern: Caller) -> None:
    skyvern.call("run_task", prompt="Read", url=URL, engine="ui-tars").refused(
        400, "The ui-tars engine is not enabled on this server"
    )


@case("runs.task.create.hidden_run", fact="runs 1")
def test_task_of_the_second_engine_is_a_workflow_run_inside(skyvern: Caller) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-2.0").ok()
    inside = run["app_url"].rpartition("/")[2]
    assert inside.startswith("wr_")
    assert skyvern.call("get_run", run_id=inside).ok()["run_id"] == run["run_id"]
    skyvern.call("cancel_run", run_id=inside).refused(404, f"Run not found {inside}")


@case("runs.task.create.echo", fact="runs 2")
def test_request_is_told_again(skyvern: Caller) -> None:
    asked = {
        "data_extraction_schema": {"type": "object"},
        "error_code_mapping": {"GONE": "the page is gone"},
        "totp_identifier": "me@example.com",
        "max_screenshot_scrolls": 2,
    }
    run = skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-1.0", **asked).ok()
    told = run["run_request"]
    assert {name: told[name] for name in asked} == asked
    assert (told["prompt"], told["url"]) == ("Read", f"{URL}/")
    assert told["proxy_location"] == "RESIDENTIAL"


@case("runs.task.create.echo.lost", fact="runs 2")
def test_part_of_the_request_is_not_told_again(skyvern: Caller) -> None:
    asked = {
        "title": "Price",
        "extra_http_headers": {"A": "b"},
        "model": {"model_name": "gpt"},
        "include_action_history_in_verification": True,
    }
    run = skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-1.0", **asked).ok()
    lost = {**dict.fromkeys(asked), "include_action_history_in_verification": False}
    assert {name: run["run_request"][name] for name in asked} == lost


@case("runs.task.create.max_steps", fact="runs 2")
@pytest.mark.parametrize(
    ("engine", "told"), [("skyvern-1.0", None), ("skyvern-2.0", 7)], ids=["1.0", "2.0"]
)
def test_number_of_steps_is_not_always_told_again(
    skyvern: Caller, engine: str, told: int | None
) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL, engine=engine, max_steps=7).ok()
    assert run["run_request"]["max_steps"] == told


@case("runs.task.create.prompt", fact="runs 5")
def test_prompt_may_be_empty_but_not_null(skyvern: Caller) -> None:
    asked = {"url": URL, "engine": "skyvern-1.0"}
    assert skyvern.call("run_task", prompt="", **asked).ok()["run_request"]["prompt"] == ""
    skyvern.call("run_task", prompt=None, **asked).invalid(("string_type", "body", "prompt"))


@case("runs.task.create.prompt.missing", fact="runs 5", raw_only="the SDK's method needs a prompt")
def test_prompt_is_needed(skyvern: Caller) -> None:
    skyvern.call("run_task", url=URL).invalid(("missing", "body", "prompt"))


@case("runs.task.create.fields", fact="runs 5")
@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"engine": "zzz"}, ("enum", "body", "engine")),
        ({"max_steps": 1.5}, ("int_from_float", "body", "max_steps")),
        ({"max_steps": "x"}, ("int_parsing", "body", "max_steps")),
        ({"title": 1.5}, ("string_type", "body", "title")),
        ({"error_code_mapping": 5}, ("dict_type", "body", "error_code_mapping")),
        ({"publish_workflow": None}, ("bool_type", "body", "publish_workflow")),
        ({"start_fresh_browser": None}, ("bool_type", "body", "start_fresh_browser")),
        ({"file_ids": 5}, ("list_type", "body", "file_ids")),
    ],
    ids=str,
)
def test_fields_of_a_task_are_checked(
    skyvern: Caller, asked: Json, problem: tuple[str, ...]
) -> None:
    skyvern.call("run_task", prompt="Read", url=URL, **asked).invalid(problem)


@case("runs.task.create.max_steps.zero", fact="runs 5")
def test_zero_steps_are_accepted(skyvern: Caller) -> None:
    skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-1.0", max_steps=0).ok()


@case("runs.task.create.url", fact="runs 5")
@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("ftp://example.com", f"unsupported scheme. {HTTP_ONLY}"),
        ("file:///etc/hosts", f"unsupported scheme. {HTTP_ONLY}"),
        ("javascript:alert(1)", f"unsupported scheme. {HTTP_ONLY}"),
        ("about:blank", f"unsupported scheme. {HTTP_ONLY}"),
        ("https://", f"malformed. {HTTP_ONLY}"),
        ("https://example.com:99999/", f"malformed. {HTTP_ONLY}"),
    ],
)
def test_page_is_reached_by_http(skyvern: Caller, url: str, refusal: str) -> None:
    skyvern.call("run_task", prompt="Read", url=url, engine="skyvern-1.0").refused(
        400, f"Invalid url: {refusal}"
    )


@case("runs.webhook", fact="runs 5")
@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("ftp://example.com", f"unsupported scheme. {HTTP_ONLY}"),
        ("https://", f"malformed. {HTTP_ONLY}"),
        ("https://a b/", f"malformed. {HTTP_ONLY}"),
    ],
)
def test_webhook_is_called_by_http(skyvern: Caller, url: str, refusal: str) -> None:
    asked: dict[str, Json] = {
        "run_task": {"prompt": "Read", "url": URL},
        "run_workflow": {"agent_id": "wpid_1"},
        "download_files": {"navigation_goal": "Get all", "url": URL},
    }
    for operation, more in asked.items():
        skyvern.call(operation, webhook_url=url, **more).refused(
            400, f"Invalid webhook_url: {refusal}"
        )


@case("runs.webhook.schemeless", fact="runs 5")
def test_webhook_without_a_scheme_is_https(skyvern: Caller) -> None:
    run = started(skyvern, webhook_url="example.com/hook")
    assert run["run_request"]["webhook_url"] == "https://example.com/hook"


# --- the browser of a run -----------------------------------------------------------------------


def asking(skyvern: Caller, operation: str) -> Json:
    asked: dict[str, Json] = {
        "run_task": {"prompt": "Read", "url": URL, "engine": "skyvern-1.0"},
        "run_workflow": {},
        "download_files": {"navigation_goal": "Get all", "url": URL},
    }
    if operation == "run_workflow":
        return {"agent_id": workflow(skyvern, LONG)}
    return asked[operation]


OPERATIONS = pytest.mark.parametrize("operation", ["run_task", "run_workflow", "download_files"])


@case("runs.session.unknown", fact="runs 5")
@OPERATIONS
def test_unknown_session_is_missed(skyvern: Caller, operation: str) -> None:
    skyvern.call(operation, browser_session_id="pbs_1", **asking(skyvern, operation)).refused(
        404, "Browser session pbs_1 does not exist or is not live."
    )


@case("runs.session.stranger", fact="resources 1")
@OPERATIONS
def test_anothers_session_is_missed(skyvern: Caller, operation: str) -> None:
    made = skyvern.stranger().call("create_browser_session").ok()
    session_id = made["browser_session_id"]
    skyvern.call(operation, browser_session_id=session_id, **asking(skyvern, operation)).refused(
        404, f"Browser session {session_id} does not exist or is not live."
    )


@case("runs.session.ended", fact="runs 5")
@OPERATIONS
def test_ended_session_is_gone(skyvern: Caller, operation: str) -> None:
    session_id = ended_session(skyvern)
    skyvern.call(operation, browser_session_id=session_id, **asking(skyvern, operation)).refused(
        410,
        f"Browser session {session_id} is no longer usable (status: completed). "
        "Create a new browser session and retry.",
    )


@case("runs.fresh", fact="runs 5")
@OPERATIONS
def test_fresh_browser_is_no_session(skyvern: Caller, operation: str) -> None:
    asked = {"start_fresh_browser": True, "browser_session_id": "pbs_1"}
    (problem,) = skyvern.call(operation, **asked, **asking(skyvern, operation)).invalid(
        ("value_error", "body")
    )
    assert problem["msg"].startswith(
        "Value error, start_fresh_browser cannot be combined with browser_session_id"
    )


@case("runs.profile.unknown", fact="runs 5")
def test_unknown_profile_is_missed(skyvern: Caller) -> None:
    asked = {**asking(skyvern, "run_workflow"), "browser_profile_id": "bp_1"}
    refusal = skyvern.call("run_workflow", **asked).refused(404)
    assert refusal.startswith("Browser profile bp_1 not found for organization o_")


@case("runs.task.profile", fact="runs 5")
def test_task_of_the_first_engine_takes_no_profile(skyvern: Caller) -> None:
    skyvern.call(
        "run_task", prompt="Read", url=URL, engine="skyvern-1.0", browser_profile_id="bp_1"
    ).refused(
        400,
        "browser_profile_id is not supported for the skyvern_v1 or CUA task engines; "
        "use engine=skyvern_v2.",
    )


# --- running a workflow -------------------------------------------------------------------------


@case("runs.workflow.create", fact="runs 2")
def test_new_run_is_created_and_holds_nothing_yet(skyvern: Caller) -> None:
    wpid = workflow(skyvern, LONG)
    run = skyvern.call("run_workflow", agent_id=wpid).ok()
    assert run["run_id"].startswith("wr_")
    assert (run["status"], run["run_type"]) == ("created", "workflow_run")
    assert [run[name] for name in NOT_YET] == [None] * len(NOT_YET)
    assert (run["attempt"], run["retry_pending"], run["attempts"]) == (1, False, [])
    assert (run["run_with"], run["browser_seed_source"]) == ("agent", "fresh")
    told = run["run_request"]
    assert (told["workflow_id"], told["title"], told["parameters"]) == (wpid, "Flow", None)
    assert told["proxy_location"] == "RESIDENTIAL"


@case("runs.workflow.create.named", fact="runs 1", raw_only="the SDK uses one of the names")
@pytest.mark.parametrize("path", ["/v1/run/agents", "/v1/run/workflows"])
@pytest.mark.parametrize("name", ["agent_id", "workflow_id"])
def test_workflow_has_two_names(skyvern: Caller, path: str, name: str) -> None:
    wpid = workflow(skyvern, LONG)
    assert skyvern.send("POST", path, json={name: wpid}).ok()["run_type"] == "workflow_run"


@case("runs.workflow.create.unnamed", fact="resources 12", raw_only="the SDK's method needs an id")
def test_workflow_is_named(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/run/agents", json={}).invalid(("missing", "body", "agent_id"))


@case("runs.workflow.create.unknown", fact="runs 5")
@pytest.mark.parametrize("wpid", ["wpid_1", "anything"])
def test_unknown_workflow_is_missed(skyvern: Caller, wpid: str) -> None:
    skyvern.call("run_workflow", agent_id=wpid).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )


@case("runs.workflow.create.deleted", fact="runs 5")
def test_deleted_workflow_is_missed(skyvern: Caller) -> None:
    wpid = workflow(skyvern, LONG)
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    skyvern.call("run_workflow", agent_id=wpid).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )


@case("runs.workflow.create.stranger", fact="resources 1")
def test_anothers_workflow_is_missed(skyvern: Caller) -> None:
    wpid = workflow(skyvern.stranger(), LONG)
    skyvern.call("run_workflow", agent_id=wpid).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )


@case("runs.workflow.create.no_blocks", fact="resources 12, runs 5")
def test_empty_workflow_does_not_run(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    skyvern.call("run_workflow", agent_id=wpid).refused(
        400, f"Workflow {wpid} has no blocks to run. Add at least one block before running it."
    )


@case("runs.workflow.create.template", fact="runs 5")
def test_plain_workflow_is_no_template(skyvern: Caller) -> None:
    wpid = workflow(skyvern, LONG)
    skyvern.call("run_workflow", agent_id=wpid, template=True).refused(
        400,
        f"Invalid template workflow permanent id: {wpid}. "
        "Please make sure the workflow is a valid template.",
    )


@case("runs.workflow.create.elapsed", fact="runs 5")
@pytest.mark.parametrize(
    ("minutes", "problem"), [(0, "greater_than_equal"), (481, "less_than_equal")]
)
def test_run_lasts_1_to_480_minutes(skyvern: Caller, minutes: int, problem: str) -> None:
    skyvern.call("run_workflow", agent_id="wpid_1", max_elapsed_time_minutes=minutes).invalid(
        (problem, "body", "max_elapsed_time_minutes")
    )


@case("runs.workflow.create.browser_type", fact="runs 5")
def test_browser_cannot_be_chosen_here(skyvern: Caller) -> None:
    wpid = workflow(skyvern, LONG)
    refusal = skyvern.call("run_workflow", agent_id=wpid, browser_type="chrome").refused(400)
    assert refusal.startswith("browser_type='chrome' is not supported by this runtime")
    skyvern.call("run_workflow", agent_id=wpid, browser_type="zzz").invalid(
        ("value_error", "body", "browser_type")
    )


@case("runs.workflow.create.run_with", fact="runs 4")
def test_unknown_way_to_run_is_the_agent(skyvern: Caller) -> None:
    assert started(skyvern, run_with="zzz")["run_with"] == "agent"


@case("runs.workflow.order", fact="runs 5")
def test_webhook_is_looked_at_before_workflow_and_session(skyvern: Caller) -> None:
    asked: Json = {"agent_id": "wpid_1", "browser_session_id": "pbs_1"}
    skyvern.call("run_workflow", **asked, webhook_url="ftp://x.example.com").refused(
        400, f"Invalid webhook_url: unsupported scheme. {HTTP_ONLY}"
    )
    skyvern.call("run_workflow", **asked).refused(
        404, "Workflow not found. workflow_permanent_id=wpid_1"
    )


# --- parameters ---------------------------------------------------------------------------------


@case("runs.parameters.missing", fact="runs 5")
@pytest.mark.parametrize("given", [None, {}, {"k": None}, {"other": 1}], ids=str)
def test_parameter_without_a_default_is_needed(skyvern: Caller, given: Json | None) -> None:
    wpid = typed(skyvern, "string")
    skyvern.call("run_workflow", agent_id=wpid, parameters=given).refused(
        400, f"Missing value for parameter k in workflow {wpid}"
    )


@case("runs.parameters.not_a_map", fact="runs 5")
def test_parameters_are_a_map(skyvern: Caller) -> None:
    wpid = typed(skyvern, "string")
    skyvern.call("run_workflow", agent_id=wpid, parameters="x").invalid(
        ("dict_type", "body", "parameters")
    )


@case("runs.parameters.wrong", fact="runs 5")
@pytest.mark.parametrize(
    ("kind", "value"),
    [("integer", "abc"), ("integer", "1.0"), ("float", "abc"), ("boolean", "yes"), ("json", "{x")],
)
def test_value_of_another_kind_is_refused(skyvern: Caller, kind: str, value: str) -> None:
    skyvern.call("run_workflow", agent_id=typed(skyvern, kind), parameters={"k": value}).refused(
        400, f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {value}."
    )


@case("runs.parameters.read", fact="runs 5")
@pytest.mark.parametrize(
    ("kind", "value"),
    [("integer", "12"), ("json", "[1,2]"), ("string", 5), ("string", "")],
    ids=["text of a number", "text of a list", "number", "empty"],
)
def test_some_values_of_another_kind_are_read(skyvern: Caller, kind: str, value: object) -> None:
    run = skyvern.call("run_workflow", agent_id=typed(skyvern, kind), parameters={"k": value}).ok()
    assert run["run_request"]["parameters"] == {"k": value}


@case("runs.parameters.unknown", fact="runs 5")
def test_unknown_parameter_is_ignored(skyvern: Caller) -> None:
    started(skyvern, parameters={"unknown": 1})


@case("runs.parameters.default", fact="runs 2")
def test_default_shows_when_the_run_is_read(skyvern: Caller) -> None:
    wpid = typed(skyvern, "integer", default_value=7)
    run = skyvern.call("run_workflow", agent_id=wpid).ok()
    assert run["run_request"]["parameters"] is None
    again = skyvern.call("get_run", run_id=run["run_id"]).ok()
    assert again["run_request"]["parameters"] == {"k": 7}


@case("runs.parameters.credential", fact="runs 5")
def test_credential_of_a_parameter_exists(skyvern: Caller) -> None:
    wpid = typed(skyvern, "credential_id")
    skyvern.call("run_workflow", agent_id=wpid, parameters={"k": "cred_1"}).refused(
        400, "Invalid credential ID: cred_1. Failed to resolve to a valid credential."
    )


# --- logins and downloads -----------------------------------------------------------------------


@case("runs.login.create", fact="runs 2")
def test_login_is_a_run_of_a_workflow(skyvern: Caller) -> None:
    run = skyvern.call(
        "login", credential_type="skyvern", credential_id=credential(skyvern), url=URL
    ).ok()
    told = run["run_request"]
    assert (run["status"], run["run_type"], told["title"]) == ("created", "workflow_run", "Login")
    assert told["workflow_id"].startswith("w_")
    assert told["parameters"] is told["proxy_location"] is None


@case("runs.login.get", fact="runs 2")
def test_login_that_is_read_names_its_workflow(skyvern: Caller) -> None:
    credential_id = credential(skyvern)
    made = skyvern.call(
        "login", credential_type="skyvern", credential_id=credential_id, url=URL
    ).ok()
    told = skyvern.call("get_run", run_id=made["run_id"]).ok()["run_request"]
    assert told["workflow_id"].startswith("wpid_")
    assert told["parameters"] == {"credential": credential_id}
    assert told["proxy_location"] == "RESIDENTIAL"


@case("runs.login.credential", fact="runs 5")
@pytest.mark.parametrize(
    ("credential_id", "status", "refusal"),
    [
        (None, 400, "credential_id is required to login with Skyvern credential"),
        ("", 400, "credential_id is required to login with Skyvern credential"),
        ("cred_1", 404, "Credential cred_1 not found"),
    ],
    ids=["none", "empty", "unknown"],
)
def test_login_needs_a_credential(
    skyvern: Caller, credential_id: str | None, status: int, refusal: str
) -> None:
    skyvern.call("login", credential_type="skyvern", credential_id=credential_id, url=URL).refused(
        status, refusal
    )


@case("runs.login.credential.kept_elsewhere", fact="runs 5")
@pytest.mark.parametrize(
    ("kind", "asked", "field"),
    [
        ("1password", {}, "onepassword_vault_id is required to login with 1Password credential"),
        (
            "1password",
            {"onepassword_vault_id": "v"},
            "onepassword_item_id is required to login with 1Password credential",
        ),
        ("azure_vault", {}, "azure_vault_name is required to login with Azure Vault credential"),
    ],
    ids=["1password vault", "1password item", "azure"],
)
def test_credential_of_another_vault_is_named(
    skyvern: Caller, kind: str, asked: Json, field: str
) -> None:
    skyvern.call("login", credential_type=kind, url=URL, **asked).refused(400, field)


@case("runs.login.credential.stranger", fact="resources 1")
def test_anothers_credential_is_missed(skyvern: Caller) -> None:
    credential_id = credential(skyvern.stranger())
    skyvern.call("login", credential_type="skyvern", credential_id=credential_id, url=URL).refused(
        404, f"Credential {credential_id} not found"
    )


@case("runs.login.credential.kind", fact="runs 5")
def test_credential_is_of_a_known_kind(skyvern: Caller) -> None:
    skyvern.call("login", credential_type="zzz", url=URL).invalid(
        ("enum", "body", "credential_type")
    )


@case("runs.login.order", fact="runs 5")
def test_page_is_looked_at_before_the_credential(skyvern: Caller) -> None:
    skyvern.call(
        "login", credential_type="skyvern", credential_id="cred_1", url="ftp://x.example.com"
    ).refused(400, f"Invalid url: unsupported scheme. {HTTP_ONLY}")


@case("runs.download.create", fact="runs 2")
def test_download_is_a_run_of_a_workflow(skyvern: Caller) -> None:
    run = skyvern.call("download_files", navigation_goal="Get all", url=URL).ok()
    assert (run["status"], run["run_type"]) == ("created", "workflow_run")
    assert run["run_request"]["title"] == "File Download"


@case("runs.download.goal", fact="runs 5")
def test_download_needs_a_goal(skyvern: Caller) -> None:
    skyvern.call("download_files", navigation_goal=None, url=URL).invalid(
        ("string_type", "body", "navigation_goal")
    )


# --- reading and canceling ----------------------------------------------------------------------


@case("runs.get", fact="runs 2")
def test_run_that_is_read_has_no_files_instead_of_nothing(skyvern: Caller) -> None:
    made = started(skyvern)
    run = skyvern.call("get_run", run_id=made["run_id"]).ok()
    assert run["status"] in {"created", "queued", "running"}
    assert (run["downloaded_files"], run["errors"], run["step_count"]) == ([], [], 0)
    assert run["run_request"]["parameters"] == {}
    assert run["created_at"] == made["created_at"]


@case("runs.get.lost", fact="runs 2")
def test_run_that_is_read_has_lost_part_of_its_request(skyvern: Caller) -> None:
    asked = {"max_elapsed_time_minutes": 30, "extra_http_headers": {"A": "b"}}
    made = started(skyvern, **asked)
    assert {name: made["run_request"][name] for name in asked} == asked
    told = skyvern.call("get_run", run_id=made["run_id"]).ok()["run_request"]
    assert {name: told[name] for name in asked} == dict.fromkeys(asked)


@case("runs.unknown", fact="resources 12, 13, runs 5")
@pytest.mark.parametrize("run_id", UNKNOWN)
@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("get_run", "Task run not found {}"),
        ("cancel_run", "Run not found {}"),
        ("get_run_timeline", "Run not found {}"),
        ("retry_run_webhook", "Run {} not found"),
    ],
    ids=["get", "cancel", "timeline", "retry_webhook"],
)
def test_unknown_run_is_missed(skyvern: Caller, operation: str, refusal: str, run_id: str) -> None:
    skyvern.call(operation, run_id=run_id).refused(404, refusal.format(run_id))


@case("runs.stranger", fact="resources 1")
@pytest.mark.parametrize(
    ("operation", "refusal"),
    [
        ("get_run", "Task run not found {}"),
        ("cancel_run", "Run not found {}"),
        ("get_run_timeline", "Run not found {}"),
        ("retry_run_webhook", "Run {} not found"),
    ],
    ids=["get", "cancel", "timeline", "retry_webhook"],
)
def test_run_is_its_organisations_alone(skyvern: Caller, operation: str, refusal: str) -> None:
    run_id = started(skyvern)["run_id"]
    skyvern.stranger().call(operation, run_id=run_id).refused(404, refusal.format(run_id))


@case("runs.cancel", fact="runs 3.3")
def test_canceled_run_is_canceled_at_once(skyvern: Caller) -> None:
    run_id = started(skyvern)["run_id"]
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    run = skyvern.call("get_run", run_id=run_id).ok()
    assert (run["status"], run["failure_reason"]) == ("canceled", None)
    assert run["finished_at"] is not None


@case("runs.cancel.twice", fact="runs 3.3, resources 12")
def test_run_of_a_workflow_is_canceled_twice(skyvern: Caller) -> None:
    run = ended(skyvern)
    assert skyvern.call("cancel_run", run_id=run["run_id"]).ok() is None
    again = skyvern.call("get_run", run_id=run["run_id"]).ok()
    assert (again["status"], again["finished_at"]) == ("canceled", run["finished_at"])


@case("runs.cancel.task", fact="runs 3.1")
@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-3.0"])
def test_task_is_canceled_once(skyvern: Caller, engine: str) -> None:
    run_id = skyvern.call("run_task", prompt="Read", url=URL, engine=engine).ok()["run_id"]
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"
    skyvern.call("cancel_run", run_id=run_id).refused(
        400,
        f"Invalid task status transition to canceled for {run_id} because task is already canceled",
    )


@case("runs.deleted_workflow", fact="runs 5")
def test_run_of_a_deleted_workflow_cannot_be_read(skyvern: Caller) -> None:
    wpid = workflow(skyvern, LONG)
    run_id = skyvern.call("run_workflow", agent_id=wpid).ok()["run_id"]
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    skyvern.call("get_run", run_id=run_id).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )
    assert skyvern.call("get_run_timeline", run_id=run_id).status == 200
    assert skyvern.call("cancel_run", run_id=run_id).ok() is None


@case("runs.timeline.task", fact="runs 5")
def test_task_has_no_timeline(skyvern: Caller) -> None:
    run = skyvern.call("run_task", prompt="Read", url=URL, engine="skyvern-1.0").ok()
    skyvern.call("get_run_timeline", run_id=run["run_id"]).refused(
        400, "Timeline not available for run type task_v1"
    )


# --- sending a webhook again --------------------------------------------------------------------


@case("runs.retry_webhook.early", fact="runs 8")
def test_webhook_is_not_sent_again_before_the_end(skyvern: Caller) -> None:
    run_id = started(skyvern)["run_id"]
    refusal = skyvern.call("retry_run_webhook", run_id=run_id).refused(400)
    assert refusal.startswith(f"Run {run_id} has not reached a terminal state (status=")


@case("runs.retry_webhook.no_url", fact="runs 8, resources 12")
def test_webhook_needs_a_url(skyvern: Caller) -> None:
    skyvern.call("retry_run_webhook", run_id=ended(skyvern)["run_id"]).refused(
        400, "No webhook URL configured for the run."
    )


@case("runs.retry_webhook.url", fact="runs 8")
@pytest.mark.parametrize(
    ("url", "refusal"),
    [
        ("http://", "Invalid url: malformed."),
        ("ftp://example.com/x", f"Invalid url: unsupported scheme. {HTTP_ONLY}"),
    ],
)
def test_url_of_a_webhook_is_checked(skyvern: Caller, url: str, refusal: str) -> None:
    skyvern.call(
        "retry_run_webhook", run_id=ended(skyvern)["run_id"], request={"webhook_url": url}
    ).refused(400, refusal)


# --- workflows that are not there ---------------------------------------------------------------


@case("runs.workflow.create.unknown_id", fact="resources 12")
@pytest.mark.parametrize("unknown", ["wpid_1", "w_1", "anything"])
def test_run_of_an_unknown_workflow_is_missed(skyvern: Caller, unknown: str) -> None:
    skyvern.call("run_workflow", agent_id=unknown).refused(
        404, f"Workflow not found. workflow_permanent_id={unknown}"
    )
