"""A refused request leaves the world as it was: over everything that the real server was seen to refuse."""

from __future__ import annotations

import pytest

from skyvern_testkit.wire.http import Request, Response
from tests.recorded.evidence import groups
from tests.recorded.replay import Replay


class Watched(Replay):
    """A replay that looks at the world before and after every refusal."""

    def __init__(self, group: str) -> None:
        super().__init__(group)
        self.refused = 0
        self.changed: list[str] = []

    def _answer(self, request: Request, now: int) -> Response:
        self.fake.advance(now)
        world = self.fake.world
        before, due = world.fork(), world.due_events()
        response = super()._answer(request, now)
        if response.status < 400:
            return response
        self.refused += 1
        if world.now == now:  # an answer that took its time let others' events happen
            changed = world.diff(before)
            if changed or world.due_events() != due or world.in_flight != before.in_flight:
                self.changed.append(f"{request!r} -> {response.status}: {changed}")
        return response


@pytest.mark.parametrize("group", groups())
def test_a_refused_request_changes_nothing(group: str):
    watched = Watched(group)
    refusals = [item for item in watched.play() if item.exchange.status >= 400 and item.got]
    assert watched.changed == []
    assert watched.refused >= len(refusals)


def test_there_are_refusals_enough():
    watched = Watched("http")
    assert sum(outcome.exchange.status >= 400 for outcome in watched.play()) > 200
