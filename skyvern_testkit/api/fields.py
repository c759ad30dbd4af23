"""Field types that several families of requests share, and the server's check of URLs."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AnyWebsocketUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    HttpUrl,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from skyvern_testkit.wire.errors import Refusal

__all__ = [
    "URL_ADVICE",
    "BrowserAddress",
    "GeoTarget",
    "Lazy",
    "NamedProxyTarget",
    "ProxyLocation",
    "ProxySession",
    "ProxyTarget",
    "Scrolls",
    "TaskProxy",
    "WorkflowProxy",
    "check_browser_address",
    "check_host",
    "check_timezone",
    "checked_url",
    "is_known_host",
    "stored_proxy",
]


class Lazy(BaseModel):
    """A request model that is built when it is first used, so that importing stays cheap."""

    model_config = ConfigDict(defer_build=True)


class ProxyLocation(StrEnum):
    RESIDENTIAL = "RESIDENTIAL"
    US_CA = "US-CA"
    US_NY = "US-NY"
    US_TX = "US-TX"
    US_FL = "US-FL"
    US_WA = "US-WA"
    RESIDENTIAL_ES = "RESIDENTIAL_ES"
    RESIDENTIAL_IE = "RESIDENTIAL_IE"
    RESIDENTIAL_GB = "RESIDENTIAL_GB"
    RESIDENTIAL_IN = "RESIDENTIAL_IN"
    RESIDENTIAL_JP = "RESIDENTIAL_JP"
    RESIDENTIAL_FR = "RESIDENTIAL_FR"
    RESIDENTIAL_DE = "RESIDENTIAL_DE"
    RESIDENTIAL_NZ = "RESIDENTIAL_NZ"
    RESIDENTIAL_ZA = "RESIDENTIAL_ZA"
    RESIDENTIAL_AR = "RESIDENTIAL_AR"
    RESIDENTIAL_AU = "RESIDENTIAL_AU"
    RESIDENTIAL_BR = "RESIDENTIAL_BR"
    RESIDENTIAL_TR = "RESIDENTIAL_TR"
    RESIDENTIAL_CA = "RESIDENTIAL_CA"
    RESIDENTIAL_MX = "RESIDENTIAL_MX"
    RESIDENTIAL_IT = "RESIDENTIAL_IT"
    RESIDENTIAL_NL = "RESIDENTIAL_NL"
    RESIDENTIAL_PH = "RESIDENTIAL_PH"
    RESIDENTIAL_KR = "RESIDENTIAL_KR"
    RESIDENTIAL_SA = "RESIDENTIAL_SA"
    RESIDENTIAL_ISP = "RESIDENTIAL_ISP"
    NONE = "NONE"


# fmt: off
_GEO_COUNTRIES: Final = [
    "AR", "AU", "BR", "CA", "DE", "ES", "FR", "GB", "IE", "IN", "IT",
    "JP", "KR", "MX", "NL", "NZ", "PH", "SA", "TR", "US", "ZA",
]
# fmt: on


class GeoTarget(Lazy):
    country: Annotated[str, StringConstraints(min_length=2, max_length=2)]
    subdivision: Annotated[str, StringConstraints(max_length=10)] | None = None
    city: Annotated[str, StringConstraints(max_length=100)] | None = None
    isISP: bool = False  # noqa: N815 - the wire's own spelling

    @field_validator("country")
    @classmethod
    def _is_served(cls, country: str) -> str:
        if country.upper() not in _GEO_COUNTRIES:
            raise ValueError(
                f"Country {country!r} is not supported for geo targeting. "
                f"Supported countries: {_GEO_COUNTRIES}"
            )
        return country.upper()


def _geo_target(value: Any) -> Any:
    """An object is a place, unless it names a proxy of the caller's own by its URL."""
    if not hasattr(value, "keys") or ("url" in value and "country" not in value):
        return value
    return GeoTarget.model_validate(value)


def _pinned(value: Any) -> Any:
    """The proxy of that name, spaces around it or not; no text is no proxy."""
    if isinstance(value, str):
        return ProxyLocation(value.strip()) if value.strip() else None
    if not hasattr(value, "keys"):
        return value
    if "url" in value and "country" not in value:
        raise ValueError("Custom proxy URLs are not supported for pinned proxy identities")
    return GeoTarget.model_validate(value)


def _no_blank(text: str | None) -> str | None:
    return (text or "").strip() or None


_AnyProxy = Annotated[
    ProxyLocation | GeoTarget | dict[str, Any] | None, Field(union_mode="left_to_right")
]

ProxyTarget = Annotated[_AnyProxy, BeforeValidator(_geo_target)]
"""The proxy of workflows and browser sessions."""


