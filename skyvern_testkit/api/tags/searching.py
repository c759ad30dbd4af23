"""The ``tags`` filter of lists (facts: resources 3 and 12)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.world.tagging import current
from skyvern_testkit.world.tags import Kind, Tag
from skyvern_testkit.world.world import World

__all__ = ["MAX_TERMS", "Terms", "tagged", "terms_of"]

MAX_TERMS: Final = 20
ANY: Final = "*"

Terms = frozenset[Tag]
"""What is asked for: ``label``, or of a group any value or a certain one."""


def tagged(
    world: World, organization_id: str, kind: Kind, filters: Sequence[str] | None
) -> set[str] | None:
    """The ids of the things that the filter lets through, or None: all, nothing is asked for.

    Args:
        world: where.
        organization_id: whose.
        kind: workflows (by their permanent ids) or runs.
        filters: the values of the query's ``tags``, each one term or several with commas.

    Raises:
        Refusal: 400, a term cannot be read or there are too many.
    """
    return matching(world, organization_id, kind, terms_of(filters or ()))


def terms_of(filters: Sequence[str]) -> Terms:
    """The terms of a filter, each once.

    Raises:
        Refusal: as :func:`tagged`.
    """
    text = ",".join(filters)  # so two empty ones hold an empty term, and one holds none
    texts = [term.strip() for term in text.split(",")] if text else []
    terms = frozenset(map(_term, texts))
    if len(terms) > MAX_TERMS:
        raise Refusal(
            400, f"Too many tag filter terms; at most {MAX_TERMS} distinct terms are allowed."
        )
    return terms


def _term(text: str) -> Tag:
    if not text:
        raise Refusal(400, "Invalid tag filter; empty term.")
    if ":" not in text:
        return Tag(text)
    key, _, value = (part.strip() for part in text.partition(":"))
    if not (key and value):
        raise Refusal(
            400, f"Invalid tag filter '{text}'; expected 'label', 'key:*', or 'key:value'."
        )
    return Tag(value, key)


def matching(world: World, organization_id: str, kind: Kind, terms: Terms) -> set[str] | None:
    """As :func:`tagged`, of terms that were read."""
    if not terms:
        return None
    tags: defaultdict[str, set[Tag]] = defaultdict(set)
    for event in current(world, organization_id, kind):
        tags[event.subject_id].add(event.tag)
    return {subject_id for subject_id, has in tags.items() if _matches(has, terms)}


def _matches(has: Iterable[Tag], terms: Terms) -> bool:
    """Every label, every group, and of a group with values one of these.

    A label is looked for among the values of groups, too.
    """
    values, groups = {tag.value for tag in has}, {tag.key: tag.value for tag in has}
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for term in terms:
        if term.key is None:
            if term.value not in values:
                return False
        elif term.value == ANY:
            if term.key not in groups:
                return False
        else:
            wanted[term.key].add(term.value)
    return all(groups.get(key) in among for key, among in wanted.items())
