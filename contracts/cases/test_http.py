"""What all operations have in common: keys, paths, bodies, queries, refusals, headers."""

import re

import pytest

from skyvern_testkit.contract import Caller, Outcome, case
from skyvern_testkit.contractfiles import read_contract
from skyvern_testkit.wire.operations import PUBLIC

OWN_REQUESTS = "the SDK sends only its own calls"
JSON = {"content-type": "application/json"}
ORIGIN = {"origin": "https://app.example.com"}

INVALID = "Invalid credentials"
UNREADABLE = "Could not validate credentials"
NOT_AN_OBJECT = "model_attributes_type"

KEYED = (
    "/v1/agents",
    "/v1/browser_sessions",
    "/v1/browser_profiles",
    "/v1/folders",
    "/v1/credentials",
    "/v1/credentials/totp",
)
"""One path of each family that answers its own organisation with a list."""


def keyless(skyvern: Caller) -> Caller:
    """The same target without a key: an empty one is none."""
    return skyvern.with_key("")


# --- no key needed ------------------------------------------------------------------------------


@case("http.openapi", fact="resources 1", raw_only=OWN_REQUESTS)
def test_the_document_names_public_operations_and_needs_no_key(skyvern: Caller) -> None:
    document = keyless(skyvern).send("GET", "/openapi.json").ok()
    assert document["openapi"].startswith("3.1.")
    named = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert named <= {(row.method, row.path) for row in PUBLIC}
    assert {("GET", path) for path in KEYED if not path.endswith("/totp")} <= named


@case("http.version", fact="resources 1")
def test_version_needs_no_key(skyvern: Caller) -> None:
    version = skyvern.call("get_version").ok()
    assert list(version) == ["version"]
    for key in ("", "junk"):
        assert skyvern.with_key(key).call("get_version").ok() == version


@case("http.heartbeat", fact="resources 1", raw_only="the SDK has no method for it")
def test_heartbeat_is_text_and_needs_no_key(skyvern: Caller) -> None:
    beat = keyless(skyvern).call("heartbeat")
    assert (beat.status, beat.body) == (200, b"Server is running.")
    skyvern.send("GET", "/v1/heartbeat").refused(404, "Not Found")


# --- keys ---------------------------------------------------------------------------------------


