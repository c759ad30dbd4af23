"""Codes of a second factor as a test sends them: now, late, wrong, expired, astray, by URL."""

from __future__ import annotations

import asyncio
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar

import httpx
import pytest
from pyotp.totp import TOTP

from skyvern_testkit import completed, fake_skyvern, needs_totp, running
from skyvern_testkit.transport.webhooks import verify_webhook

ME = "me@example.com"
URL = "https://codes.example.com/me"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def typed(run: Any) -> Any:
    code = yield needs_totp()
    yield completed({"typed": code})


@pytest.fixture
def fake() -> Any:
    with fake_skyvern() as world:
        world.on().play(typed)
        yield world


async def log_in(fake: Any, **wishes: Any) -> Any:
    """A run of a task, when it is over."""
    asked = {"prompt": "Log in", "url": "https://example.com", **wishes}
    async with httpx.AsyncClient(transport=fake.transport, base_url=fake.base_url) as client:
        headers = {"x-api-key": fake.api_key}
        answer = await client.post("/v1/run/tasks", json=asked, headers=headers)
        run = answer.json()
        while run["finished_at"] is None:
            await asyncio.sleep(5)
            run = (await client.get(f"/v1/runs/{run['run_id']}", headers=headers)).json()
    return run


def log_in_sync(fake: Any, **wishes: Any) -> Any:
    """The same in a sync test."""
    import time

    asked = {"prompt": "Log in", "url": "https://example.com", **wishes}
    with httpx.Client(transport=fake.sync_transport, base_url=fake.base_url) as client:
        headers = {"x-api-key": fake.api_key}
        run = client.post("/v1/run/tasks", json=asked, headers=headers).json()
        while run["finished_at"] is None:
            time.sleep(5)
            run = client.get(f"/v1/runs/{run['run_id']}", headers=headers).json()
    return run


def in_its_run(fake: Any, **wishes: Any) -> Any:
    """The same through the loop, from a sync test."""
    return asyncio.run(log_in(fake, **wishes))


both = pytest.mark.parametrize("client", [in_its_run, log_in_sync], ids=["async", "sync"])


# --- sent -----------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(("after", "found"), [(0, 10), (9, 10), (11, 20), (879, 880), (889, 890)])
def test_a_code_that_comes_later_is_found_at_the_next_look(
    fake: Any, client: Any, after: float, found: float
):
    fake.totp.send_later(after, ME, "123456")
    run = client(fake, totp_identifier=ME)
    assert run["output"] == {"typed": "123456"}
    assert fake.elapsed == pytest.approx(found, abs=5)


@both
def test_a_code_that_comes_too_late_helps_nobody(fake: Any, client: Any):
    fake.totp.send_later(891, ME, "123456")
    run = client(fake, totp_identifier=ME)
    assert run["errors"][0]["error_code"] == "OTP_TIMEOUT"


@both
def test_of_two_codes_the_newer_is_taken(fake: Any, client: Any):
    first, second = fake.totp.send(ME, "111111"), fake.totp.send(ME, "222222")
    assert first != second
    assert client(fake, totp_identifier=ME)["output"] == {"typed": "222222"}


@both
@pytest.mark.parametrize(
    ("expires_in", "status"), [(0, "terminated"), (-5, "terminated"), (12, "completed")]
)
def test_a_code_may_expire(fake: Any, client: Any, expires_in: float, status: str):
    fake.totp.send(ME, "123456", expires_in=expires_in)
    assert client(fake, totp_identifier=ME)["status"] == status


def test_it_expires_so_long_after_it_was_sent(fake: Any):
    fake.totp.send_later(100, ME, "123456", expires_in=12)
    assert in_its_run(fake, totp_identifier=ME)["status"] == "completed"


@pytest.mark.parametrize(
    ("sent_to", "more", "told"),
    [
        (
            "you@example.com",
            {},
            "sent to 'you@example.com', and the run looks for 'me@example.com'",
        ),
        (ME, {"expires_in": 0}, "was not taken: expired"),
    ],
)
def test_the_report_says_why_a_code_was_not_taken(fake: Any, sent_to: str, more: Any, told: str):
    code_id = fake.totp.send(sent_to, "135790", **more)
    in_its_run(fake, totp_identifier=ME)
    report = fake.report()
    assert code_id in report
    assert told in report
    assert "135790" not in report


def test_a_code_that_the_server_would_refuse_is_an_error_of_the_test(fake: Any):
    with pytest.raises(ValueError, match="Invalid task id: tsk_1"):
        fake.totp.send(ME, "123456", task_id="tsk_1")


def test_a_wrong_code_is_asked_for_again(fake: Any):
    @fake.on().play
    def login(run: Any) -> Any:
        tried = []
        while (code := (yield needs_totp(ME))) != "222222":
            tried.append(code)
            yield running(2, step="The code was refused")
        yield completed({"wrong": tried})

    fake.totp.send(ME, "111111")
    fake.totp.send_later(30, ME, "222222")
    run = in_its_run(fake)
    # looks at 10, 22 and 34 s: a code that was typed is still there
    assert run["output"] == {"wrong": ["111111", "111111"]}


# --- by URL ---------------------------------------------------------------------------------------


