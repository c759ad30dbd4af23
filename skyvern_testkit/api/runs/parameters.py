"""The parameters of a workflow run: defaults, types, credentials (facts: runs 5, resources 3)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from skyvern_testkit.api.runs.owner import Owner
from skyvern_testkit.wire.errors import Refusal, ServerCrash, check_storable
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Credential, Workflow

__all__ = ["Parameters", "check_credential", "credential_of", "resolve"]


def _declared(workflow: Workflow) -> list[JsonObject]:
    return [item for item in _all(workflow) if item.get("parameter_type") == "workflow"]


def _all(workflow: Workflow) -> list[JsonObject]:
    return workflow.definition.get("parameters") or []


@dataclass(frozen=True, slots=True)
class Parameters:
    """The values a run works with, and why they cannot be read back (None: they can)."""

    values: JsonObject
    unreadable: str | None = None


def resolve(owner: Owner, workflow: Workflow, given: JsonObject | None) -> Parameters:
    """The values the run works with: defaults filled in, converted to their types, extras dropped.

    A value is checked as it was sent, kept as text, and read from that text: so ``true`` becomes
    the string ``"1"``, and an integer sent as ``1.5`` is accepted and then refuses every read of
    its run (recorded exchanges ``wfruns.typed.*``).

    Raises:
        Refusal: a required value is missing, of another type, or no credential.
        ServerCrash: a value cannot be kept.
    """
    given = given or {}
    sought = {item["key"]: _sought(item, given) for item in _declared(workflow)}
    _refuse_missing(workflow, sought)
    values: JsonObject = {}
    unreadable: str | None = None
    for parameter in _declared(workflow):
        key, kind = parameter["key"], parameter["workflow_parameter_type"]
        value = sought[key]
        if value is None:
            continue
        if kind == "credential_id":
            values[key] = check_credential(owner, value)
            continue
        convert = _CONVERTERS.get(kind, _text)
        try:
            values[key] = convert(value)
        except _UNFIT:
            raise Refusal(400, _refusal(kind, value)) from None
        _check_kept(value)
        try:
            values[key] = convert(_text(value))
        except _UNFIT:
            unreadable = unreadable or _refusal(kind, _text(value))
    return Parameters(values, unreadable)


def _sought(parameter: JsonObject, given: JsonObject) -> Json:
    """What was given, or the default; an empty text is nothing, except as a string."""
    value = given.get(parameter["key"])
    if value is None:
        value = parameter.get("default_value")
    is_nothing = value == "" and parameter["workflow_parameter_type"] != "string"
    return None if is_nothing else value


def _refuse_missing(workflow: Workflow, sought: JsonObject) -> None:
    """Before any value is looked at (recorded exchanges ``runmore.order*``)."""
    missing = [
        parameter["key"]
        for parameter in _declared(workflow)
        if sought[parameter["key"]] is None
        and parameter["workflow_parameter_type"] != "credential_id"
    ]
    if missing:
        raise Refusal(
            400,
            f"Missing value for parameter {', '.join(missing)} in workflow {workflow.permanent_id}",
        )


def _check_kept(value: Json) -> None:
    """A text is kept as it is, and NaN not at all; inside of JSON both are (seen on 1.0.56)."""
    if isinstance(value, float) and math.isnan(value):
        raise ServerCrash("WorkflowRunParameterPersistenceError")
    check_storable(value)


_UNFIT: Final = (TypeError, ValueError, KeyError)


def _refusal(kind: str, value: Json) -> str:
    return f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {value}."


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
    match value:
        case list() | dict():
            return cast("Json", value)
        case str():
            return json.loads(value)
        case _:
            raise TypeError


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


def check_credential(owner: Owner, value: Json) -> str:
    shown = (
        value if isinstance(value, str) else f"<non-string value of type {type(value).__name__}>"
    )
    if (
        not isinstance(value, str)
        or owner.world.get(Credential, value, owner.organization_id) is None
    ):
        raise Refusal(
            400, f"Invalid credential ID: {shown}. Failed to resolve to a valid credential."
        )
    return value


def credential_of(owner: Owner, workflow: Workflow, parameters: JsonObject) -> str | None:
    """The stored credential that the run logs in with, if it has one.

    Raises:
        Refusal: the workflow names one that does not exist.
    """
    for parameter in _all(workflow):
        if parameter.get("parameter_type") == "credential":
            return check_credential(owner, parameter.get("credential_id"))
        if parameter.get("workflow_parameter_type") == "credential_id":
            value = parameters.get(parameter["key"])
            if value:
                return str(value)
    return None
