"""Scripts: uploading, deploying, versions, and the cache that finished runs leave."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

WAIT = {"block_type": "wait", "label": "pause", "wait_sec": 1}
DEFINITION: dict[str, Any] = {
    "title": "Flow",
    "workflow_definition": {"parameters": [], "blocks": [WAIT]},
}
HIDDEN = "the SDK has no method for it"


def file(path: str = "main.py", content: bytes = b"print(1)\n", **more: Any) -> dict[str, Any]:
    return {"path": path, "content": b64encode(content).decode(), **more}


def new_script(skyvern: Caller, *files: dict[str, Any], **more: Any) -> Any:
    made = skyvern.call("create_script", files=list(files) or [file()], **more).ok()
    skyvern.wait(0.01)  # the latest first is told by time alone
    return made


def new_workflow(skyvern: Caller, **settings: Any) -> str:
    definition = {**DEFINITION, **settings}
    made: str = skyvern.call("create_workflow", json_definition=definition).ok()[
        "workflow_permanent_id"
    ]
    return made


def code(skyvern: Caller, script_id: str, version: int) -> Any:
    return skyvern.send("GET", f"/v1/scripts/{script_id}/versions/{version}").ok()


# --- making one ---------------------------------------------------------------------------------


@case("scripts.create", fact="recorded: scripts.one")
def test_new_script_shows_its_files(skyvern: Caller) -> None:
    made = new_script(skyvern, file(mime_type="text/x-python"))
    assert made["script_id"].startswith("s_")
    assert (made["version"], made["run_id"], made["file_count"]) == (1, None, 1)
    shown = made["file_tree"]["main.py"]
    assert shown["content_hash"] == "sha256:" + sha256(b"print(1)\n").hexdigest()
    assert (shown["type"], shown["size"], shown["mime_type"]) == ("file", 9, "text/x-python")


@case("scripts.create.no_files", fact="recorded: scripts.no_files")
def test_script_without_files_can_be_made(skyvern: Caller) -> None:
    made = skyvern.call("create_script", files=[]).ok()
    assert (made["file_count"], made["file_tree"]) == (0, {})


@case("scripts.create.empty", fact="recorded: scripts.empty", raw_only="the SDK sends no body")
def test_empty_body_makes_a_script(skyvern: Caller) -> None:
    assert skyvern.send("POST", "/v1/scripts", content=b"{}", headers=JSON).ok()["version"] == 1


JSON = {"content-type": "application/json"}


@case("scripts.create.no_body", fact="resources 13, 11")
def test_script_of_no_arguments_is_refused(skyvern: Caller) -> None:
    skyvern.call("create_script").invalid(("missing", "body"))


@case("scripts.create.folders", fact="recorded: scripts.tree")
def test_folder_of_files_is_shown_as_empty(skyvern: Caller) -> None:
    made = new_script(skyvern, file(), file("pkg/a.py"), file("pkg/sub/b.py"))
    assert made["file_count"] == 3
    assert list(made["file_tree"]) == ["main.py", "pkg"]
    folder = made["file_tree"]["pkg"]
    assert (folder["type"], folder["size"], folder["children"]) == ("directory", None, {})


@case("scripts.create.text", fact="recorded: scripts.utf8")
def test_content_can_be_text(skyvern: Caller) -> None:
    made = new_script(skyvern, {"path": "a.md", "content": "hallo ä", "encoding": "utf-8"})
    assert made["file_tree"]["a.md"]["size"] == 8


@case("scripts.create.encoding", fact="recorded: scripts.encodings", raw_only="the SDK knows two")
def test_other_encodings_are_refused(skyvern: Caller) -> None:
    wrong = {"path": "a.md", "content": "x", "encoding": "latin-1"}
    skyvern.call("create_script", files=[wrong]).invalid(("enum", "body", "files", 0, "encoding"))


@case("scripts.create.bad_base64", fact="recorded: scripts.bad_base64*")
@pytest.mark.parametrize("content", ["***", "abc", "cHJp\nbnQoMSkK", "-_-_"])
def test_content_that_is_no_base64_is_refused(skyvern: Caller, content: str) -> None:
    wrong = {"path": "main.py", "content": content}
    skyvern.call("create_script", files=[file("ok.py"), wrong]).refused(
        400, "File 'main.py' is not valid base64"
    )


@case("scripts.create.python_text", fact="recorded: scripts_versions.m_binary")
def test_python_file_must_be_text(skyvern: Caller) -> None:
    skyvern.call("create_script", files=[file(content=b"\xff\xfe")]).refused(
        400, "Python file 'main.py' is not valid UTF-8"
    )
    assert new_script(skyvern, file("x.bin", b"\xff\xfe"))["file_count"] == 1


@case("scripts.create.path_twice", fact="recorded: scripts.same_path_twice")
def test_path_named_twice_is_refused(skyvern: Caller) -> None:
    skyvern.call("create_script", files=[file("a.py"), file("a.py")]).refused(
        400, "Duplicate script file path 'a.py'"
    )


@case("scripts.create.path", fact="recorded: scripts.path_dots")
@pytest.mark.parametrize(
    "path", ["/etc/x", "../x", "a/../b", "./a.py", "", "a/", "a//b", "a\\b", "C:a.py", "a\0b"]
)
def test_path_must_stay_inside(skyvern: Caller, path: str) -> None:
    skyvern.call("create_script", files=[file(path)]).invalid(
        ("value_error", "body", "files", 0, "path")
    )


@case("scripts.create.unknown_workflow", fact="resources 11")
def test_workflow_of_a_script_need_not_exist(skyvern: Caller) -> None:
    assert new_script(skyvern, workflow_id="wpid_1")["version"] == 1


@case("scripts.create.unknown_run", fact="recorded: scripts.unknown_run")
def test_run_of_a_script_must_exist(skyvern: Caller) -> None:
    skyvern.call("create_script", run_id="wr_1").refused(404, "Run_id wr_1 not found")


@case("scripts.create.of_run", fact="recorded: scripts.of_run")
def test_script_of_a_run_keeps_its_id(skyvern: Caller) -> None:
    run_id = skyvern.call("run_workflow", agent_id=new_workflow(skyvern)).ok()["run_id"]
    script_id = new_script(skyvern, run_id=run_id)["script_id"]
    assert skyvern.call("get_script", script_id=script_id).ok()["run_id"] == run_id
    refusal = f"Run_id {run_id} not found"
    skyvern.stranger().call("create_script", run_id=run_id).refused(404, refusal)


# --- reading ------------------------------------------------------------------------------------


@case("scripts.get", fact="resources 11, 14")
def test_script_is_read_by_its_latest_version(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    shown = skyvern.call("get_script", script_id=script_id).ok()
    assert list(shown) == [
        *("script_revision_id", "script_id", "organization_id", "run_id", "version"),
        *("created_at", "modified_at", "deleted_at"),
    ]
    assert shown["script_revision_id"].startswith("sr_")


@case("scripts.get.unknown", fact="resources 11, 13")
def test_unknown_script_is_missed(skyvern: Caller) -> None:
    skyvern.call("get_script", script_id="s_1").refused(404, "Script not found")


@case("scripts.stranger", fact="recorded: scripts.read_foreign")
def test_scripts_are_their_organisations(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    stranger = skyvern.stranger()
    stranger.call("get_script", script_id=script_id).refused(404, "Script not found")
    stranger.call("deploy_script", script_id=script_id, files=[]).refused(404, "Script not found")
    assert stranger.call("get_scripts").ok() == []


@case("scripts.list", fact="resources 11", alone=True)
def test_list_has_the_latest_versions_newest_first(skyvern: Caller) -> None:
    old, new = (new_script(skyvern)["script_id"] for _ in range(2))
    skyvern.call("deploy_script", script_id=old, files=[]).ok()
    rows = skyvern.call("get_scripts").ok()
    assert [(row["script_id"], row["version"]) for row in rows] == [(old, 2), (new, 1)]


@case("scripts.list.pages", fact="recorded: scripts.list_2", alone=True)
def test_list_has_pages(skyvern: Caller) -> None:
    made = [new_script(skyvern)["script_id"] for _ in range(3)]
    page = skyvern.call("get_scripts", page=2, page_size=2).ok()
    assert [row["script_id"] for row in page] == [made[0]]
    assert skyvern.call("get_scripts", page=9).ok() == []


@case("scripts.list.page_0", fact="recorded: scripts.list_0")
def test_pages_count_from_one(skyvern: Caller) -> None:
    skyvern.call("get_scripts", page=0, page_size=0).invalid(
        ("greater_than_equal", "query", "page"), ("greater_than_equal", "query", "page_size")
    )


# --- deploying and running ----------------------------------------------------------------------


@case("scripts.deploy", fact="resources 11")
def test_deploying_makes_a_version(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    made = skyvern.call("deploy_script", script_id=script_id, files=[file("a.py")]).ok()
    assert (made["script_id"], made["version"], made["file_count"]) == (script_id, 2, 1)
    assert made["file_tree"] == {}


@case("scripts.deploy.keeps_files", fact="recorded: scripts_versions.code_3", raw_only=HIDDEN)
def test_what_is_not_deployed_comes_over(skyvern: Caller) -> None:
    script_id = new_script(skyvern, file(content=b"one"))["script_id"]
    skyvern.call("deploy_script", script_id=script_id, files=[file(content=b"two")]).ok()
    skyvern.call("deploy_script", script_id=script_id, files=[]).ok()
    texts = [code(skyvern, script_id, version)["main_script"] for version in (1, 2, 3)]
    assert texts == ["one", "two", "two"]


@case("scripts.deploy.unknown", fact="resources 11")
def test_unknown_script_is_not_deployed(skyvern: Caller) -> None:
    skyvern.call("deploy_script", script_id="s_1", files=[]).refused(404, "Script not found")


@case("scripts.deploy.bad", fact="recorded: scripts.deploy_bad")
def test_refused_deploy_makes_no_version(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    wrong = {"path": "main.py", "content": "***"}
    skyvern.call("deploy_script", script_id=script_id, files=[wrong]).refused(400)
    assert skyvern.call("get_script", script_id=script_id).ok()["version"] == 1


@case("scripts.run", fact="resources 11")
def test_no_script_can_be_run(skyvern: Caller) -> None:
    skyvern.call("scripts.run_script", script_id="s_1").refused(400, "Not implemented")


# --- versions -----------------------------------------------------------------------------------


@case("scripts.versions", fact="recorded: scripts_versions.versions", raw_only=HIDDEN)
def test_versions_are_listed_newest_first(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    skyvern.call("deploy_script", script_id=script_id, files=[]).ok()
    rows = skyvern.send("GET", f"/v1/scripts/{script_id}/versions").ok()["versions"]
    assert [row["version"] for row in rows] == [2, 1]
    assert skyvern.send("GET", "/v1/scripts/s_1/versions").ok() == {"versions": []}


@case("scripts.version", fact="recorded: scripts_versions.code_1", raw_only=HIDDEN)
def test_main_script_is_the_one_at_the_root(skyvern: Caller) -> None:
    script_id = new_script(skyvern, file("a/main.py", b"A"), file(content=b"B"))["script_id"]
    wanted = {"blocks": {}, "main_script": "B", "script_id": script_id, "version": 1}
    assert code(skyvern, script_id, 1) == wanted
    other = new_script(skyvern, file("a/main.py", b"A"))["script_id"]
    assert code(skyvern, other, 1)["main_script"] is None


@case("scripts.version.unknown", fact="recorded: scripts_versions.code_9", raw_only=HIDDEN)
@pytest.mark.parametrize("end", ["", "/detail"])
def test_unknown_version_is_missed(skyvern: Caller, end: str) -> None:
    script_id = new_script(skyvern)["script_id"]
    path = f"/v1/scripts/{script_id}/versions"
    skyvern.send("GET", f"{path}/9{end}").refused(404, "Script version not found")
    skyvern.send("GET", f"{path}/x{end}").invalid(("int_parsing", "path", "version"))


@case("scripts.compare", fact="recorded: scripts_versions.compare_12", raw_only=HIDDEN)
def test_versions_can_be_compared(skyvern: Caller) -> None:
    script_id = new_script(skyvern, file(content=b"one"))["script_id"]
    skyvern.call("deploy_script", script_id=script_id, files=[file(content=b"two")]).ok()
    path = f"/v1/scripts/{script_id}/compare"
    found = skyvern.send("GET", f"{path}?base=1&compare=2").ok()
    assert (found["base_main_script"], found["compare_main_script"]) == ("one", "two")
    skyvern.send("GET", f"{path}?base=9&compare=1").refused(404, "Base version 9 not found")
    skyvern.send("GET", f"{path}?base=1&compare=9").refused(404, "Compare version 9 not found")


@case("scripts.runs", fact="recorded: scripts_versions.runs", raw_only=HIDDEN)
def test_script_that_never_ran_has_no_runs(skyvern: Caller) -> None:
    script_id = new_script(skyvern)["script_id"]
    found = skyvern.send("GET", f"/v1/scripts/{script_id}/runs").ok()
    assert (found["runs"], found["total_count"]) == ([], 0)
    skyvern.send("GET", "/v1/scripts/s_1/runs").refused(404, "Script not found")


# --- what runs leave ----------------------------------------------------------------------------


def finished_run(skyvern: Caller, workflow_id: str, **asked: Any) -> str:
    """Run it until it is over; a run that only waits completes anywhere."""
    run_id: str = skyvern.call("run_workflow", agent_id=workflow_id, **asked).ok()["run_id"]
    for _ in range(60):
        if skyvern.call("get_run", run_id=run_id).ok()["status"] == "completed":
            return run_id
        skyvern.wait(1)
    raise AssertionError(f"{run_id} did not complete")


def cached(skyvern: Caller, workflow_id: str) -> list[Any]:
    found: list[Any] = skyvern.send("GET", f"/v1/scripts/workflows/{workflow_id}").ok()["scripts"]
    return found


@case("scripts.cache", fact="resources 11", raw_only=HIDDEN)
def test_completed_run_leaves_a_script(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern)
    assert cached(skyvern, workflow_id) == []
    run_id = finished_run(skyvern, workflow_id)
    (entry,) = cached(skyvern, workflow_id)
    assert (entry["cache_key"], entry["cache_key_value"]) == ("default", "default")
    assert (entry["latest_version"], entry["is_pinned"]) == (1, False)
    script = skyvern.call("get_script", script_id=entry["script_id"]).ok()
    assert script["run_id"] == run_id


@case("scripts.cache.once", fact="recorded: scripts_generated.of_again", raw_only=HIDDEN)
def test_second_run_leaves_no_other(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern)
    finished_run(skyvern, workflow_id)
    before = cached(skyvern, workflow_id)
    finished_run(skyvern, workflow_id)
    assert cached(skyvern, workflow_id) == before


@case("scripts.cache.code", fact="recorded: scripts_generated.code_of", raw_only=HIDDEN)
def test_runs_with_code_have_values_of_their_own(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern, run_with="code")
    finished_run(skyvern, workflow_id, run_with="code")
    assert [entry["cache_key_value"] for entry in cached(skyvern, workflow_id)] == ["default:v2"]


@case("scripts.cache.clear", fact="recorded: scripts_generated.cache", raw_only="SDK 1.0.24 alone")
def test_cache_can_be_cleared(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern)
    finished_run(skyvern, workflow_id)
    (entry,) = cached(skyvern, workflow_id)
    path = f"/v1/scripts/{workflow_id}/cache"
    assert [skyvern.send("DELETE", path).ok()["deleted_count"] for _ in range(2)] == [1, 0]
    assert cached(skyvern, workflow_id) == []
    assert skyvern.call("get_script", script_id=entry["script_id"]).ok()["version"] == 1


@case("scripts.cache.pin", fact="recorded: scripts_generated.pin", raw_only=HIDDEN)
def test_cached_script_can_be_pinned(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern)
    finished_run(skyvern, workflow_id)
    body = b'{"cache_key_value": "default"}'
    for action, pinned in (("pin", True), ("unpin", False)):
        path = f"/v1/scripts/{workflow_id}/{action}"
        told = skyvern.send("POST", path, content=body, headers=JSON).ok()
        assert (told["is_pinned"], told["pinned_at"] is not None) == (pinned, pinned)
        assert cached(skyvern, workflow_id)[0]["is_pinned"] is pinned


@case("scripts.cache.value", fact="recorded: scripts_generated.value", raw_only=HIDDEN)
def test_value_can_be_deleted(skyvern: Caller) -> None:
    workflow_id = new_workflow(skyvern)
    finished_run(skyvern, workflow_id)
    values = f"/v1/scripts/{workflow_id}/default/values"
    assert skyvern.send("GET", values).ok()["values"] == ["default"]
    path = f"/v1/scripts/{workflow_id}/value?cache-key-value=default"
    skyvern.send("DELETE", path).ok()
    skyvern.send("DELETE", path).refused(404, "Cache key value not found")
    assert skyvern.send("GET", values).ok()["values"] == []


@case("scripts.cache.unknown", fact="recorded: scripts_cache.unknown_cache", raw_only=HIDDEN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/scripts/wpid_1/cache"),
        ("DELETE", "/v1/scripts/wpid_1/value?cache-key-value=x"),
        ("GET", "/v1/scripts/workflows/wpid_1"),
        ("GET", "/v1/workflows/wpid_1/fallback-episodes"),
        ("GET", "/v1/workflows/wpid_1/fallback-episodes/x"),
    ],
)
def test_unknown_workflow_has_no_cache(skyvern: Caller, method: str, path: str) -> None:
    skyvern.send(method, path).refused(404, "Workflow not found")


@case("scripts.episodes", fact="recorded: scripts_cache.own_episodes", raw_only=HIDDEN)
def test_workflow_without_fallbacks_has_no_episodes(skyvern: Caller) -> None:
    path = f"/v1/workflows/{new_workflow(skyvern)}/fallback-episodes"
    none = {"episodes": [], "page": 1, "page_size": 20, "total_count": 0}
    assert skyvern.send("GET", path).ok() == none
    skyvern.send("GET", f"{path}/x").refused(404, "Fallback episode not found")
