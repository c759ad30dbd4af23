"""The timeline of a run: its blocks with their actions, its thoughts (facts: runs 6)."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.api.call import Links
from skyvern_testkit.api.runs.answers import block_output_body
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp
from skyvern_testkit.world.blocks import TASK_BLOCKS
from skyvern_testkit.world.rows import Action, BlockRun, Run, Thought
from skyvern_testkit.world.world import World

__all__ = ["action_body", "timeline_body"]

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

_TOLD: Final[dict[str, frozenset[str]]] = dict.fromkeys(
    ("http_request", "data_export", "for_loop", "while_loop", "file_url_parser"),
    frozenset[str](),
)
"""Kinds of block of which the timeline tells fewer of them (recorded group ``walk``)."""


def timeline_body(world: World, run: Run, links: Links) -> list[JsonObject]:
    """All entries, newest first; none before the run works."""
    entries = [
        *(
            (block.created_at, _block_entry(world, run, block, links))
            for block in run.blocks
            if block.parent_id is None
        ),
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
        "children": parts.get("children", []),
        "created_at": timestamp(created_at),
        "modified_at": timestamp(modified_at),
    }


def _block_entry(world: World, run: Run, block: BlockRun, links: Links) -> JsonObject:
    body = _block_body(world, run, block, links)
    children = [
        _block_entry(world, run, child, links)
        for child in reversed(run.blocks)
        if child.parent_id == block.id
    ]
    return _entry(
        "block", block.attempt, block.created_at, block.modified_at, block=body, children=children
    )


def _block_body(world: World, run: Run, block: BlockRun, links: Links) -> JsonObject:
    definition = block.definition
    told = _TOLD.get(block.block_type, _FROM_DEFINITION)
    said: JsonObject = {
        name: definition.get(name) if name in told else None for name in _FROM_DEFINITION
    }
    has_page = block.block_type == "code" and block.task_id is not None
    if has_page:
        said["url"] = _BLANK
    agent = block.block_type in TASK_BLOCKS
    reached = agent and block.task_id is not None
    if agent and not reached:  # it was over before its task began (recorded: ``walk.validation``)
        said = dict.fromkeys(said)
    asks = block.block_type == "human_interaction"
    over = block.status != "running"
    return {
        "workflow_run_block_id": block.id,
        "block_workflow_run_id": None,
        "workflow_run_id": run.hidden_run_id or run.id,
        "attempt_number": block.attempt,
        "organization_id": run.organization_id,
        "description": _description(block),
        "parent_workflow_run_block_id": block.parent_id,
        "block_type": block.block_type,
        "label": block.label,
        "status": block.status,
        "output": block_output_body(world, run, block.output, links),
        "continue_on_failure": bool(definition.get("continue_on_failure")),
        "failure_reason": block.failure_reason,
        "error_codes": list(block.error_codes),
        "engine": (definition.get("engine") or "skyvern-1.0") if agent or asks else None,
        "task_id": block.task_id,
        "url": said["url"],
        "final_url": _BLANK if has_page and over else None,
        "finish_reason": None,
        "navigation_goal": said["navigation_goal"],
        "navigation_payload": block.payload if reached else None,
        "data_extraction_goal": said["data_extraction_goal"],
        "data_schema": said["data_schema"],
        "terminate_criterion": said["terminate_criterion"],
        "complete_criterion": said["complete_criterion"],
        "actions": [
            _code_error_body(run, block, action)
            if action.kind == "null_action"
            else action_body(run, block, action)
            for action in reversed(block.actions)
        ],
        "created_at": timestamp(block.created_at),
        "modified_at": timestamp(block.modified_at),
        "include_action_history_in_verification": block.block_type == "file_download",
        "include_extracted_text": block.block_type != "extraction",
        "duration": (block.modified_at - block.created_at) / SECOND
        if over and block.task_id
        else None,
        "loop_values": None if block.loop_values is None else list(block.loop_values),
        "current_value": block.current_value,
        "current_index": block.current_index,
        "recipients": said["recipients"],
        "attachments": said["attachments"],
        "subject": said["subject"],
        "body": said["body"],
        "prompt": said["prompt"],
        "instructions": said["instructions"],
        "positive_descriptor": said["positive_descriptor"],
        "negative_descriptor": said["negative_descriptor"],
        "executed_branch_id": block.branch.get("executed_branch_id"),
        "executed_branch_expression": block.branch.get("executed_branch_expression"),
        "executed_branch_result": block.branch.get("executed_branch_result"),
        "executed_branch_next_block": block.branch.get("executed_branch_next_block"),
        "script_run": None,
        "downloaded_file_count": len(block.downloads) if reached and block.output else None,
    }


_BLANK: Final = "about:blank"
_NOT_DESCRIBED: Final = frozenset({"code", "for_loop", "while_loop"})


def _description(block: BlockRun) -> str | None:
    """One sentence by the model; in the recordings only these kinds have none."""
    if block.block_type in _NOT_DESCRIBED:
        return None
    return f"The block {block.label} ({block.block_type}) does its part."


def action_body(run: Run, block: BlockRun | None, action: Action) -> JsonObject:
    """What the agent did, of a block or (with none) of a task of its own."""
    definition: JsonObject = {"url": run.input.url} if block is None else block.definition
    at = timestamp(action.at)
    verdict = action.kind in ("complete", "terminate")
    extracts = action.kind == "extract"
    return {
        "action_type": action.kind,
        "status": action.status,
        "action_id": action.id,
        "source_action_id": None,
        "organization_id": run.organization_id,
        "workflow_run_id": (run.hidden_run_id or run.id) if block else None,
        "task_id": block.task_id if block else run.id,
        "step_id": action.step_id,
        "step_order": action.step_order,
        "action_order": 0,
        "confidence_float": None if action.by_server else 1.0 if extracts else 0.9,
        "description": None,
        "reasoning": action.words,
        "intention": action.words if action.by_server else None,
        "response": None,
        "element_id": None,
        "skyvern_element_hash": None,
        "skyvern_element_data": {"page_url": definition.get("url")}
        if verdict and not action.by_server
        else None,
        "screenshot_artifact_id": action.screenshot_id,
        "tool_call_id": None,
        "xpath": None,
        "errors": list(action.errors) if verdict else None,
        "terminal_user_errors": False,
        "data_extraction_goal": definition.get("data_extraction_goal") if extracts else None,
        "output": None,
        "file_name": None,
        "file_url": None,
        "download": bool(action.downloads) if action.kind == "click" else None,
        "download_triggered": True if action.downloads else None,
        "downloaded_files": list(action.downloads) or None,
        "is_upload_file_tag": None,
        "text": None,
        "input_or_select_context": None,
        "option": None,
        "is_checked": None,
        "verified": action.kind == "complete",
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


def _code_error_body(run: Run, block: BlockRun, action: Action) -> JsonObject:
    """The row of a code block that failed (recorded life ``wf_code_fail``)."""
    return {
        **action_body(run, block, action),
        "workflow_run_id": None,
        "confidence_float": None,
        "description": "code error at line 1",  # the fake does not execute it
        "reasoning": None,
        "response": action.words,
        "output": {"code_line": 1},
        "started_at": None,
        "finished_at": None,
    }


_THOUGHT_TYPES: Final = {"generate_plan": "plan"}


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
        "answer": thought.answer,
        "thought_type": _THOUGHT_TYPES.get(thought.scenario, "user_goal_check"),
        "thought_scenario": thought.scenario,
        "output": thought.output,
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
