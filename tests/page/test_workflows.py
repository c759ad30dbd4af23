"""Workflows."""

from __future__ import annotations

import inspect
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client.core import ApiError
from skyvern.client.errors import BadRequestError, UnprocessableEntityError

from skyvern_testkit import RunScript, completed, queued, running

pytestmark = pytest.mark.asyncio


def read_page(title: str = "Read a page", **settings: object) -> dict[str, Any]:
    return {
        "title": title,
        "workflow_definition": {
            "parameters": [
                {
                    "key": "page",
                    "parameter_type": "workflow",
                    "workflow_parameter_type": "string",
                    "description": "Where the timetable is",
                    "default_value": "https://trains.example/today",
                }
            ],
            "blocks": [
                {
                    "block_type": "task",
                    "label": "timetable",
                    "prompt": "List the next trains",
                    "url": "{{ page }}",
                }
            ],
        },
        **settings,
    }


IN_YAML = """
title: Read a page, in YAML
workflow_definition:
  parameters: []
  blocks:
    - block_type: goto_url
      label: go
      url: https://trains.example
"""


@pytest_asyncio.fixture
async def workflow(client):
    return await client.create_workflow(json_definition=read_page())


# --- create_workflow ----------------------------------------------------------------------------


async def test_a_workflow_by_json_has_an_id_to_run_it_by(client, skyvern_fake):
    made = await client.create_workflow(json_definition=read_page("Timetables"))
    assert made.workflow_permanent_id.startswith("wpid_")
    skyvern_fake.on(workflow="Timetables").play(
        RunScript(running(5), completed({"timetable_output": ["8:10"]}))
    )
    run = await client.run_workflow(
        made.workflow_permanent_id,
        parameters={"page": "https://trains.example/tomorrow"},
        wait_for_completion=True,
    )
    assert (run.status, run.output["timetable_output"]) == ("completed", ["8:10"])


async def test_what_the_pages_definition_is_mended_to(client):
    """An unknown key of a task block (``prompt``) is ignored; the blocks come back with more."""
    made = await client.create_workflow(json_definition=read_page())
    definition = made.workflow_definition
    (block,) = definition.blocks
    assert (block.block_type, block.label, block.url) == ("task", "timetable", "{{ page }}")
    assert block.output_parameter.key == "timetable_output"
    kinds = {parameter.key: parameter.parameter_type for parameter in definition.parameters}
    assert kinds == {"timetable_output": "output", "page": "workflow"}


async def test_a_workflow_by_yaml(client):
    made = await client.create_workflow(yaml_definition=IN_YAML)
    assert (made.title, made.version) == ("Read a page, in YAML", 1)


async def test_both_forms_are_not_asked_for_and_yaml_wins(client):
    made = await client.create_workflow(json_definition=read_page(), yaml_definition=IN_YAML)
    assert made.title == "Read a page, in YAML"


async def test_neither_form_is_refused(client):
    with pytest.raises(UnprocessableEntityError):
        await client.create_workflow()
    with pytest.raises(UnprocessableEntityError) as caught:
        await client.create_workflow(json_definition=None, yaml_definition=None)
    assert "either yaml or json format" in caught.value.body["detail"]


async def test_folder_id(client):
    folder = await client.create_folder(title="Trains")
    made = await client.create_workflow(json_definition=read_page(), folder_id=folder.folder_id)
    assert made.folder_id == folder.folder_id


async def test_fields_of_a_workflow(client, workflow):
    for shown in (workflow, await client.get_workflow(workflow.workflow_permanent_id)):
        assert shown.workflow_id.startswith("w_")
        assert shown.workflow_permanent_id.startswith("wpid_")
        assert (shown.version, shown.title, shown.status) == (1, "Read a page", "published")
        assert [block.label for block in shown.workflow_definition.blocks] == ["timetable"]
        assert shown.created_at == datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as on the wire


# --- run_workflow -------------------------------------------------------------------------------

