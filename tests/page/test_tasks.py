"""Tasks."""

from __future__ import annotations

import asyncio
import inspect
from datetime import datetime, timedelta
from importlib import import_module

import pytest
from skyvern import Skyvern  # type: ignore[attr-defined]
from skyvern.client.core import ApiError
from skyvern.client.errors import BadRequestError, NotFoundError, UnprocessableEntityError

from skyvern_testkit import (
    Download,
    RunScript,
    canceled,
    completed,
    failed,
    queued,
    running,
    terminated,
    timed_out,
)

pytestmark = pytest.mark.asyncio

URL = "https://harbour.example/"
SCHEMA = {"type": "object", "properties": {"ships": {"type": "integer"}}, "required": ["ships"]}

ENGINE = import_module("skyvern.schemas.runs").RunEngine


def asked(fake) -> dict[str, object]:
    """What the last run_task has sent."""
    sent: dict[str, object] = fake.journal.calls("run_task")[-1].request.json
    return sent


# --- run_task: parameters -----------------------------------------------------------------------


async def test_prompt_alone_is_required(client, skyvern_fake):
    with pytest.raises(TypeError, match="prompt"):
        await client.run_task(url=URL)
    run = await client.run_task(prompt="Count the ships")
    assert (run.status, run.run_request.prompt) == ("created", "Count the ships")


ECHOED = {
    "url": URL,
    "data_extraction_schema": SCHEMA,
    "proxy_location": "RESIDENTIAL_GB",
    "webhook_url": "https://hooks.example/ships",
    "error_code_mapping": {"E_FOG": "Nothing can be seen"},
    "totp_identifier": "harbour-master",
    "totp_url": "https://codes.example/next",
}
HIDDEN = {
    "title": "Ships of today",
    "extra_http_headers": {"x-harbour": "north"},
    "browser_address": "http://127.0.0.1:9222",
}
"""The real server takes these and shows them nowhere in the run (recorded: tasks.all.v1)."""


@pytest.mark.parametrize("name", ECHOED)
async def test_parameters_that_the_run_shows(client, name):
    run = await client.run_task("Count", **{"url": URL, name: ECHOED[name]})
    read = await client.get_run(run.run_id)
    for shown in (run, read):
        assert getattr(shown.run_request, name) == ECHOED[name]


@pytest.mark.parametrize("name", HIDDEN)
async def test_parameters_that_are_taken_and_not_shown(client, skyvern_fake, name):
    run = await client.run_task("Count", **{"url": URL, name: HIDDEN[name]})
    read = await client.get_run(run.run_id)
    assert asked(skyvern_fake)[name] == HIDDEN[name]
    for shown in (run, read):
        assert getattr(shown.run_request, name) is None


async def test_a_schema_may_be_a_text(client):
    run = await client.run_task("Count", url=URL, data_extraction_schema="how many ships")
    assert run.run_request.data_extraction_schema == "how many ships"


@pytest.mark.parametrize(
    ("engine", "run_type", "prefix", "status"),
    [
        ("skyvern_v1", "task_v1", "tsk_", "created"),
        ("skyvern_v2", "task_v2", "tsk_v2_", "queued"),
        ("openai_cua", "openai_cua", "tsk_", "created"),
        ("anthropic_cua", "anthropic_cua", "tsk_", "created"),
    ],
)
async def test_engine(client, engine, run_type, prefix, status):
    run = await client.run_task("Count", url=URL, engine=ENGINE[engine])
    assert run.run_id.startswith(prefix)
    assert (run.run_type, run.status) == (run_type, status)
    assert run.run_request.engine == ENGINE[engine].value


async def test_the_engine_ui_tars_is_known_and_not_enabled(client):
    with pytest.raises(BadRequestError) as caught:
        await client.run_task("Count", url=URL, engine=ENGINE.ui_tars)
    assert caught.value.body == {"detail": "The ui-tars engine is not enabled on this server"}


