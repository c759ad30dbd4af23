"""What a task shows as its output: the script's word, the schema's, or none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import Step, completed
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.times import SECOND

SCHEMA = {
    "type": "object",
    "properties": {"open": {"type": "boolean"}},
    "required": ["open"],
}
HEADERS = (("x-api-key", "k"), ("content-type", "application/json"))


def output_of(fake: FakeSkyvern, **asked: Any) -> Any:
    body = {"prompt": "p", "data_extraction_schema": SCHEMA, **asked}
    sent = Request.to("POST", "/v1/run/tasks", headers=HEADERS, body=json.dumps(body).encode())
    run_id = fake.handle(sent).json["run_id"]
    read = Request.to("GET", f"/v1/runs/{run_id}", headers=HEADERS)
    return fake.handle(read, now=fake.world.now + 60 * SECOND).json["output"]


def advice(fake: FakeSkyvern) -> list[str]:
    return [item.kind for item in fake.world.advice]


def test_a_schema_gives_a_plausible_output():
    fake = FakeSkyvern()
    output = output_of(fake, engine="skyvern-2.0", url="https://example.com")
    assert isinstance(output["open"], bool)
    assert advice(fake) == []


def test_a_1_0_task_with_a_url_has_none_and_the_test_is_told():
    # facts: runs 4, v1_extract
    fake = FakeSkyvern()
    assert output_of(fake, url="https://example.com") is None
    assert advice(fake) == ["schema_without_extraction"]


@pytest.mark.parametrize("said", [None, {"open": True}, {"anything": 1}])
def test_the_script_s_word_wins_none_included(said: Any):
    fake = FakeSkyvern()
    fake.on(prompt="*").play(completed(said))
    assert output_of(fake, engine="skyvern-2.0", url="https://example.com") == said


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (completed({"open": True}), []),
        (completed(None), []),
        (completed({"open": "yes"}), ["output_against_schema"]),
        (completed({}), ["output_against_schema"]),
    ],
)
def test_a_scripted_output_against_the_caller_s_schema_is_told(step: Step, told: list[str]):
    fake = FakeSkyvern()
    fake.on(prompt="*").play(step)
    output_of(fake, engine="skyvern-2.0", url="https://example.com")
    assert advice(fake) == told
