"""How the SDK is refused by tags, schedules, scripts, custom models and lists of runs.

Rows and arguments as in ``test_sdk_errors``.
"""

from __future__ import annotations

from typing import Any

Row = tuple[str, int, dict[str, Any], str]

CONFIG = {"display_name": "Mine", "provider": "ollama", "model_name": "small"}
BROKEN = [{"path": "main.py", "content": "***", "encoding": "base64", "mime_type": "text/x-python"}]
MANY = ",".join(f"i{number}" for number in range(201))
PLAN = {"workflow_permanent_id": "wpid_1", "workflow_schedule_id": "wfs_1"}
OWN_PLAN = {"workflow_permanent_id": "<workflow>", "workflow_schedule_id": "<schedule>"}
GONE_PLAN = {**OWN_PLAN, "workflow_schedule_id": "<canceled schedule>"}
WEEKLY = {"timezone": "UTC", "cron_expression": "0 9 * * 1"}
WORKFLOW = {"workflow_permanent_id": "wpid_1"}
RUN = {"workflow_run_id": "wr_1"}
OWN_RUN = {"workflow_run_id": "<workflow run>"}
VALUE = {"key": "env", "value": "nope"}
RESERVED = "reserved 'skyvern.' prefix"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "agents.reset_workflow_browser_profile": WORKFLOW,
    "apply_run_tags": {**RUN, "tags": [{"value": "x"}]},
    "apply_workflow_tags": {**WORKFLOW, "tags": [{"value": "x"}]},
    "batch_get_run_tags_post": {"workflow_run_ids": ["wr_1"]},
    "batch_get_workflow_tags_post": {"workflow_permanent_ids": ["wpid_1"]},
    "bulk_cancel_runs": {"run_ids": ["wr_1"]},
    "create_custom_llm": {"config": CONFIG},
    "create_script": {"workflow_id": "wpid_1"},
    "delete_custom_llm": {"custom_llm_id": "oat_1"},
    "delete_run_tag": {**RUN, "key": "env"},
    "delete_tag_key": {"key": "env"},
    "delete_tag_value": VALUE,
    "delete_workflow_tag": {**WORKFLOW, "key": "env"},
    "deploy_script": {"script_id": "s_1", "files": []},
    "get_run_tag_history": RUN,
    "get_run_tags": RUN,
    "get_script": {"script_id": "s_1"},
    "get_workflow_runs_by_id": {"workflow_id": "wpid_1"},
    "get_workflow_tag_history": WORKFLOW,
    "get_workflow_tags": WORKFLOW,
    "rename_tag_value": {**VALUE, "new_value": "other"},
    "retry_workflow_run": RUN,
    "run_sdk_action": {
        "url": "https://example.com",
        "action": {"type": "extract", "prompt": "x"},
    },
    "schedules.cancel": PLAN,
    "schedules.create": {**WORKFLOW, **WEEKLY},
    "schedules.delete": PLAN,
    "schedules.disable": PLAN,
    "schedules.enable": PLAN,
    "schedules.get": PLAN,
    "schedules.list": WORKFLOW,
    "schedules.update": {**PLAN, **WEEKLY},
    "scripts.run_script": {"script_id": "s_1"},
    "update_custom_llm": {"custom_llm_id": "oat_1", "config": CONFIG},
    "update_tag_key": {"key": "env", "description": "x"},
    "update_tag_value": {**VALUE, "color": "red"},
}


def body(**fields: Any) -> dict[str, Any]:
    return {"request_options": {"additional_body_parameters": fields}}


def query(**fields: Any) -> dict[str, Any]:
    return {"request_options": {"additional_query_parameters": fields}}


