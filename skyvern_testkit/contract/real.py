"""The real server on this machine, from an environment of its own.

Its process is ``contracts/real_server.py``, run by an interpreter that has ``skyvern[server]``: our own environment
has not, since the server and its requirements are large and under another licence.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from typing import Any, Final

from skyvern_testkit.contractfiles import contracts_folder

__all__ = ["RealServer", "RealServerError"]

ENVIRONMENT: Final = "SKYVERN_REAL_PYTHON"
DEFAULT: Final = Path(".venv-real/bin/python")
RELEASE: Final = "1.0.56"
PATIENCE: Final = 180.0
"""Real seconds for which its start may last; usually it takes 20 to 30."""


class RealServerError(RuntimeError):
    """The real server cannot be started, or has gone."""


class _Process:
    """The process and its pipes: a line in, a line of JSON out."""

    def __init__(self, python: Path) -> None:
        command = (python, contracts_folder() / "real_server.py")
        self._popen = subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.kill = self._popen.kill

    def say(self, text: str) -> None:
        if self._popen.stdin is not None:
            self._popen.stdin.write(f"{text}\n")
            self._popen.stdin.flush()

    def line(self) -> dict[str, Any]:
        text = self._popen.stdout.readline() if self._popen.stdout is not None else ""
        if not text:
            status = self._popen.wait()
            raise RealServerError(f"the real server has ended with status {status}: see above")
        told: dict[str, Any] = json.loads(text)
        if "error" in told:
            raise RealServerError(told["error"])
        return told

    def end(self) -> None:
        with self._popen as popen:  # closes its pipes: the end of its input ends it
            if popen.stdin is not None:
                popen.stdin.close()
            try:
                popen.wait(20)
            except subprocess.TimeoutExpired:
                popen.kill()


class RealServer:
    """The server's process.

    Attributes:
        url: where it listens, on loopback.
        version: of the release.
    """

    def __init__(self, process: _Process, told: dict[str, Any]) -> None:
        self._process = process
        self.url: str = told["base_url"]
        self.version: str = told["version"]

    @classmethod
    def start(cls, python: Path | None = None) -> RealServer:
        """Start it and wait until it answers.

        Args:
            python: the interpreter; default: that of SKYVERN_REAL_PYTHON, else ``.venv-real``'s.

        Raises:
            RealServerError: there is no such interpreter, it has not the server, or the server does not start.
        """
        chosen = python or Path(os.environ.get(ENVIRONMENT) or DEFAULT)
        if not chosen.is_file():
            raise RealServerError(
                f"there is no {chosen}: the real server needs an environment of its own, such as\n"
                f"  python3 -m venv .venv-real && .venv-real/bin/pip install 'skyvern[server]=={RELEASE}'\n"
                f"or name its interpreter in {ENVIRONMENT}"
            )
        process = _Process(chosen)
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        try:
            return cls(process, process.line())
        finally:
            watch.cancel()

    def new_key(self) -> str:
        """The API key of a new organisation."""
        self._process.say("new-org")
        key: str = self._process.line()["api_key"]
        return key

    def stop(self) -> None:
        """End it; its state goes with it."""
        self._process.end()
