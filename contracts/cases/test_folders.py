"""Folders, and the workflows in them."""

from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

WAIT = {"block_type": "wait", "label": "pause", "wait_sec": 1}
DEFINITION: dict[str, Any] = {
    "title": "Flow",
    "workflow_definition": {"parameters": [], "blocks": [WAIT]},
}


def new_folder(skyvern: Caller, title: str = "Bills", **more: Any) -> str:
    made: str = skyvern.call("create_folder", title=title, **more).ok()["folder_id"]
    skyvern.wait(0.01)  # the latest change first is told by time alone
    return made


def new_workflow(skyvern: Caller, folder_id: str | None = None) -> dict[str, Any]:
    made: dict[str, Any] = skyvern.call(
        "create_workflow", json_definition=DEFINITION, folder_id=folder_id
    ).ok()
    skyvern.wait(0.01)
    return made


def read_folder(skyvern: Caller, folder_id: str) -> Any:
    return skyvern.call("get_folder", folder_id=folder_id).ok()


def listed(skyvern: Caller, **asked: Any) -> list[str]:
    return [row["folder_id"] for row in skyvern.call("get_folders", **asked).ok()]


# --- making one ---------------------------------------------------------------------------------


@case("folders.create", fact="resources 4, 14")
def test_new_folder_is_empty(skyvern: Caller) -> None:
    made = skyvern.call("create_folder", title="Bills", description="of 2026").ok()
    assert made["folder_id"].startswith("fld_")
    assert (made["title"], made["description"], made["workflow_count"]) == ("Bills", "of 2026", 0)
    assert list(made) == [
        *("title", "description", "folder_id", "organization_id", "workflow_count"),
        *("created_at", "modified_at"),
    ]


@case("folders.create.title_alone", fact="resources 4")
def test_description_may_be_left_out(skyvern: Caller) -> None:
    assert skyvern.call("create_folder", title="Bills").ok()["description"] is None


@case("folders.create.description.empty", fact="resources 4")
def test_empty_description_stays_empty(skyvern: Caller) -> None:
    assert skyvern.call("create_folder", title="Bills", description="").ok()["description"] == ""


@case("folders.create.title.kept", fact="resources 4")
@pytest.mark.parametrize("title", [" ", " Bills ", "x" * 255], ids=["blank", "spaces", "longest"])
def test_title_is_kept_as_it_is(skyvern: Caller, title: str) -> None:
    assert skyvern.call("create_folder", title=title).ok()["title"] == title


@case("folders.create.title.bounds", fact="resources 4")
@pytest.mark.parametrize(
    ("title", "problem"),
    [("", "string_too_short"), ("x" * 256, "string_too_long"), (5, "string_type")],
    ids=["empty", "too long", "number"],
)
def test_title_is_of_1_to_255_characters(skyvern: Caller, title: object, problem: str) -> None:
    skyvern.call("create_folder", title=title).invalid((problem, "body", "title"))


@case("folders.create.title.missing", fact="resources 4", raw_only="the SDK's method needs a title")
def test_title_is_needed(skyvern: Caller) -> None:
    skyvern.call("create_folder", description="no title").invalid(("missing", "body", "title"))


@case("folders.create.body.missing", fact="resources 1", raw_only="the SDK always sends a body")
def test_body_is_needed(skyvern: Caller) -> None:
    skyvern.send("POST", "/v1/folders").invalid(("missing", "body"))


@case("folders.create.title.twice", fact="resources 4", alone=True)
def test_two_folders_may_have_one_title(skyvern: Caller) -> None:
    first, second = new_folder(skyvern), new_folder(skyvern)
    assert first != second
    assert listed(skyvern) == [second, first]


@case("folders.create.field.unknown", fact="resources 1")
def test_unknown_field_is_ignored(skyvern: Caller) -> None:
    made = skyvern.call("create_folder", title="Bills", colour="blue").ok()
    assert "colour" not in made


# --- reading ------------------------------------------------------------------------------------


@case("folders.get", fact="resources 4")
def test_folder_is_read_as_it_was_made(skyvern: Caller) -> None:
    made = skyvern.call("create_folder", title="Bills").ok()
    assert read_folder(skyvern, made["folder_id"]) == made


