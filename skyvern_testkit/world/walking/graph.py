"""Which block comes after which: a list (definitions of version 1) or a graph (version 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["every_block", "find", "first_label", "inside_branches", "leads", "next_label"]


def every_block(blocks: Sequence[JsonObject]) -> Iterator[JsonObject]:
    """The blocks, each before those inside it."""
    for block in blocks:
        yield block
        yield from every_block(block.get("loop_blocks") or [])


def find(blocks: Sequence[JsonObject], label: str | None) -> JsonObject | None:
    """The block of that label."""
    return next((block for block in blocks if block["label"] == label), None)


_GRAPH: Final = 2


def _is_graph(blocks: Sequence[JsonObject], version: int) -> bool:
    return version >= _GRAPH and any(_targets(block) for block in blocks)


def _targets(block: JsonObject) -> list[str | None]:
    if block["block_type"] == "conditional":
        return [branch.get("next_block_label") for branch in block["branch_conditions"]]
    following = block.get("next_block_label")
    return [following] if following else []


def leads(blocks: Sequence[JsonObject], beside: str | None = None) -> dict[str, list[str]]:
    """Where each block of a graph leads, by labels.

    What ends a branch of a conditional leads to that one's next block (recorded ``merges``,
    ``mergeruns``).

    Args:
        blocks: of one level.
        beside: the label of a block that comes last of itself: to lead there is to lead nowhere.
    """
    found = {
        str(block["label"]): [target for target in _targets(block) if target] for block in blocks
    }
    for block in reversed(blocks):  # a conditional inside a branch comes after that of the branch
        after: str | None = block.get("next_block_label")
        if block["block_type"] != "conditional" or not after:
            continue
        seen = {after}
        coming = list(found[block["label"]])
        while coming:
            label = coming.pop()
            if label in seen or label not in found:
                continue
            seen.add(label)
            coming += found[label]
            if not any(target != beside for target in found[label]):
                found[label] = [after]
    return found


def first_label(blocks: Sequence[JsonObject], version: int) -> str | None:
    """Where a list of blocks begins: in a graph, at the one that none leads to."""
    if not blocks:
        return None
    if not _is_graph(blocks, version):
        return str(blocks[0]["label"])
    led_to = {target for block in blocks for target in _targets(block)}
    starts = (str(block["label"]) for block in blocks if block["label"] not in led_to)
    return next(starts, str(blocks[0]["label"]))


def next_label(blocks: Sequence[JsonObject], block: JsonObject, version: int) -> str | None:
    """The label after a block, where it does not choose itself; None: it was the last."""
    if block.get("next_block_label"):
        return str(block["next_block_label"])
    if _is_graph(blocks, version):
        return next(iter(leads(blocks)[block["label"]]), None)
    labels = [str(item["label"]) for item in blocks]
    index = labels.index(str(block["label"])) + 1
    return labels[index] if index < len(labels) else None


def inside_branches(blocks: Sequence[JsonObject], conditional: JsonObject) -> Iterator[str]:
    """The blocks inside the branches of a conditional, up to where all branches meet again.

    A conditional inside a branch is the branch's end (recorded exchanges
    ``walk_more.cond_nested``, ``walk_third.cond_in_cond``, ``mergeruns.nested2``).
    """
    chains = [list(_chain(blocks, target)) for target in _targets(conditional)]
    meeting = set(chains[0]).intersection(*chains[1:]) if len(chains) > 1 else set[str]()
    for chain in chains:
        for label in chain:
            if label in meeting:
                break
            yield label


def _chain(blocks: Sequence[JsonObject], label: str | None) -> Iterator[str]:
    seen: set[str] = set()
    following = leads(blocks)
    while label and label not in seen:
        seen.add(label)
        yield label
        block = find(blocks, label)
        if block is None or block["block_type"] == "conditional":
            return
        label = next(iter(following[label]), None)
