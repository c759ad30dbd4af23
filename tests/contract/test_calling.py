from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from skyvern_testkit.contract import Caller, Outcome
from skyvern_testkit.contract.answers import WrongAnswer
from skyvern_testkit.contract.calling import CannotBeExpressed, NotHere, Place
from skyvern_testkit.contract.sdk_answers import check_error, check_model, due_error
from skyvern_testkit.contract.targets import Asked, UnknownTarget, target_named
from skyvern_testkit.wire.operations import UnknownOperation

SESSION: dict[str, Any] = {
    "browser_session_id": "pbs_1",
    "organization_id": "o_1",
    "created_at": "2026-01-01T00:00:00",
    "modified_at": "2026-01-01T00:00:00",
}


class Server:
    """Answers always the same and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []
        self.answer: tuple[int, Any] = (200, SESSION)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, value = self.answer
        return httpx.Response(status, json=value)


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture(params=["raw", "sdk"])
def caller(request: pytest.FixtureRequest, server: Server) -> Iterator[Caller]:
    place = Place("http://skyvern.test", "key", lambda: "other", httpx.MockTransport(server))
    with ExitStack() as stack:
        yield Caller(place, request.param, stack)


def test_arguments_go_where_the_server_looks_for_them(caller: Caller, server: Server) -> None:
    caller.call(
        "extend_browser_session",
        browser_session_id="pbs_1",
        additional_minutes=5,
        colour="red",
        headers={"x-more": "1"},
    )
    (asked,) = server.asked
    assert asked.url.path == "/v1/browser_sessions/pbs_1/extend"
    assert asked.read() in {
        b'{"additional_minutes":5,"colour":"red"}',
        b'{"additional_minutes": 5, "colour": "red"}',
    }
    assert asked.headers["x-more"] == "1"
    assert asked.headers["x-api-key"] == "key"


@pytest.mark.parametrize("caller", ["raw"], indirect=True)
def test_path_is_encoded(caller: Caller, server: Server) -> None:
    caller.call("get_browser_session", browser_session_id="a/b ")
    assert server.asked[0].url.raw_path == b"/v1/browser_sessions/a%2Fb%20"


def test_unknown_argument_of_a_call_without_a_body_is_a_query(
    caller: Caller, server: Server
) -> None:
    server.answer = (200, [])
    caller.call("get_browser_sessions", page=2)
    assert server.asked[0].url.query == b"page=2"


def test_answer_is_the_one_on_the_wire(caller: Caller) -> None:
    outcome = caller.call("get_browser_session", browser_session_id="pbs_1")
    assert outcome.ok() == SESSION
    assert (outcome.model is None) == (caller.driver == "raw")


def test_answer_that_leaves_the_schema_fails(caller: Caller, server: Server) -> None:
    server.answer = (200, {**SESSION, "colour": "red"})
    with pytest.raises(WrongAnswer, match="'colour' was unexpected"):
        caller.call("get_browser_session", browser_session_id="pbs_1")


def test_refusal_is_an_outcome_and_made_once(caller: Caller, server: Server) -> None:
    server.answer = (409, {"detail": "busy"})  # the SDK would ask again by itself
    outcome = caller.call("extend_browser_session", browser_session_id="p", additional_minutes=1)
    assert outcome.refused(409) == "busy"
    assert len(server.asked) == 1


def test_unknown_operation_is_named(caller: Caller) -> None:
    with pytest.raises(UnknownOperation, match="close_browser_session"):
        caller.call("close_browser_sesion")


def test_another_key_is_another_organisation(caller: Caller, server: Server) -> None:
    caller.stranger().call("get_browser_session", browser_session_id="pbs_1")
    assert server.asked[0].headers["x-api-key"] == "other"


@pytest.mark.parametrize("caller", ["sdk"], indirect=True)
class TestWhatTheSdkCannotSay:
    def test_request_of_ones_own(self, caller: Caller) -> None:
        with pytest.raises(CannotBeExpressed, match=r"POST /v1/x is no call.*raw_only="):
            caller.send("POST", "/v1/x")

    def test_route_without_a_method(self, caller: Caller) -> None:
        with pytest.raises(CannotBeExpressed, match=r"no get_browser_sessions_history.*raw_only="):
            caller.call("get_browser_sessions_history")

    def test_argument_that_it_wants(self, caller: Caller) -> None:
        with pytest.raises(CannotBeExpressed, match=r"additional_minutes.*raw_only="):
            caller.call("extend_browser_session", browser_session_id="pbs_1")

    def test_is_asked_raw(self, caller: Caller, server: Server) -> None:
        server.answer = (200, [])
        assert caller.raw.call("get_browser_sessions_history").ok() == []


def test_world_that_is_not_ours_cannot_be_scripted(caller: Caller) -> None:
    with pytest.raises(NotHere):
        _ = caller.fake


# --- the SDK's own answers -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "status", "name"),
    [
        ("get_run", 404, "NotFoundError"),
        ("cancel_run", 404, "ApiError"),
        ("cancel_run", 422, "UnprocessableEntityError"),
    ],
)
def test_error_class_is_that_of_the_table(operation: str, status: int, name: str) -> None:
    assert due_error(operation, status) == name


def test_error_of_another_class_is_found() -> None:
    from skyvern.client.errors import NotFoundError

    outcome = Outcome("GET /", 404, {"content-type": "application/json"}, b'{"detail":"no"}')
    error = NotFoundError(body={"detail": "no"})
    check_error("get_run", outcome, error)
    with pytest.raises(WrongAnswer, match="NotFoundError of 404, not ApiError"):
        check_error("cancel_run", outcome, error)
    with pytest.raises(WrongAnswer, match="does not tell what was answered"):
        check_error("get_run", outcome, NotFoundError(body={"detail": "other"}))


def test_model_of_another_class_is_found() -> None:
    def method() -> int:
        raise NotImplementedError

    check_model(method, Outcome("GET /", 200, {}, b"", model=7))
    with pytest.raises(WrongAnswer, match="returned SimpleNamespace"):
        check_model(method, Outcome("GET /", 200, {}, b"", model=SimpleNamespace()))


# --- outcomes ------------------------------------------------------------------------------------

REFUSED = Outcome(
    "POST /v1/x",
    422,
    {"content-type": "application/json"},
    b'{"detail":[{"type":"missing","loc":["body","a"],"msg":"m"}]}',
)


def test_outcome_of_another_status_says_what_came() -> None:
    with pytest.raises(AssertionError, match=r"POST /v1/x was answered 422, not 200: .*missing"):
        REFUSED.ok()


def test_problems_are_compared_by_type_and_place() -> None:
    REFUSED.invalid(("missing", "body", "a"))
    with pytest.raises(AssertionError, match="the problems are"):
        REFUSED.invalid(("missing", "body", "b"))


def test_detail_is_compared() -> None:
    with pytest.raises(AssertionError, match="not 'no'"):
        REFUSED.refused(422, "no")


# --- targets -------------------------------------------------------------------------------------


def test_target_is_one_of_a_table_or_a_url() -> None:
    assert target_named(Asked("https://x.example", "key")).is_shared
    with pytest.raises(UnknownTarget, match="'reel' is no target: fake, socket, real or a URL"):
        target_named(Asked("reel"))
    with pytest.raises(UnknownTarget, match="SKYVERN_API_KEY"):
        target_named(Asked("https://x.example"))


def test_no_second_organisation_at_a_url() -> None:
    with (
        target_named(Asked("https://x.example", "key")).open() as place,
        pytest.raises(NotHere),
    ):
        place.another_key()


@pytest.mark.parametrize("name", ["fake", "socket"])
@pytest.mark.parametrize("driver", ["raw", "sdk"])
def test_world_of_ours_takes_only_keys_that_it_has_given(name: str, driver: str) -> None:
    with target_named(Asked(name)).open() as place, ExitStack() as stack:
        caller = Caller(place, driver, stack)
        assert caller.fake is place.fake
        assert caller.call("get_browser_sessions").ok() == []
        assert caller.stranger().call("get_browser_sessions").ok() == []
        caller.with_key("nobody's").call("get_browser_sessions").refused(403)