ROWS: tuple[Row, ...] = (
    # tags
    ("apply_workflow_tags", 404, {}, "Workflow wpid_1 not found"),
    ("apply_workflow_tags", 422, body(tags=[{"value": ""}]), "tag"),
    ("get_workflow_tags", 404, {}, "Workflow wpid_1 not found"),
    ("get_workflow_tag_history", 404, {}, "Workflow wpid_1 not found"),
    ("get_workflow_tag_history", 422, {"limit": 0}, "greater than or equal to 1"),
    ("delete_workflow_tag", 400, {"key": "skyvern.x"}, RESERVED),
    ("delete_workflow_tag", 404, {}, "Workflow wpid_1 not found"),
    ("apply_run_tags", 404, {}, "Workflow run wr_1 not found"),
    ("apply_run_tags", 422, body(tags=[{"value": ""}]), "tag"),
    ("get_run_tags", 404, {}, "Workflow run wr_1 not found"),
    ("get_run_tag_history", 404, {}, "Workflow run wr_1 not found"),
    ("get_run_tag_history", 422, {"limit": 0}, "greater than or equal to 1"),
    ("delete_run_tag", 400, {"key": "skyvern.x"}, RESERVED),
    ("delete_run_tag", 404, {}, "Workflow run wr_1 not found"),
    ("batch_get_workflow_tags", 400, {"workflow_permanent_ids": MANY}, "At most 200 workflow IDs"),
    (
        "batch_get_workflow_tags_post",
        400,
        {"workflow_permanent_ids": MANY.split(",")},
        "At most 200 workflow IDs",
    ),
    ("batch_get_workflow_tags_post", 422, body(workflow_permanent_ids="x"), "valid list"),
    ("batch_get_run_tags", 400, {"workflow_run_ids": MANY}, "At most 200 workflow run IDs"),
    (
        "batch_get_run_tags_post",
        400,
        {"workflow_run_ids": MANY.split(",")},
        "At most 200 workflow run IDs",
    ),
    ("batch_get_run_tags_post", 422, body(workflow_run_ids="x"), "valid list"),
    ("update_tag_key", 400, {"key": "skyvern.status"}, RESERVED),
    ("update_tag_key", 404, {}, "Tag key 'env' not found"),
    ("update_tag_key", 422, {"description": "x" * 501}, "at most 500 characters"),
    ("delete_tag_key", 400, {"key": "skyvern.status"}, RESERVED),
    ("delete_tag_key", 404, {}, "Tag key 'env' not found"),
    ("update_tag_value", 400, {"key": "skyvern.status"}, RESERVED),
    ("update_tag_value", 404, {}, "Tag value 'env:nope' not found"),
    ("update_tag_value", 422, body(color="plaid"), "color"),
    ("rename_tag_value", 400, {"key": "skyvern.status"}, RESERVED),
    ("rename_tag_value", 404, {}, "Tag value 'env:nope' not found"),
    (
        "rename_tag_value",
        409,
        {"key": "tier", "value": "gold", "new_value": "silver"},
        "rename would merge labels",
    ),
    ("rename_tag_value", 422, {"new_value": "nope"}, "value"),
    ("delete_tag_value", 400, {"key": "skyvern.status"}, RESERVED),
    ("delete_tag_value", 404, {}, "Tag value 'env:nope' not found"),
    ("delete_tag_value", 422, body(value=7), "tag value must be a string"),
    # schedules
    ("schedules.create", 400, {"timezone": "Mars/X"}, "Invalid timezone"),
    ("schedules.create", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.create", 422, {"interval_seconds": 600}, "Set exactly one of"),
    ("schedules.list", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.list_all", 422, {"page": 0}, "greater than or equal to 1"),
    ("schedules.get", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.update", 400, {**OWN_PLAN, "timezone": "Mars/X"}, "Invalid timezone"),
    ("schedules.update", 404, {}, "Workflow wpid_1 not found"),
    (
        "schedules.update",
        409,
        {**GONE_PLAN, "cron_expression": None, "run_at": "<next year>"},
        "already fired or was canceled",
    ),
    ("schedules.update", 422, {**OWN_PLAN, "interval_seconds": 600}, "Set exactly one of"),
    ("schedules.delete", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.enable", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.enable", 422, GONE_PLAN, "one-time schedule"),
    ("schedules.disable", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.disable", 422, GONE_PLAN, "one-time schedule"),
    ("schedules.cancel", 404, {}, "Workflow wpid_1 not found"),
    ("schedules.cancel", 409, GONE_PLAN, "already fired or was canceled"),
    ("schedules.cancel", 422, OWN_PLAN, "Only a one-time schedule can be canceled"),
    # scripts and custom models
    ("create_script", 400, {"files": BROKEN}, "is not valid base64"),
    ("create_script", 404, {"run_id": "wr_1"}, "Run_id wr_1 not found"),
    ("create_script", 422, body(files="x"), "valid list"),
    ("deploy_script", 400, {"script_id": "<script>", "files": BROKEN}, "is not valid base64"),
    ("deploy_script", 404, {}, "Script not found"),
    ("deploy_script", 422, body(files="x"), "valid list"),
    ("get_script", 404, {}, "Script not found"),
    ("get_scripts", 422, {"page": 0}, "greater than or equal to 1"),
    ("scripts.run_script", 400, {"script_id": "<script>"}, "Not implemented"),
    ("create_custom_llm", 422, body(config="x"), "valid"),
    ("update_custom_llm", 404, {}, "Custom LLM not found"),
    ("update_custom_llm", 422, body(config="x"), "valid"),
    ("delete_custom_llm", 404, {}, "Custom LLM not found"),
    # runs
    ("bulk_cancel_runs", 422, {"run_ids": MANY.split(",")}, "at most 100 items"),
    ("get_runs_v2", 400, query(tags=":"), "Invalid tag filter"),
    ("get_runs_v2", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_workflow_runs", 422, {"page": 0}, "greater than or equal to 1"),
    ("get_workflow_runs_by_id", 400, query(tags=":"), "Invalid tag filter"),
    ("get_workflow_runs_by_id", 422, {"page": 0}, "greater than or equal to 1"),
    ("retry_workflow_run", 400, OWN_RUN, "Only terminal workflow runs can be retried"),
    ("retry_workflow_run", 404, {}, "Workflow run not found wr_1"),
    ("retry_workflow_run", 410, {"workflow_run_id": "<run of a closed session>"}, "no longer"),
    (
        "retry_workflow_run",
        422,
        {"request_options": {"additional_headers": {"x-max-steps-override": "abc"}}},
        "valid integer",
    ),
    ("run_sdk_action", 404, {"browser_session_id": "pbs_1"}, "does not exist or is not live"),
    ("run_sdk_action", 410, {"browser_session_id": "<ended session>"}, "no longer usable"),
    ("run_sdk_action", 422, body(action={"type": "zzz"}), "type"),
    ("agents.reset_workflow_browser_profile", 404, {}, "Workflow not found"),
)

ANY_TEXTS = (
    *("agents.reset_workflow_browser_profile", "get_workflow_tags", "get_run_tags"),
    *("delete_workflow_tag", "delete_run_tag", "delete_tag_key", "get_script"),
    *("delete_custom_llm", "scripts.run_script", "schedules.get", "schedules.list"),
    *("schedules.delete", "batch_get_workflow_tags", "batch_get_run_tags", "list_tag_values"),
)
"""Their only parameters are texts, and the server takes any."""
NOTHING_READ = ("list_tag_keys", "list_custom_llms")
