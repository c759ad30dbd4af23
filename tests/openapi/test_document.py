"""GET /openapi.json: the fake's own document, against what the real server's says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from openapi_spec_validator import validate

from skyvern_testkit.api.dialects import dialect_named
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.routing import ROUTER, Matched
from skyvern_testkit.contractfiles import read_contract
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import PUBLIC, Operation
from tests.api.asking import ask, refused, send
from tests.openapi.comparing import Comparison
from tests.recorded.evidence import groups, recorded

THEIRS = read_contract("schemas/requests.json")
SERVED = [operation for operation in PUBLIC if operation.name in endpoints()]
OLD = "1.0.24"

DIFFERENT = {
    "artifacts.get_artifact_content": (
        {f"query {name}: only ours" for name in ("expiry", "kid", "sig")},
        "the server reads these from a signed address without declaring them",
    ),
    "create_browser_session": (
        {"body: only ours may be null"},
        "the server takes null, which stands for an empty body",
    ),
    "run_sdk_action": (
        {
            "body.action: required ['type'], theirs None",
            "body.action: required ['type', 'prompt'], theirs ['prompt']",
        },
        "the server tells actions apart by `type`, and refuses one without it",
    ),
    "get_credentials": (
        {"query folder_id: only ours"},
        "folders of credentials are hidden, and so is this parameter",
    ),
}
"""Operations whose document is not the real server's: how, and why."""


@cache
def document(release: str = "1.0.56") -> Any:
    return ask(FakeSkyvern(dialect=release), "GET /openapi.json")


def operations_of(release: str = "1.0.56") -> dict[str, Any]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document(release)["paths"].items()
        for method, operation in item.items()
    }


def models(release: str = "1.0.56") -> Any:
    return document(release)["components"]["schemas"]


def ours(operation: Operation) -> Any:
    return operations_of()[f"{operation.method} {operation.path}"]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        yield from value.get("discriminator", {}).get("mapping", {}).values()
        for item in value.values():
            yield from references(item)


# --- what it is -------------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["1.0.56", OLD, "1.0.0"])
def test_it_is_a_valid_document_of_openapi(release: str):
    validate(document(release))


@pytest.mark.parametrize("release", ["1.0.56", OLD, "1.0.0"])
def test_every_model_that_it_names_is_there_and_no_other(release: str):
    named = {reference.rpartition("/")[2] for reference in references(document(release))}
    assert named == set(models(release))


def test_it_holds_no_word_of_our_classes():
    assert "skyvern_testkit" not in str(document())


def test_nobody_needs_a_key_to_read_it():
    assert send(FakeSkyvern(), "GET /openapi.json", key="junk").status == 200


def test_head_tells_its_length():
    fake = FakeSkyvern()
    head, get = send(fake, "HEAD /openapi.json"), send(fake, "GET /openapi.json")
    assert (head.status, head.body) == (200, b"")
    assert head.header("content-length") == str(len(get.body))


def test_another_method_is_told_both():
    response = send(FakeSkyvern(), "POST /openapi.json")
    assert (response.status, response.header("allow")) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/docs/oauth2-redirect"])
def test_pages_that_show_it_are_declined_with_the_way_to_it(path: str):
    status, detail = refused(FakeSkyvern(), f"GET {path}")
    assert status == 501
    assert "the document is at /openapi.json" in detail


# --- the same as the real server's ------------------------------------------------------------


def test_it_names_the_public_operations_that_are_served():
    assert set(operations_of()) == {f"{row.method} {row.path}" for row in SERVED}


def parameter_name(row: Any) -> str:
    """Place and name; a header's is the same in any case."""
    name = row["name"].lower() if row["in"] == "header" else row["name"]
    return f"{row['in']} {name}"


def differences(operation: Operation) -> Iterator[str]:
    said, theirs = ours(operation), THEIRS["operations"][operation.name]
    comparison = Comparison(models(), THEIRS["$defs"])
    mine, real = (
        {parameter_name(row): row for row in rows}
        for rows in (said.get("parameters", []), theirs["parameters"])
    )
    for name in sorted(mine.keys() ^ real.keys()):
        yield f"{name}: only {'ours' if name in mine else 'theirs'}"
    for name in sorted(mine.keys() & real.keys()):
        if mine[name]["required"] != real[name]["required"]:
            yield f"{name}: required {mine[name]['required']}"
        yield from comparison.differences(mine[name]["schema"], real[name]["schema"], name)
    body, real_body = said.get("requestBody"), theirs.get("body")
    if body is None or real_body is None:
        if body or real_body:
            yield f"body: only {'ours' if body else 'theirs'}"
        return
    ((media, content),) = body["content"].items()
    if (media, body["required"]) != (real_body["media"], real_body["required"]):
        yield f"body: {media}, required {body['required']}"
    yield from comparison.differences(content["schema"], real_body["schema"], "body")


