"""No request of a test reaches the real Skyvern: it is served by the fake, or it is an error that says so."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
from collections.abc import Callable, Generator, Iterable
from typing import Any, Final, Protocol, cast
from urllib.parse import urlsplit

import httpx

__all__ = ["API_HOSTS", "Carrier", "RealSkyvernRefused", "guarded", "intercepting"]

API_HOSTS: Final = ("api.skyvern.com", "api-staging.skyvern.com")
"""The hosts of the SDK's environments CLOUD and STAGING."""
DOMAIN: Final = "skyvern.com"


class RealSkyvernRefused(RuntimeError):
    """A request in a test was about to leave for the real Skyvern."""


class Target(Protocol):
    """What interception needs of a fake."""

    @property
    def transport(self) -> httpx.AsyncBaseTransport: ...
    @property
    def sync_transport(self) -> httpx.BaseTransport: ...
    def refused(self, error: RealSkyvernRefused) -> None:
        """Remember that it happened, in case the code under test swallows the error."""
        ...


class Carrier:
    """A transport of the kit's own over a socket: what it carries was caught already."""


_lock = threading.Lock()
_guards: list[Target] = []
_intercepts: list[tuple[Target, frozenset[str]]] = []
_undo = contextlib.ExitStack()


@contextlib.contextmanager
def guarded(target: Target) -> Generator[None]:
    """Inside, nothing in this process reaches Skyvern's own hosts."""
    with _lock:
        if not _guards:
            _patch()
        _guards.append(target)
    try:
        yield
    finally:
        with _lock:
            _guards.remove(target)
            if not _guards:
                _undo.close()


@contextlib.contextmanager
def intercepting(target: Target, hosts: Iterable[str]) -> Generator[None]:
    """Inside, httpx requests for these hosts are served by `target`; the newest interception wins.

    Args:
        target: a fake that is guarded too.
        hosts: ``name`` or ``name:port``; a name alone stands for every port.
    """
    entry = (target, frozenset(host.lower() for host in hosts))
    with _lock:
        _intercepts.append(entry)
    try:
        yield
    finally:
        with _lock:
            _intercepts.remove(entry)


def _interceptor(url: httpx.URL) -> Target | None:
    """Who serves that URL; None when it may go where it wants to.

    Raises:
        RealSkyvernRefused: nobody does, and it is Skyvern's own.
    """
    names = {url.host.lower(), f"{url.host.lower()}:{url.port or _PORTS.get(url.scheme)}"}
    for target, hosts in reversed(_intercepts):
        if names & hosts:
            return target
    if _is_skyvern(url.host):
        raise _refusal(url.host)
    return None


_PORTS: Final = {"http": 80, "https": 443}


def _is_skyvern(host: object) -> bool:
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return False
    name = host.lower().rstrip(".")
    return name == DOMAIN or name.endswith("." + DOMAIN)


def _refusal(host: object) -> RealSkyvernRefused:
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host
    error = RealSkyvernRefused(
        f"a request was about to leave this test for the real Skyvern at {name}, and was stopped. Give "
        "the code under test a client of the fake (skyvern_client, fake.client()), or catch the clients "
        "that it makes itself with `with fake.intercept():` (ini: skyvern_intercept = true); that works "
        "for every client that uses httpx, such as the SDK."
    )
    if _guards:
        _guards[-1].refused(error)
    return error


# --- what is replaced meanwhile -----------------------------------------------------------------


def _patch() -> None:
    def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
        own = cast("dict[str, Any]", vars(owner)).get(name)
        setattr(owner, name, make(getattr(owner, name)))
        if own is None:
            _undo.callback(delattr, owner, name)
        else:
            _undo.callback(setattr, owner, name, own)

    replace(httpx.HTTPTransport, "handle_request", _sync)
    replace(httpx.AsyncHTTPTransport, "handle_async_request", _async)
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        replace(socket, name, _resolving)
    for name in ("connect", "connect_ex"):
        replace(socket.socket, name, _connecting)
    # Through a proxy, only these see whom a request is for: the proxy resolves the name.
    replace(http.client.HTTPConnection, "set_tunnel", _tunnelling)
    replace(http.client.HTTPConnection, "putrequest", _requesting)


def _sync(original: Any) -> Any:
    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        target = None if isinstance(self, Carrier) else _interceptor(request.url)
        if target is None:
            return cast("httpx.Response", original(self, request))
        return target.sync_transport.handle_request(request)

    return handle_request


def _async(original: Any) -> Any:
    async def handle_async_request(
        self: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        target = None if isinstance(self, Carrier) else _interceptor(request.url)
        if target is None:
            return cast("httpx.Response", await original(self, request))
        return await target.transport.handle_async_request(request)

    return handle_async_request


def _resolving(original: Any) -> Any:
    def resolve(*args: Any, **kwargs: Any) -> Any:
        host = args[0] if args else kwargs.get("host")
        if _is_skyvern(host):
            raise _refusal(host)
        return original(*args, **kwargs)

    return resolve


def _connecting(original: Any) -> Any:
    def connect(self: socket.socket, address: Any) -> Any:
        if isinstance(address, tuple) and address and _is_skyvern(cast("Any", address[0])):
            raise _refusal(cast("Any", address[0]))
        return original(self, address)

    return connect


def _tunnelling(original: Any) -> Any:
    def set_tunnel(self: http.client.HTTPConnection, host: str, *args: Any, **kwargs: Any) -> None:
        if _is_skyvern(urlsplit(f"//{host}").hostname):
            raise _refusal(host)
        original(self, host, *args, **kwargs)

    return set_tunnel


def _requesting(original: Any) -> Any:
    def putrequest(
        self: http.client.HTTPConnection, method: str, url: str, *args: Any, **kwargs: Any
    ) -> None:
        host = url.partition(":")[0] if method == "CONNECT" else urlsplit(url).hostname
        if _is_skyvern(host):
            raise _refusal(host)
        original(self, method, url, *args, **kwargs)

    return putrequest
