"""What importing costs a suite that uses nothing of ours, and one that does."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.pairs import Comparison, compare


def _python(code: str) -> None:
    subprocess.run([sys.executable, "-c", code], check=True)


def run() -> list[Comparison]:
    pytest_alone = "import pytest"
    with_plugin = "import pytest, skyvern_testkit.pytest_plugin"
    httpx_pydantic = "import httpx, pydantic, asyncio; pydantic.create_model('M', a=(int, 1))(a=1)"
    first_fixture = (
        "from skyvern_testkit import fake_skyvern\n"
        "with fake_skyvern() as fake: fake.http().get('/v1/version')"
    )
    return [
        compare(
            "pytest with our plugin, nothing of it used",
            "pytest alone",
            lambda: _python(with_plugin),
            lambda: _python(pytest_alone),
            pairs=9,
        ),
        compare(
            "the first fixture and its first call",
            "import httpx, pydantic, asyncio",
            lambda: _python(first_fixture),
            lambda: _python(httpx_pydantic),
            pairs=9,
        ),
    ]
