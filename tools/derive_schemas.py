"""Derive ``contracts/schemas`` from the real server's public schema.

    python tools/derive_schemas.py OPENAPI_FACTS [--check]

OPENAPI_FACTS is the server's OpenAPI document without its prose: per path and verb an operation with ``parameters``,
``body`` and ``responses`` (status -> media type -> schema), and all models under ``schemas``. ``--check`` writes
nothing and says what differs.

What is kept is what an answer can be judged by. Every model with fields is closed, so that a field nobody documents is
found; defaults and titles go; "this or null" becomes one list of types. Where the server leaves its own schema is not
written here but in ``departures.json``, by hand, each row with its fact.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from skyvern_testkit.wire.operations import OPERATIONS, Operation

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contracts" / "schemas"
MODELS = "#/components/schemas/"
DROPPED = frozenset({"default", "title", "description", "example", "examples", "discriminator"})
MERGED = frozenset({"type", "format", "items", "additionalProperties", "properties", "required"})

Schema = dict[str, Any]

HIDDEN: dict[str, Schema | None] = {
    "get_artifact": {"$ref": "Artifact"},
    "get_browser_sessions_history": {"items": {"$ref": "BrowserSessionResponse"}, "type": "array"},
    "get_credential_totp_code": {
        "properties": {"code": {"type": "string"}, "seconds_remaining": {"type": "integer"}},
        "required": ["code", "seconds_remaining"],
        "type": "object",
    },
    "get_totp_codes": {"items": {"$ref": "TOTPCode"}, "type": "array"},
    "heartbeat": None,
    "rename_credential": {"$ref": "CredentialResponse"},
}
"""Routes outside the public schema answer with the models of those inside (facts: resources 1, 7, 8, 9)."""

QUERIES = {
    "get_browser_sessions_history": ["page", "page_size"],
    "get_totp_codes": ["limit", "totp_identifier", "workflow_run_id", "otp_type"],
}
"""What those routes read from the query; the same facts."""


def compact(schema: Any) -> Any:
    """The same schema, closed and without what no answer is judged by."""
    if isinstance(schema, list):
        return [compact(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    small: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            small[key] = {name: compact(field) for name, field in value.items()}
        elif key == "$ref":
            small[key] = f"models.json#/$defs/{value.removeprefix(MODELS)}"
        elif key in {"enum", "required", "const"}:
            small[key] = value
        elif key not in DROPPED:
            small[key] = compact(value)
    if "properties" in small:
        small.setdefault("additionalProperties", False)
    return nullable(small)


def nullable(schema: Schema) -> Schema:
    """``{anyOf: [X, null]}`` as X with one more type, where that says the same."""
    choices = schema.get("anyOf", [])
    if len(choices) != 2 or {"type": "null"} not in choices or set(schema) != {"anyOf"}:
        return schema
    other = next(choice for choice in choices if choice != {"type": "null"})
    if not isinstance(other.get("type"), str) or not set(other) <= MERGED:
        return schema
    return {**other, "type": [other["type"], "null"]}


def argument(header: str) -> str:
    """What the SDK calls a header: ``x-max-steps-override`` is its ``max_steps_override``."""
    return header.lower().removeprefix("x-").replace("-", "_")


def described(operation: Operation, facts: Schema) -> Schema:
    """An operation: where its arguments go, and what it answers by status (null: no JSON)."""
    if operation.hidden:
        answers = {"200": compact(HIDDEN[operation.name])} if operation.name in HIDDEN else {}
        return {"query": QUERIES.get(operation.name, []), "answers": answers}
    public = facts["paths"][operation.path][operation.method.lower()]
    parameters = public.get("parameters", [])
    found: Schema = {"query": [row["name"] for row in parameters if row["in"] == "query"]}
    headers = {argument(row["name"]): row["name"] for row in parameters if row["in"] == "header"}
    if headers:
        found["headers"] = headers
    if public.get("body"):
        (found["body"],) = public["body"]["content"]
    found["answers"] = {
        status: compact(media["application/json"]) if "application/json" in media else None
        for status, media in public["responses"].items()
        if status.startswith("2")
    }
    return found


def references(schema: Any) -> set[str]:
    """The models that a schema names."""
    if isinstance(schema, list):
        return {name for item in schema for name in references(item)}
    if not isinstance(schema, dict):
        return set()
    own = {schema["$ref"].rpartition("/")[2]} if isinstance(schema.get("$ref"), str) else set()
    return own | {name for value in schema.values() for name in references(value)}


def derive(facts: Schema) -> dict[str, str]:
    """File name -> text."""
    source = f"skyvern 1.0.56: {facts['source']}; derived by tools/derive_schemas.py"
    operations = {name: described(operation, facts) for name, operation in OPERATIONS.items()}
    models: dict[str, Schema] = {}
    wanted = references(operations)
    while wanted:
        name = wanted.pop()
        models[name] = compact(facts["schemas"][name])
        wanted |= references(models[name]) - set(models)
    return {
        "operations.json": _text(source, "operations", operations),
        "models.json": _text(source, "$defs", dict(sorted(models.items()))),
    }


def _text(source: str, title: str, rows: dict[str, Schema]) -> str:
    """JSON with one row a line: a change of the server is a change of a line."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    return f'{{\n "source": {json.dumps(source)},\n {json.dumps(title)}: {{\n{lines}\n }}\n}}\n'.replace(
        "models.json#/$defs/", "#/$defs/" if title == "$defs" else "models.json#/$defs/"
    )


def main() -> None:
    """Write the files, or say which differ."""
    parser = argparse.ArgumentParser(description=__doc__, usage="%(prog)s OPENAPI_FACTS [--check]")
    parser.add_argument("facts", type=Path)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    made = derive(json.loads(given.facts.read_text("utf-8")))
    for name, text in made.items():
        path = FOLDER / name
        if not given.check:
            path.write_text(text, "utf-8")
        elif path.read_text("utf-8") != text:
            sys.exit(f"{path.relative_to(ROOT)} is not what {given.facts} gives")


if __name__ == "__main__":
    main()
