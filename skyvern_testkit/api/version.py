"""The version of the server and its heartbeat, the two routes without a key."""

from __future__ import annotations

from skyvern_testkit.api.call import Answer, Call, Endpoint
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS", "SERVER_VERSION"]

SERVER_VERSION = "1.0.56"
"""The release of the real server whose behaviour this is."""


def get_version(_: Call) -> JsonObject:
    return {"version": SERVER_VERSION}


def heartbeat(_: Call) -> Answer:
    return Answer(
        200, raw=b"Server is running.", headers=(("x-skyvern-api-version", "development"),)
    )


ENDPOINTS = (
    Endpoint("get_version", get_version, needs_key=False),
    Endpoint("heartbeat", heartbeat, needs_key=False),
)
