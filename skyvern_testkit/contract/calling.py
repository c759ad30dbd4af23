"""How a case talks to its target: the same call as plain HTTP, or by the installed SDK."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote

from skyvern_testkit.contract.answers import check_answer, place_of_argument
from skyvern_testkit.contract.outcome import Outcome
from skyvern_testkit.contract.sdk_answers import check_error, check_model
from skyvern_testkit.wire.operations import Operation, operation_named

if TYPE_CHECKING:
    import httpx
    from skyvern.client import Skyvern

    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["Caller", "CannotBeExpressed", "NotHere", "Place"]

TIMEOUT: Final = 120.0
"""Seconds: a profile made from a run lets its client wait for half a minute."""

WHOLE_BODY: Final = {"retry_run_webhook": "request"}
"""Operations whose body is one argument of the SDK's method, not one argument a field."""


class NotHere(Exception):
    """The target cannot do what the case asks; the case is not run there."""


class CannotBeExpressed(Exception):
    """A case makes a call that the SDK has no way to make, and does not say so."""


@dataclass(frozen=True, slots=True)
class Place:
    """One organisation of a target, as a client reaches it.

    Attributes:
        base_url: of the server.
        api_key: of the organisation.
        another_key: makes another organisation and gives its key.
        transport: instead of a socket, where there is none.
        fake: the world behind it, where it is one of ours.
    """

    base_url: str
    api_key: str
    another_key: Callable[[], str]
    transport: httpx.BaseTransport | None = None
    fake: InProcessSkyvern | None = None


class Driver(Protocol):
    """One way to make a call."""

    def call(self, operation: Operation, arguments: dict[str, Any]) -> Outcome:
        """Make it."""
        ...

    def send(self, method: str, path: str, options: dict[str, Any]) -> Outcome:
        """Make any request."""
        ...


class Caller:
    """The fixture ``skyvern`` of a case: an organisation of its own on the target, and a driver.

    Every answer is held against the server's schema, and with the SDK also what became of it.
    """

    def __init__(self, place: Place, driver: str, stack: ExitStack) -> None:
        self.driver = driver
        self._place = place
        self._stack = stack
        made: Driver = Raw(place, stack) if driver == "raw" else BySdk(place, stack)
        self._driver = made

    def call(self, operation: str, /, **arguments: Any) -> Outcome:
        """Call an operation by its name.

        Args:
            operation: as the SDK's method is named: ``create_browser_session``.
            arguments: as that method takes them. Those it does not know travel all the same, in
                the body of an operation that has one, else in the query. None is sent as null in a
                body and left out of a query. ``headers={...}`` adds headers.

        Raises:
            UnknownOperation: there is none of that name.
            CannotBeExpressed: by the SDK it cannot be called so.
            WrongAnswer: the answer is not one of the server's schema, or not what the SDK declares.
        """
        return self._driver.call(operation_named(operation), arguments)

    def send(self, method: str, path: str, **options: Any) -> Outcome:
        """Send any request: for cases that are ``raw_only``.

        Args:
            method: ``POST``.
            path: with its query: ``/v1/browser_sessions?page=2``.
            options: of ``httpx.Client.request``: ``content=b"{"``, ``json=[]``, ``headers={...}``.
        """
        return self._driver.send(method, path, options)

    def wait(self, seconds: float) -> None:
        """Let time pass: virtual where the target's is, real elsewhere."""
        time.sleep(seconds)

    def stranger(self) -> Caller:
        """The same target for another, new organisation.

        Raises:
            NotHere: none can be made there, and the case is not run.
        """
        return self.with_key(self._place.another_key())

    def with_key(self, api_key: str) -> Caller:
        """The same target with an API key of any kind."""
        other = replace(self._place, api_key=api_key)
        return Caller(other, self.driver, self._stack)

    @property
    def api_key(self) -> str:
        """The key of the organisation: what webhooks of its runs are signed with."""
        return self._place.api_key

    @property
    def raw(self) -> Caller:
        """The same organisation by plain HTTP, for what must be arranged and the SDK cannot ask."""
        return Caller(self._place, "raw", self._stack)

    @property
    def fake(self) -> InProcessSkyvern:
        """The world behind it, to be scripted: for cases that are ``ours_only``.

        Raises:
            NotHere: the target is not one of ours.
        """
        if self._place.fake is None:
            raise NotHere("there is no world to script")
        return self._place.fake


