"""Browser profiles."""

import re
from datetime import datetime

import pytest

from skyvern_testkit import RunScript, completed, running
from skyvern_testkit.contract import Caller, case

NAME_IS_NEEDED = "the SDK's method cannot leave the name out"
NEEDS_A_BROWSER = "a run has to come to an end in a browser"

PAGE = {"block_type": "goto_url", "label": "open", "url": "https://example.com"}


def organisation(skyvern: Caller) -> str:
    """The id of the organisation that asks: profiles name it when they are missed."""
    made = skyvern.raw.call("create_browser_session", timeout=5).ok()
    return str(made["organization_id"])


def profile(skyvern: Caller, name: str, **more: object) -> str:
    """The id of a new profile."""
    made = skyvern.call("create_browser_profile", name=name, **more).ok()
    return str(made["browser_profile_id"])


def session(skyvern: Caller, **more: object) -> str:
    """The id of a new session."""
    return str(skyvern.call("create_browser_session", **more).ok()["browser_session_id"])


def run(skyvern: Caller, *, persists: bool, title: str = "Invoices") -> str:
    """The id of a new run of a workflow."""
    definition = {
        "title": title,
        "persist_browser_session": persists,
        "workflow_definition": {"parameters": [], "blocks": [PAGE]},
    }
    workflow = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    started = skyvern.raw.call("run_workflow", agent_id=workflow["workflow_permanent_id"]).ok()
    return str(started["run_id"])


def moment(skyvern: Caller) -> datetime:
    """The server's time, as the newest of its rows has it."""
    return datetime.fromisoformat(skyvern.raw.call("create_browser_session").ok()["created_at"])


def listed(skyvern: Caller, **query: object) -> list[str]:
    """The names in a list."""
    return [row["name"] for row in skyvern.call("list_browser_profiles", **query).ok()]


# --- made empty ---------------------------------------------------------------------------------


@case("profiles.create.empty", fact="resources 10, 14")
def test_profile_without_a_source_is_empty(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="shop").ok()
    assert made["browser_profile_id"].startswith("bp_")
    assert (made["name"], made["is_managed"]) == ("shop", False)
    for nothing in (
        "description",
        "source_browser_type",
        "proxy_location",
        "proxy_session_id",
        "workflow_permanent_id",
        "deleted_at",
        "last_verified_login_at",
        "linked_credential_name",
    ):
        assert made[nothing] is None, nothing


@case("profiles.create.sources.null", fact="resources 10")
def test_null_sources_are_none(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_browser_profile", name="shop", browser_session_id=None, workflow_run_id=None
    ).ok()
    assert made["name"] == "shop"


@case("profiles.create.sources.empty", fact="resources 10")
@pytest.mark.parametrize("source", ["browser_session_id", "workflow_run_id"])
def test_source_with_an_empty_id_is_refused(skyvern: Caller, source: str) -> None:
    skyvern.call("create_browser_profile", name="shop", **{source: ""}).invalid(
        ("string_too_short", "body", source)
    )


@case("profiles.create.sources.both", fact="resources 10")
def test_profile_has_one_source(skyvern: Caller) -> None:
    (problem,) = skyvern.call(
        "create_browser_profile", name="shop", browser_session_id="pbs_1", workflow_run_id="wr_1"
    ).invalid(("value_error", "body"))
    assert problem["msg"] == (
        "Value error, Provide only one of browser_session_id or workflow_run_id"
    )


