"""The words of the tables of blocks and parameters, as types that Pydantic checks.

``fields("url: str?, method: str = 'GET'")`` is what ``create_model`` takes. A word is a plain type,
an enumeration, a type with a check of its own, or a list of literals (``'append'|'update'``).
"""

from __future__ import annotations

import ast
import re
from enum import Enum, StrEnum
from typing import Annotated, Any, Final, Literal, Optional, cast

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from skyvern_testkit.api.narrowing import Missing
from skyvern_testkit.wire.errors import ServerCrash
from skyvern_testkit.wire.jsontext import Json, JsonObject

__all__ = [
    "BROWSER_TYPES",
    "Tripped",
    "WorkflowStatus",
    "each_status_once",
    "enumerations_without",
    "error_codes",
    "fields",
]

ENUMERATIONS: Final[dict[str, str]] = {
    "RunEngine": "skyvern-1.0 skyvern-2.0 skyvern-3.0 openai-cua anthropic-cua ui-tars "
    "yutori-navigator",
    "FileStorageType": "s3 azure google_drive sftp",
    "FileDownloadTarget": "website s3 azure google_drive sftp",
    "FileType": "auto_detect csv excel pdf image docx zip",
    "PDFFormat": "A4 Letter Legal Tabloid",
    "AIFallbackMode": "fallback proactive",
    "EmailBodyFormat": "text html",
    "EmailTransport": "smtp gmail",
    "WorkflowParameterType": "string integer float boolean json file_url credential_id",
}


class WorkflowStatus(StrEnum):
    published = "published"
    draft = "draft"
    auto_generated = "auto_generated"
    importing = "importing"
    import_failed = "import_failed"


BROWSER_TYPES: Final = ("msedge", "chrome", "stealth-chromium")


class Tripped(ServerCrash):
    """A definition that the real server trips over.

    Args:
        name: the class of its exception, which a definition in JSON is answered with.
        why: its text, which one in YAML is answered with.
    """

    def __init__(self, name: str, why: str) -> None:
        super().__init__(name)
        self.why = why


# --- checks of single values ------------------------------------------------------------------


def _label(value: str) -> str:
    if not value.strip():
        raise ValueError("Block labels cannot be empty.")
    if not value.isidentifier():
        raise ValueError(
            f"Block label '{value}' is not a valid label. Block labels must be valid Python "
            "identifiers (only letters, digits, and underscores; cannot start with a digit). "
            "Characters like '/', '-', '.', etc. are not allowed because they conflict with Jinja2 "
            "template syntax."
        )
    return value


def _key(value: str) -> str:
    if re.search(r"\s", value):
        raise ValueError("Key cannot contain whitespace characters")
    if not value.isidentifier():
        raise ValueError(
            f"Key '{value}' is not a valid parameter name. Parameter keys must be valid Python "
            "identifiers (only letters, digits, and underscores; cannot start with a digit). "
            "Characters like '/', '-', '.', etc. are not allowed because they conflict with Jinja2 "
            "template syntax."
        )
    return value


def _is_trimmed(value: Json, longest: int) -> bool:
    return isinstance(value, str) and value == value.strip() and 0 < len(value) <= longest


_LITERAL_CODE: Final = re.compile(r"[\w.:-]+", re.ASCII)


def own_code(value: Json) -> Json:
    """The error code of a block that ends the run: a literal of few characters, or a template.

    Raises:
        ValueError: it is neither.
    """
    code = str(error_code(str(value).strip()))
    if "{{" not in code and "{%" not in code and not _LITERAL_CODE.fullmatch(code):
        raise ValueError(
            "literal error codes may contain only ASCII letters, digits, underscores, periods, "
            "colons, and hyphens"
        )
    return code


def error_code(value: Json) -> Json:
    """An error code of the user's own.

    Raises:
        ValueError: it is none.
    """
    if not _is_trimmed(value, 128):
        raise ValueError(
            "error code keys must be trimmed, non-empty strings of at most 128 characters"
        )
    return value


