"""``skyvern-testkit``: the kit from the command line. A command is a module, imported when it is asked for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Protocol, cast

__all__ = ["COMMANDS", "CommandError", "main"]


class Command(Protocol):
    """What the module of a command has."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Say what the command takes."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; returns the exit status.

        Raises:
            CommandError: it cannot be done; the text is for whoever typed the command.
        """
        ...


class CommandError(Exception):
    """A command cannot do what it was asked: a sentence, shown without a traceback."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A command in the list that ``--help`` shows."""

    module: str
    help: str


COMMANDS: Final = {
    "serve": Listed("skyvern_testkit.cli.serve", "serve a fake Skyvern on this machine"),
    "verify": Listed("skyvern_testkit.cli.verify", "run the contract's cases against a target"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: as typed, without the program's name; default: those of the process.

    Returns:
        the exit status: 0, 1 where the command failed, 2 where it was typed wrong.
    """
    typed = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(
        prog="skyvern-testkit", description="A fake Skyvern for tests."
    )
    parser.add_argument("--version", action="store_true", help="say which release this is")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    asked = next((word for word in typed if word in COMMANDS), None)
    for name, listed in COMMANDS.items():
        one = commands.add_parser(name, help=listed.help, description=f"{listed.help}.")
        if name == asked:  # the others stay unread: a command may need much
            _module(listed).add_arguments(one)
    given = parser.parse_args(typed)
    if given.version:
        from importlib.metadata import version

        sys.stdout.write(f"skyvern-testkit {version('skyvern-testkit')}\n")
        return 0
    if given.command is None:
        parser.print_help()
        return 2
    try:
        return _module(COMMANDS[given.command]).run(given)
    except CommandError as error:
        sys.stderr.write(f"skyvern-testkit {given.command}: {error}\n")
        return 1


def _module(listed: Listed) -> Command:
    return cast("Command", import_module(listed.module))
