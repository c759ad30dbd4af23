"""The parameters of a workflow run: defaults, types, credentials (facts: runs 5, resources 3)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from skyvern_testkit.api.call import Call
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Credential, Workflow

__all__ = ["credential_of", "resolve"]


def _declared(workflow: Workflow) -> list[JsonObject]:
    parameters = workflow.definition.get("parameters") or []
    return [item for item in parameters if item.get("parameter_type") == "workflow"]


def resolve(call: Call, workflow: Workflow, given: JsonObject | None) -> JsonObject:
    """The values the run works with: defaults filled in, texts converted, extras dropped.

    Raises:
        Refusal: a required value is missing, of another type, or no credential.
    """
    given = given or {}
    values: JsonObject = {}
    missing: list[str] = []
    for parameter in _declared(workflow):
        key, kind = parameter["key"], parameter["workflow_parameter_type"]
        value = given.get(key)
        if value is None or (value == "" and kind in _CONVERTERS and kind != "string"):
            value = parameter.get("default_value")
            if value is None:
                if kind != "credential_id":
                    missing.append(key)
                continue
        values[key] = _converted(call, kind, value)
    if missing:
        raise Refusal(
            400,
            f"Missing value for parameter {', '.join(missing)} in workflow {workflow.permanent_id}",
        )
    return values


def _boolean(value: Json) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, bool):
        return value
    return words[str(value).lower()]


def _number(value: Json) -> float:
    if isinstance(value, list | dict):
        raise TypeError
    return float(value)


def _integer(value: Json) -> int:
    if isinstance(value, list | dict):
        raise TypeError
    return int(value)


def _structure(value: Json) -> Json:
    if isinstance(value, list | dict):
        return value
    if not isinstance(value, str):
        raise TypeError
    return json.loads(value)


def _text(value: Json) -> str:
    match value:
        case str():
            return value
        case bool():
            return str(int(value))
        case dict() | list():
            return json.dumps(value)
        case _:
            return str(value)


_CONVERTERS: Final[dict[str, Callable[[Json], Json]]] = {
    "string": _text,
    "integer": _integer,
    "float": _number,
    "boolean": _boolean,
    "json": _structure,
}


def _converted(call: Call, kind: str, value: Json) -> Json:
    if kind == "credential_id":
        return _credential(call, value)
    converter = _CONVERTERS.get(kind)
    if converter is None:
        return value
    try:
        return converter(value)
    except (TypeError, ValueError, KeyError):
        raise Refusal(
            400,
            f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {value}.",
        ) from None


def _credential(call: Call, value: Json) -> Json:
    shown = value if isinstance(value, str) else f"<non-string value of type {type(value).__name__}>"
    if (
        not isinstance(value, str)
        or call.world.get(Credential, value, call.organization_id) is None
    ):
        raise Refusal(
            400, f"Invalid credential ID: {shown}. Failed to resolve to a valid credential."
        )
    return value


def credential_of(workflow: Workflow, parameters: JsonObject) -> str | None:
    """The stored credential that the run logs in with, if it has one."""
    for parameter in workflow.definition.get("parameters") or []:
        if parameter.get("parameter_type") == "credential":
            return parameter.get("credential_id")
        if parameter.get("workflow_parameter_type") == "credential_id":
            value = parameters.get(parameter["key"])
            if value:
                return str(value)
    return None
