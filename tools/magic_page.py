"""Writes docs/magic.md from the table of magic inputs: ``python tools/magic_page.py``."""

from __future__ import annotations

from pathlib import Path

from skyvern_testkit.world.magic import DOMAIN, SPELLS

PAGE = Path(__file__).parent.parent / "docs" / "magic.md"

HEAD = f"""\
# Magic inputs

A client in any language, without a control channel, can say inside its own request what the run is to do:

| where | written so |
|---|---|
| a prompt, a title, a text parameter | `[testkit: failed "Login wall" code=WALL after=30]` |
| the page, `url` | `https://failed.{DOMAIN}/?reason=Login+wall&code=WALL&after=30` |
| `totp_identifier` | `failed@{DOMAIN}` (no arguments) |

The domain is reserved by RFC 2606, so no request means it by accident. In a host name `-` stands for `_`. The first
argument may be said without
its name; `after` is virtual seconds of work before the end. A rule of the test wins over magic, and what is no row
of this table, or takes another
argument, is answered 400 with the nearest row. `serve --no-magic` and `fake_skyvern(magic=False)` hear nothing; the
real server never does.

```sh
curl -H 'x-api-key: k' -H 'content-type: application/json' http://127.0.0.1:8000/v1/run/tasks \\
  -d '{{"prompt": "Fetch [testkit: terminated Region]", "url": "https://example.com"}}'
```

| name | the run | arguments |
|---|---|---|
"""

TAIL = """
`error_code`s show only if the request's own `error_code_mapping` has them, as ever. Connections that break, and
answers that never come, are below
HTTP: plan them at the [desk](server.md).
"""


def page() -> str:
    """The page's text."""
    rows = (
        f"| `{name}` | {spell.does} | {', '.join(f'`{it}`' for it in spell.takes)} |\n"
        for name, spell in SPELLS.items()
    )
    return HEAD + "".join(rows) + TAIL


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