@case("profiles.create.times", fact="resources 2")
def test_times_are_utc_without_a_zone(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="shop").ok()
    for name in ("created_at", "modified_at"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?", made[name]), made[name]


# --- names --------------------------------------------------------------------------------------


@case("profiles.name.trimmed", fact="resources 10")
def test_name_and_description_are_trimmed(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="  shop\t", description=" mine ").ok()
    assert (made["name"], made["description"]) == ("shop", "mine")


@case("profiles.name.least", fact="resources 10")
@pytest.mark.parametrize("name", ["", "   "], ids=["empty", "blank"])
def test_name_is_of_one_character_at_least(skyvern: Caller, name: str) -> None:
    skyvern.call("create_browser_profile", name=name).invalid(("string_too_short", "body", "name"))


@case("profiles.name.longest", fact="resources 10")
def test_name_may_be_of_any_length(skyvern: Caller) -> None:
    assert skyvern.call("create_browser_profile", name="x" * 1000).ok()["name"] == "x" * 1000


@case("profiles.name.missing", fact="resources 10", raw_only=NAME_IS_NEEDED)
def test_profile_has_a_name(skyvern: Caller) -> None:
    skyvern.call("create_browser_profile", description="mine").invalid(("missing", "body", "name"))


@case("profiles.name.string", fact="resources 10")
@pytest.mark.parametrize("name", [None, 5], ids=["null", "number"])
def test_name_is_a_string(skyvern: Caller, name: object) -> None:
    skyvern.call("create_browser_profile", name=name).invalid(("string_type", "body", "name"))


@case("profiles.name.taken", fact="resources 10, runs 10")
def test_name_is_had_once(skyvern: Caller) -> None:
    profile(skyvern, "shop")
    for name in ("shop", " shop "):
        skyvern.call("create_browser_profile", name=name).refused(
            409,
            "A browser profile named 'shop' already exists. "
            "Use a different name or delete the existing profile.",
        )


@case("profiles.name.case", fact="resources 10")
def test_names_that_differ_in_case_are_two(skyvern: Caller) -> None:
    assert profile(skyvern, "shop") != profile(skyvern, "Shop")


@case("profiles.name.stranger", fact="resources 1, 10")
def test_name_of_another_organisations_profile_is_free(skyvern: Caller) -> None:
    profile(skyvern, "shop")
    assert skyvern.stranger().call("create_browser_profile", name="shop").ok()["name"] == "shop"


@case("profiles.name.freed", fact="resources 10")
def test_name_of_a_deleted_profile_is_free(skyvern: Caller) -> None:
    first = profile(skyvern, "shop")
    skyvern.call("delete_browser_profile", profile_id=first).ok(204)
    assert profile(skyvern, "shop") != first


# --- proxies ------------------------------------------------------------------------------------


@case("profiles.proxy.isp", fact="resources 10")
def test_isp_proxy_is_given_a_session(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_browser_profile", name="shop", proxy_location="RESIDENTIAL_ISP"
    ).ok()
    assert made["proxy_location"] == "RESIDENTIAL_ISP"
    assert re.fullmatch("[0-9a-f]{10}", made["proxy_session_id"])


@case("profiles.proxy.session_alone", fact="resources 10")
def test_proxy_session_alone_means_an_isp_proxy(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="shop", proxy_session_id="s1").ok()
    assert (made["proxy_location"], made["proxy_session_id"]) == ("RESIDENTIAL_ISP", "s1")


@case("profiles.proxy.session_dropped", fact="resources 10")
def test_proxy_session_with_another_proxy_is_dropped(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_browser_profile", name="shop", proxy_location="NONE", proxy_session_id="s1"
    ).ok()
    assert (made["proxy_location"], made["proxy_session_id"]) == ("NONE", None)


@case("profiles.proxy.place", fact="resources 10")
def test_proxy_may_be_a_place(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_browser_profile",
        name="shop",
        proxy_location={"country": "US", "city": "Boston"},
    ).ok()
    place = made["proxy_location"]
    assert (place["country"], place["subdivision"], place["city"]) == ("US", None, "Boston")


@case("profiles.proxy.unknown", fact="resources 10")
def test_unknown_proxy_is_refused(skyvern: Caller) -> None:
    (problem,) = skyvern.call("create_browser_profile", name="shop", proxy_location="MARS").invalid(
        ("value_error", "body", "proxy_location")
    )
    assert problem["msg"] == "Value error, 'MARS' is not a valid ProxyLocation"


# --- made from a session ------------------------------------------------------------------------


@case("profiles.from_session.unknown", fact="resources 10, runs 10")
def test_unknown_session_is_missed_in_its_own_words(skyvern: Caller) -> None:
    skyvern.call("create_browser_profile", name="shop", browser_session_id="pbs_1").refused(
        404, "Browser session pbs_1 does not exist or is not live."
    )


@case("profiles.from_session.stranger", fact="resources 1, 10")
def test_session_of_another_organisation_is_missed(skyvern: Caller) -> None:
    theirs = session(skyvern.stranger(), generate_browser_profile=True)
    skyvern.call("create_browser_profile", name="shop", browser_session_id=theirs).refused(
        404, f"Browser session {theirs} does not exist or is not live."
    )


@case("profiles.from_session.before_name", fact="resources 10")
def test_unknown_session_is_said_before_a_taken_name(skyvern: Caller) -> None:
    profile(skyvern, "shop")
    skyvern.call("create_browser_profile", name="shop", browser_session_id="pbs_1").refused(404)


@case("profiles.from_session.not_asked", fact="resources 10, runs 10")
@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed"])
def test_session_must_have_been_asked_for_a_profile(skyvern: Caller, *, closed: bool) -> None:
    plain = session(skyvern)
    if closed:
        skyvern.call("close_browser_session", browser_session_id=plain).ok()
    skyvern.call("create_browser_profile", name="shop", browser_session_id=plain).refused(
        400,
        "This browser session was not configured to generate a browser profile. "
        "Start a session with generate_browser_profile enabled to capture a profile.",
    )


@case("profiles.from_session.open", fact="resources 10, runs 10")
def test_open_session_has_no_archive_yet(skyvern: Caller) -> None:
    going_on = session(skyvern, generate_browser_profile=True)
    skyvern.call("create_browser_profile", name="shop", browser_session_id=going_on).refused(
        400,
        "Browser session does not have a persisted profile archive. "
        "Close the session and wait for upload before creating a browser profile.",
    )


@case("profiles.from_session.unused", fact="resources 10, runs 10")
def test_session_that_no_browser_was_in_has_nothing_to_save(skyvern: Caller) -> None:
    unused = session(skyvern, generate_browser_profile=True)
    skyvern.call("close_browser_session", browser_session_id=unused).ok()
    refusal = skyvern.call(
        "create_browser_profile", name="shop", browser_session_id=unused
    ).refused(400)
    assert refusal.startswith(
        "This browser session has ended and has no profile archive to save, "
        "so retrying will not help."
    )


@case("profiles.from_session.saved", fact="resources 10, runs 10", ours_only=NEEDS_A_BROWSER)
def test_session_that_was_used_and_closed_is_saved_once(skyvern: Caller) -> None:
    used = session(skyvern, generate_browser_profile=True)
    task = skyvern.call(
        "run_task", prompt="Log in", url="https://example.com", browser_session_id=used
    ).ok()
    while skyvern.call("get_run", run_id=task["run_id"]).ok()["finished_at"] is None:
        skyvern.wait(1)
    skyvern.call("close_browser_session", browser_session_id=used).ok()
    asked = {"name": "shop", "browser_session_id": used}
    made = skyvern.call("create_browser_profile", **asked).ok()
    assert skyvern.call("create_browser_profile", **asked).ok() == made
    profile(skyvern, "taken")
    for name, status in (("other", 400), ("taken", 409)):
        skyvern.call("create_browser_profile", name=name, browser_session_id=used).refused(status)


# --- made from a run ----------------------------------------------------------------------------


@case("profiles.from_run.unknown", fact="resources 10, runs 10")
def test_unknown_run_is_missed(skyvern: Caller) -> None:
    skyvern.call("create_browser_profile", name="shop", workflow_run_id="wr_1").refused(
        404, "WorkflowRun wr_1 not found"
    )


@case("profiles.from_run.stranger", fact="resources 1, 10")
def test_run_of_another_organisation_is_missed(skyvern: Caller) -> None:
    theirs = run(skyvern.stranger(), persists=False)
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=theirs).refused(
        404, f"WorkflowRun {theirs} not found"
    )


