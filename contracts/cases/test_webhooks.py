"""Webhooks of runs: what they say, when they come, and how often they are tried (facts: runs 8)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from skyvern_testkit import RunScript, failed, never, running, verify_webhook
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
URL = "https://example.com"
SHORT: Json = {"block_type": "wait", "label": "pause", "wait_sec": 1}
LONG: Json = {**SHORT, "wait_sec": 600}
NO_PAUSE = "the two would be told apart by when a block lets go, which a script says here"


@dataclass
class Received:
    """What came to a receiver on loopback: bodies, headers (names in lower case)."""

    url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def wait(self, skyvern: Caller, count: int = 1, *, seconds: float = 30) -> list[Json]:
        """The bodies as JSON, once so many are there."""
        for _ in range(int(seconds * 4)):
            if len(self.bodies) >= count:
                break
            skyvern.wait(0.25)
        assert len(self.bodies) == count
        return [json.loads(body) for body in self.bodies]


@contextmanager
def receiving(
    *answers: int, body: bytes = b"", retry_after: str | None = None
) -> Iterator[Received]:
    """A receiver that gives these answers, one after the other, the last for ever."""
    left = list(answers) or [200]

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.headers.append({name.lower(): value for name, value in self.headers.items()})
            received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            status = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            if retry_after is not None:
                self.send_header("retry-after", retry_after)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    received = Received(f"http://127.0.0.1:{server.server_port}/hook")
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()


def workflow(skyvern: Caller, block: Json = SHORT, **more: Any) -> str:
    inner = {"parameters": [], "blocks": [block]}
    definition = {"title": "Flow", "workflow_definition": inner, **more}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    return wpid


def run_of(skyvern: Caller, wpid: str, **more: Any) -> str:
    run_id: str = skyvern.call("run_workflow", agent_id=wpid, **more).ok()["run_id"]
    return run_id


def task(skyvern: Caller, engine: str, **more: Any) -> str:
    asked = {"prompt": "Read", "url": URL, "engine": engine, **more}
    run_id: str = skyvern.call("run_task", **asked).ok()["run_id"]
    return run_id


def noted(skyvern: Caller, run_id: str) -> str | None:
    """What the server has noted of the webhook."""
    path = f"/v1/workflows/runs/{run_id}"
    reason: str | None = skyvern.raw.send("GET", path).ok()["webhook_failure_reason"]
    return reason


# --- what is sent -------------------------------------------------------------------------------


@case("webhooks.headers", fact="runs 8")
def test_webhook_is_signed_with_the_key_of_the_run(skyvern: Caller) -> None:
    with receiving() as received:
        run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern)
    (headers,), (body,) = received.headers, received.bodies
    assert headers["user-agent"] == "python-httpx/0.28.1"
    assert headers["content-type"] == "application/json"
    assert headers["x-skyvern-timestamp"].isdigit()
    assert verify_webhook(body, headers["x-skyvern-signature"], skyvern.api_key)
    stamped = headers["x-skyvern-timestamp"].encode() + body
    assert not verify_webhook(stamped, headers["x-skyvern-signature"], skyvern.api_key)


@case("webhooks.bytes", fact="runs 8")
def test_body_is_compact_json_in_utf_8(skyvern: Caller) -> None:
    with receiving() as received:
        run_of(skyvern, workflow(skyvern, title="Tür 雪"), webhook_url=received.url)
        (told,) = received.wait(skyvern)
    compact = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    assert received.bodies == [compact.encode()]
    assert "雪" in received.bodies[0].decode()


@case("webhooks.workflow", fact="runs 8")
def test_webhook_of_a_workflow_run_is_both_answers_in_one(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    with receiving() as received:
        run_id = run_of(skyvern, wpid, webhook_url=received.url)
        (told,) = received.wait(skyvern)
    assert (told["run_id"], told["workflow_run_id"], told["status"]) == (
        run_id,
        run_id,
        "completed",
    )
    assert told["workflow_id"] == told["agent_id"] == wpid
    assert told["agent_run_id"] == run_id
    assert told["run_type"] == "workflow_run"
    assert told["run_request"]["webhook_url"] == received.url
    older = {"parameters", "outputs", "total_steps", "credits_used", "recording_urls", "attempts"}
    assert older <= told.keys()


@case("webhooks.workflow.untold", fact="runs 8")
def test_webhook_of_a_workflow_run_does_not_say_all_that_its_read_says(skyvern: Caller) -> None:
    wpid = workflow(skyvern, run_with="code")
    with receiving() as received:
        run_id = run_of(skyvern, wpid, webhook_url=received.url, max_screenshot_scrolls=3)
        (told,) = received.wait(skyvern)
    read = skyvern.call("get_run", run_id=run_id).ok()
    names = ("run_with", "max_screenshot_scrolls")
    assert [read[name] for name in names] == ["code", 3]
    assert [told[name] for name in names] == ["agent", None]
    assert read["run_request"]["max_screenshot_scrolls"] == 3
    assert told["run_request"]["max_screenshot_scrolls"] is None


@case("webhooks.workflow.category", fact="runs 8")
def test_webhook_of_a_failed_workflow_run_tells_the_category(skyvern: Caller) -> None:
    ask: Json = {"block_type": "http_request", "label": "ask", "method": "GET"}
    wpid = workflow(skyvern, {**ask, "url": "http://127.0.0.1:1/", "body": {"n": "{{ 1 / 0 }}"}})
    with receiving() as received:
        run_of(skyvern, wpid, webhook_url=received.url)
        (told,) = received.wait(skyvern)
    unknown = {"category": "UNKNOWN", "confidence_float": 0.5}
    assert told["status"] == "failed"
    assert told["failure_category"] == [{**unknown, "reasoning": "No keyword match found"}]


@case("webhooks.task", fact="runs 8")
def test_webhook_of_a_task_has_no_request(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = task(skyvern, "skyvern-1.0", webhook_url=received.url)
        (told,) = received.wait(skyvern, seconds=60)
    assert (told["run_id"], told["task_id"], told["run_type"]) == (run_id, run_id, "task_v1")
    older = {"extracted_information", "action_screenshot_urls", "browser_console_log_url"}
    assert older | {"output", "screenshot_urls", "app_url"} <= told.keys()
    assert not {"run_request", "request"} & told.keys()


@case("webhooks.task_v2", fact="runs 8")
def test_webhook_of_a_2_0_task_is_its_row_and_the_run(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = task(skyvern, "skyvern-2.0", webhook_url=received.url)
        (told,) = received.wait(skyvern, seconds=60)
    assert (told["run_id"], told["task_id"], told["run_type"]) == (run_id, run_id, "task_v2")
    assert told["prompt"] == "Read"
    assert {"workflow_run_id", "workflow_permanent_id", "url", "summary", "output"} <= told.keys()
    assert "run_request" not in told


# --- where it goes ------------------------------------------------------------------------------


@case("webhooks.default", fact="runs 8")
def test_url_of_the_workflow_is_used_when_the_run_names_none(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = run_of(skyvern, workflow(skyvern, webhook_callback_url=received.url))
        (told,) = received.wait(skyvern)
    assert told["run_id"] == run_id


@case("webhooks.override", fact="runs 8")
def test_url_of_the_run_replaces_that_of_the_workflow(skyvern: Caller) -> None:
    with receiving() as of_workflow, receiving() as of_run:
        wpid = workflow(skyvern, webhook_callback_url=of_workflow.url)
        run_of(skyvern, wpid, webhook_url=of_run.url)
        of_run.wait(skyvern)
        skyvern.wait(2)
    assert of_workflow.bodies == []


# --- how often ----------------------------------------------------------------------------------


@case(
    "webhooks.tries", fact="runs 7, 8", raw_only="what the server notes is shown by a hidden route"
)
@pytest.mark.parametrize("status", [403, 408, 425, 429, 500, 503])
def test_webhook_is_tried_three_times_with_the_same_bytes(skyvern: Caller, status: int) -> None:
    with receiving(status, body=b"broken") as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern, 3)
        skyvern.wait(4)
    assert len(received.bodies) == 3
    assert len(set(received.bodies)) == 1
    told = {(it["x-skyvern-signature"], it["x-skyvern-timestamp"]) for it in received.headers}
    assert len(told) == 1
    assert (
        noted(skyvern, run_id) == f"Webhook failed with status code {status}, error message: broken"
    )


@case(
    "webhooks.once", fact="runs 7, 8", raw_only="what the server notes is shown by a hidden route"
)
@pytest.mark.parametrize(
    ("status", "is_noted"), [(204, False), (302, True), (400, True), (404, True)]
)
def test_other_answers_are_final(skyvern: Caller, status: int, *, is_noted: bool) -> None:
    with receiving(status) as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern)
        skyvern.wait(4)
    assert len(received.bodies) == 1
    failure = f"Webhook failed with status code {status}, error message: "
    assert noted(skyvern, run_id) == (failure if is_noted else "")


@case("webhooks.answered", fact="runs 8")
def test_webhook_that_was_answered_is_not_sent_again(skyvern: Caller) -> None:
    with receiving(200) as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern)
        for _ in range(3):
            skyvern.wait(2)
            assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "completed"
        received.wait(skyvern, 1)


@case(
    "webhooks.recovers", fact="runs 8", raw_only="what the server notes is shown by a hidden route"
)
def test_try_that_gets_through_is_the_last(skyvern: Caller) -> None:
    with receiving(500, 200) as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern, 2)
        skyvern.wait(4)
    assert len(received.bodies) == 2
    assert noted(skyvern, run_id) == ""


@case("webhooks.retry_after", fact="runs 8")
def test_receiver_may_ask_for_time(skyvern: Caller) -> None:
    with receiving(429, 200, retry_after="5") as received:
        run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern)
        skyvern.wait(4)
        assert len(received.bodies) == 1
        received.wait(skyvern, 2)


@case(
    "webhooks.nobody", fact="runs 7, 8", raw_only="what the server notes is shown by a hidden route"
)
def test_nobody_there_is_noted_and_changes_nothing_of_the_run(skyvern: Caller) -> None:
    run_id = run_of(skyvern, workflow(skyvern), webhook_url="http://127.0.0.1:9/x")
    skyvern.wait(12)
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "completed"
    assert (
        noted(skyvern, run_id) == "Webhook delivery failed before receiving a response: "
        "ConnectError: All connection attempts failed"
    )


# --- duplicates -----------------------------------------------------------------------------------


@case("webhooks.cancel.again", fact="runs 8")
def test_cancel_of_a_finished_workflow_run_sends_its_webhook_again(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        received.wait(skyvern)
        skyvern.call("cancel_run", run_id=run_id).ok()
        told = received.wait(skyvern, 2)
    assert [each["status"] for each in told] == ["completed", "completed"]


@case("webhooks.cancel.waits", fact="runs 8")
def test_cancel_has_told_of_itself_when_it_answers(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = run_of(skyvern, workflow(skyvern, LONG), webhook_url=received.url)
        skyvern.wait(2)
        skyvern.call("cancel_run", run_id=run_id).ok()
        told = [json.loads(body) for body in received.bodies]
    assert [(each["run_id"], each["status"]) for each in told] == [(run_id, "canceled")]


@case("webhooks.cancel.twice", fact="runs 8", ours_only=NO_PAUSE)
@pytest.mark.parametrize("kind", ["task", "workflow"])
def test_canceled_run_that_was_at_work_tells_twice(skyvern: Caller, kind: str) -> None:
    skyvern.fake.on().play(RunScript(running(until=never())))
    with receiving() as received:
        hook = {"webhook_url": received.url}
        start = {"task": "skyvern-1.0", "workflow": workflow(skyvern)}[kind]
        run_id = (task if kind == "task" else run_of)(skyvern, start, **hook)
        skyvern.wait(5)
        skyvern.call("cancel_run", run_id=run_id).ok()
        told = received.wait(skyvern, 2)
    assert [each["status"] for each in told] == ["canceled", "canceled"]


@case("webhooks.cancel.task_v2", fact="runs 8", ours_only="it needs a browser and a model")
def test_each_cancel_of_a_2_0_task_tells(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(until=never())))
    with receiving() as received:
        run_id = task(skyvern, "skyvern-2.0", webhook_url=received.url)
        skyvern.call("cancel_run", run_id=run_id).ok()
        assert len(received.bodies) == 1
        assert json.loads(received.bodies[0])["status"] == "canceled"


@case("webhooks.cancel.nobody", fact="runs 3.1, 8")
@pytest.mark.parametrize("kind", ["task", "workflow"])
def test_cancel_of_which_nobody_can_be_told(skyvern: Caller, kind: str) -> None:
    hook = {"webhook_url": "http://127.0.0.1:9/x"}
    if kind == "task":
        run_id = task(skyvern, "skyvern-1.0", **hook)
        answer = skyvern.call("cancel_run", run_id=run_id)
        assert answer.status == 500
        assert answer.json == {"error": "Unexpected error: FailedToSendWebhook"}
    else:
        run_id = run_of(skyvern, workflow(skyvern, LONG), **hook)
        assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"


@case("webhooks.cancel.refused", fact="runs 3.1, 8")
def test_cancel_of_which_the_receiver_will_not_hear(skyvern: Caller) -> None:
    with receiving(404) as received:
        run_id = task(skyvern, "skyvern-1.0", webhook_url=received.url)
        assert skyvern.call("cancel_run", run_id=run_id).ok() is None
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"


@case("webhooks.policy.told", fact="runs 3.4")
def test_under_a_policy_what_was_told_is_not_told_again(skyvern: Caller) -> None:
    policy: Json = {"max_retries": 1, "retry_on": [{"status": "failed"}]}
    inner = {"parameters": [], "blocks": [SHORT], "retry_policy": policy}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    with receiving() as received:
        run_id = run_of(skyvern, made["workflow_permanent_id"], webhook_url=received.url)
        received.wait(skyvern)
        skyvern.wait(2)
        assert skyvern.call("cancel_run", run_id=run_id).ok() is None
        skyvern.wait(4)
        received.wait(skyvern, 1)


@case("webhooks.policy", fact="runs 8, 3.4", ours_only="an attempt fails only as a script says")
@pytest.mark.parametrize(("word", "attempts"), [("final_only", [2]), ("every_attempt", [1, 2])])
def test_retry_policy_says_after_which_attempts(
    skyvern: Caller, word: str, attempts: list[int]
) -> None:
    policy: Json = {
        "max_retries": 1,
        "delay_seconds": 5,
        "retry_on": [{"status": "failed"}],
        "webhook_on_retry": word,
    }
    inner = {"parameters": [], "blocks": [SHORT], "retry_policy": policy}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    skyvern.fake.on().play(RunScript(running(1), failed("boom")))
    with receiving() as received:
        run_of(skyvern, made["workflow_permanent_id"], webhook_url=received.url)
        skyvern.wait(30)
    told = [json.loads(body) for body in received.bodies]
    assert [each["attempt"] for each in told] == attempts


# --- sent once more -------------------------------------------------------------------------------


@case("webhooks.replay", fact="runs 8")
def test_webhook_sent_once_more_says_less_and_is_signed_anew(skyvern: Caller) -> None:
    with receiving() as received:
        run_id = run_of(skyvern, workflow(skyvern), webhook_url=received.url)
        (first,) = received.wait(skyvern)
        answer = skyvern.call("retry_run_webhook", run_id=run_id).ok()
        _, again = received.wait(skyvern, 2)
    assert answer["target_webhook_url"] == answer["default_webhook_url"] == received.url
    assert (answer["status_code"], answer["error"]) == (200, None)
    assert answer["payload"].encode() == received.bodies[1]
    assert answer["headers"]["x-skyvern-signature"] == received.headers[1]["x-skyvern-signature"]
    assert verify_webhook(
        received.bodies[1], received.headers[1]["x-skyvern-signature"], skyvern.api_key
    )
    gone = {"webhook_callback_url", "totp_verification_url", "totp_identifier"}
    assert first.keys() - again.keys() == gone | {"extra_http_headers", "run_request"}
    assert again["step_count"] is None


@case("webhooks.replay.once", fact="runs 8")
def test_webhook_sent_once_more_is_tried_once(skyvern: Caller) -> None:
    with receiving(500, body=b"broken") as received:
        run_id = run_of(skyvern, workflow(skyvern))
        skyvern.wait(8)
        asked = {"webhook_url": received.url}
        answer = skyvern.call("retry_run_webhook", run_id=run_id, request=asked).ok()
        skyvern.wait(4)
    assert (answer["status_code"], answer["response_body"]) == (500, "broken")
    assert answer["default_webhook_url"] is answer["error"] is None
    assert len(received.bodies) == 1


@case("webhooks.replay.nobody", fact="runs 8")
def test_nobody_there_is_told_in_the_answer(skyvern: Caller) -> None:
    run_id = run_of(skyvern, workflow(skyvern))
    skyvern.wait(8)
    asked = {"webhook_url": "http://127.0.0.1:9/x"}
    answer = skyvern.call("retry_run_webhook", run_id=run_id, request=asked).ok()
    assert (answer["status_code"], answer["response_body"]) == (None, None)
    assert answer["error"] == "Could not reach URL: All connection attempts failed"
