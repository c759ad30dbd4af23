"""Derive ``contracts/schemas`` from the real server's public schema.

    python tools/derive_schemas.py OPENAPI_FACTS [--check]

OPENAPI_FACTS is the server's OpenAPI document without its prose: per path and verb an operation with ``parameters``,
``body`` and ``responses`` (status -> media type -> schema), and all models under ``schemas``. ``--check`` writes
nothing and says what differs.

What is kept is what an answer can be judged by. Every model with fields is closed, so that a field nobody documents is
found; defaults and titles go; "this or null" becomes one list of types. Where the server leaves its own schema is not
written here but in ``departures.json``, by hand, each row with its fact.

``requests.json`` is the other half, what the public operations take and which statuses they declare: the fake's own
document is compared with it. Its models stay open, as the server's are.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from skyvern_testkit.wire.operations import OPERATIONS, PUBLIC, Operation

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "contracts" / "schemas"
MODELS = "#/components/schemas/"
DROPPED = frozenset({"default", "title", "description", "example", "examples", "discriminator"})
MERGED = frozenset({"type", "format", "items", "additionalProperties", "properties", "required"})

Schema = dict[str, Any]


def _of(*names: str) -> Schema:
    """An object that has at least these fields: no public model is like it."""
    return {"type": "object", "required": list(names)}


def _rows(schema: Schema) -> Schema:
    return {"items": schema, "type": "array"}


_OLDER_RUN = _of("workflow_id", "workflow_run_id", "status", "attempts", "parameters", "outputs")
_OLDER_TASK = _of("request", "task_id", "status", "failure_reason", "workflow_run_id", "step_count")
_OLDER_TASK_V2 = _of("task_id", "status", "workflow_run_id", "prompt", "url", "summary", "output")

_TOKEN = {
    "properties": {"token": _of("id", "organization_id", "token_type", "valid", "created_at")},
    "required": ["token"],
    "type": "object",
}
_CREDENTIAL_FOLDER = _of("title", "description", "folder_id", "organization_id", "credential_count")
_ORGANIZATION = _of("organization_id", "organization_name", "slug", "webhook_callback_url")

HIDDEN: dict[str, Schema | None] = {
    "azure_credential.create": _TOKEN,
    "azure_credential.get": _TOKEN,
    "bitwarden.create": _TOKEN,
    "bitwarden.get": _TOKEN,
    "bitwarden.items": _of("configured", "items"),
    "create_credential_folder": _CREDENTIAL_FOLDER,
    "custom_credential.create": _TOKEN,
    "custom_credential.get": _TOKEN,
    "custom_credential.test_connection": _of("success"),
    "delete_credential_folder": _of("status", "folder_id"),
    "delete_vault_credential": _of("success"),
    "get_api_keys": _of("api_keys"),
    "get_auth_status": _of("status"),
    "get_credential_folder": _CREDENTIAL_FOLDER,
    "get_credential_folders": _rows(_CREDENTIAL_FOLDER),
    "get_current_organization": _ORGANIZATION,
    "get_organizations": _of("organizations"),
    "get_workflow_templates": _rows({"$ref": "Workflow"}),
    "move_credential": {"$ref": "CredentialResponse"},
    "older.create_workflow": {"$ref": "Workflow"},
    "older.update_workflow": {"$ref": "Workflow"},
    "onepassword.create": _TOKEN,
    "onepassword.get": _TOKEN,
    "onepassword.items": _of("configured", "items", "source"),
    "onepassword.status": _of("configured", "source", "modified_at"),
    "prompts.improve_prompt": _of("improved", "original"),
    "receive_webhook": None,
    "set_workflow_template": _of("workflow_permanent_id", "is_template"),
    "update_credential_folder": _CREDENTIAL_FOLDER,
    "update_organization": _ORGANIZATION,
    "continue_workflow_run": {"type": "null"},
    "get_runs_of_browser_session": _rows({"$ref": "WorkflowRun"}),
    "get_workflow_and_run": _of("workflow_run_id", "status", "workflow"),
    "older.cancel_task": {"type": "null"},
    "older.cancel_workflow_run": {"type": "null"},
    "older.cancel_workflow_run_of_browser_session": {"type": "null"},
    "older.get_actions": _rows(_of("action_type", "action_id", "task_id", "step_id")),
    "older.get_artifacts": _rows({"$ref": "Artifact"}),
    "older.get_runs": _rows(_of("status", "created_at", "failure_reason")),
    "older.get_step_artifacts": _rows({"$ref": "Artifact"}),
    "older.get_steps": _rows(_of("task_id", "step_id", "status", "order", "is_last")),
    "older.get_task": _OLDER_TASK,
    "older.get_task_v2": _OLDER_TASK_V2,
    "older.get_tasks": _rows(_OLDER_TASK),
    "older.get_workflow_run": _OLDER_RUN,
    "older.get_workflow_run_of_workflow": _OLDER_RUN,
    "older.get_workflow_run_timeline": _rows({"$ref": "WorkflowRunTimeline"}),
    "older.get_workflow_runs_by_id": _rows({"$ref": "WorkflowRun"}),
    "older.retry_task_webhook": _OLDER_TASK,
    "older.run_task": _of("task_id"),
    "older.run_task_v2": _OLDER_TASK_V2,
    "older.run_workflow": _of("workflow_id", "workflow_run_id", "agent_id", "agent_run_id"),
    "get_artifact": {"$ref": "Artifact"},
    "get_browser_sessions_history": {"items": {"$ref": "BrowserSessionResponse"}, "type": "array"},
    "get_credential_totp_code": {
        "properties": {"code": {"type": "string"}, "seconds_remaining": {"type": "integer"}},
        "required": ["code", "seconds_remaining"],
        "type": "object",
    },
    "get_totp_codes": {"items": {"$ref": "TOTPCode"}, "type": "array"},
    "get_openapi": {"type": "object"},
    "clear_workflow_cache": _of("deleted_count", "message"),
    "compare_script_versions": _of("script_id", "base_version", "compare_version"),
    "delete_workflow_cache_key_value": _of("message"),
    "get_artifact_signed_url": _of("artifact_id", "signed_url", "expires_at"),
    "get_browser_session_action_logs": _of("events", "next_cursor"),
    "get_browser_session_metadata": _of("browser_session_id", "status", "associated_workflow_runs"),
    "get_fallback_episodes": _of("episodes", "page", "page_size", "total_count"),
    "get_models": _of("models"),
    "get_script_runs": _of("runs", "total_count", "status_counts", "avg_fallbacks_per_run"),
    "get_script_version": _of("blocks", "main_script", "script_id", "version"),
    "get_script_version_detail": _of("script_id", "version", "blocks", "main_script"),
    "get_script_versions": _of("versions"),
    "get_workflow_cache_key_values": _of("values", "total_count", "filtered_count"),
    "get_workflow_script_blocks": _of("blocks", "main_script", "script_id", "version"),
    "list_workflow_scripts": _of("scripts"),
    "pin_workflow_script": _of("cache_key_value", "is_pinned", "pinned_at"),
    "unpin_workflow_script": _of("cache_key_value", "is_pinned", "pinned_at"),
    "heartbeat": None,
    "rename_credential": {"$ref": "CredentialResponse"},
}
"""Routes outside the public schema answer with the models of those inside (facts: resources 1, 7, 8, 9)."""

QUERIES = {
    "get_runs_of_browser_session": ["page", "page_size"],
    "older.get_runs": ["page", "page_size", "status", "search_key"],
    "older.get_tasks": [
        *("page", "page_size", "task_status", "workflow_run_id", "only_standalone_tasks"),
        *("application", "sort", "order"),
    ],
    "older.run_workflow": ["version", "template"],
    "get_browser_sessions_history": ["page", "page_size"],
    "get_credential_folders": ["page", "page_size", "search"],
    "older.create_workflow": ["folder_id"],
    "prompts.improve_prompt": ["use-case"],
    "set_workflow_template": ["is_template"],
    "get_totp_codes": ["limit", "totp_identifier", "workflow_run_id", "otp_type"],
}
"""What those routes read from the query; the same facts."""


def compact(schema: Any, *, closed: bool = True) -> Any:
    """The same schema without what nothing is judged by; closed: no fields but those it names."""
    if isinstance(schema, list):
        return [compact(item, closed=closed) for item in schema]
    if not isinstance(schema, dict):
        return schema
    small: Schema = {}
    for key, value in schema.items():
        if key == "properties":
            small[key] = {name: compact(field, closed=closed) for name, field in value.items()}
        elif key == "$ref":
            small[key] = f"models.json#/$defs/{value.removeprefix(MODELS)}"
        elif key in {"enum", "required", "const"}:
            small[key] = value
        elif key not in DROPPED:
            small[key] = compact(value, closed=closed)
    if closed and "properties" in small:
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


def taken(operation: Operation, facts: Schema) -> Schema:
    """What a public operation takes, and how the server's document files it."""
    public = facts["paths"][operation.path][operation.method.lower()]
    found: Schema = {
        "id": public["operation_id"],
        "tags": public["tags"],
        "statuses": sorted(public["responses"]),
        "parameters": [compact(row, closed=False) for row in public.get("parameters", [])],
    }
    if public.get("body"):
        ((media, schema),) = public["body"]["content"].items()
        required = public["body"].get("required", False)
        found["body"] = {
            "required": required,
            "media": media,
            "schema": compact(schema, closed=False),
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
    requests = {row.name: taken(row, facts) for row in PUBLIC}
    models = models_of(operations, facts, closed=True)
    request_models = models_of(requests, facts, closed=False)
    return {
        "operations.json": _text(source, {"operations": operations}),
        "models.json": _text(source, {"$defs": models}),
        "requests.json": _text(source, {"operations": requests, "$defs": request_models}),
    }


def models_of(operations: dict[str, Schema], facts: Schema, *, closed: bool) -> dict[str, Schema]:
    """All models that these operations name, and those that those name."""
    models: dict[str, Schema] = {}
    wanted = references(operations)
    while wanted:
        name = wanted.pop()
        models[name] = compact(facts["schemas"][name], closed=closed)
        wanted |= references(models[name]) - set(models)
    return dict(sorted(models.items()))


def _text(source: str, tables: dict[str, dict[str, Schema]]) -> str:
    """JSON with one row a line: a change of the server is a change of a line."""
    parts = [f' "source": {json.dumps(source)}']
    for title, rows in tables.items():
        lines = [f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items()]
        parts.append(f" {json.dumps(title)}: {{\n" + ",\n".join(lines) + "\n }")
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    return text.replace("models.json#/$defs/", "#/$defs/") if "$defs" in tables else text


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
