"""The kinds of workflow block that a run goes through, and what each leaves in its output.

Only what a run shows from outside: which kinds open a browser, and how their output looks (facts:
runs 6; recorded lives). Nothing here executes a block.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Final

from skyvern_testkit.script import UNSET, Family, State, Unset
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.failure_category import category_of_block
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.rows import BlockRun, Run, Workflow
from skyvern_testkit.world.world import World

__all__ = [
    "OPENS_BROWSER",
    "SCREENSHOTS_SHOWN",
    "TASK_BLOCKS",
    "block_output",
    "current_block",
    "definitions_of",
    "had_no_browser",
    "outputs_so_far",
    "workflow_of",
]

TASK_BLOCKS: Final = frozenset(
    {
        "action",
        "extraction",
        "file_download",
        "goto_url",
        "login",
        "navigation",
        "task",
        "validation",
    }
)
"""Block types behind which a browser task of the agent works."""

OPENS_BROWSER: Final = TASK_BLOCKS | {"code"}
"""A code block opens a page too, but no agent looks at it."""


def current_block(run: Run) -> BlockRun | None:
    """The block at work in the run's present attempt, or the last that was."""
    if run.blocks and run.blocks[-1].attempt == run.attempt:
        return run.blocks[-1]
    return None


def workflow_of(world: World, run: Run) -> Workflow | None:
    """The version of the workflow that the run plays, also when it is deleted by now."""
    return world.get_deleted(Workflow, run.workflow_id or "", run.organization_id)


def definitions_of(world: World, run: Run) -> list[JsonObject]:
    """The top-level blocks of the run's workflow, in order; a 2.0 task makes up its own."""
    if run.family is Family.TASK_V2:
        return _made_up(run)
    workflow = workflow_of(world, run)
    return workflow.blocks if workflow else []


def _made_up(run: Run) -> list[JsonObject]:
    names = ("goto_url", "navigation") if run.input.url else ("navigation",)
    return [
        {
            "block_type": name,
            "label": f"{name}_{_five_letters(run, name)}",
            "url": run.input.url,
            "navigation_goal": run.input.prompt if name == "navigation" else None,
        }
        for name in names
    ]


_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _five_letters(run: Run, name: str) -> str:
    """The made-up end of a label: always the same for a run and a name."""
    drawn = random.Random(f"{run.id} {name}")
    return "".join(drawn.choices(_LETTERS, k=5))


_PROMPT_SCHEMA: Final = {"type": "object", "properties": {"llm_response": {"type": "string"}}}


def _plain_output(world: World, definition: JsonObject) -> Json:
    """The output of a block without an agent, where it is known without executing it."""
    match definition["block_type"]:
        case "wait":
            return {"success": True}
        case "terminate":
            return {"reason": definition.get("reason")}
        case "text_prompt":
            return plausible(definition.get("json_schema") or _PROMPT_SCHEMA, world.random)
        case _:
            return None


def block_output(
    world: World,
    run: Run,
    block: BlockRun,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
    said: Json | Unset = UNSET,
) -> tuple[bool, Json]:
    """Is there an output of a block that ends so, and which.

    A task block whose page could not be opened gives null; a code block that failed is not there
    at all (recorded lives ``wf_unreachable``, ``wf_code_fail``).

    Args:
        world: the run's world.
        run: its run.
        block: it has just ended.
        state: how.
        reason: why.
        errors: with which errors.
        said: what a script of the block's says: its output, or what a browser task has extracted.
    """
    if block.block_type in TASK_BLOCKS:
        if state is State.FAILED and (block.error_codes or had_no_browser(reason)):
            return True, None
        if block.task_id is None:  # it failed before it had one: only the server says why
            return not isinstance(said, Unset), None if isinstance(said, Unset) else said
        return True, _task_output(world, run, block, state, reason, errors, said)
    if not isinstance(said, Unset):
        return True, said
    if block.block_type != "terminate" and state is not State.COMPLETED:
        return False, None
    return True, _plain_output(world, block.definition)


def had_no_browser(reason: str | None) -> bool:
    """Does a reason say that there was no browser to work in?"""
    return (reason or "").startswith(_NO_BROWSER)


_NO_BROWSER: Final = ("Failed to create browser context", "No browser found to run the code block")


SCREENSHOTS_SHOWN: Final = 3
"""The latest of them; a run shows no more, nor does a block."""


def _task_output(
    world: World,
    run: Run,
    block: BlockRun,
    state: State,
    reason: str | None,
    errors: tuple[JsonObject, ...],
    said: Json | Unset,
) -> JsonObject:
    information = None
    if not isinstance(said, Unset):
        information = said
    elif state is State.COMPLETED and _extracts(block.definition):
        information = plausible(block.definition.get("data_schema") or {}, world.random)
    of_run = [shot for done in reversed(run.blocks) for shot in done.screenshots]
    return {
        "task_id": block.task_id,
        "status": str(state),
        "extracted_information": information,
        "failure_reason": reason,
        "errors": list(errors),
        "failure_category": category_of_block(reason),
        "downloaded_files": [],
        "downloaded_file_urls": None,
        "downloaded_file_artifact_ids": list(block.downloads) or None,
        "task_screenshots": None,
        "workflow_screenshots": None,
        "task_screenshot_artifact_ids": list(block.screenshots),
        "workflow_screenshot_artifact_ids": of_run[:SCREENSHOTS_SHOWN],
    }


def _extracts(definition: JsonObject) -> bool:
    return definition["block_type"] in ("extraction", "task") and bool(
        definition.get("data_extraction_goal")
    )


def outputs_so_far(run: Run) -> Json:
    """The run's ``output``: the blocks' by label, and what extractions found; null before the first."""
    if run.walk is not None:
        return _outputs_of_walk(run.walk.outputs)
    done = [block for block in run.blocks if block.attempt == run.attempt and block.has_output]
    if not done:
        return None
    return {
        **{f"{block.label}_output": block.output for block in done},
        "extracted_information": [
            block.output["extracted_information"]
            for block in done
            if block.block_type in TASK_BLOCKS
            and block.output is not None
            and block.output["extracted_information"] is not None
        ],
    }


def _outputs_of_walk(outputs: Mapping[str, Json]) -> Json:
    if not outputs:
        return None
    return {
        **{f"{label}_output": output for label, output in outputs.items()},
        "extracted_information": [
            found for output in outputs.values() for found in _extracted(output)
        ],
    }


def _extracted(output: Json) -> Iterator[Json]:
    """What the browser task behind an output has extracted; in a loop, that of the last turn."""
    match output:
        case {"task_id": _, "extracted_information": found} if found is not None:
            yield found
        case _:
            pass
