"""``skyvern-testkit serve``: a fake Skyvern for clients in other processes and other languages."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import signal
import sys
import threading
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from skyvern_testkit.cli import CommandError

if TYPE_CHECKING:
    from skyvern_testkit.transport.opening import ClockName
    from skyvern_testkit.transport.server import Server
    from skyvern_testkit.world.world import Timing

__all__ = ["add_arguments", "run"]

PORT: Final = 8000
"""Where the SDK's ``SkyvernEnvironment.LOCAL`` looks for a server."""
LOOK: Final = 0.2
"""Real seconds between two looks at what scripts have raised."""
JOURNAL: Final = 1_000
"""Requests that a server remembers, which may run for weeks."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``serve``."""
    parser.add_argument(
        "--port",
        type=_port,
        default=PORT,
        metavar="N",
        help=f"port of this machine's own address; 0 takes a free one (default: {PORT})",
    )
    parser.add_argument(
        "--fake",
        metavar="NAME",
        help="name or path of a YAML fake: resources that every key finds, and what runs do",
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="seed of ids and values (default: 0)"
    )
    parser.add_argument(
        "--life",
        type=_seconds,
        metavar="SECONDS",
        help="how long runs work that no script is for (default: 0, final at the first look; "
        "with --clock virtual 5, as of a fake in the test's process)",
    )
    parser.add_argument(
        "--clock",
        choices=("real", "polls", "manual", "virtual"),
        default="real",
        help="real; polls: each look at a run brings it to its next step; manual: "
        'POST /_skyvern_testkit/clock with {"advance": SECONDS} moves it; virtual: the time that '
        "clients of this kit stamp on their requests (default: real)",
    )
    parser.add_argument(
        "--dialect",
        metavar="RELEASE",
        help="the release of Skyvern to speak like, such as 1.0.24 (default: the newest)",
    )
    parser.add_argument(
        "--no-magic",
        action="store_true",
        help="hear no magic inputs: by default a request may say what its run does (docs/magic.md)",
    )
    parser.add_argument(
        "--api-key",
        action="append",
        default=[],
        metavar="KEY",
        help="take this key and no other; may be repeated. Without it every key a real server could "
        "take opens an organisation of its own",
    )
    parser.add_argument(
        "--ready-file",
        metavar="FILE",
        help="write one line of JSON there (url, port, pid, ...) as soon as requests are taken; "
        "- is standard output",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM.

    Returns:
        0; 1 if a script went wrong meanwhile.

    Raises:
        CommandError: the port is taken, or the fake is wrong or not there.
    """
    stopped = threading.Event()
    failures: list[BaseException] = []

    def tell(error: BaseException) -> None:
        if all(error is not told for told in failures):
            failures.append(error)
            sys.stderr.write("".join(traceback.format_exception(error)))

    try:
        with (
            _stopped_by_signals(stopped),
            _served(arguments, tell) as server,
            _ready(server, arguments),
        ):
            while not stopped.wait(LOOK):
                for error in server.fake.failures:  # of scripts, also while nobody asks anything
                    tell(error)
    except Exception as error:
        if all(error is not told for told in failures):
            raise
    return 1 if failures else 0


@contextlib.contextmanager
def _served(arguments: argparse.Namespace, tell: Any) -> Generator[Server]:
    from skyvern_testkit.api.differences import NEWEST
    from skyvern_testkit.control.desk import Desk
    from skyvern_testkit.fakefiles import FakeNotFound
    from skyvern_testkit.script.fakefile import FakeFileError
    from skyvern_testkit.transport.opening import fake_skyvern
    from skyvern_testkit.transport.server import serving
    from skyvern_testkit.world.keys import KeyState

    named: ClockName = arguments.clock
    clock: ClockName = "manual" if named == "virtual" else named
    opening = fake_skyvern(
        clock=clock,
        seed=arguments.seed,
        fake=arguments.fake,
        timing=_timing(arguments.life, named),
        strict_keys=bool(arguments.api_key),
        one_organization=False,
        dialect=arguments.dialect or NEWEST,
        max_requests=None,
        journal_limit=JOURNAL,
        magic=not arguments.no_magic,
    )
    with contextlib.ExitStack() as stack:
        try:
            fake = stack.enter_context(opening)
            if arguments.api_key:
                fake.keys.mark(fake.api_key, KeyState.UNREADABLE)  # as a key that nobody knows
            for key in arguments.api_key:
                fake.keys.add(key)
            server = stack.enter_context(
                serving(fake, port=arguments.port, control=Desk(fake), on_error=tell)
            )
        except (FakeFileError, FakeNotFound, ValueError) as error:
            raise CommandError(str(error)) from None
        except OSError as error:
            raise CommandError(
                f"cannot listen on port {arguments.port}: {os.strerror(error.errno or 0)}. "
                "Another port: --port 0 takes a free one."
            ) from None
        yield server
        fake.forgive()  # they have been told


def _timing(life: float | None, clock: str) -> Timing:
    from skyvern_testkit.world.world import Timing

    if life is None and clock == "virtual":
        return Timing()
    return Timing(life=life or 0.0)


@contextlib.contextmanager
def _ready(server: Server, arguments: argparse.Namespace) -> Generator[None]:
    """Say where, to people and (on request) to programs, as long as it is so."""
    keys = "the given keys only" if arguments.api_key else "any key"
    if arguments.ready_file is not None:
        _write_ready(server, arguments)
    sys.stderr.write(
        f"A fake Skyvern at {server.url} ({keys}, clock: {arguments.clock}). Stop it with Ctrl-C.\n"
    )
    try:
        yield
    finally:
        if arguments.ready_file not in (None, "-"):
            Path(arguments.ready_file).unlink(missing_ok=True)


def _write_ready(server: Server, arguments: argparse.Namespace) -> None:
    """One line of JSON, where it was asked for."""
    from importlib.metadata import version

    ready = {
        "url": server.url,
        "port": int(server.url.rpartition(":")[2]),
        "pid": os.getpid(),
        "clock": arguments.clock,
        "seed": arguments.seed,
        "version": version("skyvern-testkit"),
    }
    line = json.dumps(ready) + "\n"
    if arguments.ready_file == "-":
        sys.stdout.write(line)
        sys.stdout.flush()
        return
    # Whoever waits for the file is never to see half of it.
    target = Path(arguments.ready_file)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        draft.write_text(line, encoding="utf-8")
        draft.replace(target)
    except OSError as error:
        raise CommandError(f"cannot write {target}: {os.strerror(error.errno or 0)}") from None


@contextlib.contextmanager
def _stopped_by_signals(stopped: threading.Event) -> Generator[None]:
    def stop(_number: int, _frame: object) -> None:
        stopped.set()

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise argparse.ArgumentTypeError(f"seconds are a number that is not negative, not {text!r}")
    return seconds
