"""The version of the server and its heartbeat, the two routes without a key."""

from __future__ import annotations

from skyvern_testkit.api.call import Answer, Call, Endpoint
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


def get_version(call: Call) -> JsonObject:
    return {"version": call.dialect.release}


def heartbeat(_: Call) -> Answer:
    return Answer(
        200, raw=b"Server is running.", headers=(("x-skyvern-api-version", "development"),)
    )


ENDPOINTS = (
    Endpoint("get_version", get_version, needs_key=False),
    Endpoint("heartbeat", heartbeat, needs_key=False),
)
