"""Fakes by name: where they lie, and the one place that reads them.

A project's own ``fakes/`` folder comes first, then those that come with the kit. The grammar is that
of :mod:`skyvern_testkit.script.fakefile`.
"""

from __future__ import annotations

import os
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.loading import Loaded, check
from skyvern_testkit.script.fakefile import FakeFile, FakeFileError, Place, Problem, examine
from skyvern_testkit.script.fakefile.nodes import MAX_CHARACTERS

__all__ = [
    "FakeNotFound",
    "check_fake",
    "fake_folders",
    "fake_names",
    "find_fake",
    "load_fake",
    "read_fake",
    "text_of_fake",
]

SUFFIXES: Final = (".yaml", ".yml")

StrPath = str | os.PathLike[str]


class FakeNotFound(LookupError):
    """There is no fake of that name; the message names those that look like it, and where it looked."""


def _shipped() -> Path:
    """The kit's own fakes: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    inside = package / "fakes"
    if not inside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return package.parent / "fakes"
    return inside


def fake_folders(root: StrPath = ".") -> tuple[Path, ...]:
    """Where fakes are looked for, in this order.

    Args:
        root: the project whose ``fakes/`` folder comes first; default: where the process stands.
    """
    own, shipped = Path(root) / "fakes", _shipped()
    return (own,) if own.resolve() == shipped.resolve() else (own, shipped)


def fake_names(root: StrPath = ".") -> dict[str, Path]:
    """Every fake there is, by name; a project's own hides one of the kit's with its name."""
    found: dict[str, Path] = {}
    for folder in fake_folders(root):
        for path in sorted(folder.glob("*")):
            if path.suffix in SUFFIXES:
                found.setdefault(path.stem, path)
    return found


def find_fake(name: StrPath, root: StrPath = ".") -> Path:
    """The file of a fake.

    Args:
        name: ``invoice_portal``; or the path of a file, from the root.
        root: see :func:`fake_folders`.

    Raises:
        FakeNotFound: there is none.
    """
    if Path(name).suffix in SUFFIXES:
        path = Path(root) / name
        if path.is_file():
            return path
        raise FakeNotFound(f"there is no file {path}")
    names = fake_names(root)
    name = str(name)
    if name in names:
        return names[name]
    close = get_close_matches(name, names, n=2)
    hint = f" Did you mean {' or '.join(f'`{item}`' for item in close)}?" if close else ""
    looked = "\n".join(
        f"  {folder}{'' if folder.is_dir() else ' (there is no such folder)'}"
        for folder in fake_folders(root)
    )
    known = ", ".join(names) or "none"
    raise FakeNotFound(f"there is no fake `{name}`.{hint} There are: {known}. Looked in\n{looked}")


def _text_of(path: Path, source: str) -> str:
    raw = path.read_bytes()
    if len(raw) > 4 * MAX_CHARACTERS:
        raise FakeFileError(source, [Problem(Place(1, 1), f"{len(raw):,} bytes are too many")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start].splitlines() or [b""]
        place = Place(len(before), len(before[-1]) + 1)
        text = f"the byte {raw[error.start]:#04x} is no UTF-8: save the file as UTF-8"
        raise FakeFileError(source, [Problem(place, text)]) from None


def _source(path: Path, root: StrPath) -> str:
    """The path as messages show it: from the root where it lies in it."""
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return str(path)


def text_of_fake(name: StrPath, root: StrPath = ".") -> tuple[str, str]:
    """How messages call the file of a fake, and its text.

    Raises:
        FakeNotFound: there is none of that name.
        FakeFileError: it is no text.
    """
    path = find_fake(name, root)
    source = _source(path, root)
    return source, _text_of(path, source)


def _examined(name: StrPath, root: StrPath) -> tuple[FakeFile, tuple[Problem, ...]]:
    return examine(*text_of_fake(name, root))


def read_fake(name: StrPath, root: StrPath = ".") -> FakeFile:
    """A fake as a value, right in its grammar.

    Args:
        name: see :func:`find_fake`.
        root: see :func:`fake_folders`.

    Raises:
        FakeNotFound: there is none of that name.
        FakeFileError: something in it is wrong; the error names it all.
    """
    file, problems = _examined(name, root)
    if problems:
        raise FakeFileError(file.source, problems)
    return file


def check_fake(name: StrPath, root: StrPath = ".") -> FakeFile:
    """As :func:`read_fake`, and an empty world would take all that it describes."""
    file, problems = _examined(name, root)
    problems += check(FakeSkyvern(), file)
    if problems:
        raise FakeFileError(file.source, problems)
    return file


def load_fake(fake: FakeSkyvern, name: StrPath, root: StrPath = ".") -> Loaded:
    """Make a fake come true in a world, all of it or nothing.

    Args:
        fake: whose world it is.
        name: see :func:`find_fake`.
        root: see :func:`fake_folders`.

    Raises:
        FakeNotFound: there is none of that name.
        FakeFileError: something in it is wrong, or the world refuses it; the error names it all.
    """
    file, problems = _examined(name, root)
    if problems:
        raise FakeFileError(file.source, problems + check(fake, file))
    return fake.populate(file)
