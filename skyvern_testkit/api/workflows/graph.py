"""Where blocks lead: ``next_block_label`` and branches (facts: resources 3, "Definition errors").

A definition of version 2 is a graph with one start and no way round; one of version 1 is a list.
"""

from __future__ import annotations

from collections.abc import Iterator

from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.world.walking.graph import leads

__all__ = ["check_graph", "walk"]


def walk(blocks: list[JsonObject]) -> Iterator[JsonObject]:
    """The blocks in their order, each before those inside it."""
    for block in blocks:
        yield block
        yield from walk(block.get("loop_blocks") or [])


def check_graph(definition: JsonObject) -> None:
    """The graph of a definition, if it is one.

    Raises:
        Refusal: 422, a block leads nowhere, round in a circle, or is reached by none.
    """
    if definition["version"] < 2:
        return
    blocks = definition["blocks"]
    final = definition["finally_block_label"]
    _check_level([block for block in blocks if block["label"] != final], beside=final)
    for block in blocks:
        if block["label"] == final and block["next_block_label"]:
            raise Refusal(
                422,
                f"finally_block_label '{final}' must be a terminal block (next_block_label must be "
                "null). Only blocks without a next_block_label can be used as finally blocks.",
            )
    for block in walk(blocks):
        if "loop_blocks" in block:
            _check_level(block["loop_blocks"], inside=f" inside loop {block['label']}")


def _check_level(blocks: list[JsonObject], *, beside: str | None = None, inside: str = "") -> None:
    labels = [block["label"] for block in blocks]
    edges: dict[str, list[str]] = {}
    for label, targets in leads(blocks, beside).items():
        edges[label] = []
        for target in targets:
            if target in labels:
                edges[label].append(target)
            elif target != beside:
                raise Refusal(
                    422,
                    f"Block {label} references unknown next_block_label {target}{inside}",
                )
    starts = sorted(set(labels).difference(*edges.values()))
    if labels and not starts:
        raise Refusal(
            422,
            f"Circular reference detected{inside}: every block is the target of another block's "
            "next_block_label, so there is no starting block. At least one block must not be the "
            "target of any next_block_label or branch condition.",
        )
    if len(starts) > 1:
        raise Refusal(
            422,
            f"Disconnected blocks detected{inside}: blocks ({', '.join(starts)}) are not reachable "
            "from any other block. Every block must be reachable from the first block through "
            "next_block_label or conditional branch references. Either connect them by setting "
            "another block's next_block_label to point to them, or remove them.",
        )
    if _goes_round(edges):
        raise Refusal(
            422,
            f"Circular reference detected{inside}: some blocks form a loop through their "
            "next_block_label references, causing an infinite cycle. Ensure that following "
            "next_block_label from any block eventually reaches a block with next_block_label set "
            "to null.",
        )


def _goes_round(edges: dict[str, list[str]]) -> bool:
    left = dict(edges)
    while left:
        ends = [
            label for label, targets in left.items() if not any(map(left.__contains__, targets))
        ]
        if not ends:
            return True
        left = {label: targets for label, targets in left.items() if label not in ends}
    return False