async def test_an_engine_by_the_name_of_its_member_is_refused(client):
    """Names of members are not their values: ``skyvern_v1`` is ``skyvern-1.0``."""
    with pytest.raises(UnprocessableEntityError):
        await client.run_task("Count", url=URL, engine="skyvern_v1")


async def test_the_default_engine_is_not_the_pages_any_more(client, skyvern_fake):
    """The page says skyvern_v2; from 1.0.30 on it is skyvern_v1 (facts: sdk-surface h)."""
    run = await client.run_task("Count", url=URL)
    assert asked(skyvern_fake)["engine"] == "skyvern-1.0"
    assert run.run_type == "task_v1"


async def test_wait_for_completion_is_off_unless_asked_for(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(queued(2), running(61), completed({"ships": 3})))
    assert (await client.run_task("Count", url=URL)).status == "created"
    assert skyvern_fake.elapsed == 0
    run = await client.run_task("Count", url=URL, wait_for_completion=True)
    assert (run.status, run.output) == ("completed", {"ships": 3})
    assert skyvern_fake.elapsed == 70


async def test_timeout_bounds_the_wait_and_is_1800_seconds(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(3600), completed()))
    with pytest.raises(TimeoutError):
        await client.run_task("Count", url=URL, wait_for_completion=True)
    assert skyvern_fake.elapsed == 1800


async def test_timeout_is_for_the_wait_only(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(3600), completed()))
    run = await client.run_task("Count", url=URL, timeout=1)
    await asyncio.sleep(2)
    assert (await client.get_run(run.run_id)).status == "running"


async def test_max_steps(client, skyvern_fake):
    """The answer says null, the run the number, and ten is the organisation's (facts: runs 2)."""
    for given, effective in ((3, 3), (None, 10)):
        run = await client.run_task("Count", url=URL, max_steps=given)
        assert asked(skyvern_fake)["max_steps"] == given
        assert run.run_request.max_steps is None
        assert (await client.get_run(run.run_id)).run_request.max_steps == effective


async def test_browser_session_id_runs_in_a_session_that_is_there(client, skyvern_session):
    run = await client.run_task("Count", url=URL, browser_session_id=skyvern_session.id)
    assert run.run_request.browser_session_id == skyvern_session.id
    with pytest.raises(ApiError) as caught:
        await client.run_task("Count", url=URL, browser_session_id="pbs_0")
    assert caught.value.status_code == 404


async def test_publish_workflow_forces_the_second_engine(client, skyvern_fake):
    run = await client.run_task("Count", url=URL, publish_workflow=True)
    assert (run.run_type, run.run_request.publish_workflow) == ("task_v2", True)
    await client.run_task("Count", url=URL)
    assert asked(skyvern_fake)["publish_workflow"] is False


async def test_proxy_location_is_one_of_a_list(client):
    with pytest.raises(UnprocessableEntityError):
        await client.run_task("Count", url=URL, proxy_location="ATLANTIS")


