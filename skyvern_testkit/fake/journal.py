"""What happened: every request with its answer and its virtual time.

The journal in memory is exact, so that a test may assert on the password its client sent; its
repr and every rendering hide secrets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit.fake.redact import redact_body, redact_target, redact_text
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.operations import operation_named
from skyvern_testkit.wire.times import SECOND

__all__ = ["Delivery", "Entry", "Journal"]

DEFAULT_LIMIT = 20_000
"""Entries kept; the oldest go first."""
BYTE_LIMIT = 256 << 20
"""A server that takes uploads all day is not to keep them all."""


@dataclass(slots=True)
class Entry:
    """One request and what became of it.

    Attributes:
        number: counted from 1.
        operation: the SDK's method that it calls; None for a request that is no operation.
        params: what the path says.
        began: virtual seconds from the start of the world.
        ended: likewise; None while it waits.
        left: likewise, when the client gave up; None if it did not.
        request: exact.
        response: exact; None while it waits, and where the connection broke.
        fault: the injected fault that it met, in words.
        outcome: ``answered``, ``waiting``, ``reset`` or ``abandoned`` (the client gave up).
    """

    number: int
    operation: str | None
    params: dict[str, str]
    began: float
    request: Request = field(repr=False)
    ended: float | None = None
    left: float | None = None
    response: Response | None = field(default=None, repr=False)
    fault: str | None = None
    outcome: str = "waiting"

    @property
    def json(self) -> Any:
        """The request's body as JSON (None if it had none)."""
        return self.request.json

    @property
    def status(self) -> int | None:
        """The answer's status; None when there was no answer."""
        return self.response.status if self.response else None

    @property
    def answer(self) -> Any:
        """The answer's body as JSON."""
        return self.response.json if self.response else None

    def line(self) -> str:
        """The entry in one line, secrets hidden."""
        status = self.outcome if self.response is None else str(self.response.status)
        fault = f"  [fault: {self.fault}]" if self.fault else ""
        where = f"{self.request.method} {redact_target(self.request.target)}"
        return (
            f"{self.began:>10.3f} s  {status:>8}  {self.operation or '-':<24} "
            f"{where}{self._took()}{fault}"
        )

    def _took(self) -> str:
        said: list[str] = []
        if self.ended and self.ended != self.began:
            said.append(f"+{self.ended - self.began:g} s")
        if self.left is not None and self.response is not None:
            said.append(f"nobody read it: the client gave up after {self.left - self.began:g} s")
        return f" ({'; '.join(said)})" if said else ""

    def __str__(self) -> str:
        sent, got = redact_body(self.request.body), b""
        if self.response is not None:
            got = self.response.body
        return "\n".join(
            (self.line(), *((f"    > {sent}",) if sent else ()), f"    < {redact_body(got)}")
        )

    __repr__ = line


@dataclass(frozen=True, slots=True)
class Delivery:
    """One effect that went out, or did not: a webhook, a call of a ``totp_url``."""

    at: float
    kind: str
    run_id: str
    url: str = field(repr=False)
    status: int | None
    error: str | None = field(default=None, repr=False)
    body: bytes = field(default=b"", repr=False)
    headers: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    fault: str | None = None
    """What was done to it on purpose, in words."""

    def line(self) -> str:
        """The delivery in one line."""
        result = redact_text(self.error or "") or f"answered {self.status}"
        fault = f"  [{self.fault}]" if self.fault else ""
        where = redact_target(self.url)
        return f"{self.at:>10.3f} s  {self.kind} of {self.run_id} to {where}: {result}{fault}"


class Journal:
    """The requests of a world, oldest first.

    Args:
        limit: entries kept; older ones are dropped and counted in ``dropped``.
        byte_limit: bytes of bodies kept; the newest entry is kept whatever its size.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT, byte_limit: int = BYTE_LIMIT) -> None:
        self._entries: deque[Entry] = deque()
        self._limit, self._byte_limit, self._bytes = limit, byte_limit, 0
        self.deliveries: deque[Delivery] = deque(maxlen=limit)
        self.total = 0

    @classmethod
    def of(cls, entries: Iterable[Entry], deliveries: Iterable[Delivery], *, total: int) -> Journal:
        """The journal of a world that is elsewhere."""
        journal = cls()
        journal._entries.extend(entries)
        journal.deliveries.extend(deliveries)
        journal.total = total
        return journal

    @property
    def dropped(self) -> int:
        """How many of the oldest entries are no longer here."""
        return self.total - len(self._entries)

    def open(self, request: Request, *, began: float) -> Entry:
        """A new entry, for a request that has just come."""
        self.total += 1
        entry = Entry(self.total, None, {}, began, request)
        self._entries.append(entry)
        self._weigh(request.body)
        return entry

    def answer(self, entry: Entry, response: Response) -> None:
        """What an entry's request was answered with."""
        entry.response = response
        if entry.number > self.dropped:  # it is still here
            self._weigh(response.body)

    def _weigh(self, more: bytes) -> None:
        self._bytes += len(more)
        while len(self._entries) > self._limit or (
            self._bytes > self._byte_limit and len(self._entries) > 1
        ):
            gone = self._entries.popleft()
            self._bytes -= len(gone.request.body) + len(
                gone.response.body if gone.response else b""
            )

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __getitem__(self, index: int) -> Entry:
        return self._entries[index]

    def calls(self, operation: str | None = None, **params: str) -> list[Entry]:
        """The requests that called an operation, oldest first.

        Args:
            operation: named as the SDK's method; None for all.
            params: what the path must say, such as ``run_id=...``.

        Raises:
            UnknownOperation: no such operation; the message shows the nearest.
        """
        if operation is not None:
            operation_named(operation)
        return [
            entry
            for entry in self._entries
            if (operation is None or entry.operation == operation)
            and all(entry.params.get(name) == value for name, value in params.items())
        ]

    def polls(self, run_id: str) -> list[Entry]:
        """The reads of one run (``get_run``)."""
        return self.calls("get_run", run_id=run_id)

    def last(self, count: int = 10) -> list[Entry]:
        """The newest entries."""
        return list(self._entries)[-count:]

    def __repr__(self) -> str:
        return f"<Journal: {self.total} requests>"

    def render(self, *, last: int | None = None) -> str:
        """The requests, one line each, secrets hidden."""
        entries = self.last(last) if last is not None else list(self._entries)
        return "\n".join(entry.line() for entry in entries)


def virtual_seconds(now: int, epoch: int) -> float:
    """Seconds of the world's life at that instant."""
    return (now - epoch) / SECOND
