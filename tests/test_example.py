"""The example project's tests, as its own user runs them; `make demo` runs them against the wheel."""

import shutil
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[1] / "examples" / "invoice_portal"


def test_the_example_project_is_green(tmp_path: Path):
    project = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    done = subprocess.run(
        (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_imports_the_kit_only_in_its_tests():
    users = [
        path.name
        for path in (EXAMPLE / "invoice_portal").rglob("*.py")
        if "skyvern_testkit" in path.read_text("utf-8")
    ]
    assert users == []
