"""Browser profiles: empty, from a session, from a run (facts: resources 10, runs 10)."""

from __future__ import annotations

from collections.abc import Generator
from typing import Annotated, Any, Final, Protocol

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from skyvern_testkit.api.call import Answer, Call, Endpoint, Until, Wait, page_of
from skyvern_testkit.api.fields import (
    GeoTarget,
    Lazy,
    NamedProxyTarget,
    ProxyLocation,
    ProxySession,
)
from skyvern_testkit.api.workflows.search import like
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp, timestamp_or_none
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.rows import Credential, Profile, Run, Session, Workflow
from skyvern_testkit.world.world import World

__all__ = ["ENDPOINTS", "pinned_proxy", "profile_body", "repinned_proxy"]

LOOKS: Final = 30
"""How often, a second apart, a request looks for the archive of a run before it gives up."""
UPLOAD_WAIT: Final = 10 * SECOND
"""How long a request waits for the archive of a session that has just ended."""

_NOT_ASKED: Final = (
    "This browser session was not configured to generate a browser profile. "
    "Start a session with generate_browser_profile enabled to capture a profile."
)
_NOT_YET: Final = (
    "Browser session does not have a persisted profile archive. "
    "Close the session and wait for upload before creating a browser profile."
)
_NOTHING_LEFT: Final = (
    "This browser session has ended and has no profile archive to save, so retrying will not "
    "help. A session's archive can be saved as a profile only once; start a new session with "
    "generate_browser_profile enabled to capture another profile."
)


# --- requests ---------------------------------------------------------------------------------

_Filled = Annotated[str, StringConstraints(min_length=1)]


class _Stripped(Lazy):
    """Texts without the spaces around them."""

    model_config = ConfigDict(str_strip_whitespace=True)


class CreateBrowserProfile(_Stripped):
    name: _Filled
    description: str | None = None
    browser_session_id: _Filled | None = None
    workflow_run_id: _Filled | None = None
    proxy_location: NamedProxyTarget = None
    proxy_session_id: ProxySession = None

    @model_validator(mode="after")
    def _one_source(self) -> CreateBrowserProfile:
        if self.browser_session_id is not None and self.workflow_run_id is not None:
            raise ValueError("Provide only one of browser_session_id or workflow_run_id")
        return self


class UpdateBrowserProfile(_Stripped):
    name: _Filled | None = None
    description: str | None = None
    proxy_location: NamedProxyTarget = None
    proxy_session_id: ProxySession = None
    rotate_proxy_session_id: bool = False

    @model_validator(mode="after")
    def _says_something(self) -> UpdateBrowserProfile:
        if not self.model_fields_set:
            raise ValueError("At least one browser profile field must be provided")
        return self


class ProfilesQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10
    include_deleted: bool = False
    search_key: str | None = None
    managed: bool | None = None


# --- answers ----------------------------------------------------------------------------------


def profile_body(profile: Profile) -> JsonObject:
    """A profile as it is answered."""
    return {
        "browser_profile_id": profile.id,
        "organization_id": profile.organization_id,
        "name": profile.name,
        "description": profile.description,
        "source_browser_type": None,
        "proxy_location": profile.proxy_location,
        "proxy_session_id": profile.proxy_session_id,
        "is_managed": profile.is_managed,
        "workflow_permanent_id": profile.workflow_permanent_id,
        "browser_profile_key_digest": "" if profile.is_managed else None,
        "created_at": timestamp(profile.created_at),
        "modified_at": timestamp(profile.modified_at),
        "deleted_at": timestamp_or_none(profile.deleted_at),
        "last_verified_login_at": None,
        "linked_credential_name": None,
    }


# --- proxies, which credentials pin in the same way --------------------------------------------


def pinned_proxy(world: World, location: Any, session_id: str | None) -> tuple[Json, str | None]:
    """Proxy and proxy session as they are stored.

    A proxy session alone means an ISP proxy, an ISP proxy gets a session, and with any other
    proxy a session is dropped without a word.
    """
    if location is None and session_id is not None:
        location = ProxyLocation.RESIDENTIAL_ISP
    if location != ProxyLocation.RESIDENTIAL_ISP:
        session_id = None
    elif session_id is None:
        session_id = f"{world.random.getrandbits(40):010x}"
    stored: Json = location.model_dump() if isinstance(location, GeoTarget) else location
    return stored, session_id