@pytest.mark.parametrize("operation", SERVED, ids=lambda row: row.name)
def test_an_operation_takes_what_the_real_one_takes(operation: Operation):
    known, _ = DIFFERENT.get(operation.name, (set(), ""))
    assert set(differences(operation)) == known


@pytest.mark.parametrize("operation", SERVED, ids=lambda row: row.name)
def test_an_operation_declares_what_the_real_one_declares_and_its_refusals(operation: Operation):
    said, theirs = ours(operation), THEIRS["operations"][operation.name]
    assert (said["operationId"], said["tags"]) == (theirs["id"], theirs["tags"])
    assert said["responses"].keys() >= {*theirs["statuses"], "422"}
    assert ("403" in said["responses"]) >= endpoints()[operation.name].needs_key
    for status, answer in said["responses"].items():
        is_refusal = int(status) >= 400 and status != "416"
        assert not is_refusal or "application/json" in answer["content"]


def test_a_difference_is_seen():
    folder = next(row for row in SERVED if row.name == "create_folder")
    said = models()["CreateFolderRequest"]["properties"]["title"]
    before = said.pop("maxLength")
    try:
        assert list(differences(folder)) == ["body.title: maxLength is None, theirs 255"]
    finally:
        said["maxLength"] = before


# --- keys and links ---------------------------------------------------------------------------


def test_an_operation_needs_the_key_unless_it_says_otherwise():
    assert document()["security"] == [{"x-api-key": []}]
    scheme = document()["components"]["securitySchemes"]["x-api-key"]
    assert scheme == {"type": "apiKey", "in": "header", "name": "x-api-key"}
    otherwise = {
        name: row["security"] for name, row in operations_of().items() if "security" in row
    }
    assert otherwise == {
        "GET /v1/version": [],
        "GET /v1/artifacts/{artifact_id}/content": [{"x-api-key": []}, {}],
    }


def test_links_lead_to_operations_and_give_them_all_that_their_paths_ask():
    by_id = {row["operationId"]: row for row in operations_of().values()}
    seen = 0
    for operation in operations_of().values():
        for answer in operation["responses"].values():
            for link in answer.get("links", {}).values():
                seen += 1
                rows = by_id[link["operationId"]].get("parameters", [])
                asked = {f"path.{row['name']}" for row in rows if row["in"] == "path"}
                assert set(link.get("parameters", asked)) == asked
    assert seen > 20


def test_a_folder_that_was_made_can_be_asked_for():
    links = operations_of()["POST /v1/folders"]["responses"]["200"]["links"]
    assert links["get_folder"] == {
        "operationId": "get_folder_v1_folders__folder_id__get",
        "parameters": {"path.folder_id": "$response.body#/folder_id"},
    }


# --- older releases ---------------------------------------------------------------------------


def test_an_older_release_has_its_own_routes():
    public = [row for row in dialect_named(OLD).operations if not row.hidden]
    expected = {f"{row.method} {row.path}" for row in public if row.name in endpoints()}
    assert set(operations_of(OLD)) == expected
    assert "POST /v1/run/workflows" in expected
    assert "POST /v1/run/agents" not in expected


def test_an_older_release_neither_takes_nor_tells_what_came_later():
    dialect = dialect_named(OLD)
    forgotten = dialect.forgotten("run_task")
    assert forgotten
    assert not forgotten & set(models(OLD)["RunTaskRequest"]["properties"])
    left_out = dialect.left_out("create_browser_session")
    answer = operations_of(OLD)["POST /v1/browser_sessions"]["responses"]["200"]
    told = answer["content"]["application/json"]["schema"]["properties"]
    assert left_out
    assert not left_out & set(told)
    assert "browser_session_id" in told


# --- what was recorded ------------------------------------------------------------------------


def recorded_statuses() -> Iterator[tuple[str, int]]:
    for group in groups():
        for exchange in recorded(group):
            found = ROUTER.match(Request.to(exchange.method, exchange.path))
            if isinstance(found, Matched) and not found.operation.hidden:
                operation = found.operation
                yield f"{operation.method} {operation.path}", exchange.status


def test_every_status_that_was_recorded_is_declared_but_those_of_a_crash():
    declared = {name: set(row["responses"]) for name, row in operations_of().items()}
    seen = {(name, str(status)) for name, status in recorded_statuses() if status < 500}
    assert len(seen) > 300
    assert {(name, status) for name, status in seen if status not in declared[name]} == set()