@case("http.key.none", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", KEYED)
def test_request_without_a_key_is_refused(skyvern: Caller, path: str) -> None:
    keyless(skyvern).send("GET", path).refused(403, INVALID)


@case("http.key.junk", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", KEYED)
def test_key_that_is_no_token_is_refused(skyvern: Caller, path: str) -> None:
    skyvern.with_key("junk").send("GET", path).refused(403, UNREADABLE)


@case("http.key.forms", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials"])
@pytest.mark.parametrize("key", ['"junk"', "Bearer junk"], ids=["quoted", "bearer"])
def test_key_that_is_no_token_of_the_servers_is_refused(
    skyvern: Caller, path: str, key: str
) -> None:
    skyvern.with_key(key).send("GET", path).refused(403, UNREADABLE)


@case("http.key.sdk", fact="resources 1, 13")
def test_sdk_is_refused_as_everybody(skyvern: Caller) -> None:
    skyvern.with_key("junk").call("get_browser_sessions").refused(403, UNREADABLE)
    skyvern.with_key("junk").call("get_credentials").refused(403, UNREADABLE)


@case("http.key.header", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("name", ["x-api-key", "X-API-KEY", "X-Api-Key"])
def test_case_of_the_headers_name_does_not_matter(skyvern: Caller, name: str) -> None:
    # a key that was not read would be an invalid one
    keyless(skyvern).send("GET", "/v1/agents", headers={name: "junk"}).refused(403, UNREADABLE)


@case("http.key.query", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials"])
def test_key_in_the_query_is_not_read(skyvern: Caller, path: str) -> None:
    keyless(skyvern).send("GET", f"{path}?x-api-key=junk&api_key=junk").refused(403, INVALID)


@case("http.key.authorization", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials"])
@pytest.mark.parametrize(
    ("value", "refusal"),
    [
        ("Bearer junk", "Invalid authentication method"),
        ("Basic dXNlcjpwYXNz", INVALID),
        ("", INVALID),
    ],
    ids=["bearer", "basic", "empty"],
)
def test_authorization_alone_opens_nothing(
    skyvern: Caller, path: str, value: str, refusal: str
) -> None:
    asked = keyless(skyvern).send("GET", path, headers={"authorization": value})
    asked.refused(403, refusal)


@case("http.key.authorization.beside", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials"])
def test_good_key_beside_a_junk_bearer_is_taken(skyvern: Caller, path: str) -> None:
    skyvern.send("GET", path, headers={"authorization": "Bearer junk"}).ok()


# --- order of checks ----------------------------------------------------------------------------


@case("http.order.route", fact="resources 1", raw_only=OWN_REQUESTS)
def test_path_and_method_are_checked_before_all_else(skyvern: Caller) -> None:
    nobody = keyless(skyvern)
    broken = {"content": b"{", "headers": JSON}
    nobody.send("POST", "/v1/nope", **broken).refused(404, "Not Found")
    nobody.send("PUT", "/v1/agents", **broken).refused(405, "Method Not Allowed")


@case("http.order.syntax", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials", "/v1/run/tasks"])
def test_syntax_is_checked_before_the_key(skyvern: Caller, path: str) -> None:
    keyless(skyvern).send("POST", path, content=b"{", headers=JSON).invalid(
        ("json_invalid", "body", 1)
    )


@case("http.order.key", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/credentials", "/v1/run/tasks"])
@pytest.mark.parametrize("body", [{"json": {}}, {}], ids=["empty", "none"])
def test_key_is_checked_before_the_fields(
    skyvern: Caller, path: str, body: dict[str, object]
) -> None:
    keyless(skyvern).send("POST", path, **body).refused(403, INVALID)


@case("http.order.fields", fact="resources 1", raw_only=OWN_REQUESTS)
def test_fields_are_checked_before_the_handler_looks(skyvern: Caller) -> None:
    path = "/v1/browser_sessions/pbs_1/extend"
    skyvern.send("POST", path, json={"additional_minutes": 0}).refused(422)
    skyvern.send("POST", path, json={"additional_minutes": 5}).refused(404)


# --- paths --------------------------------------------------------------------------------------


@case("http.path.unknown", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/v1",
        "/v1/nope",
        "/v9/agents",
        "/v1//agents",
        "/V1/agents",
        "/v1/AGENTS",
        "/v1/runs/a%2Fb",
        "/v1/totp",
        "/api/v1/agents",
        "/api/v1/runs/tsk_1",
        "/api/v1/browser_sessions",
        "/api/v1/browser_profiles",
    ],
)
def test_unknown_path_is_not_found(skyvern: Caller, path: str) -> None:
    skyvern.send("GET", path).refused(404, "Not Found")


@case("http.path.encoded", fact="resources 1", raw_only=OWN_REQUESTS, alone=True)
def test_path_is_decoded_before_it_is_looked_up(skyvern: Caller) -> None:
    assert skyvern.send("GET", "/v1/%61gents").ok() == []
    assert skyvern.send("GET", "/v1/agents/wpid_1%2Fversions").ok() == []


@case("http.path.ids", fact="resources 2")
@pytest.mark.parametrize("run_id", ["cancel", "a b", "€"])
def test_any_text_is_looked_up_as_an_id(skyvern: Caller, run_id: str) -> None:
    skyvern.call("get_run", run_id=run_id).refused(404, f"Task run not found {run_id}")


@case("http.path.older", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/workflows", 200),
        ("/v1/workflows/wpid_1", 404),
        ("/v1/workflows/wpid_1/versions", 200),
        ("/api/v1/workflows", 200),
        ("/api/v1/folders", 200),
        ("/api/v1/credentials", 200),
        ("/api/v1/version", 200),
    ],
)
def test_older_paths_answer_too(skyvern: Caller, path: str, status: int) -> None:
    answer = skyvern.send("GET", path)
    assert answer.status == status
    assert answer.json != {"detail": "Not Found"}


ALIASES = [
    (operation, alias)
    for operation, aliases in read_contract("routes.json")["routes"].items()
    for alias in aliases
    if "/api/v1/totp" not in alias  # its refusals are not those of /v1/credentials/totp
]


def asked(skyvern: Caller, route: str) -> Outcome:
    """Ask a route for things that are not there, with as good as nothing."""
    method, _, path = route.partition(" ")
    body: dict[str, object] = {"json": {}} if method in {"POST", "PUT", "PATCH"} else {}
    return skyvern.send(method, re.sub(r"{\w+}", "x_1", path), **body)


@case("http.path.aliases", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(("operation", "alias"), ALIASES, ids=[alias for _, alias in ALIASES])
def test_every_path_of_an_operation_answers_the_same(
    skyvern: Caller, operation: str, alias: str
) -> None:
    first, other = asked(skyvern, operation), asked(skyvern, alias)
    assert first.status not in {405, 501}
    assert first.json != {"detail": "Not Found"}
    moved = {204: 200} if alias.startswith("DELETE /api/v1/credentials") else {}
    assert other.status == moved.get(first.status, first.status)
    if first.status >= 400:
        assert other.json == first.json


@case("http.path.slash.agents", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "path", ["/v1/agents", "/v1/agents/x_1", "/v1/agents/x_1/delete", "/v1/run/agents"]
)
def test_agents_with_a_slash_are_posted_to(skyvern: Caller, path: str) -> None:
    first, other = (skyvern.send("POST", path + end, json={}) for end in ("", "/"))
    assert (other.status, other.json) == (first.status, first.json)
    assert first.status in {200, 422}


@case("http.path.slash.schedules", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/schedules",
        "/v1/agents/x_1/schedules/x_2",
        "/v1/agents/x_1/tags",
        "/v1/agents/x_1/runs",
    ],
)
def test_deeper_paths_of_agents_have_no_slash_twins(skyvern: Caller, path: str) -> None:
    answer = skyvern.send("GET", f"{path}/")
    assert answer.status == 307
    assert answer.headers["location"].endswith(path)


@case("http.path.slash", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/version",
        "/v1/workflows",
        "/v1/browser_sessions",
        "/v1/browser_profiles",
        "/v1/credentials",
        "/v1/credentials/totp",
        "/v1/runs/tsk_1/artifacts",
    ],
)
def test_path_with_a_slash_at_its_end_answers_the_same(skyvern: Caller, path: str) -> None:
    assert skyvern.send("GET", f"{path}/").ok() == skyvern.send("GET", path).ok()


@case("http.path.slash.post_only", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents/", "/v1/agents/wpid_1/", "/v1/agents/runs/"])
def test_agents_with_a_slash_are_not_read(skyvern: Caller, path: str) -> None:
    answer = skyvern.send("GET", path)
    answer.refused(405, "Method Not Allowed")
    assert answer.headers["allow"] == "POST"


@case("http.path.slash.redirect", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "path",
    [
        "/v1/agents/wpid_1/versions",
        "/v1/agents/wpid_1/schedules",
        "/v1/run/tasks/login",
        "/v1/run/tasks/download_files",
        "/v1/artifacts/a_1/content",
    ],
)
def test_path_without_a_slash_twin_is_redirected(skyvern: Caller, path: str) -> None:
    answer = keyless(skyvern).send("GET", f"{path}/?page=1")
    assert (answer.status, answer.body) == (307, b"")
    assert "content-type" not in answer.headers
    assert answer.headers["location"].startswith("http")
    assert answer.headers["location"].endswith(f"{path}?page=1")


# --- methods ------------------------------------------------------------------------------------


@case("http.method.unknown", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize(
    ("path", "allow"),
    [("/v1/agents", "POST"), ("/v1/runs", "GET"), ("/v1/credentials", "POST")],
)
def test_method_that_a_path_has_not_is_refused(
    skyvern: Caller, path: str, allow: str, method: str
) -> None:
    answer = keyless(skyvern).send(method, path)
    answer.refused(405, "Method Not Allowed")
    assert answer.headers["allow"] == allow


@case("http.method.allow", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    ("path", "allow"),
    [
        ("/v1/agents/wpid_1", "POST"),
        ("/v1/runs/tsk_1", "GET"),
        ("/v1/runs/tsk_1/cancel", "POST"),
        ("/v1/browser_sessions", "POST"),
        ("/v1/browser_sessions/pbs_1", "PATCH"),
        ("/v1/browser_profiles", "POST"),
        ("/v1/browser_profiles/bp_1", "GET"),
        ("/v1/credentials/cred_1", "PATCH"),
        ("/v1/credentials/totp", "POST"),
        ("/v1/version", "GET"),
    ],
)
def test_allow_names_the_first_method_alone(skyvern: Caller, path: str, allow: str) -> None:
    assert skyvern.send("PUT", path).headers["allow"] == allow


@case("http.method.head", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/version", "/v1/agents", "/v1/runs"])
def test_reading_a_path_does_not_imply_its_head(skyvern: Caller, path: str) -> None:
    answer = skyvern.send("HEAD", path)
    assert (answer.status, answer.body) == (405, b"")
    assert answer.headers["content-length"] == str(len(b'{"detail":"Method Not Allowed"}'))


# --- bodies -------------------------------------------------------------------------------------


@case("http.body.syntax", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    ("content", "at", "error"),
    [
        ('{"a":', 5, "Expecting value"),
        ("hello", 0, "Expecting value"),
        ("  ", 2, "Expecting value"),
        ("{'a':1}", 1, "Expecting property name enclosed in double quotes"),
        ("{} {}", 3, "Extra data"),
        ('{"a":"b', 5, "Unterminated string starting at"),
        ('{"a" 1}', 5, "Expecting ':' delimiter"),
        ('{"a":1 "b":2}', 7, "Expecting ',' delimiter"),
        ('{\n  "a": 1,\n  "b": oops\n}', 19, "Expecting value"),
        ('{"ключ": oops}', 9, "Expecting value"),
    ],
)
def test_error_of_syntax_says_which_character(
    skyvern: Caller, content: str, at: int, error: str
) -> None:
    (problem,) = skyvern.send(
        "POST", "/v1/browser_sessions", content=content.encode(), headers=JSON
    ).invalid(("json_invalid", "body", at))
    assert problem["msg"] == "JSON decode error"
    assert (problem["input"], problem["ctx"]) == ({}, {"error": error})


@case("http.body.syntax.secret", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/credentials", "/v1/credentials/totp", "/api/v1/credentials"])
def test_error_of_syntax_repeats_nothing_of_a_credential(skyvern: Caller, path: str) -> None:
    answer = skyvern.send("POST", path, content=b"{oops", headers=JSON)
    assert answer.refused(422) == [
        {"loc": ["body", 1], "msg": "JSON decode error", "type": "json_invalid"}
    ]


@case("http.body.missing", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/browser_profiles", "/v1/run/tasks"])
@pytest.mark.parametrize("body", [{}, {"content": b"null", "headers": JSON}], ids=["none", "null"])
def test_body_that_is_needed_is_missed(skyvern: Caller, path: str, body: dict[str, object]) -> None:
    answer = skyvern.send("POST", path, **body).refused(422)
    assert answer == [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]


@case("http.body.no_object", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("value", [[], "text", 1], ids=["list", "string", "number"])
def test_body_is_an_object(skyvern: Caller, value: object) -> None:
    (problem,) = skyvern.send("POST", "/v1/browser_sessions", json=value).invalid(
        (NOT_AN_OBJECT, "body")
    )
    assert problem["input"] == value


@case("http.body.type", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "content_type",
    ["application/vnd.api+json", "application/json; charset=utf-8", "Application/JSON"],
)
def test_body_is_read_as_json_where_it_says_so(skyvern: Caller, content_type: str) -> None:
    made = skyvern.send(
        "POST",
        "/v1/browser_sessions",
        content=b'{"timeout":61}',
        headers={"content-type": content_type},
    ).ok()
    assert made["timeout"] == 61


@case("http.body.type.other", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content-type": "text/plain"},
        {"content-type": "json"},
        {"content-type": "application/x-www-form-urlencoded"},
    ],
    ids=["none", "text", "json", "form"],
)
def test_body_of_another_type_is_a_text(skyvern: Caller, headers: dict[str, str]) -> None:
    sent = b'{"timeout":61}'
    (problem,) = skyvern.send(
        "POST", "/v1/browser_sessions", content=sent, headers=headers
    ).invalid((NOT_AN_OBJECT, "body"))
    assert problem["input"] == sent.decode()


@case("http.body.bytes", fact="resources 1", raw_only=OWN_REQUESTS)
def test_bytes_that_are_no_text_cannot_be_parsed(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/browser_sessions", content=b'{"a":"\xff"}', headers=JSON).refused(
        400, "There was an error parsing the body"
    )


@case("http.body.encodings", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_body_may_be_in_other_encodings(skyvern: Caller, encoding: str) -> None:
    content = '{"timeout": 64}'.encode(encoding)
    made = skyvern.send("POST", "/v1/browser_sessions", content=content, headers=JSON).ok()
    assert made["timeout"] == 64


@case("http.body.doubled", fact="resources 1", raw_only=OWN_REQUESTS)
def test_of_two_fields_of_one_name_the_last_is_read(skyvern: Caller) -> None:
    content = b'{"timeout": 4, "timeout": 65}'
    made = skyvern.send("POST", "/v1/browser_sessions", content=content, headers=JSON).ok()
    assert made["timeout"] == 65


@case("http.body.unheard_of", fact="resources 1")
def test_unknown_field_is_ignored(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_session", timeout=66, unheard_of={"a": [1]}).ok()
    assert made["timeout"] == 66
    assert "unheard_of" not in made


@case("http.body.nan", fact="resources 1", raw_only=OWN_REQUESTS)
def test_nan_that_a_refusal_would_repeat_is_a_crash(skyvern: Caller) -> None:
    path = "/v1/browser_sessions"
    skyvern.send("POST", path, content=b'{"unheard_of": NaN}', headers=JSON).ok()
    crash = skyvern.send("POST", path, content=b'{"timeout": NaN}', headers=JSON)
    assert (crash.status, crash.json) == (500, {"error": "Unexpected error: ValueError"})
    assert "vary" not in crash.headers


@case("http.body.none_wanted", fact="resources 1", raw_only=OWN_REQUESTS)
def test_body_that_nobody_wants_is_not_read(skyvern: Caller) -> None:
    path = "/v1/browser_sessions/pbs_1/close"
    skyvern.send("POST", path, content=b"{oops", headers=JSON).refused(
        404, "Browser session pbs_1 not found"
    )


# --- coercions ----------------------------------------------------------------------------------


@case("http.lax.int", fact="resources 1")
@pytest.mark.parametrize("value", ["60", " 60 ", 60.0, "60.0"])
def test_what_is_clearly_an_integer_is_one(skyvern: Caller, value: object) -> None:
    made = skyvern.call("create_browser_session", timeout=value).ok()
    assert (made["timeout"], type(made["timeout"])) == (60, int)


@case("http.lax.int.fraction", fact="resources 1")
@pytest.mark.parametrize(
    ("value", "problem"), [(60.5, "int_from_float"), ("abc", "int_parsing"), ([], "int_type")]
)
def test_what_is_no_integer_is_refused(skyvern: Caller, value: object, problem: str) -> None:
    skyvern.call("create_browser_session", timeout=value).invalid((problem, "body", "timeout"))


@case("http.lax.int.bool", fact="resources 1")
def test_true_is_one(skyvern: Caller) -> None:
    (problem,) = skyvern.call("create_browser_session", timeout=True).invalid(
        ("greater_than_equal", "body", "timeout")
    )
    assert problem["input"] is True


@case("http.lax.bool", fact="resources 1", alone=True)
@pytest.mark.parametrize(
    ("value", "meant"),
    [("yes", True), ("1", True), ("TRUE", True), ("on", True), ("no", False), ("0", False)],
)
def test_query_says_yes_and_no_in_many_words(skyvern: Caller, value: str, *, meant: bool) -> None:
    made = skyvern.call("create_browser_profile", name="p").ok()
    skyvern.call("delete_browser_profile", profile_id=made["browser_profile_id"]).ok(204)
    listed = skyvern.call("list_browser_profiles", include_deleted=value).ok()
    assert len(listed) == int(meant)


@case("http.lax.bool.unknown", fact="resources 1")
def test_word_that_is_neither_yes_nor_no_is_refused(skyvern: Caller) -> None:
    skyvern.call("list_browser_profiles", include_deleted="maybe").invalid(
        ("bool_parsing", "query", "include_deleted")
    )


# --- queries ------------------------------------------------------------------------------------

PAGED = ("get_workflows", "list_browser_profiles", "get_credentials")


@case("http.query.page", fact="resources 1")
@pytest.mark.parametrize("operation", PAGED)
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (0, "greater_than_equal"),
        (-1, "greater_than_equal"),
        ("abc", "int_parsing"),
        ("1.5", "int_parsing"),
        ("", "int_parsing"),
        ("true", "int_parsing"),
    ],
)
def test_page_is_a_number_from_one(
    skyvern: Caller, operation: str, value: object, problem: str
) -> None:
    skyvern.call(operation, page=value).invalid((problem, "query", "page"))


@case("http.query.page.lax", fact="resources 1")
@pytest.mark.parametrize("operation", PAGED)
@pytest.mark.parametrize("value", ["1.0", " 1 ", "+1", "1_0"])
def test_page_is_read_generously(skyvern: Caller, operation: str, value: str) -> None:
    assert skyvern.call(operation, page=value).ok() == []


@case("http.query.several", fact="resources 1")
def test_all_problems_are_told_in_the_order_of_the_fields(skyvern: Caller) -> None:
    skyvern.call("list_browser_profiles", page=0, page_size=0).invalid(
        ("greater_than_equal", "query", "page"), ("greater_than_equal", "query", "page_size")
    )


@case("http.query.repeated", fact="resources 1", raw_only=OWN_REQUESTS)
def test_of_two_parameters_of_one_name_the_last_is_read(skyvern: Caller) -> None:
    skyvern.send("GET", "/v1/browser_profiles?page=0&page=1").ok()
    skyvern.send("GET", "/v1/browser_profiles?page=2&page=abc").invalid(
        ("int_parsing", "query", "page")
    )


@case("http.query.page.huge", fact="resources 1")
@pytest.mark.parametrize("operation", ["get_workflows", "list_browser_profiles"])
def test_page_beyond_the_databases_numbers_is_a_crash(skyvern: Caller, operation: str) -> None:
    crash = skyvern.call(operation, page=99999999999999999999)
    assert (crash.status, crash.json) == (500, {"error": "Unexpected error: OverflowError"})


# --- refusals -----------------------------------------------------------------------------------


@case("http.invalid.form", fact="resources 1")
def test_problem_tells_type_place_sentence_input_and_limit(skyvern: Caller) -> None:
    assert skyvern.call("create_browser_session", timeout=4).refused(422) == [
        {
            "type": "greater_than_equal",
            "loc": ["body", "timeout"],
            "msg": "Input should be greater than or equal to 5",
            "input": 4,
            "ctx": {"ge": 5},
        }
    ]


@case("http.invalid.form.own", fact="resources 1", raw_only=OWN_REQUESTS)
def test_rule_of_the_servers_own_is_a_value_error(skyvern: Caller) -> None:
    sent = {"name": "p", "browser_session_id": "pbs_1", "workflow_run_id": "wr_1"}
    assert skyvern.send("POST", "/v1/browser_profiles", json=sent).refused(422) == [
        {
            "type": "value_error",
            "loc": ["body"],
            "msg": "Value error, Provide only one of browser_session_id or workflow_run_id",
            "input": sent,
            "ctx": {"error": {}},
        }
    ]


@case("http.invalid.form.secret", fact="resources 1")
def test_problem_with_a_credential_tells_neither_input_nor_limit(skyvern: Caller) -> None:
    assert skyvern.call("get_credentials", page=0).refused(422) == [
        {
            "loc": ["query", "page"],
            "msg": "Input should be greater than or equal to 1",
            "type": "greater_than_equal",
        }
    ]


# --- headers ------------------------------------------------------------------------------------


@case("http.headers", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/version", 200),
        ("GET", "/v1/browser_profiles", 200),
        ("GET", "/v1/nope", 404),
        ("PUT", "/v1/agents", 405),
        ("POST", "/v1/browser_profiles", 422),
    ],
)
def test_every_answer_has_the_headers_of_safety(
    skyvern: Caller, method: str, path: str, status: int
) -> None:
    answer = skyvern.send(method, path)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-length"] == str(len(answer.body))
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers


@case("http.headers.names", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/version", "/v1/folders", "/v1/nope"])
def test_answer_has_no_other_headers(skyvern: Caller, path: str) -> None:
    answer = skyvern.send("GET", path, headers={"accept-encoding": "gzip, br"})
    assert answer.headers.keys() - {"date", "connection"} == {
        *("server", "content-length", "content-type", "vary"),
        *("x-frame-options", "content-security-policy", "x-content-type-options"),
    }
    assert answer.headers["server"] == "uvicorn"


@case("http.headers.no_content", fact="resources 1", raw_only=OWN_REQUESTS)
def test_answer_without_a_body_says_no_length(skyvern: Caller) -> None:
    made = skyvern.call("create_browser_profile", name="p").ok()
    answer = skyvern.call("delete_browser_profile", profile_id=made["browser_profile_id"])
    assert (answer.status, answer.body) == (204, b"")
    assert "content-length" not in answer.headers


@case("http.cors", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/version", 200),
        ("GET", "/v1/browser_profiles", 200),
        ("GET", "/v1/nope", 404),
        ("OPTIONS", "/v1/agents", 405),
        ("GET", "/v1/agents/wpid_1/versions/", 307),
    ],
)
def test_every_origin_may_read(skyvern: Caller, method: str, path: str, status: int) -> None:
    answer = skyvern.send(method, path, headers=ORIGIN)
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == "*"


@case("http.cors.preflight", fact="resources 1", raw_only=OWN_REQUESTS)
@pytest.mark.parametrize("path", ["/v1/agents", "/v1/nope"])
def test_preflight_is_ok_for_every_path(skyvern: Caller, path: str) -> None:
    answer = keyless(skyvern).send(
        "OPTIONS",
        path,
        headers={
            **ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-api-key, content-type",
        },
    )
    assert (answer.status, answer.body) == (200, b"OK")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-max-age"] == "600"
    assert answer.headers["access-control-allow-headers"] == "x-api-key, content-type"
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")


@case("http.cors.preflight.method", fact="resources 1", raw_only=OWN_REQUESTS)
def test_preflight_for_an_unknown_method_is_refused(skyvern: Caller) -> None:
    asked = {**ORIGIN, "access-control-request-method": "NOPE"}
    answer = skyvern.send("OPTIONS", "/v1/agents", headers=asked)
    assert (answer.status, answer.body) == (400, b"Disallowed CORS method")


@case("http.cors.crash", fact="resources 1", raw_only=OWN_REQUESTS)
def test_crash_may_not_be_read_by_other_origins(skyvern: Caller) -> None:
    answer = skyvern.send(
        "POST",
        "/v1/browser_sessions",
        content=b'{"timeout": NaN}',
        headers={**JSON, **ORIGIN},
    )
    assert answer.status == 500
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["x-frame-options"] == "DENY"
