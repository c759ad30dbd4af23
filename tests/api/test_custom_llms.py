"""Custom LLMs: their keys are seen nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.redact import redact_body
from skyvern_testkit.world.custom_llms import CustomLlm
from tests.api.asking import ask, send

KEY = "sk-very-secret"
CONFIG: dict[str, Any] = {
    "display_name": "Mine",
    "provider": "openai_compatible",
    "model_name": "m",
    "api_base": "https://user:hunter2@llm.example/v1",
    "api_key": KEY,
    "extra_parameters": {"access_token": "t0ken"},
}


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern(seed=11)


def test_a_key_is_kept_and_never_shown(fake: FakeSkyvern):
    made = ask(fake, "POST /v1/custom-llms", config=CONFIG)["custom_llm"]
    (row,) = fake.world.rows(CustomLlm)
    assert row.config["api_key"] == KEY
    assert KEY not in repr(row)
    assert made["config"]["api_key"] == "********"


def test_the_mask_keeps_the_key_and_not_itself(fake: FakeSkyvern):
    llm_id = ask(fake, "POST /v1/custom-llms", config=CONFIG)["custom_llm"]["id"]
    masked = {**CONFIG, "api_key": "********", "display_name": "Other"}
    ask(fake, f"PUT /v1/custom-llms/{llm_id}", config=masked)
    (row,) = fake.world.rows(CustomLlm)
    assert (row.config["api_key"], row.config["display_name"]) == (KEY, "Other")


def test_what_is_shown_of_requests_hides_keys(fake: FakeSkyvern):
    for name in ("m", " "):  # a refusal repeats what was sent
        answer = send(fake, "POST /v1/custom-llms", config={**CONFIG, "model_name": name})
        told = redact_body(json.dumps({"config": CONFIG}).encode()) + redact_body(answer.body)
        assert "Mine" in told
        for secret in (KEY, "hunter2", "t0ken"):
            assert secret not in told


def test_a_fork_has_its_own(fake: FakeSkyvern):
    twin = fake.fork()
    ask(twin, "POST /v1/custom-llms", config=CONFIG)
    assert ask(fake, "GET /v1/custom-llms") == {"custom_llms": []}
