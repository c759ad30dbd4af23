"""What a message about a second factor holds: the code in its text (facts: resources 8, runs 9)."""

from __future__ import annotations

import re
from typing import Final, Literal

__all__ = ["OtpKind", "code_in"]

OtpKind = Literal["totp", "magic_link"]

VERBATIM: Final = 10
"""A text of at most so many characters is the code, whatever it says."""

_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w/=.-])(\d(?:[ -]?\d){3,7})(?![\w-])")
"""What a working model finds in a sentence: the first group of 4 to 8 digits."""


def code_in(message: str) -> tuple[str, OtpKind | None]:
    """The code in a message and its kind; ``("", None)`` when nothing is found.

    Short texts are the code and a bare address is a link, as on the real server. Of sentences a
    model takes the code there; here it is the first group of 4 to 8 digits, spaces and hyphens in
    it left out, and else an address in the text.
    """
    text = message.strip()
    if len(text) <= VERBATIM:
        return text, "totp"
    if _LINK.fullmatch(text):
        return text, "magic_link"
    found = _CODE.search(text)
    if found is not None:
        return re.sub(r"[ -]", "", found[1]), "totp"
    link = _LINK.search(text)
    if link is not None:
        return link[0], "magic_link"
    return "", None
