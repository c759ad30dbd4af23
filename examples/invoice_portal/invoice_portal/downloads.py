"""The PDF of each invoice: one download run each, all in one logged-in browser session."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from skyvern import Skyvern
from skyvern.client.core import ApiError

from invoice_portal.errors import RunFailed, SessionLost, UnexpectedOutput
from invoice_portal.runs import BUSY, completed, when_not_busy

__all__ = ["download_invoices"]

log = logging.getLogger(__name__)

GONE = frozenset({404, 410})
"""How Skyvern refuses a run in a session that has ended."""


async def download_invoices(
    client: Skyvern,
    portal_url: str,
    profile_id: str,
    numbers: Iterable[str],
    keep: Callable[[str, bytes], None],
    *,
    sessions: int = 3,
) -> None:
    """Download the PDF of each invoice.

    A session that is lost is replaced by a new one, and the work goes on where it stopped.

    Args:
        keep: called with the number and the PDF of each invoice as it arrives.
        sessions: how many sessions we may use before we give up.

    Raises:
        SessionLost: the last of them was lost too.
        RunFailed, RunTooLong, UnexpectedOutput: a download run went wrong by itself.
    """
    left = list(numbers)
    while left:
        sessions -= 1
        try:
            async with _session(client, profile_id) as session_id:
                while left:
                    keep(left[0], await _download(client, portal_url, session_id, left[0]))
                    del left[0]
        except SessionLost as loss:
            if not sessions:
                raise
            log.warning("%s; going on in a new session", loss)


@asynccontextmanager
async def _session(client: Skyvern, profile_id: str) -> AsyncIterator[str]:
    session = await when_not_busy(
        lambda: client.create_browser_session(browser_profile_id=profile_id, timeout=60)
    )
    try:
        yield session.browser_session_id
    finally:
        with contextlib.suppress(ApiError, httpx.TransportError):  # it ends by itself too
            await client.close_browser_session(session.browser_session_id)


async def _download(client: Skyvern, portal_url: str, session_id: str, number: str) -> bytes:
    try:
        started = await when_not_busy(
            lambda: client.download_files(
                navigation_goal=f"Open invoice {number} and download it as PDF.",
                url=f"{portal_url}/invoices",
                browser_session_id=session_id,
                download_suffix=".pdf",
            )
        )
        run = await completed(client, started.run_id)
    except (ApiError, RunFailed) as error:
        if await _is_lost(client, session_id, error):
            raise SessionLost(f"session {session_id} was lost at invoice {number}") from error
        raise
    if not run.downloaded_files:  # a download run that finds no file still completes
        raise UnexpectedOutput(f"{run.run_id}: no file was downloaded for invoice {number}")
    return await fetch(run.downloaded_files[0])


async def _is_lost(client: Skyvern, session_id: str, error: ApiError | RunFailed) -> bool:
    """Was it the session that failed, and not the run in it?"""
    if isinstance(error, ApiError):
        return error.status_code in GONE
    session = await client.get_browser_session(session_id)
    return session.completed_at is not None or session.status in ("completed", "failed", "timeout")


async def fetch(file: Any, *, tries: int = 4, pause: float = 2.0) -> bytes:
    """The bytes of a downloaded file, checked against its checksum.

    Its address is signed, so it needs no API key, and must not be given one.

    Raises:
        httpx.HTTPError: it cannot be had.
        UnexpectedOutput: what came is not what Skyvern stored.
    """
    async with httpx.AsyncClient(timeout=60, follow_redirects=True) as http:
        while True:
            tries -= 1
            try:
                response = await http.get(file.url)
                response.raise_for_status()
            except httpx.TransportError:
                if not tries:
                    raise
            except httpx.HTTPStatusError as error:
                if error.response.status_code not in BUSY or not tries:
                    raise
            else:
                break
            await asyncio.sleep(pause)
    content = response.content
    if file.checksum and hashlib.sha256(content).hexdigest() != file.checksum:
        raise UnexpectedOutput(f"{file.filename}: the bytes do not fit their checksum")
    return content
