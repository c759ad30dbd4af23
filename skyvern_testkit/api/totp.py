"""Second-factor codes that are sent to the server (facts: resources 8, runs 9)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api import advising
from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MICROSECOND, from_datetime, timestamp
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.messages import code_in
from skyvern_testkit.world.rows import Run, TotpCode, Workflow

__all__ = ["ENDPOINTS", "totp_body"]

LONGEST: Final = 65_536

_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Z0-9.-]+", re.ASCII | re.IGNORECASE)
"""What the real server takes for an e-mail address: the domain needs no dot."""

_PHONE = re.compile(r"\+?[0-9 .()-]+", re.ASCII)
_PHONE_DIGITS: Final = range(7, 16)


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


# --- handlers ---------------------------------------------------------------------------------


def send_totp_code(call: Call) -> JsonObject:
    asked: SendTotpCode = call.body
    _check_links(call, asked)
    content = asked.content.replace("\0", "")
    code, otp_type = code_in(content)
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
    advising.on_code(call, stored.identifier, content, code)
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


def _looked_up(text: str) -> tuple[str, ...]:
    """A list for a telephone number has what was sent to its digits, with a plus or without.

    What was sent is not looked at: a number that was stored with blanks is found by its very
    letters alone. That is why ``?totp_identifier=+1415...``, whose plus a server reads as a
    blank, finds its codes all the same (recorded groups ``outsidephones``, ``outsidedigits``).
    """
    as_sent = _identifier(text)
    if not _PHONE.fullmatch(text.strip()):
        return (as_sent,)
    digits = re.sub(r"\D", "", text)
    return (as_sent, digits, f"+{digits}") if len(digits) in _PHONE_DIGITS else (as_sent,)


def _check_links(call: Call, asked: SendTotpCode) -> None:
    """In this order; an empty id is no link. A permanent workflow id is none either."""
    if asked.task_id and not _is_task(call, asked.task_id):
        raise Refusal(400, f"Invalid task id: {asked.task_id}")
    if asked.workflow_id:
        refusal = Refusal(400, f"Invalid workflow id: {asked.workflow_id}")
        if call.world.workflow_versions(asked.workflow_id, call.organization_id):
            who, wpid = call.organization_id, asked.workflow_id
            advise(call.world, "totp_workflow_id", organization_id=who, asked=wpid)
        call.find(Workflow, asked.workflow_id, refusal)
    if asked.workflow_run_id and not _is_workflow_run(call, asked.workflow_run_id):
        raise Refusal(400, f"Invalid workflow run id: {asked.workflow_run_id}")


def _is_task(call: Call, task_id: str) -> bool:
    """A 1.0 task, or one behind a block; a 2.0 task is none (recorded group ``totplinks``)."""
    runs = list(call.world.rows(Run, call.organization_id))
    return any(run.id == task_id and run.family is Family.TASK for run in runs) or any(
        block.task_id == task_id for run in runs for block in run.blocks
    )


def _is_workflow_run(call: Call, run_id: str) -> bool:
    """A workflow run, or the one behind a 2.0 task."""
    return any(
        run_id == (run.id if run.family is Family.WORKFLOW else run.hidden_run_id)
        for run in call.world.rows(Run, call.organization_id)
    )


def get_totp_codes(call: Call) -> list[JsonObject]:
    """Newest first, whatever their age."""
    query: TotpCodesQuery = call.query
    wanted = _looked_up(query.totp_identifier) if query.totp_identifier else None
    rows = [
        code
        for code in call.world.rows(TotpCode, call.organization_id)
        if (wanted is None or code.identifier in wanted)
        and query.workflow_run_id in (None, code.workflow_run_id)
        and query.otp_type in (None, code.otp_type)
    ]
    return [totp_body(code) for code in rows[::-1][: query.limit]]


ENDPOINTS = (
    Endpoint("send_totp_code", send_totp_code, body=SendTotpCode),
    Endpoint("get_totp_codes", get_totp_codes, query=TotpCodesQuery),
)