@both
def test_a_url_is_asked_at_every_look_and_the_call_is_signed(fake: Any, client: Any):
    codes = fake.totp.serve(URL, None, 503, "424242")
    run = client(fake, totp_url=URL)
    assert run["output"] == {"typed": "424242"}
    assert [asked.at for asked in codes.asked] == [10, 20, 30]
    assert {asked.method for asked in codes.asked} == {"POST"}
    for asked in codes.asked:
        assert asked.json == {"task_id": run["run_id"]}
        assert asked.signature_ok
        assert verify_webhook(asked.body, asked.signature, fake.api_key)


@both
def test_a_url_may_have_its_code_from_a_time_on(fake: Any, client: Any):
    codes = fake.totp.serve(URL, "424242", after=25)
    assert client(fake, totp_url=URL)["output"] == {"typed": "424242"}
    assert len(codes.asked) == 3


@both
def test_a_url_may_be_unreachable(fake: Any, client: Any):
    codes = fake.totp.serve(URL, ConnectionError, ConnectionError, "424242")
    assert client(fake, totp_url=URL)["output"] == {"typed": "424242"}
    assert [asked.at for asked in codes.asked] == [10, 15, 20]


def test_a_url_that_is_never_there_ends_the_run(fake: Any):
    codes = fake.totp.serve(URL, ConnectionError)
    run = in_its_run(fake, totp_url=URL)
    assert run["errors"][0]["error_code"] == "OTP_ERROR"
    assert len(codes.asked) == 3 * 45


def test_a_url_may_send_the_server_elsewhere(fake: Any):
    fake.totp.serve(URL, httpx.Response(302, headers={"location": "/other"}))
    other = fake.totp.serve("https://codes.example.com/other", "424242")
    assert in_its_run(fake, totp_url=URL)["output"] == {"typed": "424242"}
    (asked,) = other.asked
    assert (asked.method, asked.body) == ("GET", b"")


def test_a_page_is_no_answer(fake: Any):
    fake.totp.serve(URL, httpx.Response(200, html="<h1>123456</h1>"))
    run = in_its_run(fake, totp_url=URL)
    assert run["errors"][0]["error_code"] == "OTP_ERROR"


def test_a_url_that_nobody_answers_is_told_in_the_report(fake: Any):
    run = in_its_run(fake, totp_url="https://nobody.example.com/codes")
    assert run["errors"][0]["error_code"] == "OTP_TIMEOUT"
    assert "nobody answers its totp_url" in fake.report()


@pytest.mark.parametrize("answer", [123456, True, 3.5, OSError, b"123456"])
def test_what_no_url_answers(fake: Any, answer: Any):
    with pytest.raises(ValueError, match="a totp_url cannot answer"):
        fake.totp.serve(URL, answer)


def test_a_url_of_a_block_is_asked_too(fake: Any):
    """The client does nothing but wait for that call."""
    codes = fake.totp.serve(URL, "424242")
    block = {
        "block_type": "navigation",
        "label": "go",
        "url": "https://example.com",
        "navigation_goal": "Log in",
        "totp_verification_url": URL,
    }
    definition = {"title": "w", "workflow_definition": {"parameters": [], "blocks": [block]}}
    made = fake._do("create_workflow", {"json_definition": definition})
    asked = {"agent_id": made["workflow_permanent_id"]}
    was_asked = fake.clock.flag("the call")

    def answer(sent: Any) -> httpx.Response:
        was_asked.set()
        answered: httpx.Response = codes.answer(sent)
        return answered

    fake.webhooks.receive(URL, answer)
    with httpx.Client(transport=fake.sync_transport, base_url=fake.base_url) as client:
        headers = {"x-api-key": fake.api_key}
        run_id = client.post("/v1/run/agents", json=asked, headers=headers).json()["run_id"]
        fake.clock.wait_for_sync(was_asked)
    assert codes.asked[0].json["workflow_run_id"] == run_id


class _Phone(BaseHTTPRequestHandler):
    seen: ClassVar[list[Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        type(self).seen.append((body, self.headers["x-skyvern-signature"]))
        answer = b'{"verification_code": "Your code is 246810"}'
        self.send_response(200)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        pass


@both
def test_a_url_on_loopback_is_really_called(fake: Any, client: Any):
    class Phone(_Phone):
        seen: ClassVar[list[Any]] = []

    with HTTPServer(("127.0.0.1", 0), Phone) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        run = client(fake, totp_url=f"http://127.0.0.1:{server.server_port}/codes")
        server.shutdown()
    assert run["output"] == {"typed": "246810"}
    ((body, signature),) = Phone.seen
    assert verify_webhook(body, signature, fake.api_key)


# --- authenticators -------------------------------------------------------------------------------


def test_the_code_of_a_seed_is_that_of_the_worlds_clock(fake: Any):
    now = fake.front.now // 1_000_000_000
    assert fake.totp.code_of(SEED) == TOTP(SEED).at(now)
    uri = f"otpauth://totp/Example:me?secret={SEED}&digits=8&period=60"
    assert fake.totp.code_of(uri) == TOTP(SEED, digits=8, interval=60).at(now)
    with pytest.raises(ValueError, match="not usable"):
        fake.totp.code_of("JBSWY3DPEHPK3PXP")
