"""A scripted run shows itself as the recorded real one did, from its making to its last webhook."""

from __future__ import annotations

import pytest

from skyvern_testkit.script import (
    Download,
    RunError,
    RunScript,
    Step,
    completed,
    failed,
    needs_totp,
    never,
    queued,
    running,
    signal,
    terminated,
)
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.world import Timing
from tests.recorded.lives import Life, lives

START, END = signal("start"), signal("end")

STOPPED = RunError("E_STOP", "stub error reason", 0.95)
REFUSED = (
    "net::ERR_CONNECTION_REFUSED at http://closed.test/\nCall log:\nnavigating to "
    '"http://closed.test/", waiting until "commit"\n'
)
BOOM = failed("Failed to execute code block. Reason: ValueError: boom")


def works(*ending: Step) -> RunScript:
    """A run that is queued, works, and ends as the real one did when that did."""
    return RunScript(queued(until=START), running(until=END), *ending)


def task(*ending: Step) -> RunScript:
    """The same for a task, which never shows a queue."""
    return RunScript(running(until=END), *ending)


STORIES: dict[str, tuple[RunScript, ...]] = {
    "wf_alone_nav": (works(completed()),),
    "wf_alone_wait": (works(completed()),),
    "wf_nav_terminate": (works(terminated("stub reasoning", errors=[STOPPED])),),
    "wf_unreachable": (
        works(
            failed(
                "Failed to navigate to url http://closed.test/. Error message: Page.goto: "
                + REFUSED
            )
        ),
    ),
    "wf_code_fail": (works(BOOM),),
    "wf_terminate_block": (works(terminated("no more stock")),),
    "wf_retry_final": (works(BOOM), works(BOOM)),
    "wf_retry_every": (works(BOOM), works(BOOM)),
    "wf_retry_cancel": (works(BOOM),),
    "wf_retry_nomatch": (works(terminated("no more")),),
    "wf_cancel_wait": (works(completed()),),
    "wf_cancel_running": (works(completed()),),
    "wf_cancel_done": (works(completed({"calc_output": {"v": 1}, "extracted_information": []})),),
    "wf_persist": (works(completed()),),
    "dl_none": (works(completed()),),
    "t1_alone": (task(completed()),),
    "t1_extract": (task(completed()),),
    "t1_terminate": (task(terminated("stub reasoning", errors=[STOPPED])),),
    "t1_unreachable": (
        task(
            failed(
                "Failed to navigate to URL. URL:http://closed.test/, Error:Page.goto: " + REFUSED
            )
        ),
    ),
    "t1_cancel_done": (task(completed()),),
    "t1_alone_cancel": (task(completed()),),
    "t2_alone": (works(completed({"answer": 42})),),
    "t2_term": (works(terminated("stub impossible")),),
    "wf_alone_extract": (works(completed()),),
    "wf_two_nav_fail": (
        RunScript(
            queued(until=START),
            running(seconds=11),
            running(until=END, block="go2"),
            terminated("stub reasoning"),
        ),
    ),
    "wf_retry_codes": (
        works(terminated("stub reasoning", errors=[STOPPED])),
        works(terminated("stub reasoning", errors=[STOPPED])),
    ),
    "t2_cancel_now": (works(completed()),),
    "login_seed": (
        RunScript(
            queued(until=START), running(seconds=3), needs_totp(), running(until=END), completed()
        ),
    ),
    "login_ident": (
        RunScript(
            queued(until=START), running(seconds=5), needs_totp(), running(until=END), completed()
        ),
    ),
    "login_none_long": (RunScript(queued(until=START), running(seconds=10.5), needs_totp()),),
    "t1_totp_none_long": (RunScript(running(seconds=8.7), needs_totp()),),
    "dl": (
        RunScript(
            queued(until=START),
            running(seconds=5),
            running(until=END, downloads=[Download("report.csv", b"a,b\n1,2\n")]),
            completed(),
        ),
    ),
    "se_busy_wf": (works(completed()),),
    "se_busy_task": (task(completed()),),
    "se_busy_t2": (works(completed()),),
    "se_lost_wf": (RunScript(queued(until=START), running(until=never())),),
    "se_lost_task": (RunScript(running(until=never())),),
    "t3_data": (task(completed({"price": 12.5, "title": "Widget"})),),
}


TIMING: dict[str, Timing] = {
    "login_none_long": Timing(code_budget=60 * SECOND),  # that server was set to a minute
    "t1_totp_none_long": Timing(code_budget=60 * SECOND),
    "t1_alone_cancel": Timing(unwind=4 * SECOND),  # its model call ended so soon
    "t2_term": Timing(browser=10 * SECOND),  # it gave up before it made a plan
}
OCCUPIED = {"se_busy_wf", "se_busy_task", "se_busy_t2"}


@pytest.mark.parametrize("name", STORIES)
def test_run_lives_as_recorded(name: str):
    life = Life(name, *STORIES[name], timing=TIMING.get(name), occupied=name in OCCUPIED)
    found = list(life.go_through())
    assert not found, "\n".join([name, *found])


@pytest.mark.parametrize(
    ("name", "other", "told"),
    [
        ("wf_alone_nav", works(failed("Login wall")), "completed"),
        (
            "wf_nav_terminate",
            works(terminated("another reason", errors=[STOPPED])),
            "stub reasoning",
        ),
        ("wf_nav_terminate", works(terminated("stub reasoning")), "errors: 1 entries, here 0"),
        ("t1_alone", task(completed({"more": 1})), ".output: null"),
        ("wf_retry_every", works(completed()), "2 webhooks"),
        ("dl", works(completed()), "downloaded_files: 1 entries, here 0"),
    ],
)
def test_another_story_does_not_pass(name: str, other: RunScript, told: str):
    found = "\n".join(Life(name, other).go_through())
    assert told in found


def test_every_recorded_life_is_lived():
    assert STORIES.keys() == lives().keys()
