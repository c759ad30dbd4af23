"""What stands beside a browser session: the runs in it, and its log of actions (recorded ``extras``)."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field

from skyvern_testkit.api.call import Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Invalid, Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.rows import Run, Session

__all__ = ["ENDPOINTS"]

_MISSING: Final = Refusal(404, {"code": "browser_session_not_found"})
_ID: Final = "^pbs_[0-9]{1,20}$"


class LogsQuery(Lazy):
    page_size: Annotated[int, Field(ge=1, le=100)] = 100
    cursor: str | None = None


def _session(call: Call) -> Session:
    return call.find(Session, call.params["browser_session_id"], _MISSING)


def _check_id(given: str) -> None:
    """Refuse what is no id of a session: no other route looks at the form of one.

    Raises:
        Refusal: the server's 422 (facts: resources 2; its name there is ``session_id``).
    """
    if not re.fullmatch(_ID.strip("^$"), given):
        item = Invalid(
            "string_pattern_mismatch",
            ("path", "session_id"),
            f"String should match pattern '{_ID}'",
            given,
            {"pattern": _ID},
        )
        raise Refusal(422, [item.full()])


def get_browser_session_metadata(call: Call) -> JsonObject:
    """A session, and the workflow runs that used it, the newest first."""
    _check_id(call.params["browser_session_id"])
    session = _session(call)
    runs = [
        _associated(run)
        for run in call.world.rows(Run, call.organization_id)
        if run.browser_session_id == session.id and run.family is Family.WORKFLOW
    ]
    return {
        "browser_session_id": session.id,
        "organization_id": session.organization_id,
        "status": session.status,
        "created_at": timestamp(session.created_at),
        "completed_at": timestamp_or_none(session.completed_at),
        "runnable_id": session.occupant,
        "associated_workflow_runs": runs[::-1],
        "association_index_complete": True,
    }


def _associated(run: Run) -> JsonObject:
    return {
        "workflow_run_id": run.id,
        "organization_id": run.organization_id,
        "browser_session_id": run.browser_session_id,
        "association_browser_session_id": run.browser_session_id,
        "workflow_permanent_id": run.workflow_permanent_id,
        "copilot_session_id": None,
        "status": run.status,
        "created_at": timestamp(run.created_at),
        "finished_at": timestamp_or_none(run.finished_at),
        "credits_used": run.credits,
        "cached_credits_used": 0,
    }


def get_browser_session_action_logs(call: Call) -> JsonObject:
    """Nothing: what people do by hand in a browser is logged there, and the fake has no browser."""
    _session(call)
    if call.query.cursor is not None:
        raise Refusal(422, {"code": "invalid_action_log_cursor"})
    return {"events": [], "next_cursor": None}


ENDPOINTS = (
    Endpoint("get_browser_session_metadata", get_browser_session_metadata),
    Endpoint("get_browser_session_action_logs", get_browser_session_action_logs, query=LogsQuery),
)
