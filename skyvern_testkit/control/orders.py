"""What a remote fake tells its server: orders, over plain HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from skyvern_testkit.control.carrying import SocketTransport
from skyvern_testkit.transport.stamps import CONTROL, NOW

__all__ = ["CannotTravel", "NotOurServer", "OrderRefused", "Orders"]

PATIENCE = 30.0
"""Real seconds for the answer to an order."""


class CannotTravel(RuntimeError):
    """A test asks for something that works only on a fake in its own process.

    Under pytest it skips the test, with this reason.
    """


class NotOurServer(RuntimeError):
    """What answers there is no ``skyvern-testkit serve``, or nothing does."""


class OrderRefused(ValueError):
    """The server cannot do it.

    Attributes:
        status: of its answer.
        said: its answer.
    """

    def __init__(self, status: int, said: dict[str, Any]) -> None:
        super().__init__(said.get("error", f"the server answered {status}"))
        self.status, self.said = status, said


class Orders:
    """The desk of one server, for one key.

    Args:
        url: of the server.
        api_key: whose orders they are.
        now: the instant that is stamped on them; None where the server has its own time.
    """

    def __init__(
        self, url: str, api_key: str, now: Callable[[], int | None] = lambda: None
    ) -> None:
        self.url, self._api_key, self._now = url, api_key, now

    def __call__(
        self, method: str, path: str, *, json: Any = None, content: str | None = None
    ) -> httpx.Response:
        """The server's answer to an order.

        Args:
            method: of HTTP.
            path: behind ``/_skyvern_testkit/``.
            json: what is sent, or
            content: what is sent as it stands.

        Raises:
            OrderRefused: it says no.
            NotOurServer: nobody answers, or somebody else.
        """
        headers = {"x-api-key": self._api_key}
        if (now := self._now()) is not None:
            headers[NOW] = str(now)
        request = httpx.Request(
            method,
            f"{self.url}{CONTROL}{path}",
            headers=headers,
            json=json,
            content=content,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), PATIENCE)},
        )
        over = SocketTransport()
        try:
            answer = over.handle_request(request)
            answer.read()
        except httpx.TransportError as error:
            raise NotOurServer(f"nobody answers at {self.url}: {error}") from None
        finally:
            over.close()
        answer.request = request
        if answer.status_code < 400:
            return answer
        try:
            said = answer.json()
        except ValueError:
            said = None
        if not isinstance(said, dict) or "error" not in said:
            raise NotOurServer(f"{self.url} does not answer as `skyvern-testkit serve` does")
        raise OrderRefused(answer.status_code, said)  # pyright: ignore[reportUnknownArgumentType]