@case("profiles.from_run.not_persisting", fact="resources 10, runs 10")
def test_workflow_must_persist_its_sessions(skyvern: Caller) -> None:
    plain = run(skyvern, persists=False)
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=plain).refused(
        400, "Workflow does not persist browser sessions"
    )


@case("profiles.from_run.nothing_stored", fact="resources 10, runs 10")
def test_run_that_stored_nothing_is_given_up(skyvern: Caller) -> None:
    cancelled = run(skyvern, persists=True)
    skyvern.call("cancel_run", run_id=cancelled).ok()
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=cancelled).refused(
        400, "Workflow run does not have a persisted session"
    )


@case("profiles.from_run.saved", fact="resources 10, runs 10", ours_only=NEEDS_A_BROWSER)
def test_run_that_ended_well_is_saved(skyvern: Caller) -> None:
    made = skyvern.call(
        "create_browser_profile", name="shop", workflow_run_id=run(skyvern, persists=True)
    ).ok()
    assert (made["name"], made["is_managed"]) == ("shop", False)


@case("profiles.from_run.waits", fact="runs 10, 11", ours_only=NEEDS_A_BROWSER)
def test_run_that_is_not_over_yet_is_waited_for(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(10), completed()))
    going_on = run(skyvern, persists=True)
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=going_on).ok()
    assert skyvern.call("get_run", run_id=going_on).ok()["status"] == "completed"


