"""Drawn outputs conform to their schema, and differ."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import find, given, settings

from skyvern_testkit.strategies import outputs, run_scripts

QUIET = settings(deadline=None, derandomize=True, database=None)

INVOICES = {
    "type": "object",
    "properties": {
        "invoices": {
            "type": "array",
            "maxItems": 3,
            "items": {
                "type": "object",
                "properties": {
                    "number": {"type": "string", "pattern": "^[A-Z]-[0-9]{1,4}$"},
                    "issued": {"type": "string", "format": "date"},
                    "amount": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000},
                    "currency": {"enum": ["EUR", "USD"]},
                    "note": {"type": ["string", "null"], "maxLength": 5},
                },
                "required": ["number", "amount", "currency"],
            },
        },
        "total": {"type": "integer", "minimum": 0},
    },
    "required": ["invoices"],
    "additionalProperties": False,
}
SCHEMAS: list[dict[str, Any]] = [
    INVOICES,
    {"type": "integer", "multipleOf": 7, "minimum": 10},
    {"anyOf": [{"type": "boolean"}, {"const": "unknown"}, {"type": "null"}]},
    {"type": "array", "items": {"type": "integer"}, "minItems": 2, "uniqueItems": True},
    {"prefixItems": [{"type": "string"}, {"type": "number"}], "items": False},
    {"allOf": [{"type": "string", "minLength": 3}, {"maxLength": 4}]},
    {"type": "object", "minProperties": 2},
    {
        "type": "object",
        "properties": {"card": {"type": "string"}, "owner": {"type": "string"}},
        "dependentRequired": {"card": ["owner"]},
    },
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
    {
        "$ref": "#/$defs/node",
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
                "required": ["children"],
            }
        },
    },
]


@pytest.mark.parametrize("schema", SCHEMAS, ids="-".join)
def test_outputs_conform(schema: dict[str, Any]):
    @settings(QUIET, max_examples=40)
    @given(output=outputs(schema))
    def check(output: Any) -> None:
        jsonschema.Draft202012Validator(schema).validate(output)

    check()


def test_optional_properties_empty_lists_and_nulls_come_and_go():
    drawn: list[Any] = []

    @settings(QUIET, max_examples=150)
    @given(output=outputs(INVOICES))
    def collect(output: Any) -> None:
        drawn.append(output)

    collect()
    rows = [row for output in drawn for row in output["invoices"]]
    assert {len(output["invoices"]) for output in drawn} == {0, 1, 2, 3}
    assert {"total" in output for output in drawn} == {True, False}
    assert {row["currency"] for row in rows} == {"EUR", "USD"}
    assert {type(row["note"]).__name__ for row in rows if "note" in row} == {"str", "NoneType"}
    assert any(row["amount"] == 1000 for row in rows)  # the bound itself


def test_every_branch_is_taken():
    schema = SCHEMAS[2]
    assert find(outputs(schema), lambda value: value is True, settings=QUIET) is True
    assert find(outputs(schema), lambda value: value == "unknown", settings=QUIET) == "unknown"
    assert find(outputs(schema), lambda value: value is None, settings=QUIET) is None


def test_shrunk_outputs_are_small():
    schema = {"properties": {"rows": {"items": {"type": "string"}}}, "required": ["rows"]}
    assert find(outputs(schema), lambda _: True, settings=QUIET) == {"rows": []}


@settings(QUIET, max_examples=20)
@given(output=outputs({"title": "string", "points": 0}))
def test_an_example_instead_of_a_schema_is_filled_in(output: Any):
    assert output.keys() == {"title", "points"}


def test_a_schema_without_instances_is_refused():
    with pytest.raises(ValueError, match="found no instance of this schema"):
        run_scripts("task", output_schema={"allOf": [{"type": "string"}, {"type": "integer"}]})
