"""``--skyvern-target``: the tests' clients on the fake, on the fake behind a socket, or on a real server.

A test that only uses clients can run against any of them. One that scripts the world needs a world of ours
in its own process, and is skipped elsewhere with that reason.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

from skyvern_testkit.pytest_plugin import settings

if TYPE_CHECKING:
    from skyvern_testkit.contract.calling import Place
    from skyvern_testkit.contract.targets import Target

__all__ = ["add_options", "clients", "skip_what_is_scripted"]

OURS: Final = {"fake": "skyvern_fake", "socket": "skyvern_server"}
"""Targets that are the test's own world: by which fixture its clients are made."""
CLIENTS: Final = frozenset({"skyvern_client", "skyvern_sync_client"})
HELP: Final = (
    "where the tests' Skyvern clients go: fake (default), socket (the fake behind one), real (a "
    "server that is started) or a URL (with the key of SKYVERN_API_KEY)"
)

TARGET: Final = pytest.StashKey["Target"]()
ELSEWHERE: Final = pytest.StashKey["Elsewhere"]()


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
    if name in OURS:
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
    fixture = OURS.get(_name(request.config))
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