@case("folders.unknown", fact="resources 1, 4, 13")
@pytest.mark.parametrize(
    ("operation", "asked"),
    [("get_folder", {}), ("update_folder", {"title": "x"}), ("delete_folder", {})],
    ids=["get", "update", "delete"],
)
def test_unknown_folder_is_missed(
    skyvern: Caller, operation: str, asked: dict[str, object]
) -> None:
    for unknown in ("fld_1", "anything"):
        skyvern.call(operation, folder_id=unknown, **asked).refused(
            404, f"Folder {unknown} not found"
        )


@case("folders.stranger", fact="resources 1")
@pytest.mark.parametrize(
    ("operation", "asked"),
    [("get_folder", {}), ("update_folder", {"title": "x"}), ("delete_folder", {})],
    ids=["get", "update", "delete"],
)
def test_folder_is_its_organisations_alone(
    skyvern: Caller, operation: str, asked: dict[str, object]
) -> None:
    folder_id = new_folder(skyvern)
    skyvern.stranger().call(operation, folder_id=folder_id, **asked).refused(
        404, f"Folder {folder_id} not found"
    )
    assert read_folder(skyvern, folder_id)["title"] == "Bills"


@case("folders.list.empty", fact="resources 4", alone=True)
def test_there_are_no_folders_at_first(skyvern: Caller) -> None:
    assert skyvern.call("get_folders").ok() == []


@case("folders.list.order", fact="resources 4", alone=True)
def test_latest_change_comes_first(skyvern: Caller) -> None:
    first, second, third = (new_folder(skyvern, title) for title in "abc")
    assert listed(skyvern) == [third, second, first]
    skyvern.call("update_folder", folder_id=first, title="d").ok()
    assert listed(skyvern) == [first, third, second]


@case("folders.list.pages", fact="resources 4", alone=True)
def test_list_is_paged(skyvern: Caller) -> None:
    first, second, third = (new_folder(skyvern, title) for title in "abc")
    assert listed(skyvern, page=1, page_size=2) == [third, second]
    assert listed(skyvern, page=2, page_size=2) == [first]
    assert listed(skyvern, page=3, page_size=2) == []


@case("folders.list.pages.bounds", fact="resources 4")
@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"page": 0}, ("greater_than_equal", "query", "page")),
        ({"page_size": 0}, ("greater_than_equal", "query", "page_size")),
        ({"page_size": 501}, ("less_than_equal", "query", "page_size")),
    ],
    ids=["page 0", "size 0", "size 501"],
)
def test_pages_hold_1_to_500(
    skyvern: Caller, asked: dict[str, int], problem: tuple[str, ...]
) -> None:
    skyvern.call("get_folders", **asked).invalid(problem)
    skyvern.call("get_folders", page_size=500).ok()


@case("folders.list.search", fact="resources 4", alone=True)
def test_search_is_for_a_part_of_title_or_description(skyvern: Caller) -> None:
    bills = new_folder(skyvern, "Bills")
    other = new_folder(skyvern, "Other", description="unpaid bills")
    assert listed(skyvern, search="ILL") == [other, bills]
    assert listed(skyvern, search="unpaid") == [other]
    assert listed(skyvern, search="nowhere") == []


@case("folders.list.search.wildcards", fact="resources 4", alone=True)
def test_search_reads_sql_wildcards(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern, "Bills")
    assert listed(skyvern, search="%") == listed(skyvern, search="_") == [folder_id]


@case("folders.list.stranger", fact="resources 1", alone=True)
def test_list_shows_nobody_elses(skyvern: Caller) -> None:
    new_folder(skyvern)
    assert skyvern.stranger().call("get_folders").ok() == []


# --- changing -----------------------------------------------------------------------------------


@case("folders.update", fact="resources 4")
def test_update_changes_what_it_names(skyvern: Caller) -> None:
    made = skyvern.call("create_folder", title="Bills", description="of 2026").ok()
    updated = skyvern.call("update_folder", folder_id=made["folder_id"], title="Invoices").ok()
    assert (updated["title"], updated["description"]) == ("Invoices", "of 2026")
    assert updated["created_at"] == made["created_at"]
    assert read_folder(skyvern, made["folder_id"]) == updated


