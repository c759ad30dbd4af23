"""A fake with a client, a clock and a receiver of webhooks, for tests of runs. Nothing sleeps."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit.api.call import After
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import Family
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import SECOND, seconds
from skyvern_testkit.world.events import Effect, EffectResult

HOOK = "http://127.0.0.1:9/hook"
NAVIGATION = {
    "block_type": "navigation",
    "label": "go",
    "url": "https://x.example/",
    "navigation_goal": "Go on",
}
WAIT = {"block_type": "wait", "label": "pause", "wait_sec": 9}


@dataclass
class Stage:
    """The parts of a play: ``fake``, and ``sent``, the effects that went out.

    ``answer`` is what the receiver of effects says, ``key`` the client's API key.
    """

    fake: FakeSkyvern = field(default_factory=FakeSkyvern)
    sent: list[Effect] = field(default_factory=list[Effect])
    answer: EffectResult = field(default_factory=lambda: EffectResult(status=200))
    key: str | None = None

    # --- time -----------------------------------------------------------------------------

    @property
    def now(self) -> float:
        """Virtual seconds since the world began."""
        return (self.fake.world.now - self.fake.world.epoch) / SECOND

    def wait(self, duration: float) -> None:
        """So many virtual seconds go by; what goes out meanwhile is delivered at its time."""
        end = self.fake.world.now + seconds(duration)
        while (due := self.fake.next_due()) is not None and due <= end:
            self.fake.advance(due)
            self.deliver()
        self.fake.advance(end)

    def deliver(self) -> None:
        """Take what the world sends out, and answer it."""
        while effects := self.fake.take_effects():
            for effect in effects:
                self.sent.append(effect)
                self.fake.effect_done(effect, self.answer)

    # --- requests -------------------------------------------------------------------------

    def send(self, what: str, **body: Any) -> Response:
        """The answer to ``"POST /v1/run/tasks"``; an exchange that waits for an effect gets it."""
        method, _, target = what.partition(" ")
        raw = json.dumps(body).encode() if body else b""
        headers = (
            ("x-api-key", self.key or self.fake.api_key),
            ("content-type", "application/json"),
        )
        exchange = self.fake.begin(Request.to(method, target, headers=headers, body=raw))
        while True:
            step = exchange.step(self.fake.world.now)
            if isinstance(step, Response):
                return step
            assert isinstance(step, After), step
            self.deliver()
            while step.effect_id not in self.fake.world.results:  # there will be another try
                due = self.fake.next_due()
                assert due is not None
                self.fake.advance(due)
                self.deliver()

    def ask(self, what: str, **body: Any) -> Any:
        """The JSON of an answer that is no refusal."""
        response = self.send(what, **body)
        assert response.status < 300, (response.status, response.body)
        return response.json

    # --- runs -----------------------------------------------------------------------------

    def start(self, family: Family, **wishes: Any) -> str:
        """Start a run of that family; returns its id."""
        match family:
            case Family.WORKFLOW:
                return self.workflow_run(NAVIGATION, **wishes)
            case Family.TASK_V2:
                wishes = {"engine": "skyvern-2.0", **wishes}
            case Family.TASK:
                pass
        asked = {"prompt": "p", "url": "https://x.example/", **wishes}
        return str(self.ask("POST /v1/run/tasks", **asked)["run_id"])

    def workflow(self, *blocks: dict[str, Any], title: str = "w", **settings: Any) -> str:
        """A new workflow; returns its permanent id. ``retry_policy`` belongs to its definition."""
        definition: dict[str, Any] = {"parameters": [], "blocks": list(blocks)}
        if "retry_policy" in settings:
            definition["retry_policy"] = settings.pop("retry_policy")
        asked = {"title": title, "workflow_definition": definition, **settings}
        return str(self.ask("POST /v1/agents", json_definition=asked)["workflow_permanent_id"])

    def workflow_run(
        self, *blocks: dict[str, Any], settings: dict[str, Any] | None = None, **wishes: Any
    ) -> str:
        """A run of a new workflow of these blocks; returns its id."""
        agent = self.workflow(*blocks, **(settings or {}))
        return str(self.ask("POST /v1/run/agents", agent_id=agent, **wishes)["run_id"])

    def read(self, run_id: str) -> Any:
        """What ``get_run`` answers."""
        return self.ask(f"GET /v1/runs/{run_id}")

    def status(self, run_id: str) -> str:
        """The status that a client reads."""
        return str(self.read(run_id)["status"])

    def cancel(self, run_id: str) -> Response:
        """The answer to a cancel."""
        return self.send(f"POST /v1/runs/{run_id}/cancel")

    def timeline(self, run_id: str) -> Any:
        """What ``get_run_timeline`` answers."""
        return self.ask(f"GET /v1/runs/{run_id}/timeline")

    def session(self) -> str:
        """A new browser session; returns its id."""
        return str(self.ask("POST /v1/browser_sessions", timeout=60)["browser_session_id"])
