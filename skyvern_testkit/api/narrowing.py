"""Request models without some words of their enumerations: as an older release took them."""

from __future__ import annotations

from enum import Enum, StrEnum
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, create_model

__all__ = ["Missing", "Narrows", "narrowed", "narrowed_annotation"]

Missing = frozenset[tuple[str, str]]
"""Words that are not there, each with the name of its enumeration."""


class Narrows(BaseModel):
    """A model that is made of tables, and makes itself without some words."""

    @classmethod
    def without(cls, missing: Missing) -> type[BaseModel]:
        """The model without those words."""
        raise NotImplementedError


@cache
def narrowed(model: type[BaseModel], missing: Missing) -> type[BaseModel]:
    """The model, and the models in it, without those words; itself where it has none of them."""
    if issubclass(model, Narrows):
        return model.without(missing)
    hints = get_type_hints(model, include_extras=True)
    fields: dict[str, Any] = {}
    for name, info in model.model_fields.items():
        before = hints[name]
        after = narrowed_annotation(before, missing)
        if after is not before:
            fields[name] = (after, ... if info.is_required() else info.default)
    return create_model(model.__name__, __base__=model, **fields) if fields else model


def narrowed_annotation(annotation: Any, missing: Missing) -> Any:
    """The annotation without those words, or the same object where nothing in it changes."""
    origin = get_origin(annotation)
    parts = get_args(annotation)
    if origin is None and isinstance(annotation, type):
        return _narrowed_class(annotation, missing)
    if origin is Annotated:
        inner, *metadata = parts
        after = narrowed_annotation(inner, missing)
        return annotation if after is inner else Annotated[after, *metadata]
    if not parts or origin is Literal:
        return annotation
    afters: tuple[Any, ...] = tuple(narrowed_annotation(part, missing) for part in parts)
    if all(old is new for old, new in zip(parts, afters, strict=True)):
        return annotation
    return _rebuilt(origin, afters)


def _rebuilt(origin: Any, parts: tuple[Any, ...]) -> Any:
    return Union[parts] if origin in (Union, UnionType) else origin[parts]  # noqa: UP007 - of a tuple


def _narrowed_class(found: type[object], missing: Missing) -> Any:
    if issubclass(found, Enum):
        return _enumeration(found, missing)
    return narrowed(found, missing) if issubclass(found, BaseModel) else found


@cache
def _enumeration(words: type[Enum], missing: Missing) -> Any:
    left = {
        name: item.value
        for name, item in words.__members__.items()
        if (words.__name__, item.value) not in missing
    }
    return words if len(left) == len(words.__members__) else StrEnum(words.__name__, left)
