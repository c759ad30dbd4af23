"""What a served fake can be told over HTTP, as a client in any language would."""

from __future__ import annotations

import json

import httpx
import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.control.desk import BODY_LIMIT
from skyvern_testkit.control.faults import fault_as_json, read_ask
from skyvern_testkit.faults import (
    AnswerWith,
    EmptyBody,
    Fault,
    Faults,
    MalformedBody,
    NeverAnswer,
    ResetConnection,
    Slow,
)
from skyvern_testkit.transport.server import serving

TASK = {"prompt": "Count", "url": "https://a.example"}
COUNTED = """
format: 1
runs:
- on: {prompt: "Count*"}
  play: {completed: {output: {n: 3}}}
"""


def outcome(client: httpx.Client) -> object:
    """The output of a run that counts."""
    run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
    while (run := client.get(f"/v1/runs/{run_id}").json())["status"] != "completed":
        assert run["status"] in {"created", "queued", "running"}
    return run["output"]


# --- fakes ----------------------------------------------------------------------------------------


def test_a_fake_is_for_the_runs_of_its_key(ann, bob):
    assert ann.post("/_skyvern_testkit/fake", content=COUNTED).status_code == 200
    assert outcome(ann) == {"n": 3}
    assert outcome(bob) is None


def test_a_fake_may_be_json_and_its_resources_are_the_keys(ann, bob):
    made = ann.post(
        "/_skyvern_testkit/fake",
        json={"format": 1, "profiles": [{"id": "bp_100000000000000004", "name": "Portal"}]},
    ).json()
    assert made["ids"]["profiles"] == ["bp_100000000000000004"]
    assert ann.get("/v1/browser_profiles/bp_100000000000000004").json()["name"] == "Portal"
    assert bob.get("/v1/browser_profiles/bp_100000000000000004").status_code == 404


def test_a_wrong_fake_is_told_line_by_line_and_nothing_is_applied(ann):
    wrong = COUNTED + "- on: {promt: x}\n  play: {completed: {}}\n"
    answer = ann.post("/_skyvern_testkit/fake", content=wrong)
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["line"], problem["field"]) == (6, "runs[1].on.promt")
    assert "Did you mean `prompt`?" in problem["text"]
    assert "body:6:8" in answer.json()["error"]
    assert outcome(ann) is None


def test_what_the_world_refuses_is_told_too(ann):
    profile = {"id": "bp_100000000000000004", "name": "Portal"}
    fake = {"format": 1, "profiles": [profile]}
    ann.post("/_skyvern_testkit/fake", json=fake)
    answer = ann.post("/_skyvern_testkit/fake", json=fake)
    assert answer.status_code == 422
    assert "the world has a `bp_100000000000000004` already" in answer.json()["problems"][0]["text"]


# --- faults ---------------------------------------------------------------------------------------


def test_a_fault_strikes_its_key_only(ann, bob):
    planned = ann.post(
        "/_skyvern_testkit/faults",
        json={"on": "get_browser_sessions", "nth": 2, "times": 2, "fault": {"answer": 503}},
    ).json()
    statuses = [ann.get("/v1/browser_sessions").status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    assert {bob.get("/v1/browser_sessions").status_code for _ in range(4)} == {200}
    (told,) = ann.get("/_skyvern_testkit/faults").json()["faults"]
    assert (told["number"], told["struck"], told["seen"]) == (planned["number"], 2, 4)
    assert bob.get("/_skyvern_testkit/faults").json() == {"faults": []}


def test_how_often_a_fault_strikes_can_be_changed_by_its_key_only(ann, bob):
    fault = {"on": "*", "fault": {"answer": {"status": 429, "retry_after": 2}}}
    number = ann.post("/_skyvern_testkit/faults", json=fault).json()["number"]
    where = f"/_skyvern_testkit/faults/{number}"
    assert bob.patch(where, json={"times": 5}).status_code == 404
    assert ann.patch(where, json={"times": "always"}).json()["times"] == "always"
    answers = [ann.get("/v1/browser_sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429] * 3
    assert answers[0].headers["retry-after"] == "2"
    ann.delete("/_skyvern_testkit/faults")
    assert ann.get("/v1/browser_sessions").status_code == 200


def test_a_fault_also_strikes_the_files_of_its_key(ann, bob):
    download = "downloads: [{filename: a.txt, text: hello}]"
    rule = f"format: 1\nruns: [{{play: {{completed: {{{download}}}}}}}]"
    urls = {}
    for client in (ann, bob):
        client.post("/_skyvern_testkit/fake", content=rule)
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        while not (run := client.get(f"/v1/runs/{run_id}").json())["downloaded_files"]:
            assert run["status"] != "completed"
        urls[client] = run["downloaded_files"][0]["url"]
    ann.post(
        "/_skyvern_testkit/faults",
        json={"on": "artifacts.get_artifact_content", "fault": {"answer": 503}},
    )
    assert httpx.get(urls[bob]).content == b"hello"
    assert httpx.get(urls[ann]).status_code == 503
    assert httpx.get(urls[ann]).content == b"hello"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"on": "get_rum", "fault": "never_answer"}, "get_run"),
        ({"on": "get_run", "fault": {"anwser": 503}}, "Did you mean `answer`?"),
        ({"on": "get_run", "fault": {"answer": 200}}, "an error status"),
        ({"on": "get_run", "fault": {"slow": -1}}, "virtual seconds"),
        ({"on": "get_run", "nth": 0, "fault": {"slow": 1}}, "nth counts calls from 1"),
        ({"on": "get_run", "times": 0, "fault": {"slow": 1}}, "or `always`"),
        ({"fault": {"slow": 1}}, "needs `on`"),
        ([], "a mapping with on, nth, times, fault"),
    ],
)
def test_a_wrong_fault_is_refused_in_a_sentence(ann, asked, said):
    answer = ann.post("/_skyvern_testkit/faults", json=asked)
    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert ann.get("/_skyvern_testkit/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    "fault",
    [
        AnswerWith(503, {"error": "x"}, "3"),
        AnswerWith(422, [1, {"a": None}]),
        Slow(90_500_000_000),
        NeverAnswer(),
        ResetConnection(),
        ResetConnection(done=True),
        EmptyBody(),
        EmptyBody(204),
        MalformedBody(),
    ],
    ids=str,
)
def test_every_fault_has_a_form_that_is_read_back(fault: Fault):
    faults = Faults()
    asked = read_ask(json.dumps({"on": "get_run", "fault": fault_as_json(fault)}))
    asked.fault(faults.on(asked.on))
    assert [rule.fault for rule in faults] == [fault]


