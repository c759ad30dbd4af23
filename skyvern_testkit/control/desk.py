"""The desk of a served world: takes orders under ``/_skyvern_testkit/`` from clients in any language.

Everything is for the organisation of the request's ``x-api-key`` alone, so clients with a key each never
meet: their fakes, faults, signals and journals are their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, cast

from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.control.books import Book, book_of_faults, book_of_webhook_faults
from skyvern_testkit.control.entries import advice_as_json, delivery_as_json, entry_as_json
from skyvern_testkit.fake.doing import do
from skyvern_testkit.fake.forcing import Force, force
from skyvern_testkit.script.fakefile import FakeFileError, parse_fake
from skyvern_testkit.transport.report import Part, advice_of, complaints, render
from skyvern_testkit.transport.stamps import CONTROL
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.jsontext import Json, JsonObject, dump_answer
from skyvern_testkit.wire.operations import UnknownOperation
from skyvern_testkit.world import machine
from skyvern_testkit.world.rows import Artifact, Run

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["BODY_LIMIT", "Desk"]

BODY_LIMIT: Final = 1 << 20
"""Bytes of an order."""


class _No(Exception):
    """An order that is not carried out: status and what to say."""

    def __init__(self, status: int, **said: Json) -> None:
        super().__init__(status, said)
        self.status, self.said = status, said


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked, by whom."""

    request: Request
    organization_id: str
    name: str
    argument: str

    @property
    def text(self) -> str:
        try:
            return self.request.body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise _No(422, error=f"the body is no UTF-8: {error.reason}") from None

    @property
    def json(self) -> JsonObject:
        try:
            value = self.request.json
        except (ValueError, RecursionError) as error:
            raise _No(422, error=f"the body is no JSON: {error}") from None
        if not isinstance(value, dict):
            raise _No(422, error="the body must be a JSON object")
        return value  # pyright: ignore[reportUnknownVariableType] - JSON's keys are texts

    @property
    def number(self) -> int:
        if not re.fullmatch("[0-9]{1,9}", self.argument):
            raise _No(404, error=f"a fault has a number, not {self.argument!r}")
        return int(self.argument)


