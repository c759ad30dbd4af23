"""The document of a dialect, made of the routing table, the request models and the answers' schemas."""

from __future__ import annotations

from typing import Any, Final

from skyvern_testkit.api.call import Endpoint
from skyvern_testkit.api.dialects import Dialect, dialect_named
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.openapi.links import links_from
from skyvern_testkit.api.openapi.requests import Requests, body_name
from skyvern_testkit.api.openapi.schemas import COMPONENTS, names_in, renamed, without
from skyvern_testkit.api.schemas import answer_models, answers_of, asked_of, refusal_schema
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.operations import Operation

__all__ = ["document"]

_KEY: Final = "x-api-key"
_REFUSALS: Final = {"refusal": "Refusal", "secret": "SecretRefusal", "crash": "Crash"}
_BYTES: Final[JsonObject] = {"*/*": {}}


def document(release: str) -> JsonObject:
    """What a fake of that release serves of the public operations."""
    dialect = dialect_named(release)
    served = {
        operation.name: operation
        for operation in dialect.operations
        if not operation.hidden and operation.name in endpoints()
    }
    return _Writing(dialect, served).document()


class _Writing:
    def __init__(self, dialect: Dialect, served: dict[str, Operation]) -> None:
        self._dialect = dialect
        self._served = served
        self._ids: dict[str, str] = {name: asked_of(name)["id"] for name in served}
        models = answer_models()
        self._models: dict[str, Any] = {
            name: renamed(model, _same) for name, model in models.items()
        }
        self._requests = Requests.of(dialect, [endpoints()[name] for name in served], models)
        self._models.update(self._requests.models)

    def document(self) -> JsonObject:
        paths: dict[str, JsonObject] = {}
        for operation in self._served.values():
            item = paths.setdefault(operation.path, {})
            item[operation.method.lower()] = self._operation(operation)
        return {
            "openapi": "3.1.0",
            "info": {"title": "Skyvern API", "version": "1.0.0"},
            "paths": paths,
            "components": {
                "schemas": self._named_in(paths),
                "securitySchemes": {_KEY: {"type": "apiKey", "in": "header", "name": _KEY}},
            },
            "security": [{_KEY: []}],
        }

    def _named_in(self, paths: Json) -> JsonObject:
        """The models that are named, by what is named or by each other."""
        found: JsonObject = {}
        wanted = set(names_in(paths))
        while wanted:
            name = wanted.pop()
            found[name] = self._models[name]
            wanted |= set(names_in(found[name])) - found.keys()
        return dict(sorted(found.items()))

    def _operation(self, operation: Operation) -> JsonObject:
        endpoint = endpoints()[operation.name]
        asked = asked_of(operation.name)
        found: JsonObject = {"operationId": asked["id"], "tags": asked["tags"]}
        parameters = self._requests.parameters(operation, endpoint)
        if parameters:
            found["parameters"] = parameters
        body = self._requests.body(endpoint)
        if body is not None:
            name = body_name(operation.name)
            self._models[name] = body
            media = "application/json" if endpoint.form is None else "multipart/form-data"
            found["requestBody"] = {
                "required": endpoint.body_required,
                "content": {media: {"schema": {"$ref": COMPONENTS + name}}},
            }
        found["responses"] = self._responses(operation, endpoint)
        if not endpoint.needs_key:
            found["security"] = []
        elif endpoint.opened_by:
            found["security"] = [{_KEY: []}, {}]
        return found

    def _responses(self, operation: Operation, endpoint: Endpoint) -> JsonObject:
        found: JsonObject = {}
        links = links_from(operation, self._served, self._ids)
        for status, schema in answers_of(operation.name).items():
            answer: JsonObject = {"description": "Done"}
            if schema is not None:
                answer["content"] = self._content(operation, schema)
            if links:
                answer["links"] = links
            found[status] = answer
        if not found:
            found["200"] = {"description": "Done"}
        declared = {int(status) for status in asked_of(operation.name)["statuses"]}
        for code in declared | _expected(endpoint):
            if code >= 300:
                found[str(code)] = self._refusal(operation, code)
            else:
                found.setdefault(str(code), {"description": "Done", "content": _BYTES})
        return dict(sorted(found.items()))

    def _content(self, operation: Operation, schema: Json) -> JsonObject:
        if not schema and operation.name in _ANY_BYTES:
            return _BYTES
        told = renamed(schema, _same)
        left_out = self._dialect.left_out(operation.name)
        if left_out:
            told = without(told, left_out, self._models)
        return {"application/json": {"schema": told}}

    def _refusal(self, operation: Operation, status: int) -> JsonObject:
        shape, schema = refusal_schema(operation.path, status)
        if shape not in _REFUSALS:
            return {"description": "Refused, without a body"}
        self._models[_REFUSALS[shape]] = schema
        reference = {"$ref": COMPONENTS + _REFUSALS[shape]}
        return {
            "description": "Refused" if status < 500 else "Failed",
            "content": {"application/json": {"schema": reference}},
        }


_ANY_BYTES: Final = frozenset({"artifacts.get_artifact_content"})
"""Operations that answer with a file, whatever its type."""


def _expected(endpoint: Endpoint) -> set[int]:
    """The refusals that come before any handler (facts: resources 1, "Order of checks")."""
    found = {422}
    if endpoint.needs_key:
        found |= {403, 404}  # 404: of an organisation that there is not
    if endpoint.body is not None or endpoint.form is not None:
        found.add(400)
    return found


def _same(name: str) -> str:
    return name
