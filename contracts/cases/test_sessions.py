"""Browser sessions."""

import pytest

from skyvern_testkit.contract import Caller, case

JSON = {"content-type": "application/json"}


@case("sessions.create.defaults", fact="resources 9")
def test_new_session_waits_an_hour_for_its_first_use(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_session").ok()
    assert made["browser_session_id"].startswith("pbs_")
    assert (made["status"], made["timeout"], made["warning"]) == ("created", 60, None)
    assert made["started_at"] is made["completed_at"] is made["browser_address"] is None
    assert made["source"] == "managed"


@case(
    "sessions.create.nothing_said",
    fact="resources 9",
    raw_only="the SDK always sends an object",
)
@pytest.mark.parametrize("body", [{}, {"content": b"null", "headers": JSON}], ids=["none", "null"])
def test_body_may_be_left_out(skyvern: Caller, body: dict[str, object]) -> None:
    made = skyvern.send("POST", "/v1/browser_sessions", **body).ok()
    assert made["timeout"] == 60


@case("sessions.create.settings", fact="resources 9")
def test_settings_are_told_again(skyvern: Caller) -> None:
    asked = {
        "extensions": ["ad-blocker", "captcha-solver"],
        "browser_type": "chrome",
        "generate_browser_profile": True,
        "browser_settings": {"timezone_id": "Europe/Paris"},
    }
    made = skyvern.call("create_browser_session", **asked).ok()
    assert {name: made[name] for name in asked} == asked


@case("sessions.create.timeout.null", fact="resources 9")
def test_timeout_may_be_null(skyvern: Caller) -> None:
    assert skyvern.call("create_browser_session", timeout=None).ok()["timeout"] is None


@case("sessions.create.timeout.least", fact="resources 9")
def test_timeout_of_less_than_five_minutes_is_refused(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", timeout=4).invalid(
        ("greater_than_equal", "body", "timeout")
    )
    assert skyvern.call("create_browser_session", timeout=5).ok()["timeout"] == 5


@case("sessions.create.timeout.capped", fact="resources 9")
def test_timeout_of_more_than_four_hours_is_cut_and_said(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_session", timeout=241).ok()
    assert made["timeout"] == 240
    assert made["warning"].startswith(
        "Requested timeout of 241 minutes exceeds the maximum of 240 minutes (4 hours); "
        "this session was capped at 240 minutes."
    )
    again = skyvern.call("get_browser_session", browser_session_id=made["browser_session_id"]).ok()
    assert again["warning"] is None


@case("sessions.create.profile.unknown", fact="resources 9")
def test_unknown_profile_is_missed(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", browser_profile_id="bp_1").refused(
        404, "Browser profile bp_1 not found"
    )


@case("sessions.create.profile.malformed", fact="resources 2, 9")
def test_id_of_a_profile_begins_with_bp(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", browser_profile_id="profile").invalid(
        ("string_pattern_mismatch", "body", "browser_profile_id")
    )


@case("sessions.create.proxy_session", fact="resources 9")
def test_proxy_session_is_for_residential_isp_alone(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", proxy_session_id="abc").ok()
    skyvern.call(
        "create_browser_session", proxy_session_id="abc", proxy_location="RESIDENTIAL"
    ).refused(400, "proxy_session_id is only supported with RESIDENTIAL_ISP proxy_location")


@case("sessions.create.extension.unknown", fact="resources 9")
def test_unknown_extension_is_refused(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", extensions=["dark-mode"]).invalid(
        ("enum", "body", "extensions", 0)
    )


@case("sessions.get", fact="resources 9")
def test_reading_one_says_how_it_is_watched(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_session").ok()
    read = skyvern.call("get_browser_session", browser_session_id=made["browser_session_id"]).ok()
    assert read == {**made, "stream_transport": "vnc"}


@case("sessions.get.unknown", fact="resources 1, 9, 13")
def test_unknown_session_is_missed(skyvern: Caller) -> None:
    asked: dict[str, dict[str, object]] = {
        "get_browser_session": {},
        "close_browser_session": {},
        "extend_browser_session": {"additional_minutes": 5},
        "update_browser_session": {"generate_browser_profile": True},
    }
    for operation, more in asked.items():
        skyvern.call(operation, browser_session_id="pbs_1", **more).refused(
            404, "Browser session pbs_1 not found"
        )


@case("sessions.get.stranger", fact="resources 1, 9")
def test_session_is_its_organisations_alone(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.stranger().call("get_browser_session", browser_session_id=session_id).refused(
        404, f"Browser session {session_id} not found"
    )


@case("sessions.list", fact="resources 9", alone=True)
def test_list_is_of_those_that_go_on_oldest_first(skyvern: Caller) -> None:
    assert skyvern.call("get_browser_sessions").ok() == []
    ids = [skyvern.call("create_browser_session").ok()["browser_session_id"] for _ in range(3)]
    skyvern.call("close_browser_session", browser_session_id=ids[1])
    listed = skyvern.call("get_browser_sessions").ok()
    assert [session["browser_session_id"] for session in listed] == [ids[0], ids[2]]
    assert all(session["stream_transport"] is None for session in listed)


@case("sessions.list.not_paged", fact="resources 9", alone=True)
def test_list_does_not_read_its_query(skyvern: Caller) -> None:
    for _ in range(2):
        skyvern.call("create_browser_session")
    assert len(skyvern.call("get_browser_sessions", page=2, page_size=1).ok()) == 2


@case(
    "sessions.history",
    fact="resources 9",
    alone=True,
    raw_only="the SDK has no method for it",
)
def test_history_is_paged_and_newest_first(skyvern: Caller) -> None:
    ids = []
    for _ in range(3):
        ids.append(skyvern.call("create_browser_session").ok()["browser_session_id"])
        skyvern.wait(0.01)  # newest first is told by time alone
    skyvern.call("close_browser_session", browser_session_id=ids[2])
    page = skyvern.call("get_browser_sessions_history", page=1, page_size=2).ok()
    assert [session["browser_session_id"] for session in page] == [ids[2], ids[1]]
    skyvern.call("get_browser_sessions_history", page_size=101).invalid(
        ("less_than_equal", "query", "page_size")
    )


@case("sessions.close", fact="resources 9")
def test_closed_session_is_completed_and_stays_readable(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    closed = skyvern.call("close_browser_session", browser_session_id=session_id).ok()
    assert closed == {"message": "Browser session closed"}
    read = skyvern.call("get_browser_session", browser_session_id=session_id).ok()
    assert read["status"] == "completed"
    assert read["completed_at"] is not None


@case("sessions.close.idempotent", fact="resources 9")
def test_closing_twice_is_closing_once(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    first = skyvern.call("close_browser_session", browser_session_id=session_id).ok()
    read = skyvern.call("get_browser_session", browser_session_id=session_id).ok()
    assert skyvern.call("close_browser_session", browser_session_id=session_id).ok() == first
    again = skyvern.call("get_browser_session", browser_session_id=session_id).ok()
    assert again["completed_at"] == read["completed_at"]


@case("sessions.extend", fact="resources 9")
def test_extension_adds_minutes(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session", timeout=30).ok()["browser_session_id"]
    extended = skyvern.call(
        "extend_browser_session", browser_session_id=session_id, additional_minutes=15
    ).ok()
    assert (extended["timeout"], extended["warning"]) == (45, None)


@case("sessions.extend.null", fact="resources 9")
def test_session_without_timeout_is_extended_from_an_hour(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session", timeout=None).ok()["browser_session_id"]
    extended = skyvern.call(
        "extend_browser_session", browser_session_id=session_id, additional_minutes=15
    ).ok()
    assert extended["timeout"] == 75


@case("sessions.extend.capped", fact="resources 9")
def test_extension_ends_at_six_hours(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session", timeout=240).ok()["browser_session_id"]
    asked = {"browser_session_id": session_id, "additional_minutes": 121}
    extended = skyvern.call("extend_browser_session", **asked).ok()
    assert extended["timeout"] == 360
    assert extended["warning"].startswith(
        "Requested an extension of 121 minutes, but only 120 minutes remained under the maximum "
        "session lifetime of 360 minutes (6 hours); this session was extended by 120 minutes."
    )
    refusal = skyvern.call("extend_browser_session", **asked).refused(409)
    assert refusal.startswith(
        f"Browser session {session_id} cannot be extended: the session is already at the maximum "
        "lifetime of 360 minutes (6 hours)."
    )


@case("sessions.extend.least", fact="resources 9")
def test_extension_is_of_a_minute_at_least(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.call(
        "extend_browser_session", browser_session_id=session_id, additional_minutes=0
    ).invalid(("greater_than_equal", "body", "additional_minutes"))


@case("sessions.update", fact="resources 9")
def test_update_says_whether_a_profile_is_kept(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    for wanted in (True, False):
        updated = skyvern.call(
            "update_browser_session",
            browser_session_id=session_id,
            generate_browser_profile=wanted,
        ).ok()
        assert updated["generate_browser_profile"] is wanted


@case("sessions.update.null", fact="resources 9")
def test_update_with_null_is_refused(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.call(
        "update_browser_session", browser_session_id=session_id, generate_browser_profile=None
    ).invalid(("bool_type", "body", "generate_browser_profile"))


@case("sessions.ended", fact="resources 9")
@pytest.mark.parametrize(
    ("operation", "asked", "verb"),
    [
        ("extend_browser_session", {"additional_minutes": 5}, "extended"),
        ("update_browser_session", {"generate_browser_profile": True}, "updated"),
    ],
    ids=["extend", "update"],
)
def test_ended_session_is_not_changed(
    skyvern: Caller, operation: str, asked: dict[str, object], verb: str
) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.call("close_browser_session", browser_session_id=session_id).ok()
    skyvern.call(operation, browser_session_id=session_id, **asked).refused(
        409, f"Browser session {session_id} has already ended and can no longer be {verb}."
    )


@case("sessions.body.not_json", fact="resources 1", raw_only="the SDK sends only JSON")
def test_broken_json_is_refused(skyvern: Caller) -> None:
    skyvern.send(
        "POST",
        "/v1/browser_sessions",
        content=b"{",
        headers=JSON,
    ).invalid(("json_invalid", "body", 1))


# --- what a session may ask for -----------------------------------------------------------------


@case("sessions.create.types", fact="resources 9")
@pytest.mark.parametrize("browser_type", ["msedge", "chrome", "stealth-chromium", None])
def test_browser_is_one_of_three_or_none(skyvern: Caller, browser_type: str | None) -> None:
    made = skyvern.call("create_browser_session", browser_type=browser_type).ok()
    assert made["browser_type"] == browser_type


@case("sessions.create.types.unknown", fact="resources 9")
@pytest.mark.parametrize("browser_type", ["firefox", ""])
def test_other_browsers_are_refused(skyvern: Caller, browser_type: str) -> None:
    skyvern.call("create_browser_session", browser_type=browser_type).invalid(
        ("enum", "body", "browser_type")
    )


@case("sessions.create.proxy", fact="resources 9")
@pytest.mark.parametrize(
    "proxy",
    [
        "RESIDENTIAL",
        "NONE",
        None,
        {"country": "US"},
        {"country": "US", "subdivision": "CA", "city": "Los Angeles"},
        {"url": "http://proxy.example.com:8080"},
    ],
    ids=str,
)
def test_proxy_is_a_place_in_many_forms(skyvern: Caller, proxy: object) -> None:
    skyvern.call("create_browser_session", proxy_location=proxy).ok()


@case("sessions.create.proxy.unknown", fact="resources 9")
@pytest.mark.parametrize("proxy", ["MARS", {"country": "USA"}, {}], ids=str)
def test_proxy_that_is_no_place_is_refused(skyvern: Caller, proxy: object) -> None:
    problems = skyvern.call("create_browser_session", proxy_location=proxy).refused(422)
    assert all(problem["loc"][:2] == ["body", "proxy_location"] for problem in problems)


@case("sessions.create.timezone", fact="resources 9")
def test_timezone_is_a_known_one(skyvern: Caller) -> None:
    skyvern.call("create_browser_session", browser_settings={"timezone_id": "Mars/X"}).invalid(
        ("value_error", "body", "browser_settings")
    )


@case("sessions.create.url", fact="resources 9")
@pytest.mark.parametrize("url", ["https://example.com", "notaurl"])
def test_address_of_a_session_is_not_checked(skyvern: Caller, url: str) -> None:
    skyvern.call("create_browser_session", url=url).ok()


@case("sessions.create.extensions", fact="resources 9")
@pytest.mark.parametrize("extensions", [["captcha-solver"], [], None], ids=str)
def test_extensions_are_told_again(skyvern: Caller, extensions: list[str] | None) -> None:
    made = skyvern.call("create_browser_session", extensions=extensions).ok()
    assert made["extensions"] == extensions


@case("sessions.create.profile", fact="resources 9")
def test_session_starts_from_a_profile(skyvern: Caller) -> None:
    profile_id = skyvern.call("create_browser_profile", name="shop").ok()["browser_profile_id"]
    made = skyvern.call("create_browser_session", browser_profile_id=profile_id).ok()
    assert made["browser_profile_id"] == profile_id
    skyvern.call("delete_browser_profile", profile_id=profile_id).ok(204)
    skyvern.call("create_browser_session", browser_profile_id=profile_id).refused(
        404, f"Browser profile {profile_id} not found"
    )


@case("sessions.create.places", fact="resources 9")
def test_session_tells_where_it_is_seen_and_where_its_files_go(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_session").ok()
    session_id = made["browser_session_id"]
    assert made["app_url"].endswith(f"/browser-session/{session_id}")
    assert made["download_path"].endswith(f"/downloads/{made['organization_id']}/{session_id}")
    assert (made["downloaded_files"], made["recordings"], made["created_by"]) == ([], [], None)
    assert made["stream_transport"] is None


@case("sessions.get.created", fact="resources 9")
def test_session_that_nobody_uses_stays_created(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.wait(2)
    read = skyvern.call("get_browser_session", browser_session_id=session_id).ok()
    assert (read["status"], read["started_at"], read["browser_address"]) == ("created", None, None)


@case("sessions.update.missing", fact="resources 9", raw_only="the SDK's method needs a value")
def test_update_needs_its_one_field(skyvern: Caller) -> None:
    session_id = skyvern.call("create_browser_session").ok()["browser_session_id"]
    skyvern.send("PATCH", f"/v1/browser_sessions/{session_id}", json={}).invalid(
        ("missing", "body", "generate_browser_profile")
    )


@case("sessions.list.stranger", fact="resources 1", alone=True)
def test_list_shows_nobody_elses(skyvern: Caller) -> None:
    skyvern.call("create_browser_session").ok()
    assert skyvern.stranger().call("get_browser_sessions").ok() == []
