"""Reading the text of a ``yaml_definition``, safely and within bounds.

Dates stay texts, as on the server; apart from that it is YAML 1.1 as PyYAML's safe loader reads it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from skyvern_testkit.api.workflows.words import Tripped
from skyvern_testkit.wire.errors import Refusal

__all__ = ["MAX_CHARACTERS", "MAX_DEPTH", "MAX_VALUES", "read_yaml"]

MAX_CHARACTERS: Final = 1 << 20
MAX_DEPTH: Final = 200
MAX_VALUES: Final = 100_000
MAX_DIGITS: Final = 4_300
"""The kit's own bounds: a few anchors can stand for more values than any memory holds."""

_DATE: Final = "tag:yaml.org,2002:timestamp"


def read_yaml(text: str | bytes) -> Any:
    """What the text says, whatever that is.

    Args:
        text: one YAML document, at most ``MAX_CHARACTERS`` (or bytes) long.

    Raises:
        Refusal: 422, it is no YAML; 501, it goes beyond the bounds above, which the real server
            does not have.
        Tripped: a value is not what its tag says, or holds itself.
    """
    import yaml

    if len(text) > MAX_CHARACTERS:
        raise _beyond(f"of {MAX_CHARACTERS:,} characters")
    try:
        return yaml.load(text, _loader())  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        raise Refusal(422, f"Invalid YAML: {_sentence(error)}") from None
    except yaml.YAMLError as error:
        raise Refusal(422, f"Invalid YAML: {error}") from None
    except (
        AttributeError,
        KeyError,
        OverflowError,
        RecursionError,
        TypeError,
        ValueError,
    ) as error:
        # The loader's own words about a value that does not fit its tag (``!!int x``).
        raise Tripped(type(error).__name__, str(error)) from None


def _sentence(error: Any) -> str:
    problem = f"{error.problem} {_place(error.problem_mark)}"
    if error.context_mark is None:
        return problem
    return f"{problem} ({error.context} {_place(error.context_mark)})"


def _place(mark: Any) -> str:
    return f"at line {mark.line + 1}, column {mark.column + 1}"


def _beyond(bound: str) -> Refusal:
    return Refusal(501, f"skyvern-testkit reads YAML {bound} at most; the real server reads more.")


@cache
def _loader() -> Any:
    import yaml

    class Loader(yaml.SafeLoader):
        """A safe loader that knows how deep and how large the document is, aliases written out."""

        yaml_implicit_resolvers = {  # noqa: RUF012 - as the class above has it
            first: [(tag, pattern) for tag, pattern in rules if tag != _DATE]
            for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }

        def __init__(self, stream: str | bytes) -> None:
            super().__init__(stream)
            self._open = 0
            self._extents: dict[yaml.Node, tuple[int, int]] = {}

        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
            self._open += 1
            if self._open > MAX_DEPTH:
                raise _beyond(f"nested {MAX_DEPTH} deep")
            is_alias = self.check_event(yaml.AliasEvent)
            node = super().compose_node(parent, index)
            self._open -= 1
            if node is not None and not is_alias:
                self._extents[node] = self._extent(node)
            return node

        def _extent(self, node: yaml.Node) -> tuple[int, int]:
            depth, values = 0, 0
            for inner in _inner(node):
                if inner not in self._extents:  # an alias of what is still open
                    raise RecursionError("maximum recursion depth exceeded")
                deeper, more = self._extents[inner]
                depth, values = max(depth, deeper), values + more
            if depth >= MAX_DEPTH:
                raise _beyond(f"nested {MAX_DEPTH} deep")
            if values >= MAX_VALUES:
                raise _beyond(f"of {MAX_VALUES:,} values")
            return depth + 1, values + 1

    return _with_short_numbers(Loader)


def _with_short_numbers(loader: Any) -> Any:
    for kind in ("int", "float"):
        read = getattr(loader, f"construct_yaml_{kind}")

        def short(self: Any, node: Any, read: Any = read) -> Any:
            return read(self, _short(node))

        loader.add_constructor(f"tag:yaml.org,2002:{kind}", short)
    return loader


def _short(node: Any) -> Any:
    """A number written in sixties (``1:30``) takes time by the square of its length."""
    if len(node.value) > MAX_DIGITS:
        raise _beyond(f"with numbers of {MAX_DIGITS:,} characters")
    return node


def _inner(node: Any) -> Iterator[Any]:
    match node.id:
        case "sequence":
            yield from node.value
        case "mapping":
            for pair in node.value:
                yield from pair
        case _:
            pass
