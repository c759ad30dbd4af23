"""The commands of docs/server.md, as they stand there."""

from __future__ import annotations

import re
import shlex
from itertools import pairwise
from pathlib import Path

import httpx

from skyvern_testkit import fake_skyvern
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.transport.server import serving

PAGE = (Path(__file__).parents[2] / "docs" / "server.md").read_text("utf-8")
WRITTEN = "http://127.0.0.1:8000"


def commands() -> list[list[str]]:
    """The words of every curl command."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    text = "\n".join(block for block in blocks if "curl" in block)
    return [shlex.split(f"curl {rest}") for rest in text.split("curl ")[1:]]


def asked(words: list[str]) -> tuple[str, str, dict[str, str], str | None]:
    """Method, URL, headers and body of a command."""
    options = dict(pairwise(words))
    (url,) = [word for word in words if word.startswith(WRITTEN)]
    body = options.get("-d")
    headers = dict(value.split(": ") for name, value in pairwise(words) if name == "-H")
    return options.get("-X", "GET" if body is None else "POST"), url, headers, body


def test_every_command_of_the_page_works():
    told = []
    with fake_skyvern(clock="manual", one_organization=False) as fake:
        with serving(fake, control=Desk(fake)) as server:
            for words in commands():
                method, url, headers, body = asked(words)
                answer = httpx.request(
                    method, url.replace(WRITTEN, server.url), headers=headers, content=body
                )
                assert answer.status_code == 200, (words, answer.text)
                told.append(url.removeprefix(WRITTEN))
        assert [rule.organization_id for rule in fake.world.rules] != [None]
    assert len(told) == PAGE.count("\ncurl ") == 22
    assert set(told) >= {
        f"/_skyvern_testkit/{name}" for name in ("fake", "faults/1", "webhook_faults/1", "journal")
    }