async def test_webhook_url_hears_of_the_end(client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on().play(RunScript(running(9), completed({"ships": 3})))
    run = await client.run_task("Count", url=URL, webhook_url=skyvern_webhooks.url)
    told = await skyvern_webhooks.wait()
    assert told.signature_ok
    assert (told.json["run_id"], told.json["status"]) == (run.run_id, "completed")
    with pytest.raises(BadRequestError):
        await client.run_task("Count", url=URL, webhook_url="ftp://hooks.example")


async def test_user_agent_is_a_header_and_no_field(client, skyvern_fake):
    await client.run_task("Count", url=URL, user_agent="ship-counter/2")
    assert skyvern_fake.journal[-1].request.header("x-user-agent") == "ship-counter/2"
    assert "user_agent" not in asked(skyvern_fake)


async def test_what_is_not_given_is_sent_as_null(client, skyvern_fake):
    await client.run_task("Count")
    sent = asked(skyvern_fake)
    given = {name for name, value in sent.items() if value not in (None, False)}
    assert (len(sent), given) == (18, {"prompt", "engine"})


def parameters(method: str) -> set[str]:
    return set(inspect.signature(getattr(Skyvern, method)).parameters)


async def test_every_parameter_of_the_page_is_one_of_the_sdk(client):
    page = (
        *("prompt", "url", "engine", "wait_for_completion", "timeout", "max_steps"),
        *("data_extraction_schema", "browser_session_id", "publish_workflow", "proxy_location"),
        *("webhook_url", "error_code_mapping", "totp_identifier", "totp_url", "title"),
        *("user_agent", "extra_http_headers", "browser_address"),
    )
    assert parameters("run_task") - {*page, "self"} == {
        *("model", "include_action_history_in_verification", "max_screenshot_scrolls"),
        "request_options",
    }
    assert set(page) <= parameters("run_task")


async def test_parameters_that_the_page_leaves_out(client, skyvern_fake):
    run = await client.run_task(
        "Count",
        url=URL,
        model={"name": "small"},
        include_action_history_in_verification=True,
        max_screenshot_scrolls=2,
    )
    assert run.run_request.max_screenshot_scrolls == 2
    sent, shown = asked(skyvern_fake), run.run_request
    assert (sent["model"], shown.model) == ({"name": "small"}, None)
    history = "include_action_history_in_verification"
    assert (sent[history], getattr(shown, history)) == (True, False)


# --- TaskRunResponse ----------------------------------------------------------------------------


async def test_fields_of_a_completed_task(client, skyvern_fake):
    manifest = Download("manifest.pdf", b"%PDF-1.7 ships")
    skyvern_fake.on().play(
        RunScript(
            queued(1), running(30, step="Look"), completed({"ships": 3}, downloads=[manifest])
        )
    )
    run = await client.run_task("Count", url=URL, wait_for_completion=True)
    begun = datetime(2026, 1, 1)  # noqa: DTZ001 - naive, as on the wire
    assert run.run_id.startswith("tsk_")
    assert run.status == "completed"
    assert run.output == {"ships": 3}
    assert run.failure_reason is None
    (file,) = run.downloaded_files
    assert file.filename == "manifest.pdf"
    addresses = [file.url, run.recording_url, *run.screenshot_urls]
    base = skyvern_fake.links.base_url
    assert len(addresses) > 2
    assert all(url.startswith(f"{base}/v1/artifacts/a_") for url in addresses)
    assert run.app_url == f"https://app.skyvern.com/tasks/{run.run_id}"
    assert run.step_count >= 1
    assert run.created_at == begun
    assert timedelta(seconds=31) <= run.finished_at - begun < timedelta(seconds=32)


async def test_fields_of_a_task_that_has_just_been_made(client):
    run = await client.run_task("Count", url=URL)
    empty = ("output", "failure_reason", "downloaded_files", "recording_url", "screenshot_urls")
    assert {name: getattr(run, name) for name in (*empty, "step_count", "finished_at")} == (
        dict.fromkeys((*empty, "step_count", "finished_at"))
    )
    assert run.app_url == f"https://app.skyvern.com/runs/{run.run_id}"


async def test_a_failed_task_says_why(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(3), failed("Fog over the harbour")))
    run = await client.run_task("Count", url=URL, wait_for_completion=True)
    assert (run.status, run.failure_reason) == ("failed", "Fog over the harbour")
    assert run.output is None


async def test_output_may_be_a_list(client, skyvern_fake):
    skyvern_fake.on().play(completed(["Anna", "Berta"]))
    run = await client.run_task("Name the ships", url=URL, wait_for_completion=True)
    assert run.output == ["Anna", "Berta"]


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        (completed(), "completed"),
        (failed("x"), "failed"),
        (terminated("x"), "terminated"),
        (timed_out(), "timed_out"),
        (canceled(), "canceled"),
    ],
    ids=["completed", "failed", "terminated", "timed_out", "canceled"],
)
async def test_every_status_of_the_page_is_seen(client, skyvern_fake, ending, status):
    skyvern_fake.on().play(RunScript(queued(5), running(5), ending, illegal=True))
    run = await client.run_task("Count", url=URL)
    seen = [run.status]
    for _ in range(3):
        await asyncio.sleep(4)
        seen.append((await client.get_run(run.run_id)).status)
    assert seen == ["created", "queued", "running", status]


