"""Second factors of runs: which code is taken, when it is looked for, and how a run ends without."""

from typing import Any

import pytest

from skyvern_testkit import RunScript, completed, needs_totp, running
from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
LIVED = "it needs a browser and a model"
URL = "https://example.com"
ME = "me@example.com"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOBODY = "http://127.0.0.1:9/codes?key=1"
NO_CODE = "No TOTP verification code found. Going to terminate. Polled source: "


def typed(_: Any) -> Any:
    """A login that ends with the code that it found."""
    yield running(5)
    code = yield needs_totp()
    yield completed({"typed": code})


def navigation(**more: Any) -> Json:
    return {
        "block_type": "navigation",
        "label": "go",
        "url": URL,
        "navigation_goal": "Log in",
        **more,
    }


def send(skyvern: Caller, content: str = "123456", **more: Any) -> None:
    asked = {"totp_identifier": ME, "content": content, **more}
    skyvern.raw.call("send_totp_code", **asked).ok()


def task(skyvern: Caller, **more: Any) -> str:
    skyvern.fake.on().play(typed)
    asked = {"prompt": "Log in", "url": URL, "engine": "skyvern-1.0", **more}
    run_id: str = skyvern.call("run_task", **asked).ok()["run_id"]
    return run_id


def flow(skyvern: Caller, block: Json, declared: list[Json] | None = None, **more: Any) -> str:
    skyvern.fake.on().play(typed)
    inner = {"parameters": declared or [], "blocks": [block]}
    definition = {"title": "Login", "workflow_definition": inner}
    made = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    asked = {"agent_id": made["workflow_permanent_id"], **more}
    run_id: str = skyvern.call("run_workflow", **asked).ok()["run_id"]
    return run_id


def login(skyvern: Caller, credential: Json, **more: Any) -> str:
    skyvern.fake.on().play(typed)
    asked = {
        "credential_type": "skyvern",
        "credential_id": stored(skyvern, credential),
        "url": URL,
        **more,
    }
    run_id: str = skyvern.call("login", **asked).ok()["run_id"]
    return run_id


def stored(skyvern: Caller, credential: Json) -> str:
    asked = {"username": "u", "password": "p", **credential}
    made = skyvern.raw.call(
        "create_credential", name="c", credential_type="password", credential=asked
    )
    return str(made.ok(201)["credential_id"])


def after(skyvern: Caller, seconds: float, run_id: str) -> Json:
    skyvern.wait(seconds)
    run: Json = skyvern.call("get_run", run_id=run_id).ok()
    return run


def code_of(run: Json) -> Any:
    """What the run has typed, as the script put it into its output."""
    return (run["output"] or {}).get("typed")


# --- which source ---------------------------------------------------------------------------------


@case("second_factor.seed", fact="runs 9", ours_only=LIVED)
def test_stored_seed_gives_a_code_at_once(skyvern: Caller) -> None:
    run_id = login(skyvern, {"totp": SEED, "totp_type": "authenticator"}, totp_identifier=ME)
    run = after(skyvern, 6, run_id)
    assert run["status"] == "completed"
    assert len(code_of(run)) == 6


@case("second_factor.seed.parameter", fact="runs 9", ours_only=LIVED)
def test_seed_of_a_parameter_of_the_block_counts(skyvern: Caller) -> None:
    credential = stored(skyvern, {"totp": SEED, "totp_type": "authenticator"})
    parameter = {
        "parameter_type": "workflow",
        "key": "who",
        "workflow_parameter_type": "credential_id",
    }
    block = {**navigation(), "block_type": "login", "parameter_keys": ["who"]}
    run_id = flow(skyvern, block, [parameter], parameters={"who": credential})
    assert after(skyvern, 6, run_id)["status"] == "completed"


@case("second_factor.url.fallback", fact="runs 9", ours_only=LIVED)
def test_url_that_says_nothing_leaves_the_look_to_stored_codes(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_identifier=ME, totp_url="https://codes.example.com/none")
    send(skyvern)
    assert code_of(after(skyvern, 16, run_id)) == "123456"


@case("second_factor.identifier.credential", fact="runs 9", ours_only=LIVED)
def test_identifier_of_a_credential_counts(skyvern: Caller) -> None:
    run_id = login(skyvern, {"totp_identifier": ME, "totp_type": "email"})
    skyvern.wait(2)
    send(skyvern)
    assert code_of(after(skyvern, 14, run_id)) == "123456"


@case("second_factor.identifier.login", fact="runs 9", ours_only=LIVED)
def test_identifier_of_a_login_reaches_its_block(skyvern: Caller) -> None:
    run_id = login(skyvern, {}, totp_identifier=ME)
    skyvern.wait(2)
    send(skyvern)
    assert code_of(after(skyvern, 14, run_id)) == "123456"


@case("second_factor.identifier.block", fact="runs 9", ours_only=LIVED)
def test_identifier_of_the_block_counts(skyvern: Caller) -> None:
    run_id = flow(skyvern, navigation(totp_identifier=ME))
    skyvern.wait(2)
    send(skyvern)
    assert code_of(after(skyvern, 14, run_id)) == "123456"


