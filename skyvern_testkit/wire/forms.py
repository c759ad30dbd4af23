"""Forms as the real server reads them: ``multipart/form-data`` and the urlencoded kind.

Written after what was recorded (group ``uploads``): which damage is refused and with which words,
and which is passed over, because a part that does not come to its end is no part.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from email.message import Message
from typing import Final
from urllib.parse import parse_qsl

__all__ = ["FormValue", "MalformedForm", "UploadedFile", "read_form"]

MAX_PARTS: Final = 1000
"""Files, and other fields, of one form."""
MAX_TEXT: Final = 1024 * 1024
"""Bytes of a part that is no file."""
MAX_HEADERS: Final = 8
MAX_HEADER_LINE: Final = 4224
"""Characters of one header of a part."""

_INVALID: Final = "Invalid multipart data."
_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_DRIVE_OR_SHARE = re.compile(r".:\\|\\\\")


class MalformedForm(ValueError):
    """The form cannot be read; the text is the server's."""


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """A file among the fields of a form; ``content_type`` is what the client said of it."""

    filename: str
    content: bytes = field(repr=False)
    content_type: str | None = None


FormValue = str | UploadedFile


def read_form(content_type: str | None, body: bytes) -> dict[str, FormValue]:
    """The fields of a form; of several with one name the last. Anything else has no fields.

    Raises:
        MalformedForm: the body is not what the content type says.
    """
    said = (content_type or "").encode("latin-1", "replace")
    if len(said) > MAX_HEADER_LINE:
        raise MalformedForm(_INVALID)
    kind, params = _options(said)
    match kind:
        case "application/x-www-form-urlencoded":
            return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))
        case "multipart/form-data":
            if "boundary" not in params:
                raise MalformedForm("Missing boundary in multipart.")
            charset = params.get("charset", b"utf-8").decode("latin-1")
            return _fields(body, params["boundary"], charset)
        case _:
            return {}


def _fields(body: bytes, boundary: bytes, charset: str) -> dict[str, FormValue]:
    found: dict[str, FormValue] = {}
    files = texts = 0
    for headers, content in _parts(body, boundary):
        _, options = _options(headers.get("content-disposition", b""))
        if "name" not in options:
            raise MalformedForm('The Content-Disposition header field "name" must be provided.')
        name = _decoded(options["name"], charset)
        if "filename" in options:
            files += 1
            kind = headers.get("content-type")
            found[name] = UploadedFile(
                _decoded(options["filename"], charset),
                content,
                kind.decode("latin-1") if kind is not None else None,
            )
        else:
            texts += 1
            if len(content) > MAX_TEXT:
                raise MalformedForm(f"Part exceeded maximum size of {MAX_TEXT // 1024}KB.")
            found[name] = _decoded(content, charset)
        for count, word in ((files, "files"), (texts, "fields")):
            if count > MAX_PARTS:
                raise MalformedForm(f"Too many {word}. Maximum number of {word} is {MAX_PARTS}.")
    return found


def _parts(body: bytes, boundary: bytes) -> Iterator[tuple[dict[str, bytes], bytes]]:
    """The parts that come to their end: headers by small name, and content."""
    opening, delimiter = b"--" + boundary, b"\r\n--" + boundary
    body = body.lstrip(b"\r\n")
    if not body.startswith(opening):
        if opening.startswith(body):
            return
        raise MalformedForm(_INVALID)
    at = len(opening)
    if not b"\r\n".startswith(body[at : at + 2]):
        if b"--".startswith(body[at : at + 2]):
            return
        raise MalformedForm(_INVALID)
    at += 2
    while (read := _headers(body, at)) is not None:
        headers, start = read
        end = _find_delimiter(body, delimiter, start)
        if end is None:
            return
        yield headers, body[start:end]
        at = end + len(delimiter) + 2
        if body[at - 2 : at] == b"--":
            return


def _find_delimiter(body: bytes, delimiter: bytes, start: int) -> int | None:
    """Where the content ends: at the delimiter that another part or the end follows."""
    at = start
    while (at := body.find(delimiter, at)) != -1:
        after = at + len(delimiter)
        if body[after : after + 2] in (b"\r\n", b"--"):
            return at
        at += 1
    return None


def _headers(body: bytes, at: int) -> tuple[dict[str, bytes], int] | None:
    """The headers of a part and where its content begins; None when the body ends among them."""
    found: dict[str, bytes] = {}
    for count in range(MAX_HEADERS + 1):
        line_end = body.find(b"\r", at)
        if line_end == at:
            return _after_line(body, at, found)
        token = _TOKEN.match(body, at)
        colon = token.end() if token else at
        if colon >= len(body):
            return None
        if token is None or body[colon : colon + 1] != b":" or count == MAX_HEADERS:
            raise MalformedForm(_INVALID)
        if (len(body) if line_end == -1 else line_end) - at > MAX_HEADER_LINE:
            raise MalformedForm(_INVALID)
        if line_end == -1:
            return None
        value = body[colon + 1 : line_end].strip()
        found[token.group().decode("latin-1").lower()] = value
        after = _after_line(body, line_end, found)
        if after is None:
            return None
        at = after[1]
    raise AssertionError("the last round raises")


def _after_line(
    body: bytes, at: int, found: dict[str, bytes]
) -> tuple[dict[str, bytes], int] | None:
    """What was found, and where the next line begins."""
    if not b"\r\n".startswith(body[at : at + 2]):
        raise MalformedForm(_INVALID)
    return (found, at + 2) if at + 2 <= len(body) else None


def _options(value: bytes) -> tuple[str, dict[str, bytes]]:
    """A header such as ``form-data; name="file"``: its first word, and its parameters.

    ``filename*=`` and its like are passed over, as the server does.
    """
    message = Message()
    message["content-type"] = value.decode("latin-1")
    params: Sequence[tuple[str, object]] = message.get_params(failobj=[], unquote=True)
    first = params[0][0].lower() if params else ""
    return first, {
        name.lower(): _without_folders(name, text).encode("latin-1", "replace")
        for name, text in params[1:]
        if isinstance(text, str)
    }


def _without_folders(name: str, text: str) -> str:
    """Old browsers send a whole Windows path as the name of a file."""
    if name.lower() == "filename" and _DRIVE_OR_SHARE.match(text):
        return text.rpartition("\\")[2]
    return text


def _decoded(value: bytes, charset: str) -> str:
    try:
        return value.decode(charset)
    except (
        LookupError,
        ValueError,
    ):  # a charset may be one that decodes nothing, or no name at all
        return value.decode("latin-1")
