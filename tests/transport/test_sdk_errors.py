"""The SDK's error classes, each by a refusal that the real server gives, none injected.

Which class is due comes from ``contracts/sdk_errors.json`` (read from the SDK's source), never from
what the SDK raised here; which statuses are due comes from there and from the recordings.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from skyvern.client import errors
from skyvern.client.core import ApiError

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import ROUTER, Matched
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import OPERATIONS
from skyvern_testkit.world.keys import KeyState
from tests.recorded.evidence import FOLDER, recorded
from tests.transport import sdk_refusals

CONTRACT = json.loads((FOLDER.parent / "sdk_errors.json").read_text("utf-8"))
MAPPED: dict[str, list[int]] = CONTRACT["mapped"]
SERVED = sorted(
    name
    for name in endpoints()
    if name in MAPPED and not OPERATIONS[name].hidden and name != "get_version"
)
"""Those with a method of the SDK; ``get_version`` refuses nobody."""

URL = "https://example.com"
PASSWORD = {"username": "u@example.com", "password": "p"}
EMPTY = {"title": "T", "workflow_definition": {"parameters": [], "blocks": []}}

ARGUMENTS: dict[str, dict[str, Any]] = {
    "artifacts.get_artifact_content": {"artifact_id": "a_1"},
    "cancel_run": {"run_id": "tsk_1"},
    "close_browser_session": {"browser_session_id": "pbs_1"},
    "create_browser_profile": {"name": "new"},
    "create_credential": {"name": "c", "credential_type": "password", "credential": PASSWORD},
    "create_folder": {"title": "Bills"},
    "create_workflow": {"json_definition": EMPTY},
    "delete_browser_profile": {"profile_id": "bp_1"},
    "delete_credential": {"credential_id": "cred_1"},
    "delete_folder": {"folder_id": "fld_1"},
    "delete_workflow": {"workflow_id": "wpid_1"},
    "download_files": {"navigation_goal": "all", "url": URL},
    "extend_browser_session": {"browser_session_id": "pbs_1", "additional_minutes": 5},
    "get_browser_profile": {"profile_id": "bp_1"},
    "get_browser_session": {"browser_session_id": "pbs_1"},
    "get_credential": {"credential_id": "cred_1"},
    "get_folder": {"folder_id": "fld_1"},
    "get_run": {"run_id": "tsk_1"},
    "get_run_artifacts": {"run_id": "tsk_1"},
    "get_run_timeline": {"run_id": "tsk_1"},
    "get_workflow": {"workflow_permanent_id": "wpid_1"},
    "get_workflow_versions": {"workflow_permanent_id": "wpid_1"},
    "login": {"credential_type": "skyvern", "credential_id": "<credential>", "url": URL},
    "retry_run_webhook": {"run_id": "wr_1"},
    "run_task": {"prompt": "p", "url": URL},
    "run_workflow": {"workflow_id": "<workflow>"},
    "send_totp_code": {"totp_identifier": "me", "content": "123456"},
    "update_browser_profile": {"profile_id": "bp_1", "name": "new"},
    "update_browser_session": {"browser_session_id": "pbs_1", "generate_browser_profile": True},
    "update_credential": {
        "credential_id": "cred_1",
        "name": "c",
        "credential_type": "password",
        "credential": PASSWORD,
    },
    "update_folder": {"folder_id": "fld_1", "title": "Bills"},
    "update_workflow": {"workflow_id": "wpid_1", "json_definition": EMPTY},
    "update_workflow_folder": {"workflow_permanent_id": "wpid_1", "folder_id": "<folder>"},
    "upload_file": {"file": "no bytes"},
    **sdk_refusals.ARGUMENTS,
}
"""What each is called with; ids are unknown ones, so that a good key gets 404 where there is one."""


def body(**fields: Any) -> dict[str, Any]:
    return {"request_options": {"additional_body_parameters": fields}}


def query(**fields: Any) -> dict[str, Any]:
    return {"request_options": {"additional_query_parameters": fields}}


def key(text: str) -> dict[str, Any]:
    return {"request_options": {"additional_headers": {"x-api-key": text}}}


FTP = {"webhook_url": "ftp://x.example"}
ENDED = {"browser_session_id": "<ended session>"}
RECORDED = {**EMPTY, "recording_id": "abc"}
UNKNOWN = {"browser_session_id": "pbs_1"}

Row = tuple[str, int, dict[str, Any], str]

ROWS: tuple[Row, ...] = (
    # runs
    ("run_task", 400, FTP, "Invalid webhook_url: unsupported scheme"),
    ("run_task", 404, UNKNOWN, "does not exist or is not live"),
    ("run_task", 410, ENDED, "no longer usable (status: completed)"),
    ("run_task", 422, body(prompt=7), "Input should be a valid string"),
    ("run_workflow", 400, {}, "has no blocks to run"),
    ("run_workflow", 404, {"workflow_id": "wpid_1"}, "Workflow not found"),
    (
        "run_workflow",
        410,
        {"workflow_id": "<typed workflow>", "parameters": {"n": 1}, **ENDED},
        "no longer usable",
    ),
    ("run_workflow", 422, body(parameters="x"), "Input should be a valid dictionary"),
    ("login", 400, {"credential_id": None}, "credential_id is required to login with Skyvern"),
    ("login", 404, {"credential_id": "cred_1"}, "Credential cred_1 not found"),
    ("login", 410, ENDED, "no longer usable"),
    ("login", 422, body(credential_type="zzz"), "Input should be"),
    ("download_files", 400, FTP, "Invalid webhook_url"),
    ("download_files", 404, UNKNOWN, "does not exist or is not live"),
    ("download_files", 410, ENDED, "no longer usable"),
    ("download_files", 422, body(navigation_goal=7), "Input should be a valid string"),
    ("get_run", 400, {"run_id": "<unreadable run>"}, "Invalid workflow parameter"),
    ("get_run", 404, {}, "Task run not found tsk_1"),
    ("cancel_run", 400, {"run_id": "<canceled run>"}, "task is already canceled"),
    ("cancel_run", 404, {}, "Run not found tsk_1"),
    ("get_run_timeline", 400, {"run_id": "<canceled run>"}, "Timeline not available"),
    ("get_run_timeline", 404, {}, "Run not found tsk_1"),
    ("get_run_artifacts", 422, query(artifact_type="zzz"), "Input should be"),
    ("artifacts.get_artifact_content", 404, {}, "Artifact not found a_1"),
    # workflows
    ("create_workflow", 400, {"json_definition": "<no engine>"}, "ui-tars engine"),
    ("create_workflow", 404, {"json_definition": RECORDED}, "Browser recording abc not found"),
    ("create_workflow", 422, {"json_definition": None}, "Field required"),
    ("get_workflows", 400, {"only_saved_tasks": True, "only_workflows": True}, "together"),
    ("get_workflows", 404, key("lost"), "Organization not found"),
    ("get_workflows", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_workflow", 400, {"template": True}, "Invalid template workflow permanent id"),
    ("get_workflow", 404, {}, "Workflow not found. workflow_permanent_id=wpid_1"),
    ("get_workflow", 422, query(version="abc"), "Input should be a valid integer"),
    ("get_workflow_versions", 400, {"template": True}, "Invalid template workflow permanent id"),
    ("get_workflow_versions", 422, query(template="maybe"), "Input should be a valid boolean"),
    (
        "update_workflow",
        400,
        {"workflow_id": "<workflow>", "json_definition": "<no engine>"},
        "ui-tars engine",
    ),
    ("update_workflow", 404, {}, "Workflow not found. workflow_permanent_id=wpid_1"),
    ("update_workflow", 422, {"json_definition": None}, "Field required"),
    # folders
    ("create_folder", 422, body(title=7), "Input should be a valid string"),
    ("get_folders", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_folder", 404, {}, "Folder fld_1 not found"),
    ("update_folder", 404, {}, "Folder fld_1 not found"),
    ("update_folder", 422, body(title=7), "Input should be a valid string"),
    ("delete_folder", 404, {}, "Folder fld_1 not found"),
    ("delete_folder", 422, query(delete_workflows="maybe"), "Input should be a valid boolean"),
    (
        "update_workflow_folder",
        400,
        {"workflow_permanent_id": "<workflow>", "folder_id": "fld_1"},
        "Folder fld_1 not found",
    ),
    ("update_workflow_folder", 404, {}, "Workflow wpid_1 not found"),
    ("update_workflow_folder", 422, body(folder_id=7), "Input should be a valid string"),
    # webhooks and files
    ("retry_run_webhook", 400, {"run_id": "<live run>"}, "has not reached a terminal state"),
    ("retry_run_webhook", 404, {}, "Run wr_1 not found"),
    ("retry_run_webhook", 422, body(webhook_url=7), "Input should be a valid string"),
    ("upload_file", 422, {}, "Expected UploadFile, received: <class 'str'>"),
    # browser profiles
    ("create_browser_profile", 400, {"browser_session_id": "<session>"}, "was not configured"),
    ("create_browser_profile", 404, UNKNOWN, "does not exist or is not live"),
    ("create_browser_profile", 409, {"name": "taken"}, "named 'taken' already exists"),
    ("create_browser_profile", 422, body(name=7), "Input should be a valid string"),
    ("list_browser_profiles", 404, key("lost"), "Organization not found"),
    ("list_browser_profiles", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_browser_profile", 404, {}, "Browser profile bp_1 not found for organization"),
    ("update_browser_profile", 404, {}, "Browser profile bp_1 not found"),
    (
        "update_browser_profile",
        409,
        {"profile_id": "<profile>", "name": "taken"},
        "named 'taken' already exists",
    ),
    ("update_browser_profile", 422, body(name=7), "Input should be a valid string"),
    ("delete_browser_profile", 404, {}, "Browser profile bp_1 not found"),
    # browser sessions
    (
        "create_browser_session",
        400,
        {"proxy_location": "RESIDENTIAL", "proxy_session_id": "x"},
        "only supported with RESIDENTIAL_ISP",
    ),
    ("create_browser_session", 404, {"browser_profile_id": "bp_1"}, "bp_1 not found"),
    ("create_browser_session", 422, {"timeout": 4}, "greater than or equal to 5"),
    ("get_browser_sessions", 404, key("lost"), "Organization not found"),
    ("get_browser_session", 404, {}, "Browser session pbs_1 not found"),
    ("close_browser_session", 404, {}, "Browser session pbs_1 not found"),
    ("extend_browser_session", 404, {}, "Browser session pbs_1 not found"),
    ("extend_browser_session", 409, ENDED, "already ended and can no longer be extended"),
    ("extend_browser_session", 422, {"additional_minutes": 0}, "greater than or equal to 1"),
    ("update_browser_session", 404, {}, "Browser session pbs_1 not found"),
    ("update_browser_session", 409, ENDED, "already ended and can no longer be updated"),
    ("update_browser_session", 422, body(generate_browser_profile="x"), "valid boolean"),
    # credentials and codes
    (
        "create_credential",
        400,
        {"credential": {**PASSWORD, "totp_type": "authenticator"}},
        "authenticator_key_required",
    ),
    ("create_credential", 422, body(name=7), "Input should be a valid string"),
    ("get_credentials", 404, key("lost"), "Organization not found"),
    ("get_credentials", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_credential", 404, {}, "Credential not found"),
    ("update_credential", 404, {}, "Credential not found, credential_id=cred_1"),
    ("update_credential", 422, body(name=7), "Input should be a valid string"),
    ("delete_credential", 404, {}, "Credential not found, credential_id=cred_1"),
    ("send_totp_code", 400, {"task_id": "tsk_1"}, "Invalid task id: tsk_1"),
    ("send_totp_code", 422, body(content=7), "Input should be a valid string"),
    *sdk_refusals.ROWS,
    # the gate that all have in common (facts: resources 1, "Auth")
    *((name, 403, key("old"), "Your API key has expired") for name in SERVED),
)

ANY_TEXT = "its only parameter is a text in the path, and the server takes any text"
NO_VAULT = "only of a credential in a vault that is set up no more, and the SDK sets none up"
NO_ORGANIZATION = "only with a key of an organisation that never was, which the server never gives"
NO_PARAMETER = "it has no parameter that the server reads"
CANNOT: dict[tuple[str, int], str] = {
    **{
        (name, 422): ANY_TEXT
        for name in (
            *("get_run", "cancel_run", "get_run_timeline", "delete_workflow"),
            *("get_browser_profile", "delete_browser_profile"),
            *("get_browser_session", "close_browser_session"),
            *("get_credential", "delete_credential", "get_folder"),
            *sdk_refusals.ANY_TEXTS,
        )
    },
    **{(name, 422): NO_PARAMETER for name in sdk_refusals.NOTHING_READ},
    **{(name, 400): NO_VAULT for name in ("update_credential", "delete_credential")},
    ("agents.reset_workflow_browser_profile", 500): "only a crash of the server's is a 500",
    ("get_browser_sessions", 422): NO_PARAMETER,
    ("artifacts.get_artifact_content", 422): "its query is texts, and the server takes any text",
    (
        "create_folder",
        400,
    ): "the schema has it, and the server never says it: two may have one title",
    ("create_custom_llm", 404): NO_ORGANIZATION,
    ("list_custom_llms", 404): NO_ORGANIZATION,
    ("upload_file", 400): "the SDK always says a boundary",
    (
        "upload_file",
        413,
    ): "the SDK sends a file as a field of text, which is no file whatever its size",
    ("artifacts.get_artifact_content", 416): "the real 416 has no body, so that the SDK, which "
    "reads JSON before it looks for a class, raises a plain ApiError",
}
"""Statuses that the SDK has a class for, and no request of the SDK's gets from the server."""