@case("second_factor.identifier.run", fact="runs 9", ours_only=LIVED)
def test_identifier_of_run_workflow_reaches_no_block(skyvern: Caller) -> None:
    run_id = flow(skyvern, navigation(), totp_identifier=ME, totp_url=NOBODY)
    skyvern.wait(2)
    send(skyvern)
    run = after(skyvern, 60, run_id)
    assert (run["status"], code_of(run)) == ("terminated", None)


@case("second_factor.not_asked", fact="runs 9", ours_only=LIVED)
def test_source_that_nobody_needs_is_not_asked(skyvern: Caller) -> None:
    skyvern.fake.on().play(RunScript(running(60), completed()))
    asked = {"prompt": "Read", "url": URL, "engine": "skyvern-1.0", "totp_url": NOBODY}
    run_id = skyvern.call("run_task", **asked).ok()["run_id"]
    assert after(skyvern, 61, run_id)["status"] == "completed"


# --- which stored code ----------------------------------------------------------------------------


@case("second_factor.code.newest", fact="runs 9", ours_only=LIVED)
def test_newest_code_is_taken(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_identifier=ME)
    for content in ("111111", "222222"):
        send(skyvern, content)
    assert code_of(after(skyvern, 16, run_id)) == "222222"


@case("second_factor.code.again", fact="runs 9", ours_only=LIVED)
def test_code_is_not_used_up(skyvern: Caller) -> None:
    send(skyvern)
    first, second = (task(skyvern, totp_identifier=ME) for _ in range(2))
    assert code_of(after(skyvern, 16, first)) == code_of(after(skyvern, 0, second)) == "123456"


@case("second_factor.code.sentence", fact="runs 9", ours_only=LIVED)
def test_code_of_a_sentence_is_typed_without_its_hyphen(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_identifier=ME)
    send(skyvern, "Your code is 123-456.")
    assert code_of(after(skyvern, 16, run_id)) == "123456"


@case("second_factor.code.identifier", fact="runs 9", ours_only=LIVED)
@pytest.mark.parametrize(
    ("sent_to", "looked_for", "found"),
    [
        ("ME@Example.com", "me@example.COM", True),
        ("+49 170 1234567", "+491701234567", True),
        ("you@example.com", "me@example.com", False),
    ],
    ids=["email", "phone", "other"],
)
def test_code_of_the_identifier_is_taken(
    skyvern: Caller, sent_to: str, looked_for: str, found: bool
) -> None:
    run_id = task(skyvern, totp_identifier=looked_for)
    send(skyvern, totp_identifier=sent_to)
    assert code_of(after(skyvern, 16, run_id)) == ("123456" if found else None)


@case("second_factor.code.window", fact="runs 9, 11", ours_only=LIVED)
@pytest.mark.parametrize(("age", "found"), [(580, True), (590, False)])
def test_code_is_good_for_ten_minutes(skyvern: Caller, age: int, found: bool) -> None:
    send(skyvern)
    skyvern.wait(age)
    run_id = task(skyvern, totp_identifier=ME)
    assert code_of(after(skyvern, 16, run_id)) == ("123456" if found else None)


@case("second_factor.code.expired", fact="runs 9", ours_only=LIVED)
def test_expired_code_is_not_taken(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_identifier=ME)
    send(skyvern, expired_at="2000-01-01T00:00:00Z")
    assert code_of(after(skyvern, 16, run_id)) is None


@case("second_factor.code.other_task", fact="runs 9", ours_only=LIVED)
def test_code_for_another_task_is_not_taken(skyvern: Caller) -> None:
    mine, other = (task(skyvern, totp_identifier=ME) for _ in range(2))
    send(skyvern, task_id=other)
    assert code_of(after(skyvern, 16, mine)) is None
    assert code_of(after(skyvern, 0, other)) == "123456"


@case("second_factor.code.other_run", fact="runs 9", ours_only=LIVED)
def test_code_for_another_run_is_not_taken(skyvern: Caller) -> None:
    mine, other = (flow(skyvern, navigation(totp_identifier=ME)) for _ in range(2))
    skyvern.wait(2)
    send(skyvern, workflow_run_id=other)
    assert code_of(after(skyvern, 14, mine)) is None
    assert code_of(after(skyvern, 0, other)) == "123456"


@case("second_factor.code.before.task", fact="runs 9", ours_only=LIVED)
def test_task_takes_a_code_from_before_its_start(skyvern: Caller) -> None:
    send(skyvern)
    skyvern.wait(60)
    assert code_of(after(skyvern, 16, task(skyvern, totp_identifier=ME))) == "123456"


@case("second_factor.code.before.workflow", fact="runs 9", ours_only=LIVED)
def test_workflow_run_takes_none_from_before_its_start(skyvern: Caller) -> None:
    send(skyvern)
    skyvern.wait(60)
    run_id = flow(skyvern, navigation(totp_identifier=ME))
    run = after(skyvern, 15 * 60 + 10, run_id)
    assert run["failure_reason"] == (
        f"navigation block terminated. Reason: {NO_CODE}totp_identifier={ME}."
    )