class Desk:
    """Answers what is asked of a served world besides Skyvern's own operations.

    Args:
        fake: the world; open.
    """

    def __init__(self, fake: InProcessSkyvern) -> None:
        self._fake = fake
        self._faults = book_of_faults(fake.faults, self._sent_by)
        self._webhook_faults = book_of_webhook_faults(fake.webhook_faults)

    def __call__(self, request: Request) -> Response:
        """The answer to a request for a path that begins with ``/_skyvern_testkit/``."""
        try:
            return self._answer(request)
        except _No as no:
            return _said(no.status, no.said)
        except FakeFileError as wrong:
            return _said(422, _problems(wrong))

    def _answer(self, request: Request) -> Response:
        order, carry_out = self._order(request)
        with self._fake.front.moving():
            return carry_out(self, order)

    def _order(self, request: Request) -> tuple[_Order, Callable[[Desk, _Order], Response]]:
        name, _, argument = request.path.removeprefix(CONTROL).partition("/")
        methods = _ORDERS.get((name, bool(argument)))
        if methods is None:
            raise _No(
                404, error=f"there is no {request.path}.{_nearest(name)}", there_is=_there_is()
            )
        if request.method not in methods:
            raise _No(405, error=f"{request.path} takes {' or '.join(methods)}")
        if len(request.body) > BODY_LIMIT:
            raise _No(413, error=f"a body has at most {BODY_LIMIT} bytes")
        try:
            key = request.header("x-api-key")
            organization_id = (
                self._fake.keys.organization_of(key, credential_route=False) if name else ""
            )
        except Refusal as refused:
            said = f"{refused.detail}: orders are for the organisation of the x-api-key header"
            raise _No(refused.status, error=said) from None
        return _Order(request, organization_id, name, argument), methods[request.method]

    # --- orders ---------------------------------------------------------------------------

    def index(self, _: _Order) -> Response:
        """What there is to ask."""
        return _said(200, {"server": "skyvern-testkit", "there_is": _there_is()})

    def load(self, order: _Order) -> Response:
        """A fake file comes true in one organisation."""
        loaded = self._fake.populate(
            parse_fake("body", order.text), organization_id=order.organization_id
        )
        ids = {kind: list(made) for kind, made in loaded.ids.items()}
        return _said(200, {"ids": ids, "rules": [rule.number for rule in loaded.rules]})

    def plan(self, order: _Order) -> Response:
        """A fault is planned."""
        try:
            return _said(200, self._book(order).plan(order.text, order.organization_id))
        except (UnknownOperation, ValueError) as error:
            if isinstance(error, FakeFileError):
                raise
            raise _No(422, error=str(error)) from None

    def change(self, order: _Order) -> Response:
        """A planned fault strikes more or less often."""
        book = self._book(order)
        for rule in book.of(order.organization_id):
            if rule.number == order.number:
                return _said(200, book.change(rule, order.text))
        raise _No(404, error=f"no fault {order.number} was planned with this key")

    def faults(self, order: _Order) -> Response:
        """All planned faults."""
        book = self._book(order)
        shown = [book.show(rule) for rule in book.of(order.organization_id)]
        return _said(200, {order.name: shown})

    def forget(self, order: _Order) -> Response:
        """No fault strikes any more."""
        self._book(order).forget(order.organization_id)
        return _said(200, {order.name: []})

    def _book(self, order: _Order) -> Book[Any]:
        return self._faults if order.name == "faults" else self._webhook_faults

    def signal(self, order: _Order) -> Response:
        """A named signal is fired."""
        name = order.json.get("name")
        if not isinstance(name, str):
            raise _No(422, error='wanted {"name": "..."}')
        heard = machine.fire_signal(self._fake.world, name, order.organization_id)
        return _said(200, {"heard": heard})

    def webhook(self, order: _Order) -> Response:
        """The webhook of a run is sent now, whatever its state."""
        given = order.json if order.request.body else {}
        url = given.get("url")
        if given.keys() - {"url"} or not isinstance(url, str | None):
            raise _No(422, error='wanted {"url": "..."}, or nothing: the run has one')
        run = self._fake.world.get(Run, order.argument, order.organization_id)
        if run is None:
            raise _No(404, error=f"there is no run {order.argument!r} of this key")
        try:
            self._fake.fire_webhook(run.id, url=url)
        except ValueError as error:
            raise _No(422, error=str(error)) from None
        return _said(200, {"run_id": run.id, "url": url or run.webhook_url, "status": run.status})

    def force(self, order: _Order) -> Response:
        """A run, session, profile, credential or workflow is in a state now."""
        given = order.json
        fields = {"state", "reason", "error_code", "output", "illegal"}
        if given.keys() - fields or not isinstance(given.get("state"), str):
            raise _No(422, error=f'wanted {{"state": "..."}}, and at most {sorted(fields)}')
        try:
            force(self._fake, order.argument, Force(**given), order.organization_id)
        except LookupError as error:
            raise _No(404, error=str(error)) from None
        except ValueError as error:
            raise _No(422, error=str(error)) from None
        return _said(200, {"id": order.argument, "state": given["state"]})

    def script(self, order: _Order) -> Response:
        """The world as it is scripted: a fake file, or the Python of its rules."""
        wanted = dict(order.request.query_items).get("as", "yaml")
        if wanted not in ("yaml", "code"):
            raise _No(422, error=f"?as=yaml or ?as=code, not {wanted!r}")
        write = self._fake.as_yaml if wanted == "yaml" else self._fake.as_code
        raw = write(order.organization_id).encode()
        return Response(200, _headers(raw, "text/plain; charset=utf-8"), raw)

    def journal(self, order: _Order) -> Response:
        """The requests, secrets hidden."""
        fake, sent = self._fake, self._sent_by(order.organization_id)
        entries = [entry_as_json(entry) for entry in fake.journal if sent(entry.request)]
        deliveries = [
            delivery_as_json(delivery)
            for delivery in fake.journal.deliveries
            if (run := fake.world.get(Run, delivery.run_id)) is not None
            and run.organization_id == order.organization_id
        ]
        return _said(200, {"entries": entries, "deliveries": deliveries})

    def report(self, order: _Order) -> Response:
        """What happened, for people."""
        raw = render(self._fake, part=self._part(order)).encode()
        return Response(200, _headers(raw, "text/plain; charset=utf-8"), raw)

    def complaints(self, order: _Order) -> Response:
        """What was planned and not used, and the like."""
        return _said(200, {"complaints": complaints(self._fake, self._part(order))})

    def advice(self, order: _Order) -> Response:
        """What the real server would have accepted in silence."""
        told = advice_of(self._fake, self._part(order))
        return _said(200, {"advice": [advice_as_json(each) for each in told]})

    def operate(self, order: _Order) -> Response:
        """An operation is done at once, as no request: no fault, no line in the journal."""
        given = order.json if order.request.body else {}
        if order.argument not in endpoints():
            near = _close(order.argument, endpoints())
            raise _No(404, error=f"there is no operation {order.argument!r} here.{near}")
        body: dict[str, Any] | None = given.get("body")
        params: dict[str, Any] = given.get("params") or {}
        if given.keys() - {"body", "params"} or not all(
            isinstance(one, dict) for one in cast("list[object]", [body or {}, params])
        ):
            raise _No(422, error='wanted {"body": {...}, "params": {...}}, each of them or none')
        try:
            answer = do(
                self._fake,
                order.argument,
                body,
                {name: str(value) for name, value in params.items()},
                organization_id=order.organization_id,
            )
        except (ValueError, RuntimeError, LookupError) as error:
            raise _No(422, error=str(error)) from None
        return _said(200, {"answer": answer})

    # --- whose is it ----------------------------------------------------------------------

    def _sent_by(self, organization_id: str) -> Callable[[Request], bool]:
        """Is a request this organisation's: by its key, or, without one, by the file that it is for?"""

        def sent(request: Request) -> bool:
            key = request.header("x-api-key")
            if key:
                return self._fake.keys.opens(key, organization_id)
            return any(
                (file := self._fake.world.get(Artifact, part)) is not None
                and file.organization_id == organization_id
                for part in request.path.split("/")
            )

        return sent

    def _part(self, order: _Order) -> Part:
        numbers = {rule.number for rule in self._faults.of(order.organization_id)}
        return Part(order.organization_id, self._sent_by(order.organization_id), numbers)