# --- the other methods --------------------------------------------------------------------------


async def test_get_run_reads_tasks_and_workflow_runs(client):
    task = await client.run_task("Count", url=URL)
    download = await client.download_files(navigation_goal="The manifest", url=URL)
    assert (await client.get_run(task.run_id)).run_type == "task_v1"
    assert (await client.get_run(download.run_id)).run_type == "workflow_run"


async def test_cancel_run(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(600), completed()))
    run = await client.run_task("Count", url=URL)
    assert await client.cancel_run(run.run_id) is None
    assert (await client.get_run(run.run_id)).status == "canceled"


async def test_get_run_timeline_lists_what_a_task_of_engine_2_did(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(5, step="Look"), completed({"ships": 3})))
    run = await client.run_task(
        "Count", url=URL, engine=ENGINE.skyvern_v2, wait_for_completion=True
    )
    timeline = await client.get_run_timeline(run.run_id)
    assert {entry.type for entry in timeline} == {"block", "thought"}
    times = [entry.created_at for entry in timeline]
    assert times == sorted(times, reverse=True)


async def test_get_run_timeline_has_nothing_of_engine_1(client):
    run = await client.run_task("Count", url=URL)
    with pytest.raises(BadRequestError) as caught:
        await client.get_run_timeline(run.run_id)
    assert caught.value.body == {"detail": "Timeline not available for run type task_v1"}
    with pytest.raises(NotFoundError):
        await client.get_run_timeline("tsk_0")


async def test_get_run_artifacts_of_one_type_of_several_and_of_all(client, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(5, step="Look"), completed({"ships": 3})))
    run = await client.run_task("Count", url=URL, wait_for_completion=True)

    async def types(**asked: object) -> set[str]:
        return {item.artifact_type for item in await client.get_run_artifacts(run.run_id, **asked)}

    assert await types(artifact_type="recording") == {"recording"}
    both = ["recording", "screenshot_action"]
    assert await types(artifact_type=both) == set(both)
    assert await types() > set(both)
    assert await types(artifact_type="audio") == set()
    with pytest.raises(UnprocessableEntityError):
        await types(artifact_type="hologram")


async def test_get_run_artifacts_of_an_unknown_run_are_none(client):
    assert await client.get_run_artifacts("tsk_0") == []


async def test_get_artifact_is_gone_and_its_path_is_still_there(client, front, skyvern_fake):
    skyvern_fake.on().play(RunScript(running(5, step="Look"), completed()))
    run = await client.run_task("Count", url=URL, wait_for_completion=True)
    (recording,) = await client.get_run_artifacts(run.run_id, artifact_type="recording")
    assert not hasattr(client, "get_artifact")
    async with front.async_http() as http:
        answer = await http.get(f"/v1/artifacts/{recording.artifact_id}")
        assert answer.json()["artifact_id"] == recording.artifact_id
        file = await http.get(recording.signed_url)
        assert (file.status_code, len(file.content)) == (200, recording.file_size)


async def test_retry_run_webhook_tells_it_once_more(client, skyvern_fake, skyvern_webhooks):
    skyvern_fake.on().play(RunScript(running(5), completed({"ships": 3})))
    run = await client.run_task("Count", url=URL, webhook_url=skyvern_webhooks.url)
    await skyvern_webhooks.wait()
    replay = await client.retry_run_webhook(run.run_id)
    assert (replay.run_id, replay.status_code) == (run.run_id, 200)
    assert [told.run_id for told in skyvern_webhooks] == [run.run_id] * 2


async def test_retry_run_webhook_without_one(client, skyvern_fake):
    skyvern_fake.on().play(completed())
    run = await client.run_task("Count", url=URL, wait_for_completion=True)
    with pytest.raises(ApiError) as caught:
        await client.retry_run_webhook(run.run_id)
    assert caught.value.body == {"detail": "No webhook URL configured for the run."}