ECHOED: dict[str, object] = {
    "proxy_location": "RESIDENTIAL_FR",
    "webhook_url": "https://hooks.example/trains",
    "totp_identifier": "conductor",
    "totp_url": "https://codes.example/next",
    "browser_address": "http://127.0.0.1:9222",
    "parameters": {"page": "https://trains.example/tomorrow"},
    "max_screenshot_scrolls": 2,
}
ECHOED_ONCE: dict[str, object] = {
    "run_with": "code",
    "ai_fallback": True,
    "extra_http_headers": {"x-class": "second"},
    "max_elapsed_time_minutes": 15,
    "run_metadata": {"asked_by": "cron"},
}
"""In the answer to run_workflow; read back as null (facts: runs 2)."""


@pytest.mark.parametrize("name", [*ECHOED, *ECHOED_ONCE])
async def test_parameters_that_the_run_shows(client, workflow, name):
    given = {**ECHOED, **ECHOED_ONCE}[name]
    run = await client.run_workflow(workflow.workflow_permanent_id, **{name: given})
    assert getattr(run.run_request, name) == given
    read = await client.get_run(run.run_id)
    assert getattr(read.run_request, name) == (given if name in ECHOED else None)


async def test_workflow_id_is_required_and_sent_as_agent_id(client, workflow, skyvern_fake):
    """``workflow_id`` until 1.0.44 (facts: sdk-surface e)."""
    with pytest.raises(TypeError, match="workflow_id"):
        await client.run_workflow(parameters={})
    run = await client.run_workflow(workflow_id=workflow.workflow_permanent_id)
    assert run.run_request.workflow_id == workflow.workflow_permanent_id
    call = skyvern_fake.journal.calls("run_workflow")[-1]
    assert call.request.path == "/v1/run/agents"
    assert call.request.json["agent_id"] == workflow.workflow_permanent_id


async def test_an_unknown_workflow_is_the_base_error(client):
    with pytest.raises(ApiError) as caught:
        await client.run_workflow("wpid_0")
    assert (type(caught.value), caught.value.status_code) == (ApiError, 404)


async def test_parameters_have_the_types_of_the_definition(client):
    definition = read_page()
    (page,) = definition["workflow_definition"]["parameters"]
    page |= {"workflow_parameter_type": "integer", "default_value": None}
    made = await client.create_workflow(json_definition=definition)
    for given, says in (
        ({}, "Missing value for parameter page"),
        ({"page": "soon"}, "Expected parameter type: integer. Value: soon."),
    ):
        with pytest.raises(BadRequestError) as caught:
            await client.run_workflow(made.workflow_permanent_id, parameters=given)
        assert says in caught.value.body["detail"]
    run = await client.run_workflow(made.workflow_permanent_id, parameters={"page": 4})
    assert (await client.get_run(run.run_id)).run_request.parameters == {"page": 4}


async def test_defaults_are_read_back(client, workflow):
    run = await client.run_workflow(workflow.workflow_permanent_id)
    assert run.run_request.parameters is None
    read = await client.get_run(run.run_id)
    assert read.run_request.parameters == {"page": "https://trains.example/today"}


async def test_wait_for_completion_and_timeout(client, workflow, skyvern_fake):
    wpid = workflow.workflow_permanent_id
    skyvern_fake.on(workflow="Read a page").play(RunScript(queued(3), running(100), completed()))
    assert (await client.run_workflow(wpid)).status == "created"
    with pytest.raises(TimeoutError):
        await client.run_workflow(wpid, wait_for_completion=True, timeout=95)
    assert skyvern_fake.elapsed == 95
    run = await client.run_workflow(wpid, wait_for_completion=True)
    assert (run.status, skyvern_fake.elapsed) == ("completed", 205)


async def test_browser_session_id(client, workflow, skyvern_session):
    wpid = workflow.workflow_permanent_id
    run = await client.run_workflow(wpid, browser_session_id=skyvern_session.id)
    read = await client.get_run(run.run_id)
    assert {run.browser_session_id, read.browser_session_id} == {skyvern_session.id}
    assert read.run_request.browser_session_id == skyvern_session.id


