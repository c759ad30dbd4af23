"""The whole answer: status, headers in the server's order, body (facts: resources 1, "Headers")."""

from __future__ import annotations

from email.utils import formatdate

from skyvern_testkit.wire.http import Headers, Request, Response
from skyvern_testkit.wire.jsontext import Json, dump_answer
from skyvern_testkit.wire.times import SECOND

__all__ = ["bare", "crash", "json_answer", "preflight", "redirect"]

_SECURITY: Headers = (
    ("x-frame-options", "DENY"),
    ("content-security-policy", "frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
)
_JSON = ("content-type", "application/json")
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
    request: Request, status: int, body: Json, *, now: int, headers: Headers = ()
) -> Response:
    """An ordinary answer. A 204 has neither body nor length."""
    raw = b"" if status == 204 else dump_answer(body)
    length = () if status == 204 else (_length(raw),)
    return Response(
        status, (*_server(now), *headers, *length, _JSON, *_cors(request), *_SECURITY), raw
    )


def bare(
    request: Request, status: int, raw: bytes, *, now: int, headers: Headers = ()
) -> Response:
    """An answer whose body is not JSON; its content type is among the headers."""
    return Response(
        status, (*_server(now), *headers, _length(raw), *_cors(request), *_SECURITY), raw
    )


def crash(body: Json, *, now: int) -> Response:
    """The server's own 500, which no middleware of its application has seen."""
    raw = dump_answer(body)
    return Response(500, (*_server(now), *_SECURITY, _length(raw), _JSON), raw)


def redirect(request: Request, path: str, *, now: int) -> Response:
    """307 to the spelling of the path that exists; the query goes along."""
    host = request.header("host") or "localhost"
    query = f"?{request.query}" if request.query else ""
    location = f"{request.scheme}://{host}{path}{query}"
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
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, "
            "Access-Control-Request-Private-Network",
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
