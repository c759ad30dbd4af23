"""What must be there before a method is called: made by plain HTTP, in spellings that every release knows."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx

__all__ = ["BEGAN", "DEFINITION", "SCRIPT_FILES", "Needs", "Stage", "resolve"]

BEGAN: Final = datetime(2026, 1, 1, tzinfo=UTC)
"""When the worlds begin."""

DEFINITION: Final = {
    "title": "Matrix",
    "workflow_definition": {
        "parameters": [
            {"parameter_type": "workflow", "key": "who", "workflow_parameter_type": "string",
             "default_value": "nobody"},
        ],
        "blocks": [
            {"block_type": "wait", "label": "wait", "wait_sec": 1},
            {"block_type": "navigation", "label": "go", "navigation_goal": "go there",
             "url": "https://example.com", "parameter_keys": ["who"]},
        ],
    },
}  # fmt: skip
SCRIPT_FILES: Final = [{"path": "main.py", "content": "cGFzcwo=", "encoding": "base64"}]


@dataclass(frozen=True, slots=True)
class Needs:
    """Stands among arguments for the id of something that is made first."""

    what: str


class Stage:
    """Things that one call needs, each made when it is first asked for.

    Args:
        http: a client of the fake, with the key of the organisation that calls.

    Attributes:
        number: for names that may stand only once.
    """

    _numbers = count(1)

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        self._made: dict[str, Any] = {}
        self.number = next(self._numbers)

    def __getitem__(self, what: str) -> Any:
        if what not in self._made:
            self._made[what] = MAKERS[what](self)
        return self._made[what]

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Ask the fake.

        Raises:
            LookupError: it refuses.
        """
        response = self._http.request(method, path, json=body or None)
        if response.is_error:
            raise LookupError(f"{method} {path}: {response.status_code} {response.text}")
        return response.json() if response.content else None

    def pass_time(self, seconds: float) -> None:
        """Move the served clock."""
        self.ask("POST", "/_skyvern_testkit/clock", advance=seconds)


def _of(field: str, path: str, **body: Any) -> Callable[[Stage], str]:
    def make(stage: Stage) -> str:
        return str(stage.ask("POST", path, **body)[field])

    return make


def _finished(make: Callable[[Stage], str]) -> Callable[[Stage], str]:
    def run(stage: Stage) -> str:
        made = make(stage)
        stage.pass_time(3600)
        return made

    return run


def _workflow_run(stage: Stage) -> str:
    started = stage.ask(
        "POST",
        "/v1/run/workflows",
        workflow_id=stage["workflow"],
        webhook_url="https://example.com/hook",
    )
    return str(started["run_id"])


def _artifact(stage: Stage) -> str:
    task = {"prompt": "p", "url": "https://example.com", "engine": "skyvern-1.0"}
    run_id = stage.ask("POST", "/v1/run/tasks", **task)["run_id"]
    stage.pass_time(3600)
    found = stage.ask("GET", f"/v1/runs/{run_id}/artifacts")
    return str(found[0]["artifact_id"])


def _schedule(**when: Any) -> Callable[[Stage], str]:
    def make(stage: Stage) -> str:
        path = f"/api/v1/workflows/{stage['workflow']}/schedules"
        made = stage.ask("POST", path, timezone="UTC", **when)
        return str(made["schedule"]["workflow_schedule_id"])

    return make


def _tagged(kind: str, path: str) -> Callable[[Stage], str]:
    def make(stage: Stage) -> str:
        tagged = str(stage[kind])
        tags = [{"key": "team", "value": "blue"}]
        stage.ask("POST", path.format(tagged), tags=tags)
        return tagged

    return make


def _custom_llm(stage: Stage) -> str:
    config = {"display_name": "Ours", "provider": "ollama", "model_name": "m"}
    return str(stage.ask("POST", "/v1/custom-llms", config=config)["custom_llm"]["id"])


def _profile(stage: Stage) -> str:
    made = stage.ask("POST", "/v1/browser_profiles", name=f"Profile {stage.number}")
    return str(made["browser_profile_id"])


_task = _of(
    "run_id",
    "/v1/run/tasks",
    prompt="p",
    url="https://example.com",
    webhook_url="https://example.com/hook",
)
_later = (BEGAN + timedelta(days=365)).isoformat()

MAKERS: Final[Mapping[str, Callable[[Stage], Any]]] = {
    "workflow": _of("workflow_permanent_id", "/v1/workflows", json_definition=DEFINITION),
    "running task": _task,
    "task": _finished(_task),
    "workflow run": _finished(_workflow_run),
    "session": _of("browser_session_id", "/v1/browser_sessions", timeout=60),
    "profile": _profile,
    "credential": _of(
        "credential_id",
        "/v1/credentials",
        name="Login",
        credential_type="password",
        credential={"username": "u", "password": "p"},
    ),
    "folder": _of("folder_id", "/v1/folders", title="Folder"),
    "artifact": _artifact,
    "script": _of("script_id", "/v1/scripts", files=SCRIPT_FILES),
    "schedule": _schedule(cron_expression="0 9 * * *"),
    "one-time schedule": _schedule(run_at=_later),
    "tagged workflow": _tagged("workflow", "/api/v1/workflows/{}/tags"),
    "tagged run": _tagged("workflow run", "/v1/runs/{}/tags"),
    "tag key": lambda stage: (stage["tagged workflow"], "team")[1],
    "custom llm": _custom_llm,
}


def resolve(value: Any, stage: Stage) -> Any:
    """Arguments with ids in the place of what they need."""
    match value:
        case Needs(what):
            return stage[what]
        case dict():
            return {name: resolve(item, stage) for name, item in value.items()}
        case list():
            return [resolve(item, stage) for item in value]
        case _:
            return value