# --- signals, journal, report ---------------------------------------------------------------------


def test_a_signal_is_heard_by_the_runs_of_its_key(ann, bob):
    rule = "format: 1\nruns: [{play: [{running: {until: {signal: go}}}, completed]}]"
    for client in (ann, bob):
        client.post("/_skyvern_testkit/fake", content=rule)
        run_id = client.post("/v1/run/tasks", json=TASK).json()["run_id"]
        while client.get(f"/v1/runs/{run_id}").json()["status"] != "running":
            pass
    assert ann.post("/_skyvern_testkit/signals", json={"name": "go"}).json() == {"heard": 1}
    assert ann.post("/_skyvern_testkit/signals", json={"name": "go"}).json() == {"heard": 0}
    assert ann.post("/_skyvern_testkit/signals", json={}).status_code == 422


def test_the_journal_is_the_keys_and_hides_secrets(server, ann, bob):
    password = "correct horse battery staple"
    ann.post(
        "/v1/credentials",
        json={
            "name": "Portal",
            "credential_type": "password",
            "credential": {"username": "acme", "password": password},
        },
    )
    bob.get("/v1/browser_sessions")
    told = ann.get("/_skyvern_testkit/journal")
    (entry,) = told.json()["entries"]
    assert (entry["operation"], entry["response"]["status"]) == ("create_credential", 201)
    assert entry["request"]["json"]["credential"] == {"username": "acme", "password": "***"}
    assert ["x-api-key", "***"] in entry["request"]["headers"]
    report = ann.get("/_skyvern_testkit/report").text
    for text in (told.text, report):
        assert password not in text
    assert "create_credential" in report
    assert "get_browser_sessions" not in report
    assert server.fake.journal[0].json["credential"]["password"] == password


def test_complaints_are_about_ones_own_rules(ann, bob):
    ann.post("/_skyvern_testkit/fake", content=COUNTED)
    (line,) = ann.get("/_skyvern_testkit/complaints").json()["complaints"]
    assert "no run matched" in line
    assert bob.get("/_skyvern_testkit/complaints").json() == {"complaints": []}


def test_an_operation_of_the_tests_own_is_no_request(server, ann):
    made = ann.post(
        "/_skyvern_testkit/operations/create_browser_profile", json={"body": {"name": "Portal"}}
    ).json()["answer"]
    assert server.fake.journal.total == 0
    assert ann.get(f"/v1/browser_profiles/{made['browser_profile_id']}").status_code == 200


@pytest.mark.parametrize(
    ("name", "body", "status", "said"),
    [
        ("create_browser_profil", {}, 404, "Did you mean create_browser_profile?"),
        ("create_browser_profile", {"body": {}}, 422, "name: Field required"),
        ("create_browser_profile", {"body": [1]}, 422, "wanted"),
        ("create_browser_profile", {"boddy": {}}, 422, "wanted"),
        ("get_run", {"params": {"run_id": "wr_1"}}, 422, "wr_1"),
        ("get_run", {}, 422, "run_id"),
    ],
)
def test_an_operation_that_cannot_be_done_is_refused(ann, name, body, status, said):
    answer = ann.post(f"/_skyvern_testkit/operations/{name}", json=body)
    assert answer.status_code == status
    assert said in answer.json()["error"]


# --- the desk itself ------------------------------------------------------------------------------


def test_an_unknown_path_names_those_there_are(ann):
    answer = ann.get("/_skyvern_testkit/jurnal")
    assert answer.status_code == 404
    assert "Did you mean journal?" in answer.json()["error"]
    assert "PATCH /_skyvern_testkit/faults/{number}" in answer.json()["there_is"]
    assert ann.get("/_skyvern_testkit/").json()["server"] == "skyvern-testkit"
    assert ann.put("/_skyvern_testkit/faults").status_code == 405


def test_an_order_needs_a_key_and_is_bounded(server, ann):
    assert httpx.get(f"{server.url}/_skyvern_testkit/journal").status_code == 403
    big = "#" * (BODY_LIMIT + 1)
    assert ann.post("/_skyvern_testkit/fake", content=big).status_code == 413
    assert ann.post("/_skyvern_testkit/fake", content=b"\xff").status_code == 422
    assert ann.post("/_skyvern_testkit/signals", content=b"{").status_code == 422


def test_without_a_desk_there_is_none():
    with fake_skyvern(clock="polls") as fake, serving(fake) as server, server.http() as client:
        answer = client.get("/_skyvern_testkit/journal")
        assert (answer.status_code, answer.json()) == (404, {"detail": "Not Found"})


def test_the_clock_says_who_moves_it(server):
    assert httpx.get(f"{server.url}/_skyvern_testkit/clock").json()["moved_by"] == "polls"