class Raw:
    """Plain HTTP."""

    def __init__(self, place: Place, stack: ExitStack) -> None:
        self._http = stack.enter_context(_http(place, headers={"x-api-key": place.api_key}))

    def call(self, operation: Operation, arguments: dict[str, Any]) -> Outcome:
        """Put each argument where it belongs and send it."""
        options: dict[str, Any] = {"headers": arguments.pop("headers", {})}
        sorted_out = _sorted_out(operation, arguments)
        path = operation.path
        for name, value in sorted_out["path"].items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        options["headers"] = {**sorted_out["headers"], **options["headers"]}
        options["params"] = {k: v for k, v in sorted_out["query"].items() if v is not None}
        whole = sorted_out["body"].pop(WHOLE_BODY.get(operation.name, ""), None)
        if sorted_out["body"] or whole is not None:
            options["json"] = whole if whole is not None else sorted_out["body"]
        outcome = _outcome(self._http.request(operation.method, path, **options))
        _check(operation.name, outcome)
        return outcome

    def send(self, method: str, path: str, options: dict[str, Any]) -> Outcome:
        """Send it; the answer is checked if the path is one of an operation."""
        from skyvern_testkit.api.routing import ROUTER, Matched
        from skyvern_testkit.wire.http import Request

        outcome = _outcome(self._http.request(method, path, **options))
        found = ROUTER.match(Request.to(method, path))
        if isinstance(found, Matched):
            _check(found.operation.name, outcome)
        return outcome


class BySdk:
    """The installed SDK's synchronous client; the answer is caught on its way in."""

    def __init__(self, place: Place, stack: ExitStack) -> None:
        try:
            from skyvern.client import Skyvern
        except ModuleNotFoundError:
            raise NotHere("Skyvern's SDK is not installed") from None

        self._caught: list[httpx.Response] = []
        over = stack.enter_context(_http(place, event_hooks={"response": [self._catch]}))
        self._client = Skyvern(
            base_url=place.base_url, api_key=place.api_key, httpx_client=over, timeout=TIMEOUT
        )

    def _catch(self, response: httpx.Response) -> None:
        response.read()
        self._caught.append(response)

    def call(self, operation: Operation, arguments: dict[str, Any]) -> Outcome:
        """Call the SDK's method, with its way out for fields that it does not know."""
        import inspect

        from skyvern.client.core import ApiError

        method = _method(self._client, operation)
        known = inspect.signature(method).parameters
        extra = _sorted_out(operation, {k: v for k, v in arguments.items() if k not in known})
        extra["headers"].update(extra["body"].pop("headers", extra["query"].pop("headers", {})))
        if extra["path"]:
            raise CannotBeExpressed(f"{operation.name} takes no {', '.join(extra['path'])}")
        options = {
            "max_retries": 0,  # one call, one exchange
            "additional_headers": extra["headers"],
            "additional_query_parameters": extra["query"],
            "additional_body_parameters": extra["body"],
        }
        self._caught.clear()
        try:
            given = {name: value for name, value in arguments.items() if name in known}
            model = method(**given, request_options={k: v for k, v in options.items() if v})
        except ApiError as error:
            outcome = _outcome(self._only())
            check_error(operation.name, outcome, error)
        except TypeError as error:
            if self._caught or "argument" not in str(error):
                raise
            raise CannotBeExpressed(f"{error}: give the case raw_only=") from None
        else:
            outcome = _outcome(self._only(), model)
            check_model(method, outcome)
        _check(operation.name, outcome)
        return outcome

    def send(self, method: str, path: str, options: dict[str, Any]) -> Outcome:  # noqa: ARG002 - of the protocol
        """The SDK sends nothing but its own calls."""
        raise CannotBeExpressed(f"{method} {path} is no call of the SDK's: give the case raw_only=")

    def _only(self) -> httpx.Response:
        answers = [response for response in self._caught if not response.has_redirect_location]
        if len(answers) != 1:
            raise AssertionError(f"the SDK made {len(answers)} exchanges of one call")
        return answers[0]


def _http(place: Place, **options: Any) -> httpx.Client:
    import httpx

    return httpx.Client(
        base_url=place.base_url,
        transport=place.transport,
        timeout=TIMEOUT,
        trust_env=False,
        **options,
    )


def _sorted_out(operation: Operation, arguments: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {"path": {}, "query": {}, "headers": {}, "body": {}}
    for name, value in arguments.items():
        place, wire_name = place_of_argument(operation.name, name)
        found[place][wire_name] = value
    return found


def _method(client: Skyvern, operation: Operation) -> Any:
    try:
        return reduce(getattr, operation.name.split("."), client)
    except AttributeError:
        raise CannotBeExpressed(
            f"the installed SDK has no {operation.name}: give the case raw_only=, or ask skyvern.raw"
        ) from None


def _outcome(response: httpx.Response, model: Any = None) -> Outcome:
    request = response.request
    asked = f"{request.method} {request.url.raw_path.decode()}"
    return Outcome(asked, response.status_code, dict(response.headers), response.content, model)


def _check(operation: str, outcome: Outcome) -> None:
    content_type = outcome.headers.get("content-type", "")
    check_answer(operation, outcome.status, content_type, outcome.body, outcome.json)