@case("folders.update.null", fact="resources 4")
def test_null_changes_nothing(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern, description="of 2026")
    updated = skyvern.call("update_folder", folder_id=folder_id, title=None, description=None).ok()
    assert (updated["title"], updated["description"]) == ("Bills", "of 2026")


@case("folders.update.empty_description", fact="resources 4")
def test_description_can_be_emptied(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern, description="of 2026")
    updated = skyvern.call("update_folder", folder_id=folder_id, description="").ok()
    assert updated["description"] == ""


@case("folders.update.touches", fact="resources 4")
def test_update_without_a_change_is_a_change(skyvern: Caller) -> None:
    made = read_folder(skyvern, new_folder(skyvern))
    updated = skyvern.call("update_folder", folder_id=made["folder_id"], title="Bills").ok()
    assert updated["modified_at"] > made["modified_at"]


@case("folders.update.title.bounds", fact="resources 4")
@pytest.mark.parametrize(
    ("title", "problem"),
    [("", "string_too_short"), ("x" * 256, "string_too_long")],
    ids=["empty", "too long"],
)
def test_new_title_is_bound_too(skyvern: Caller, title: str, problem: str) -> None:
    folder_id = new_folder(skyvern)
    skyvern.call("update_folder", folder_id=folder_id, title=title).invalid(
        (problem, "body", "title")
    )


