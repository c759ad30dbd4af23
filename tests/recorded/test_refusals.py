"""A refused request leaves the world as it was: over everything that the real server was seen to refuse."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Request, Response
from tests.recorded.evidence import groups
from tests.recorded.replay import Replay, Send, in_memory

MADE_AND_NOT_TOLD = {
    ("POST", "schedules", 500),
    ("POST", "scripts", 500),
    ("POST", "deploy", 500),
    ("POST", "agents", 500),
}
"""What may be there all the same. A schedule is made, and then its next runs cannot be written down
(recorded ``schedules_poison.years``, ``schedules_poison.half``); a version of a script is made, and
then the names of its files cannot be kept (``mutations.deploy_path``); a workflow is made, and its
definition cannot be written (``mutations.url_surrogate``)."""


class Watch:
    """Looks at the world before and after every refusal."""

    def __init__(self) -> None:
        self.refused = 0
        self.changed: list[str] = []

    def connect(self, fake: FakeSkyvern) -> Send:
        send = in_memory(fake)

        def watched(request: Request, now: int) -> Response:
            fake.advance(now)
            world = fake.world
            before, due = world.fork(), world.due_events()
            response = send(request, now)
            if response.status < 400:
                return response
            self.refused += 1
            if world.now == now:  # an answer that took its time let others' events happen
                changed = world.diff(before)
                last = request.path.rstrip("/").rpartition("/")[2]
                if (request.method, last, response.status) in MADE_AND_NOT_TOLD:
                    return response
                if changed or world.due_events() != due or world.in_flight != before.in_flight:
                    self.changed.append(f"{request!r} -> {response.status}: {changed}")
            return response

        return watched


@pytest.mark.parametrize("group", groups())
def test_a_refused_request_changes_nothing(group: str):
    watch = Watch()
    played = Replay(group, watch.connect).play()
    refusals = [item for item in played if item.exchange.status >= 400 and item.got]
    assert watch.changed == []
    assert watch.refused >= len(refusals)


def test_there_are_refusals_enough():
    played = Replay("http").play()
    assert sum(outcome.exchange.status >= 400 for outcome in played) > 200
