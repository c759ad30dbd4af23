"""The parameters of a workflow run: defaults, types, credentials (facts: runs 5, resources 3)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

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
    declared = _declared(workflow)
    chosen = {
        parameter["key"]: value
        for parameter in declared
        if (value := _chosen(parameter, (given or {}).get(parameter["key"]))) is not None
    }
    missing = sorted(key for key, value in chosen.items() if value is _MISSING)
    if missing:
        raise Refusal(
            400,
            f"Missing value for parameter {', '.join(missing)} in workflow {workflow.permanent_id}",
        )
    kinds = {parameter["key"]: parameter["workflow_parameter_type"] for parameter in declared}
    for key, value in chosen.items():
        if kinds[key] == "credential_id":
            check_credential(owner, value)
    values: JsonObject = {}
    unreadable: str | None = None
    for key, value in chosen.items():
        kind = kinds[key]
        if kind == "credential_id":
            values[key] = value
            continue
        convert = _CONVERTERS.get(kind, _text)
        try:
            read = convert(value)
        except _UNFIT:
            raise Refusal(400, _refusal(kind, value)) from None
        if read is None:  # JSON's own null
            raise Refusal(422, _NO_VALUE)
        _check_kept(value)
        try:
            values[key] = convert(_text(value))
        except _UNFIT:
            unreadable = unreadable or _refusal(kind, _text(value))
    return Parameters(values, unreadable)


_MISSING: Final = object()


def _chosen(parameter: JsonObject, value: Json) -> Any:
    """What was given, the default where nothing was; ``_MISSING``; None where none is needed.

    What was given as blank is missing, default or not; a text may be blank.
    """
    kind, default = parameter["workflow_parameter_type"], parameter.get("default_value")
    optional = kind == "credential_id" and default is None
    if value is None:
        value = default
    elif _is_blank(kind, value):
        value = None
    return value if value is not None or optional else _MISSING


def _is_blank(kind: str, value: Json) -> bool:
    if isinstance(value, str):
        return kind != "string" and not value.strip()
    return kind == "file_url" and value == {}


_NO_VALUE: Final = "; ".join(
    f"value -> {name}: Input should be a valid {noun}"
    for name, noun in {
        "bool": "boolean",
        "int": "integer",
        "float": "number",
        "str": "string",
        "dict[any,any]": "dictionary",
        "list[any]": "list",
    }.items()
)


def _check_kept(value: Json) -> None:
    """A text is kept as it is, and NaN not at all; inside of JSON both are (seen on 1.0.56)."""
    if isinstance(value, float) and math.isnan(value):
        raise ServerCrash("WorkflowRunParameterPersistenceError")
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ServerCrash("OverflowError")
    check_storable(value)


_UNFIT: Final = (TypeError, ValueError, KeyError)


def _refusal(kind: str, value: Json) -> str:
    shown = json.dumps(value) if isinstance(value, dict | list) else value
    return f"Invalid workflow parameter. Expected parameter type: {kind}. Value: {shown}."


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
