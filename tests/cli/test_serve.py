"""`skyvern-testkit serve`, as another process sees it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

KIT = [sys.executable, "-m", "skyvern_testkit"]


@dataclass
class Served:
    process: subprocess.Popen[str]
    ready: dict[str, Any]

    def ask(self, method: str, path: str, body: Any = None, key: str = "any-key") -> Any:
        """As curl would: a URL and a key are all that is known."""
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.ready["url"] + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"x-api-key": key, "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return json.load(answer)

    def follow(self, run_id: str) -> Any:
        """The run, once it is completed."""
        seen: list[str] = []
        while len(seen) < 200:
            run = self.ask("GET", f"/v1/runs/{run_id}")
            if run["status"] == "completed":
                return run
            seen.append(run["status"])
        raise TimeoutError(f"it was {seen}")

    def stop(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, errors = self.process.communicate(timeout=20)
        return self.process.returncode, errors


@contextlib.contextmanager
def serve(*options: str, cwd: Path | None = None) -> Generator[Served]:
    process = subprocess.Popen(
        [*KIT, "serve", "--port", "0", "--ready-file", "-", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            pytest.fail(f"it never was ready: {process.communicate()[1]}")
        yield Served(process, json.loads(line))
    finally:
        process.kill()
        process.communicate()


def refused(*options: str) -> tuple[int, str]:
    done = subprocess.run([*KIT, *options], check=False, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def test_create_poll_complete_with_a_url_and_a_key():
    with serve() as served:
        run = served.ask("POST", "/v1/run/tasks", {"prompt": "x", "url": "https://a.example"})
        assert run["status"] == "created"
        final = served.follow(run["run_id"])
        assert final["finished_at"] is not None
        assert served.stop(signal.SIGTERM)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(number):
    with serve() as served:
        status, errors = served.stop(number)
    assert status == 0
    assert "Traceback" not in errors
    assert "Ctrl-C" in errors


def test_the_line_when_it_is_ready(tmp_path):
    with serve("--seed", "7", "--clock", "polls") as served:
        ready = served.ready
        assert ready["url"] == f"http://127.0.0.1:{ready['port']}"
        assert ready["pid"] == served.process.pid
        assert (ready["seed"], ready["clock"]) == (7, "polls")


def test_a_ready_file_is_written_whole(tmp_path):
    where = tmp_path / "ready.json"
    process = subprocess.Popen(
        [*KIT, "serve", "--port", "0", "--ready-file", str(where)], stderr=subprocess.PIPE
    )
    try:
        while not where.exists():
            assert process.poll() is None
        assert json.loads(where.read_text())["pid"] == process.pid
        assert [path.name for path in tmp_path.iterdir()] == ["ready.json"]
        process.terminate()
        assert process.wait(20) == 0
        assert not list(tmp_path.iterdir())  # nobody is to find a server that is not there
    finally:
        process.kill()
        process.communicate()


def test_a_life_and_looks():
    with serve("--life", "30", "--clock", "polls") as served:
        run = served.ask("POST", "/v1/run/tasks", {"prompt": "x", "url": "https://a.example"})
        seen = [served.ask("GET", f"/v1/runs/{run['run_id']}")["status"] for _ in range(6)]
    assert list(dict.fromkeys(seen))[-2:] == ["running", "completed"]


def test_each_key_has_an_organisation_of_its_own_and_finds_the_fake():
    with serve("--fake", "invoice_portal") as served:
        lists = [served.ask("GET", "/v1/workflows", key=key) for key in ("one", "two")]
        assert lists[0]
        assert [row["title"] for row in lists[0]] == [row["title"] for row in lists[1]]
        served.ask("POST", "/v1/browser_sessions", {}, key="one")
        before = len(served.ask("GET", "/v1/browser_sessions", key="two"))
        assert len(served.ask("GET", "/v1/browser_sessions", key="one")) == before + 1


def test_given_keys_and_no_other():
    with serve("--api-key", "first", "--api-key", "second") as served:
        assert served.ask("GET", "/v1/browser_sessions", key="second") == []
        for other in ("third", "skyvern-testkit-key"):
            with pytest.raises(urllib.request.HTTPError, match="403"):
                served.ask("GET", "/v1/browser_sessions", key=other)


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (["serve", "--fake", "invoice_portel"], 1, "Did you mean `invoice_portal`?"),
        (["serve", "--port", "70000"], 2, "a port is a number from 0 to 65535, not '70000'"),
        (["serve", "--life", "-1"], 2, "seconds are a number that is not negative, not '-1'"),
        (["serve", "--clock", "sundial"], 2, "'sundial'"),
        (["serve", "--port", "0", "--api-key", " spaced "], 1, "a key is a text without"),
        (["serve", "--port", "0", "--ready-file", "/nowhere/at/all"], 1, "cannot write"),
        (["sreve"], 2, "invalid choice"),
        ([], 2, ""),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(options, status, said):
    got, errors = refused(*options)
    assert got == status
    assert said in errors
    assert "Traceback" not in errors


def test_a_port_that_is_taken():
    with serve() as served:
        status, errors = refused("serve", "--port", str(served.ready["port"]))
    assert status == 1
    assert f"cannot listen on port {served.ready['port']}" in errors
    assert "--port 0" in errors


def test_a_fake_of_ones_own(tmp_path):
    (tmp_path / "fakes").mkdir()
    (tmp_path / "fakes" / "mine.yaml").write_text(
        "format: 1\nruns:\n- on: {prompt: '*total*'}\n  play: {completed: {output: {total: 12}}}\n"
    )
    with serve("--fake", "mine", cwd=tmp_path) as served:
        body = {"prompt": "the total", "url": "https://a.example"}
        run = served.ask("POST", "/v1/run/tasks", body)
        final = served.follow(run["run_id"])
    assert final["output"] == {"total": 12}


def test_help_says_what_each_command_is_for():
    done = subprocess.run([*KIT, "--help"], check=True, capture_output=True, text=True, timeout=60)
    assert "serve a fake Skyvern" in done.stdout


def test_nothing_heavy_is_imported_for_help():
    code = (
        "import sys; from skyvern_testkit.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('aiohttp', 'httpx', 'pydantic', 'hypothesis') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "COVERAGE_PROCESS_START": ""},
    )
    assert done.stdout.splitlines()[-1] == "[]"
