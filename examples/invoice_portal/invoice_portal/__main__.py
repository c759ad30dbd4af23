"""The command line: ``invoice-portal collect | serve | watch RUN_ID``."""

from __future__ import annotations

import argparse
import asyncio
import logging
from collections.abc import Sequence
from datetime import date, timedelta

from aiohttp import web
from skyvern import Skyvern
from skyvern.client import Skyvern as SyncSkyvern

from invoice_portal.codes import codes_from
from invoice_portal.collect import collect
from invoice_portal.errors import PortalError
from invoice_portal.settings import Settings
from invoice_portal.status import is_open, watch
from invoice_portal.store import Store
from invoice_portal.webhook import Receiver, application


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code."""
    parser = argparse.ArgumentParser(prog="invoice-portal")
    commands = parser.add_subparsers(dest="command", required=True)
    collecting = commands.add_parser("collect", help="fetch what is new")
    collecting.add_argument("--days", type=int, default=90, help="how far to look back")
    commands.add_parser("serve", help="receive Skyvern's webhooks, on port 8080")
    watching = commands.add_parser("watch", help="follow a run until it is over")
    watching.add_argument("run_id")
    asked = parser.parse_args(arguments)

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings.from_environment()
    match asked.command:
        case "collect":
            return asyncio.run(_collect(settings, asked.days))
        case "watch":
            client = SyncSkyvern(api_key=settings.api_key)
            return 0 if watch(client, asked.run_id) == "completed" else 1
        case _:
            with Store(settings.database) as store:
                web.run_app(application(Receiver(settings.api_key, store)), port=8080)
            return 0


async def _collect(settings: Settings, days: int) -> int:
    client = Skyvern(api_key=settings.api_key)
    try:
        with Store(settings.database) as store:
            if not await is_open(client, settings.portal_url):
                print("the portal is closed; try later")
                return 1
            fetched = await collect(
                client,
                settings,
                store,
                codes_from(settings.code_folder),
                since=date.today() - timedelta(days=days),  # noqa: DTZ011 - the portal's own day
            )
    except PortalError as error:
        print(f"{type(error).__name__}: {error}")
        return 1
    finally:
        await client.aclose()
    print(f"{len(fetched)} new: {', '.join(fetched) or '-'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