def _geo_target_or_none(value: Any) -> Any:
    try:
        return _geo_target(value)
    except ValidationError:
        return None


TaskProxy = Annotated[_AnyProxy, BeforeValidator(_geo_target_or_none)]
"""The proxy of tasks: a place that is none counts as not said."""


def stored_proxy(asked: Any) -> Any:
    """The proxy of a workflow run as it is read back: an object that is no place is gone."""
    place = _geo_target_or_none(asked)
    return place.model_dump() if isinstance(place, GeoTarget) else place


WorkflowProxy = ProxyLocation | GeoTarget | dict[str, Any] | None
"""The proxy of workflow runs: an object that is no place is kept as it is."""

NamedProxyTarget = Annotated[_AnyProxy, BeforeValidator(_pinned)]
"""The proxy of browser profiles and credentials: an unknown name has a text of its own there, and
no proxy of the caller's own is taken."""

ProxySession = Annotated[str | None, AfterValidator(_no_blank)]
"""The proxy session of browser profiles and credentials, without the spaces around it."""


_ADDRESS_WANTED: Final = "browser_address must be an HTTP(S) or WebSocket URL with a host"


@cache
def _browser_url() -> TypeAdapter[AnyHttpUrl | AnyWebsocketUrl]:
    return TypeAdapter(AnyHttpUrl | AnyWebsocketUrl)


def _known_address(address: str | None) -> str | None:
    if address:
        try:
            port = _browser_url().validate_python(address.strip()).port
        except ValidationError:
            port = 0
        if port == 0:
            raise ValueError(_ADDRESS_WANTED)
    return address


BrowserAddress = Annotated[str | None, AfterValidator(_known_address)]
"""Where a browser is that runs already; the text is kept as it was sent."""


def check_browser_address(address: str | None) -> None:
    """The same check by operations that make it themselves.

    Raises:
        Refusal: the real server's 422.
    """
    try:
        _known_address(address)
    except ValueError as error:
        raise Refusal(422, f"browser_address: Value error, {error}") from None


def _within_scrolls(number: int | None) -> int | None:
    return None if number is None else min(max(number, 0), 1000)


Scrolls = Annotated[int | None, AfterValidator(_within_scrolls)]
"""How often a page is scrolled for a screenshot: within bounds, whatever was asked for."""


def check_timezone(name: str | None) -> None:
    """Refuse a time zone that the IANA does not name; None is none asked for.

    Raises:
        ValueError: of a model's own check, so it becomes an item of a 422.
    """
    from skyvern_testkit.api.timezones import is_timezone

    if name is not None and not is_timezone(name):
        raise ValueError(
            f"timezone_id {name!r} is not an IANA timezone name. Use a name such as "
            "'America/New_York' or 'Africa/Kampala'; UTC offsets are not accepted."
        )


URL_ADVICE: Final = "Use an HTTP or HTTPS URL with at most 2083 characters."


@cache
def _http_url() -> TypeAdapter[HttpUrl]:
    return TypeAdapter(HttpUrl)


@cache
def _any_http_url() -> TypeAdapter[AnyHttpUrl]:
    return TypeAdapter(AnyHttpUrl)


def checked_url(url: str | None, field: str, *, any_length: bool = False) -> str | None:
    """A URL as the server keeps it: with a scheme and a path, the host in lower case.

    Args:
        url: as it was sent; None stays None.
        field: how the error names it: ``url``, ``webhook_url``.
        any_length: take it beyond 2083 characters too, as a replayed webhook does.

    Raises:
        Refusal: the real server's 400.
    """
    if url is None:
        return None
    text = url.strip()
    try:
        scheme = urlsplit(text).scheme
    except ValueError:
        scheme = "https"
    if scheme not in ("", "http", "https"):
        raise Refusal(400, f"Invalid {field}: unsupported scheme. {URL_ADVICE}")
    try:
        adapter = _any_http_url() if any_length else _http_url()
        return str(adapter.validate_python(text if scheme else f"https://{text}"))
    except ValidationError:
        advice = "" if any_length else f" {URL_ADVICE}"
        raise Refusal(400, f"Invalid {field}: malformed.{advice}") from None


def check_host(url: str | None, field: str) -> None:
    """Refuse a host that no name server knows.

    The fake asks none: it takes names without a dot (but ``localhost``) and the reserved
    ``.invalid`` for unknown.

    Raises:
        Refusal: the real server's 400.
    """
    if url is None:
        return
    if not is_known_host(url):
        raise Refusal(400, f"Invalid {field}: unresolvable host.")


def is_known_host(url: str) -> bool:
    """Would a name server know the URL's host? See :func:`check_host`."""
    host = urlsplit(url).hostname or ""
    known = host == "localhost" or "." in host or ":" in host
    return known and not host.endswith(".invalid")
