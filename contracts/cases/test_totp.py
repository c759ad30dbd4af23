"""Codes of a second factor that are sent to the server."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

NO_METHOD = "the SDK has no method for it"
NEEDS_A_FIELD = "the SDK's method cannot leave it out"
TIMES_ARE_DATETIMES = "the SDK's method takes a datetime"
NEEDS_A_MODEL = "a model has to read the sentence"

PAGE = {"block_type": "goto_url", "label": "open", "url": "https://example.com"}


def send(skyvern: Caller, content: object = "123456", **more: object) -> Outcome:
    """Send a code."""
    return skyvern.call("send_totp_code", **{"totp_identifier": "me", "content": content, **more})


def workflow(skyvern: Caller) -> dict[str, str]:
    """A new workflow."""
    definition = {
        "title": "Login",
        "workflow_definition": {"parameters": [], "blocks": [PAGE]},
    }
    made: dict[str, str] = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    return made


def run(skyvern: Caller) -> str:
    """The id of a new run of a workflow."""
    agent_id = workflow(skyvern)["workflow_permanent_id"]
    return str(skyvern.raw.call("run_workflow", agent_id=agent_id).ok()["run_id"])


def task(skyvern: Caller) -> str:
    """The id of a new task."""
    return str(
        skyvern.raw.call(
            "run_task", prompt="Log in", url="https://example.com", engine="skyvern-1.0"
        ).ok()["run_id"]
    )


def task_v2(skyvern: Caller) -> dict[str, str]:
    """A new task of the second generation."""
    asked = {"prompt": "Log in", "url": "https://example.com", "engine": "skyvern-2.0"}
    made: dict[str, str] = skyvern.raw.call("run_task", **asked).ok()
    return made


# --- what is answered ---------------------------------------------------------------------------


@case("totp.send", fact="resources 8, 14")
def test_code_is_stored_and_told_again(skyvern: Caller) -> None:
    stored = send(skyvern).ok()
    assert stored["totp_code_id"].startswith("totp_")
    assert (stored["totp_identifier"], stored["content"], stored["code"]) == (
        "me",
        "123456",
        "123456",
    )
    assert stored["otp_type"] == "totp"
    for nothing in ("task_id", "workflow_id", "workflow_run_id", "source", "expired_at", "type"):
        assert stored[nothing] is None, nothing


@case("totp.send.again", fact="resources 8")
def test_code_that_is_sent_twice_is_stored_twice(skyvern: Caller) -> None:
    assert send(skyvern).ok()["totp_code_id"] != send(skyvern).ok()["totp_code_id"]


@case("totp.send.source", fact="resources 8")
def test_source_is_told_again(skyvern: Caller) -> None:
    assert send(skyvern, source="phone").ok()["source"] == "phone"


@case("totp.send.type", fact="resources 8")
@pytest.mark.parametrize("asked", ["totp", "magic_link"])
def test_type_is_told_by_the_content_alone(skyvern: Caller, asked: str) -> None:
    stored = send(skyvern, type=asked).ok()
    assert (stored["type"], stored["otp_type"]) == (None, "totp")


@case("totp.send.type.unknown", fact="resources 8")
def test_unknown_type_is_refused(skyvern: Caller) -> None:
    send(skyvern, type="letter").invalid(("enum", "body", "type"))


@case("totp.send.missing", fact="resources 8", raw_only=NEEDS_A_FIELD)
@pytest.mark.parametrize(
    ("sent", "missing"),
    [
        ({"source": "phone"}, ["totp_identifier", "content"]),
        ({"totp_identifier": "me"}, ["content"]),
        ({"content": "123456"}, ["totp_identifier"]),
    ],
    ids=["both", "content", "identifier"],
)
def test_identifier_and_content_are_needed(
    skyvern: Caller, sent: dict[str, object], missing: list[str]
) -> None:
    skyvern.call("send_totp_code", **sent).invalid(*(("missing", "body", name) for name in missing))


@case("totp.send.string", fact="resources 8")
@pytest.mark.parametrize("name", ["totp_identifier", "content", "source"])
def test_number_is_no_text(skyvern: Caller, name: str) -> None:
    send(skyvern, **{name: 123456}).invalid(("string_type", "body", name))


@case("totp.send.null", fact="resources 8")
def test_content_is_not_null(skyvern: Caller) -> None:
    send(skyvern, None).invalid(("string_type", "body", "content"))


@case(
    "totp.send.places",
    fact="resources 1, 8",
    raw_only="the SDK's method has one path",
)
@pytest.mark.parametrize("path", ["/v1/credentials/totp/", "/api/v1/totp", "/api/v1/totp/"])
def test_other_paths_take_codes_too(skyvern: Caller, path: str) -> None:
    stored = skyvern.send("POST", path, json={"totp_identifier": "me", "content": "123456"}).ok()
    assert stored["code"] == "123456"


# --- the code in a content ----------------------------------------------------------------------


@case("totp.content.short", fact="resources 8")
@pytest.mark.parametrize(
    "content",
    ["123 456", '"123456"', "AB12CD", "hello", "0000", "1234567890", "code 12345", "код 123", ""],
)
def test_short_content_is_the_code_whatever_it_says(skyvern: Caller, content: str) -> None:
    stored = send(skyvern, content).ok()
    assert (stored["content"], stored["code"], stored["otp_type"]) == (content, content, "totp")


@case("totp.content.stripped", fact="resources 8")
@pytest.mark.parametrize(
    ("content", "code"), [(" 123456 ", "123456"), ("\t12\n", "12"), ("   ", "")]
)
def test_white_space_around_is_not_the_codes(skyvern: Caller, content: str, code: str) -> None:
    stored = send(skyvern, content).ok()
    assert (stored["content"], stored["code"]) == (content, code)


@case("totp.content.stripped.length", fact="resources 8")
def test_length_is_counted_without_the_white_space_around(skyvern: Caller) -> None:
    assert send(skyvern, f"   {'1' * 10}   ").ok()["code"] == "1" * 10


@case("totp.content.nul", fact="resources 8")
def test_nul_is_left_out(skyvern: Caller) -> None:
    stored = send(skyvern, "12\x0034").ok()
    assert (stored["content"], stored["code"]) == ("1234", "1234")


@case("totp.content.link", fact="resources 8")
@pytest.mark.parametrize(
    "content",
    [
        "https://example.com/magic?token=abc",
        "http://x.example",
        "HTTPS://EXAMPLE.COM/UPPER",
        " https://example.com/magic ",
    ],
)
def test_bare_address_is_a_magic_link(skyvern: Caller, content: str) -> None:
    stored = send(skyvern, content).ok()
    assert (stored["content"], stored["code"]) == (content, content.strip())
    assert stored["otp_type"] == "magic_link"


@case("totp.content.sentence", fact="resources 8", ours_only=NEEDS_A_MODEL)
@pytest.mark.parametrize(
    ("content", "code", "kind"),
    [
        ("Your code is 123456", "123456", "totp"),
        ("Your verification code: 987654. It expires in 10 minutes.", "987654", "totp"),
        ("Click https://example.com/magic to sign in", "https://example.com/magic", "magic_link"),
    ],
)
def test_code_is_found_in_a_sentence(skyvern: Caller, content: str, code: str, kind: str) -> None:
    stored = send(skyvern, content).ok()
    assert (stored["content"], stored["code"], stored["otp_type"]) == (content, code, kind)


@case("totp.content.nothing_found", fact="resources 8", ours_only=NEEDS_A_MODEL)
def test_sentence_without_a_code_is_kept_for_later(skyvern: Caller) -> None:
    stored = send(skyvern, "no digits in this sentence").ok()
    assert (stored["code"], stored["status"]) == ("", "raw_pending")


@case("totp.content.longest", fact="resources 8", ours_only=NEEDS_A_MODEL)
def test_too_long_a_text_without_a_code_is_refused(skyvern: Caller) -> None:
    send(skyvern, "x" * 65_537).refused(400, "Failed to parse otp login")


# --- whose it is --------------------------------------------------------------------------------


@case("totp.identifier.email", fact="resources 8")
@pytest.mark.parametrize("identifier", ["Me@Example.COM", "  me@example.com  ", "me@example.com\n"])
def test_address_is_trimmed_and_put_in_lower_case(skyvern: Caller, identifier: str) -> None:
    assert send(skyvern, totp_identifier=identifier).ok()["totp_identifier"] == "me@example.com"


@case("totp.identifier.email.domain", fact="resources 8")
def test_domain_of_an_address_needs_no_dot(skyvern: Caller) -> None:
    for identifier in ("A@B", "Half+Me/!@B.", "A_1@.-B"):
        stored = send(skyvern, totp_identifier=identifier).ok()
        assert stored["totp_identifier"] == identifier.lower()


@case("totp.identifier.verbatim", fact="resources 8")
@pytest.mark.parametrize(
    "identifier",
    [
        "Plain Name",
        "  spaced  ",
        "+1 555 0100",
        "",
        "A@",
        "@B",
        "A@B@C",
        "Ä@B",
        "A@B.c d",
        "Name <X@Example.com>",
    ],
)
def test_any_other_identifier_is_kept_as_it_is(skyvern: Caller, identifier: str) -> None:
    assert send(skyvern, totp_identifier=identifier).ok()["totp_identifier"] == identifier


# --- what it is for -----------------------------------------------------------------------------


@case("totp.link.unknown", fact="resources 8")
@pytest.mark.parametrize(
    ("name", "word"),
    [("task_id", "task"), ("workflow_id", "workflow"), ("workflow_run_id", "workflow run")],
)
def test_unknown_id_is_refused(skyvern: Caller, name: str, word: str) -> None:
    send(skyvern, **{name: "x_1"}).refused(400, f"Invalid {word} id: x_1")


@case("totp.link.order", fact="resources 8")
def test_ids_are_checked_in_their_order(skyvern: Caller) -> None:
    asked = {"task_id": "x", "workflow_id": "y", "workflow_run_id": "z"}
    for name, refusal in (
        ("task_id", "Invalid task id: x"),
        ("workflow_id", "Invalid workflow id: y"),
        ("workflow_run_id", "Invalid workflow run id: z"),
    ):
        send(skyvern, **asked).refused(400, refusal)
        del asked[name]


@case("totp.link.before_content", fact="resources 8")
def test_ids_are_checked_before_the_content_is_read(skyvern: Caller) -> None:
    send(skyvern, "a long sentence here 123456", workflow_run_id="z").refused(
        400, "Invalid workflow run id: z"
    )


@case("totp.link.empty", fact="resources 8")
def test_empty_id_is_none(skyvern: Caller) -> None:
    stored = send(skyvern, task_id="", workflow_id="", workflow_run_id="").ok()
    assert stored["task_id"] is stored["workflow_id"] is stored["workflow_run_id"] is None


@case("totp.link.run", fact="resources 8")
def test_code_is_for_a_run_of_a_workflow(skyvern: Caller) -> None:
    run_id = run(skyvern)
    assert send(skyvern, workflow_run_id=run_id).ok()["workflow_run_id"] == run_id


@case("totp.link.task", fact="resources 8")
def test_code_is_for_a_task(skyvern: Caller) -> None:
    run_id = task(skyvern)
    assert send(skyvern, task_id=run_id).ok()["task_id"] == run_id


@case("totp.link.workflow", fact="resources 8")
def test_workflow_is_named_by_the_id_of_a_version(skyvern: Caller) -> None:
    made = workflow(skyvern)
    stored = send(skyvern, workflow_id=made["workflow_id"]).ok()
    assert stored["workflow_id"] == made["workflow_id"]


@case("totp.link.workflow.permanent", fact="resources 8")
def test_permanent_id_of_a_workflow_is_refused(skyvern: Caller) -> None:
    permanent = workflow(skyvern)["workflow_permanent_id"]
    send(skyvern, workflow_id=permanent).refused(400, f"Invalid workflow id: {permanent}")


@case("totp.link.kind", fact="resources 8")
def test_task_and_run_are_not_taken_for_each_other(skyvern: Caller) -> None:
    task_id, run_id = task(skyvern), run(skyvern)
    send(skyvern, workflow_run_id=task_id).refused(400, f"Invalid workflow run id: {task_id}")
    send(skyvern, task_id=run_id).refused(400, f"Invalid task id: {run_id}")


@case("totp.link.task_v2", fact="runs 9")
def test_task_of_the_second_generation_is_neither(skyvern: Caller) -> None:
    run_id = task_v2(skyvern)["run_id"]
    send(skyvern, task_id=run_id).refused(400, f"Invalid task id: {run_id}")
    send(skyvern, workflow_run_id=run_id).refused(400, f"Invalid workflow run id: {run_id}")


@case("totp.link.behind_task_v2", fact="runs 9")
def test_run_behind_a_task_of_the_second_generation_is_one(skyvern: Caller) -> None:
    behind = task_v2(skyvern)["app_url"].rpartition("/")[2]
    assert send(skyvern, workflow_run_id=behind).ok()["workflow_run_id"] == behind


@case("totp.link.block", fact="runs 9")
def test_code_is_for_the_task_of_a_block(skyvern: Caller) -> None:
    run_id = run(skyvern)
    task_id = None
    for _ in range(100):
        rows = skyvern.raw.call("get_run_timeline", run_id=run_id).ok()
        task_id = rows[0]["block"]["task_id"] if rows else None
        if task_id:
            break
        skyvern.wait(0.2)
    assert send(skyvern, task_id=task_id).ok()["task_id"] == task_id


@case("totp.link.stranger", fact="resources 1, 8")
def test_ids_of_another_organisation_are_unknown(skyvern: Caller) -> None:
    stranger = skyvern.stranger()
    for name, word, theirs in (
        ("task_id", "task", task(stranger)),
        ("workflow_id", "workflow", workflow(stranger)["workflow_id"]),
        ("workflow_run_id", "workflow run", run(stranger)),
    ):
        send(skyvern, **{name: theirs}).refused(400, f"Invalid {word} id: {theirs}")


# --- until when it is good ----------------------------------------------------------------------


@case("totp.expiry", fact="resources 2, 8")
@pytest.mark.parametrize(
    ("moment", "stored"),
    [
        (datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), "2030-01-01T00:00:00"),
        (datetime(2030, 1, 1, 2, tzinfo=UTC), "2030-01-01T02:00:00"),
        (
            datetime(2030, 1, 1, 2, 0, 0, 123456, timezone(timedelta(hours=-5, minutes=-30))),
            "2030-01-01T07:30:00.123456",
        ),
    ],
    ids=["east", "utc", "west"],
)
def test_expiry_is_told_in_utc_without_a_zone(
    skyvern: Caller, moment: datetime, stored: str
) -> None:
    expiry = moment if skyvern.driver == "sdk" else moment.isoformat()
    assert send(skyvern, expired_at=expiry).ok()["expired_at"] == stored


@case("totp.expiry.forms", fact="resources 8", raw_only=TIMES_ARE_DATETIMES)
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("2030-01-01T02:00:00", "2030-01-01T02:00:00"),
        ("2030-01-01", "2030-01-01T00:00:00"),
        ("2030-01-01 02:00:00Z", "2030-01-01T02:00:00"),
        (1893456000, "2030-01-01T00:00:00"),
        (1893456000.5, "2030-01-01T00:00:00.500000"),
        (1893456000000, "2030-01-01T00:00:00"),
        ("1893456000", "2030-01-01T00:00:00"),
        (-1, "1969-12-31T23:59:59"),
        (None, None),
    ],
)
def test_expiry_is_read_in_many_forms(skyvern: Caller, sent: object, stored: str | None) -> None:
    assert send(skyvern, expired_at=sent).ok()["expired_at"] == stored


@case("totp.expiry.past", fact="resources 8")
def test_expiry_may_be_in_the_past(skyvern: Caller) -> None:
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    expiry = long_ago if skyvern.driver == "sdk" else long_ago.isoformat()
    assert send(skyvern, expired_at=expiry).ok()["expired_at"] == "2000-01-01T00:00:00"


@case("totp.expiry.unreadable", fact="resources 8", raw_only=TIMES_ARE_DATETIMES)
@pytest.mark.parametrize(
    ("sent", "problem"),
    [
        ("soon", "datetime_from_date_parsing"),
        ("", "datetime_from_date_parsing"),
        ("2030-13-01T00:00:00Z", "datetime_from_date_parsing"),
        (True, "datetime_type"),
    ],
)
def test_expiry_that_is_no_time_is_refused(skyvern: Caller, sent: object, problem: str) -> None:
    send(skyvern, expired_at=sent).invalid((problem, "body", "expired_at"))


# --- the list -----------------------------------------------------------------------------------


@case("totp.list", fact="resources 8", raw_only=NO_METHOD, alone=True)
def test_list_is_newest_first(skyvern: Caller) -> None:
    assert skyvern.call("get_totp_codes").ok() == []
    stored = []
    for content in ("111111", "222222", "333333"):
        stored.append(send(skyvern, content).ok())
        skyvern.wait(0.01)  # newest first is told by time alone
    assert skyvern.call("get_totp_codes").ok() == stored[::-1]
    assert skyvern.call("get_totp_codes", limit=2).ok() == [stored[2], stored[1]]


@case("totp.list.limit", fact="resources 8", raw_only=NO_METHOD)
@pytest.mark.parametrize(
    ("limit", "problem"),
    [(0, "greater_than_equal"), (201, "less_than_equal"), ("abc", "int_parsing")],
)
def test_limit_is_from_one_to_two_hundred(skyvern: Caller, limit: object, problem: str) -> None:
    skyvern.call("get_totp_codes", limit=limit).invalid((problem, "query", "limit"))


@case("totp.list.limit.default", fact="resources 8", raw_only=NO_METHOD, alone=True)
def test_fifty_are_listed_where_nothing_is_said(skyvern: Caller) -> None:
    for _ in range(51):
        send(skyvern).ok()
    assert len(skyvern.call("get_totp_codes").ok()) == 50
    assert len(skyvern.call("get_totp_codes", limit=200).ok()) == 51


@case("totp.list.identifier", fact="resources 8", raw_only=NO_METHOD)
def test_list_is_of_an_identifier(skyvern: Caller) -> None:
    mine = send(skyvern, totp_identifier="me@example.com").ok()
    other = send(skyvern, totp_identifier="Plain").ok()
    asked = {"ME@EXAMPLE.COM": [mine], " me@example.com ": [mine], "Plain": [other], "plain": []}
    for identifier, found in asked.items():
        assert skyvern.call("get_totp_codes", totp_identifier=identifier).ok() == found, identifier


@case("totp.list.kind", fact="resources 8", raw_only=NO_METHOD, alone=True)
def test_list_is_of_a_kind(skyvern: Caller) -> None:
    code = send(skyvern).ok()
    link = send(skyvern, "https://example.com/magic").ok()
    assert skyvern.call("get_totp_codes", otp_type="totp").ok() == [code]
    assert skyvern.call("get_totp_codes", otp_type="magic_link").ok() == [link]
    skyvern.call("get_totp_codes", otp_type="letter").invalid(("enum", "query", "otp_type"))


@case("totp.list.run", fact="resources 8", raw_only=NO_METHOD)
def test_list_is_of_a_run(skyvern: Caller) -> None:
    run_id = run(skyvern)
    send(skyvern).ok()
    linked = send(skyvern, workflow_run_id=run_id).ok()
    assert skyvern.call("get_totp_codes", workflow_run_id=run_id).ok() == [linked]


@case("totp.list.stranger", fact="resources 1, 8", raw_only=NO_METHOD, alone=True)
def test_list_is_the_organisations_own(skyvern: Caller) -> None:
    send(skyvern.stranger()).ok()
    assert skyvern.call("get_totp_codes").ok() == []
