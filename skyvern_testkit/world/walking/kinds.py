"""How each kind of block begins: the table of what is executed for real, and what by a script.

What needs a browser or a model works for a while and then gives what its schema asks for, unless a
test has a script for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from skyvern_testkit.script import (
    RunScript,
    State,
    Unset,
    completed,
    failed,
    never,
    paused,
    running,
)
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.blocks import TASK_BLOCKS
from skyvern_testkit.world.events import ChildDue
from skyvern_testkit.world.plausible import plausible
from skyvern_testkit.world.walking import conditions, loops, requests
from skyvern_testkit.world.walking.begun import Begun, Block
from skyvern_testkit.world.walking.context import not_rendered
from skyvern_testkit.world.walking.templates import (
    TemplateError,
    evaluate,
    failed_template,
    render,
    render_all,
)
from skyvern_testkit.world.walking.walk import Outcome

__all__ = ["begin", "redirect"]


def begin(block: Block) -> Begun:
    """What the kind of a block makes of it."""
    kind = block.definition["block_type"]
    try:
        return _KINDS.get(kind, _work)(block)
    except TemplateError as error:
        if kind != "terminate":
            error = failed_template(error)
        output = not_rendered(error, dict(block.names))
        return Outcome(state=State.FAILED, reason=str(error), output=output)


def redirect(block: Block, outcome: Outcome) -> Begun:
    """What a script's outcome means where it does not end the block: which way it takes.

    The values of a loop, the branch of a conditional; without one they are what they are.
    """
    said: Json | Unset = outcome.output
    match block.definition["block_type"]:
        case "for_loop":
            return loops.for_loop(block, said)
        case "while_loop":
            return loops.while_loop(block)
        case "conditional":
            return conditions.conditional(block, block.run.input.parameters, said)
        case _:
            return outcome


# --- what is executed ---------------------------------------------------------------------------


def _wait(block: Block) -> Begun:
    return RunScript(running(block.definition["wait_sec"]), completed())


def _rendered_code(block: Block) -> str | None:
    try:
        return render(block.definition.get("error_code") or "", block.names).strip()
    except TemplateError:
        return None


_CODE: Final = re.compile(r"[\w.:-]+", re.ASCII)


def _terminate(block: Block) -> Begun:
    definition = block.definition
    reason = render(definition.get("reason") or "", block.names)
    if not reason.strip():
        reason = f"Terminated by the {definition['label']} block"
    errors: tuple[JsonObject, ...] = ()
    output: JsonObject = {"reason": reason}
    code = _rendered_code(block)
    if code is not None and _CODE.fullmatch(code):
        errors = ({"error_code": code, "reasoning": reason, "confidence_float": 1.0},)
    elif code != "":
        reason = f"{reason} Error code was dropped because it was unusable after rendering."
        output = {"reason": reason, "error_code_dropped": True}
    return Outcome(state=State.TERMINATED, reason=reason, output=output, errors=errors, final=True)


def _conditional(block: Block) -> Begun:
    return conditions.conditional(block, block.run.input.parameters)


def _for_loop(block: Block) -> Begun:
    return loops.for_loop(block)


def _while_loop(block: Block) -> Begun:
    return loops.while_loop(block)


def _http_request(block: Block) -> Begun:
    sent = requests.send(block)
    return sent if isinstance(sent, Outcome) else RunScript(running(until=never()), completed())


def _workflow_trigger(block: Block) -> Begun:
    definition = block.definition
    block.world.schedule(
        block.world.now,
        ChildDue(
            run_id=block.run.id,
            block_id=block.row_id,
            workflow_permanent_id=render(definition["workflow_permanent_id"], block.names),
            payload=render_all(definition.get("payload"), block.names),
            waits=definition.get("wait_for_completion") is not False,
        ),
    )
    return RunScript(running(until=never()), completed())


_OUT_OF_TIME: Final = "Nobody interacted with the run in time."


def _human_interaction(block: Block) -> Begun:
    patience = block.definition.get("timeout_seconds") or 7200
    return RunScript(paused(patience), failed(_OUT_OF_TIME))


# --- what is made up ----------------------------------------------------------------------------


def _work(block: Block) -> Begun:
    """A browser or a model works for a while."""
    return RunScript(running(block.share), completed())


_NO_PAGE: Final = "Validation block should not be the first block"


def _validation(block: Block) -> Begun:
    seen = any(
        done.block_type in TASK_BLOCKS
        and done.attempt == block.run.attempt
        and done.id != block.row_id
        for done in block.run.blocks
    )
    if seen:
        return _work(block)
    return Outcome(state=State.TERMINATED, reason=_NO_PAGE)


def _task_v2(block: Block) -> Begun:
    render_all([block.definition.get("prompt"), block.definition.get("url")], block.names)
    return _work(block)


_PROMPT_SCHEMA: Final = {"type": "object", "properties": {"llm_response": {"type": "string"}}}


def _text_prompt(block: Block) -> Begun:
    render(block.definition.get("prompt") or "", block.names)
    output = plausible(block.definition.get("json_schema") or _PROMPT_SCHEMA, block.world.random)
    return RunScript(running(block.share), completed(output))


def _parser(block: Block) -> Begun:
    render(block.definition.get("file_url") or "", block.names)
    schema = block.definition.get("json_schema")
    return Outcome(output=plausible(schema, block.world.random) if schema else None)


_NO_RECORDS: Final = "data must resolve to a JSON array of object records"


def _data_export(block: Block) -> Begun:
    data = block.definition.get("data")
    if isinstance(data, str):
        data = evaluate(data, block.names)
    if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):  # pyright: ignore[reportUnknownVariableType] - any JSON
        return Outcome(state=State.FAILED, reason=_NO_RECORDS)
    return Outcome()


def _nothing(_: Block) -> Begun:
    """It reaches out to others, which a fake does not: it is done at once."""
    return Outcome()


_KINDS: Final[dict[str, Callable[[Block], Begun]]] = {
    "wait": _wait,
    "terminate": _terminate,
    "conditional": _conditional,
    "for_loop": _for_loop,
    "while_loop": _while_loop,
    "http_request": _http_request,
    "workflow_trigger": _workflow_trigger,
    "human_interaction": _human_interaction,
    "validation": _validation,
    "text_prompt": _text_prompt,
    "task_v2": _task_v2,
    "file_url_parser": _parser,
    "pdf_parser": _parser,
    "data_export": _data_export,
    "send_email": _nothing,
    "upload_to_s3": _nothing,
    "download_to_s3": _nothing,
    "file_upload": _nothing,
    "google_sheets_read": _nothing,
    "google_sheets_write": _nothing,
}
