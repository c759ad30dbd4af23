"""JSON values written as YAML that :mod:`skyvern_testkit.script.fakefile.nodes` reads back."""

from __future__ import annotations

import re
from typing import Any, cast

import yaml

from skyvern_testkit.script.fakefile.nodes import NUMBER
from skyvern_testkit.wire.jsontext import Json

__all__ = ["write_yaml"]


class _Dumper(yaml.SafeDumper):
    """Quotes what any reader of YAML would take for something else than text."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _style(value: str) -> str | None:
    if not value.replace("\n", "").isprintable():  # U+0085 and its like are line breaks to YAML
        return '"'
    return "|" if "\n" in value else None


def _text(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=_style(value))


_Dumper.add_representer(str, _text)

# YAML 1.1, which PyYAML speaks, sees no number in 1e5
cast("Any", _Dumper).add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(NUMBER.pattern + r"\Z"), list("-+0123456789")
)


def write_yaml(value: Json) -> str:
    """The YAML of a JSON value, fields in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=96)
