"""Workflows as raw YAML, whatever the content type says: the older paths, without a wrapper of JSON.

They trip where the others answer with a sentence, and an update repairs nothing.
"""

from __future__ import annotations

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.workflows.asked import Asked, asked_in_yaml
from skyvern_testkit.api.workflows.handlers import CreateQuery, create_asked, update_asked
from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.wire.errors import ServerCrash
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["ENDPOINTS"]


def _body(request: Request) -> bytes:
    return request.body


def _asked(call: Call, *, repair: bool) -> Asked:
    try:
        return asked_in_yaml(call.body, repair=repair, missing=call.dialect.missing_words)
    except Tripped as trip:
        raise ServerCrash(trip.name) from None


def create_workflow(call: Call) -> JsonObject:
    return create_asked(call, _asked(call, repair=True).request)


def update_workflow(call: Call) -> JsonObject:
    return update_asked(call, _asked(call, repair=False))


ENDPOINTS = (
    Endpoint("older.create_workflow", create_workflow, form=_body, query=CreateQuery),
    Endpoint("older.update_workflow", update_workflow, form=_body),
)
