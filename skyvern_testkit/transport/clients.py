"""Clients of a fake, wherever it is: the SDK's, and plain ones of httpx."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Self

import httpx

from skyvern_testkit.transport.interception import API_HOSTS, RealSkyvernRefused, intercepting

if TYPE_CHECKING:
    from skyvern.client import Skyvern as SyncSkyvern
    from skyvern.library.skyvern import Skyvern

__all__ = ["Clients"]


class Clients:
    """Makes clients of a fake.

    Attributes:
        transport: for an ``httpx.AsyncClient`` of your own.
        sync_transport: for an ``httpx.Client`` of your own.
    """

    transport: httpx.AsyncBaseTransport
    sync_transport: httpx.BaseTransport

    @property
    @abstractmethod
    def api_key(self) -> str:
        """The key of the clients' organisation."""

    @property
    @abstractmethod
    def base_url(self) -> str:
        """The address in the fake's answers."""

    @abstractmethod
    def refused(self, error: RealSkyvernRefused) -> None:
        """A request was stopped that would have left for the real Skyvern."""

    def client(self, **options: Any) -> Skyvern:
        """The installed SDK's ``skyvern.Skyvern``, wired to this world.

        Args:
            options: for its constructor; ``api_key`` is the world's own by default.

        Raises:
            ModuleNotFoundError: no SDK is installed.
        """
        from skyvern_testkit.transport import sdk

        return sdk.client(self.transport, **{"api_key": self.api_key, **options})

    def sync_client(self, **options: Any) -> SyncSkyvern:
        """The installed SDK's ``skyvern.client.Skyvern``; see :meth:`client`."""
        from skyvern_testkit.transport import sdk

        return sdk.sync_client(self.sync_transport, **{"api_key": self.api_key, **options})

    def http(self, **options: Any) -> httpx.Client:
        """A plain httpx client of this world: ``fake.http().get("/v1/runs/...")``.

        Args:
            options: for ``httpx.Client``; base_url and the key's header are set already.
        """
        return httpx.Client(**self._plain(options), transport=self.sync_transport)

    def async_http(self, **options: Any) -> httpx.AsyncClient:
        """As :meth:`http`, async."""
        return httpx.AsyncClient(**self._plain(options), transport=self.transport)

    def _plain(self, options: dict[str, Any]) -> dict[str, Any]:
        headers = httpx.Headers({"x-api-key": self.api_key})
        headers.update(options.pop("headers", None))
        return {"base_url": self.base_url, "headers": headers, **options}

    @contextlib.contextmanager
    def intercept(self, *hosts: str) -> Generator[Self]:
        """Inside, every httpx request for Skyvern's own hosts comes to this world.

        Also of clients that were made before, at import time. Other hosts are not touched.

        Args:
            hosts: further ones, such as ``"localhost:8000"`` (the SDK's environment LOCAL).
        """
        with intercepting(self, (*API_HOSTS, *hosts)):
            yield self
