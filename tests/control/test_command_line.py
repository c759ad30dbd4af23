"""Skyvern's own command line against a served fake: what the light package can do without a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("skyvern", reason="the command line comes with the SDK")


def skyvern(url: str, home: Path, *words: str) -> tuple[int, dict[str, object]]:
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "skyvern", "credentials", *words, "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=home,
        env={
            **kept,
            "HOME": str(home),
            "USERPROFILE": str(home),
            "SKYVERN_BASE_URL": url,
            "SKYVERN_API_KEY": "any-key",
            "SKYVERN_TELEMETRY": "false",
        },
        timeout=120,
        check=False,
    )
    assert done.stdout.strip(), done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_credential_is_made_read_and_deleted(skyvern_server, tmp_path):
    code, made = skyvern(
        skyvern_server.url,
        tmp_path,
        *("add", "--name", "n", "--type", "password", "--username", "u", "--password", "p"),
    )
    assert (code, made["ok"]) == (0, True)
    data = made["data"]
    assert isinstance(data, dict)
    code, listed = skyvern(skyvern_server.url, tmp_path, "list")
    assert code == 0
    assert data["credential_id"] in json.dumps(listed)
    code, deleted = skyvern(
        skyvern_server.url, tmp_path, "delete", str(data["credential_id"]), "--yes"
    )
    assert (code, deleted["ok"]) == (0, True)
