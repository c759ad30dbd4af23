"""The installed Skyvern SDK, wired to a fake. It is imported here, when a client is asked for, and nowhere else."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from skyvern.client import Skyvern as SyncSkyvern
    from skyvern.library.skyvern import Skyvern

__all__ = ["NO_IDLE", "client", "sync_client"]

SDK_TIMEOUT: Final = 60.0
"""Seconds: the SDK's own default, which an httpx client that is passed to it would replace."""

NO_IDLE: Final = httpx.Limits(max_keepalive_connections=0)
"""For transports over sockets: nobody closes a fixture's client, and its event loop may be over before it."""


def client(transport: httpx.AsyncBaseTransport, **options: Any) -> Skyvern:
    """``skyvern.Skyvern`` of the installed release, over that transport."""
    kind = _load("skyvern")
    over = httpx.AsyncClient(**_httpx_options(options), transport=transport)
    made: Skyvern = kind(**_arguments(kind, options), httpx_client=over)
    return made


def sync_client(transport: httpx.BaseTransport, **options: Any) -> SyncSkyvern:
    """``skyvern.client.Skyvern`` of the installed release, over that transport."""
    kind = _load("skyvern.client")
    over = httpx.Client(**_httpx_options(options), transport=transport)
    made: SyncSkyvern = kind(**_arguments(kind, options), httpx_client=over)
    return made


def _load(module: str) -> Any:
    try:
        return import_module(module).Skyvern
    except ModuleNotFoundError as error:
        if error.name != "skyvern":
            raise
        raise ModuleNotFoundError(
            "a Skyvern client needs Skyvern's SDK, which is not installed: "
            "pip install 'skyvern-testkit[sdk]'. Without it, use fake.http() or fake.async_http().",
            name="skyvern",
        ) from None


def _httpx_options(options: dict[str, Any]) -> dict[str, Any]:
    timeout = options.get("timeout")
    return {
        "timeout": SDK_TIMEOUT if timeout is None else timeout,
        "follow_redirects": options.get("follow_redirects", True),
    }


def _arguments(kind: Any, options: dict[str, Any]) -> dict[str, Any]:
    if "httpx_client" in options:
        raise TypeError("httpx_client is what the fake gives; pass your own options one by one")
    given = dict(options)
    environment = inspect.signature(kind.__init__).parameters.get("environment")
    if environment is not None and environment.default is None and "environment" not in given:
        # up to 1.0.2, None means an embedded server (facts: sdk-surface e)
        given["environment"] = import_module("skyvern.client").SkyvernEnvironment.CLOUD
    return given
