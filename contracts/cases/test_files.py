"""Files that are sent up, and files that runs leave."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

BY_SDK = "the SDK sends a file as text"
NOT_IN_SDK = "the SDK has no method for it"


def upload(skyvern: Caller, content: bytes, name: str = "data.csv") -> Outcome:
    return skyvern.send("POST", "/v1/upload_file", files={"file": (name, content, "text/csv")})


@case("files.upload", fact="resources 11, 14", raw_only=BY_SDK)
@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"", bytes(range(256))], ids=repr)
def test_file_is_kept_under_an_id(skyvern: Caller, content: bytes) -> None:
    kept = upload(skyvern, content).ok()
    assert list(kept) == ["s3_uri", "presigned_url", "file_id", "expires_at"]
    assert kept["file_id"].startswith("file_")
    assert kept["expires_at"] is None
    assert kept["s3_uri"].endswith("data.csv")


@case("files.upload.twice", fact="resources 11", raw_only=BY_SDK)
def test_same_file_is_kept_twice(skyvern: Caller) -> None:
    first, second = (upload(skyvern, b"a,b\n").ok() for _ in range(2))
    assert first["file_id"] != second["file_id"]


@case("files.upload.name", fact="resources 11", raw_only=BY_SDK)
def test_folders_of_a_name_are_dropped(skyvern: Caller) -> None:
    kept = upload(skyvern, b"x", "../../secret/data.csv").ok()
    assert ".." not in kept["s3_uri"]
    assert kept["s3_uri"].endswith("data.csv")


@case("files.upload.missing", fact="resources 11", raw_only=BY_SDK)
def test_upload_needs_a_file(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/upload_file", files={"other": ("a.txt", b"x")}).invalid(
        ("missing", "body", "file")
    )


@case("files.upload.text", fact="resources 11")
def test_text_is_no_file(skyvern: Caller) -> None:
    """The SDK's method always meets this refusal."""
    answer = (
        skyvern.call("upload_file", file="data.csv")
        if skyvern.driver == "sdk"
        else skyvern.send("POST", "/v1/upload_file", data={"file": "data.csv"})
    )
    (problem,) = answer.invalid(("value_error", "body", "file"))
    assert problem["msg"] == "Value error, Expected UploadFile, received: <class 'str'>"


@case("files.upload.several", fact="resources 11", raw_only=BY_SDK)
def test_last_of_several_files_is_kept(skyvern: Caller) -> None:
    both = [("file", ("one.csv", b"1")), ("file", ("two.csv", b"2"))]
    kept = skyvern.send("POST", "/v1/upload_file", files=both).ok()
    assert kept["s3_uri"].endswith("two.csv")


@case("files.upload.limit", fact="resources 11", raw_only=BY_SDK)
def test_file_is_of_thirty_megabytes_at_most(skyvern: Caller) -> None:
    upload(skyvern, b"x" * (30 * 1024 * 1024 + 1)).refused(
        413, "File size exceeds the maximum allowed size (30.0 MB)"
    )


@case("files.delete", fact="resources 11", raw_only=NOT_IN_SDK)
def test_deleted_file_is_gone(skyvern: Caller) -> None:
    file_id = upload(skyvern, b"x").ok()["file_id"]
    assert skyvern.call("delete_file", file_id=file_id).ok(204) is None
    skyvern.call("delete_file", file_id=file_id).refused(404, f"File {file_id} not found")


@case("files.delete.unknown", fact="resources 11", raw_only=NOT_IN_SDK)
def test_unknown_file_is_missed(skyvern: Caller) -> None:
    skyvern.call("delete_file", file_id="file_1").refused(404, "File file_1 not found")


@case("files.delete.stranger", fact="resources 1", raw_only=NOT_IN_SDK)
def test_file_is_its_organisations_alone(skyvern: Caller) -> None:
    file_id = upload(skyvern, b"x").ok()["file_id"]
    skyvern.stranger().call("delete_file", file_id=file_id).refused(
        404, f"File {file_id} not found"
    )
    skyvern.call("delete_file", file_id=file_id).ok(204)


@case("artifacts.unknown", fact="resources 11")
def test_unknown_artifact_is_missed(skyvern: Caller) -> None:
    skyvern.call("artifacts.get_artifact_content", artifact_id="a_1").refused(
        404, "Artifact not found a_1"
    )


@case("artifacts.runs.unknown", fact="resources 12")
@pytest.mark.parametrize("run_id", ["tsk_1", "tsk_v2_1", "wr_1", "anything"])
def test_unknown_run_has_no_artifacts(skyvern: Caller, run_id: str) -> None:
    assert skyvern.call("get_run_artifacts", run_id=run_id).ok() == []


WAITING: dict[str, Any] = {
    "title": "Flow",
    "workflow_definition": {
        "parameters": [],
        "blocks": [{"block_type": "wait", "label": "pause", "wait_sec": 600}],
    },
}


@case("artifacts.runs.stranger", fact="resources 1")
def test_artifacts_of_anothers_run_are_none(skyvern: Caller) -> None:
    made = skyvern.call("create_workflow", json_definition=WAITING).ok()
    run = skyvern.call("run_workflow", agent_id=made["workflow_permanent_id"]).ok()
    other = skyvern.stranger()
    assert other.call("get_run_artifacts", run_id=run["run_id"]).ok() == []
    skyvern.call("cancel_run", run_id=run["run_id"]).ok()


@case("files.upload.thirty", fact="resources 11", raw_only=BY_SDK)
def test_file_of_thirty_megabytes_is_kept(skyvern: Caller) -> None:
    upload(skyvern, b"x" * (30 * 1024 * 1024)).ok()


@case("artifacts.unknown.row", fact="resources 11", raw_only=NOT_IN_SDK)
def test_row_of_an_unknown_artifact_is_missed(skyvern: Caller) -> None:
    skyvern.send("GET", "/v1/artifacts/a_1").refused(404, "Artifact not found a_1")


@case(
    "artifacts.content", fact="resources 11, 14", ours_only="it needs a browser that leaves files"
)
def test_file_of_a_run_is_read_whole_and_in_part(skyvern: Caller) -> None:
    run = skyvern.raw.call("run_task", prompt="Read", url="https://example.com").ok()
    while skyvern.call("get_run", run_id=run["run_id"]).ok()["finished_at"] is None:
        skyvern.wait(1)
    row = skyvern.call("get_run_artifacts", run_id=run["run_id"]).ok()[0]
    assert list(row) == [
        *("created_at", "modified_at", "artifact_id", "artifact_type", "uri", "bundle_key"),
        *("checksum", "file_size", "task_id", "step_id", "workflow_run_id"),
        *("workflow_run_block_id", "run_id", "browser_session_id", "observer_cruise_id"),
        *("observer_thought_id", "ai_suggestion_id", "signed_url", "archived", "organization_id"),
    ]
    path = f"/v1/artifacts/{row['artifact_id']}/content"
    whole = skyvern.raw.send("GET", path)
    assert whole.status == 200
    assert whole.headers["cache-control"] == "private, no-cache"
    assert whole.headers["content-disposition"].startswith("inline")
    part = skyvern.raw.send("GET", path, headers={"range": "bytes=1-3"})
    assert (part.status, part.body) == (206, whole.body[1:4])
    beyond = skyvern.raw.send("GET", path, headers={"range": "bytes=99999999-"})
    assert beyond.status == 416
