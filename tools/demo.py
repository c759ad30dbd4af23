"""Show the kit at work: the example project, as a user would have it, in a fresh environment.

    python tools/demo.py

Builds the wheel of this checkout, installs it with the real SDK beside pytest in a new virtual
environment, copies examples/invoice_portal there, runs its tests and tells what happened: in memory, over a
socket, and against `skyvern-testkit serve` in another process. Nothing of
the checkout can be imported by them. Needs `build` and `hatchling` (extra `dev`); ``make demo`` sees
to that. The exit status is 1 if anything fails.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "invoice_portal"
LEFT_BEHIND = shutil.ignore_patterns("__pycache__", ".*", "*.egg-info")


class Stop(SystemExit):
    """The demo cannot go on; its message says why and what to do."""


def run(*command: str | Path, cwd: Path, advice: str) -> None:
    """Run a command; if it fails, end the demo with all that it said and with advice."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        shown = " ".join(map(str, command))
        raise Stop(f"{done.stdout}\nFAILED (exit {done.returncode}): {shown}\n{advice}")


def own_environment() -> dict[str, str]:
    """The caller's environment without what would let the checkout, or other options, shine through."""
    foreign = ("PYTHONPATH", "PYTHONHOME", "PYTEST_ADDOPTS", "PYTEST_PLUGINS", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if name not in foreign}


def step(text: str) -> None:
    """Say what comes next, before it takes its time."""
    print(f"* {text}", flush=True)


def build_wheel(into: Path) -> Path:
    """A wheel of this checkout."""
    missing = [name for name in ("build", "hatchling") if find_spec(name) is None]
    if missing:
        raise Stop(
            f"{sys.executable} has no {' and no '.join(missing)}: use `make demo`, or first "
            f"{sys.executable} -m pip install {' '.join(missing)}"
        )
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", into, ROOT),
        cwd=ROOT,
        advice="The wheel cannot be built; `make wheel` looks at it more closely.",
    )
    (wheel,) = into.glob("*.whl")
    return wheel


def fresh_environment(folder: Path, wheel: Path) -> Path:
    """The Python of a new environment that holds the wheel, the SDK, pytest and pytest-asyncio."""
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    run(
        *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
        *(f"{wheel}[sdk]", "pytest", "pytest-asyncio"),
        cwd=folder,
        advice="The packages cannot be installed: is the network there, and pip set up for it?",
    )
    return python


def run_tests(python: Path, project: Path, summary: Path, *options: str) -> tuple[int, str]:
    """The exit status of the project's tests, and what pytest said."""
    done = subprocess.run(
        (
            *(python, "-m", "pytest", "-p", "no:cacheprovider", "-rs"),
            *(f"--skyvern-summary={summary}", *options),
        ),
        cwd=project,
        env={**own_environment(), "SKYVERN_API_KEY": "any-key"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout


@contextlib.contextmanager
def served(python: Path, folder: Path) -> Iterator[str]:
    """The address of a fake Skyvern in a process of its own."""
    process = subprocess.Popen(
        (
            *(python, "-m", "skyvern_testkit", "serve", "--port", "0", "--clock", "virtual"),
            *("--ready-file", "-"),
        ),
        cwd=folder,
        env=own_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            raise Stop(f"FAILED: serve ended with status {process.wait()} before it was ready.")
        yield json.loads(line)["url"]
    finally:
        process.terminate()
        status = process.wait()
    if status:
        raise Stop(f"FAILED: serve ended with status {status}.")


# --- telling ----------------------------------------------------------------------------------------


def table(tests: list[dict[str, Any]]) -> str:
    """One line a test: outcome, name, requests, virtual and real time; under the name of each file."""
    labels = [f"{test['outcome']}  {sentence(test['nodeid'])}" for test in tests]
    width = max(map(len, labels), default=0) + 4
    lines: list[str] = []
    shown = None
    for test, label in zip(tests, labels, strict=True):
        file = test["nodeid"].partition("::")[0]
        if file != shown:
            lines += ["", f"{file:<{width}}{'requests':>8}{'virtual':>14}{'real':>10}"]
            shown = file
        virtual, real = duration(test["virtual_seconds"]), f"{test['real_seconds']:.2f} s"
        lines.append(f"  {label:<{width - 2}}{test['requests']:>8}{virtual:>14}{real:>10}")
    return "\n".join(lines)


def sentence(nodeid: str) -> str:
    """A test's name as words: ``test_login.py::test_it_is_late[sms]`` is ``it is late [sms]``."""
    words, bracket, case = nodeid.rpartition("::")[2].partition("[")
    return words.removeprefix("test_").replace("_", " ") + (f" [{case}" if bracket else "")


def duration(seconds: float) -> str:
    """``0 s``, ``40 s``, ``31 min 10 s``, ``3 h 12 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes} min" + (f" {rest} s" if rest else "")
    hours, rest = divmod(round(whole / 60), 60)
    return f"{hours} h" + (f" {rest} min" if rest else "")


def totals(tests: list[dict[str, Any]], pytest_seconds: float) -> str:
    """All of it in one line."""
    requests = sum(test["requests"] for test in tests)
    virtual = sum(test["virtual_seconds"] for test in tests)
    real = sum(test["real_seconds"] for test in tests)
    return (
        f"{len(tests)} tests, {requests} requests, {duration(virtual)} of virtual time in "
        f"{real:.1f} s (pytest with all imports: {pytest_seconds:.1f} s)"
    )


def main() -> None:
    """Build, install, run, tell."""
    with tempfile.TemporaryDirectory(prefix="skyvern-testkit-demo-") as name:
        folder = Path(name)
        step("building the wheel")
        wheel = build_wheel(folder / "dist")
        step(f"a fresh environment with {wheel.name}, the real SDK, pytest and pytest-asyncio")
        python = fresh_environment(folder / "environment", wheel)
        step(f"the tests of {EXAMPLE.relative_to(ROOT).as_posix()}, copied away from the checkout")
        project = folder / EXAMPLE.name
        shutil.copytree(EXAMPLE, project, ignore=LEFT_BEHIND)

        tests = tell(python, project, folder, "in memory")
        print(table(tests))
        print()
        tell(python, project, folder, "over a socket", "--skyvern-target=socket")
        with served(python, folder) as url:
            tell(python, project, folder, "served by another process", f"--skyvern-target={url}")


def tell(python: Path, project: Path, folder: Path, where: str, *options: str) -> list[Any]:
    """Run the project's tests against a fake that is somewhere, and say how it went."""
    summary = folder / "summary.json"
    summary.unlink(missing_ok=True)
    before = time.perf_counter()
    status, output = run_tests(python, project, summary, *options)
    took = time.perf_counter() - before
    if status or not summary.is_file():
        raise Stop(f"{output}\nFAILED {where}: the example's tests end with status {status}.")
    tests: list[dict[str, Any]] = json.loads(summary.read_text("utf-8"))["tests"]
    print(f"{where}: {output.splitlines()[-1].strip('= ')}")
    print(f"  {totals(tests, took)}")
    return tests


if __name__ == "__main__":
    main()
