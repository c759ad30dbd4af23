"""``skyvern-testkit verify``: the contract's cases against a target, whatever the configuration around."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from skyvern_testkit.cli import CommandError
from skyvern_testkit.contract.cases import DRIVERS
from skyvern_testkit.contract.report import DISPROVED, summary
from skyvern_testkit.contract.targets import Asked, UnknownTarget, target_named
from skyvern_testkit.contractfiles import contracts_folder

__all__ = ["add_arguments", "command_line", "environment", "run"]

KEY: Final = "SKYVERN_API_KEY"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """``--target`` and its like."""
    parser.add_argument("--target", default="fake", metavar="fake|socket|real|URL")
    parser.add_argument("--api-key", help=f"for a URL; default: the environment's {KEY}")
    parser.add_argument(
        "--python",
        type=Path,
        help="for `real`: an interpreter with skyvern[server]; default: .venv-real's",
    )
    parser.add_argument("-k", metavar="EXPR", help="only cases that match, as for pytest")
    parser.add_argument("--drivers", default=",".join(DRIVERS), metavar=",".join(DRIVERS))
    parser.add_argument("--report", type=Path, metavar="FILE", help="write what was found as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Run the cases in a process of their own and say what was found.

    Returns:
        0 where no case was disproved, else 1.

    Raises:
        CommandError: there is no such target, it cannot be reached, or no case matches.
    """
    key = arguments.api_key or os.environ.get(KEY)
    try:
        target_named(Asked(arguments.target, key))
    except UnknownTarget as error:
        raise CommandError(str(error)) from None
    if unknown := sorted(set(arguments.drivers.split(",")) - set(DRIVERS)):
        raise CommandError(f"{unknown[0]!r} is no driver: {', '.join(DRIVERS)}")
    with tempfile.TemporaryDirectory(prefix="skyvern-testkit-verify-") as name:
        written = Path(name) / "report.json"
        options = {
            "target": arguments.target,
            "drivers": arguments.drivers,
            "python": arguments.python,
            "report": written,
        }
        command = command_line(options, select=arguments.k)
        status = subprocess.run(  # noqa: S603 - ourselves
            command, env=environment(os.environ, key), check=False
        ).returncode
        if not written.is_file():
            raise CommandError(f"the cases did not run: pytest ended with status {status}")
        report: dict[str, Any] = json.loads(written.read_text("utf-8"))
        if not report["cases"] or status not in {0, 1, 5}:
            raise CommandError("no case was run: see above")
        if arguments.report is not None:
            shutil.copyfile(written, arguments.report)
    sys.stdout.write(f"\n{summary(report)}\n")
    return int(any(row["verdict"] == DISPROVED for row in _rows(report)))


def command_line(options: Mapping[str, object], *, select: str | None = None) -> list[str]:
    """How the cases are run: by this interpreter, configured by nobody, and writing nothing beside them.

    Args:
        options: of the contract's plugin; those that are None are left out.
        select: as pytest's ``-k``.
    """
    folder = contracts_folder()
    given = [f"--contract-{name}={value}" for name, value in options.items() if value is not None]
    return [
        *(sys.executable, "-P", "-B", "-m", "pytest"),
        *("-c", str(folder / "cases.ini"), f"--rootdir={folder}", f"--confcutdir={folder}"),
        *("--import-mode=importlib", "-p", "no:cacheprovider"),
        *("-p", "skyvern_testkit.contract.plugin"),
        *("-q", "--tb=short", "--no-header", "-rfE"),
        *given,
        *(("-k", select) if select else ()),
        str(folder / "cases"),
    ]


def environment(around: Mapping[str, str], key: str | None) -> dict[str, str]:
    """The environment without what would configure pytest, and with no plugin but ours."""
    kept = {name: value for name, value in around.items() if not name.startswith("PYTEST_")}
    secret = {} if key is None else {KEY: key}
    return {**kept, **secret, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def _rows(report: dict[str, Any]) -> Iterator[dict[str, str]]:
    for drivers in report["cases"].values():
        yield from drivers.values()
