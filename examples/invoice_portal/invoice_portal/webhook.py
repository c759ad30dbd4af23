"""Receiving Skyvern's webhooks: signed, sometimes late, sometimes twice.

A webhook is signed with the hex HMAC-SHA256 of its exact body, the key being the text of the API
key that started the run. Skyvern sends it again after an error, and also without one: what counts
is a run and how it ended, not how often we hear of it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from typing import Any

from aiohttp import web

from invoice_portal.errors import UnexpectedOutput
from invoice_portal.invoices import invoices_of
from invoice_portal.runs import FINAL
from invoice_portal.store import Store

__all__ = ["Receiver", "application"]

log = logging.getLogger(__name__)

SIGNATURE = "x-skyvern-signature"


class Receiver:
    """What is done with a webhook, whatever web framework brings it.

    Args:
        api_key: the key that starts our runs.
        store: where results go.
    """

    def __init__(self, api_key: str, store: Store) -> None:
        self._key = api_key.encode()
        self._store = store

    def receive(self, body: bytes, signature: str | None) -> int:
        """Take a webhook and return the HTTP status to answer it with.

        401 and 400 are final for Skyvern. It sends a webhook again after a 5xx, so an error of
        ours must be allowed to become one.
        """
        if not self._is_signed(body, signature):
            log.warning("refused a webhook with a wrong signature")
            return 401
        try:
            run = json.loads(body)
            run_id, status = str(run["run_id"]), str(run["status"])
        except (ValueError, KeyError, TypeError):
            return 400
        if status not in FINAL or run.get("retry_pending"):
            return 200  # Skyvern will try the run again and tell us how that ended
        if not self._record(run_id, status, run):
            log.info("heard before: %s %s", run_id, status)
        return 200

    def _is_signed(self, body: bytes, signature: str | None) -> bool:
        expected = hmac.new(self._key, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), (signature or "").encode())

    def _record(self, run_id: str, status: str, run: dict[str, Any]) -> bool:
        if status != "completed":
            return self._store.record(run_id, status)
        try:
            invoices = invoices_of(run_id, run.get("output"))
        except UnexpectedOutput as error:
            log.error("%s", error)  # noqa: TRY400 - its message says all; a second try brings the same
            return self._store.record(run_id, "unexpected output")
        return self._store.record(run_id, status, invoices)


def application(receiver: Receiver) -> web.Application:
    """The receiver as an aiohttp application with one route, ``POST /skyvern``."""

    async def receive(request: web.Request) -> web.Response:
        status = receiver.receive(await request.read(), request.headers.get(SIGNATURE))
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/skyvern", receive)
    return app