@case("profiles.from_run.looks", fact="runs 10, 11")
def test_run_without_a_browser_is_waited_for_half_a_minute(skyvern: Caller) -> None:
    canceled = run(skyvern, persists=True)
    skyvern.call("cancel_run", run_id=canceled).ok()
    before = moment(skyvern)
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=canceled).refused(400)
    assert 28 < (moment(skyvern) - before).total_seconds() < 35


@case("profiles.from_run.not_persisting.at_once", fact="runs 10")
def test_workflow_that_does_not_persist_is_refused_at_once(skyvern: Caller) -> None:
    plain = run(skyvern, persists=False)
    before = moment(skyvern)
    skyvern.call("create_browser_profile", name="shop", workflow_run_id=plain).refused(400)
    assert (moment(skyvern) - before).total_seconds() < 10


@case("profiles.from_run.taken", fact="runs 10", ours_only=NEEDS_A_BROWSER)
def test_name_of_a_profile_of_a_run_is_taken(skyvern: Caller) -> None:
    made = run(skyvern, persists=True)
    skyvern.call("create_browser_profile", name="p5", workflow_run_id=made).ok()
    skyvern.call("create_browser_profile", name="p5", workflow_run_id=made).refused(
        409,
        "A browser profile named 'p5' already exists. "
        "Use a different name or delete the existing profile.",
    )


@case("profiles.managed", fact="resources 10", alone=True)
def test_run_that_persists_makes_a_managed_profile(skyvern: Caller) -> None:
    run(skyvern, persists=True, title="Invoices")
    profile(skyvern, "mine")
    (managed,) = skyvern.call("list_browser_profiles", managed=True).ok()
    assert managed["name"] == "Invoices (auto-saved session)"
    assert managed["is_managed"] is True
    assert managed["workflow_permanent_id"].startswith("wpid_")
    assert listed(skyvern, managed=False) == ["mine"]


# --- read and listed ----------------------------------------------------------------------------


@case("profiles.get", fact="resources 10")
def test_profile_is_read_as_it_was_made(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="shop", description="mine").ok()
    read = skyvern.call("get_browser_profile", profile_id=made["browser_profile_id"]).ok()
    assert read == made


@case("profiles.miss", fact="resources 1, 10, 13")
@pytest.mark.parametrize("whose", ["nobody", "stranger", "deleted"])
@pytest.mark.parametrize(
    ("operation", "asked"),
    [
        ("get_browser_profile", {}),
        ("update_browser_profile", {"name": "shop"}),
        ("delete_browser_profile", {}),
    ],
    ids=["get", "update", "delete"],
)
def test_profile_that_is_not_there_is_missed(
    skyvern: Caller, operation: str, asked: dict[str, object], whose: str
) -> None:
    missing = "bp_1"
    if whose == "stranger":
        missing = profile(skyvern.stranger(), "theirs")
    if whose == "deleted":
        missing = profile(skyvern, "gone")
        skyvern.call("delete_browser_profile", profile_id=missing).ok(204)
    skyvern.call(operation, profile_id=missing, **asked).refused(
        404, f"Browser profile {missing} not found for organization {organisation(skyvern)}"
    )


