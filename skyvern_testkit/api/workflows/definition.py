"""From a requested definition to the one that is kept and answered.

Parameters get rows of their own and every block an output parameter, which come first; keys of
parameters in a block become the parameters themselves (facts: resources 3, "Create").
"""

from __future__ import annotations

from uuid import UUID

from skyvern_testkit.api.workflows import smtp
from skyvern_testkit.api.workflows.blocks import OMITTED, Block, block_row
from skyvern_testkit.api.workflows.checks import output_key
from skyvern_testkit.api.workflows.graph import walk
from skyvern_testkit.api.workflows.parameters import default_of, parameter_row
from skyvern_testkit.wire.errors import check_storable
from skyvern_testkit.wire.jsontext import Json, JsonObject, without_nul
from skyvern_testkit.wire.times import MICROSECOND, timestamp, timestamp_z
from skyvern_testkit.world.world import World

__all__ = ["build_definition"]

_ANSWERED = (
    "finally_block_label",
    "error_code_mapping",
    "retry_policy",
    "workflow_system_prompt",
    "completion_contract",
)
_ANSWERED_IF_GIVEN = ("browser_settings",)


def build_definition(world: World, workflow_id: str, request: JsonObject) -> JsonObject:
    """The definition as it is kept and answered.

    Args:
        world: gives ids, the time and the ids of branches.
        workflow_id: of the version that it belongs to (``w_...``).
        request: the definition asked for, which has passed every check.
    """
    return _Builder(world, workflow_id, request).build()


class _Builder:
    """Collects the parameters by key while blocks are built, since blocks may add some."""

    def __init__(self, world: World, workflow_id: str, request: JsonObject) -> None:
        self._world = world
        self._workflow_id = workflow_id
        self._request = request
        self._kinds = {item["key"]: item["parameter_type"] for item in request["parameters"]}
        self._known: dict[str, JsonObject] = {}

    def build(self) -> JsonObject:
        request = self._request
        for block in walk(request["blocks"]):
            self._known[output_key(block["label"])] = self._output(block["label"])
        for later in (False, True):
            for parameter in request["parameters"]:
                if (parameter["parameter_type"] == "context") is later:
                    self._known[parameter["key"]] = self._parameter(parameter)
        blocks = [self._block(block) for block in request["blocks"]]
        return {
            "version": request["version"],
            "parameters": list(self._known.values()),
            "blocks": blocks,
            **{name: request[name] for name in _ANSWERED},
            **{name: request[name] for name in _ANSWERED_IF_GIVEN if name in request},
        }

    # --- parameters -----------------------------------------------------------------------

    def _output(self, label: str) -> JsonObject:
        now = self._world.now
        return {
            "parameter_type": "output",
            "key": output_key(label),
            "description": f"Output parameter for block {label}",
            "output_parameter_id": self._world.new_id("op"),
            "workflow_id": self._workflow_id,
            "created_at": timestamp(now),
            "modified_at": timestamp(now + MICROSECOND),
            "deleted_at": None,
        }

    def _times(self) -> JsonObject:
        now = timestamp_z(self._world.now)
        return {"created_at": now, "modified_at": now, "deleted_at": None}

    def _parameter(self, request: JsonObject) -> JsonObject:
        row = parameter_row(request["parameter_type"])
        shown: JsonObject = {
            name: request[name] for name in ("parameter_type", "key", "description")
        }
        if row.id is not None:
            prefix, name = row.id
            shown[name] = self._world.new_id(prefix)
        for name in row.shown:
            shown[name] = self._shown_of_parameter(name, request)
        if row.id is None:
            return shown
        if shown.get("workflow_parameter_type") != "json":  # which is kept as the text of its JSON
            check_storable(*shown.values())
        kept: JsonObject = without_nul(shown)
        return kept | self._times()

    def _shown_of_parameter(self, name: str, request: JsonObject) -> Json:
        match name:
            case "workflow_id":
                return self._workflow_id
            case "default_value":
                return default_of(request)
            case "source":
                return self._known[request["source_parameter_key"]]
            case _:
                return request.get(name)

    # --- blocks ---------------------------------------------------------------------------

    def _block(self, request: JsonObject) -> JsonObject:
        row = block_row(request["block_type"])
        shown = {name: self._shown_of_block(name, row, request) for name in row.shown}
        return {
            name: value
            for name, value in shown.items()
            if name not in OMITTED or value != OMITTED[name]
        }

    def _shown_of_block(self, name: str, row: Block, request: JsonObject) -> Json:
        match name:
            case "output_parameter":
                return self._known[output_key(request["label"])]
            case "parameters":
                keys: list[str] = request.get("parameter_keys") or []
                return [self._known[key] for key in keys]
            case "loop_blocks":
                return [self._block(inner) for inner in request["loop_blocks"]]
            case "loop_over":
                return self._looped_by(request)
            case "branch_conditions":
                return [self._branch(branch) for branch in request["branch_conditions"]]
            case _ if name in smtp.SECRETS:
                return self._secret(name, request)
            case _:
                return row.value(name, request)

    def _looped_by(self, block: JsonObject) -> JsonObject | None:
        reference: str = (block["loop_variable_reference"] or "").strip()
        bare = reference.removeprefix("{{").removesuffix("}}").strip()
        return self._known.get(bare) or self._known.get(block["loop_over_parameter_key"])

    def _branch(self, branch: JsonObject) -> JsonObject:
        criteria = branch["criteria"]
        if criteria is not None:
            # The server tells the two kinds apart by the expression, whatever was asked for.
            text = criteria["expression"].strip()
            is_template = text.startswith("{{") and text.endswith("}}")
            kind = "jinja2_template" if is_template else "prompt"
            criteria = {**criteria, "criteria_type": kind}
        number = self._world.random.getrandbits(128)
        return {"id": str(UUID(int=number, version=4)), **branch, "criteria": criteria}

    def _secret(self, name: str, block: JsonObject) -> JsonObject:
        secret = smtp.secret_of(block, name, self._kinds)
        if not secret.is_placeholder and secret.key in self._known:
            return self._known[secret.key]
        shown = {
            "parameter_type": "aws_secret",
            "key": secret.key,
            "description": secret.description,
            "aws_secret_parameter_id": f"placeholder_{name}"
            if secret.is_placeholder
            else self._world.new_id("asp"),
            "workflow_id": "" if secret.is_placeholder else self._workflow_id,
            "aws_key": secret.aws_key,
            **self._times(),
        }
        if not secret.is_placeholder:
            self._known[secret.key] = shown
        return shown
