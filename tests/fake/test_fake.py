"""The public face: what it refuses, and what it tells."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import STANDSTILL, FakeSkyvern, TooManyRequests
from skyvern_testkit.script import RunScript, completed, failed, queued, running, signal
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.times import SECOND

VERSION = Request.to("GET", "/v1/version")


@pytest.mark.parametrize(
    "steps", [(running(8), failed("Login wall")), (queued(2), running(8), completed())]
)
def test_the_steps_of_one_run_given_as_several_scripts_are_refused(steps: tuple):
    with pytest.raises(TypeError, match=r"one script: play\(RunScript\("):
        FakeSkyvern().on(prompt="*").play(*steps)


def test_endings_in_sequence_and_whole_scripts_are_taken():
    fake = FakeSkyvern()
    fake.on(prompt="*").play(failed("Login wall"), RunScript(running(8), completed()))
    fake.on(prompt="*").play(running(8))
    assert len(fake.world.rules) == 2


def test_a_signal_that_nobody_waits_for_is_told_with_those_that_runs_wait_for():
    fake = FakeSkyvern()
    fake.on(prompt="*").play(RunScript(running(until=signal("go")), completed()))
    fake.handle(
        Request.to(
            "POST",
            "/v1/run/tasks",
            headers=(("x-api-key", "k"), ("content-type", "application/json")),
            body=b'{"prompt":"p","url":"https://example.com"}',
        )
    )
    fake.advance(fake.world.now + 5 * SECOND)
    assert fake.signal("goo") == 0
    assert [(item.kind, item.text) for item in fake.world.advice] == [
        ("signal_unheard", "signal 'goo' reached no run (runs wait for: 'go')")
    ]
    assert fake.signal("go") == 1


def test_a_loop_that_polls_without_sleeping_is_ended_with_the_cause():
    fake = FakeSkyvern()
    for _ in range(STANDSTILL):
        fake.handle(VERSION)
    with pytest.raises(TooManyRequests, match=r"virtual time stood still at 0 s.*does not sleep"):
        fake.handle(VERSION)


def test_polls_between_which_time_passes_are_no_standstill():
    fake = FakeSkyvern()
    for second in range(STANDSTILL + 1):
        fake.handle(VERSION, now=fake.world.epoch + second * SECOND)
    assert fake.journal.total == STANDSTILL + 1


def test_the_fuse_shows_the_last_requests():
    fake = FakeSkyvern(max_requests=3)
    for _ in range(3):
        fake.handle(VERSION)
    with pytest.raises(TooManyRequests, match=r"3 requests in one world(.|\n)*get_version"):
        fake.handle(VERSION)
