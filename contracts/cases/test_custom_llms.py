"""Custom LLMs, and the list of models."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

MASK = "********"
OLLAMA: dict[str, Any] = {"display_name": "Mine", "provider": "ollama", "model_name": "m"}
OPEN: dict[str, Any] = {
    "display_name": "Mine",
    "provider": "openai_compatible",
    "model_name": "gpt-x",
    "api_base": "https://llm.example/v1",
    "api_key": "sk-1",
}


def new_llm(skyvern: Caller, config: dict[str, Any] | None = None) -> Any:
    return skyvern.call("create_custom_llm", config=config or OPEN).ok()["custom_llm"]


def update(skyvern: Caller, llm_id: str, config: dict[str, Any]) -> Any:
    return skyvern.call("update_custom_llm", custom_llm_id=llm_id, config=config)


@case("custom_llms.create", fact="resources 11, 14")
def test_new_llm_hides_its_key(skyvern: Caller) -> None:
    made = new_llm(skyvern)
    assert made["id"].startswith("oat_")
    assert (made["config"]["api_key"], made["valid"]) == (MASK, True)
    assert made["config"]["api_base"] == "https://llm.example/v1"
    assert made["config"]["supports_vision"] is True
    assert made["config"]["extra_parameters"] == {}


@case("custom_llms.create.no_key", fact="recorded: llms.p_ollama_d_d")
def test_ollama_needs_no_key_and_no_address(skyvern: Caller) -> None:
    config = new_llm(skyvern, OLLAMA)["config"]
    assert (config["api_key"], config["api_base"]) == (None, "http://localhost:11434")


@case("custom_llms.create.openrouter", fact="recorded: llms.p_openrouter_d_k")
def test_openrouter_has_an_address(skyvern: Caller) -> None:
    config = {**OLLAMA, "provider": "openrouter", "api_key": "k"}
    assert new_llm(skyvern, config)["config"]["api_base"] == "https://openrouter.ai/api/v1"


@case("custom_llms.create.needs", fact="recorded: llms.p_gemini_d_d")
@pytest.mark.parametrize(
    "config",
    [
        {**OLLAMA, "provider": "gemini"},
        {**OLLAMA, "provider": "openrouter"},
        {**OLLAMA, "provider": "openai_compatible", "api_key": "k"},
        {**OPEN, "api_key": ""},
        {**OPEN, "api_base": "  "},
        {**OPEN, "api_base": "notaurl"},
        {**OPEN, "api_base": "ftp://llm.example"},
    ],
)
def test_provider_has_needs(skyvern: Caller, config: dict[str, Any]) -> None:
    skyvern.call("create_custom_llm", config=config).invalid(("value_error", "body", "config"))


@case("custom_llms.create.trimmed", fact="recorded: llms.name_trim")
def test_names_are_trimmed(skyvern: Caller) -> None:
    assert new_llm(skyvern, {**OLLAMA, "display_name": "  a "})["config"]["display_name"] == "a"


@case("custom_llms.create.blank_name", fact="recorded: llms.name_space", raw_only="null is no name")
def test_blank_name_counts_as_none(skyvern: Caller) -> None:
    skyvern.call("create_custom_llm", config={**OLLAMA, "display_name": " "}).invalid(
        ("string_type", "body", "config", "display_name")
    )


@case("custom_llms.create.limits", fact="recorded: llms.temp_3")
@pytest.mark.parametrize(
    ("field", "value", "error"),
    [
        ("display_name", "x" * 121, "string_too_long"),
        ("model_name", "x" * 251, "string_too_long"),
        ("api_key", "x" * 1001, "string_too_long"),
        ("api_version", "x" * 101, "string_too_long"),
        ("reasoning_effort", "x" * 51, "string_too_long"),
        ("max_completion_tokens", 0, "greater_than_equal"),
        ("max_completion_tokens", 1_000_001, "less_than_equal"),
        ("temperature", -0.1, "greater_than_equal"),
        ("temperature", 2.1, "less_than_equal"),
    ],
)
def test_config_has_limits(skyvern: Caller, field: str, value: Any, error: str) -> None:
    skyvern.call("create_custom_llm", config={**OLLAMA, field: value}).invalid(
        (error, "body", "config", field)
    )


@case("custom_llms.create.reserved", fact="recorded: llms.reserved_*")
@pytest.mark.parametrize("name", ["model", "API_KEY", " stream ", "tools", "drop_params"])
def test_some_parameters_are_the_servers_own(skyvern: Caller, name: str) -> None:
    config = {**OLLAMA, "extra_parameters": {"ok": 1, name: 1}}
    skyvern.call("create_custom_llm", config=config).invalid(
        ("value_error", "body", "config", "extra_parameters")
    )


@case("custom_llms.list", fact="resources 11", alone=True)
def test_list_is_newest_first(skyvern: Caller) -> None:
    made = []
    for _ in range(2):
        made.append(new_llm(skyvern)["id"])
        skyvern.wait(0.01)
    rows = skyvern.call("list_custom_llms").ok()["custom_llms"]
    assert [row["id"] for row in rows] == made[::-1]
    assert {row["config"]["api_key"] for row in rows} == {MASK}


@case("custom_llms.update", fact="recorded: llms.update")
def test_update_replaces_everything(skyvern: Caller) -> None:
    llm = new_llm(skyvern, {**OPEN, "temperature": 1})
    changed = update(skyvern, llm["id"], OLLAMA).ok()["custom_llm"]
    assert (changed["id"], changed["created_at"]) == (llm["id"], llm["created_at"])
    assert (changed["config"]["api_key"], changed["config"]["temperature"]) == (None, None)


@case("custom_llms.update.mask", fact="recorded: llms.other_masked")
def test_mask_keeps_the_key(skyvern: Caller) -> None:
    llm = new_llm(skyvern)
    kept = update(skyvern, llm["id"], {**OPEN, "api_key": MASK}).ok()["custom_llm"]
    assert kept["config"]["api_key"] == MASK


@case("custom_llms.update.mask.of_none", fact="recorded: llms.other_lost")
def test_mask_of_no_key_is_no_key(skyvern: Caller) -> None:
    llm = new_llm(skyvern, OLLAMA)
    update(skyvern, llm["id"], {**OPEN, "api_key": MASK}).refused(
        422, "Value error, api_key is required for OpenAI-compatible models"
    )


@case("custom_llms.update.same", fact="recorded: llms.other_same")
def test_update_without_a_change_is_none(skyvern: Caller) -> None:
    llm = new_llm(skyvern, OLLAMA)
    skyvern.wait(0.01)
    assert update(skyvern, llm["id"], OLLAMA).ok()["custom_llm"] == llm


@case("custom_llms.unknown", fact="resources 11, 13")
def test_unknown_llm_is_missed(skyvern: Caller) -> None:
    update(skyvern, "oat_1", OLLAMA).refused(404, "Custom LLM not found")
    skyvern.call("delete_custom_llm", custom_llm_id="oat_1").refused(404, "Custom LLM not found")


@case("custom_llms.stranger", fact="recorded: llms.update_foreign")
def test_llms_are_their_organisations(skyvern: Caller) -> None:
    llm_id, stranger = new_llm(skyvern)["id"], skyvern.stranger()
    update(stranger, llm_id, OLLAMA).refused(404)
    stranger.call("delete_custom_llm", custom_llm_id=llm_id).refused(404)
    assert stranger.call("list_custom_llms").ok() == {"custom_llms": []}


@case("custom_llms.delete", fact="resources 11")
def test_deleted_llm_is_gone(skyvern: Caller) -> None:
    llm_id = new_llm(skyvern)["id"]
    told = skyvern.call("delete_custom_llm", custom_llm_id=llm_id).ok()
    assert told == {"success": True}
    skyvern.call("delete_custom_llm", custom_llm_id=llm_id).refused(404, "Custom LLM not found")
    update(skyvern, llm_id, OLLAMA).refused(404, "Custom LLM not found")


@case("models.list", fact="recorded: llms.models", raw_only="the SDK has no method for it")
def test_models_name_ones_own(skyvern: Caller) -> None:
    llm_id = new_llm(skyvern)["id"]
    models = skyvern.send("GET", "/api/v1/models").ok()["models"]
    assert models[f"custom/{llm_id}"] == f"Mine (Custom {llm_id})"
    assert "gemini-2.5-flash" in models


@case(
    "models.stranger", fact="recorded: llms.list_foreign", raw_only="the SDK has no method for it"
)
def test_models_name_nobody_elses(skyvern: Caller) -> None:
    llm_id = new_llm(skyvern)["id"]
    models = skyvern.stranger().send("GET", "/api/v1/models").ok()["models"]
    assert f"custom/{llm_id}" not in models
