"""Every line of what is known has its cases or its reason, every case its line, and the page says so."""

import runpy
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).parents[2]
TOOL = SimpleNamespace(**runpy.run_path(str(ROOT / "tools" / "checklist_page.py")))


def test_lines_and_cases_fit_together() -> None:
    assert list(TOOL.faults()) == []


def test_the_page_of_the_checklist_is_up_to_date() -> None:
    assert TOOL.PAGE.read_text("utf-8") == TOOL.page(), "run: python tools/checklist_page.py"


def test_every_section_has_its_number_and_lines() -> None:
    named = [section.name for section in TOOL.sections()]
    assert [name for name in named if name.startswith("resources")] == [
        f"resources {number}" for number in range(1, 15)
    ]
    assert all(section.lines for section in TOOL.sections())
