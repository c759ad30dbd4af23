"""Workflows: what recordings of one organisation's requests cannot show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import Any

import pytest
from pydantic import ValidationError

from skyvern_testkit.api.workflows import make_workflow, render
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.rows import Workflow
from tests.recorded.evidence import recorded

WAIT = {"block_type": "wait", "label": "a", "wait_sec": 1}
TEXT = {
    "parameter_type": "workflow",
    "key": "region",
    "workflow_parameter_type": "string",
    "default_value": "EU",
}
MINE, OTHERS = "mine.mine.mine", "other.other.other"


@pytest.fixture
def fake() -> FakeSkyvern:
    fake = FakeSkyvern(seed=3, strict_keys=True)
    fake.keys.add(MINE)
    fake.keys.add(OTHERS)
    return fake


def ask(
    fake: FakeSkyvern,
    method: str,
    target: str,
    body: Any = None,
    *,
    key: str = MINE,
    **headers: str,
) -> Response:
    sent = [("x-api-key", key), ("content-type", "application/json")]
    sent += [(name.replace("_", "-"), value) for name, value in headers.items()]
    raw = b"" if body is None else json.dumps(body).encode()
    now = fake.world.now + SECOND
    return fake.handle(Request.to(method, target, headers=tuple(sent), body=raw), now=now)


def request(*blocks: Any, parameters: Any = (), title: str = "T", **more: Any) -> dict[str, Any]:
    definition = {"parameters": list(parameters), "blocks": list(blocks)}
    return {"json_definition": {"title": title, "workflow_definition": definition, **more}}


def create(fake: FakeSkyvern, *blocks: Any, key: str = MINE, **more: Any) -> Any:
    response = ask(fake, "POST", "/v1/agents", request(*(blocks or (WAIT,)), **more), key=key)
    assert response.status == 200, response.body
    return response.json


def titles(fake: FakeSkyvern, query: str = "", *, key: str = MINE) -> list[str]:
    return [item["title"] for item in ask(fake, "GET", f"/v1/agents{query}", key=key).json]


# --- organisations ----------------------------------------------------------------------------


def test_another_organisation_sees_nothing(fake: FakeSkyvern):
    made = create(fake, title="Mine")["workflow_permanent_id"]

    assert titles(fake, key=OTHERS) == []
    assert ask(fake, "GET", f"/v1/agents/{made}/versions", key=OTHERS).json == []
    answer = ask(fake, "GET", f"/v1/agents/{made}", key=OTHERS)
    assert answer.status == 404
    assert answer.json == {"detail": f"Workflow not found. workflow_permanent_id={made}"}


def test_another_organisation_deletes_nothing(fake: FakeSkyvern):
    made = create(fake)["workflow_permanent_id"]

    answer = ask(fake, "POST", f"/v1/agents/{made}/delete", key=OTHERS)

    assert (answer.status, answer.json) == (200, None)
    assert ask(fake, "GET", f"/v1/agents/{made}").status == 200


def test_an_idempotency_key_belongs_to_its_organisation(fake: FakeSkyvern):
    mine = ask(fake, "POST", "/v1/agents", request(WAIT), idempotency_key="k").json
    theirs = ask(fake, "POST", "/v1/agents", request(WAIT), key=OTHERS, idempotency_key="k").json

    assert mine["workflow_permanent_id"] != theirs["workflow_permanent_id"]
    assert mine["organization_id"] != theirs["organization_id"]


# --- idempotency, deletion --------------------------------------------------------------------


def test_an_idempotency_key_answers_the_first_workflow_even_when_it_is_deleted(fake: FakeSkyvern):
    first = ask(fake, "POST", "/v1/agents", request(WAIT, title="One"), idempotency_key="k").json
    again = ask(fake, "POST", "/v1/agents", request(WAIT, title="Two"), idempotency_key="k").json
    assert again == first

    ask(fake, "POST", f"/v1/agents/{first['workflow_permanent_id']}/delete")
    deleted = ask(fake, "POST", "/v1/agents", request(), idempotency_key="k").json
    assert deleted["workflow_id"] == first["workflow_id"]
    assert deleted["deleted_at"] is not None
    assert titles(fake) == []


def test_a_key_of_a_refused_request_is_still_free(fake: FakeSkyvern):
    refused = ask(fake, "POST", "/v1/agents", request({**WAIT, "wait_sec": 0}), idempotency_key="k")
    made = ask(fake, "POST", "/v1/agents", request(WAIT), idempotency_key="k")

    assert (refused.status, made.status) == (422, 200)


def test_an_unreadable_idempotency_key_comes_before_the_body(fake: FakeSkyvern):
    answer = ask(fake, "POST", "/v1/agents", request({"label": "x"}), idempotency_key="a b")

    assert answer.status == 422
    assert answer.json == {"detail": "Idempotency-Key must contain 1 to 255 visible ASCII bytes."}


# --- lists ------------------------------------------------------------------------------------


def test_lists_show_the_newest_first_and_say_when_a_workflow_was_made(fake: FakeSkyvern):
    made = [create(fake, title=f"W{number}") for number in range(12)]

    assert titles(fake) == [f"W{number}" for number in range(11, 1, -1)]
    assert titles(fake, "?page=2") == ["W1", "W0"]
    assert titles(fake, "?page=3") == []
    newest = ask(fake, "GET", "/v1/agents?page_size=1").json[0]
    assert newest["original_created_at"] == made[-1]["created_at"]
    assert newest | {"original_created_at": None} == made[-1]


def test_lists_leave_out_what_the_server_made_itself(fake: FakeSkyvern):
    for status in ("published", "draft", "auto_generated"):
        create(fake, title=status, status=status)

    assert titles(fake) == ["draft", "published"]
    assert titles(fake, "?status=auto_generated&status=draft") == ["auto_generated", "draft"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search_key=INVOICE", ["Invoices 50%"]),
        ("search_key=i%25es", ["Invoices 50%"]),
        ("search_key=n_o", ["Invoices 50%"]),
        ("search_key=region", ["Regional"]),
        ("search_key=eu", ["Regional"]),
        ("search_key=a_output", ["Regional", "Invoices 50%"]),
        ("title=invoices", ["Invoices 50%"]),
        ("title=invoices&search_key=regional", ["Regional"]),
        ("only_saved_tasks=true", ["Regional"]),
        ("only_workflows=true", ["Invoices 50%"]),
        ("only_templates=true", []),
        ("folder_id=fld_1", []),
        ("tags=team:billing", []),
    ],
)
def test_lists_find(fake: FakeSkyvern, query: str, found: list[str]):
    create(fake, title="Invoices 50%")
    create(fake, title="Regional", parameters=[TEXT], is_saved_task=True)

    assert titles(fake, f"?{query}") == found


# --- definitions that are read and posted again -----------------------------------------------

ACCEPTED = [
    pytest.param(exchange.request_body, id=exchange.name)
    for group in ("blocks", "blocks2")
    for exchange in recorded(group)
    if exchange.status == 200 and exchange.method == "POST"
]


def as_request(block: dict[str, Any]) -> dict[str, Any]:
    """An answered block as its client would send it again: parameters by their keys."""
    block = dict(block)
    changed: dict[str, Any] = {
        "parameter_keys": [item["key"] for item in block.pop("parameters", ())]
    }
    if block.get("loop_over") is not None and not block["loop_variable_reference"]:
        changed["loop_over_parameter_key"] = block["loop_over"]["key"]
    if "loop_blocks" in block:
        changed["loop_blocks"] = [as_request(inner) for inner in block["loop_blocks"]]
    if "smtp_host" in block:
        names = ("smtp_host", "smtp_port", "smtp_username", "smtp_password")
        secrets = {name: block[name] for name in names if block[name]["workflow_id"]}
        changed |= {f"{name}_secret_parameter_key": item["key"] for name, item in secrets.items()}
    return block | changed


def as_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    source = parameter.get("source")
    return parameter | {"source_parameter_key": source["key"]} if source else parameter


def without_identity(definition: dict[str, Any]) -> str:
    text = re.sub(r"\b[a-z]+_\d{17,19}\b", "<id>", json.dumps(definition))
    text = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+", "<instant>", text)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)


def as_definition(definition: dict[str, Any]) -> dict[str, Any]:
    """An answered definition as its client would send it again."""
    asked = [p for p in definition["parameters"] if p["parameter_type"] != "output"]
    return definition | {
        "parameters": [as_parameter(parameter) for parameter in asked],
        "blocks": [as_request(block) for block in definition["blocks"]],
    }


@pytest.mark.parametrize("body", ACCEPTED)
def test_a_definition_read_back_makes_the_same_definition(fake: FakeSkyvern, body: bytes):
    made = ask(fake, "POST", "/v1/agents", json.loads(body)).json
    at = f"/v1/agents/{made['workflow_permanent_id']}"
    definition = ask(fake, "GET", at).json["workflow_definition"]
    again = {"title": "again", "workflow_definition": as_definition(definition)}

    for target, sent in (
        ("/v1/agents", {"json_definition": again}),
        (at, {"json_definition": again}),
        (at, {"yaml_definition": json.dumps(again)}),
    ):
        answer = ask(fake, "POST", target, sent)
        assert answer.status == 200, answer.body
        assert without_identity(answer.json["workflow_definition"]) == without_identity(definition)


# --- what stays as it was ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        request({"block_type": "nonsense", "label": "a"}),
        request({**WAIT, "wait_sec": 0}),
        request(WAIT, {**WAIT, "label": "b", "next_block_label": "nowhere"}),
        request(WAIT, parameters=[TEXT, TEXT]),
        request(WAIT, parameters=[{**TEXT, "workflow_parameter_type": "integer"}]),
        request(WAIT, browser_type="chrome"),
        request(WAIT, webhook_callback_url="ftp://example.com"),
        request(WAIT, folder_id="fld_1"),
        {"yaml_definition": "title: T"},
        {},
    ],
)
def test_a_refused_request_leaves_the_world_as_it_was(fake: FakeSkyvern, body: Any):
    twin = fake.fork()

    assert ask(fake, "POST", "/v1/agents", body).status >= 400

    assert fake.world.diff(twin.world) == {}
    twin.world.advance(fake.world.now)
    assert fake.world.new_number() == twin.world.new_number()
    assert fake.world.random.getstate() == twin.world.random.getstate()


def test_a_forked_world_makes_the_same_bytes(fake: FakeSkyvern):
    branch = {
        "block_type": "conditional",
        "label": "c",
        "branch_conditions": [{"is_default": True, "next_block_label": "a"}],
    }
    twin = fake.fork()

    there, here = (
        ask(world, "POST", "/v1/agents", request(branch, WAIT)) for world in (twin, fake)
    )

    assert here == there


# --- without HTTP -----------------------------------------------------------------------------


def test_a_workflow_is_made_without_http(fake: FakeSkyvern):
    row = make_workflow(
        fake.world,
        fake.organization_id,
        {"parameters": [TEXT], "blocks": [WAIT]},
        title="Log in",
        status="auto_generated",
        webhook_callback_url="example.com/hook",
    )

    assert fake.world.get(Workflow, row.id) is row
    assert row.id.startswith("w_")
    assert row.permanent_id.startswith("wpid_")
    assert row.settings["status"] == "auto_generated"
    assert render(row)["webhook_callback_url"] == "https://example.com/hook"
    assert [block["label"] for block in row.blocks] == ["a"]


def test_headers_for_the_browser_are_kept_and_never_answered(fake: FakeSkyvern):
    made = create(fake, cdp_connect_headers={"Authorization": "secret"})

    row = fake.world.get(Workflow, made["workflow_id"])
    assert row is not None
    assert row.settings["cdp_connect_headers"] == {"Authorization": "secret"}
    assert made["cdp_connect_headers"] == {"Authorization": "***"}


def test_what_is_no_definition_is_no_workflow(fake: FakeSkyvern):
    with pytest.raises(ValidationError, match="goto_url"):
        make_workflow(
            fake.world,
            fake.organization_id,
            {"parameters": [], "blocks": [{"block_type": "goto_url", "label": "a"}]},
        )
    with pytest.raises(Refusal, match="requires navigation_goal"):
        make_workflow(
            fake.world,
            fake.organization_id,
            {"parameters": [], "blocks": [{"block_type": "action", "label": "a"}]},
        )


def test_models_of_workflows_are_not_made_before_the_first_workflow():
    program = (
        "from skyvern_testkit.api.endpoints import endpoints; endpoints(); "
        "from skyvern_testkit.api.workflows.models import request_model; "
        "print(request_model.cache_info().currsize)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == "0"
