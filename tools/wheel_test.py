"""Check what a user gets: build sdist and wheel, install the wheel alone in a fresh environment, look.

    python tools/wheel_test.py

Every finding is printed; the exit status is 1 if there was one. Needs `build` and `hatchling` (extra `dev`) and git.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "skyvern_testkit"
DATA_FOLDERS = ("fakes", "contracts")  # beside the package here, inside it in a wheel

# Runs in the fresh environment, in a folder with one plain test; prints what pytest left in sys.modules.
# Other distributions' plugins are blocked, so that what they import does not hide what ours does.
PLAIN_SUITE = """
import json, sys
from importlib.metadata import entry_points
import pytest

blocked = {entry.name for entry in entry_points(group="pytest11")} - set(sys.argv[1:])

class Watch:
    def pytest_configure(self, config):
        Watch.plugin = getattr(config.pluginmanager.get_plugin("skyvern"), "__name__", None)

flags = [flag for name in sorted(blocked) for flag in ("-p", "no:" + name)]
status = pytest.main(["-q", "-W", "error", "-p", "no:cacheprovider", *flags], plugins=[Watch()])
print(json.dumps({"status": int(status), "plugin": Watch.plugin, "modules": sorted(sys.modules)}))
"""

# The same place, without pytest: what can be found and imported with no extra installed.
INSTALLED = """
import json
from importlib.metadata import version
from importlib.resources import files
import skyvern_testkit

def found(folder, prefix=""):
    if folder.is_dir():
        for item in (item for item in folder.iterdir() if item.name != "__pycache__"):
            yield from found(item, prefix + item.name + "/") if item.is_dir() else [prefix + item.name]

root = files("skyvern_testkit")
broken = {}
for name in getattr(skyvern_testkit, "__all__", ()):
    try:
        getattr(skyvern_testkit, name)
    except Exception as error:
        broken[name] = repr(error)
print(json.dumps({
    "version": version("skyvern-testkit"),
    "typed": (root / "py.typed").is_file(),
    "fakes": sorted(found(root / "fakes")),
    "contracts": sorted(found(root / "contracts")),
    "broken": broken,
}))
"""

WHERE = "from importlib.resources import files; print(files('skyvern_testkit'))"


def run(*command: str | Path, cwd: Path = ROOT) -> str:
    """The command's output; a failing command ends the program with all that it said."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        shown = " ".join(str(part) for part in command if "\n" not in str(part))
        sys.exit(f"FAILED: {shown}\n{done.stdout}{done.stderr}")
    return done.stdout


def last_json(output: str) -> dict[str, Any]:
    """The object on the last line: pytest writes above it."""
    value: dict[str, Any] = json.loads(output.splitlines()[-1])
    return value


def source_files() -> set[str]:
    """The files of this checkout, also those not yet added, without what .gitignore names."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    names = listed.split("\0")
    return {name for name in names if name and (ROOT / name).is_file()}


def build(into: Path) -> tuple[Path, Path]:
    """An sdist of the checkout, and a wheel of that sdist: one that is not complete does not build."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", into, ROOT)
    (sdist,), (wheel,) = into.glob("*.tar.gz"), into.glob("*.whl")
    return sdist, wheel


def sdist_findings(sdist: Path, source: set[str]) -> list[str]:
    """Every file of the repository must be in the sdist, at its own place."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    return [f"the sdist lacks {name}" for name in sorted(source - names)]


def wheel_findings(wheel: Path, source: set[str]) -> list[str]:
    """The package, its data folders and its metadata must be in the wheel, and nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    wanted = {name for name in source if name.startswith(f"{PACKAGE}/")}
    for folder in DATA_FOLDERS:
        wanted |= {f"{PACKAGE}/{name}" for name in source if name.startswith(f"{folder}/")}
    return [
        *(f"the wheel lacks {name}" for name in sorted(wanted - names)),
        *(f"the wheel should not hold {name}" for name in sorted(names - wanted)),
    ]


