"""Plausible outputs satisfy the caller's schema, read well and come to an end."""

from __future__ import annotations

import random
import uuid
from datetime import date, datetime

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.schemas import conforms

INVOICES = {
    "type": "object",
    "properties": {
        "invoices": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "invoice_number": {"type": "string"},
                    "total": {"type": "number", "minimum": 0},
                    "currency": {"enum": ["EUR"]},
                    "due_date": {"type": "string", "format": "date"},
                    "note": {"type": ["null", "string"]},
                },
                "required": ["invoice_number", "total"],
            },
        }
    },
}

TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "parent": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "children", "parent"],
        }
    },
}


def made(schema, seed=1):
    return plausible(schema, random.Random(seed))


def test_values_are_named_after_their_properties():
    first, second = made(INVOICES)["invoices"]
    assert first["invoice_number"] == "invoice_number 1"
    assert second["invoice_number"] == "invoice_number 2"
    assert first["currency"] == "EUR"
    assert date.fromisoformat(first["due_date"]).year == 2026
    assert first["note"] == "note 1"


def test_the_same_seed_gives_the_same_instance_and_another_one_another():
    assert made(INVOICES, 7) == made(INVOICES, 7)
    assert made(INVOICES, 7) != made(INVOICES, 8)


@pytest.mark.parametrize(
    "schema",
    [
        INVOICES,
        TREE,
        {"type": "string", "pattern": "^INV-[0-9]{4}-[A-Z]{2,3}$"},
        {"type": "string", "pattern": r"^(\d{3})-\1$"},
        {"type": "string", "pattern": "[^a-z]", "minLength": 5},
        {"type": "string", "minLength": 20, "maxLength": 22},
        {"type": "string", "maxLength": 0},
        {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
        {"type": "integer", "minimum": -10, "maximum": -10},
        {"type": "integer", "multipleOf": 7, "minimum": 50, "maximum": 60},
        {"type": "number", "multipleOf": 0.01, "minimum": 19.5, "maximum": 20},
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
        {"type": "number", "maximum": -1000},
        {"maximum": 3},
        {"const": {"a": [1]}},
        {"enum": [None, "x"]},
        {"type": ["null", "integer"]},
        {"type": "null"},
        {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
        {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True, "minItems": 3},
        {"type": "array", "contains": {"const": 5}, "items": {"type": "integer"}},
        {"type": "array", "items": {"type": "string"}, "minItems": 4, "maxItems": 4},
        {"type": "array", "items": {"type": "string"}, "maxItems": 0},
        {"oneOf": [{"type": "number"}, {"type": "integer"}], "minimum": 1},
        {"anyOf": [{"type": "null"}, {"type": "string"}]},
        {"anyOf": [False, {"type": "string"}]},
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"properties": {"a": {"minimum": 500}, "b": {"type": "string"}}},
            ]
        },
        {
            "allOf": [
                {"properties": {"a": {"type": "string"}}, "additionalProperties": False},
                {"properties": {"a": {}, "b": {"type": "string"}}},
            ]
        },
        {"type": "object", "additionalProperties": {"type": "number"}, "minProperties": 3},
        {"type": "object", "required": ["undescribed"]},
        {"type": "object", "patternProperties": {"^n_": {"type": "null"}}, "required": ["n_1"]},
        {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"], "maxProperties": 1},
        {"not": {"type": "string"}, "type": ["string", "integer"]},
        {"type": "string", "nullable": True},
        {"$ref": "#/definitions/a~1b", "definitions": {"a/b": {"type": "boolean"}}},
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 1, "exclusiveMinimum": True},
        {"type": "array", "items": [{"type": "integer"}], "$schema": "http://json-schema.org/draft-07/schema#"},
    ],
    ids=str,
)  # fmt: skip
def test_what_schemas_ask_for_is_given(schema):
    for seed in range(10):
        assert conforms(made(schema, seed), schema) == []


@pytest.mark.parametrize(
    ("form", "reads"),
    [
        ("date", date.fromisoformat),
        ("date-time", datetime.fromisoformat),
        ("uuid", uuid.UUID),
        ("email", lambda text: text.index("@")),
        ("uri", lambda text: text.index("https://")),
    ],
)
def test_formats_are_readable_by_those_who_read_them(form, reads):
    reads(made({"type": "string", "format": form}))