def expected(operation: str, status: int) -> type[ApiError]:
    if status not in MAPPED[operation]:
        return ApiError
    error: type[ApiError] = getattr(errors, CONTRACT["classes"][str(status)])
    return error


@pytest.fixture
def there(skyvern_fake, skyvern_sync_client) -> dict[str, Any]:
    """What the rows name in angle brackets."""
    sky = skyvern_sync_client
    skyvern_fake.keys.revoke("old")
    skyvern_fake.keys.mark("lost", KeyState.UNKNOWN_ORGANIZATION)
    skyvern_fake.profile(name="taken")
    ended = skyvern_fake.session().id
    sky.close_browser_session(ended)
    typed = {
        "parameters": [
            {"parameter_type": "workflow", "key": "n", "workflow_parameter_type": "integer"}
        ],
        "blocks": [{"block_type": "goto_url", "label": "a", "url": URL}],
    }
    typed_id = sky.create_workflow(
        json_definition={"title": "T", "workflow_definition": typed}
    ).workflow_permanent_id
    canceled = sky.run_task(prompt="p", url=URL, engine="skyvern-1.0").run_id
    sky.cancel_run(canceled)
    block = {"block_type": "task", "label": "b", "engine": "ui-tars", "url": URL}
    pause = {"block_type": "wait", "label": "pause", "wait_sec": 600}
    waiting = sky.create_workflow(
        json_definition={
            "title": "W",
            "workflow_definition": {"parameters": [], "blocks": [pause]},
        }
    ).workflow_permanent_id
    closed = skyvern_fake.session().id
    in_closed = sky.run_workflow(agent_id=waiting, browser_session_id=closed).run_id
    sky.cancel_run(in_closed)
    sky.close_browser_session(closed)
    own = sky.create_workflow(json_definition=EMPTY).workflow_permanent_id
    next_year = datetime.fromtimestamp(skyvern_fake.world.now / 1e9, UTC) + timedelta(days=365)
    once = sky.schedules.create(own, timezone="UTC", run_at=next_year).schedule
    sky.schedules.cancel(own, once.workflow_schedule_id)
    weekly = sky.schedules.create(own, timezone="UTC", cron_expression="0 9 * * 1").schedule
    sky.apply_workflow_tags(own, tags=[{"key": "tier", "value": "gold"}])
    sky.apply_workflow_tags(waiting, tags=[{"key": "tier", "value": "silver"}])
    return {
        "<workflow run>": sky.run_workflow(agent_id=waiting).run_id,
        "<run of a closed session>": in_closed,
        "<schedule>": weekly.workflow_schedule_id,
        "<canceled schedule>": once.workflow_schedule_id,
        "<next year>": next_year,
        "<script>": sky.create_script(workflow_id=own).script_id,
        "<ended session>": ended,
        "<session>": skyvern_fake.session().id,
        "<profile>": skyvern_fake.profile(name="other").id,
        "<credential>": skyvern_fake.credential().id,
        "<workflow>": own,
        "<typed workflow>": typed_id,
        "<unreadable run>": sky.run_workflow(agent_id=typed_id, parameters={"n": 1.5}).run_id,
        "<canceled run>": canceled,
        "<folder>": sky.create_folder(title="Bills").folder_id,
        "<live run>": sky.run_task(prompt="p", url=URL).run_id,
        "<no engine>": {
            "title": "T",
            "workflow_definition": {"parameters": [], "blocks": [block]},
        },
    }


