"""``--skyvern-target``: the tests' clients on the fake, on the fake behind a socket, or on a real server.

A test that only uses clients can run against any of them. One that scripts the world needs a world of ours:
in its own process, or behind a URL where ``skyvern-testkit serve`` answers. It is skipped elsewhere with that
reason, and so is one that asks a world in another process for what cannot travel there.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import pytest

from skyvern_testkit.pytest_plugin import settings

if TYPE_CHECKING:
    from skyvern_testkit.contract.calling import Place
    from skyvern_testkit.contract.targets import Target
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["add_options", "clients", "opening", "skip_what_cannot_travel", "skip_what_is_scripted"]

OURS: Final = {"fake": "skyvern_fake", "socket": "skyvern_server"}
"""Targets that are the test's own world: by which fixture its clients are made."""
CLIENTS: Final = frozenset({"skyvern_client", "skyvern_sync_client"})
HELP: Final = (
    "where the tests' Skyvern clients go: fake (default), socket (the fake behind one), real (a "
    "server that is started) or a URL (with the key of SKYVERN_API_KEY; of `skyvern-testkit serve` it "
    "needs none, and tests may script the fake there)"
)

TARGET: Final = pytest.StashKey["Target"]()
ELSEWHERE: Final = pytest.StashKey["Elsewhere"]()
SERVED: Final = pytest.StashKey[bool]()
"""Is the target a server of the kit?"""

_OF_THE_SERVER: Final = frozenset({"epoch", "timing", "strict_keys", "dialect"})
_OF_A_FAKE_HERE: Final = frozenset({"max_requests"})


class Clients(Protocol):
    """What makes a test's clients: its fake, the fake's server, or an organisation elsewhere."""

    def client(self, **options: Any) -> Any:
        """The SDK's ``skyvern.Skyvern``."""
        ...

    def sync_client(self, **options: Any) -> Any:
        """The SDK's ``skyvern.client.Skyvern``."""
        ...


class Elsewhere:
    """Clients of an organisation on a server that is not ours."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def client(self, **options: Any) -> Any:
        import httpx

        from skyvern_testkit.transport import sdk

        over = httpx.AsyncHTTPTransport(trust_env=False, limits=sdk.NO_IDLE)
        return sdk.client(over, **self._given(options))

    def sync_client(self, **options: Any) -> Any:
        import httpx

        from skyvern_testkit.transport import sdk

        return sdk.sync_client(
            httpx.HTTPTransport(trust_env=False, limits=sdk.NO_IDLE), **self._given(options)
        )

    def _given(self, options: dict[str, Any]) -> dict[str, Any]:
        return {"api_key": self._place.api_key, "base_url": self._place.base_url, **options}


def add_options(parser: pytest.Parser) -> None:
    """``--skyvern-target`` and ``skyvern_target``."""
    group = parser.getgroup("skyvern", "skyvern-testkit: a fake Skyvern")
    group.addoption("--skyvern-target", metavar="fake|socket|real|URL", default=None, help=HELP)
    parser.addini("skyvern_target", HELP, default="fake")


def skip_what_is_scripted(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that need a world of ours, if there is none.

    Raises:
        pytest.UsageError: there is no such target.
    """
    name = _name(config)
    if name in OURS or _is_served(config):
        return
    _target(config)
    for item in items:
        asked_for = settings.FIXTURES & frozenset(getattr(item, "fixturenames", ()))
        if scripted := asked_for - CLIENTS:
            names = ", ".join(sorted(scripted))
            reason = f"--skyvern-target={name}: the test needs a fake of its own ({names})"
            item.add_marker(pytest.mark.skip(reason=reason))


def clients(request: pytest.FixtureRequest) -> Clients:
    """What makes this test's clients."""
    fixture = "skyvern_fake" if _is_served(request.config) else OURS.get(_name(request.config))
    if fixture is not None:
        made: Clients = request.getfixturevalue(fixture)
        return made
    node: pytest.Item = request.node
    if ELSEWHERE not in node.stash:
        stack = ExitStack()
        request.addfinalizer(stack.close)
        from skyvern_testkit.contract.real import RealServerError

        try:
            place = stack.enter_context(_target(request.config).open())
        except RealServerError as error:
            pytest.exit(f"--skyvern-target=real: {error}", pytest.ExitCode.USAGE_ERROR)
        node.stash[ELSEWHERE] = Elsewhere(place)
    return node.stash[ELSEWHERE]


def opening(item: pytest.Item) -> AbstractContextManager[InProcessSkyvern]:
    """The fake of a test: in this process, or an organisation of its own on a server of the kit."""
    given: dict[str, Any] = {**settings.of(item), "root": item.config.rootpath}
    if not _is_served(item.config):
        from skyvern_testkit.transport.opening import fake_skyvern

        return fake_skyvern(**given)
    from skyvern_testkit.control.remote import CannotTravel, remote_skyvern

    if "skyvern_server" in getattr(item, "fixturenames", ()):
        raise CannotTravel("skyvern_server puts a fake of this process behind a socket")
    if theirs := sorted(_OF_THE_SERVER & given.keys()):
        raise CannotTravel(f"{', '.join(theirs)}= is a setting of the server, which runs already")
    if given.pop("clock", "virtual") != "virtual":
        raise CannotTravel("clock= is for a fake of this process; over there it is the server's")
    kept = {name: value for name, value in given.items() if name not in _OF_A_FAKE_HERE}
    # The rest of the plugin, and the tests, meet the one as they meet the other.
    remote: Any = remote_skyvern(_name(item.config), **kept)
    return cast("AbstractContextManager[InProcessSkyvern]", remote)


@contextmanager
def skip_what_cannot_travel(config: pytest.Config) -> Generator[None]:
    """Inside, a test that asks too much of a fake in another process is skipped with the reason."""
    if not _is_served(config):
        yield
        return
    from skyvern_testkit.control.remote import CannotTravel

    try:
        yield
    except CannotTravel as error:
        pytest.skip(f"--skyvern-target={_name(config)}: {error}")


def _is_served(config: pytest.Config) -> bool:
    """Does a server of the kit answer at the target's URL?"""
    if SERVED not in config.stash:
        name = _name(config)
        config.stash[SERVED] = name.startswith(("http://", "https://")) and _answers_orders(name)
    return config.stash[SERVED]


def _answers_orders(url: str) -> bool:
    from skyvern_testkit.control.orders import NotOurServer, OrderRefused, Orders

    try:
        told: object = Orders(url.rstrip("/"), "")("GET", "").json()
    except (NotOurServer, OrderRefused, ValueError):
        return False
    return isinstance(told, dict) and cast("Any", told).get("server") == "skyvern-testkit"


def _name(config: pytest.Config) -> str:
    return str(config.getoption("skyvern_target") or config.getini("skyvern_target"))


def _target(config: pytest.Config) -> Target:
    """The target of the whole run, left at its end."""
    if TARGET not in config.stash:
        from skyvern_testkit.contract.targets import Asked, UnknownTarget, target_named

        try:
            target = target_named(Asked(_name(config), os.environ.get("SKYVERN_API_KEY")))
        except UnknownTarget as error:
            raise pytest.UsageError(f"--skyvern-target: {error}") from None
        config.stash[TARGET] = target
        config.add_cleanup(target.close)
    return config.stash[TARGET]