class ProxyChange(Protocol):
    """What an update says of its proxy; its model has these fields among others."""

    @property
    def proxy_location(self) -> Any: ...
    @property
    def proxy_session_id(self) -> str | None: ...
    @property
    def rotate_proxy_session_id(self) -> bool: ...
    @property
    def model_fields_set(self) -> set[str]: ...


def repinned_proxy(
    world: World, asked: ProxyChange, location: Json, session_id: str | None
) -> tuple[Json, str | None]:
    """Proxy and proxy session after an update, given those before it.

    An update that says nothing of them leaves them, and ISP named again keeps its session. Else
    only what the update says counts; rotation means an ISP proxy where it names none.
    """
    said = asked.model_fields_set
    wanted, wanted_session = asked.proxy_location, asked.proxy_session_id
    if asked.rotate_proxy_session_id:
        if "proxy_location" not in said:
            wanted = ProxyLocation.RESIDENTIAL_ISP
    elif said.isdisjoint(("proxy_location", "proxy_session_id")):
        return location, session_id
    elif wanted == ProxyLocation.RESIDENTIAL_ISP and wanted_session is None:
        wanted_session = session_id
    return pinned_proxy(world, wanted, wanted_session)


# --- making one -------------------------------------------------------------------------------


def create_browser_profile(call: Call) -> Generator[Wait, None, JsonObject]:
    asked: CreateBrowserProfile = call.body
    if asked.browser_session_id is not None:
        profile = yield from _from_session(call, asked, asked.browser_session_id)
    elif asked.workflow_run_id is not None:
        yield from _archive_of_run(call, asked.workflow_run_id)
        profile = _made(call, asked)
    else:
        profile = _made(call, asked)
    return profile_body(profile)


def _made(
    call: Call, asked: CreateBrowserProfile, pin: tuple[Any, str | None] = (None, None)
) -> Profile:
    _refuse_taken_name(call, asked.name)
    location, session_id = asked.proxy_location, asked.proxy_session_id
    if location is None and session_id is None:
        location, session_id = pin
    location, session_id = pinned_proxy(call.world, location, session_id)
    return call.world.make(
        Profile,
        call.organization_id,
        name=asked.name,
        description=asked.description,
        proxy_location=location,
        proxy_session_id=session_id,
    )


def _refuse_taken_name(call: Call, name: str, *, own: str | None = None) -> None:
    for profile in call.world.rows(Profile, call.organization_id):
        if profile.name == name and profile.id != own:
            raise Refusal(
                409,
                f"A browser profile named '{name}' already exists. "
                "Use a different name or delete the existing profile.",
            )


def _from_session(
    call: Call, asked: CreateBrowserProfile, session_id: str
) -> Generator[Wait, None, Profile]:
    world = call.world
    session = call.find(
        Session, session_id, f"Browser session {session_id} does not exist or is not live."
    )
    if not session.generate_browser_profile:
        who = call.organization_id
        kind = "profile_needs_session_flag"
        advise(world, kind, organization_id=who, session=session.id)
        raise Refusal(400, _NOT_ASKED)
    if not session.is_over or session.completed_at is None:
        raise Refusal(400, _NOT_YET)
    if session.saved_as is not None:
        saved = world.get(Profile, session.saved_as, call.organization_id)
        if saved is not None and saved.name == asked.name:
            return saved
        _refuse_taken_name(call, asked.name)
    if session.saved_as is not None or not session.was_used:
        raise Refusal(400, _NOTHING_LEFT)
    uploaded = session.completed_at + world.timing.archive
    if uploaded > call.now:
        yield Until(min(uploaded, call.now + UPLOAD_WAIT))
        if uploaded > call.now:
            raise Refusal(400, _NOT_YET)
    pin = session.settings.get("proxy_location"), session.settings.get("proxy_session_id")
    profile = _made(call, asked, pin)
    world.change(session, saved_as=profile.id)
    return profile


def _archive_of_run(call: Call, run_id: str) -> Generator[Wait, None, None]:
    """Wait for the archive of a run, inside the request (facts: runs 10)."""
    missing = f"WorkflowRun {run_id} not found"
    run = call.find(Run, run_id, missing)
    if run.family is not Family.WORKFLOW:
        raise Refusal(404, missing)
    workflow = call.world.get_deleted(Workflow, run.workflow_id or "", call.organization_id)
    if workflow is None or not workflow.persists_browser_session:
        kind = "profile_needs_persisting"
        advise(call.world, kind, run_id, run=run_id, workflow=run.workflow_permanent_id)
        raise Refusal(400, "Workflow does not persist browser sessions")
    for look in range(LOOKS):
        ready = call.world.run(run_id).archive_ready_at
        if ready is not None and ready <= call.now:
            return
        if look < LOOKS - 1:
            yield Until(call.now + SECOND)
    raise Refusal(400, "Workflow run does not have a persisted session")