async def call(client: Any, operation: str, arguments: dict[str, Any]) -> None:
    """Call the SDK's method of that name, and read what it streams."""
    method = client
    for name in operation.split("."):
        method = getattr(method, name)
    result = method(**arguments)
    if inspect.isasyncgen(result):
        async for _ in result:
            pass
    else:
        await result


@pytest.mark.parametrize(
    ("operation", "status", "changes", "says"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}") for row in ROWS],
)
@pytest.mark.asyncio
async def test_a_refusal_is_the_sdks_class_for_it(
    skyvern_client, there, operation, status, changes, says
):
    arguments = {
        name: there.get(value, value) if isinstance(value, str) else value
        for name, value in {**ARGUMENTS.get(operation, {}), **changes}.items()
        if value is not None
    }
    with pytest.raises(ApiError) as caught:
        await call(skyvern_client, operation, arguments)
    error = caught.value
    assert (type(error), error.status_code) == (expected(operation, status), status)
    assert says in json.dumps(error.body["detail"])


def test_every_status_with_a_class_is_provoked_or_cannot_be():
    provoked = {(operation, status) for operation, status, *_ in ROWS}
    mapped = {(operation, status) for operation in SERVED for status in MAPPED[operation]}
    assert provoked.isdisjoint(CANNOT)
    assert mapped - provoked <= set(CANNOT)
    assert {status for _, status in provoked} == {400, 403, 404, 409, 410, 422}


def refusals_recorded() -> Iterator[tuple[str, int]]:
    for path in FOLDER.glob("*.jsonl"):
        if path.stem == "lives":
            continue
        for exchange in recorded(path.stem):
            target, _, asked = exchange.path.partition("?")
            found = ROUTER.match(Request(exchange.method, target, asked, (), b""))
            if isinstance(found, Matched) and 400 <= exchange.status < 500:
                yield found.operation.name, exchange.status


def test_every_refusal_that_was_recorded_of_the_real_server_is_provoked():
    seen = {pair for pair in refusals_recorded() if pair[0] in SERVED}
    assert seen - {(operation, status) for operation, status, *_ in ROWS} <= set(CANNOT)
