"""The models that a server 1.0.56 offers by name (recorded: ``extras.get_api_v1_models``)."""

from __future__ import annotations

from typing import Final

__all__ = ["MODELS"]

MODELS: Final[dict[str, str]] = {
    "gemini-2.5-pro-preview-05-06": "Gemini 2.5 Pro",
    "gemini-2.5-flash": "Gemini 2.5 Flash",
    "gemini-3-pro-preview": "Gemini 3 Pro (Latest)",
    "gemini-3.0-flash": "Gemini 3 Flash",
    "gemini-3.5-flash": "Gemini 3.5 Flash",
    "gemini-3.5-flash-lite": "Gemini 3.5 Flash Lite",
    "gemini-3.6-flash": "Gemini 3.6 Flash",
    "gemini-2.5-flash-lite": "Gemini 2.5 Flash Lite",
    "mercury-2": "Inception Mercury 2",
    "azure/gpt-4.1": "GPT 4.1",
    "azure/gpt-5": "GPT 5",
    "azure/gpt-5-mini": "GPT 5 Mini",
    "azure/gpt-5.2": "GPT 5.2",
    "azure/gpt-5.4": "GPT 5.4",
    "azure/gpt-6-astra": "GPT 6 Astra",
    "azure/gpt-6-sol": "GPT 6 Sol",
    "azure/gpt-6.1-sol": "GPT 6.1 Sol",
    "azure/gpt-6-luna": "GPT 6 Luna",
    "azure/gpt-5.6-sol": "GPT 5.6 Sol",
    "azure/gpt-5.6-terra": "GPT 5.6 Terra",
    "azure/gpt-5.6-luna": "GPT 5.6 Luna",
    "azure/o3": "GPT O3",
    "claude-haiku-4-5-20251001": "Anthropic Claude 4.5 Haiku",
    "claude-sonnet-4-5-20250929": "Anthropic Claude 4.5 Sonnet",
    "claude-opus-4-5-20251101": "Anthropic Claude 4.5 Opus",
    "claude-opus-4-6": "Anthropic Claude 4.6 Opus",
    "claude-fable-5": "Anthropic Claude Fable 5",
    "claude-fable-5-1": "Anthropic Claude Fable 5.1",
    "claude-opus-5": "Anthropic Claude Opus 5",
    "claude-opus-5-5": "Anthropic Claude Opus 5.5",
}
"""What a client puts into ``model`` -> what people call it."""