def installed_findings(python: Path, elsewhere: Path, source: set[str]) -> list[str]:
    """From the environment's site-packages: version, marker, data, and names without extras."""
    seen = last_json(run(python, "-I", "-c", INSTALLED, cwd=elsewhere))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    findings: list[str] = []
    if seen["version"] != project["version"]:
        findings.append(f"version {seen['version']} is installed, not {project['version']}")
    if not seen["typed"]:
        findings.append("py.typed is not found beside the installed package")
    for folder in DATA_FOLDERS:
        here = sorted(n.removeprefix(f"{folder}/") for n in source if n.startswith(f"{folder}/"))
        if seen[folder] != here:
            findings.append(f"{folder}/ should be installed with {here}, not {seen[folder]}")
    if not any(name.startswith("fakes/") and name.endswith(".yaml") for name in source):
        findings.append("no fakes/*.yaml in the repository: the kit ships scripted fakes")
    findings += [f"{PACKAGE}.{name} without extras: {why}" for name, why in seen["broken"].items()]
    return findings


def plugin_findings(python: Path, elsewhere: Path) -> list[str]:
    """A suite that uses nothing of ours gets the plugin and the standard library, no more."""
    (elsewhere / "test_plain.py").write_text("def test_nothing():\n    pass\n", "utf-8")
    run(python, "-I", "-m", "pytest", "--version", cwd=elsewhere)
    without = last_json(run(python, "-I", "-c", PLAIN_SUITE, cwd=elsewhere))
    with_it = last_json(run(python, "-I", "-c", PLAIN_SUITE, "skyvern", cwd=elsewhere))
    findings: list[str] = []
    if with_it["plugin"] != f"{PACKAGE}.pytest_plugin":
        findings.append(f"pytest knows the plugin `skyvern` as {with_it['plugin']}")
    if without["status"] or with_it["status"]:
        statuses = f"{without['status']} without the plugin, {with_it['status']} with it"
        findings.append(f"a plain suite ends with status {statuses}")
    gained = set(with_it["modules"]) - set(without["modules"])
    plugin = f"{PACKAGE}.pytest_plugin"
    ours = {name for name in gained if f"{name}.".startswith(f"{PACKAGE}.")}
    rooms = {name for name in ours - {PACKAGE} if not f"{name}.".startswith(f"{plugin}.")}
    foreign = {name.partition(".")[0] for name in gained - ours} - sys.stdlib_module_names
    return findings + [
        f"the plugin imports {name} before any fixture is used" for name in sorted(rooms | foreign)
    ]


def verify_findings(python: Path, elsewhere: Path) -> list[str]:
    """The contract's cases run from a read-only site-packages, whatever lies around, and leave nothing behind."""
    (elsewhere / "conftest.py").write_text("raise SystemExit('the conftest was read')\n", "utf-8")
    (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", "utf-8")
    package = Path(run(python, "-I", "-c", WHERE, cwd=elsewhere).strip())
    for pycache in package.rglob("__pycache__"):
        shutil.rmtree(pycache)
    before = sorted(package.rglob("*"))
    run("chmod", "-R", "a-w", package)
    try:
        command = ("-P", "-B", "-m", PACKAGE, "verify", "--report", elsewhere / "report.json")
        said = run(python, *command, cwd=elsewhere)
    finally:
        run("chmod", "-R", "u+w", package)
    cases = json.loads((elsewhere / "report.json").read_text("utf-8"))["cases"]
    unproven = sorted(name for name, row in cases.items() if row["raw"]["verdict"] != "proven")
    findings = [f"verify does not prove {name}:\n{said}" for name in unproven]
    if not cases:
        findings.append(f"verify runs no case:\n{said}")
    return findings + [
        f"verify leaves {path.relative_to(package)}"
        for path in sorted(set(package.rglob("*")) - set(before))
    ]


def main() -> None:
    """Build, install, look, and say what was found."""
    source = source_files()
    with tempfile.TemporaryDirectory(prefix="skyvern-testkit-wheel-") as name:
        folder = Path(name)
        sdist, wheel = build(folder / "dist")
        findings = sdist_findings(sdist, source) + wheel_findings(wheel, source)

        venv.create(folder / "venv", with_pip=True)
        python = folder / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        quiet = ("-qq", "--disable-pip-version-check")
        run(python, "-m", "pip", "install", *quiet, wheel)
        run(python, "-m", "pip", "check", *quiet)

        elsewhere = (
            folder / "elsewhere"
        )  # not the checkout: nothing of it may be imported by chance
        elsewhere.mkdir()
        findings += installed_findings(python, elsewhere, source)
        findings += plugin_findings(python, elsewhere)
        findings += verify_findings(python, elsewhere)

    if findings:
        sys.exit("\n".join(["the wheel is not what it should be:", *findings]))
    print(f"{wheel.name} and {sdist.name} hold what they should and install alone")


if __name__ == "__main__":
    main()
