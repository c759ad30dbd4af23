import json
from typing import Any

import pytest

from skyvern_testkit.api.routing import ROUTER, Matched
from skyvern_testkit.contract.answers import (
    WrongAnswer,
    check_answer,
    faults_of,
    place_of_argument,
)
from skyvern_testkit.contractfiles import read_contract
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import OPERATIONS
from tests.recorded.evidence import Recorded, groups, recorded

JSON = "application/json"
PROFILE: dict[str, Any] = {
    "browser_profile_id": "bp_1",
    "organization_id": "o_1",
    "name": "p",
    "created_at": "2026-01-01T00:00:00.000000",
    "modified_at": "2026-01-01T00:00:00",
}


def faults(operation: str, status: int, value: Any) -> list[str]:
    return list(faults_of(operation, status, JSON, json.dumps(value).encode(), value))


def operation_of(exchange: Recorded) -> str | None:
    found = ROUTER.match(Request.to(exchange.method, exchange.path.partition("?")[0]))
    if not isinstance(found, Matched) or exchange.method in {"HEAD", "OPTIONS"}:
        return None
    return None if found.operation.declined else found.operation.name


@pytest.mark.parametrize("group", groups())
def test_whatever_the_real_server_answered_is_allowed(group: str) -> None:
    wrong: list[str] = []
    for exchange in recorded(group):
        operation = operation_of(exchange)
        if operation is None:
            continue
        try:
            value = json.loads(exchange.body) if exchange.body else None
        except ValueError:
            value = None
        is_json = value is not None or exchange.body == b"null"
        content_type = JSON if is_json else ""
        found = faults_of(operation, exchange.status, content_type, exchange.body, value)
        wrong += [f"{exchange.name}: {fault}" for fault in found]
    assert wrong == []


def test_profile_as_the_server_writes_it_is_allowed() -> None:
    assert faults("get_browser_profile", 200, PROFILE) == []


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"colour": "red"}, "'colour' was unexpected"),
        ({"name": 7}, "7 is not of type 'string'"),
        ({"created_at": "yesterday"}, "'yesterday' is not a 'date-time'"),
    ],
    ids=["unknown field", "other type", "no time"],
)
def test_field_that_the_schema_does_not_allow_is_named(changed: dict[str, Any], fault: str) -> None:
    (found,) = faults("get_browser_profile", 200, {**PROFILE, **changed})
    assert fault in found


def test_missing_field_is_named() -> None:
    lacking = {name: value for name, value in PROFILE.items() if name != "name"}
    assert faults("get_browser_profile", 200, lacking) == [
        "the whole: 'name' is a required property"
    ]


def test_departure_of_the_real_server_is_allowed() -> None:
    row: dict[str, Any] = {
        "task_run_id": "tr_1",
        "run_id": "tsk_1",
        "task_run_type": "task_v3",
        "status": "failed",
        "created_at": "2026-01-01T00:00:00",
        "attempt": 1,
    }
    assert faults("get_runs_v2", 200, [row]) == []
    (found,) = faults("get_runs_v2", 200, [{**row, "attempt": "first"}])
    assert "[0]['attempt']" in found


def test_departures_are_of_models_that_there_are_each_with_its_fact() -> None:
    models = read_contract("schemas/models.json")["$defs"]
    for row in read_contract("schemas/departures.json")["departures"]:
        assert row["model"] in models
        assert models[row["model"]]["properties"].get(row["field"]) != row["schema"]
        assert row["fact"]


def test_answers_by_another_path_are_of_operations_that_there_are_each_with_its_fact() -> None:
    operations = read_contract("schemas/operations.json")["operations"]
    for row in read_contract("schemas/departures.json")["answers"]:
        assert row["status"] not in operations[row["operation"]]["answers"]
        assert row["fact"]


@pytest.mark.parametrize(
    ("operation", "status", "value"),
    [
        ("get_browser_profile", 404, {"detail": "Browser profile not found"}),
        ("create_credential", 400, {"detail": {"error_code": "x", "message": "y"}}),
        ("get_browser_profile", 500, {"error": "Unexpected error: ValueError"}),
    ],
    ids=["sentence", "code", "crash"],
)
def test_refusal_of_the_usual_shape_is_allowed(operation: str, status: int, value: Any) -> None:
    assert faults(operation, status, value) == []


def test_refusal_of_another_shape_is_not() -> None:
    assert faults("get_browser_profile", 404, {"error": "no"})
    assert faults("get_browser_profile", 422, {"detail": []})


def test_credentials_list_of_problems_repeats_no_secret() -> None:
    problem = {"type": "missing", "loc": ["body", "name"], "msg": "Field required"}
    repeated = {**problem, "input": {"password": "p"}}
    assert faults("create_browser_profile", 422, {"detail": [repeated]}) == []
    assert faults("create_credential", 422, {"detail": [problem]}) == []
    (found,) = faults("create_credential", 422, {"detail": [repeated]})
    assert "'input' was unexpected" in found


def test_status_that_nobody_documents_is_named() -> None:
    assert faults("get_browser_profile", 201, PROFILE) == ["the status is none of 200"]


def test_answer_without_a_body_must_have_none() -> None:
    assert list(faults_of("delete_browser_profile", 204, "", b"", None)) == []
    assert faults("delete_browser_profile", 204, {}) == ["there is a body; the schema knows none"]


def test_answer_that_is_no_json_is_named() -> None:
    (found,) = faults_of("get_browser_profile", 200, "text/html", b"<p>", None)
    assert "text/html" in found


def test_message_shows_the_first_faults_and_counts_the_others() -> None:
    value = {**PROFILE, **dict.fromkeys(("name", "description", "browser_profile_id"), 7)}
    value |= dict.fromkeys(("organization_id", "created_at", "modified_at"), 7)
    body = json.dumps(value).encode()
    with pytest.raises(WrongAnswer, match=r"(?s)get_browser_profile: this 200.*and 1 more"):
        check_answer("get_browser_profile", 200, JSON, body, value)


@pytest.mark.parametrize(
    ("operation", "argument", "place"),
    [
        ("get_browser_session", "browser_session_id", ("path", "browser_session_id")),
        ("list_browser_profiles", "page", ("query", "page")),
        ("run_workflow", "max_steps_override", ("headers", "x-max-steps-override")),
        ("run_workflow", "template", ("query", "template")),
        ("run_task", "prompt", ("body", "prompt")),
        ("get_browser_sessions", "page", ("query", "page")),
    ],
)
def test_argument_travels_where_the_server_looks_for_it(
    operation: str, argument: str, place: tuple[str, str]
) -> None:
    assert place_of_argument(operation, argument) == place


def test_every_operation_has_its_answers() -> None:
    rows = read_contract("schemas/operations.json")["operations"]
    assert list(rows) == list(OPERATIONS)
    unknown = {name for name, row in rows.items() if not row["answers"]}
    assert {OPERATIONS[name].hidden for name in unknown} <= {True}
