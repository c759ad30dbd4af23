"""What runs leave behind: their lists, and the bytes behind every address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from skyvern_testkit.script import Download, Family, RunScript, completed, never, running
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.rows import Artifact
from tests.world.stage import NAVIGATION, Stage

FILE = Download('"invoice"\nü.pdf', b"%PDF-1.7 and more")


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.fake.on().play(
        RunScript(
            running(seconds=3, step="Open"), running(seconds=2, downloads=[FILE]), completed()
        )
    )
    return stage


def get(stage: Stage, target: str, **headers: str) -> Response:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return stage.fake.handle(Request.to("GET", target, headers=named))


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def download(stage: Stage) -> Artifact:
    return next(row for row in stage.fake.world.rows(Artifact) if row.type == "download")


def test_every_address_of_a_run_is_served(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    run = stage.read(run_id)
    rows = stage.ask(f"GET /v1/runs/{run_id}/artifacts")
    addresses = [
        run["recording_url"],
        *run["screenshot_urls"],
        *(item["url"] for item in run["downloaded_files"]),
        *(row["signed_url"] for row in rows),
    ]
    starts = (b"\x1aE\xdf\xa3", b"\x89PNG", b"\x89PNG", b"%PDF")
    for address, start in zip(addresses, starts, strict=False):
        assert get(stage, path_of(address)).body.startswith(start)
    assert {get(stage, path_of(address)).status for address in addresses} == {200}


def test_kinds_and_their_filter(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    path = f"GET /v1/runs/{run_id}/artifacts"
    kinds = [row["artifact_type"] for row in stage.ask(path)]
    seen = ["html_scrape", "screenshot_llm", "screenshot_action", "html_action"]
    assert kinds == [*seen[:0], "recording", *seen, *seen, "screenshot_final", "download", "har"]
    two = stage.ask(f"{path}?artifact_type=har&artifact_type=download")
    assert [row["artifact_type"] for row in two] == ["download", "har"]
    assert stage.send(f"{path}?artifact_type=nope").status == 422


def test_the_files_of_a_2_0_task_are_those_of_its_hidden_run(stage: Stage):
    run_id = stage.start(Family.TASK_V2)
    stage.wait(10)
    hidden = stage.fake.run(run_id).hidden_run_id
    assert stage.ask(f"GET /v1/runs/{run_id}/artifacts") == []
    rows = stage.ask(f"GET /v1/runs/{hidden}/artifacts")
    assert {row["run_id"] for row in rows} == {hidden}


def test_an_unknown_run_has_none(stage: Stage):
    assert stage.ask("GET /v1/runs/wr_1/artifacts") == []


def test_a_download_is_stored_when_the_run_is_over(stage: Stage):
    run_id = stage.workflow_run(NAVIGATION)
    stage.wait(3)
    (during,) = stage.read(run_id)["downloaded_files"]
    assert during["artifact_id"] is None
    listed = stage.ask(f"GET /v1/runs/{run_id}/artifacts")
    assert "download" not in [row["artifact_type"] for row in listed]
    assert during["modified_at"].endswith("Z")
    stage.wait(10)
    (after,) = stage.read(run_id)["downloaded_files"]
    assert after["artifact_id"] == download(stage).id
    assert not after["modified_at"].endswith("Z")
    assert (after["filename"], after["file_size"]) == (FILE.filename, len(FILE.content))
    assert after["url"] != during["url"]


# --- bytes: headers and ranges as recorded (artifacts.run.content*, life artifact_reads) ----------


@pytest.mark.parametrize(
    ("asked", "status", "part", "content"),
    [
        (None, 200, None, b"%PDF-1.7 and more"),
        ("bytes=0-3", 206, "bytes 0-3/17", b"%PDF"),
        ("bytes=13-", 206, "bytes 13-16/17", b"more"),
        ("bytes=-4", 206, "bytes 13-16/17", b"more"),
        ("bytes=-99", 206, "bytes 0-16/17", b"%PDF-1.7 and more"),
        ("bytes=10-99999", 206, "bytes 10-16/17", b"nd more"),
        ("bytes=99-", 416, "bytes */17", b""),
        ("bytes=5-2", 416, "bytes */17", b""),
        ("bytes=-", 200, None, b"%PDF-1.7 and more"),
        ("chapters=1-2", 200, None, b"%PDF-1.7 and more"),
    ],
)
def test_ranges(stage: Stage, asked, status, part, content):
    stage.start(Family.TASK)
    stage.wait(10)
    path = f"/v1/artifacts/{download(stage).id}/content"
    wish = {"range": asked} if asked else {}
    answer = get(stage, path, x_api_key=stage.fake.api_key, **wish)
    assert (answer.status, answer.header("content-range"), answer.body) == (status, part, content)
    assert answer.header("content-length") == str(len(content))


def test_headers_of_a_part(stage: Stage):
    stage.start(Family.TASK)
    stage.wait(10)
    shot = next(row for row in stage.fake.world.rows(Artifact) if row.type == "screenshot_final")
    path = f"/v1/artifacts/{shot.id}/content"
    answer = get(stage, path, x_api_key=stage.fake.api_key, range="bytes=0-9")
    assert [name for name, _ in answer.headers] == [
        "date",
        "server",
        "content-disposition",
        "cache-control",
        "x-content-type-options",
        "accept-ranges",
        "content-range",
        "content-length",
        "content-type",
        "vary",
        "x-frame-options",
        "content-security-policy",
    ]
    assert answer.header("content-disposition") == "inline"


def test_a_download_is_an_attachment(stage: Stage):
    stage.start(Family.TASK)
    stage.wait(10)
    path = f"/v1/artifacts/{download(stage).id}/content"
    answer = get(stage, path, x_api_key=stage.fake.api_key)
    assert answer.header("content-type") == "application/octet-stream"
    assert answer.header("content-disposition") == (
        "attachment; filename=\"_invoice___.pdf\"; filename*=UTF-8''%22invoice%22%0A%C3%BC.pdf"
    )


def test_a_page_may_do_nothing_in_a_browser(stage: Stage):
    stage.start(Family.TASK)
    stage.wait(10)
    page = next(row for row in stage.fake.world.rows(Artifact) if row.type == "html_action")
    answer = get(stage, f"/v1/artifacts/{page.id}/content", x_api_key=stage.fake.api_key)
    assert str(answer.header("content-security-policy")).startswith("sandbox;")


# --- who may read -----------------------------------------------------------------------------------


def test_without_key_or_signature(stage: Stage):
    stage.start(Family.TASK)
    stage.wait(10)
    artifact = download(stage)
    path = f"/v1/artifacts/{artifact.id}/content"
    assert get(stage, path).json == {"detail": "Invalid credentials"}
    stage.fake.keys.add("other")
    foreign = get(stage, path, x_api_key="other")
    assert (foreign.status, foreign.json["detail"]) == (404, f"Artifact not found {artifact.id}")


@pytest.mark.parametrize("wrong", ["sig", "expiry"])
def test_a_signature_for_something_else(stage: Stage, wrong: str):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    parts = urlsplit(stage.read(run_id)["recording_url"])
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {wrong: "12"}
    target = parts.path + "?" + "&".join(f"{name}={value}" for name, value in query.items())
    answer = get(stage, target)
    assert (answer.status, answer.json["detail"]) == (403, "Invalid artifact URL signature")


def test_a_signature_that_is_not_ascii_is_a_wrong_one(stage: Stage):
    answer = get(stage, "/v1/artifacts/a_1/content?sig=%C3%9F&expiry=1&kid=k")
    assert (answer.status, answer.json["detail"]) == (403, "Invalid artifact URL signature")


def test_a_signature_is_good_for_a_day(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    target = path_of(stage.read(run_id)["recording_url"])
    stage.fake.advance(stage.fake.world.now + 23 * 3600 * SECOND)
    assert get(stage, target).status == 200
    stage.fake.advance(stage.fake.world.now + 3600 * SECOND)
    assert get(stage, target).json == {"detail": "Artifact URL has expired"}


def test_a_run_that_never_had_a_browser_has_no_recording():
    stage = Stage()
    stage.fake.on().play(running(until=never()))
    run_id = stage.start(Family.TASK)
    stage.wait(1.9)
    assert stage.read(run_id)["recording_url"] is None
    stage.cancel(run_id)
    stage.wait(60)
    assert stage.ask(f"GET /v1/runs/{run_id}/artifacts") == []
