"""Through which mail server a ``send_email`` block sends, as four secrets of its answer.

One declared by the workflow wins; else the platform's own, added to the workflow's parameters; and
a block with a mail server of its own, or with Gmail, shows placeholders (facts: resources 3;
contracts/recorded: blocks2.send_email).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skyvern_testkit.wire.jsontext import JsonObject

__all__ = ["OWN_KEYS", "SECRETS", "Secret", "secret_of", "trouble"]

_UNUSED = "UNUSED_CUSTOM_SMTP_PLACEHOLDER"

SECRETS: Final[dict[str, str]] = {
    "smtp_host": "SKYVERN_SMTP_HOST_AWS_SES",
    "smtp_port": "SKYVERN_SMTP_PORT_AWS_SES",
    "smtp_username": "SKYVERN_SMTP_USERNAME_SES",
    "smtp_password": "SKYVERN_SMTP_PASSWORD_SES",
}
"""The four fields, and where the platform keeps its own values."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What a block shows in one of the four fields.

    Args:
        key: of the parameter.
        aws_key: of a parameter that the workflow does not declare.
        description: the same.
    """

    key: str
    aws_key: str | None = None
    description: str | None = None

    @property
    def is_placeholder(self) -> bool:
        """Is there nothing behind it?"""
        return self.aws_key == _UNUSED


OWN_KEYS: Final = frozenset({*SECRETS.values(), _UNUSED})
"""``aws_key`` of the parameters that the server puts into a definition by itself."""


def _asked(block: JsonObject, name: str) -> str | None:
    key: str | None = block[f"{name}_secret_parameter_key"]
    return key or None


def secret_of(block: JsonObject, name: str, kinds: dict[str, str]) -> Secret:
    """What the block shows in that field.

    Args:
        block: as requested.
        name: one of the four fields.
        kinds: the declared parameters, key -> kind.
    """
    if block["transport"] == "gmail":
        about = "Unused placeholder; this block sends via Gmail."
        return Secret(f"gmail-unused-{name}", _UNUSED, about)
    key = _asked(block, name) or name
    if kinds.get(key) == "aws_secret":
        return Secret(key)
    if block["custom_smtp_host"]:
        about = "Unused placeholder; this block sends via custom SMTP."
        return Secret(name, _UNUSED, about)
    return Secret(key, SECRETS[name], f"Skyvern platform SMTP {name}")


def trouble(block: JsonObject, kinds: dict[str, str]) -> str | None:
    """Why the block cannot have its secrets, or None."""
    if block["transport"] == "gmail" or block["custom_smtp_host"]:
        return None
    label = block["label"]
    unknown = [
        key for name in SECRETS if (key := _asked(block, name)) is not None and key not in kinds
    ]
    if unknown:
        return (
            f"Send email block '{label}' references undefined parameter(s): {', '.join(unknown)}. "
            "Declare these parameters in the workflow before using them."
        )
    for name in SECRETS:
        key = _asked(block, name) or name
        if kinds.get(key, "aws_secret") != "aws_secret":
            return (
                f"Send email block '{label}' needs parameter '{key}' to be an AWS secret "
                f"parameter, but the workflow declares it as {kinds[key]}. "
                "Rename that parameter or send via custom_smtp_host."
            )
    return None
