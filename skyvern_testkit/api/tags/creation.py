"""What a workflow run is tagged with when it is made (recordings ``tagsystem``, ``tagdomain``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["target_domain"]


def target_domain(blocks: Sequence[JsonObject], parameters: Mapping[str, Any]) -> str | None:
    """The host of the first address among blocks, inner ones too, or None if it is no usual host."""
    first = next(_urls(blocks), None)
    url = None if first is None else _rendered(first, parameters)
    return None if url is None else _domain(url)


def _urls(blocks: Sequence[JsonObject]) -> Iterator[str]:
    for block in blocks:
        if block.get("url"):
            yield str(block["url"])
        yield from _urls(block.get("loop_blocks") or ())


_EXPRESSION: Final = re.compile(r"\{\{\s*(\w+)\s*(?:\|\s*(?:lower|upper|trim)\s*)*\}\}")
"""A parameter by its name; through filters that make no difference to a host."""


def _rendered(url: str, parameters: Mapping[str, Any]) -> str | None:
    if isinstance(parameters.get(url), str):
        return str(parameters[url])
    if any(name not in parameters for name in _EXPRESSION.findall(url)):
        return None
    return _EXPRESSION.sub(lambda match: str(parameters[match[1]]), url)


_HOST: Final = re.compile(r"[\w-]+(\.[\w-]+)+\.?")


def _domain(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        if not parts.scheme and not url.startswith("//"):
            parts = urlsplit(f"https://{url}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return None
    return host if port is None else f"{host}:{port}"