@case("profiles.list.newest", fact="resources 10", alone=True)
def test_list_is_paged_and_newest_first(skyvern: Caller) -> None:
    assert listed(skyvern) == []
    for name in ("a", "b", "c"):
        profile(skyvern, name)
        skyvern.wait(0.01)  # newest first is told by time alone
    assert listed(skyvern) == ["c", "b", "a"]
    assert listed(skyvern, page_size=2) == ["c", "b"]
    assert listed(skyvern, page=2, page_size=2) == ["a"]
    assert listed(skyvern, page=99) == []


@case("profiles.list.page_size", fact="resources 10", alone=True)
def test_page_is_of_ten_where_nothing_is_said(skyvern: Caller) -> None:
    for number in range(11):
        profile(skyvern, f"p{number}")
    assert len(listed(skyvern)) == 10
    assert len(listed(skyvern, page_size=1000)) == 11


@case("profiles.list.page.least", fact="resources 10")
@pytest.mark.parametrize("name", ["page", "page_size"])
def test_pages_are_counted_from_one(skyvern: Caller, name: str) -> None:
    skyvern.call("list_browser_profiles", **{name: 0}).invalid(
        ("greater_than_equal", "query", name)
    )


@case("profiles.list.search", fact="resources 10", alone=True)
def test_search_is_for_a_part_of_the_name_in_any_case(skyvern: Caller) -> None:
    for name in ("Shop", "Bank"):
        profile(skyvern, name)
    assert listed(skyvern, search_key="sHo") == ["Shop"]
    assert listed(skyvern, search_key="zzz") == []


@case("profiles.list.search.wild", fact="resources 10", alone=True)
def test_percent_in_a_search_is_anything(skyvern: Caller) -> None:
    profile(skyvern, "Shop")
    assert listed(skyvern, search_key="%") == ["Shop"]
    assert listed(skyvern, search_key="s%p") == ["Shop"]


@case("profiles.list.deleted", fact="resources 10", alone=True)
def test_deleted_ones_are_listed_when_asked_for(skyvern: Caller) -> None:
    gone = profile(skyvern, "gone")
    skyvern.call("delete_browser_profile", profile_id=gone).ok(204)
    assert listed(skyvern) == []
    (row,) = skyvern.call("list_browser_profiles", include_deleted=True).ok()
    assert (row["browser_profile_id"], row["name"]) == (gone, "gone")
    assert row["deleted_at"] is not None


@case("profiles.list.stranger", fact="resources 1, 10", alone=True)
def test_list_is_the_organisations_own(skyvern: Caller) -> None:
    profile(skyvern.stranger(), "theirs")
    assert listed(skyvern, include_deleted=True) == []


# --- changed ------------------------------------------------------------------------------------


@case("profiles.update", fact="resources 10")
def test_name_and_description_are_changed_and_trimmed(skyvern: Caller) -> None:
    made = profile(skyvern, "shop")
    updated = skyvern.call(
        "update_browser_profile", profile_id=made, name=" bank ", description=" mine "
    ).ok()
    assert (updated["name"], updated["description"]) == ("bank", "mine")
    assert skyvern.call("get_browser_profile", profile_id=made).ok() == updated


@case("profiles.update.nothing", fact="resources 10")
def test_update_says_something(skyvern: Caller) -> None:
    made = profile(skyvern, "shop")
    (problem,) = skyvern.call("update_browser_profile", profile_id=made, unheard_of=1).invalid(
        ("value_error", "body")
    )
    assert problem["msg"] == "Value error, At least one browser profile field must be provided"


@case("profiles.update.null", fact="resources 10")
def test_null_leaves_name_and_description(skyvern: Caller) -> None:
    made = profile(skyvern, "shop", description="mine")
    updated = skyvern.call(
        "update_browser_profile", profile_id=made, name=None, description=None
    ).ok()
    assert (updated["name"], updated["description"]) == ("shop", "mine")