# --- waiting --------------------------------------------------------------------------------------


@case("second_factor.first_look", fact="runs 9, 11", ours_only=LIVED)
def test_first_look_comes_after_ten_seconds(skyvern: Caller) -> None:
    send(skyvern)
    run_id = task(skyvern, totp_identifier=ME)
    assert after(skyvern, 14, run_id)["status"] == "running"
    assert after(skyvern, 2, run_id)["status"] == "completed"


@case("second_factor.budget", fact="runs 9, 11", ours_only=LIVED)
def test_patience_ends_after_fifteen_minutes(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_identifier=ME)
    assert after(skyvern, 15 * 60 + 4, run_id)["status"] == "running"
    run = after(skyvern, 2, run_id)
    assert (run["status"], run["failure_reason"]) == (
        "terminated",
        f"{NO_CODE}totp_identifier={ME}.",
    )


@case("second_factor.url.unreachable", fact="runs 9, 11", ours_only=LIVED)
def test_url_that_is_not_there_at_last_is_an_error(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_url=NOBODY)
    run = after(skyvern, 16 * 60, run_id)
    assert (run["status"], run["failure_reason"]) == (
        "terminated",
        (
            "Failed to get TOTP verification code. Going to terminate. Reason: "
            "totp_webhook_request_failed exception_type=ConnectError"
        ),
    )
    (error,) = run["errors"]
    assert (error["error_code"], error["error_type"]) == ("OTP_ERROR", "USER_DEFINED_ERROR")


@case("second_factor.url.named", fact="runs 9", ours_only=LIVED)
def test_reason_names_the_url_without_its_query(skyvern: Caller) -> None:
    run_id = task(skyvern, totp_url="https://codes.example.com/me?key=1")
    run = after(skyvern, 15 * 60 + 10, run_id)
    assert run["failure_reason"] == (
        f"{NO_CODE}totp_verification_url=https://codes.example.com/me."
    )


@case("second_factor.url.found", fact="runs 9", ours_only=LIVED)
def test_url_is_asked_with_a_signed_body(skyvern: Caller) -> None:
    codes = skyvern.fake.totp.serve("https://codes.example.com/me", None, "Your code is 246 810.")
    run_id = task(skyvern, totp_url=codes.url)
    assert code_of(after(skyvern, 26, run_id)) == "246810"
    assert [sent.json for sent in codes.asked] == [{"task_id": run_id}] * 2
    assert all(sent.signature_ok for sent in codes.asked)


@case("second_factor.url.workflow", fact="runs 9", ours_only=LIVED)
def test_url_of_a_block_is_told_of_run_and_workflow(skyvern: Caller) -> None:
    codes = skyvern.fake.totp.serve("https://codes.example.com/me", "246810")
    run_id = flow(skyvern, navigation(totp_verification_url=codes.url))
    assert code_of(after(skyvern, 16, run_id)) == "246810"
    (sent,) = codes.asked
    assert list(sent.json) == ["task_id", "workflow_run_id", "workflow_permanent_id"]
    assert sent.json["workflow_run_id"] == run_id


@case("second_factor.url.before_stored", fact="runs 9", ours_only=LIVED)
def test_url_comes_before_stored_codes(skyvern: Caller) -> None:
    codes = skyvern.fake.totp.serve("https://codes.example.com/me", "246810")
    run_id = task(skyvern, totp_url=codes.url, totp_identifier=ME)
    send(skyvern)
    assert code_of(after(skyvern, 16, run_id)) == "246810"


@case("second_factor.url.tries", fact="runs 9, 11", ours_only=LIVED)
def test_url_that_is_not_there_is_tried_three_times_in_a_look(skyvern: Caller) -> None:
    codes = skyvern.fake.totp.serve("https://codes.example.com/me", ConnectionError)
    run_id = task(skyvern, totp_url=codes.url)
    skyvern.wait(36)
    first, *further = [sent.at for sent in codes.asked]
    assert [at - first for at in further] == [5, 10, 20]
    assert after(skyvern, 0, run_id)["status"] == "running"


@case("second_factor.url.never_spoke", fact="runs 9", ours_only=LIVED)
def test_url_that_never_spoke_the_protocol_is_told_so(skyvern: Caller) -> None:
    codes = skyvern.fake.totp.serve("https://codes.example.com/me", 500)
    run_id = task(skyvern, totp_url=codes.url)
    run = after(skyvern, 15 * 60 + 10, run_id)
    assert run["errors"][0]["error_code"] == "OTP_TIMEOUT"
    assert run["failure_reason"] == (
        f"{NO_CODE}totp_verification_url=https://codes.example.com/me. The endpoint responded to "
        'every poll but never returned the expected {"verification_code":"123456"} body '
        "(webhook_responses=89 http_status=500x89)."
    )
