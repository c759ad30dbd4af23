"""The example project's tests against a fake in another process."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.control.test_remote import serve

EXAMPLE = Path(__file__).parents[2] / "examples" / "invoice_portal"
REASON = re.compile(r"cannot be sent to a fake in another|not to be had of a fake in another")


def test_the_example_project_is_green_there_too(tmp_path: Path):
    project = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, project, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    with serve("--clock", "virtual") as url:
        command = (sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider")
        done = subprocess.run(
            (*command, f"--skyvern-target={url}"),
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {what: int(n) for n, what in re.findall(r"(\d+) (passed|skipped)", done.stdout)}
    assert counts["passed"] >= 65
    skips = [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
    assert [line for line in skips if not REASON.search(line)] == []
    assert counts["skipped"] <= 10


SUITE = """
import pytest

def test_server(skyvern_server):
    pass

@pytest.mark.skyvern(dialect="1.0.24")
def test_dialect(skyvern_fake):
    pass

@pytest.mark.skyvern(clock="manual")
def test_clock(skyvern_fake):
    pass

def test_webhooks(skyvern_webhooks):
    pass

@pytest.mark.skyvern(fake="mine", strict=True)
def test_own_fake(skyvern_sync_client, skyvern_fake):
    run = skyvern_sync_client.run_task(prompt="x", url="https://a.example")
    import time
    time.sleep(60)
    assert skyvern_sync_client.get_run(run.run_id).output == {"n": 3}

@pytest.mark.skyvern(strict=True)
def test_unused(skyvern_faults):
    skyvern_faults.on("get_run").answer(503)
"""


def test_what_a_suite_asks_of_the_server_alone_is_skipped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(SUITE)
    pytester.mkdir("fakes").joinpath("mine.yaml").write_text(
        "format: 1\nruns: [{play: {completed: {output: {n: 3}}}}]\n"
    )
    with serve("--clock", "virtual") as url:
        done = pytester.runpytest_subprocess("-rs", f"--skyvern-target={url}")
    done.assert_outcomes(passed=1, skipped=4, failed=1)
    for reason in (
        "skyvern_server puts a fake of this process behind a socket",
        "dialect= is a setting of the server, which runs already",
        "clock= is for a fake of this process",
        "webhook receivers are functions of this process",
    ):
        done.stdout.fnmatch_lines([f"SKIPPED*{reason}*"])
    done.stdout.fnmatch_lines(["*StrictFailure*", "*faults.on('get_run', nth=1): answer 503*"])
