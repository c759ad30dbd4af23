"""``GET /openapi.json``: what this fake takes and answers, in the words of OpenAPI 3.1.

The real server's document says the same of the real server: a test compares the two. Requests are
said by the models that check them, answers by the schemas that every answer is held to.
"""

from __future__ import annotations

from functools import cache

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


def get_openapi(call: Call) -> JsonObject:
    return _document(call.dialect.release)


@cache
def _document(release: str) -> JsonObject:
    from skyvern_testkit.api.openapi.document import document

    return document(release)


ENDPOINTS = (Endpoint("get_openapi", get_openapi, needs_key=False),)
