"""The cache of scripts that finished runs of a workflow leave (recorded ``scripts_generated``)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.scripts import code_of
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.script_cache import cached, versions_of
from skyvern_testkit.world.scripts import CachedScript, ScriptVersion

__all__ = ["ENDPOINTS"]

_UNKNOWN: Final = "Workflow not found"


class Status(StrEnum):
    PUBLISHED = "published"
    PENDING = "pending"


class BlocksBody(Lazy):
    cache_key_value: str
    cache_key: str | None = None
    status: Status | None = None
    workflow_run_id: str | None = None


class PinBody(Lazy):
    cache_key_value: str


class ValuesQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 100


class ValueQuery(Lazy):
    cache_key_value: Annotated[str, Field(alias="cache-key-value")]


class EpisodesQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
    reviewed: bool | None = None


def _workflow(call: Call) -> Workflow:
    found = call.world.workflow(call.params["workflow_permanent_id"], call.organization_id)
    if found is None:
        raise Refusal(404, _UNKNOWN)
    return found


def _entries(call: Call) -> list[CachedScript]:
    return cached(call.world, call.params["workflow_permanent_id"], call.organization_id)


def _latest(call: Call, entry: CachedScript) -> ScriptVersion:
    return versions_of(call.world, entry.script_id, entry.organization_id)[-1]


def list_workflow_scripts(call: Call) -> JsonObject:
    """What the workflow has in its cache, newest first."""
    _workflow(call)
    return {"scripts": [_shown(call, entry) for entry in reversed(_entries(call))]}


def _shown(call: Call, entry: CachedScript) -> JsonObject:
    versions = versions_of(call.world, entry.script_id, entry.organization_id)
    return {
        "script_id": entry.script_id,
        "cache_key": entry.cache_key,
        "cache_key_value": entry.cache_key_value,
        "status": Status.PUBLISHED,
        "latest_version": versions[-1].version,
        "version_count": len(versions),
        "total_runs": 1,
        "success_rate": 1.0,
        "is_pinned": entry.pinned_at is not None,
        "created_at": timestamp(entry.created_at),
        "modified_at": timestamp(entry.modified_at),
    }


def get_workflow_script_blocks(call: Call) -> JsonObject:
    """The code for a value of the cache key, or the code that a run left; nothing where there is none."""
    asked: BlocksBody = call.body
    workflow = _workflow(call)
    key = asked.cache_key or workflow.settings.get("cache_key")
    entries = _entries(call)
    of_run = [entry for entry in entries if entry.run_id == asked.workflow_run_id is not None]
    by_value = [
        entry
        for entry in entries
        if (entry.cache_key, entry.cache_key_value) == (key, asked.cache_key_value)
    ]
    found = of_run or by_value
    if not found or asked.status is Status.PENDING:
        return code_of(None)
    return code_of(_latest(call, found[0]))


def get_workflow_cache_key_values(call: Call) -> JsonObject:
    """The values that a cache key has; nobody is refused, and no other query is read."""
    query: ValuesQuery = call.query
    key = call.params["cache_key"]
    values = [entry.cache_key_value for entry in _entries(call) if entry.cache_key == key]
    return {
        "filtered_count": len(values),
        "page": query.page,
        "page_size": query.page_size,
        "total_count": len(values),
        "values": page_of(values, query.page, query.page_size),
    }


def delete_workflow_cache_key_value(call: Call) -> JsonObject:
    _workflow(call)
    entry = _by_value(call, call.query.cache_key_value, "Cache key value not found")
    call.world.change(entry, deleted_at=call.now)
    return {"message": "Cache key value deleted successfully"}


def _by_value(call: Call, value: str, refusal: str) -> CachedScript:
    found = next((entry for entry in _entries(call) if entry.cache_key_value == value), None)
    if found is None:
        raise Refusal(404, refusal)
    return found


def clear_workflow_cache(call: Call) -> JsonObject:
    """The cache is emptied, of pinned ones too; the scripts stay."""
    workflow, entries = _workflow(call), _entries(call)
    for entry in entries:
        call.world.change(entry, deleted_at=call.now)
    return {
        "deleted_count": len(entries),
        "message": f"Successfully cleared {len(entries)} database record(s) and 0 in-memory cache "
        f"entry(s) for workflow {workflow.permanent_id}",
    }


def pin_workflow_script(call: Call) -> JsonObject:
    return _pinned(call, call.now)


def unpin_workflow_script(call: Call) -> JsonObject:
    return _pinned(call, None)


def _pinned(call: Call, at: int | None) -> JsonObject:
    workflow = _workflow(call)
    value: str = call.body.cache_key_value
    entry = _by_value(call, value, "No script found for the given cache key value")
    if at != entry.pinned_at:
        call.world.change(entry, pinned_at=at)
    return {
        "workflow_permanent_id": workflow.permanent_id,
        "cache_key_value": value,
        "is_pinned": at is not None,
        "pinned_at": timestamp_or_none(at),
    }


def get_fallback_episodes(call: Call) -> JsonObject:
    """Where a script gave up and the agent went on: no run of the fake's is played by a script."""
    _workflow(call)
    query: EpisodesQuery = call.query
    return {"episodes": [], "page": query.page, "page_size": query.page_size, "total_count": 0}


def get_fallback_episode(call: Call) -> JsonObject:
    _workflow(call)
    raise Refusal(404, "Fallback episode not found")


ENDPOINTS = (
    Endpoint("list_workflow_scripts", list_workflow_scripts),
    Endpoint("get_workflow_script_blocks", get_workflow_script_blocks, body=BlocksBody),
    Endpoint("get_workflow_cache_key_values", get_workflow_cache_key_values, query=ValuesQuery),
    Endpoint("delete_workflow_cache_key_value", delete_workflow_cache_key_value, query=ValueQuery),
    Endpoint("clear_workflow_cache", clear_workflow_cache),
    Endpoint("pin_workflow_script", pin_workflow_script, body=PinBody),
    Endpoint("unpin_workflow_script", unpin_workflow_script, body=PinBody),
    Endpoint("get_fallback_episodes", get_fallback_episodes, query=EpisodesQuery),
    Endpoint("get_fallback_episode", get_fallback_episode),
)
