import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from skyvern_testkit.cli import main
from skyvern_testkit.cli.verify import environment
from skyvern_testkit.contractfiles import contracts_folder

CASE = """
from skyvern_testkit.contract import case

@case("demo.good", fact="none")
def test_good(skyvern):
    skyvern.call("get_browser_sessions").ok()

@case("demo.bad", fact="none")
def test_bad(skyvern):
    skyvern.call("get_browser_sessions").ok(201)

@case("demo.raw", fact="none", raw_only="because")
def test_raw(skyvern):
    skyvern.send("GET", "/v1/browser_sessions").ok()

@case("demo.scripted", fact="none", ours_only="no browser there")
def test_scripted(skyvern):
    assert skyvern.fake.api_key

@case("demo.alone", fact="none", alone=True)
def test_alone(skyvern):
    assert skyvern.call("get_browser_sessions").ok() == []
"""


def verdicts(report: Path) -> dict[str, dict[str, str]]:
    cases = json.loads(report.read_text("utf-8"))["cases"]
    return {
        name: {driver: row["verdict"] for driver, row in drivers.items()}
        for name, drivers in cases.items()
    }


@pytest.fixture
def demo(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(test_demo=CASE)
    return pytester


def run_cases(pytester: pytest.Pytester, *options: str) -> pytest.RunResult:
    plugin = "skyvern_testkit.contract.plugin"
    return pytester.runpytest_subprocess("-p", plugin, "--contract-report=r.json", *options)


def test_each_case_is_run_by_each_driver_and_written_down(demo: pytest.Pytester) -> None:
    run_cases(demo).assert_outcomes(passed=7, failed=2, deselected=1)
    assert verdicts(demo.path / "r.json") == {
        "demo.good": {"raw": "proven", "sdk": "proven"},
        "demo.bad": {"raw": "disproved", "sdk": "disproved"},
        "demo.raw": {"raw": "proven", "sdk": "not run"},
        "demo.scripted": {"raw": "proven", "sdk": "proven"},
        "demo.alone": {"raw": "proven", "sdk": "proven"},
    }


def test_date_is_real_though_the_world_lives_in_another_time(demo: pytest.Pytester) -> None:
    run_cases(demo, "-k", "demo.good")
    row = json.loads((demo.path / "r.json").read_text("utf-8"))["cases"]["demo.good"]["raw"]
    assert row["date"] != "2026-01-01"
    assert row["server"].startswith("skyvern-testkit ")


def test_what_a_real_server_cannot_be_asked_is_not_run_with_its_reason(
    demo: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYVERN_API_KEY", "key")
    run_cases(demo, "--contract-target=http://127.0.0.1:9", "-k", "scripted or alone")
    cases = json.loads((demo.path / "r.json").read_text("utf-8"))["cases"]
    assert cases["demo.scripted"]["raw"] == {
        "verdict": "not run",
        "reason": "not on a real server: no browser there",
    }
    assert cases["demo.alone"]["raw"]["reason"] == "the organisation may hold other things"


def test_two_cases_of_one_name_are_refused(demo: pytest.Pytester) -> None:
    demo.makepyfile(test_other=CASE)
    done = run_cases(demo)
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stderr.fnmatch_lines(["*one name, one case*", "*demo.good: *"])


def test_missing_real_server_ends_the_run_with_a_sentence(demo: pytest.Pytester) -> None:
    done = run_cases(demo, "--contract-target=real", "--contract-python=nowhere/python")
    assert done.ret == pytest.ExitCode.USAGE_ERROR
    done.stdout.fnmatch_lines(["*there is no nowhere/python: the real server needs an env*"])
    assert "demo.good" not in verdicts(demo.path / "r.json")


# --- the command ---------------------------------------------------------------------------------


def verify(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-m", "skyvern_testkit", "verify", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def hostile(folder: Path) -> Path:
    """A repository that does what it can to get into a pytest run."""
    (folder / "conftest.py").write_text("raise SystemExit('the conftest was read')\n", "utf-8")
    for name in ("skyvern.py", "json.py", "test_shadow.py"):
        (folder / name).write_text("raise SystemExit('a module was read')\n", "utf-8")
    (folder / "pytest.ini").write_text(
        "[pytest]\naddopts = --no-such-option\npython_functions = nothing_*\n", "utf-8"
    )
    return folder


def test_runs_inside_a_hostile_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        monkeypatch.setenv(name, "--no-such-option")
    folder = hostile(tmp_path)
    before = sorted(path for path in contracts_folder().rglob("*") if "__pycache__" in path.parts)
    found = sorted(folder.iterdir())
    done = verify("-k", "sessions.close", "--report", "r.json", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(folder / "r.json") == {
        "sessions.close": {"raw": "proven", "sdk": "proven"},
        "sessions.close.idempotent": {"raw": "proven", "sdk": "proven"},
    }
    assert "sessions          4          0          0" in done.stdout
    assert sorted(folder.iterdir()) == sorted([*found, folder / "r.json"])
    after = sorted(path for path in contracts_folder().rglob("*") if "__pycache__" in path.parts)
    assert after == before


def test_environment_holds_nothing_that_configures_pytest() -> None:
    around = {"PATH": "x", "PYTEST_ADDOPTS": "-x", "PYTEST_PLUGINS": "p"}
    assert environment(around, "secret") == {
        "PATH": "x",
        "SKYVERN_API_KEY": "secret",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    }


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (["--target", "reel"], "'reel' is no target: fake, socket, real or a URL"),
        (["--target", "https://x.example"], "needs an API key: set SKYVERN_API_KEY"),
        (["--drivers", "raw,curl"], "'curl' is no driver: raw, sdk"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    typed: list[str],
    sentence: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SKYVERN_API_KEY", raising=False)
    assert main(["verify", *typed]) == 1
    assert sentence in capsys.readouterr().err


def test_no_matching_case_is_a_failure(tmp_path: Path) -> None:
    done = verify("-k", "no_such_case", cwd=tmp_path)
    assert done.returncode == 1
    assert "no case was run" in done.stderr


def test_api_key_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def run(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        seen.append(command)
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    main(["verify", "--target", "https://x.example", "--api-key", "s3cret"])
    assert len(seen) == 1
    assert "s3cret" not in " ".join(map(str, seen[0]))
    assert os.environ.get("SKYVERN_API_KEY") != "s3cret"