async def test_browser_profile_id(client, workflow, skyvern_profile):
    wpid = workflow.workflow_permanent_id
    run = await client.run_workflow(wpid, browser_profile_id=skyvern_profile.id)
    assert run.run_request.browser_profile_id == skyvern_profile.id
    with pytest.raises(ApiError) as caught:
        await client.run_workflow(wpid, browser_profile_id="bp_0")
    assert caught.value.status_code == 404
    assert caught.value.body["detail"].startswith("Browser profile bp_0 not found")


async def test_max_steps_override_and_user_agent_are_headers(client, workflow, skyvern_fake):
    await client.run_workflow(
        workflow.workflow_permanent_id, max_steps_override=7, user_agent="train-reader/1"
    )
    request = skyvern_fake.journal[-1].request
    assert request.header("x-max-steps-override") == "7"
    assert request.header("x-user-agent") == "train-reader/1"


async def test_template_is_for_templates(client, workflow):
    wpid = workflow.workflow_permanent_id
    assert (await client.run_workflow(wpid, template=False)).status == "created"
    with pytest.raises(BadRequestError) as caught:
        await client.run_workflow(wpid, template=True)
    assert "Invalid template workflow permanent id" in caught.value.body["detail"]


async def test_the_title_of_a_run_is_its_workflows(client, workflow):
    run = await client.run_workflow(workflow.workflow_permanent_id, title="Tuesday's run")
    assert run.run_request.title == "Read a page"


async def test_an_unknown_way_to_run_is_read_as_agent(client, workflow):
    run = await client.run_workflow(workflow.workflow_permanent_id, run_with="by hand")
    assert run.run_with == "agent"


async def test_fields_of_a_workflow_run(client, workflow, skyvern_fake):
    skyvern_fake.on(workflow="Read a page").play(
        RunScript(queued(2), running(7), completed({"timetable_output": ["8:10"]}))
    )
    run = await client.run_workflow(
        workflow.workflow_permanent_id,
        run_with="code",
        ai_fallback=False,
        wait_for_completion=True,
    )
    assert run.run_id.startswith("wr_")
    assert (run.status, run.failure_reason, run.downloaded_files) == ("completed", None, [])
    assert run.output == {"timetable_output": ["8:10"]}
    assert (run.run_with, run.ai_fallback, run.script_run) == ("code", False, None)
    assert run.app_url == f"https://app.skyvern.com/runs/{run.run_id}"
    assert run.created_at == datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as on the wire
    assert run.finished_at > run.created_at
    assert run.step_count is not None


# --- reading ------------------------------------------------------------------------------------


async def test_get_workflows_is_paged_newest_first(client):
    for number in range(12):
        await client.create_workflow(json_definition=read_page(f"Line {number}"))
    assert [made.title for made in await client.get_workflows()] == [
        f"Line {number}" for number in range(11, 1, -1)
    ]
    assert [made.title for made in await client.get_workflows(page=2)] == ["Line 1", "Line 0"]
    assert [made.title for made in await client.get_workflows(page=3, page_size=5)] == [
        "Line 1",
        "Line 0",
    ]
    with pytest.raises(UnprocessableEntityError):
        await client.get_workflows(page_size=0)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"title": "night"}, {"Night train"}),
        ({"search_key": "NIGHT"}, {"Night train"}),
        ({"search_key": "ferry", "title": "night"}, {"Ferry"}),
        ({"only_saved_tasks": True}, {"Ferry"}),
        ({"only_workflows": True}, {"Night train", "Tram"}),
        ({"status": "draft"}, {"Tram"}),
        ({"status": ["draft", "published"]}, {"Night train", "Ferry", "Tram"}),
        ({"folder_id": "<folder>"}, {"Tram"}),
        ({"folder_id": "fld_0"}, set()),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
