"""The whole answer: status, headers in the server's order, body (facts: resources 1, "Headers")."""

from __future__ import annotations

from dataclasses import replace
from email.utils import formatdate
from typing import Final
from urllib.parse import quote

from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.http import Headers, Request, Response
from skyvern_testkit.wire.jsontext import Json, dump_answer, dump_refusal
from skyvern_testkit.wire.times import SECOND

__all__ = ["bare", "crash", "json_answer", "preflight", "redirect", "refusal", "without_body"]

_SECURITY: Headers = (
    ("x-frame-options", "DENY"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
)
_JSON = ("content-type", "application/json")
_PREFLIGHT_VARY = (
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
    "Access-Control-Request-Private-Network"
)
_PLAIN_IN_PATHS: Final = ":/%#?=@[]!$&'()*+,;"
"""What the server does not escape where it names a path."""
_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY")


def _server(now: int) -> Headers:
    return (("date", formatdate(now // SECOND, usegmt=True)), ("server", "uvicorn"))


def _cors(request: Request) -> Headers:
    vary = (("vary", "Origin"),)
    if request.header("origin") is None:
        return vary
    return (("access-control-allow-origin", "*"), *vary)


def _length(body: bytes) -> tuple[str, str]:
    return ("content-length", str(len(body)))


def json_answer(
    request: Request,
    status: int,
    body: Json,
    *,
    now: int,
    headers: Headers = (),
    more: Headers = (),
) -> Response:
    """An ordinary answer. A 204 has neither body nor length.

    Args:
        request: what is answered.
        status: HTTP status.
        body: JSON.
        now: the world's time.
        headers: those of an error, which stand before the length.
        more: those that a handler adds, which stand after the content type.

    Raises:
        ServerCrash: the body holds half of a surrogate pair, which nobody can write as UTF-8.
    """
    try:
        raw = b"" if status == 204 else dump_answer(body)
    except UnicodeEncodeError:
        raise ServerCrash("PydanticSerializationError") from None
    return _json(request, status, raw, now=now, headers=headers, more=more)


def refusal(request: Request, refused: Refusal, *, now: int) -> Response:
    """The answer to what is refused, written in another way than an ordinary one.

    Raises:
        ServerCrash: it echoes NaN or half of a surrogate pair.
    """
    try:
        raw = dump_refusal(refused.body)
    except ValueError as error:
        raise ServerCrash(type(error).__name__) from None
    return _json(request, refused.status, raw, now=now, headers=refused.headers)


def _json(
    request: Request,
    status: int,
    raw: bytes,
    *,
    now: int,
    headers: Headers = (),
    more: Headers = (),
) -> Response:
    length = () if status == 204 else (_length(raw),)
    return Response(
        status, (*_server(now), *headers, *length, _JSON, *more, *_cors(request), *_SECURITY), raw
    )


def without_body(response: Response) -> Response:
    """The answer to HEAD: the length of the body that GET would have, and no body."""
    return replace(response, body=b"")


def bare(request: Request, status: int, raw: bytes, *, now: int, headers: Headers = ()) -> Response:
    """An answer whose body is not JSON; its content type, if it has one, is among the headers.

    A 204 has no length.
    """
    kind = tuple(item for item in headers if item[0] == "content-type")
    first = tuple(item for item in headers if item[0] != "content-type")
    said = {name for name, _ in first}
    security = tuple(item for item in _SECURITY if item[0] not in said)
    length = () if status == 204 else (_length(raw),)
    return Response(
        status, (*_server(now), *first, *length, *kind, *_cors(request), *security), raw
    )


def crash(body: Json, *, now: int) -> Response:
    """The server's own 500, which no middleware of its application has seen."""
    raw = dump_answer(body)
    return Response(500, (*_server(now), *_SECURITY, _length(raw), _JSON), raw)


def redirect(request: Request, path: str, *, now: int) -> Response:
    """307 to the spelling of the path that exists; the query goes along."""
    host = request.header("host") or "localhost"
    query = f"?{request.query}" if request.query else ""
    location = f"{request.scheme}://{host}{quote(path, safe=_PLAIN_IN_PATHS)}{query}"
    return Response(
        307,
        (
            *_server(now),
            ("content-length", "0"),
            ("location", location),
            *_cors(request),
            *_SECURITY,
        ),
    )


def preflight(request: Request, *, now: int) -> Response | None:
    """The answer to a CORS preflight, or None for any other request."""
    wanted = request.header("access-control-request-method")
    if request.method != "OPTIONS" or request.header("origin") is None or wanted is None:
        return None
    asked = request.header("access-control-request-headers")
    allowed = wanted in _METHODS
    text = b"OK" if allowed else b"Disallowed CORS method"
    headers: Headers = (
        *_server(now),
        (
            "vary",
            _PREFLIGHT_VARY,
        ),
        ("access-control-allow-origin", "*"),
        ("access-control-allow-methods", ", ".join(_METHODS)),
        ("access-control-max-age", "600"),
        *((("access-control-allow-headers", asked),) if asked else ()),
        _length(text),
        ("content-type", "text/plain; charset=utf-8"),
        *_SECURITY,
    )
    return Response(200 if allowed else 400, headers, text)
