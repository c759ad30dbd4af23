"""The checks that every request for a run goes through: session and profile (facts: runs 5)."""

from __future__ import annotations

from skyvern_testkit.api.call import Call
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.world.rows import Profile, Session

__all__ = ["check_profile", "check_session", "ended_session"]


def check_session(call: Call, session_id: str | None) -> None:
    """Refuse a browser session that is unknown (404) or over (410); a busy one is accepted.

    Over is over, whether or not a browser was ever open in it (recorded: ``tasks.session.ended``
    is closed unused, and ``tasks.session.ended_used`` is 410).
    """
    if not session_id:
        return
    session = call.find(
        Session, session_id, f"Browser session {session_id} does not exist or is not live."
    )
    if session.is_over:
        raise ended_session(session_id, session.status)


def ended_session(session_id: str, status: str) -> Refusal:
    """What a browser session that is over is refused with."""
    return Refusal(
        410,
        f"Browser session {session_id} is no longer usable (status: {status}). "
        "Create a new browser session and retry.",
    )


def check_profile(call: Call, profile_id: str | None) -> None:
    """Refuse a profile that is unknown or deleted."""
    if profile_id:
        call.find(
            Profile,
            profile_id,
            f"Browser profile {profile_id} not found for organization {call.organization_id}",
        )
