"""What JSON can say and a server cannot keep or answer: NaN, infinities, halves of surrogate pairs.

Every answer was seen on the real server 1.0.56; none of them is among the recordings, which cannot
hold half a pair.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Response
from skyvern_testkit.world.rows import Profile, Run, Workflow
from tests.api.asking import send

HALF = "\ud800"
TASK = {"prompt": "p", "url": "https://example.com/"}
TEXT_CRASH = (500, {"error": "Unexpected error: UnicodeEncodeError"})
JSON_CRASH = (500, {"error": "Unexpected error: PydanticSerializationError"})


def said(answer: Response) -> tuple[int, Any]:
    return answer.status, answer.json


def workflow(fake: FakeSkyvern, **declared: Any) -> str:
    """A workflow that declares one parameter ``k``."""
    definition = {
        "parameters": [{"parameter_type": "workflow", "key": "k", **declared}],
        "blocks": [{"block_type": "wait", "label": "w", "wait_sec": 1}],
    }
    asked = {"title": "t", "workflow_definition": definition}
    return str(
        send(fake, "POST /v1/workflows", json_definition=asked).json["workflow_permanent_id"]
    )


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-2.0"])
def test_a_number_that_json_has_not_is_answered_as_null(number: float, engine: str):
    fake = FakeSkyvern()
    schema = {"a": [number], "b": 1.5}
    made = send(fake, "POST /v1/run/tasks", **TASK, engine=engine, data_extraction_schema=schema)
    assert made.json["run_request"]["data_extraction_schema"] == {"a": [None], "b": 1.5}
    again = send(fake, f"GET /v1/runs/{made.json['run_id']}")
    assert again.json["run_request"]["data_extraction_schema"] == {"a": [None], "b": 1.5}


def test_so_are_those_in_the_parameters_of_a_workflow_run():
    fake = FakeSkyvern()
    wpid = workflow(fake, workflow_parameter_type="json", default_value={"a": float("nan")})
    assert b"NaN" not in send(fake, f"GET /v1/workflows/{wpid}").body
    given = {"k": {"a": float("inf")}}
    made = send(fake, "POST /v1/run/workflows", workflow_id=wpid, parameters=given)
    assert made.json["run_request"]["parameters"] == {"k": {"a": None}}


def test_an_infinite_float_parameter_is_taken():
    fake = FakeSkyvern()
    wpid = workflow(fake, workflow_parameter_type="float", default_value=1.5)
    given = {"k": float("inf")}
    made = send(fake, "POST /v1/run/workflows", workflow_id=wpid, parameters=given)
    assert made.json["run_request"]["parameters"] == {"k": None}


@pytest.mark.parametrize("kind", ["float", "string"])
def test_a_parameter_that_is_no_number_crashes_the_server(kind: str):
    fake = FakeSkyvern()
    wpid = workflow(fake, workflow_parameter_type=kind, default_value="1.5")
    given = {"k": float("nan")}
    answer = send(fake, "POST /v1/run/workflows", workflow_id=wpid, parameters=given)
    assert said(answer) == (
        500,
        {"error": "Unexpected error: WorkflowRunParameterPersistenceError"},
    )
    assert fake.runs == []


@pytest.mark.parametrize("field", ["prompt", "title", "totp_identifier"])
@pytest.mark.parametrize("engine", ["skyvern-1.0", "skyvern-2.0"])
def test_half_a_pair_in_a_text_of_a_task_leaves_nothing_behind(field: str, engine: str):
    fake = FakeSkyvern()
    answer = send(fake, "POST /v1/run/tasks", **{**TASK, "engine": engine, field: HALF})
    assert said(answer) == TEXT_CRASH
    assert (list(fake.world.rows(Run)), list(fake.world.rows(Workflow))) == ([], [])


def test_half_a_pair_in_the_json_of_a_task_makes_it_unreadable():
    fake = FakeSkyvern()
    schema = {"a": HALF}
    assert said(send(fake, "POST /v1/run/tasks", **TASK, data_extraction_schema=schema)) == (
        JSON_CRASH
    )
    (run,) = fake.runs
    assert said(send(fake, f"GET /v1/runs/{run.id}")) == JSON_CRASH


@pytest.mark.parametrize("field", ["name", "description"])
def test_half_a_pair_in_a_profile_leaves_nothing_behind(field: str):
    fake = FakeSkyvern()
    answer = send(fake, "POST /v1/browser_profiles", **{"name": "n", field: HALF})
    assert said(answer) == TEXT_CRASH
    assert list(fake.world.rows(Profile)) == []


@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("POST /v1/browser_sessions", {"proxy_location": HALF}),
        ("POST /v1/credentials/totp", {"totp_identifier": HALF, "content": "482913"}),
        (
            "POST /v1/credentials/totp",
            {"totp_identifier": "me", "content": "482913", "source": HALF},
        ),
        (
            "POST /v1/credentials",
            {
                "name": HALF,
                "credential_type": "password",
                "credential": {"username": "u", "password": "p"},
            },
        ),
    ],
)
def test_half_a_pair_in_a_text_is_not_kept(operation: str, asked: dict[str, Any]):
    fake = FakeSkyvern()
    before = fake.world.fork()
    assert said(send(fake, operation, **asked)) == TEXT_CRASH
    assert fake.world.diff(before) == {}


def test_half_a_pair_in_a_password_is_kept():
    asked = {"username": "u", "password": HALF}
    answer = send(
        FakeSkyvern(),
        "POST /v1/credentials",
        name="n",
        credential_type="password",
        credential=asked,
    )
    assert answer.status == 201


@pytest.mark.parametrize("field", ["title", "description", "totp_identifier"])
def test_half_a_pair_in_a_text_of_a_workflow_is_told_by_the_handler(field: str):
    fake = FakeSkyvern()
    asked = {"title": "t", "workflow_definition": {"parameters": [], "blocks": []}, field: HALF}
    answer = send(fake, "POST /v1/workflows", json_definition=asked)
    assert said(answer) == (
        500,
        {
            "detail": "Failed to create workflow. Error: 'utf-8' codec can't encode character "
            "'\\ud800' in position 0: surrogates not allowed"
        },
    )
    assert list(fake.world.rows(Workflow)) == []


def test_half_a_pair_in_the_json_of_a_workflow_spoils_the_list():
    fake = FakeSkyvern()
    asked = {
        "title": "t",
        "workflow_definition": {"parameters": [], "blocks": []},
        "extra_http_headers": {"a": HALF},
    }
    assert said(send(fake, "POST /v1/workflows", json_definition=asked)) == JSON_CRASH
    assert said(send(fake, "GET /v1/workflows")) == JSON_CRASH


def test_half_a_pair_in_parameters_is_kept_where_it_is_json_only():
    fake = FakeSkyvern()
    wpid = workflow(fake, workflow_parameter_type="json", default_value={})

    def start(value: Any) -> tuple[int, Any]:
        given = {"k": value}
        return said(send(fake, "POST /v1/run/workflows", workflow_id=wpid, parameters=given))

    assert start(json.dumps({"a": HALF}, ensure_ascii=False)) == TEXT_CRASH
    assert fake.runs == []
    assert start({"a": HALF}) == JSON_CRASH
    assert len(fake.runs) == 1


def test_half_a_pair_that_no_answer_shows_does_no_harm():
    fake = FakeSkyvern()
    asked = {"url": "https://example.com/", "navigation_goal": HALF}
    assert send(fake, "POST /v1/run/tasks/download_files", **asked).status == 200
