"""Writes docs/advice.md from the table of advice: ``python tools/advice_page.py``."""

from __future__ import annotations

from pathlib import Path

from skyvern_testkit.world.advice import KINDS, UNSEEN

PAGE = Path(__file__).parent.parent / "docs" / "advice.md"

HEAD = """\
# Advice

The real server accepts many things in silence that cost people days. The kit tells the
test: each is a `SkyvernAdvice`, a Python warning at the end of the test with the fact behind it; it
stands in the report of a failing test, and at a served fake under `GET /_skyvern_testkit/advice`.

* `strict=True` (mark, option, `fake_skyvern(strict=True)`) makes each a failure.
* `fake.advice` is the list of what has been told so far.
* What you know already: `filterwarnings = ["ignore::skyvern_testkit.SkyvernAdvice"]` in pytest's settings, or with
  a text: `"ignore:download_empty:skyvern_testkit.SkyvernAdvice"`.

| advice | what the real server does | what to do | from |
|---|---|---|---|
"""

TAIL = """
## What cannot be seen

"""


def page() -> str:
    """The page's text."""
    rows = "".join(
        f"| `{name}` | {kind.fact} | {kind.instead} | {kind.source} |\n"
        for name, kind in KINDS.items()
    )
    unseen = "".join(f"* {what}: {why}\n" for what, why in UNSEEN.items())
    return HEAD + rows + TAIL + unseen


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
