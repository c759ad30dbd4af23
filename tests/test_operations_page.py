"""docs/operations.md says what the code does."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_page_of_operations_is_up_to_date():
    made = runpy.run_path(str(ROOT / "tools" / "operations_page.py"))
    assert made["PAGE"].read_text("utf-8") == made["page"](), "run: python tools/operations_page.py"
