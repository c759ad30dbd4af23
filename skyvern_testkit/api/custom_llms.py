"""Custom LLMs, and the list of models a client can ask for (facts: resources 11; recorded ``llms``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, cast
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.models import MODELS
from skyvern_testkit.wire.errors import Refusal, ServerCrash, check_storable
from skyvern_testkit.wire.jsontext import JsonObject, dump_answer
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.custom_llms import CustomLlm

__all__ = ["ENDPOINTS"]

MASK: Final = "********"
"""What is answered for a key; sent in an update, it stands for the key that is kept."""

_RESERVED: Final = frozenset(
    {
        "api_base",
        "api_key",
        "api_version",
        "custom_llm_provider",
        "drop_params",
        "messages",
        "model",
        "stream",
        "tools",
    }
)
"""Names of extra parameters that the server sets itself."""


class Provider(StrEnum):
    OPENAI_COMPATIBLE = "openai_compatible"
    OLLAMA = "ollama"
    OPENROUTER = "openrouter"
    GEMINI = "gemini"


_NAMES: Final = {
    Provider.OPENAI_COMPATIBLE: "OpenAI-compatible",
    Provider.OPENROUTER: "OpenRouter",
    Provider.GEMINI: "Gemini",
}
"""Providers that want a key, by their names in errors."""
_BASES: Final = {
    Provider.OLLAMA: "http://localhost:11434",
    Provider.OPENROUTER: "https://openrouter.ai/api/v1",
}


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


class Config(Lazy):
    display_name: Annotated[str, Field(min_length=1, max_length=120)]
    provider: Provider
    model_name: Annotated[str, Field(min_length=1, max_length=250)]
    api_base: Annotated[str, Field(max_length=500)] | None = None
    api_key: Annotated[str, Field(max_length=1000)] | None = Field(default=None, repr=False)
    api_version: Annotated[str, Field(max_length=100)] | None = None
    supports_vision: bool = True
    add_assistant_prefix: bool = False
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    reasoning_effort: Annotated[str, Field(max_length=50)] | None = None
    extra_parameters: dict[str, Any] = Field(default_factory=dict[str, Any])

    @field_validator(
        "display_name",
        "model_name",
        "api_base",
        "api_key",
        "api_version",
        "reasoning_effort",
        mode="before",
    )
    @classmethod
    def _blank_is_none(cls, value: Any) -> Any:
        return value.strip() or None if isinstance(value, str) else value

    @field_validator("extra_parameters", mode="before")
    @classmethod
    def _not_reserved(cls, value: Any) -> Any:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise ValueError("extra_parameters must be a JSON object")  # noqa: TRY004 - pydantic takes no other
        given = cast("dict[str, Any]", value)
        for name in map(str.strip, given):
            if name.lower() in _RESERVED:
                raise ValueError(
                    f"extra_parameters key '{name}' is reserved and cannot be overridden"
                )
        return given

    @model_validator(mode="after")
    def _complete(self) -> Config:
        named = _NAMES.get(self.provider)
        if self.api_base is None and self.provider is Provider.OPENAI_COMPATIBLE:
            raise ValueError(f"api_base is required for {named} models")
        if named is not None and self.api_key is None:
            raise ValueError(f"api_key is required for {named} models")
        base = self.api_base or _BASES.get(self.provider)
        if base is not None and not _is_http(base):
            raise ValueError("api_base must be an HTTP(S) URL")
        self.api_base = base
        return self


class SaveBody(Lazy):
    config: Config


def _shown(llm: CustomLlm) -> JsonObject:
    key = MASK if llm.config["api_key"] else None
    return {
        "id": llm.id,
        "organization_id": llm.organization_id,
        "config": {**llm.config, "api_key": key},
        "created_at": timestamp(llm.created_at),
        "modified_at": timestamp(llm.modified_at),
        "valid": True,
    }


def _asked(call: Call) -> CustomLlm:
    return call.find(CustomLlm, call.params["custom_llm_id"], "Custom LLM not found")


def _kept(asked: Config) -> JsonObject:
    """The settings as they are kept.

    Raises:
        ServerCrash: they hold half of a surrogate pair.
    """
    config: JsonObject = asked.model_dump(mode="json")
    try:
        dump_answer(config["extra_parameters"])
    except UnicodeEncodeError:
        raise ServerCrash("PydanticSerializationError") from None
    check_storable(*config.values())
    return config


def create_custom_llm(call: Call) -> JsonObject:
    config = _kept(call.body.config)
    return {"custom_llm": _shown(call.world.make(CustomLlm, call.organization_id, config=config))}


def list_custom_llms(call: Call) -> JsonObject:
    """All of them, newest first; the query is not read."""
    rows = list(call.world.rows(CustomLlm, call.organization_id))
    return {"custom_llms": [_shown(row) for row in reversed(rows)]}


def update_custom_llm(call: Call) -> JsonObject:
    """Everything anew, but the mask keeps the key; what stays the same is not touched."""
    llm = _asked(call)
    config = _kept(call.body.config)
    if config["api_key"] == MASK:
        config = _with_key(config, llm.config["api_key"])
    if config != llm.config:
        llm = call.world.change(llm, config=config)
    return {"custom_llm": _shown(llm)}


def _with_key(config: JsonObject, key: str | None) -> JsonObject:
    """The same with the kept key, if there is one where one is needed."""
    try:
        return Config.model_validate({**config, "api_key": key}).model_dump(mode="json")
    except ValidationError as error:
        raise Refusal(422, error.errors()[0]["msg"]) from None


def delete_custom_llm(call: Call) -> JsonObject:
    call.world.change(_asked(call), deleted_at=call.now)
    return {"success": True}


def get_models(call: Call) -> JsonObject:
    """The names of models, the caller's own last."""
    own = {
        f"custom/{row.id}": f"{row.config['display_name']} (Custom {row.id})"
        for row in call.world.rows(CustomLlm, call.organization_id)
    }
    return {"models": {**MODELS, **own}}


ENDPOINTS = (
    Endpoint("list_custom_llms", list_custom_llms, registered_first=True),
    Endpoint("create_custom_llm", create_custom_llm, body=SaveBody, registered_first=True),
    Endpoint("update_custom_llm", update_custom_llm, body=SaveBody, registered_first=True),
    Endpoint("delete_custom_llm", delete_custom_llm, registered_first=True),
    Endpoint("get_models", get_models),
)
