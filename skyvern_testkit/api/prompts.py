"""A prompt made better (SDK 1.0.1 had a method for it). No model works here: it comes back as it is."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


class ImproveQuery(Lazy):
    use_case: Annotated[str, Field(alias="use-case")]


class ImprovePrompt(Lazy):
    context: dict[str, Any] | None = None
    prompt: Annotated[str, Field(min_length=1)]


def improve_prompt(call: Call) -> JsonObject:
    """The prompt without the spaces around it: the same prompt, the same answer."""
    prompt: str = call.body.prompt
    return {"error": None, "improved": prompt.strip(), "original": prompt}


ENDPOINTS = (
    Endpoint("prompts.improve_prompt", improve_prompt, body=ImprovePrompt, query=ImproveQuery),
)
