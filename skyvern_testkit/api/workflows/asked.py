"""What a request asks for: one valid definition, in JSON or in YAML (facts: resources 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, GetCoreSchemaHandler, ValidationError, create_model
from pydantic_core import CoreSchema, core_schema

from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.narrowing import Missing, Narrows
from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.api.workflows.repair import repaired
from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.api.workflows.yamltext import read_yaml
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["Asked", "DefinitionBody", "asked_by", "asked_for", "asked_in_yaml"]


@dataclass(frozen=True, slots=True)
class _Definition:
    """Stands for the request model of a workflow, which is made on the first request."""

    missing: Missing = frozenset()

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.nullable_schema(handler.generate_schema(request_model(self.missing)))


class DefinitionBody(Narrows, Lazy):
    missing_words: ClassVar[Missing] = frozenset()

    json_definition: Annotated[Any, _Definition()] = None
    yaml_definition: str | None = None

    @classmethod
    def without(cls, missing: Missing) -> type[DefinitionBody]:
        """The body of an older release, whose definitions know fewer words."""
        definition = Annotated[Any, _Definition(missing)]
        made = create_model(cls.__name__, __base__=cls, json_definition=(definition, None))
        made.missing_words = missing
        return made


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a version of a workflow, valid and with its defaults.

    ``given`` names the fields that it really has: an update keeps some of the others as they were.
    """

    request: JsonObject
    given: frozenset[str]


def asked_by(body: DefinitionBody) -> Asked:
    """What a body asks for. YAML wins where both are given.

    Raises:
        Refusal: it asks for nothing, or its YAML is none or wrong.
        Tripped: the server trips over its YAML.
    """
    if body.yaml_definition:
        return asked_in_yaml(body.yaml_definition, missing=type(body).missing_words)
    if body.json_definition is None:
        raise Refusal(
            422,
            "Invalid workflow definition. "
            "Workflow should be provided in either yaml or json format.",
        )
    return asked_for(body.json_definition)


def asked_for(model: BaseModel) -> Asked:
    """What a checked request asks for."""
    request: JsonObject = model.model_dump(mode="json")
    definition: BaseModel = getattr(model, "workflow_definition")  # noqa: B009 - made of a table
    if "browser_settings" not in definition.model_fields_set:
        del request["workflow_definition"]["browser_settings"]
    return Asked(request, frozenset(model.model_fields_set))


def asked_in_yaml(
    text: str | bytes, *, repair: bool = True, missing: Missing = frozenset()
) -> Asked:
    """What a YAML document asks for.

    Args:
        text: the document.
        repair: mend labels and keys that are no identifiers, as all operations but one do.
        missing: words that an older release does not know.

    Raises:
        Refusal: 422, it is no YAML or no definition.
        Tripped: the server trips over it.
    """
    document = read_yaml(text)
    if repair:
        document = repaired(document)
    elif not isinstance(document, dict):
        raise Refusal(
            422, "Input should be a valid dictionary or instance of WorkflowCreateYAMLRequest"
        )
    try:
        return asked_for(request_model(missing).model_validate(document))
    except ValidationError as error:
        raise Refusal(422, "; ".join(map(_line, error.errors()))) from None
    except UnicodeError as error:  # bytes that are no text, or no text to be told in an error
        raise Tripped(type(error).__name__, str(error)) from None


def _line(error: Any) -> str:
    where = " -> ".join(str(part) for part in error["loc"] if part != "body")
    return f"{where}: {error['msg']}"