def error_codes(value: Json) -> None:
    """A mapping of error codes to what they mean.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, dict):
        raise ValueError("error_code_mapping must be a dictionary")  # noqa: TRY004 - see pydantic
    for code, meaning in cast("JsonObject", value).items():
        error_code(code)
        if not _is_trimmed(meaning, 2000):
            raise ValueError(
                "error code descriptions must be trimmed, non-empty strings of at most "
                "2000 characters"
            )


def _outcome_code(value: Json) -> Json:
    if isinstance(value, str) and not value.strip():
        raise ValueError("Outcome error codes must not be blank.")
    return value


def each_status_once(rules: list[Any]) -> list[Any]:
    """The rules of a retry policy.

    Raises:
        ValueError: two are about one status.
    """
    if len({rule.status for rule in rules}) < len(rules):
        raise ValueError("retry_on must contain each status at most once")
    return rules


def _browser_type(value: Json) -> Json:
    if value is not None and value not in BROWSER_TYPES:
        raise ValueError(
            f"Invalid browser_type '{value}'; must be one of: {', '.join(BROWSER_TYPES)}"
        )
    return value


def _class_of(value: Json) -> str:
    return type(value).__name__


def _writable(value: str) -> str:
    value.encode()  # or else it is an error, which cannot be written either
    return value


def _unblank(value: str) -> str | None:
    return value.strip() or None


def _minutes(value: Json) -> Json:
    if isinstance(value, bool):
        raise ValueError("max_elapsed_time_minutes must be an integer, not a boolean")  # noqa: TRY004 - see pydantic
    return value


def _run_with(value: Json) -> str:
    if isinstance(value, dict | list):
        raise Tripped("TypeError", f"unhashable type: {_class_of(value)!r}")
    return {"code": "code", "code_v2": "code"}.get(value, "agent")


def _profile_key(value: Json) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Tripped("AttributeError", f"{_class_of(value)!r} object has no attribute 'strip'")
    return (value or "").strip() or None


def enumeration(name: str, members: dict[str, str]) -> Any:
    """An enumeration whose members are texts: name of a member -> its value."""
    return StrEnum(name, members)


# --- words ------------------------------------------------------------------------------------

_TEXT = Annotated[str, StringConstraints(min_length=1)]

WORDS: Final[dict[str, Any]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "float": float,
    "json": dict[str, Any],
    "map": dict[str, str],
    "texts": list[str],
    "schema": dict[str, Any] | list[Any] | str,
    "loop_schema": dict[str, Any] | str,
    "value": str | int | float | bool | dict[str, Any] | list[Any],
    "text": _TEXT,
    "some_texts": list[_TEXT],
    "unblank": Annotated[str, AfterValidator(_unblank)],
    "reason": Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)],
    "port": Annotated[int, Field(ge=1, le=65535)],
    "strictly_to_hundred": Annotated[int, Field(ge=1, le=100, strict=True)],
    "minutes": Annotated[int, Field(ge=1, le=480), BeforeValidator(_minutes)],
    "code_version": Annotated[int, Field(ge=1, le=2)],
    "retries": Annotated[int, Field(ge=1, le=5)],
    "retry_delay": Annotated[int, Field(ge=0, le=3600)],
    "label": Annotated[str, AfterValidator(_label)],
    "key": Annotated[str, AfterValidator(_key)],
    "error_code": Annotated[str, AfterValidator(own_code), AfterValidator(_writable)],
    "outcome_code": Annotated[
        str, StringConstraints(min_length=1, max_length=100), BeforeValidator(_outcome_code)
    ],
    "browser_type": Annotated[str, BeforeValidator(_browser_type)],
    "run_with": Annotated[str, BeforeValidator(_run_with)],
    "profile_key": Annotated[str | None, BeforeValidator(_profile_key)],
    "WorkflowStatus": WorkflowStatus,
    **{
        name: enumeration(name, {value: value for value in values.split()})
        for name, values in ENUMERATIONS.items()
    },
}

_FIELD = re.compile(
    r"\s*(?P<name>\w+): (?P<word>\w+|'[^=,?]+')(?P<null>\?)?"
    r"(?: = (?P<default>'[^']*'|\[\]|[\w.-]+))?\s*(?:,|$)"
)


def enumerations_without(missing: Missing) -> JsonObject:
    """The words that are enumerations and lack some of their values."""
    lacking = {name for name, _ in missing} & set(ENUMERATIONS)
    return {
        name: enumeration(
            name,
            {value: value for value in ENUMERATIONS[name].split() if (name, value) not in missing},
        )
        for name in sorted(lacking)
    }


def _type_of(word: str, words: JsonObject) -> Any:
    if word.startswith("'"):
        return Literal[tuple(item.strip("'") for item in word.split("|"))]
    return words[word] if word in words else WORDS[word]


def _knows(kind: Any, default: Any) -> bool:
    """Is the default, if there is one, a word of this enumeration, if it is one?"""
    if default is ... or not (isinstance(kind, type) and issubclass(kind, Enum)):
        return True
    return default in [item.value for item in kind]


def fields(takes: str, words: JsonObject | None = None) -> dict[str, Any]:
    """The fields of a list of fields, as ``create_model`` takes them.

    Args:
        takes: ``name: word``, with ``?`` and ``= value``, separated by commas.
        words: further words.

    Raises:
        ValueError: the text is no list of fields.
        KeyError: it has a word that means nothing.
    """
    found: dict[str, Any] = {}
    position = 0
    while takes[position:].strip():
        match = _FIELD.match(takes, position)
        if match is None:
            raise ValueError(
                f"no field of a block or parameter: {takes[position : position + 60]!r}"
            )
        kind = _type_of(match["word"], words or {})
        default: Any = ast.literal_eval(match["default"]) if match["default"] else ...
        if match["word"] in (words or {}) and not _knows(kind, default):
            default = ...  # a default that an older release does not know: it had none
        if match["null"]:
            kind, default = Optional[kind], None if default is ... else default  # noqa: UP045
        found[match["name"]] = (kind, default)
        position = match.end()
    return found
