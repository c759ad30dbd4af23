"""Browser sessions (facts: resources 9)."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StringConstraints, model_validator

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy, ProxyLocation, ProxyTarget, check_timezone, checked_url
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import MINUTE, timestamp, timestamp_or_none
from skyvern_testkit.world import machine
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.rows import Profile, Session

__all__ = ["ENDPOINTS", "session_body"]

DEFAULT_TIMEOUT: Final = 60
MAX_TIMEOUT: Final = 240
MAX_LIFETIME: Final = 360
LISTED_FOR: Final = 24 * 60 * MINUTE
HISTORY: Final = 7 * 24 * 60 * MINUTE

_ENTERPRISE: Final = (
    "Longer browser durations are available on our enterprise plan, "
    "please contact sales@skyvern.com"
)


# --- requests ---------------------------------------------------------------------------------


class Extensions(StrEnum):
    AD_BLOCKER = "ad-blocker"
    CAPTCHA_SOLVER = "captcha-solver"


class PersistentBrowserType(StrEnum):
    MSEDGE = "msedge"
    CHROME = "chrome"
    STEALTH_CHROMIUM = "stealth-chromium"


class BrowserSettings(Lazy):
    timezone_id: str | None = None

    @model_validator(mode="after")
    def _known_timezone(self) -> BrowserSettings:
        check_timezone(self.timezone_id)
        return self

    def shown(self) -> JsonObject | None:
        """As it is answered: null when it says nothing."""
        return None if self.timezone_id is None else {"timezone_id": self.timezone_id}


class CreateBrowserSession(Lazy):
    url: str | None = None
    timeout: Annotated[int, Field(ge=5)] | None = DEFAULT_TIMEOUT
    proxy_location: ProxyTarget = None
    proxy_session_id: str | None = None
    extensions: list[Extensions] | None = None
    browser_type: PersistentBrowserType | None = None
    browser_profile_id: Annotated[str, StringConstraints(pattern="^bp_")] | None = None
    generate_browser_profile: bool = False
    browser_settings: BrowserSettings | None = None
    needs_live_view: bool = False


class ExtendBrowserSession(Lazy):
    additional_minutes: Annotated[int, Field(ge=1)]


class UpdateBrowserSession(Lazy):
    generate_browser_profile: bool


class HistoryQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 10


# --- answers ----------------------------------------------------------------------------------


def session_body(
    call: Call, session: Session, *, warning: str | None = None, transport: str | None = None
) -> JsonObject:
    """A session as it is answered.

    Args:
        call: whose answer it is.
        session: the row.
        warning: what was capped; only the answer to the request that asked too much has it.
        transport: how its screen can be watched; only reading one session says it.
    """
    occupant = session.occupant
    return {
        "browser_session_id": session.id,
        "organization_id": session.organization_id,
        "status": session.status,
        "runnable_type": _runnable_type(occupant),
        "runnable_id": occupant,
        "timeout": session.timeout_minutes,
        "browser_address": None,
        "app_url": f"{call.links.app_url}/browser-session/{session.id}",
        "extensions": session.settings.get("extensions"),
        "browser_type": session.settings.get("browser_type"),
        "browser_profile_id": session.browser_profile_id,
        "generate_browser_profile": session.generate_browser_profile,
        "browser_settings": session.settings.get("browser_settings"),
        "browser_settings_receipt": None,
        "vnc_streaming_supported": False,
        "stream_transport": transport,
        "download_path": f"/app/downloads/{session.organization_id}/{session.id}",
        "downloaded_files": [],
        "recordings": [],
        "started_at": timestamp_or_none(session.started_at),
        "completed_at": timestamp_or_none(session.completed_at),
        "created_by": None,
        "created_at": timestamp(session.created_at),
        "modified_at": timestamp(session.modified_at),
        "deleted_at": None,
        "warning": warning,
        "source": "managed",
        "remaining_lifetime_seconds": None,
    }


def _runnable_type(run_id: str | None) -> str | None:
    if run_id is None:
        return None
    return "workflow_run" if run_id.startswith("wr_") else "task"


def _missing(session_id: str) -> str:
    return f"Browser session {session_id} not found"


# --- handlers ---------------------------------------------------------------------------------


def create_browser_session(call: Call) -> JsonObject:
    asked: CreateBrowserSession = call.body or CreateBrowserSession()
    checked_url(asked.url or None, "url")
    profile_id = asked.browser_profile_id
    if profile_id is not None:
        call.find(Profile, profile_id, f"Browser profile {profile_id} not found")
    proxy: Json = asked.proxy_location
    if asked.proxy_session_id is not None:
        proxy = proxy or ProxyLocation.RESIDENTIAL_ISP
        if proxy != ProxyLocation.RESIDENTIAL_ISP:
            raise Refusal(
                400, "proxy_session_id is only supported with RESIDENTIAL_ISP proxy_location"
            )
    timeout, warning = _capped(call, asked.timeout)
    session = call.world.make(
        Session,
        call.organization_id,
        timeout_minutes=timeout,
        settings={
            "extensions": asked.extensions,
            "browser_type": asked.browser_type,
            "browser_settings": asked.browser_settings.shown() if asked.browser_settings else None,
            "proxy_location": proxy,
            "proxy_session_id": asked.proxy_session_id,
            "url": asked.url,
        },
        browser_profile_id=profile_id,
        generate_browser_profile=asked.generate_browser_profile,
    )
    machine.expire_later(call.world, session)
    if warning is not None:
        advise(
            call.world,
            "session_capped",
            organization_id=call.organization_id,
            asked=asked.timeout,
            granted=timeout,
        )
    return session_body(call, session, warning=warning)


def _capped(call: Call, timeout: int | None) -> tuple[int | None, str | None]:
    most = call.dialect.number("session_minutes", MAX_TIMEOUT)
    if timeout is None or timeout <= most:
        return timeout, None
    return MAX_TIMEOUT, (
        f"Requested timeout of {timeout} minutes exceeds the maximum of {MAX_TIMEOUT} minutes "
        f"(4 hours); this session was capped at {MAX_TIMEOUT} minutes. A running session can be "
        f"extended up to {MAX_LIFETIME} minutes (6 hours) with the extend endpoint. {_ENTERPRISE}"
    )


def get_browser_sessions(call: Call) -> list[JsonObject]:
    """Those that go on and are younger than a day, oldest first; the query is not read."""
    return [
        session_body(call, session)
        for session in call.world.rows(Session, call.organization_id)
        if session.completed_at is None and session.created_at > call.now - LISTED_FOR
    ]


def get_browser_sessions_history(call: Call) -> list[JsonObject]:
    """All of the last week: running ones first, then the newest."""
    rows = [
        session
        for session in call.world.rows(Session, call.organization_id)
        if session.created_at > call.now - HISTORY
    ]
    rows.sort(key=lambda session: (session.status != "running", -session.created_at))
    page = page_of(rows, call.query.page, call.query.page_size)
    return [session_body(call, session) for session in page]


def get_browser_session(call: Call) -> JsonObject:
    session_id = call.params["browser_session_id"]
    session = call.find(Session, session_id, _missing(session_id))
    return session_body(call, session, transport="vnc")


def close_browser_session(call: Call) -> JsonObject:
    session_id = call.params["browser_session_id"]
    session = call.find(Session, session_id, _missing(session_id))
    if not session.is_over:
        machine.end_session(call.world, session, "completed")
    return {"message": "Browser session closed"}


def extend_browser_session(call: Call) -> JsonObject:
    session = _still_open(call, "extended")
    before = session.timeout_minutes or DEFAULT_TIMEOUT
    room = MAX_LIFETIME - before
    if room <= 0:
        raise Refusal(
            409,
            f"Browser session {session.id} cannot be extended: the session is already at the "
            f"maximum lifetime of {MAX_LIFETIME} minutes (6 hours). {_ENTERPRISE}",
        )
    wanted: int = call.body.additional_minutes
    granted = min(wanted, room)
    session = call.world.change(session, timeout_minutes=before + granted)
    machine.expire_later(call.world, session)
    warning = None
    if granted < wanted:
        warning = (
            f"Requested an extension of {wanted} minutes, but only {granted} minutes remained "
            f"under the maximum session lifetime of {MAX_LIFETIME} minutes (6 hours); this session "
            f"was extended by {granted} minutes. {_ENTERPRISE}"
        )
    return session_body(call, session, warning=warning)


def update_browser_session(call: Call) -> JsonObject:
    session = _still_open(call, "updated")
    wanted: bool = call.body.generate_browser_profile
    return session_body(call, call.world.update(session, generate_browser_profile=wanted))


def _still_open(call: Call, action: str) -> Session:
    session_id = call.params["browser_session_id"]
    session = call.find(Session, session_id, _missing(session_id))
    if session.is_over:
        raise Refusal(
            409, f"Browser session {session_id} has already ended and can no longer be {action}."
        )
    return session


def get_browser_types(_: Call) -> list[JsonObject]:
    """The browsers that a server offers by name: one that runs them itself offers none."""
    return []


ENDPOINTS = (
    Endpoint("get_browser_types", get_browser_types),
    Endpoint(
        "create_browser_session",
        create_browser_session,
        body=CreateBrowserSession,
        body_required=False,
    ),
    Endpoint("get_browser_sessions", get_browser_sessions),
    Endpoint("get_browser_sessions_history", get_browser_sessions_history, query=HistoryQuery),
    Endpoint("get_browser_session", get_browser_session),
    Endpoint("close_browser_session", close_browser_session),
    Endpoint("extend_browser_session", extend_browser_session, body=ExtendBrowserSession),
    Endpoint("update_browser_session", update_browser_session, body=UpdateBrowserSession),
)
