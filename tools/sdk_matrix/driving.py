"""Every method of one release, sync and async, called at a served fake; the process of one release.

    PYTHONPATH=<folder> python -m tools.sdk_matrix.driving <release> <folder> [<dialect> ...]

Prints one JSON object for each call. What it means is judged elsewhere.
"""

import asyncio
import inspect
import json
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, Final, get_type_hints

import httpx
import typing_extensions
from pydantic import TypeAdapter

from skyvern_testkit import fake_skyvern
from skyvern_testkit.transport.server import Server, serving
from tools.sdk_matrix.arranging import BEGAN, Stage, resolve
from tools.sdk_matrix.calls import SYNONYMS, Call, call_of
from tools.sdk_matrix.said import Said
from tools.sdk_matrix.wrapping import stories

__all__ = ["Driver", "Method", "drive"]

TIMEOUT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a release: its name, what has it, and what it is called there."""

    name: str
    holder: Any
    attribute: str

    def bound(self) -> Callable[..., Any]:
        return getattr(self.holder, self.attribute)  # type: ignore[no-any-return] # any release's

    def due(self, status: int) -> str:
        """The class that the release's code makes of a status."""
        source = inspect.getsource(getattr(self.holder.with_raw_response, self.attribute))
        mapped = dict(re.findall(r"status_code == (\d+):.*?raise (\w+)\(", source, re.DOTALL))
        return f"{mapped.get(str(status), 'ApiError')} {status}"


def methods_of(client: Any) -> Iterator[Method | tuple[str, ImportError]]:
    """Every method; of a part of the client that is not in the wheel the name and the error."""
    for name, member in inspect.getmembers(type(client)):
        if name.startswith("_") or name == "with_raw_response":
            continue
        if inspect.isfunction(member):
            yield Method(name, client, name)
            continue
        try:
            part = getattr(client, name)
        except ImportError as error:
            yield f"{name}.*", error
            continue
        for inner, _ in inspect.getmembers(type(part), inspect.isfunction):
            if not inner.startswith("_"):
                yield Method(f"{name}.{inner}", part, inner)


@cache
def _declared(function: Any) -> TypeAdapter[Any]:
    return TypeAdapter(get_type_hints(function)["return"])


def _arguments(call: Call, method: Callable[..., Any]) -> dict[str, Any]:
    """What the method is given, under the names that it has for it."""
    known = inspect.signature(method).parameters
    also = {name: value for name, value in call.also.items() if name in known}
    return _named({**call.given, **also}, known)


def _named(arguments: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name if name in known else SYNONYMS.get(name, name): value
        for name, value in arguments.items()
    }


def _wrong(call: Call, method: Callable[..., Any]) -> dict[str, Any]:
    """As :func:`_arguments`, with what is wrong; nothing is made for it but what it keeps."""
    known = inspect.signature(method).parameters
    given = _arguments(call, method)
    return {**given, **_named(call.wrong or {}, known)}


async def _finish(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


class Driver:
    """One client of a release at one served fake.

    Args:
        server: the fake.
        client: the release's own, sync or async.
        kind: ``sync`` or ``async``.
        http: for arranging, with the same key.
        loop: runs the async client.
        errors: that the server was told of.
    """

    def __init__(
        self,
        server: Server,
        client: Any,
        kind: str,
        http: httpx.Client,
        loop: asyncio.Runner,
        errors: list[Exception],
    ) -> None:
        self._errors = errors
        self._dialect = server.fake.dialect.release
        self._client = client
        self._kind = kind
        self._http = http
        self._loop = loop

    def drive(self) -> Iterator[Said]:
        for found in methods_of(self._client):
            match found:
                case Method():
                    yield from self._both(found)
                case (name, error):
                    outcome = type(error).__name__
                    yield Said(
                        name, self._dialect, self._kind, "call", outcome, "passed", str(error)
                    )

    def _both(self, method: Method) -> Iterator[Said]:
        call = call_of(method.name)
        bound = method.bound()
        yield self._one(method, bound, "call", _arguments(call, bound), "passed")
        if call.wrong is not None:
            due = method.due(call.status)
            yield self._one(method, bound, "wrong", _wrong(call, bound), due)

    def _one(
        self, method: Method, bound: Callable[..., Any], what: str, asked: Any, due: str
    ) -> Said:
        outcome, detail = self._call(bound, asked)
        return Said(method.name, self._dialect, self._kind, what, outcome, due, detail[:600])

    def _call(self, method: Callable[..., Any], asked: Any) -> tuple[str, str]:
        try:
            given = resolve(asked, Stage(self._http))
        except (LookupError, httpx.HTTPError) as error:
            return "cannot be arranged", f"{error!r} {self._crashes()}"
        try:
            answer = self._loop.run(_finish(method(**given)))
            _declared(getattr(method, "__func__", method)).validate_python(answer, strict=True)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the finding
            status = getattr(error, "status_code", None)
            name = type(error).__name__
            outcome = name if status is None else f"{name} {status}"
            return outcome, f"{_text(error)} {self._crashes()}"
        return "passed", ""

    def _crashes(self) -> str:
        """What went wrong inside the fake, if that is why; told once."""
        told = [" ".join(traceback.format_exception(error)[-3:]) for error in self._errors]
        self._errors.clear()
        return " ".join(told)


def _text(error: Exception) -> str:
    body = getattr(error, "body", None)
    return json.dumps(body, default=str) if body is not None else str(error)


def _kinds(sdk: Any) -> Iterator[tuple[str, Any, Any]]:
    yield "sync", sdk.Skyvern, httpx.Client
    yield "async", sdk.AsyncSkyvern, httpx.AsyncClient


def drive(dialect: str) -> Iterator[Said]:
    """All calls of the generated client at a fake that speaks a dialect."""
    from skyvern import client as sdk  # the release's

    errors: list[Exception] = []
    with (
        suppress(Exception),  # what the fake remembers of its own is told by the calls
        fake_skyvern(
            clock="manual", dialect=dialect, epoch=BEGAN, one_organization=False, max_requests=None
        ) as fake,
        serving(fake, on_error=errors.append) as server,
        asyncio.Runner() as loop,
    ):
        for kind, client, over in _kinds(sdk):
            key = f"{kind}-key"
            http = httpx.Client(
                base_url=server.url, headers={"x-api-key": key}, trust_env=False, timeout=TIMEOUT
            )
            made = client(
                base_url=server.url,
                api_key=key,
                httpx_client=over(trust_env=False, timeout=TIMEOUT),
            )
            with http:
                yield from Driver(server, made, kind, http, loop, errors).drive()


def main(release: str, folder: str, *dialects: str) -> None:
    """Print what came of each call."""
    import skyvern

    if not str(skyvern.__file__).startswith(folder):
        sys.exit(f"{skyvern.__file__} is not the release {release} of {folder}")
    warnings.simplefilter("ignore")
    # The SDK asks for the hints of its models again with every value that it reads: half of the time.
    setattr(typing_extensions, "get_type_hints", cache(typing_extensions.get_type_hints))  # noqa: B010
    for dialect in dict.fromkeys(dialects):
        for said in (*drive(dialect), *stories(dialect)):
            print(json.dumps(asdict(said)), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
