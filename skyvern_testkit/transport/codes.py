"""Second-factor codes of a test: sent now, late or never, asked for by URL, shown by an authenticator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import httpx

from skyvern_testkit.transport.webhooks import WebhookRequest
from skyvern_testkit.wire.times import SECOND

__all__ = ["Answer", "CodeUrl", "TotpCodes", "Unreachable"]

Answer = str | int | Mapping[str, Any] | httpx.Response | type[ConnectionError] | None
"""What a ``totp_url`` says: a code, a status, a body, all of it, nobody there; None: not yet."""

_LOWEST_STATUS: Final = 100
_HIGHEST_STATUS: Final = 599


class Unreachable(Exception):
    """Nobody is there, as the server sees it."""


class CodeUrl:
    """A ``totp_url`` that is answered in this process. Made by :meth:`TotpCodes.serve`.

    Attributes:
        url: where.
        asked: what was sent there, in order; each with ``json``, ``at`` and ``signature_ok``.
    """

    def __init__(self, url: str, answers: tuple[Answer, ...], is_time: Callable[[], bool]) -> None:
        self.url = url
        self.asked: list[WebhookRequest] = []
        self._answers, self._is_time = answers, is_time
        self._given = 0

    def __str__(self) -> str:
        return self.url

    def __repr__(self) -> str:
        return f"<CodeUrl: asked {len(self.asked)} times>"

    def answer(self, sent: WebhookRequest) -> httpx.Response:
        """The next answer; the last one for ever.

        Raises:
            Unreachable: nobody is there this time.
        """
        self.asked.append(sent)
        if not self._is_time():
            return _response(None)
        self._given += 1
        return _response(self._answers[min(self._given, len(self._answers)) - 1])


def _response(answer: Answer) -> httpx.Response:
    match answer:
        case None:
            return httpx.Response(200, json={})
        case str():
            return httpx.Response(200, json={"verification_code": answer})
        case int():
            return httpx.Response(answer)
        case httpx.Response():  # a new one each time: its body may be read once
            kept = {
                name: value for name, value in answer.headers.items() if name != "content-length"
            }
            return httpx.Response(answer.status_code, headers=kept, content=answer.content)
        case Mapping():
            return httpx.Response(200, json=dict(answer))
        case _:
            raise Unreachable


def _check(answer: object) -> None:
    match answer:
        case bool():
            pass
        case int() if _LOWEST_STATUS <= answer <= _HIGHEST_STATUS:
            return
        case None | str() | Mapping() | httpx.Response():
            return
        case type() if issubclass(answer, ConnectionError):
            return
        case _:
            pass
    hint = " (a code is a text)" if isinstance(answer, int) else ""
    raise ValueError(
        f"a totp_url cannot answer {answer!r}{hint}; it answers a code, None (not yet), a status, a "
        "mapping (its JSON), an httpx.Response or ConnectionError (nobody there)"
    )


class TotpCodes:
    """``fake.totp``: what a phone, a mailbox or an authenticator would tell Skyvern, without HTTP.

    Args:
        do: does an operation with that body.
        later: calls a function after so many seconds.
        now: the world's time, in nanoseconds since the Unix epoch.
        receive: lets a function answer an address, in this process.
    """

    def __init__(
        self,
        do: Callable[[str, dict[str, Any]], Any],
        later: Callable[[float, Callable[[], object]], object],
        now: Callable[[], int],
        receive: Callable[[str, Callable[[WebhookRequest], httpx.Response]], object],
    ) -> None:
        self._do, self._later, self._now, self._receive = do, later, now, receive

    def send(
        self,
        identifier: str,
        code: str,
        *,
        expires_in: float | None = None,
        task_id: str | None = None,
        workflow_id: str | None = None,
        workflow_run_id: str | None = None,
        source: str | None = None,
    ) -> str:
        """Send a code now, as the SDK's ``send_totp_code`` does.

        Args:
            identifier: the ``totp_identifier`` that a run looks for.
            code: the code, or a message that holds one.
            expires_in: seconds for which it is good; none or less: it has expired already.
            task_id: only for this task.
            workflow_id: the id of a version of a workflow (``w_...``); it restricts nothing.
            workflow_run_id: only for this run.
            source: where it came from (``email``, ``phone``).

        Returns:
            the id of the stored code.

        Raises:
            ValueError: the server would refuse it.
        """
        body: dict[str, Any] = {
            "totp_identifier": identifier,
            "content": code,
            "task_id": task_id,
            "workflow_id": workflow_id,
            "workflow_run_id": workflow_run_id,
            "source": source,
            "expired_at": None if expires_in is None else self._moment(expires_in),
        }
        return str(self._do("send_totp_code", body)["totp_code_id"])

    def _moment(self, after: float) -> str:
        return datetime.fromtimestamp(self._now() / SECOND + after, UTC).isoformat()

    def send_later(self, seconds: float, identifier: str, code: str, **only_for: Any) -> None:
        """Send a code after so many virtual seconds, while the client does something else.

        Args:
            seconds: from now.
            identifier: as in :meth:`send`.
            code: as in :meth:`send`.
            only_for: the further arguments of :meth:`send`; ``expires_in`` counts from the sending.

        Raises:
            ValueError: a negative number of seconds.
        """
        self._later(seconds, lambda: self.send(identifier, code, **only_for))

    def serve(self, url: str, *answers: Answer, after: float = 0) -> CodeUrl:
        """Answer a ``totp_url`` in this process: one answer a look, the last one for ever.

        Args:
            url: give it to Skyvern as ``totp_url``, or as a block's ``totp_verification_url``. A
                glob answers many (``"https://codes.example.com/*"``).
            answers: a code; None for "not yet"; a status; a mapping, sent as JSON; a whole
                ``httpx.Response``; ``ConnectionError`` for nobody there. None at all: never a code.
            after: for so many seconds from now it says "not yet".

        Returns:
            the place: ``asked`` holds what was sent there.

        Raises:
            ValueError: what no URL can answer.
        """
        for answer in answers:
            _check(answer)
        start = self._now() + round(after * SECOND)
        place = CodeUrl(url, answers or (None,), lambda: self._now() >= start)
        self._receive(url, place.answer)
        return place

    def code_of(self, seed: str) -> str:
        """What an authenticator app shows now for that seed, on the world's clock (RFC 6238).

        Args:
            seed: base32, or an ``otpauth://totp/...`` URI, as a credential stores it.

        Raises:
            ValueError: the server would refuse to store it.
        """
        from skyvern_testkit.world.authenticator import Authenticator

        app = Authenticator.of(seed)
        if app is None:
            raise ValueError(
                "this seed is not usable: base32 of 112 bits or more, or otpauth://totp"
            )
        return app.code(self._now())
