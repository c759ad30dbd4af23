"""The published releases of the SDK: downloaded by pip, of each wheel only what is driven is unpacked."""

import subprocess
import sys
import zipfile
from pathlib import Path

from skyvern_testkit.api.differences import RELEASES

__all__ = ["client_of", "download"]

CLIENT = "skyvern/client/"


def download(into: Path) -> dict[str, Path]:
    """The wheel of every release, from the index that pip is configured with.

    Args:
        into: a folder that keeps them for the next time.

    Returns:
        release -> wheel.

    Raises:
        SystemExit: one cannot be had; the matrix is all releases or nothing.
    """
    into.mkdir(parents=True, exist_ok=True)
    for release in RELEASES:
        if _wheel(into, release) is None:
            print(f"downloading skyvern {release}", flush=True)
            _download(into, release)
    return {release: _found(into, release) for release in RELEASES}


def _download(into: Path, release: str) -> None:
    pip = (sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check")
    done = subprocess.run(
        (*pip, "--no-deps", "--only-binary", ":all:", "--dest", into, f"skyvern=={release}"),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        sys.exit(f"skyvern {release} cannot be downloaded:\n{done.stdout}{done.stderr}")


def _wheel(folder: Path, release: str) -> Path | None:
    return next(folder.glob(f"skyvern-{release}-*.whl"), None)


def _found(folder: Path, release: str) -> Path:
    wheel = _wheel(folder, release)
    if wheel is None:
        sys.exit(f"pip downloaded skyvern {release} and there is no wheel of it in {folder}")
    return wheel


def client_of(wheel: Path, into: Path, *, whole: bool = False) -> Path:
    """Unpack a release, once.

    Args:
        wheel: of the release.
        into: a folder for it alone.
        whole: all of it; by default only the generated client, which needs no more than httpx and
            pydantic, and without the package's own ``__init__``, which would import the rest.

    Returns:
        what to put on ``PYTHONPATH``.
    """
    done = into / ".unpacked"
    if not done.exists():
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            archive.extractall(into, [it for it in names if whole or it.startswith(CLIENT)])
        if not whole:
            # A package, not a namespace: the one installed beside it would win otherwise.
            (into / "skyvern" / "__init__.py").touch()
        done.touch()
    return into
