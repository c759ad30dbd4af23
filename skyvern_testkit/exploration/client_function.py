"""The client code that is explored: what it is given, how it is run, how the call is written."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["ClientFunction"]

_ASYNC: Final[Mapping[str, str]] = {
    "fake": "fake",
    "client": "fake.client()",
    "sync_client": "fake.sync_client()",
    "http": "fake.async_http()",
}
_SYNC: Final[Mapping[str, str]] = {
    **_ASYNC,
    "client": "fake.sync_client()",
    "http": "fake.http()",
}
"""What a parameter of that name is given, as code."""

_PREFIX: Final = "skyvern_"
"""Parameters may have the names of the pytest fixtures."""


class ClientFunction:
    """A function that uses Skyvern.

    Raises:
        TypeError: it has a parameter that cannot be filled.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - an object with an async __call__
        )
        known = _ASYNC if self.is_async else _SYNC
        self._positional: list[str] = []
        self._named: dict[str, str] = {}
        for parameter in inspect.signature(function).parameters.values():
            if parameter.default is not parameter.empty or parameter.kind in _OPEN:
                continue
            given = known.get(parameter.name.removeprefix(_PREFIX))
            if given is None:
                raise TypeError(
                    f"explore() does not know what to give {name_of(function)}() as "
                    f"{parameter.name!r}: it fills parameters named {', '.join(known)}. For others, "
                    "give it a function of your own: async def job(client): await "
                    f"{name_of(function)}(client, ...)"
                )
            if parameter.kind is parameter.KEYWORD_ONLY:
                self._named[parameter.name] = given
            else:
                self._positional.append(given)

    @property
    def takes_nothing(self) -> bool:
        """Then it makes its client itself."""
        return not self._positional and not self._named

    def __call__(self, fake: InProcessSkyvern) -> Any:
        """Run it in that world, in an event loop of its own if it is async."""
        values = {code: make(fake) for code, make in _MAKERS.items() if self._wants(code)}
        result = self.function(
            *(values[code] for code in self._positional),
            **{name: values[code] for name, code in self._named.items()},
        )
        if inspect.isawaitable(result):
            self.is_async = True  # a lambda that calls a coroutine function
            result = asyncio.run(_awaited(result))
        return result

    def _wants(self, code: str) -> bool:
        return code in self._positional or code in self._named.values()

    def code(self, name: str) -> str:
        """The call, for a program in which the world is ``fake``."""
        named = [f"{parameter}={code}" for parameter, code in self._named.items()]
        call = f"{name}({', '.join([*self._positional, *named])})"
        return f"asyncio.run({call})" if self.is_async else call


_OPEN: Final = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def _itself(fake: InProcessSkyvern) -> InProcessSkyvern:
    return fake


_MAKERS: Final[Mapping[str, Callable[[InProcessSkyvern], Any]]] = {
    "fake": _itself,
    "fake.client()": InProcessSkyvern.client,
    "fake.sync_client()": InProcessSkyvern.sync_client,
    "fake.http()": InProcessSkyvern.http,
    "fake.async_http()": InProcessSkyvern.async_http,
}


async def _awaited(waiting: Awaitable[Any]) -> Any:
    return await waiting


def name_of(thing: Any) -> str:
    """What people call a function or class."""
    while isinstance(thing, functools.partial):
        thing = thing.func  # pyright: ignore[reportUnknownMemberType] - of any function
    return str(getattr(thing, "__name__", None) or type(thing).__name__)
