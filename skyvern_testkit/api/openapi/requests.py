"""What operations take: parameters and bodies, as the models that check them say it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from skyvern_testkit.api.call import Endpoint
from skyvern_testkit.api.dialects import Dialect
from skyvern_testkit.api.openapi.schemas import COMPONENTS, bare, renamed
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.operations import Operation

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["Requests"]

_FORMS: Final[dict[str, JsonObject]] = {
    "upload_file": {
        "type": "object",
        "required": ["file"],
        "properties": {
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            "retention_days": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        },
    }
}
"""Forms are read by hand, so they are said by hand (facts: resources 11)."""


def body_name(operation: str) -> str:
    """``schedules.create`` -> ``SchedulesCreateRequest``."""
    words = re.split(r"[._]", operation)
    return "".join(word[:1].upper() + word[1:] for word in words) + "Request"


@dataclass(frozen=True, slots=True)
class Requests:
    """Every request model of a dialect as a schema, and the models that those name."""

    dialect: Dialect
    roots: dict[type[BaseModel], JsonObject]
    models: dict[str, Json]

    @classmethod
    def of(
        cls, dialect: Dialect, endpoints: Iterable[Endpoint], taken: dict[str, Json]
    ) -> Requests:
        """Those of some endpoints.

        Args:
            dialect: which release.
            endpoints: whose.
            taken: models of answers; another one of the same name is called ``<name>-Input``.
        """
        from pydantic.json_schema import models_json_schema

        wanted: dict[type[BaseModel], None] = {}
        for endpoint in endpoints:
            for model in (endpoint.query, endpoint.headers, _body(dialect, endpoint)):
                if model is not None:
                    wanted[model] = None
        made, document = models_json_schema(
            [(model, "validation") for model in wanted], ref_template=COMPONENTS + "{model}"
        )
        definitions: dict[str, Json] = document.get("$defs", {})
        names = _names(definitions, taken)
        models = {
            names[name]: renamed(bare(schema), names.__getitem__)
            for name, schema in definitions.items()
        }
        roots = {
            model: models[names[made[model, "validation"]["$ref"].removeprefix(COMPONENTS)]]
            for model in wanted
        }
        return cls(dialect, roots, models)

    def parameters(self, operation: Operation, endpoint: Endpoint) -> list[JsonObject]:
        """What the path, the query and the headers say."""
        found: list[JsonObject] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in operation.path_parameters
        ]
        for model, place in ((endpoint.query, "query"), (endpoint.headers, "header")):
            if model is None:
                continue
            root = self.roots[model]
            required = root.get("required", ())
            found += [
                {"name": name, "in": place, "required": name in required, "schema": schema}
                for name, schema in root.get("properties", {}).items()
            ]
        return found

    def body(self, endpoint: Endpoint) -> JsonObject | None:
        """The schema of the body, JSON or form; None where none is read."""
        model = _body(self.dialect, endpoint)
        if model is None:
            return _FORMS.get(endpoint.name)
        root = self.roots[model]
        forgotten = self.dialect.forgotten(endpoint.name)
        fields = {name: one for name, one in root["properties"].items() if name not in forgotten}
        read = {**root, "properties": fields}
        return read if endpoint.body_required else {"anyOf": [read, {"type": "null"}]}


def _body(dialect: Dialect, endpoint: Endpoint) -> type[BaseModel] | None:
    return None if endpoint.body is None else dialect.model_of(endpoint.name, endpoint.body)


def _names(definitions: dict[str, Any], taken: dict[str, Json]) -> dict[str, str]:
    """Short names: those of two classes with one name say their modules, and classes are ours."""
    found: dict[str, str] = {}
    for long, schema in definitions.items():
        short = long.rpartition("__")[2]
        is_another = short in taken and bare(schema) != taken[short]
        name = f"{short}-Input" if is_another else short
        number = 2
        while name in found.values():
            name, number = f"{short}{number}-Input", number + 1
        found[long] = name
    return found
