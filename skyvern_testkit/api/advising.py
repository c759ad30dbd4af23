"""What requests ask for in vain: told to the test, by the rows of :mod:`skyvern_testkit.world.advice`."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.rows import Run, Workflow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skyvern_testkit.api.call import Call, Endpoint

__all__ = ["on_code", "on_run", "on_task", "on_unknown", "on_workflow_run"]


def on_unknown(call: Call, endpoint: Endpoint, body: Any, query: Iterable[str]) -> None:
    """Fields and query parameters that no model of the operation has.

    Args:
        call: valid.
        endpoint: the operation.
        body: the JSON that was sent.
        query: the names in the query.
    """
    known = None if call.body is None else _names(call.body.__class__)
    if known is not None and isinstance(body, dict):
        _tell(call, endpoint.name, set(map(str, body)) - known, known)  # pyright: ignore[reportUnknownArgumentType] - JSON
    if endpoint.opened_by:  # its address, query and all, is the server's own
        return
    known = _names(endpoint.query) if endpoint.query is not None else frozenset[str]()
    if known is not None:
        _tell(call, endpoint.name, set(query) - known, known)


def _names(model: Any) -> frozenset[str] | None:
    """Under which names the fields of a model are read; None: any may be there."""
    fields = getattr(model, "model_fields", None)
    if model is None or fields is None or model.model_config.get("extra") == "allow":
        return None
    if "root" in fields:
        return None
    found: set[str] = set()
    for name, field in fields.items():
        alias: Any = field.validation_alias or field.alias
        found |= {name} if alias is None else set(map(str, getattr(alias, "choices", [alias])))
        if model.model_config.get("populate_by_name"):
            found.add(name)
    return frozenset(found)


def _tell(call: Call, operation: str, unknown: set[str], known: Iterable[str]) -> None:
    for name in sorted(unknown):
        near = get_close_matches(name, sorted(known), n=1)
        advise(
            call.world,
            "parameter_unknown",
            organization_id=call.organization_id,
            operation=operation,
            name=name,
            near=f". Did you mean {near[0]!r}?" if near else "",
        )


def on_run(call: Call, asked: Any, run_id: str) -> None:
    """What may be odd about any run.

    Args:
        call: that started it.
        asked: its body.
        run_id: of the run.
    """
    webhook = asked.webhook_url
    run = call.world.run(run_id)
    if webhook and run.webhook_url and "://" not in webhook:
        advise(call.world, "webhook_without_scheme", run_id, asked=webhook, kept=run.webhook_url)


def on_task(call: Call, asked: Any, run_id: str, *, default_steps: int) -> None:
    """What may be odd about a task.

    Args:
        call: that started it.
        asked: its body.
        run_id: of the task.
        default_steps: how many it has without a number of its own.
    """
    on_run(call, asked, run_id)
    if not asked.prompt.strip():
        advise(call.world, "prompt_empty", run_id)
    if asked.max_steps == 0:
        advise(call.world, "max_steps_zero", run_id, default=default_steps)


_CODES: Final = ("totp_identifier", "totp_url")
_OF_BLOCKS: Final = ("totp_identifier", "totp_verification_url")


def on_workflow_run(call: Call, asked: Any, workflow: Workflow, run_id: str) -> None:
    """What may be odd about a run of a workflow.

    Args:
        call: that started it.
        asked: its body.
        workflow: the version that runs.
        run_id: of the run.
    """
    world = call.world
    on_run(call, asked, run_id)
    declared: list[JsonObject] = [
        item
        for item in cast("list[JsonObject]", workflow.definition.get("parameters") or [])
        if item.get("parameter_type") == "workflow"
    ]
    given: JsonObject = asked.parameters or {}
    names = [str(item["key"]) for item in declared]
    who = workflow.permanent_id
    for name in given.keys() - set(names):
        known = ", ".join(names) or "none"
        advise(world, "workflow_parameter_unknown", run_id, workflow=who, name=name, known=known)
    for item in declared:
        if item["workflow_parameter_type"] == "credential_id" and not (
            given.get(item["key"]) or item.get("default_value")
        ):
            advise(world, "credential_missing", run_id, workflow=who, name=item["key"])
    if asked.run_with not in (None, "agent", "code", "code_v2"):
        advise(world, "run_with_unknown", run_id, asked=asked.run_with)
    lost = [name for name in _CODES if getattr(asked, name)]
    if lost and not any(block.get(name) for block in workflow.blocks for name in _OF_BLOCKS):
        advise(world, "totp_reaches_no_block", run_id, names=" and ".join(lost), workflow=who)
    if world.run(run_id).in_turn:
        _advise_on_turns(call, run_id, who)


def _advise_on_turns(call: Call, run_id: str, workflow_id: str) -> None:
    for other in call.world.rows(Run, call.organization_id):
        if other.id != run_id and other.workflow_permanent_id == workflow_id and not other.is_over:
            advise(call.world, "not_in_turn", run_id, other=other.id)
            return


def on_code(call: Call, identifier: str, content: str, code: str) -> None:
    """What may be odd about a second-factor code that was sent.

    Args:
        call: that brought it.
        identifier: whom it is for.
        content: what was sent.
        code: what was found in it.
    """
    kind = None
    if not code:
        kind = "totp_no_code"
    elif code == content.strip() and not any(map(str.isdigit, code)):
        kind = None if "://" in code else "totp_taken_whole"
    if kind is not None:
        advise(call.world, kind, organization_id=call.organization_id, identifier=identifier)
