"""What a case can be run against, as one table."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from skyvern_testkit.contract.calling import NotHere, Place
from skyvern_testkit.contract.real import RealServer

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["TARGETS", "Asked", "Target", "UnknownTarget", "target_named"]


class UnknownTarget(ValueError):
    """A word that is neither the name of a target nor a URL, or a URL without a key."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever chose the target has said besides its name.

    Attributes:
        name: of the target, or its URL.
        api_key: for a URL.
        python: an interpreter that has the real server, for ``real``.
    """

    name: str
    api_key: str | None = None
    python: Path | None = None


class Target(Protocol):
    """Something that answers as Skyvern's server does, or should.

    Attributes:
        is_ours: there is a world behind it that a test may script.
        is_shared: no organisation of one's own can be had there.
    """

    is_ours: bool
    is_shared: bool

    @property
    def version(self) -> str:
        """Of the server, as evidence names it."""
        ...

    def open(self) -> AbstractContextManager[Place]:
        """A new organisation there, or the one there is; left again at the end of the block."""
        ...

    def close(self) -> None:
        """Nothing more is asked."""
        ...


class Ours:
    """The fake: a world for each case, on virtual time."""

    is_ours, is_shared = True, False

    def __init__(self, reach: Callable[[InProcessSkyvern, ExitStack], dict[str, Any]]) -> None:
        self._reach = reach

    @property
    def version(self) -> str:
        from importlib.metadata import version

        return f"skyvern-testkit {version('skyvern-testkit')}"

    @contextmanager
    def open(self) -> Generator[Place]:
        from skyvern_testkit.transport.opening import fake_skyvern

        numbers = count(1)

        with fake_skyvern(strict_keys=True) as fake, ExitStack() as stack:

            def another_key() -> str:
                key = f"another-key-{next(numbers)}"
                with fake.front.moving():
                    fake.keys.add(key)
                return key

            yield Place(
                api_key=fake.api_key,
                another_key=another_key,
                fake=fake,
                **self._reach(fake, stack),
            )

    def close(self) -> None:
        """Each world was closed by its case."""


def _in_process(fake: InProcessSkyvern, _: ExitStack) -> dict[str, Any]:
    return {"base_url": fake.links.base_url, "transport": fake.sync_transport}


def _by_socket(fake: InProcessSkyvern, stack: ExitStack) -> dict[str, Any]:
    from skyvern_testkit.transport.server import serving

    server = stack.enter_context(serving(fake))
    return {"base_url": server.url, "transport": server.sync_transport()}


class Real:
    """The real server on this machine, started at the first case; an organisation for each."""

    is_ours, is_shared = False, False

    def __init__(self, python: Path | None) -> None:
        self._python = python
        self._server: RealServer | None = None

    @property
    def server(self) -> RealServer:
        """The server, running.

        Raises:
            RealServerError: it cannot be started; the message says why.
        """
        if self._server is None:
            self._server = RealServer.start(self._python)
        return self._server

    @property
    def version(self) -> str:
        return f"skyvern {self.server.version}"

    @contextmanager
    def open(self) -> Generator[Place]:
        server = self.server
        yield Place(server.url, server.new_key(), server.new_key)

    def close(self) -> None:
        if self._server is not None:
            self._server.stop()


class Remote:
    """A server at a URL, with the organisation of one key."""

    is_ours, is_shared = False, True

    def __init__(self, url: str, api_key: str | None) -> None:
        if not api_key:
            raise UnknownTarget(f"{url} needs an API key: set SKYVERN_API_KEY")
        self._url, self._api_key = url.rstrip("/"), api_key

    @property
    def version(self) -> str:
        return self._url

    @contextmanager
    def open(self) -> Generator[Place]:
        yield Place(self._url, self._api_key, self._no_other_key)

    def _no_other_key(self) -> str:
        raise NotHere("a second organisation cannot be made there")

    def close(self) -> None:
        """It goes on without us."""


TARGETS: Final[dict[str, Callable[[Asked], Target]]] = {
    "fake": lambda _: Ours(_in_process),
    "socket": lambda _: Ours(_by_socket),
    "real": lambda asked: Real(asked.python),
}


def target_named(asked: Asked) -> Target:
    """The target of that name.

    Raises:
        UnknownTarget: there is none, or something is missing for it.
    """
    if asked.name.startswith(("http://", "https://")):
        return Remote(asked.name, asked.api_key)
    if asked.name in TARGETS:
        return TARGETS[asked.name](asked)
    raise UnknownTarget(f"{asked.name!r} is no target: {', '.join(TARGETS)} or a URL")