@case("profiles.update.taken", fact="resources 10")
def test_name_of_another_is_not_taken_over(skyvern: Caller) -> None:
    profile(skyvern, "shop")
    skyvern.call(
        "update_browser_profile", profile_id=profile(skyvern, "bank"), name="shop"
    ).refused(
        409,
        "A browser profile named 'shop' already exists. "
        "Use a different name or delete the existing profile.",
    )


@case("profiles.update.own_name", fact="resources 10")
def test_own_name_is_not_in_the_way(skyvern: Caller) -> None:
    made = profile(skyvern, "shop")
    updated = skyvern.call("update_browser_profile", profile_id=made, name="shop").ok()
    assert updated["name"] == "shop"


@case("profiles.update.rotate", fact="resources 10")
@pytest.mark.parametrize(
    "before",
    [{}, {"proxy_location": "RESIDENTIAL_DE"}, {"proxy_session_id": "s1"}],
    ids=["none", "other", "isp"],
)
def test_rotation_gives_a_new_session_of_an_isp_proxy(
    skyvern: Caller, before: dict[str, str]
) -> None:
    updated = skyvern.call(
        "update_browser_profile",
        profile_id=profile(skyvern, "shop", **before),
        rotate_proxy_session_id=True,
    ).ok()
    assert updated["proxy_location"] == "RESIDENTIAL_ISP"
    assert re.fullmatch("[0-9a-f]{10}", updated["proxy_session_id"])


@case("profiles.update.proxy", fact="resources 10")
@pytest.mark.parametrize(
    ("change", "proxy"),
    [
        ({"rotate_proxy_session_id": False}, ("RESIDENTIAL_ISP", "s1")),
        ({"rotate_proxy_session_id": True, "proxy_session_id": "s9"}, ("RESIDENTIAL_ISP", "s9")),
        ({"proxy_location": "RESIDENTIAL_ISP"}, ("RESIDENTIAL_ISP", "s1")),
        ({"proxy_location": "RESIDENTIAL_DE"}, ("RESIDENTIAL_DE", None)),
        ({"proxy_location": None}, (None, None)),
        ({"proxy_session_id": "s2"}, ("RESIDENTIAL_ISP", "s2")),
        ({"proxy_session_id": None}, (None, None)),
        ({"proxy_session_id": ""}, (None, None)),
    ],
)
def test_update_of_a_proxy_says_all_of_it(
    skyvern: Caller, change: dict[str, object], proxy: tuple[str | None, str | None]
) -> None:
    made = profile(skyvern, "shop", proxy_session_id="s1")
    updated = skyvern.call("update_browser_profile", profile_id=made, **change).ok()
    assert (updated["proxy_location"], updated["proxy_session_id"]) == proxy


@case("profiles.update.proxy.other", fact="resources 10")
@pytest.mark.parametrize(
    ("session_id", "proxy"), [("s1", ("RESIDENTIAL_ISP", "s1")), (None, (None, None))]
)
def test_session_alone_replaces_a_proxy_of_another_kind(
    skyvern: Caller, session_id: str | None, proxy: tuple[str | None, str | None]
) -> None:
    made = profile(skyvern, "shop", proxy_location="RESIDENTIAL_DE")
    updated = skyvern.call(
        "update_browser_profile", profile_id=made, proxy_session_id=session_id
    ).ok()
    assert (updated["proxy_location"], updated["proxy_session_id"]) == proxy


# --- deleted ------------------------------------------------------------------------------------


@case("profiles.delete", fact="resources 10")
def test_deletion_answers_nothing(skyvern: Caller) -> None:
    deleted = skyvern.call("delete_browser_profile", profile_id=profile(skyvern, "shop"))
    deleted.ok(204)
    assert deleted.body == b""


@case("profiles.delete.credential", fact="resources 10")
def test_deletion_detaches_its_credential(skyvern: Caller) -> None:
    made = profile(skyvern, "shop")
    credential = skyvern.call(
        "create_credential",
        name="me",
        credential_type="password",
        credential={"username": "me", "password": "pw"},
        browser_profile_id=made,
    ).ok(201)
    assert credential["browser_profile_id"] == made
    skyvern.call("delete_browser_profile", profile_id=made).ok(204)
    read = skyvern.call("get_credential", credential_id=credential["credential_id"]).ok()
    assert read["browser_profile_id"] is None


