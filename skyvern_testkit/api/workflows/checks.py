"""What a definition must be beyond its schema, in the order in which the server finds out.

Each check takes the requested definition and raises a :class:`Refusal`; nothing is changed and no
id is given out before all have passed (facts: resources 3, "Definition errors").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final, cast

from skyvern_testkit.api.workflows import smtp
from skyvern_testkit.api.workflows.graph import check_graph, walk
from skyvern_testkit.api.workflows.parameters import RESERVED, default_of
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.walking.templates import syntax_error

__all__ = ["check_definition", "output_key"]


def check_definition(definition: JsonObject) -> None:
    """All checks, the server's first refusal first.

    Raises:
        Refusal: 422, or 400 for a value or an engine.
    """
    for check in CHECKS:
        check(definition)


def output_key(label: str) -> str:
    """The key of the parameter that holds a block's output."""
    return f"{label}_output"


def _output_keys(definition: JsonObject) -> list[str]:
    return [output_key(block["label"]) for block in walk(definition["blocks"])]


def _twice(values: Iterable[str]) -> str:
    return ",".join(value for value, count in Counter(values).items() if count > 1)


def no_outputs(definition: JsonObject) -> None:
    if any(parameter["parameter_type"] == "output" for parameter in definition["parameters"]):
        raise Refusal(422, "Cannot manually create output parameters")


def labels_are_unique(definition: JsonObject) -> None:
    if twice := _twice(block["label"] for block in walk(definition["blocks"])):
        raise Refusal(
            422,
            "WorkflowDefinition has blocks with duplicate labels. "
            f"Each block needs to have a unique label. Duplicate label(s): {twice}",
        )


def keys_are_free(definition: JsonObject) -> None:
    keys = [parameter["key"] for parameter in definition["parameters"]]
    for reserved in (_output_keys(definition), RESERVED):
        if set(keys) & set(reserved):
            raise Refusal(
                422,
                "WorkflowDefinition has parameters with reserved keys. "
                "User created parameters cannot have the following reserved keys: "
                f"{','.join(reserved)}. Parameter keys: {','.join(keys)}",
            )


def values_fit(definition: JsonObject) -> None:
    for parameter in definition["parameters"]:
        match parameter["parameter_type"]:
            case "workflow":
                default_of(parameter)
            case "bitwarden_login_credential":
                if not (parameter["bitwarden_collection_id"] or parameter["bitwarden_item_id"]):
                    raise Refusal(
                        400,
                        "Missing required value for workflow parameter. "
                        "Workflow parameter type: bitwarden_login_credential. "
                        f"workflow_parameter_key: {parameter['key']}. "
                        "Required value: bitwarden_collection_id or bitwarden_item_id",
                    )
            case _:
                pass


def sources_exist(definition: JsonObject) -> None:
    contexts = [item for item in definition["parameters"] if item["parameter_type"] == "context"]
    known = {item["key"] for item in definition["parameters"] if item not in contexts}
    known.update(_output_keys(definition))
    for parameter in contexts:
        if parameter["source_parameter_key"] not in known:
            raise Refusal(
                422,
                f"Source parameter key {parameter['source_parameter_key']} "
                f"for context parameter {parameter['key']} does not exist.",
            )
        known.add(parameter["key"])


def keys_are_unique(definition: JsonObject) -> None:
    if twice := _twice(parameter["key"] for parameter in definition["parameters"]):
        raise Refusal(
            422,
            "WorkflowDefinition has parameters with duplicate keys. "
            f"Each parameter needs to have a unique key. Duplicate key(s): {twice}",
        )


def _keys_of(block: JsonObject) -> list[str]:
    looped = block.get("loop_over_parameter_key")
    return [*([looped] if looped else []), *(block.get("parameter_keys") or [])]


def references_are_defined(definition: JsonObject) -> None:
    known = {parameter["key"] for parameter in definition["parameters"]}
    known.update(_output_keys(definition))
    missing = {
        block["label"]: ", ".join(f"'{key}'" for key in _keys_of(block) if key not in known)
        for block in walk(definition["blocks"])
    }
    lines = "".join(
        f"\n  - Block '{label}' references undefined parameter(s): {keys}"
        for label, keys in missing.items()
        if keys
    )
    if lines:
        raise Refusal(
            422,
            f"Workflow definition has blocks that reference undefined parameters:{lines}\n\n"
            "Make sure to define all parameters in the workflow parameters list before using them "
            "in blocks.",
        )


def _lacks_of(block: JsonObject, kinds: dict[str, str]) -> str | None:
    label = block["label"]
    match block["block_type"]:
        case "action" if not block["navigation_goal"]:
            return f"Action block '{label}' requires navigation_goal"
        case "validation" if not (block["complete_criterion"] or block["terminate_criterion"]):
            return (
                f"Validation block '{label}' requires at least one of complete_criterion or "
                "terminate_criterion"
            )
        case "wait" if not 1 <= block["wait_sec"] <= 1800:
            return (
                f"Invalid wait time {block['wait_sec']} for wait block '{label}'. "
                "It must be a whole number of seconds between 1 and 1800."
            )
        case "for_loop" if not (
            block["loop_over_parameter_key"] or block["loop_variable_reference"]
        ):
            return (
                f"For loop block '{label}' requires either loop_over_parameter_key or "
                "loop_variable_reference"
            )
        case "send_email":
            return smtp.trouble(block, kinds)
        case "extraction" if block["export_enabled"] and not block["export_data_schema"]:
            return (
                f"Extraction block '{label}' has export enabled but no export_data_schema. "
                "A Parquet export needs a schema for the exported records."
            )
        case _:
            return None


def blocks_are_complete(definition: JsonObject) -> None:
    kinds = {item["key"]: item["parameter_type"] for item in definition["parameters"]}

    def check(blocks: list[JsonObject]) -> None:
        for block in blocks:
            check(block.get("loop_blocks") or [])
            if lack := _lacks_of(block, kinds):
                raise Refusal(422, lack)

    check(definition["blocks"])


def engines_are_enabled(definition: JsonObject) -> None:
    for block in walk(definition["blocks"]):
        if block.get("engine") == "ui-tars":
            raise Refusal(
                400,
                f"Block '{block['label']}' uses the ui-tars engine, "
                "which is not enabled on this server",
            )


def templates_of_triggers_parse(definition: JsonObject) -> None:
    """What a ``workflow_trigger`` block passes on is read when it is made (recorded: ``walk_syntax``)."""
    for block in walk(definition["blocks"]):
        if block["block_type"] != "workflow_trigger":
            continue
        for place, text in _texts(block.get("payload"), "payload"):
            wrong = syntax_error(text)
            if wrong is not None:
                raise Refusal(
                    422,
                    f"Invalid Jinja2 in workflow_trigger block '{block['label']}': {wrong[0]} "
                    f"(line {wrong[1]}) at {place}: {text!r}",
                )


def _texts(value: Json, place: str) -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield place, value
        case dict():
            for key, inner in cast("JsonObject", value).items():
                yield from _texts(inner, f"{place}.{key}")
        case list():
            for number, inner in enumerate(value):  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - any JSON
                yield from _texts(inner, f"{place}[{number}]")
        case _:
            pass


CHECKS: Final[tuple[Callable[[JsonObject], None], ...]] = (
    no_outputs,
    labels_are_unique,
    keys_are_free,
    values_fit,
    sources_exist,
    keys_are_unique,
    references_are_defined,
    blocks_are_complete,
    check_graph,
    engines_are_enabled,
    templates_of_triggers_parse,
)
