"""What runs leave behind: their lists, and the bytes behind every address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from skyvern_testkit.script import Download, Family, RunScript, completed, never, running
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.rows import Artifact
from tests.world.stage import NAVIGATION, Stage

SCRAPE = [
    "html_scrape",
    "visible_elements_id_css_map",
    "visible_elements_id_frame_map",
    "visible_elements_tree",
    "visible_elements_tree_trimmed",
    "visible_elements_tree_in_prompt",
]
ASK = ["screenshot_llm", "llm_prompt", "llm_request", "llm_response", "llm_response_parsed"]
LOOK = ["screenshot_action", "html_action"]

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
    starts = (b"\0\0\0 ftyp", b"\x89PNG", b"\x89PNG", b"%PDF")
    for address, start in zip(addresses, starts, strict=False):
        assert get(stage, path_of(address)).body.startswith(start)
    assert {get(stage, path_of(address)).status for address in addresses} == {200}


def test_kinds_and_their_filter(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    path = f"GET /v1/runs/{run_id}/artifacts"
    kinds = [row["artifact_type"] for row in stage.ask(path)]
    click = [*SCRAPE, *ASK, *LOOK, *ASK]  # as recorded in the runs of two steps
    verdict = [*SCRAPE, *ASK, *ASK, *LOOK]  # recorded lives
    assert kinds == ["recording", *click, *verdict, "screenshot_final", "download", "har"]
    two = stage.ask(f"{path}?artifact_type=har&artifact_type=download")
    assert [row["artifact_type"] for row in two] == ["download", "har"]
    assert stage.send(f"{path}?artifact_type=nope").status == 422


def _is_html(body: bytes) -> bool:
    return body.startswith(b"<!DOCTYPE html>") and body.endswith(b"</html>")


READS_AS = {
    "application/json": lambda body: json.loads(body) is not None,
    "application/octet-stream": lambda body: body == FILE.content,
    "image/png": lambda body: body.startswith(b"\x89PNG") and b"IEND" in body[-12:],
    "text/html; charset=utf-8": _is_html,
    "text/plain; charset=utf-8": lambda body: body.decode().strip() != "",
    "video/mp4": lambda body: body[4:8] == b"ftyp" and b"moov" in body,
    "video/webm": lambda body: body.startswith(b"\x1aE\xdf\xa3") and b"webm" in body,
}


def addresses_in(answer: object) -> Iterator[str]:
    """Every address of a file that an answer shows."""
    match answer:
        case dict():
            for value in answer.values():
                yield from addresses_in(value)
        case list():
            for value in answer:
                yield from addresses_in(value)
        case str() if "/v1/artifacts/" in answer:
            yield answer


@pytest.mark.parametrize("family", [Family.TASK, Family.TASK_V2, Family.WORKFLOW])
def test_every_address_in_the_life_of_a_run_leads_to_what_its_kind_says(
    stage: Stage, family: Family
):
    workflow = family is Family.WORKFLOW
    run_id = stage.workflow_run(NAVIGATION) if workflow else stage.start(family)
    fetched = set()
    for _ in range(12):
        stage.wait(1)
        work = stage.fake.run(run_id).hidden_run_id or run_id
        for path in (f"{run_id}", f"{run_id}/timeline", f"{work}/artifacts"):
            response = stage.send(f"GET /v1/runs/{path}")
            for address in addresses_in(response.json if response.status == 200 else []):
                answer = get(stage, path_of(address))
                kind = str(answer.header("content-type"))
                assert answer.status == 200
                if "artifact_type=script_file" not in address:  # the server calls it JSON
                    assert READS_AS[kind](answer.body), address
                fetched.add(kind)
    assert fetched == READS_AS.keys()


def test_the_traffic_of_a_run(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(10)
    (row,) = stage.ask(f"GET /v1/runs/{run_id}/artifacts?artifact_type=har")
    log = json.loads(get(stage, path_of(row["signed_url"])).body)["log"]
    (entry,) = log["entries"]
    assert (log["version"], entry["request"]["url"]) == ("1.2", stage.fake.run(run_id).input.url)
    assert entry["response"]["content"]["size"] == len(entry["response"]["content"]["text"])


def test_a_recording_grows_while_its_run_works_and_is_another_file_afterwards(stage: Stage):
    run_id = stage.start(Family.TASK)
    stage.wait(2)
    early = stage.read(run_id)["recording_url"]
    first = get(stage, path_of(early))
    stage.wait(2)
    later = get(stage, path_of(stage.read(run_id)["recording_url"]))
    assert later.body.startswith(first.body)
    assert len(later.body) > len(first.body)
    (row,) = stage.ask(f"GET /v1/runs/{run_id}/artifacts?artifact_type=recording")
    assert row["file_size"] == 0  # recorded: the row tells its size when it is stored
    stage.wait(10)
    over = stage.read(run_id)["recording_url"]
    final = get(stage, path_of(over))
    (row,) = stage.ask(f"GET /v1/runs/{run_id}/artifacts?artifact_type=recording")
    assert over != early
    assert (final.header("content-type"), row["file_size"]) == ("video/mp4", len(final.body))


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
        ("bytes=-0", 200, None, b"%PDF-1.7 and more"),
        ("bytes=0-1,4-5", 200, None, b"%PDF-1.7 and more"),  # several parts: all of it
        ("Bytes= 00-03", 206, "bytes 0-3/17", b"%PDF"),
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