# --- the others -------------------------------------------------------------------------------


def list_browser_profiles(call: Call) -> list[JsonObject]:
    query: ProfilesQuery = call.query
    matches = like(query.search_key or "").search
    rows = [
        profile
        for profile in call.world.rows(
            Profile, call.organization_id, include_deleted=query.include_deleted
        )
        if (query.managed is None or profile.is_managed == query.managed)
        and (matches(profile.name) or matches(profile.description or ""))
    ]
    return [profile_body(profile) for profile in page_of(rows[::-1], query.page, query.page_size)]


def _own(call: Call) -> Profile:
    profile_id = call.params["profile_id"]
    missing = f"Browser profile {profile_id} not found for organization {call.organization_id}"
    return call.find(Profile, profile_id, missing)


def get_browser_profile(call: Call) -> JsonObject:
    return profile_body(_own(call))


def update_browser_profile(call: Call) -> JsonObject:
    """Null name and description stay as they were; so does ``modified_at`` where all is as it was."""
    asked: UpdateBrowserProfile = call.body
    profile = _own(call)
    changes: dict[str, Any] = {}
    if asked.name is not None:
        _refuse_taken_name(call, asked.name, own=profile.id)
        changes["name"] = asked.name
    if asked.description is not None:
        changes["description"] = asked.description
    changes["proxy_location"], changes["proxy_session_id"] = repinned_proxy(
        call.world, asked, profile.proxy_location, profile.proxy_session_id
    )
    return profile_body(call.world.update(profile, **changes))


def delete_browser_profile(call: Call) -> Answer:
    """Credentials are detached; sessions that began with it go on."""
    profile = _own(call)
    for credential in call.world.rows(Credential, call.organization_id):
        if credential.settings.get("browser_profile_id") == profile.id:
            settings = {**credential.settings, "browser_profile_id": None}
            call.world.change(credential, settings=settings)
    call.world.change(profile, deleted_at=call.now)
    return Answer(204)


def get_browser_profile_usage(call: Call) -> JsonObject:
    """What names it: workflows by their latest versions, credentials; and how many runs began with it.

    Recorded group ``extras``.
    """
    profile = _own(call)
    latest = {row.permanent_id: row for row in call.world.rows(Workflow, call.organization_id)}
    return {
        "workflows": [
            {
                "workflow_permanent_id": row.permanent_id,
                "title": row.title,
                "via": "browser_profile_id",
            }
            for row in latest.values()
            if row.settings.get("browser_profile_id") == profile.id
        ],
        "credentials": [
            {"credential_id": row.id, "name": row.name}
            for row in call.world.rows(Credential, call.organization_id)
            if row.settings.get("browser_profile_id") == profile.id
        ],
        "recent_seeded_run_count": sum(
            run.browser_profile_id == profile.id
            for run in call.world.rows(Run, call.organization_id)
        ),
    }


def reset_workflow_browser_profile(call: Call) -> Answer:
    """The managed profile of a workflow that persists its browser is deleted, if there is one."""
    permanent_id = call.params["workflow_permanent_id"]
    if call.world.workflow(permanent_id, call.organization_id) is None:
        raise Refusal(404, f"Workflow not found. workflow_permanent_id={permanent_id}")
    for profile in list(call.world.rows(Profile, call.organization_id)):
        if profile.is_managed and profile.workflow_permanent_id == permanent_id:
            call.world.change(profile, deleted_at=call.now)
    return Answer(204)


ENDPOINTS = (
    Endpoint("get_browser_profile_usage", get_browser_profile_usage),
    Endpoint("agents.reset_workflow_browser_profile", reset_workflow_browser_profile),
    Endpoint("create_browser_profile", create_browser_profile, body=CreateBrowserProfile),
    Endpoint("list_browser_profiles", list_browser_profiles, query=ProfilesQuery),
    Endpoint("get_browser_profile", get_browser_profile),
    Endpoint("update_browser_profile", update_browser_profile, body=UpdateBrowserProfile),
    Endpoint("delete_browser_profile", delete_browser_profile),
)
