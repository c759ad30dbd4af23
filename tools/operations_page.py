"""Writes docs/operations.md: what the fake serves of Skyvern's public operations, and what it does not yet."""

from __future__ import annotations

from pathlib import Path

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.wire.operations import PUBLIC

PAGE = Path(__file__).parents[1] / "docs" / "operations.md"
HEAD = """\
# Operations

Made by `python tools/operations_page.py`; a test compares it with the code.
An operation that is not served answers 501 and says so: it is never a 404 that the real server
would not give. Operations are named as the SDK's methods.

"""


def page() -> str:
    """The whole page."""
    served = endpoints()
    rows = [
        f"| `{item.name}` | `{item.method} {item.path}` | {'yes' if item.name in served else '-'} |"
        for item in PUBLIC
    ]
    count = sum(item.name in served for item in PUBLIC)
    return (
        f"{HEAD}{count} of {len(PUBLIC)} public operations are served.\n\n"
        "| operation | route | served |\n|---|---|---|\n" + "\n".join(rows) + "\n"
    )


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
