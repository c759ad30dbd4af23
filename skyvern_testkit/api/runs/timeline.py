"""The timeline of a run: its blocks with their actions, its thoughts (facts: runs 6)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.script import Family
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.endings import BROWSERLESS
from skyvern_testkit.world.rows import Action, BlockRun, Run, Thought, Workflow
from skyvern_testkit.world.world import World

__all__ = ["timeline_body"]

_FROM_DEFINITION: Final = (
    "url",
    "navigation_goal",
    "data_extraction_goal",
    "data_schema",
    "terminate_criterion",
    "complete_criterion",
    "recipients",
    "attachments",
    "subject",
    "body",
    "prompt",
    "instructions",
    "positive_descriptor",
    "negative_descriptor",
)
"""Fields of a timeline block that repeat the workflow's definition."""


def timeline_body(world: World, run: Run) -> list[JsonObject]:
    """All entries, newest first; none before the run works."""
    entries = [
        *((block.created_at, _block_entry(world, run, block)) for block in run.blocks),
        *((thought.at, _thought_entry(run, thought)) for thought in run.thoughts),
    ]
    ordered = sorted(enumerate(entries), key=lambda item: (item[1][0], item[0]), reverse=True)
    return [entry for _, (_, entry) in ordered]


def _entry(kind: str, attempt: int, created_at: int, modified_at: int, **parts: Json) -> JsonObject:
    return {
        "type": kind,
        "attempt": attempt,
        "block": parts.get("block"),
        "thought": parts.get("thought"),
        "children": [],
        "created_at": timestamp(created_at),
        "modified_at": timestamp(modified_at),
    }


def _block_entry(world: World, run: Run, block: BlockRun) -> JsonObject:
    body = _block_body(world, run, block)
    return _entry("block", block.attempt, block.created_at, block.modified_at, block=body)


def _block_body(world: World, run: Run, block: BlockRun) -> JsonObject:
    workflow = world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)
    definition = next(
        (item for item in (workflow.blocks if workflow else []) if item["label"] == block.label), {}
    )
    said: JsonObject = {name: definition.get(name) for name in _FROM_DEFINITION}
    browser = block.block_type not in BROWSERLESS
    return {
        "workflow_run_block_id": block.id,
        "block_workflow_run_id": None,
        "workflow_run_id": run.hidden_run_id or run.id,
        "attempt_number": block.attempt,
        "organization_id": run.organization_id,
        "description": None,
        "parent_workflow_run_block_id": None,
        "block_type": block.block_type,
        "label": block.label,
        "status": block.status,
        "output": block.output,
        "continue_on_failure": bool(definition.get("continue_on_failure")),
        "failure_reason": block.failure_reason,
        "error_codes": [],
        "engine": (definition.get("engine") or "skyvern-1.0") if browser else None,
        "task_id": None,
        "url": said["url"],
        "final_url": None,
        "finish_reason": None,
        "navigation_goal": said["navigation_goal"],
        "navigation_payload": {} if browser else None,
        "data_extraction_goal": said["data_extraction_goal"],
        "data_schema": said["data_schema"],
        "terminate_criterion": said["terminate_criterion"],
        "complete_criterion": said["complete_criterion"],
        "actions": [
            _action_body(run, block, action, order) for order, action in enumerate(block.actions)
        ],
        "created_at": timestamp(block.created_at),
        "modified_at": timestamp(block.modified_at),
        "include_action_history_in_verification": False,
        "include_extracted_text": block.block_type != "extraction",
        "duration": None,
        "loop_values": None,
        "current_value": None,
        "current_index": None,
        "recipients": said["recipients"],
        "attachments": said["attachments"],
        "subject": said["subject"],
        "body": said["body"],
        "prompt": said["prompt"],
        "instructions": said["instructions"],
        "positive_descriptor": said["positive_descriptor"],
        "negative_descriptor": said["negative_descriptor"],
        "executed_branch_id": None,
        "executed_branch_expression": None,
        "executed_branch_result": None,
        "executed_branch_next_block": None,
        "script_run": None,
        "downloaded_file_count": None,
    }


def _action_body(run: Run, block: BlockRun, action: Action, order: int) -> JsonObject:
    at = timestamp(action.at)
    return {
        "action_type": "click",
        "status": "completed",
        "action_id": action.id,
        "source_action_id": None,
        "organization_id": run.organization_id,
        "workflow_run_id": run.hidden_run_id or run.id,
        "task_id": run.id if run.family is Family.TASK else None,
        "step_id": action.step_id,
        "step_order": order,
        "action_order": 0,
        "confidence_float": 1.0,
        "description": action.words,
        "reasoning": action.words,
        "intention": action.words,
        "response": None,
        "element_id": None,
        "skyvern_element_hash": None,
        "skyvern_element_data": None,
        "screenshot_artifact_id": action.screenshot_id,
        "tool_call_id": None,
        "xpath": None,
        "errors": None,
        "terminal_user_errors": False,
        "data_extraction_goal": None,
        "output": None,
        "file_name": None,
        "file_url": None,
        "download": None,
        "download_triggered": None,
        "downloaded_files": None,
        "is_upload_file_tag": None,
        "text": None,
        "input_or_select_context": None,
        "option": None,
        "is_checked": None,
        "verified": False,
        "click_context": None,
        "totp_timing_info": None,
        "has_mini_agent": None,
        "skip_auto_complete_tab": False,
        "started_at": at,
        "finished_at": at,
        "created_at": at,
        "modified_at": at,
        "created_by": None,
    }


def _thought_entry(run: Run, thought: Thought) -> JsonObject:
    at = timestamp(thought.at)
    body: JsonObject = {
        "thought_id": thought.id,
        "task_id": run.id,
        "organization_id": run.organization_id,
        "workflow_run_id": run.hidden_run_id or run.id,
        "workflow_run_block_id": None,
        "workflow_id": run.workflow_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "user_input": None,
        "observation": None,
        "thought": thought.words,
        "answer": None,
        "thought_type": "user_goal_check",
        "thought_scenario": "user_goal_check",
        "output": {
            "user_goal_achieved": False,
            "should_terminate": False,
            "termination_reason": None,
        },
        "input_token_count": None,
        "output_token_count": None,
        "reasoning_token_count": None,
        "cached_token_count": None,
        "thought_cost": None,
        "last_llm_model": None,
        "created_at": at,
        "modified_at": at,
    }
    return _entry("thought", run.attempt, thought.at, thought.at, thought=body)
