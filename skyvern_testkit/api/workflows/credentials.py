"""Credential parameters that name several credentials: taking turns, or standing in.

Facts: resources 3; contracts/recorded: blocks2.cred. The credentials named here must exist; the one
in ``credential_id`` need not, since it may be the key of a workflow parameter.
"""

from __future__ import annotations

from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.rows import Credential
from skyvern_testkit.world.world import World

__all__ = ["settled"]


def settled(world: World, organization_id: str, parameter: JsonObject) -> JsonObject:
    """A requested parameter with its credentials settled; other kinds are returned as they are.

    Raises:
        Refusal: 400, the settings contradict each other or name an unknown credential.
    """
    if parameter["parameter_type"] != "credential":
        return parameter
    rotation: list[str] | None = parameter["credential_ids"]
    stand_ins: list[str] | None = parameter["fallback_credential_ids"]
    _check(parameter, rotation, stand_ins)
    asked = [*(rotation or []), *(stand_ins or [])]
    unknown = sorted(
        {name for name in asked if world.get(Credential, name, organization_id) is None}
    )
    if unknown:
        raise Refusal(
            400,
            f"Invalid credential ID: {', '.join(unknown)}. Failed to resolve to a valid credential.",
        )
    first = parameter["credential_id"]
    if rotation:
        rotation = list(dict.fromkeys(rotation))
        first = first if first in rotation else rotation[0]
    stand_ins = [name for name in dict.fromkeys(stand_ins or []) if name != first] or None
    return {
        **parameter,
        "credential_id": first,
        "credential_ids": rotation,
        "fallback_credential_ids": stand_ins,
    }


def _check(parameter: JsonObject, rotation: list[str] | None, stand_ins: list[str] | None) -> None:
    key = parameter["key"]
    strategy, trigger = parameter["selection_strategy"], parameter["fallback_trigger"]
    if rotation is not None:
        if not rotation:
            raise Refusal(400, f"credential_ids for credential parameter {key} must be non-empty.")
        if strategy not in (None, "random", "round_robin"):
            raise Refusal(
                400,
                f"selection_strategy for credential parameter {key} must be one of: "
                "random, round_robin.",
            )
        if stand_ins:
            raise Refusal(
                400,
                f"credential parameter {key} cannot combine credential_ids rotation with "
                "fallback_credential_ids; configure one or the other.",
            )
    if trigger not in (None, "any_failure", "credential_failures"):
        raise Refusal(
            400,
            f"fallback_trigger for credential parameter {key} must be one of: "
            "any_failure, credential_failures.",
        )
    if trigger is not None and not stand_ins:
        raise Refusal(
            400,
            f"fallback_trigger for credential parameter {key} requires fallback_credential_ids.",
        )