@case("profiles.delete.session", fact="resources 10")
def test_deletion_leaves_the_sessions_that_began_with_it(skyvern: Caller) -> None:
    made = profile(skyvern, "shop")
    begun = session(skyvern, browser_profile_id=made)
    skyvern.call("delete_browser_profile", profile_id=made).ok(204)
    read = skyvern.call("get_browser_session", browser_session_id=begun).ok()
    assert read["status"] == "created"
    skyvern.call("create_browser_session", browser_profile_id=made).refused(
        404, f"Browser profile {made} not found"
    )


# --- what uses one ------------------------------------------------------------------------------


@case("profiles.usage", fact="resources 10", raw_only="the SDK 1.0.56 has no method for it")
def test_usage_tells_the_credentials_of_a_profile(skyvern: Caller) -> None:
    used = profile(skyvern, "shop")
    path = f"/v1/browser_profiles/{used}/usage"
    unused = {"workflows": [], "credentials": [], "recent_seeded_run_count": 0}
    assert skyvern.send("GET", path).ok() == unused
    credential = skyvern.call(
        "create_credential",
        name="login",
        credential_type="password",
        credential={"username": "me", "password": "nobody's"},
        browser_profile_id=used,
    ).ok(201)
    assert skyvern.send("GET", path).ok() == {
        **unused,
        "credentials": [{"credential_id": credential["credential_id"], "name": "login"}],
    }


@case("profiles.usage.unknown", fact="resources 10", raw_only="the SDK 1.0.56 has no method for it")
def test_usage_of_an_unknown_profile_is_missed(skyvern: Caller) -> None:
    skyvern.send("GET", "/v1/browser_profiles/bp_1/usage").refused(
        404, f"Browser profile bp_1 not found for organization {organisation(skyvern)}"
    )


@case("profiles.managed.reset", fact="resources 10", alone=True)
def test_reset_of_a_workflow_deletes_its_managed_profile(skyvern: Caller) -> None:
    run(skyvern, persists=True, title="Invoices")
    (managed,) = skyvern.call("list_browser_profiles", managed=True).ok()
    skyvern.call(
        "agents.reset_workflow_browser_profile",
        workflow_permanent_id=managed["workflow_permanent_id"],
    ).ok(204)
    assert listed(skyvern, managed=True) == []


@case("profiles.from_session.pin", fact="resources 10", ours_only=NEEDS_A_BROWSER)
def test_profile_of_a_session_has_its_proxy(skyvern: Caller) -> None:
    used = session(skyvern, generate_browser_profile=True, proxy_session_id="s1")
    task = skyvern.call(
        "run_task", prompt="Log in", url="https://example.com", browser_session_id=used
    ).ok()
    while skyvern.call("get_run", run_id=task["run_id"]).ok()["finished_at"] is None:
        skyvern.wait(1)
    skyvern.call("close_browser_session", browser_session_id=used).ok()
    made = skyvern.call("create_browser_profile", name="shop", browser_session_id=used).ok()
    assert (made["proxy_location"], made["proxy_session_id"]) == ("RESIDENTIAL_ISP", "s1")


@case("profiles.from_session.of_profile", fact="resources 10", ours_only=NEEDS_A_BROWSER)
def test_session_that_began_with_a_profile_is_saved_too(skyvern: Caller) -> None:
    first = profile(skyvern, "first")
    used = session(skyvern, generate_browser_profile=True, browser_profile_id=first)
    task = skyvern.call(
        "run_task", prompt="Log in", url="https://example.com", browser_session_id=used
    ).ok()
    while skyvern.call("get_run", run_id=task["run_id"]).ok()["finished_at"] is None:
        skyvern.wait(1)
    skyvern.call("close_browser_session", browser_session_id=used).ok()
    made = skyvern.call("create_browser_profile", name="second", browser_session_id=used).ok()
    assert made["browser_profile_id"] != first
