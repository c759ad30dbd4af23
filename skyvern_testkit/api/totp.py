"""Second-factor codes that are sent to the server (facts: resources 8, runs 9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MICROSECOND, from_datetime, timestamp
from skyvern_testkit.world.rows import Run, TotpCode, Workflow

__all__ = ["ENDPOINTS", "parse_content", "totp_body"]

VERBATIM: Final = 10
"""A content of at most so many characters is the code, whatever it says."""
LONGEST: Final = 65_536

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Z0-9.-]+", re.ASCII | re.IGNORECASE)
"""What the real server takes for an e-mail address: the domain needs no dot."""
_LINK = re.compile(r"https?://\S+", re.IGNORECASE)
_CODE = re.compile(r"(?<![\w/=.-])(\d(?:[ -]?\d){3,7})(?![\w-])")
"""What a working model finds in a sentence: the first group of 4 to 8 digits."""


# --- requests ---------------------------------------------------------------------------------


class OtpType(StrEnum):
    TOTP = "totp"
    MAGIC_LINK = "magic_link"


class SendTotpCode(Lazy):
    totp_identifier: str
    task_id: str | None = None
    workflow_id: str | None = None
    workflow_run_id: str | None = None
    source: str | None = None
    content: str = Field(repr=False)
    expired_at: datetime | None = None
    type: OtpType | None = None


class TotpCodesQuery(Lazy):
    totp_identifier: str | None = None
    workflow_run_id: str | None = None
    otp_type: OtpType | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


# --- answers ----------------------------------------------------------------------------------


def totp_body(code: TotpCode) -> JsonObject:
    """A stored code as it is answered; the deprecated ``type`` is never echoed."""
    body: JsonObject = {
        "totp_identifier": code.identifier,
        "task_id": code.task_id,
        "workflow_id": code.workflow_id,
        "workflow_run_id": code.workflow_run_id,
        "source": code.source,
        "content": code.content,
        "expired_at": _naive(code.expired_at),
        "type": None,
        "totp_code_id": code.id,
        "code": code.code,
        "organization_id": code.organization_id,
        "created_at": timestamp(code.created_at),
        "modified_at": timestamp(code.modified_at),
        "otp_type": code.otp_type,
    }
    return body if code.otp_type is not None else {**body, "status": "raw_pending"}


def _naive(instant: int | None) -> str | None:
    """UTC without a zone, and with a fraction only where there is one."""
    if instant is None:
        return None
    return (datetime(1970, 1, 1) + timedelta(microseconds=instant // MICROSECOND)).isoformat()  # noqa: DTZ001


# --- what a message holds ---------------------------------------------------------------------


def parse_content(content: str) -> tuple[str, OtpType | None]:
    """The code in a message and its kind; ``("", None)`` when nothing is found.

    Short texts are the code and a bare address is a link, as on the real server. Of sentences a
    model takes the code there; here it is the first group of 4 to 8 digits, spaces and hyphens in
    it left out, and else an address in the text.
    """
    text = content.strip()
    if len(text) <= VERBATIM:
        return text, OtpType.TOTP
    if _LINK.fullmatch(text):
        return text, OtpType.MAGIC_LINK
    found = _CODE.search(text)
    if found is not None:
        return re.sub(r"[ -]", "", found[1]), OtpType.TOTP
    link = _LINK.search(text)
    if link is not None:
        return link[0], OtpType.MAGIC_LINK
    return "", None


# --- handlers ---------------------------------------------------------------------------------


def send_totp_code(call: Call) -> JsonObject:
    asked: SendTotpCode = call.body
    _check_links(call, asked)
    content = asked.content.replace("\0", "")
    code, otp_type = parse_content(content)
    if otp_type is None and len(content) > LONGEST:
        raise Refusal(400, "Failed to parse otp login")
    stored = call.world.make(
        TotpCode,
        call.organization_id,
        identifier=_identifier(asked.totp_identifier),
        code=code,
        content=content,
        otp_type=otp_type,
        task_id=asked.task_id or None,
        workflow_id=asked.workflow_id or None,
        workflow_run_id=asked.workflow_run_id or None,
        source=asked.source,
        expired_at=_expiry(asked.expired_at),
    )
    return totp_body(stored)


def _expiry(moment: datetime | None) -> int | None:
    """As it is stored, in UTC.

    Raises:
        ServerCrash: its zone carries it out of the years that there are. Not recorded: the form
            is that of the other numbers which the real server's database refuses.
    """
    if moment is None:
        return None
    try:
        return from_datetime(moment.astimezone(UTC) if moment.tzinfo else moment)
    except OverflowError:
        raise ServerCrash("OverflowError") from None


def _identifier(text: str) -> str:
    """An e-mail address is trimmed and put in lower case; anything else stays as it is."""
    trimmed = text.strip()
    return trimmed.lower() if _EMAIL.fullmatch(trimmed) else text


def _check_links(call: Call, asked: SendTotpCode) -> None:
    """In this order; an empty id is no link. A permanent workflow id is none either."""
    if asked.task_id:
        run = call.find(Run, asked.task_id, Refusal(400, f"Invalid task id: {asked.task_id}"))
        if run.family is Family.WORKFLOW:
            raise Refusal(400, f"Invalid task id: {asked.task_id}")
    if asked.workflow_id:
        refusal = Refusal(400, f"Invalid workflow id: {asked.workflow_id}")
        call.find(Workflow, asked.workflow_id, refusal)
    if asked.workflow_run_id:
        refusal = Refusal(400, f"Invalid workflow run id: {asked.workflow_run_id}")
        if call.find(Run, asked.workflow_run_id, refusal).family is not Family.WORKFLOW:
            raise refusal


def get_totp_codes(call: Call) -> list[JsonObject]:
    """Newest first, whatever their age."""
    query: TotpCodesQuery = call.query
    wanted = _identifier(query.totp_identifier) if query.totp_identifier else None
    rows = [
        code
        for code in call.world.rows(TotpCode, call.organization_id)
        if wanted in (None, code.identifier)
        and query.workflow_run_id in (None, code.workflow_run_id)
        and query.otp_type in (None, code.otp_type)
    ]
    return [totp_body(code) for code in rows[::-1][: query.limit]]


ENDPOINTS = (
    Endpoint("send_totp_code", send_totp_code, body=SendTotpCode),
    Endpoint("get_totp_codes", get_totp_codes, query=TotpCodesQuery),
)
