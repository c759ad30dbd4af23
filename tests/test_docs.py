"""Every example of the README and of docs/ is run as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEST = re.compile(r"^ *(?:async )?def (test_\w+)", re.MULTILINE)
PAGES = [
    page
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
    if BLOCK.search(page.read_text("utf-8"))
]


def test_there_are_examples():
    assert any(page.name == "README.md" for page in PAGES)
    assert any(page.parent.name == "docs" for page in PAGES)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run(page: Path, pytester: pytest.Pytester):
    blocks = BLOCK.findall(page.read_text("utf-8"))
    source = "\n\n".join(blocks)
    names = TEST.findall(source)
    assert len(names) == len(set(names)), "two examples of a page have the same name"
    pytester.makepyfile(source)
    result = pytester.runpytest_subprocess(
        "-o", "asyncio_mode=auto", "-p", "no:cacheprovider", "-p", "no:randomly", "-q"
    )
    assert result.ret == (0 if names else 5), result.stdout.str()
    if names:
        result.assert_outcomes(passed=len(names))
