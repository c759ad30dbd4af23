"""The portal that the tests play: its names, what it lists, what its logins ask for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from skyvern_testkit import RunScript, completed, needs_totp, queued, running

PORTAL = "https://portal.example.com"
LOGIN = "Invoice portal: log in"
LIST = "Invoice portal: list invoices"
MAIL = "billing@acme.example.com"
PDF = b"%PDF-1.7 made for a test"

ASKS_FOR_A_CODE = RunScript(
    queued(seconds=2),
    running(seconds=8, step="Fill in the login form"),
    needs_totp(),
    running(seconds=3, step="Submit the code"),
    completed(),
)


def listing(*rows: tuple[str, str, float]) -> dict[str, Any]:
    """The output of a run that has listed these invoices: (number, day, amount in EUR)."""
    invoices = [
        {"number": number, "issued": issued, "amount": amount, "currency": "EUR"}
        for number, issued, amount in rows
    ]
    found = {"invoices": invoices}
    return {
        "list_invoices_output": {"extracted_information": found},
        "extracted_information": [found],
    }


@dataclass
class Mailbox:
    """Login codes by mail: each after so many seconds, then none."""

    codes: list[tuple[float, str]] = field(default_factory=list)

    async def next_code(self) -> str:
        if not self.codes:
            await asyncio.Event().wait()
        seconds, code = self.codes.pop(0)
        await asyncio.sleep(seconds)
        return code