@case("folders.method", fact="resources 1", raw_only="the SDK uses the right method")
def test_folder_is_not_posted_to(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    skyvern.send("POST", f"/v1/folders/{folder_id}", json={"title": "x"}).refused(
        405, "Method Not Allowed"
    )


# --- workflows in them --------------------------------------------------------------------------


@case("folders.workflows.create", fact="resources 3")
def test_workflow_is_made_in_a_folder(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    assert new_workflow(skyvern, folder_id)["folder_id"] == folder_id
    assert read_folder(skyvern, folder_id)["workflow_count"] == 1


@case("folders.workflows.create.in_definition", fact="resources 3")
def test_definition_may_name_the_folder(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    definition = {**DEFINITION, "folder_id": folder_id}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    assert made["folder_id"] == folder_id


@case("folders.workflows.count.versions", fact="resources 4")
def test_versions_of_a_workflow_count_once(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    wpid = new_workflow(skyvern, folder_id)["workflow_permanent_id"]
    updated = skyvern.call("update_workflow", workflow_id=wpid, json_definition=DEFINITION).ok()
    assert updated["folder_id"] == folder_id
    assert read_folder(skyvern, folder_id)["workflow_count"] == 1


@case("folders.workflows.count.deleted", fact="resources 4")
def test_deleted_workflow_does_not_count(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    wpid = new_workflow(skyvern, folder_id)["workflow_permanent_id"]
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    assert read_folder(skyvern, folder_id)["workflow_count"] == 0


@case("folders.workflows.list", fact="resources 3", alone=True)
def test_workflows_are_listed_by_folder(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    inside = new_workflow(skyvern, folder_id)
    new_workflow(skyvern)
    rows = skyvern.call("get_workflows", folder_id=folder_id).ok()
    assert [row["workflow_id"] for row in rows] == [inside["workflow_id"]]
    assert skyvern.call("get_workflows", folder_id="fld_1").ok() == []


@case("folders.workflows.search", fact="resources 3", alone=True)
def test_workflow_is_found_by_the_title_of_its_folder(skyvern: Caller) -> None:
    inside = new_workflow(skyvern, new_folder(skyvern, "Quarterly"))
    new_workflow(skyvern)
    rows = skyvern.call("get_workflows", search_key="quarter").ok()
    assert [row["workflow_id"] for row in rows] == [inside["workflow_id"]]


@case("folders.workflows.move", fact="resources 3")
def test_workflow_is_moved_without_a_new_version(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    made = new_workflow(skyvern)
    wpid = made["workflow_permanent_id"]
    moved = skyvern.call(
        "update_workflow_folder", workflow_permanent_id=wpid, folder_id=folder_id
    ).ok()
    assert (moved["folder_id"], moved["version"]) == (folder_id, 1)
    assert moved["workflow_id"] == made["workflow_id"]
    out = skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id=None).ok()
    assert out["folder_id"] is None
    assert read_folder(skyvern, folder_id)["workflow_count"] == 0


@case("folders.workflows.move.touches", fact="resources 4", alone=True)
def test_move_into_a_folder_is_a_change_of_it(skyvern: Caller) -> None:
    first, second = new_folder(skyvern), new_folder(skyvern)
    wpid = new_workflow(skyvern)["workflow_permanent_id"]
    skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id=first).ok()
    assert listed(skyvern) == [first, second]


@case("folders.workflows.move.nowhere", fact="recorded: moves.out, moves.in")
def test_move_is_a_change_of_the_workflow_wherever_it_was(skyvern: Caller) -> None:
    wpid = new_workflow(skyvern)["workflow_permanent_id"]
    changes: list[str] = []
    for _ in range(2):
        moved = skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id=None)
        changes.append(moved.ok()["modified_at"])
        skyvern.wait(0.01)
    assert changes[0] < changes[1]


@case("folders.workflows.move.folder.unknown", fact="resources 3")
def test_workflow_is_not_moved_into_nothing(skyvern: Caller) -> None:
    wpid = new_workflow(skyvern)["workflow_permanent_id"]
    skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id="fld_1").refused(
        400, "Folder fld_1 not found"
    )


@case("folders.workflows.move.folder.stranger", fact="resources 1")
def test_workflow_is_not_moved_into_anothers_folder(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern.stranger())
    wpid = new_workflow(skyvern)["workflow_permanent_id"]
    skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id=folder_id).refused(
        400, f"Folder {folder_id} not found"
    )


@case("folders.workflows.move.workflow.unknown", fact="resources 3")
def test_unknown_workflow_is_not_moved(skyvern: Caller) -> None:
    skyvern.call("update_workflow_folder", workflow_permanent_id="wpid_1", folder_id=None).refused(
        404, "Workflow wpid_1 not found"
    )


@case("folders.workflows.move.workflow.deleted", fact="resources 3")
def test_deleted_workflow_is_not_moved(skyvern: Caller) -> None:
    wpid = new_workflow(skyvern)["workflow_permanent_id"]
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    skyvern.call("update_workflow_folder", workflow_permanent_id=wpid, folder_id=None).refused(
        404, f"Workflow {wpid} not found"
    )


# --- deleting -----------------------------------------------------------------------------------


@case("folders.delete", fact="resources 4", alone=True)
def test_deleted_folder_is_gone(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    assert skyvern.call("delete_folder", folder_id=folder_id).ok() == {
        "status": "deleted",
        "folder_id": folder_id,
        "workflows_deleted": False,
    }
    for operation in ("get_folder", "delete_folder"):
        skyvern.call(operation, folder_id=folder_id).refused(404, f"Folder {folder_id} not found")
    assert listed(skyvern) == []


@case("folders.delete.workflows.stay", fact="resources 4")
def test_workflows_outlive_their_folder(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    wpid = new_workflow(skyvern, folder_id)["workflow_permanent_id"]
    skyvern.call("delete_folder", folder_id=folder_id, delete_workflows=False).ok()
    assert skyvern.call("get_workflow", workflow_permanent_id=wpid).ok()["folder_id"] is None


@case("folders.delete.workflows.go", fact="resources 4")
def test_workflows_are_deleted_on_request(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    wpid = new_workflow(skyvern, folder_id)["workflow_permanent_id"]
    deleted = skyvern.call("delete_folder", folder_id=folder_id, delete_workflows=True).ok()
    assert deleted["workflows_deleted"] is True
    skyvern.call("get_workflow", workflow_permanent_id=wpid).refused(
        404, f"Workflow not found. workflow_permanent_id={wpid}"
    )


@case("folders.delete.flag", fact="resources 4")
def test_flag_of_a_deletion_is_a_bool(skyvern: Caller) -> None:
    folder_id = new_folder(skyvern)
    skyvern.call("delete_folder", folder_id=folder_id, delete_workflows="maybe").invalid(
        ("bool_parsing", "query", "delete_workflows")
    )
    read_folder(skyvern, folder_id)
