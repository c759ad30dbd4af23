"""Install and initialize, Imports."""

from __future__ import annotations

import asyncio
import inspect
from importlib import import_module
from importlib.metadata import requires

import httpx
import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client import SkyvernEnvironment
from skyvern.client.core import ApiError
from skyvern.exceptions import SkyvernExtraNotInstalled
from skyvern.library import skyvern as wrapper

from skyvern_testkit import RunScript, completed, queued, running

LATEST = {"version": "9.2", "date": "2026-01-30"}


async def program(sky: Skyvern) -> object:
    """What the page begins with."""
    run = await sky.run_task(
        prompt="Which version was released last?",
        url="https://releases.example/changelog",
        wait_for_completion=True,
    )
    return run.output


# --- install and initialize ---------------------------------------------------------------------


@pytest.mark.skyvern(intercept=True)
def test_the_first_program_knows_only_its_key(skyvern_fake):
    skyvern_fake.on(prompt="*version*").play(RunScript(queued(4), running(31), completed(LATEST)))
    assert asyncio.run(program(Skyvern(api_key="key-of-mine"))) == LATEST
    request = skyvern_fake.journal.calls("run_task")[0].request
    assert request.header("x-api-key") == "key-of-mine"
    assert skyvern_fake.elapsed == 40


def test_the_first_program_against_a_server_of_its_own(skyvern_server, skyvern_fake, monkeypatch):
    monkeypatch.setattr(wrapper, "DEFAULT_AGENT_HEARTBEAT_INTERVAL", 0)
    skyvern_fake.on(prompt="*version*").play(RunScript(queued(4), running(31), completed(LATEST)))

    async def connected() -> object:
        async with httpx.AsyncClient() as http:  # the SDK itself never closes its sockets
            key, url = skyvern_server.api_key, skyvern_server.url
            return await program(Skyvern(api_key=key, base_url=url, httpx_client=http))

    assert asyncio.run(connected()) == LATEST


def test_the_package_needs_no_extra():
    needed = [line for line in requires("skyvern") or () if "extra ==" not in line]
    assert any(line.startswith("httpx") for line in needed)


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, "api.skyvern.com"),
        ({"environment": SkyvernEnvironment.CLOUD}, "api.skyvern.com"),
        ({"environment": SkyvernEnvironment.LOCAL}, "localhost:8000"),
        ({"base_url": "https://sky.corp.example"}, "sky.corp.example"),
        (
            {"base_url": "https://sky.corp.example", "environment": SkyvernEnvironment.LOCAL},
            "sky.corp.example",
        ),
    ],
    ids=["nothing", "cloud", "local", "base_url", "base_url-and-local"],
)
def test_where_a_client_sends_its_requests(skyvern_fake, options, host):
    async def look() -> None:
        await Skyvern(api_key="k", **options).get_browser_sessions()

    with skyvern_fake.intercept("localhost:8000", "sky.corp.example"):
        asyncio.run(look())
    assert skyvern_fake.journal[0].request.header("host") == host


def test_the_key_is_required_and_has_a_name():
    with pytest.raises(TypeError, match="api_key"):
        Skyvern()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Skyvern("key-of-mine")  # type: ignore[call-arg]


@pytest.mark.parametrize(("timeout", "gives_up"), [(None, 60), (3.5, 3.5)])
@pytest.mark.asyncio
async def test_the_constructors_timeout_is_of_each_request(front, skyvern_fake, timeout, gives_up):
    skyvern_fake.faults.on("get_browser_sessions").never_answer()
    with pytest.raises(httpx.ReadTimeout):
        await front.client(timeout=timeout).get_browser_sessions()
    assert skyvern_fake.elapsed == gives_up


def test_local_mode_needs_more_than_the_page_installs(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SkyvernExtraNotInstalled, match=r"skyvern\[local\]"):
        Skyvern.local()


METHODS = (
    *("run_task", "get_run", "cancel_run", "get_run_timeline", "get_run_artifacts"),
    *("retry_run_webhook", "run_workflow", "create_workflow", "get_workflows", "get_workflow"),
    *("get_workflow_versions", "update_workflow", "delete_workflow", "create_browser_session"),
    *("get_browser_session", "get_browser_sessions", "close_browser_session"),
    *("create_browser_profile", "list_browser_profiles", "get_browser_profile"),
    *("delete_browser_profile", "create_credential", "get_credentials", "get_credential"),
    *("delete_credential", "send_totp_code", "login", "download_files", "upload_file"),
)


@pytest.mark.parametrize("name", METHODS)
def test_all_methods_are_async(name):
    assert inspect.iscoroutinefunction(getattr(Skyvern, name))


def test_the_method_that_is_gone():
    """``get_artifact``: until 1.0.28 (facts: sdk-surface h)."""
    assert not hasattr(Skyvern, "get_artifact")


# --- imports ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("skyvern", "Skyvern"),
        ("skyvern.client", "SkyvernEnvironment"),
        ("skyvern.client.core", "ApiError"),
        ("skyvern.client.core", "RequestOptions"),
        ("skyvern.client.errors", "BadRequestError"),
        ("skyvern.client.errors", "ForbiddenError"),
        ("skyvern.client.errors", "NotFoundError"),
        ("skyvern.client.errors", "ConflictError"),
        ("skyvern.client.errors", "UnprocessableEntityError"),
        ("skyvern.schemas.runs", "RunEngine"),
        ("skyvern.schemas.run_blocks", "CredentialType"),
    ],
)
def test_every_import_of_the_page_works(module, name):
    assert getattr(import_module(module), name).__name__ == name


def test_the_base_of_all_errors_lives_in_the_core_only():
    assert not hasattr(import_module("skyvern.client.errors"), "ApiError")
    assert not hasattr(import_module("skyvern.client"), "ApiError")
    assert issubclass(ApiError, Exception)


def test_names_and_values_of_engines():
    """Two came after the page: skyvern_v3 and yutori_navigator."""
    engines = import_module("skyvern.schemas.runs").RunEngine
    assert {engine.name: engine.value for engine in engines} == {
        "skyvern_v1": "skyvern-1.0",
        "skyvern_v2": "skyvern-2.0",
        "skyvern_v3": "skyvern-3.0",
        "openai_cua": "openai-cua",
        "anthropic_cua": "anthropic-cua",
        "ui_tars": "ui-tars",
        "yutori_navigator": "yutori-navigator",
    }


def test_names_and_values_of_credential_types():
    kinds = import_module("skyvern.schemas.run_blocks").CredentialType
    assert {kind.name: kind.value for kind in kinds} == {
        "skyvern": "skyvern",
        "bitwarden": "bitwarden",
        "onepassword": "1password",
        "azure_vault": "azure_vault",
    }


def test_names_and_addresses_of_environments():
    """The page leaves out STAGING."""
    assert {place.name: place.value for place in SkyvernEnvironment} == {
        "CLOUD": "https://api.skyvern.com",
        "STAGING": "https://api-staging.skyvern.com",
        "LOCAL": "http://localhost:8000",
    }
