"""Logging in once, with a second factor, so that later runs start from a saved browser profile."""

from __future__ import annotations

import asyncio
import contextlib
import logging

import httpx
from skyvern import Skyvern
from skyvern.client.core import ApiError
from skyvern.client.errors import BadRequestError, ConflictError, NotFoundError

from invoice_portal.codes import NextCode
from invoice_portal.errors import ProfileNotReady
from invoice_portal.runs import completed, when_not_busy
from invoice_portal.workflows import LOGIN, ensure_workflow

__all__ = ["log_in", "save_profile"]

log = logging.getLogger(__name__)

NOT_READY = "does not have a persisted"
"""In every text with which Skyvern says that a browser is not stored *yet*: try again later."""


async def log_in(client: Skyvern, portal_url: str, credential_id: str, next_code: NextCode) -> str:
    """Log in with a stored credential, and pass on the codes that arrive meanwhile.

    Returns:
        the run that has logged in; its browser can be saved, see :func:`save_profile`.

    Raises:
        SecondFactorMissing: no code came in time.
        AccountLocked: the portal will not have us.
        RunFailed, RunTooLong: any other end.
    """
    workflow_id = await ensure_workflow(client, LOGIN)
    stored = await client.get_credential(credential_id)
    identifier = getattr(stored.credential, "totp_identifier", None)
    run = await when_not_busy(
        lambda: client.run_workflow(
            workflow_id, parameters={"portal_url": portal_url, "credential": credential_id}
        )
    )
    relay = asyncio.create_task(_relay_codes(client, identifier, run.run_id, next_code))
    try:
        await completed(client, run.run_id)
    finally:
        relay.cancel()
        (broke,) = await asyncio.gather(relay, return_exceptions=True)
        if isinstance(broke, Exception):
            log.error("no codes were passed on to %s", run.run_id, exc_info=broke)
    return run.run_id


async def _relay_codes(
    client: Skyvern, identifier: str | None, run_id: str, next_code: NextCode
) -> None:
    """Send every code that arrives to the run: a stale one may arrive before the one it asks for."""
    while True:
        code = await next_code()
        if identifier is None:
            log.error("a login code arrived, but the credential has no totp_identifier")
            return
        try:
            await client.send_totp_code(
                totp_identifier=identifier,
                content=code,
                workflow_run_id=run_id,
                request_options={"max_retries": 5},  # the SDK counts from 2: three retries
            )
        except (ApiError, httpx.TransportError):
            log.exception("a login code could not be sent to %s", run_id)


async def save_profile(
    client: Skyvern, run_id: str, name: str, *, tries: int = 5, pause: float = 10.0
) -> str:
    """Save the browser of a login run as a profile; it replaces the one of that name.

    A browser is stored some time after its run. Skyvern waits for it inside the request, about
    30 s, and then says that it is not ready: we ask again.

    Args:
        tries: requests before we give up.
        pause: seconds between them.

    Raises:
        ProfileNotReady: it never was.
        ApiError: anything else, such as a run of a workflow that does not persist its browser.
    """
    for _ in range(tries):
        try:
            profile = await client.create_browser_profile(name=name, workflow_run_id=run_id)
        except ConflictError:  # for the SDK, max_retries would make this one worth a retry too
            await _delete_profile(client, name)
        except BadRequestError as error:
            if NOT_READY not in str(error.body):
                raise
            log.info("the browser of %s is not stored yet", run_id)
            await asyncio.sleep(pause)
        else:
            return profile.browser_profile_id
    raise ProfileNotReady(f"the browser of {run_id} was not stored after {tries} requests")


async def _delete_profile(client: Skyvern, name: str) -> None:
    for profile in await client.list_browser_profiles(search_key=name, page_size=100):
        if profile.name == name:
            with contextlib.suppress(NotFoundError):  # somebody else was faster
                await client.delete_browser_profile(profile.browser_profile_id)
