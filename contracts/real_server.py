"""The real Skyvern server on loopback, for the contract. Needs an environment with ``skyvern[server]``.

    python real_server.py

When it accepts requests it prints one JSON line, ``{"base_url", "version"}``. From then on each line ``new-org`` on its
standard input makes an organisation and is answered with ``{"organization_id", "api_key"}``; the end of the input ends
it. Its own output goes to standard error. State is in a temporary folder that goes when it ends; no telemetry, and
nothing but loopback is reached.
"""

import asyncio
import ipaddress
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
import threading
import traceback
from datetime import timedelta
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

OURS = ("SKYVERN_", "OPENAI_", "ANTHROPIC_", "AZURE_", "AWS_", "GOOGLE_", "LMNR_", "OTEL_")
PUBLIC = "93.184.215.14"  # what every name resolves to: URLs are checked, none is reached


def prepare(root: Path) -> None:
    """The server reads its settings when it is imported; nobody's own settings get in."""
    for name in list(os.environ):
        if name.startswith(OURS) or name.lower().endswith("_proxy"):
            del os.environ[name]
    folders = {
        "HOME": "home",
        "ARTIFACT_STORAGE_PATH": "artifacts",
        "DOWNLOAD_PATH": "downloads",
        "BROWSER_SESSION_BASE_PATH": "browser_sessions",
        "VIDEO_PATH": "video",
        "HAR_PATH": "har",
        "LOG_PATH": "log",
        "TEMP_PATH": "temp",
        "LOCAL_CREDENTIAL_VAULT_PATH": "vault",
    }
    for variable, name in folders.items():
        (root / name).mkdir()
        os.environ[variable] = str(root / name)
    os.environ |= {
        "DATABASE_STRING": f"sqlite+aiosqlite:///{root / 'data.db'}",
        "SKYVERN_ENV_FILE": str(root / ".env"),
        "SECRET_KEY": secrets.token_hex(32),
        "ENV": "local",
        "SKYVERN_TELEMETRY": "false",
        "OTEL_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "LOG_LEVEL": "WARNING",
        "LOG_RAW_API_REQUESTS": "false",
        "ENABLE_CLEANUP_CRON": "false",
        "BROWSER_TYPE": "chromium-headless",
        # a model that can be registered; nothing answers there
        "ENABLE_OPENAI": "true",
        "OPENAI_API_KEY": "sk-none",
        "LLM_KEY": "OPENAI_GPT4O",
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    os.chdir(root)  # it writes a few relative paths


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in {"localhost", ""}


def stay_here() -> None:
    """No connection leaves this machine; names resolve, so that what checks them goes on."""
    real_connect, real_connect_ex = socket.socket.connect, socket.socket.connect_ex
    real_lookup = socket.getaddrinfo

    def leaves(sock: socket.socket, address: Any) -> bool:
        return sock.family in {socket.AF_INET, socket.AF_INET6} and not is_loopback(str(address[0]))

    def connect(self: socket.socket, address: Any) -> None:
        if leaves(self, address):
            raise ConnectionRefusedError(111, "nothing but loopback is reached")
        real_connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        return 111 if leaves(self, address) else real_connect_ex(self, address)

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is None or is_loopback(name):
            return real_lookup(host, *args, **options)
        if name.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        try:
            ipaddress.ip_address(name)
        except ValueError:
            name = PUBLIC
        return real_lookup(name, *args, **options)

    setattr(socket.socket, "connect", connect)  # noqa: B010 - a type checker would object
    setattr(socket.socket, "connect_ex", connect_ex)  # noqa: B010
    socket.getaddrinfo = getaddrinfo


async def new_organisation() -> dict[str, str]:
    """As the server's own commands make one."""
    app = import_module("skyvern.forge").app
    security = import_module("skyvern.forge.sdk.core.security")
    kinds = import_module("skyvern.forge.sdk.db.enums").OrganizationAuthTokenType
    organizations = app.DATABASE.organizations
    made = await organizations.create_organization(organization_name="contract")
    key = security.create_access_token(made.organization_id, expires_delta=timedelta(days=365))
    await organizations.create_org_auth_token(
        organization_id=made.organization_id, token_type=kinds.api, token=key
    )
    return {"organization_id": made.organization_id, "api_key": key}


async def serve(say: TextIO) -> None:
    uvicorn = import_module("uvicorn")
    application = import_module("skyvern.forge.api_app").create_api_app()
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(
        application,
        access_log=False,
        log_config=None,
        timeout_keep_alive=125,
        timeout_graceful_shutdown=2,
        ws="websockets-sansio",
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        if task.done():
            task.result()
            sys.exit("the server stopped while it started")
        await asyncio.sleep(0.05)

    def tell(answer: dict[str, str]) -> None:
        say.write(json.dumps(answer) + "\n")
        say.flush()

    loop = asyncio.get_running_loop()

    def obey() -> None:
        for command in sys.stdin:
            if command.strip() == "new-org":
                made = asyncio.run_coroutine_threadsafe(new_organisation(), loop)
                try:
                    tell(made.result(30))
                except Exception as error:  # noqa: BLE001 - told to whoever asked
                    tell({"error": repr(error)})
        server.should_exit = True

    address = listening.getsockname()
    tell({"base_url": f"http://127.0.0.1:{address[1]}", "version": version("skyvern")})
    threading.Thread(target=obey, daemon=True).start()
    await task


def main() -> None:
    try:
        version("skyvern")
    except PackageNotFoundError:
        sys.exit(f"{sys.executable} has no skyvern: pip install 'skyvern[server]'")
    root = Path(tempfile.mkdtemp(prefix="skyvern-real-")).resolve()
    say = os.fdopen(os.dup(1), "w")  # what the server prints goes to standard error
    os.dup2(2, 1)
    status = 0
    try:
        prepare(root)
        stay_here()
        asyncio.run(serve(say))
    except BaseException:  # noqa: BLE001 - shown
        traceback.print_exc()
        status = 1
    finally:
        shutil.rmtree(root, ignore_errors=True)
    sys.stderr.flush()
    os._exit(status)  # its libraries' threads are not waited for


if __name__ == "__main__":
    main()
