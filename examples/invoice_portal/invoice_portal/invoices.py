"""What invoices there are: one workflow run, from a logged-in profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from skyvern import Skyvern

from invoice_portal.errors import UnexpectedOutput
from invoice_portal.runs import completed, when_not_busy
from invoice_portal.workflows import LIST_INVOICES, ensure_workflow

__all__ = ["Invoice", "invoices_of", "list_invoices"]


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice as the portal lists it."""

    number: str
    issued: date
    amount: Decimal
    currency: str


async def list_invoices(
    client: Skyvern,
    portal_url: str,
    profile_id: str,
    *,
    since: date,
    webhook_url: str | None = None,
) -> tuple[str, list[Invoice]]:
    """The invoices issued since that day, and the run that found them.

    Raises:
        LoggedOut: the profile has expired.
        UnexpectedOutput: the run completed without a list of invoices.
        RunFailed, RunTooLong: any other end.
    """
    workflow_id = await ensure_workflow(client, LIST_INVOICES)
    started = await when_not_busy(
        lambda: client.run_workflow(
            workflow_id,
            parameters={"portal_url": portal_url, "since": since.isoformat()},
            browser_profile_id=profile_id,
            webhook_url=webhook_url,
        )
    )
    run = await completed(client, started.run_id)
    return run.run_id, invoices_of(run.run_id, run.output)


def invoices_of(run_id: str, output: Any) -> list[Invoice]:
    """The invoices in a run's output. Skyvern does not hold answers against the schema; we do.

    Raises:
        UnexpectedOutput: it is not what the schema asks for.
    """
    try:
        rows = output["list_invoices_output"]["extracted_information"]["invoices"]
        return [_invoice(row) for row in rows]
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise UnexpectedOutput(
            f"{run_id}: no list of invoices in its output ({error!r})"
        ) from error


def _invoice(row: Mapping[str, Any]) -> Invoice:
    return Invoice(
        number=str(row["number"]),
        issued=date.fromisoformat(row["issued"]),
        amount=Decimal(str(row["amount"])),
        currency=str(row["currency"]),
    )
