"""What Pydantic takes for an e-mail address, and its words for what is none."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

__all__ = ["EmailText"]

LONGEST: Final = 2048
LONGEST_LABEL: Final = 63
_RESERVED: Final = frozenset({"arpa", "invalid", "local", "localhost", "onion", "test"})
"""Last parts of domains that no mail goes to."""

_NAMED: Final = re.compile(r"[^<>]*<([^<>]+)>")
_BEFORE: Final = re.compile(r"[^\W]|[.!#$%&'*+/=?^`{|}~-]")
_AFTER: Final = re.compile(r"[A-Za-z0-9.-]|[^\W_\x00-\x7f]")

_LOCAL_RULES: Final = (
    (r"\.", "An email address cannot start with a period."),
    (r".*\.$", "An email address cannot have a period immediately before the @-sign."),
    (r".*\.\.", "An email address cannot have two periods in a row."),
)
_DOMAIN_RULES: Final = (
    (r"$", "There must be something after the @-sign."),
    (r".*\.$", "An email address cannot end with a period."),
    (r"\.", "An email address cannot have a period immediately after the @-sign."),
    (r".*\.\.", "An email address cannot have two periods in a row."),
    (r"-", "An email address cannot have a hyphen immediately after the @-sign."),
    (r".*-$", "An email address cannot end with a hyphen."),
    (
        r".*(\.-|-\.)",
        "An email address cannot have a period and a hyphen next to each other.",
    ),
)
"""What a part must not look like, in the order in which that is found out."""


def _checked(text: str) -> str:
    """The address alone, its domain in lower case.

    Raises:
        PydanticCustomError: ``value_error``; it is none.
    """
    named = _NAMED.fullmatch(text.strip())
    address = (named[1] if named else text).strip()
    problem = _problem(text, address)
    if problem is not None:
        raise PydanticCustomError(
            "value_error", "value is not a valid email address: {reason}", {"reason": problem}
        )
    local, _, domain = address.partition("@")
    return f"{local}@{domain.lower()}"


def _problem(text: str, address: str) -> str | None:
    if len(text) > LONGEST:
        return f"Length must not exceed {LONGEST} characters"
    local, sign, domain = address.partition("@")
    if local.startswith('"'):
        return "Quoting the part before the @-sign is not allowed here."
    if not sign:
        return "An email address must have an @-sign."
    if domain.startswith("[") and domain.endswith("]"):
        return "A bracketed IP address after the @-sign is not allowed here."
    return _problem_before(local) or _problem_after(domain)


def _problem_before(local: str) -> str | None:
    if not local:
        return "There must be something before the @-sign."
    if strange := _strange(local, _BEFORE):
        return f"The email address contains invalid characters before the @-sign: {strange}."
    return _broken(local, _LOCAL_RULES)


def _problem_after(domain: str) -> str | None:
    if strange := _strange(domain, _AFTER):
        return f"The part after the @-sign contains invalid characters: {strange}."
    if broken := _broken(domain, _DOMAIN_RULES):
        return broken
    labels = domain.lower().split(".")
    too_many = max(map(len, labels)) - LONGEST_LABEL
    if too_many > 0:
        plural = "" if too_many == 1 else "s"
        return (
            "After the @-sign, periods cannot be separated by so many characters "
            f"({too_many} character{plural} too many)."
        )
    if len(labels) == 1:
        return "The part after the @-sign is not valid. It should have a period."
    if not re.search(r"[^\W\d]$", labels[-1]):
        return "The part after the @-sign is not valid. It is not within a valid top-level domain."
    if labels[-1] in _RESERVED:
        return (
            "The part after the @-sign is a special-use or reserved name "
            "that cannot be used with email."
        )
    return None


def _broken(part: str, rules: tuple[tuple[str, str], ...]) -> str | None:
    return next((words for pattern, words in rules if re.match(pattern, part)), None)


def _strange(part: str, known: re.Pattern[str]) -> str:
    signs = sorted({sign for sign in part if not known.match(sign)})
    return ", ".join(unicodedata.name(sign, "") if sign == " " else repr(sign) for sign in signs)


EmailText = Annotated[str, AfterValidator(_checked)]
"""A text that is an e-mail address."""
