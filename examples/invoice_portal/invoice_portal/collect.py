"""The whole job: log in if needed, list the invoices, fetch their PDFs, store everything."""

from __future__ import annotations

import logging
from datetime import date

from skyvern import Skyvern

from invoice_portal.codes import NextCode
from invoice_portal.downloads import download_invoices
from invoice_portal.errors import LoggedOut, RunFailed
from invoice_portal.invoices import Invoice, list_invoices
from invoice_portal.login import log_in, save_profile
from invoice_portal.settings import Settings
from invoice_portal.store import Store

__all__ = ["collect"]

log = logging.getLogger(__name__)


async def collect(
    client: Skyvern, settings: Settings, store: Store, next_code: NextCode, *, since: date
) -> list[str]:
    """Bring the store up to date.

    Returns:
        the numbers of the invoices whose PDFs are new.

    Raises:
        PortalError: what is in the way; what was stored until then stays, so a second call goes on.
    """
    profile_id = store.profile(settings.credential_id)
    if profile_id is None:
        profile_id = await _new_profile(client, settings, store, next_code)
    try:
        await _list(client, settings, store, profile_id, since)
    except LoggedOut:
        log.info("the saved profile has expired; logging in again")
        profile_id = await _new_profile(client, settings, store, next_code)
        await _list(client, settings, store, profile_id, since)

    missing = store.without_pdf()
    await download_invoices(client, settings.portal_url, profile_id, missing, store.add_pdf)
    return missing


async def _new_profile(
    client: Skyvern, settings: Settings, store: Store, next_code: NextCode
) -> str:
    run_id = await log_in(client, settings.portal_url, settings.credential_id, next_code)
    profile_id = await save_profile(client, run_id, f"invoice portal {settings.credential_id}")
    store.set_profile(settings.credential_id, profile_id)
    return profile_id


async def _list(
    client: Skyvern, settings: Settings, store: Store, profile_id: str, since: date
) -> list[Invoice]:
    try:
        run_id, invoices = await list_invoices(
            client,
            settings.portal_url,
            profile_id,
            since=since,
            webhook_url=settings.webhook_url,
        )
    except RunFailed as failure:
        store.record(failure.run_id, failure.status)
        raise
    store.record(run_id, "completed", invoices)
    return invoices
