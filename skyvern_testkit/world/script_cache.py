"""Which scripts there are, and the cache of those that finished runs of workflows leave."""

from __future__ import annotations

import re
from typing import Final

from skyvern_testkit.script import Family
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import MICROSECOND
from skyvern_testkit.world.keeping import keep
from skyvern_testkit.world.rows import Run, Workflow
from skyvern_testkit.world.scripts import MAIN, CachedScript, ScriptFile, ScriptVersion
from skyvern_testkit.world.world import World

__all__ = ["cached", "latest_versions", "leave_script", "versions_of"]

START_BLOCK: Final = "__start_block__"
"""The name under which a generated script's whole program stands among its blocks."""

_TEMPLATE: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")


def versions_of(world: World, script_id: str, organization_id: str) -> list[ScriptVersion]:
    """The versions of a script, oldest first; none for an unknown id."""
    rows = world.rows(ScriptVersion, organization_id)
    return [row for row in rows if row.script_id == script_id]


def latest_versions(world: World, organization_id: str) -> list[ScriptVersion]:
    """Every script by its latest version, the version made last first."""
    newest = {row.script_id: row for row in world.rows(ScriptVersion, organization_id)}
    return sorted(
        newest.values(), key=lambda row: (row.created_at, int(row.id.split("_")[-1])), reverse=True
    )


def cached(world: World, permanent_id: str, organization_id: str) -> list[CachedScript]:
    """What a workflow has in its cache, oldest first."""
    rows = world.rows(CachedScript, organization_id)
    return [row for row in rows if row.workflow_permanent_id == permanent_id]


def leave_script(world: World, run: Run, workflow: Workflow | None) -> None:
    """A workflow run that completed leaves a script, if the cache has none for it yet.

    Recorded group ``scripts_generated``. The real server writes a program that repeats the run; the
    fake's says only that it is none.
    """
    if run.family is not Family.WORKFLOW or workflow is None:
        return
    key = str(workflow.settings.get("cache_key") or "default")
    value = _value(key, run, workflow)
    held = cached(world, workflow.permanent_id, run.organization_id)
    if any(entry.cache_key_value == value for entry in held):
        return
    code = f"# What Skyvern would have written after {run.id}; the fake writes no programs.\n"
    _leave_files(world, run, workflow, code)
    file = ScriptFile(MAIN, code.encode(), "text/x-python", world.now)
    made = world.make(
        ScriptVersion,
        run.organization_id,
        script_id=world.new_id("s"),
        version=1,
        run_id=run.id,
        files=(file,),
        blocks=((START_BLOCK, code),),
    )
    world.make(
        CachedScript,
        run.organization_id,
        workflow_permanent_id=workflow.permanent_id,
        script_id=made.script_id,
        cache_key=key,
        cache_key_value=value,
        run_id=run.id,
    )


_HAS_OWN_FILE: Final = frozenset(
    {
        "action",
        "extraction",
        "file_download",
        "for_loop",
        "login",
        "navigation",
        "task",
        "while_loop",
    }
)
"""The kinds of block of which a generated script has a file each."""


def _leave_files(world: World, run: Run, workflow: Workflow, code: str) -> None:
    """The script's files are artifacts of the run as well; where an agent worked, all come twice."""
    own = [item["label"] for item in workflow.blocks if item["block_type"] in _HAS_OWN_FILE]
    names = (*(f"{label}.skyvern" for label in own), f"{START_BLOCK}.skyvern", MAIN)
    at = max(world.now, (run.finished_at or 0) + MICROSECOND)  # after the downloads
    for name in names:
        for _ in range(2 if own else 1):
            file = keep(world, run, "script_file", code.encode(), filename=name)
            world.change(file, created_at=at, modified_at=at + 4 * MICROSECOND)


def _value(key: str, run: Run, workflow: Workflow) -> str:
    """The cache key with the run's parameters in it; runs with code have values of their own."""
    given: dict[str, Json] = {**_defaults(workflow), **run.input.parameters}
    text = _TEMPLATE.sub(lambda found: str(given.get(found[1], "")), key)
    return f"{text}:v2" if run.run_with == "code" else text


def _defaults(workflow: Workflow) -> dict[str, Json]:
    parameters: list[JsonObject] = workflow.definition.get("parameters") or []
    return {
        item["key"]: item.get("default_value")
        for item in parameters
        if item.get("parameter_type") == "workflow"
    }
