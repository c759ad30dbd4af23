"""The version of the server, one of the few routes without a key."""

from __future__ import annotations

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS", "SERVER_VERSION"]

SERVER_VERSION = "1.0.56"
"""The release of the real server whose behaviour this is."""


def get_version(call: Call) -> JsonObject:
    return {"version": SERVER_VERSION}


ENDPOINTS = (Endpoint("get_version", get_version, needs_key=False),)