async def test_get_workflows_by(client, asked, found):
    folder = await client.create_folder(title="City")
    await client.create_workflow(json_definition=read_page("Night train"))
    await client.create_workflow(json_definition=read_page("Ferry", is_saved_task=True))
    await client.create_workflow(
        json_definition=read_page("Tram", status="draft"), folder_id=folder.folder_id
    )
    if asked.get("folder_id") == "<folder>":
        asked = {"folder_id": folder.folder_id}
    assert {made.title for made in await client.get_workflows(**asked)} == found


async def test_get_workflows_cannot_have_only_both(client):
    with pytest.raises(ApiError) as caught:
        await client.get_workflows(only_saved_tasks=True, only_workflows=True)
    assert caught.value.status_code == 400


async def test_get_workflow_the_newest_or_a_version(client, workflow):
    wpid = workflow.workflow_permanent_id
    await client.update_workflow(wpid, json_definition=read_page("Second edition"))
    assert (await client.get_workflow(wpid)).title == "Second edition"
    assert (await client.get_workflow(wpid, version=1)).title == "Read a page"
    assert (await client.get_workflow(wpid, template=False)).version == 2
    with pytest.raises(ApiError) as caught:
        await client.get_workflow(wpid, version=9)
    assert caught.value.status_code == 404
    with pytest.raises(ApiError) as caught:
        await client.get_workflow(wpid, template=True)
    assert caught.value.status_code == 400


async def test_get_workflow_versions_newest_first(client, workflow):
    wpid = workflow.workflow_permanent_id
    await client.update_workflow(wpid, json_definition=read_page("Second edition"))
    versions = await client.get_workflow_versions(wpid)
    assert [(made.version, made.title) for made in versions] == [
        (2, "Second edition"),
        (1, "Read a page"),
    ]
    assert await client.get_workflow_versions(wpid, template=False) == versions
    assert await client.get_workflow_versions("wpid_0") == []


# --- changing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("definition", "title"),
    [
        ({"json_definition": read_page("Second edition")}, "Second edition"),
        ({"yaml_definition": IN_YAML}, "Read a page, in YAML"),
    ],
    ids=["json", "yaml"],
)
async def test_update_workflow_makes_the_next_version(client, workflow, definition, title):
    updated = await client.update_workflow(workflow.workflow_permanent_id, **definition)
    assert (updated.title, updated.version) == (title, 2)
    assert updated.workflow_permanent_id == workflow.workflow_permanent_id
    assert updated.workflow_id != workflow.workflow_id


async def test_update_workflow_takes_the_permanent_id_only(client, workflow):
    with pytest.raises(ApiError) as caught:
        await client.update_workflow(workflow.workflow_id, yaml_definition=IN_YAML)
    assert caught.value.status_code == 404


async def test_delete_workflow(client, workflow):
    wpid = workflow.workflow_permanent_id
    assert await client.delete_workflow(wpid) is None
    assert await client.get_workflows() == []
    for gone in (client.get_workflow, client.run_workflow):
        with pytest.raises(ApiError) as caught:
            await gone(wpid)
        assert caught.value.status_code == 404


@pytest.mark.parametrize(
    ("method", "page"),
    [
        (
            "run_workflow",
            (
                "workflow_id parameters wait_for_completion timeout run_with ai_fallback "
                "browser_session_id browser_profile_id proxy_location max_steps_override webhook_url "
                "title template totp_identifier totp_url user_agent extra_http_headers browser_address"
            ),
        ),
        ("create_workflow", "json_definition yaml_definition folder_id"),
        (
            "get_workflows",
            "page page_size only_saved_tasks only_workflows title search_key folder_id status",
        ),
        ("get_workflow", "workflow_permanent_id version template"),
        ("get_workflow_versions", "workflow_permanent_id template"),
        ("update_workflow", "workflow_id json_definition yaml_definition"),
        ("delete_workflow", "workflow_id"),
    ],
)
async def test_every_parameter_of_the_page_is_one_of_the_sdk(method, page):
    assert set(page.split()) <= set(inspect.signature(getattr(Skyvern, method)).parameters)
