"""Where things are: everything that differs from one installation to the next."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Settings"]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Settings of one installation.

    Args:
        api_key: of our organisation at Skyvern; also the key of its webhooks' signatures.
        credential_id: the stored login; codes are sent under its ``totp_identifier``.
        portal_url: the portal's start page.
        database: an SQLite file.
        code_folder: where a mail rule puts each login code, as a text file.
        webhook_url: where Skyvern can reach ``invoice-portal serve``; None for polling only.
    """

    api_key: str
    credential_id: str
    portal_url: str = "https://portal.example.com"
    database: Path = Path("invoices.sqlite3")
    code_folder: Path = Path("codes")
    webhook_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read ``INVOICE_PORTAL_...`` variables, and ``SKYVERN_API_KEY``.

        Raises:
            SystemExit: one that has no default is missing.
        """
        try:
            return cls(
                api_key=environment["SKYVERN_API_KEY"],
                credential_id=environment["INVOICE_PORTAL_CREDENTIAL"],
                portal_url=environment.get("INVOICE_PORTAL_URL", cls.portal_url),
                database=Path(environment.get("INVOICE_PORTAL_DATABASE", cls.database)),
                code_folder=Path(environment.get("INVOICE_PORTAL_CODES", cls.code_folder)),
                webhook_url=environment.get("INVOICE_PORTAL_WEBHOOK"),
            )
        except KeyError as missing:
            raise SystemExit(f"invoice-portal: set {missing.args[0]}") from None