_ORDERS: Final[Mapping[tuple[str, bool], Mapping[str, Callable[[Desk, _Order], Response]]]] = {
    ("", False): {"GET": Desk.index},
    ("fake", False): {"POST": Desk.load},
    ("faults", False): {"POST": Desk.plan, "GET": Desk.faults, "DELETE": Desk.forget},
    ("faults", True): {"PATCH": Desk.change},
    ("webhook_faults", False): {"POST": Desk.plan, "GET": Desk.faults, "DELETE": Desk.forget},
    ("webhook_faults", True): {"PATCH": Desk.change},
    ("signals", False): {"POST": Desk.signal},
    ("webhooks", True): {"POST": Desk.webhook},
    ("force", True): {"POST": Desk.force},
    ("script", False): {"GET": Desk.script},
    ("journal", False): {"GET": Desk.journal},
    ("report", False): {"GET": Desk.report},
    ("complaints", False): {"GET": Desk.complaints},
    ("advice", False): {"GET": Desk.advice},
    ("operations", True): {"POST": Desk.operate},
}
"""Name, and whether something stands behind it, to methods to orders."""

_BEHIND: Final = {
    "force": "{id}",
    "faults": "{number}",
    "webhook_faults": "{number}",
    "operations": "{name}",
    "webhooks": "{run_id}",
}


def _there_is() -> list[str]:
    return [f"GET {CONTROL}clock", f"POST {CONTROL}clock"] + [
        f"{method} {CONTROL}{name}{'/' + _BEHIND[name] if behind else ''}"
        for (name, behind), methods in _ORDERS.items()
        for method in methods
    ]


def _nearest(name: str) -> str:
    return _close(name, [known for known, _ in _ORDERS if known])


def _close(name: str, names: Iterable[str]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f" Did you mean {close[0]}?" if close else ""


def _problems(wrong: FakeFileError) -> JsonObject:
    return {
        "error": str(wrong),
        "problems": [
            {
                "line": problem.place.line,
                "column": problem.place.column,
                "field": problem.place.path,
                "text": problem.text,
                "excerpt": problem.excerpt,
            }
            for problem in wrong.problems
        ],
    }


def _said(status: int, body: Json) -> Response:
    raw = dump_answer(body)
    return Response(status, _headers(raw, "application/json"), raw)


def _headers(raw: bytes, kind: str) -> tuple[tuple[str, str], ...]:
    return (("content-length", str(len(raw))), ("content-type", kind))
