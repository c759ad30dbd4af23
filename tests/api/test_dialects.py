"""A fake that speaks an older release; the differences are rows of one table."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.api.dialects import NEWEST, Dialect, UnknownDialect, dialect_named
from skyvern_testkit.api.difference import (
    RELEASES,
    Forgets,
    LeavesOut,
    NoOperation,
    NoSpelling,
    Public,
    Says,
    Takes,
)
from skyvern_testkit.api.differences import DIFFERENCES
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import ROUTER
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import RunScript, completed, paused, running
from skyvern_testkit.wire.operations import OPERATIONS, operation_named
from tests.api.asking import ask, refused, send, wait

PAGE = "1.0.24"
"""The release whose reference page the table was made from."""


def old() -> FakeSkyvern:
    return FakeSkyvern(dialect=PAGE)


def fields_of(operation: str) -> set[str]:
    endpoint = endpoints()[operation]
    models = (endpoint.body, endpoint.query)
    return {name for model in models if model is not None for name in model.model_fields}


def a_task(fake: FakeSkyvern, **more: Any) -> Any:
    return ask(fake, "POST /v1/run/tasks", prompt="p", url="https://example.com", **more)


# --- which dialects there are -----------------------------------------------------------------


def test_the_newest_is_spoken_unless_another_is_asked_for():
    assert FakeSkyvern().dialect == dialect_named(NEWEST) == Dialect("1.0.56")
    assert FakeSkyvern().dialect.router is ROUTER
    assert FakeSkyvern().dialect.rows == ()


@pytest.mark.parametrize(
    ("asked", "nearest"),
    [
        ("1.0.38", "1.0.37 and 1.0.40"),
        ("1.0.99", "1.0.56"),
        ("0.9", "1.0.0"),
        ("v1.0.24", "1.0.24"),
        ("latest", "1.0"),
    ],
)
def test_an_unknown_dialect_names_the_nearest(asked: str, nearest: str):
    with pytest.raises(UnknownDialect, match=nearest.replace(".", r"\.")):
        FakeSkyvern(dialect=asked)


@pytest.mark.parametrize("release", RELEASES)
def test_every_release_is_a_dialect_that_runs_a_workflow(release: str):
    fake = FakeSkyvern(dialect=release)
    definition = {"parameters": [], "blocks": [{"block_type": "wait", "label": "w", "wait_sec": 1}]}
    made = ask(
        fake,
        "POST /v1/workflows",
        json_definition={"title": "T", "workflow_definition": definition},
    )
    run = ask(fake, "POST /v1/run/workflows", workflow_id=made["workflow_permanent_id"])
    wait(fake, 60)
    assert ask(fake, f"GET /v1/runs/{run['run_id']}")["status"] == "completed"


def test_a_release_between_two_rows_is_as_the_older_one_left_it():
    assert dialect_named("1.0.27").rows == dialect_named("1.0.26").rows
    assert dialect_named("1.0.27").rows != dialect_named("1.0.29").rows


def test_a_fork_speaks_the_same():
    assert old().fork().dialect.release == PAGE


# --- the table --------------------------------------------------------------------------------


@pytest.mark.parametrize("row", DIFFERENCES, ids=lambda row: f"{type(row).__name__}-{row.until}")
def test_rows_speak_of_releases_operations_and_fields_that_there_are(row):
    assert RELEASES.index(row.since) <= RELEASES.index(row.until) < len(RELEASES) - 1
    assert row.source
    match row:
        case NoOperation() | LeavesOut() | Says():
            assert set(row.operations) <= set(OPERATIONS)
        case Public(operation=name):
            assert operation_named(name).hidden
        case Takes(operation=name, field=field):
            assert field in fields_of(name)
        case Forgets(operation=name, fields=fields):
            assert set(fields) <= fields_of(name)
        case NoSpelling(prefixes=prefixes):
            known = [path for item in OPERATIONS.values() for _, path in item.routes]
            assert all(any(path.startswith(prefix) for path in known) for prefix in prefixes)
        case _:
            pass


# --- the era of 1.0.24 ------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [5, 240, 241, 1440])
def test_a_session_may_last_a_day(minutes: int):
    session = ask(old(), "POST /v1/browser_sessions", timeout=minutes)
    assert (session["timeout"], session["warning"]) == (minutes, None)


@pytest.mark.parametrize(
    ("minutes", "kind", "words", "limit"),
    [
        (4, "greater_than_equal", "greater than or equal to 5", {"ge": 5}),
        (1441, "less_than_equal", "less than or equal to 1440", {"le": 1440}),
    ],
)
def test_a_session_lasts_5_to_1440_minutes(minutes: int, kind: str, words: str, limit: dict):
    assert refused(old(), "POST /v1/browser_sessions", timeout=minutes) == (
        422,
        [
            {
                "type": kind,
                "loc": ["body", "timeout"],
                "msg": f"Input should be {words}",
                "input": minutes,
                "ctx": limit,
            }
        ],
    )


def test_the_newest_release_caps_a_session_at_four_hours():
    session = ask(FakeSkyvern(), "POST /v1/browser_sessions", timeout=1440)
    assert session["timeout"] == 240
    assert session["warning"]


@pytest.mark.parametrize(
    ("release", "run_type"), [(PAGE, "task_v2"), ("1.0.29", "task_v2"), ("1.0.30", "task_v1")]
)
def test_the_engine_is_2_until_1_0_29(release: str, run_type: str):
    assert a_task(FakeSkyvern(dialect=release))["run_type"] == run_type


@pytest.mark.parametrize(
    ("release", "engine", "known"),
    [
        (PAGE, "ui-tars", True),
        (PAGE, "yutori-navigator", False),
        ("1.0.37", "yutori-navigator", True),
        ("1.0.48", "skyvern-3.0", False),
        ("1.0.55", "skyvern-3.0", True),
    ],
)
def test_engines_that_a_release_does_not_know_are_refused(release: str, engine: str, known: bool):
    status = 200
    try:
        a_task(FakeSkyvern(dialect=release), engine=engine)
    except AssertionError as error:
        status = error.args[0][0]
    assert (status == 422) is not known


def test_workflows_are_documented_under_v1_workflows():
    fake = old()
    paths = {item.name: item.path for item in fake.dialect.operations}
    assert paths["create_workflow"] == "/v1/workflows"
    assert paths["run_workflow"] == "/v1/run/workflows"
    assert refused(fake, "POST /v1/agents") == (404, "Not Found")
    assert ask(fake, "GET /v1/workflows") == []


def test_a_run_of_a_workflow_asks_for_workflow_id():
    status, detail = refused(old(), "POST /v1/run/workflows", agent_id="wpid_1")
    assert (status, detail[0]["type"], detail[0]["loc"]) == (
        422,
        "missing",
        ["body", "workflow_id"],
    )


def test_one_artifact_is_public_until_1_0_28():
    def is_public(release: str) -> bool:
        found = {item.name: item for item in dialect_named(release).operations}
        return not found["get_artifact"].hidden

    assert [is_public(release) for release in (PAGE, "1.0.28", "1.0.29", NEWEST)] == [
        *(True, True),
        *(False, False),
    ]


def test_a_profile_given_to_a_task_is_ignored_in_silence_and_the_test_is_told():
    fake = old()
    run = a_task(fake, browser_profile_id="bp_nowhere")
    assert run["browser_profile_id"] is None
    assert [(item.kind, item.text) for item in fake.world.advice] == [
        ("parameter_ignored", "run_task of Skyvern 1.0.24 ignores 'browser_profile_id' in silence")
    ]


def test_a_profile_given_to_a_task_of_engine_1_is_refused_by_the_newest_release():
    status, detail = refused(
        FakeSkyvern(),
        "POST /v1/run/tasks",
        prompt="p",
        url="https://example.com",
        browser_profile_id="bp_nowhere",
    )
    assert status == 400
    assert detail.startswith("browser_profile_id is not supported for the skyvern_v1")


@pytest.mark.parametrize(
    ("what", "here", "not_here"),
    [
        ("POST /v1/browser_sessions", "browser_profile_id", "generate_browser_profile"),
        ("POST /v1/browser_profiles", "description", "is_managed"),
    ],
)
def test_answers_have_the_fields_of_their_time(what: str, here: str, not_here: str):
    fake, new = old(), FakeSkyvern()
    body: dict[str, Any] = {"name": "p"} if "profiles" in what else {"timeout": 5}
    then, now = ask(fake, what, **body), ask(new, what, **body)
    assert here in then
    assert not_here not in then
    assert {here, not_here} <= set(now)


def test_fields_are_left_out_of_every_item_of_a_list():
    fake = old()
    ask(fake, "POST /v1/browser_profiles", name="p")
    (profile,) = ask(fake, "GET /v1/browser_profiles")
    assert "is_managed" not in profile


def test_operations_that_came_later_are_404():
    fake = old()
    session = ask(fake, "POST /v1/browser_sessions")["browser_session_id"]
    extend = f"POST /v1/browser_sessions/{session}/extend"
    assert refused(fake, extend, additional_minutes=5) == (404, "Not Found")
    assert ask(fake, f"POST /v1/browser_sessions/{session}/close")


def test_the_version_is_the_dialects():
    assert ask(FakeSkyvern(dialect="1.0.45"), "GET /v1/version") == {"version": "1.0.45"}


# --- what came, went, or came back ------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "status"), [("1.0.2", 200), ("1.0.3", 404), ("1.0.23", 404), ("1.0.24", 200)]
)
def test_folders_were_away_for_a_while(release: str, status: int):
    assert send(FakeSkyvern(dialect=release), "GET /v1/folders").status == status


@pytest.mark.parametrize(
    ("release", "old_path", "new_path"),
    [
        ("1.0.24", 404, 404),
        ("1.0.25", 200, 404),
        ("1.0.28", 200, 404),
        ("1.0.30", 404, 404),
        ("1.0.31", 200, 200),
    ],
)
def test_schedules_were_first_under_api(release: str, old_path: int, new_path: int):
    fake = FakeSkyvern(dialect=release)
    found = [send(fake, f"GET {path}").status for path in ("/api/v1/schedules", "/v1/schedules")]
    assert found == [old_path, new_path]


def test_a_schedule_of_an_older_release_is_told_by_cron_alone():
    fake = FakeSkyvern(dialect="1.0.48")
    definition: Any = {"parameters": [], "blocks": []}
    made = ask(
        fake,
        "POST /v1/workflows",
        json_definition={"title": "T", "workflow_definition": definition},
    )
    path = f"POST /v1/workflows/{made['workflow_permanent_id']}/schedules"
    status, detail = refused(fake, path, timezone="UTC", interval_seconds=600)
    assert (status, detail[0]["type"], detail[0]["loc"]) == (
        422,
        "missing",
        ["body", "cron_expression"],
    )
    schedule = ask(fake, path, timezone="UTC", cron_expression="0 9 * * *")["schedule"]
    assert schedule["cron_expression"] == "0 9 * * *"
    assert not {"interval_seconds", "run_at", "dispatch_status"} & set(schedule)


def test_parameters_of_a_query_that_came_later_are_ignored_and_the_test_is_told():
    fake = FakeSkyvern(dialect="1.0.36")
    for name in ("a", "b"):
        ask(fake, "POST /v1/browser_profiles", name=name)
    assert len(ask(fake, "GET /v1/browser_profiles?page_size=1")) == 2
    assert [item.text for item in fake.world.advice] == [
        "list_browser_profiles of Skyvern 1.0.36 ignores 'page_size' in silence"
    ]


def test_fields_inside_an_answer_are_left_out_too():
    fake = FakeSkyvern(dialect="1.0.10")
    definition: Any = {"parameters": [], "blocks": []}
    made = ask(
        fake,
        "POST /v1/workflows",
        json_definition={"title": "T", "workflow_definition": definition},
    )
    assert "version" in made["workflow_definition"]
    assert not {"finally_block_label", "error_code_mapping"} & set(made["workflow_definition"])


@pytest.mark.parametrize(("release", "status"), [("1.0.47", "running"), ("1.0.48", "paused")])
def test_a_paused_run_is_running_where_nobody_knows_of_pauses(release: str, status: str):
    fake = FakeSkyvern(dialect=release)
    fake.on(workflow="*").play(RunScript(paused(3600), running(), completed()))
    definition = {"parameters": [], "blocks": [{"block_type": "wait", "label": "w", "wait_sec": 1}]}
    made = ask(
        fake,
        "POST /v1/workflows",
        json_definition={"title": "T", "workflow_definition": definition},
    )
    run = ask(fake, "POST /v1/run/workflows", workflow_id=made["workflow_permanent_id"])
    wait(fake, 60)
    assert ask(fake, f"GET /v1/runs/{run['run_id']}")["status"] == status
