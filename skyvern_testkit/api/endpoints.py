"""Every endpoint that is served, family by family. Adding an operation is adding a row there."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from skyvern_testkit.api.call import Endpoint

__all__ = ["FAMILIES", "endpoints"]

FAMILIES = (
    "skyvern_testkit.api.openapi",
    "skyvern_testkit.api.credentials",
    "skyvern_testkit.api.vaults",
    "skyvern_testkit.api.organizations",
    "skyvern_testkit.api.prompts",
    "skyvern_testkit.api.billing",
    "skyvern_testkit.api.profiles",
    "skyvern_testkit.api.sessions",
    "skyvern_testkit.api.totp",
    "skyvern_testkit.api.version",
    "skyvern_testkit.api.workflows",
    "skyvern_testkit.api.folders",
    "skyvern_testkit.api.tags",
    "skyvern_testkit.api.runs",
    "skyvern_testkit.api.artifacts",
    "skyvern_testkit.api.uploads",
    "skyvern_testkit.api.schedules",
    "skyvern_testkit.api.scripts",
    "skyvern_testkit.api.script_cache",
    "skyvern_testkit.api.custom_llms",
    "skyvern_testkit.api.session_metadata",
    "skyvern_testkit.api.sdk_actions",
)


@cache
def endpoints() -> dict[str, Endpoint]:
    """Operation name -> how it is served; an operation that is not here is answered 501."""
    found: dict[str, Endpoint] = {}
    for family in FAMILIES:
        for endpoint in import_module(family).ENDPOINTS:
            found[endpoint.name] = endpoint
    return found
