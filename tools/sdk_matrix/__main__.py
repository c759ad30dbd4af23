"""Call every method of every published release of the SDK at the fake.

    python -m tools.sdk_matrix [--cache FOLDER] [release ...]

Downloads the wheels with pip, drives each release in a process of its own, prints what fails, and exits 1 if something
does. With no release named it drives all, and writes contracts/sdk_matrix.json, contracts/sdk_words.json
and docs/sdk-matrix.md.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from skyvern_testkit.api.differences import NEWEST, RELEASES
from tools.sdk_matrix import page, words
from tools.sdk_matrix.releases import within
from tools.sdk_matrix.results import Said, fold, judge, write
from tools.sdk_matrix.wheels import client_of, download

ROOT: Final = Path(__file__).resolve().parents[2]
SMALL_INSTALL: Final = within("1.0.33+")
"""Whose wrapper needs nothing that the newest release does not bring."""


def drive(release: str, wheel: Path, cache: Path) -> list[Said]:
    """All calls of a release.

    Raises:
        SystemExit: its process failed.
    """
    unpacked = client_of(wheel, cache / release, whole=release in SMALL_INSTALL)
    done = subprocess.run(
        (sys.executable, "-m", "tools.sdk_matrix.driving", release, unpacked, release, NEWEST),
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(unpacked), str(ROOT)))},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.exit(f"skyvern {release} could not be driven:\n{done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def main(arguments: Sequence[str] | None = None) -> int:
    """Drive the releases."""
    parser = argparse.ArgumentParser(prog="python -m tools.sdk_matrix", description=__doc__)
    parser.add_argument("--cache", type=Path, default=ROOT / ".sdk-matrix", help="keeps the wheels")
    parser.add_argument("releases", nargs="*", choices=[*RELEASES, []], metavar="release")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    wheels = download(given.cache / "wheels")
    downloaded = time.monotonic()
    releases: Sequence[str] = given.releases or RELEASES
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool:
        driven = pool.map(lambda it: drive(it, wheels[it], given.cache), releases)
        said = dict(zip(releases, driven, strict=True))
    ended = time.monotonic()
    verdict = judge(said)
    for failure in verdict.failures:
        print(failure)
    calls = sum(map(len, said.values()))
    print(
        f"{len(releases)} releases, {calls} calls, {len(verdict.failures)} failures "
        f"({downloaded - began:.0f} s to download, {ended - downloaded:.0f} s to drive)"
    )
    if not given.releases:
        words.write({it: words.words_of(given.cache / it) for it in releases})
        write(fold(said))
        page.main()
    return 1 if verdict.failures else 0


if __name__ == "__main__":
    sys.exit(main())