def test_a_name_may_say_what_the_text_looks_like():
    named = {name: {"type": "string"} for name in ("contact_email", "download_url", "due_date")}
    row = made({"type": "object", "properties": named})
    assert row["contact_email"] == "contact-email1@example.com"
    assert row["download_url"] == "https://example.com/download-url/1"
    assert date.fromisoformat(row["due_date"]).year == 2026


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, None),
        ({}, {"value": "value 1"}),
        ("the titles of all posts", {"value": "value 1"}),
        (True, {"value": "value 1"}),
        ({"title": "string", "link": "url"}, {"title": "title 1", "link": "https://example.com/link/1"}),
        ({"title": {"type": "string"}}, {"title": "title 1"}),
        ({"title": "The post's title"}, {"title": "title 1"}),
        ({"posts": [{"title": "string"}]}, {"posts": [{"title": "title 1"}, {"title": "title 2"}]}),
        ({"type": "kind of invoice"}, {"type": "type 1"}),
        ('{"type": "object", "properties": {"a": {"type": "string"}}}', {"a": "a 1"}),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_json_schema_is_filled_in(given, expected):
    assert made(given) == expected


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}},
        {"properties": {f"p{n}": {"$ref": "#"} for n in range(9)}, "required": ["p1", "p2", "p3"]},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": "(a{1000}){1000}"},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "^(?!)$"},
        {"type": "object", "minProperties": 10**9},
        {"type": "integer", "minimum": 1e308, "maximum": -1e308},
        {"multipleOf": 0},
        {"properties": {"a": 1}, "items": 3, "required": "a", "type": "object"},
        {"anyOf": [], "allOf": "x", "enum": []},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/nowhere"},
        {"minLength": "3", "maximum": None, "type": "string"},
        {"type": "array", "minItems": -1, "maxItems": True},
    ],
    ids=str,
)
def test_what_cannot_be_satisfied_still_comes_to_an_end(schema):
    made(schema)


names = st.sampled_from(["a", "b", "total", "invoice_number"])
scalars = st.one_of(
    st.just({"type": "string"}),
    st.builds(
        lambda least, more: {"type": "string", "minLength": least, "maxLength": least + more},
        st.integers(0, 30),
        st.integers(0, 30),
    ),
    st.builds(
        lambda kind, low, more: {"type": kind, "minimum": low, "maximum": low + more},
        st.sampled_from(["integer", "number"]),
        st.integers(-1000, 1000),
        st.integers(0, 50),
    ),
    st.builds(
        lambda factor, low: {"type": "number", "multipleOf": factor, "minimum": low},
        st.sampled_from([0.01, 0.5, 3, 7]),
        st.integers(-50, 50),
    ),
    st.builds(lambda values: {"enum": values}, st.lists(st.integers() | names, min_size=1)),
    st.builds(lambda value: {"const": value}, st.none() | st.booleans() | names),
    st.builds(
        lambda pattern: {"type": "string", "pattern": pattern},
        st.sampled_from([r"^\d+$", "^[A-Z]{2}[0-9]{1,4}$", "a|b", r"^\w+@\w+\.com$", "x*"]),
    ),
    st.just({"type": ["null", "boolean"]}),
    st.just({}),
)


def objects(inner):
    return st.builds(
        lambda properties, extra, closed: {
            "type": "object",
            "properties": properties,
            "required": [*list(properties)[::2], *([] if closed else extra)],
            "additionalProperties": not closed,
        },
        st.dictionaries(names, inner, max_size=3),
        st.lists(st.just("extra"), max_size=1),
        st.booleans(),
    )


def arrays(inner):
    return st.builds(
        lambda items, least, more: {
            "type": "array",
            "items": items,
            "minItems": least,
            "maxItems": least + more,
        },
        inner,
        st.integers(0, 3),
        st.integers(0, 3),
    )


schemas = st.recursive(
    scalars,
    lambda inner: st.one_of(
        objects(inner),
        arrays(inner),
        st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"$defs": {"x": part}, "allOf": [part]}, inner),
    ),
    max_leaves=8,
)


@settings(deadline=None)  # the first example imports
@given(schemas, st.integers(0, 2**32))
def test_any_schema_of_the_subset_is_satisfied(schema, seed):
    jsonschema.Draft202012Validator(schema).validate(made(schema, seed))


class TestConforms:
    def test_names_the_place_of_each_violation(self):
        wrong = {"invoices": [{"invoice_number": "1", "total": "12"}, {"total": 3}]}
        assert conforms(wrong, INVOICES) == [
            "$.invoices[0].total: '12' is not of type 'number'",
            "$.invoices[1]: 'invoice_number' is a required property",
        ]

    @pytest.mark.parametrize(
        "schema",
        [
            None,
            "words",
            {"title": "string"},
            {"type": "object", "required": 3},
            {"type": "string", "pattern": "("},
            {"$ref": "https://example.com/schema.json"},
            {"$ref": "#/nowhere"},
            {"$ref": "#"},
        ],
        ids=str,
    )
    def test_says_nothing_about_what_is_no_usable_schema(self, schema):
        assert conforms({"a": 1}, schema) == []

    def test_takes_null_for_what_openapi_calls_nullable(self):
        assert conforms(None, {"type": "string", "nullable": True}) == []

    def test_shortens_what_would_fill_the_screen(self):
        (line,) = conforms("x" * 5000, {"type": "integer"})
        assert len(line) < 250
