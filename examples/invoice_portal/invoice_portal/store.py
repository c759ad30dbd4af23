"""Results in SQLite. Everything may be told twice: by polling and by webhook, or by two webhooks."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from invoice_portal.invoices import Invoice

__all__ = ["Store"]

SCHEMA = """
CREATE TABLE IF NOT EXISTS profiles (credential_id TEXT PRIMARY KEY, profile_id TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS endings (
    run_id TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (run_id, status)
);
CREATE TABLE IF NOT EXISTS invoices (
    number TEXT PRIMARY KEY, issued TEXT NOT NULL, amount TEXT NOT NULL, currency TEXT NOT NULL,
    pdf BLOB
);
"""


class Store:
    """An SQLite file (or ``":memory:"``)."""

    def __init__(self, database: Path | str) -> None:
        self._db = sqlite3.connect(database)
        self._db.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    # --- profiles -------------------------------------------------------------------------

    def profile(self, credential_id: str) -> str | None:
        """The saved browser profile of a login."""
        query = "SELECT profile_id FROM profiles WHERE credential_id = ?"
        row = self._db.execute(query, (credential_id,)).fetchone()
        return None if row is None else str(row[0])

    def set_profile(self, credential_id: str, profile_id: str) -> None:
        """Remember the browser profile of a login."""
        with self._db:
            self._db.execute(
                "INSERT OR REPLACE INTO profiles VALUES (?, ?)", (credential_id, profile_id)
            )

    # --- runs and invoices ----------------------------------------------------------------

    def record(self, run_id: str, status: str, invoices: Iterable[Invoice] = ()) -> bool:
        """Note how a run ended, with the invoices it found.

        Returns:
            False if that was known: then nothing changes.
        """
        with self._db:
            news = self._db.execute("INSERT OR IGNORE INTO endings VALUES (?, ?)", (run_id, status))
            if not news.rowcount:
                return False
            self._db.executemany(
                "INSERT OR IGNORE INTO invoices (number, issued, amount, currency)"
                " VALUES (?, ?, ?, ?)",
                [(i.number, i.issued.isoformat(), str(i.amount), i.currency) for i in invoices],
            )
        return True

    def endings(self) -> list[tuple[str, str]]:
        """Every run that has ended, and how."""
        return self._db.execute("SELECT run_id, status FROM endings ORDER BY rowid").fetchall()

    def invoices(self) -> list[Invoice]:
        """All invoices, oldest first."""
        query = "SELECT number, issued, amount, currency FROM invoices ORDER BY issued, number"
        return [
            Invoice(number, date.fromisoformat(issued), Decimal(amount), currency)
            for number, issued, amount, currency in self._db.execute(query)
        ]

    def without_pdf(self) -> list[str]:
        """Numbers of the invoices whose PDF we do not have, oldest first."""
        query = "SELECT number FROM invoices WHERE pdf IS NULL ORDER BY issued, number"
        return [str(number) for (number,) in self._db.execute(query)]

    def add_pdf(self, number: str, pdf: bytes) -> None:
        """Keep the PDF of an invoice."""
        with self._db:
            self._db.execute("UPDATE invoices SET pdf = ? WHERE number = ?", (pdf, number))

    def pdf(self, number: str) -> bytes | None:
        """The PDF of an invoice, if we have it."""
        row = self._db.execute("SELECT pdf FROM invoices WHERE number = ?", (number,)).fetchone()
        return None if row is None or row[0] is None else bytes(row[0])
