"""Lists of runs, canceling many at once, running a workflow once more."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

Json = dict[str, Any]
URL = "https://example.com/towels"
LONG: Json = {"block_type": "wait", "label": "pause", "wait_sec": 600}
WHO: Json = {
    "parameter_type": "workflow",
    "key": "who",
    "workflow_parameter_type": "string",
    "default_value": "nobody",
}
ITEM = [
    *("task_run_id", "run_id", "task_run_type", "status", "title", "started_at", "finished_at"),
    *("created_at", "workflow_permanent_id", "workflow_deleted", "script_run", "trigger_type"),
    *("created_by", "attempt", "retry_pending", "next_attempt_at"),
]
STATES = ["created", "queued", "running", "paused", "timed_out", "failed", "terminated"]


def workflow(skyvern: Caller, title: str = "Flow", **settings: Any) -> str:
    inner: Json = {"parameters": [WHO], "blocks": [LONG]}
    definition = {"title": title, "workflow_definition": inner, **settings}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    return wpid


def started(skyvern: Caller, wpid: str | None = None, **more: Any) -> str:
    """A run that goes on until it is canceled."""
    asked = skyvern.call("run_workflow", agent_id=wpid or workflow(skyvern), **more)
    skyvern.wait(0.01)  # the newest first is told by time alone
    run_id: str = asked.ok()["run_id"]
    return run_id


def ended(skyvern: Caller, wpid: str | None = None, **more: Any) -> str:
    run_id = started(skyvern, wpid, **more)
    skyvern.call("cancel_run", run_id=run_id).ok()
    return run_id


def task(skyvern: Caller, **more: Any) -> str:
    run_id: str = skyvern.call("run_task", prompt="Read", url=URL, **more).ok()["run_id"]
    skyvern.wait(0.01)
    return run_id


def listed(skyvern: Caller, **asked: Any) -> list[str]:
    return [row["run_id"] for row in skyvern.call("get_runs_v2", **asked).ok()]


def of_workflows(skyvern: Caller, **asked: Any) -> list[str]:
    return [row["workflow_run_id"] for row in skyvern.call("get_workflow_runs", **asked).ok()]


def of_one(skyvern: Caller, wpid: str, **asked: Any) -> list[str]:
    rows = skyvern.call("get_workflow_runs_by_id", workflow_id=wpid, **asked).ok()
    return [row["workflow_run_id"] for row in rows]


# --- all kinds of runs --------------------------------------------------------------------------


@case("runlists.all", fact="resources 12, runs 7", alone=True)
def test_newest_run_is_the_first(skyvern: Caller) -> None:
    assert listed(skyvern) == []
    first, second = started(skyvern), task(skyvern)
    assert listed(skyvern) == [second, first]


@case("runlists.item.workflow", fact="runs 7, resources 14")
def test_row_of_a_workflow_run(skyvern: Caller) -> None:
    wpid = workflow(skyvern, "Bills")
    run_id = ended(skyvern, wpid)
    (row,) = skyvern.call("get_runs_v2", workflow_permanent_id=[wpid]).ok()
    assert list(row) == ITEM
    assert (row["run_id"], row["title"], row["status"]) == (run_id, "Bills", "canceled")
    assert (row["task_run_type"], row["trigger_type"]) == ("workflow_run", "api")
    assert (row["workflow_permanent_id"], row["workflow_deleted"]) == (wpid, False)
    assert (row["attempt"], row["retry_pending"], row["script_run"]) == (1, False, False)
    assert row["task_run_id"].startswith("tr_")


@case("runlists.item.task", fact="runs 7, resources 14")
def test_row_of_a_task_has_no_workflow(skyvern: Caller) -> None:
    run_id = task(skyvern, title="My towel")
    (row,) = skyvern.call("get_runs_v2", search_key=run_id).ok()
    assert (row["run_id"], row["title"], row["task_run_type"]) == (run_id, "My towel", "task_v1")
    assert (row["workflow_permanent_id"], row["trigger_type"]) == (None, None)


@case("runlists.item.task.title", fact="runs 7")
def test_title_of_a_task_is_null_unless_given(skyvern: Caller) -> None:
    run_id = task(skyvern)
    assert skyvern.call("get_runs_v2", search_key=run_id).ok()[0]["title"] is None


@case("runlists.deleted", fact="runs 7", alone=True)
def test_runs_of_a_deleted_workflow_stay(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = ended(skyvern, wpid)
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    (row,) = skyvern.call("get_runs_v2").ok()
    assert (row["run_id"], row["workflow_deleted"], row["title"]) == (run_id, True, "Flow")
    assert of_workflows(skyvern) == of_one(skyvern, wpid) == [run_id]


@case("runlists.pages", fact="resources 12, runs 7", alone=True)
def test_list_is_cut_into_pages(skyvern: Caller) -> None:
    first, second, third = (task(skyvern) for _ in range(3))
    assert listed(skyvern, page_size=2) == [third, second]
    assert listed(skyvern, page=2, page_size=2) == [first]
    assert listed(skyvern, page=3, page_size=2) == []


@case("runlists.pages.default", fact="resources 12, runs 7", alone=True)
def test_page_has_ten_runs(skyvern: Caller) -> None:
    made = [task(skyvern) for _ in range(11)]
    assert listed(skyvern) == made[:0:-1]


@case("runlists.pages.bounds", fact="resources 12, runs 7")
@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize(
    ("value", "problem"), [(0, "greater_than_equal"), (101, "less_than_equal")]
)
def test_pages_have_bounds(skyvern: Caller, name: str, value: int, problem: str) -> None:
    skyvern.call("get_runs_v2", **{name: value}).invalid((problem, "query", name))
    skyvern.call("get_runs_v2", **{name: 100}).ok()


@case("runlists.status", fact="resources 12, runs 7", alone=True)
def test_status_may_be_one_of_several(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    assert listed(skyvern, status=["canceled"]) == [run_id]
    assert listed(skyvern, status=["completed", "canceled"]) == [run_id]
    assert listed(skyvern, status=STATES) == []


@case("runlists.status.unknown", fact="runs 7", raw_only="the SDK's type allows none")
def test_unknown_status_is_refused(skyvern: Caller) -> None:
    skyvern.call("get_runs_v2", status=["skipped"]).invalid(("enum", "query", "status", 0))


@case("runlists.type", fact="resources 12, runs 7", alone=True)
def test_kind_of_run_may_be_one_of_several(skyvern: Caller) -> None:
    first, second = started(skyvern), task(skyvern, engine="skyvern-3.0")
    assert listed(skyvern, run_type=["task_v3"]) == [second]
    assert listed(skyvern, run_type=["task_v3", "workflow_run"]) == [second, first]
    assert listed(skyvern, run_type=["task_v1"]) == []


@case("runlists.type.unknown", fact="runs 7", raw_only="the SDK's type allows none")
def test_unknown_kind_of_run_is_refused(skyvern: Caller) -> None:
    skyvern.call("get_runs_v2", run_type=["task"]).invalid(("enum", "query", "run_type", 0))


@case("runlists.workflow", fact="resources 12, runs 7", alone=True)
def test_runs_of_certain_workflows(skyvern: Caller) -> None:
    one, other = workflow(skyvern), workflow(skyvern)
    first, second = started(skyvern, one), started(skyvern, other)
    task(skyvern)
    assert listed(skyvern, workflow_permanent_id=[one]) == [first]
    assert listed(skyvern, workflow_permanent_id=[one, other]) == [second, first]
    assert listed(skyvern, workflow_permanent_id=["wpid_1"]) == []


@case("runlists.workflow.many", fact="runs 7")
def test_at_most_fifty_workflows_are_asked_for(skyvern: Caller) -> None:
    ids = [f"wpid_{number}" for number in range(51)]
    skyvern.call("get_runs_v2", workflow_permanent_id=ids).invalid(
        ("too_long", "query", "workflow_permanent_id")
    )
    assert listed(skyvern, workflow_permanent_id=ids[:50]) == []


@case("runlists.search", fact="resources 12, runs 7", alone=True)
def test_search_finds_titles_ids_and_inputs(skyvern: Caller) -> None:
    wpid = workflow(skyvern, "Bills of May")
    run_id = started(skyvern, wpid, parameters={"who": "Zaphod"}, webhook_url="https://h.test/hook")
    task(skyvern)
    for key in ("bills OF", run_id, wpid, "zaphod", "who", "h.test/hook"):
        assert listed(skyvern, search_key=key) == [run_id], key


@case("runlists.search.task", fact="runs 7", alone=True)
def test_search_finds_pages_but_not_prompts(skyvern: Caller) -> None:
    run_id = task(skyvern)
    assert listed(skyvern, search_key="/towels") == [run_id]
    assert listed(skyvern, search_key="Read") == []


@case("runlists.search.signs", fact="runs 7", alone=True)
@pytest.mark.parametrize("key", ["%%%", "___", "Fl_w", "F%w"])
def test_signs_of_sql_mean_themselves(skyvern: Caller, key: str) -> None:
    started(skyvern)
    assert listed(skyvern, search_key=key) == []


@case("runlists.search.short", fact="resources 12, runs 7")
@pytest.mark.parametrize("key", ["", "ab"], ids=["empty", "two"])
def test_search_needs_three_characters(skyvern: Caller, key: str) -> None:
    skyvern.call("get_runs_v2", search_key=key).invalid(("string_too_short", "query", "search_key"))


@case("runlists.search.behind", fact="resources 12", alone=True)
def test_search_finds_the_workflow_run_behind_a_task(skyvern: Caller) -> None:
    task_id = task(skyvern, engine="skyvern-2.0")
    assert listed(skyvern) == [task_id]
    rows = skyvern.call("get_runs_v2", search_key="wr_").ok()
    assert [row["task_run_type"] for row in rows] == ["workflow_run"]
    assert rows[0]["task_run_id"] == rows[0]["run_id"] != task_id


@case("runlists.tags.unreadable", fact="resources 12")
@pytest.mark.parametrize(
    ("tags", "refusal"),
    [
        (":", "Invalid tag filter ':'; expected 'label', 'key:*', or 'key:value'."),
        (",", "Invalid tag filter; empty term."),
    ],
    ids=["colon", "comma"],
)
def test_unreadable_tags_are_refused(skyvern: Caller, tags: str, refusal: str) -> None:
    skyvern.call("get_runs_v2", tags=[tags]).refused(400, refusal)


@case("runlists.tags.none", fact="resources 12", alone=True)
def test_runs_without_a_tag_are_not_found_by_it(skyvern: Caller) -> None:
    started(skyvern)
    assert listed(skyvern, tags=["nobody-set-this"]) == []


@case("runlists.category", fact="runs 7", alone=True)
def test_run_that_did_not_fail_has_no_category_of_failure(skyvern: Caller) -> None:
    ended(skyvern)
    assert listed(skyvern, failure_category="UNKNOWN") == []
    skyvern.call("get_runs_v2", failure_category="x" * 101).invalid(
        ("string_too_long", "query", "failure_category")
    )


@case("runlists.category.failed", fact="runs 7")
def test_run_that_failed_is_found_by_its_category(skyvern: Caller) -> None:
    unreachable: Json = {"block_type": "http_request", "label": "ask", "method": "GET"}
    unreachable["url"] = "http://127.0.0.1:1/"
    inner: Json = {"parameters": [], "blocks": [{**unreachable, "body": {"n": "{{ 404 / 0 }}"}}]}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.call("create_workflow", json_definition=definition).ok()
    wpid = made["workflow_permanent_id"]
    run_id = started(skyvern, wpid)
    skyvern.wait(5)
    (row,) = skyvern.call("get_workflow_runs_by_id", workflow_id=wpid).ok()
    assert row["status"] == "failed"
    assert row["failure_category"] == [
        {
            "category": "NAVIGATION_FAILURE",
            "confidence_float": 0.9,
            "reasoning": "Keywords matched",
            "evidence_source": "keyword_match",
        }
    ]
    of_workflow = {"workflow_permanent_id": [wpid]}
    assert listed(skyvern, failure_category="NAVIGATION_FAILURE", **of_workflow) == [run_id]
    assert listed(skyvern, failure_category="UNKNOWN", **of_workflow) == []


@case("runlists.stranger", fact="resources 1", alone=True)
def test_anothers_runs_are_not_listed(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    started(skyvern, wpid)
    stranger = skyvern.stranger()
    assert listed(stranger) == of_workflows(stranger) == of_one(stranger, wpid) == []


# --- runs of workflows --------------------------------------------------------------------------


@case("runlists.workflows.row", fact="runs 7, resources 14", alone=True)
def test_row_of_runs_of_workflows_is_the_whole_run(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = ended(skyvern, wpid, max_elapsed_time_minutes=9, extra_http_headers={"h": "1"})
    (row,) = skyvern.call("get_workflow_runs").ok()
    assert (row["workflow_run_id"], row["workflow_permanent_id"]) == (run_id, wpid)
    assert (row["status"], row["workflow_title"]) == ("canceled", "Flow")
    assert (row["max_elapsed_time_minutes"], row["extra_http_headers"]) == (9, {"h": "1"})
    assert (row["trigger_type"], row["browser_seed_source"]) == ("api", "fresh")
    assert row["attempts"] == []
    assert [row] == skyvern.call("get_workflow_runs_by_id", workflow_id=wpid).ok()


@case("runlists.workflows.tasks", fact="runs 7", alone=True)
def test_tasks_are_no_runs_of_workflows(skyvern: Caller) -> None:
    task(skyvern)
    assert of_workflows(skyvern) == []


@case("runlists.workflows.behind", fact="runs 7", alone=True)
def test_second_engine_works_in_a_workflow_run(skyvern: Caller) -> None:
    task(skyvern, engine="skyvern-2.0")
    (row,) = skyvern.call("get_workflow_runs").ok()
    assert (row["workflow_title"], row["trigger_type"]) == ("New Workflow", "api")
    assert of_one(skyvern, row["workflow_permanent_id"]) == [row["workflow_run_id"]]


@case("runlists.workflows.pages", fact="resources 3, runs 7", alone=True)
def test_runs_of_workflows_are_cut_into_pages_of_any_size(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    first, second = started(skyvern, wpid), started(skyvern, wpid)
    assert of_workflows(skyvern, page_size=1000) == [second, first]
    assert of_workflows(skyvern, page=2, page_size=1) == of_one(skyvern, wpid, page=2, page_size=1)
    assert of_workflows(skyvern, page=2, page_size=1) == [first]


@case("runlists.workflows.bounds", fact="resources 3, runs 7")
@pytest.mark.parametrize("name", ["page", "page_size"])
def test_pages_of_runs_of_workflows_begin_at_one(skyvern: Caller, name: str) -> None:
    problem = ("greater_than_equal", "query", name)
    skyvern.call("get_workflow_runs", **{name: 0}).invalid(problem)
    skyvern.call("get_workflow_runs_by_id", workflow_id="wpid_1", **{name: 0}).invalid(problem)


@case("runlists.workflows.status", fact="runs 7", alone=True)
def test_status_of_runs_of_workflows(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = ended(skyvern, wpid)
    for asked, found in ((["canceled", "failed"], [run_id]), (["completed"], [])):
        assert of_workflows(skyvern, status=asked) == of_one(skyvern, wpid, status=asked) == found


@case("runlists.workflows.search", fact="runs 7", alone=True)
def test_runs_of_workflows_are_searched_by_any_text(skyvern: Caller) -> None:
    run_id = started(skyvern, parameters={"who": "Zaphod"})
    for key in ("z", "FLOW", run_id, "who"):
        assert of_workflows(skyvern, search_key=key) == [run_id], key
    assert of_workflows(skyvern, search_key="%") == []


@case("runlists.workflows.texts", fact="runs 7")
@pytest.mark.parametrize("name", ["search_key", "error_code"])
def test_texts_have_at_most_500_characters(skyvern: Caller, name: str) -> None:
    assert of_workflows(skyvern, **{name: "x" * 500}) == []
    problem = ("string_too_long", "query", name)
    skyvern.call("get_workflow_runs", **{name: "x" * 501}).invalid(problem)


@case("runlists.workflows.unknown", fact="resources 3, runs 7")
def test_unknown_workflow_has_no_runs(skyvern: Caller) -> None:
    assert of_one(skyvern, "wpid_1") == of_one(skyvern, "anything") == []


@case("runlists.workflows.created", fact="runs 7", alone=True, raw_only="a time without a zone")
def test_runs_made_in_a_span_of_time(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    first, second = started(skyvern, wpid), started(skyvern, wpid)
    at = skyvern.call("get_run", run_id=second).ok()["created_at"]
    later = (datetime.fromisoformat(at) + timedelta(hours=1)).isoformat()
    assert of_one(skyvern, wpid, created_at_start=at) == [second]
    assert of_one(skyvern, wpid, created_at_end=at) == [first]
    assert of_one(skyvern, wpid, created_at_start=later) == []
    assert of_one(skyvern, wpid, created_at_end=f"{later}Z") == [second, first]


@case("runlists.workflows.renamed", fact="runs 7", alone=True)
def test_run_keeps_the_title_that_it_ran_under(skyvern: Caller) -> None:
    wpid = workflow(skyvern, "Old name")
    run_id = started(skyvern, wpid)
    inner: Json = {"parameters": [WHO], "blocks": [LONG]}
    renamed = {"title": "New name", "workflow_definition": inner}
    skyvern.call("update_workflow", workflow_id=wpid, json_definition=renamed).ok()
    assert listed(skyvern, search_key="Old name") == [run_id]
    assert listed(skyvern, search_key="New name") == []


@case("runlists.past", fact="runs 7", alone=True)
def test_page_past_the_end_is_empty(skyvern: Caller) -> None:
    started(skyvern)
    assert listed(skyvern, page=100) == []


@case("runlists.item.over", fact="runs 7")
def test_row_tells_when_its_run_was_over(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    (row,) = (row for row in skyvern.call("get_runs_v2").ok() if row["run_id"] == run_id)
    run = skyvern.call("get_run", run_id=run_id).ok()
    for name in ("status", "started_at", "finished_at", "attempt", "retry_pending"):
        assert row[name] == run[name], name


@case("runlists.workflows.attempts", fact="runs 7", alone=True)
def test_row_has_no_attempts_although_the_run_has(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    assert len(skyvern.call("get_run", run_id=run_id).ok()["attempts"]) == 1
    (row,) = skyvern.call("get_workflow_runs").ok()
    assert (row["workflow_run_id"], row["attempts"]) == (run_id, [])


def over(skyvern: Caller, block: Json, **more: Any) -> tuple[str, str]:
    """A workflow of one block, and a run of it that is over."""
    inner: Json = {"parameters": [], "blocks": [block]}
    definition = {"title": "Flow", "workflow_definition": inner}
    made = skyvern.raw.call("create_workflow", json_definition=definition).ok()
    wpid: str = made["workflow_permanent_id"]
    run_id = started(skyvern, wpid, **more)
    for _ in range(60):
        if skyvern.call("get_run", run_id=run_id).ok()["finished_at"] is not None:
            return wpid, run_id
        skyvern.wait(0.5)
    raise AssertionError(f"{run_id} has not ended")


@case("runlists.workflows.error_code", fact="runs 7", alone=True)
def test_runs_of_workflows_by_the_code_of_an_error(skyvern: Caller) -> None:
    stop = {"block_type": "terminate", "label": "stop", "reason": "no", "error_code": "E_STOP"}
    wpid, run_id = over(skyvern, stop)
    assert of_one(skyvern, wpid, error_code="E_STOP") == [run_id]
    assert of_one(skyvern, wpid, error_code="E_OTHER") == []
    assert of_workflows(skyvern, error_code="E_STOP") == [run_id]


@case("runlists.workflows.children", fact="runs 7", alone=True)
def test_child_runs_are_hidden_unless_they_are_asked_for(skyvern: Caller) -> None:
    child, first = over(skyvern, {**LONG, "wait_sec": 1})
    block = {"block_type": "workflow_trigger", "label": "sub", "workflow_permanent_id": child}
    over(skyvern, block)
    assert of_one(skyvern, child) == [first]
    hidden, shown = of_one(skyvern, child, include_child_runs=True)
    assert shown == first
    assert hidden not in of_workflows(skyvern)
    assert hidden not in listed(skyvern)


@case("runlists.workflows.webhook", fact="runs 7", alone=True)
@pytest.mark.parametrize("tried", [False, True])
def test_list_tells_what_became_of_the_webhook(skyvern: Caller, tried: bool) -> None:
    hook = {"webhook_url": "http://127.0.0.1:9/x"} if tried else {}
    _, run_id = over(skyvern, {**LONG, "wait_sec": 1}, **hook)
    skyvern.wait(12)
    (row,) = skyvern.call("get_workflow_runs").ok()
    failure = "Webhook delivery failed before receiving a response: "
    told = row["webhook_failure_reason"]
    assert told.startswith(failure) if tried else told is None
    assert "webhook_failure_reason" not in skyvern.call("get_run", run_id=run_id).ok()


# --- canceling many -----------------------------------------------------------------------------


def bulk(skyvern: Caller, *run_ids: str) -> Any:
    return skyvern.call("bulk_cancel_runs", run_ids=list(run_ids)).ok()


@case("runs.bulk.cancel", fact="runs 3.6, resources 12")
def test_many_runs_are_canceled_at_once(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    one, other = started(skyvern, wpid), started(skyvern, wpid)
    answer = bulk(skyvern, one, other)
    assert (set(answer["cancelled"]), answer["failed"]) == ({one, other}, [])
    for run_id in (one, other):
        assert skyvern.call("get_run", run_id=run_id).ok()["status"] == "canceled"


@case("runs.bulk.twice", fact="runs 3.6")
def test_run_that_is_named_twice_is_canceled_once(skyvern: Caller) -> None:
    run_id = started(skyvern)
    answer = bulk(skyvern, run_id, run_id, "wr_1", "wr_1")
    assert answer == {"cancelled": [run_id], "failed": ["wr_1"]}


@case("runs.bulk.unknown", fact="runs 3.6, resources 12")
@pytest.mark.parametrize("run_id", ["wr_1", "tsk_1", "", "anything"])
def test_unknown_run_is_told_as_failed(skyvern: Caller, run_id: str) -> None:
    assert bulk(skyvern, run_id) == {"cancelled": [], "failed": [run_id]}


@case("runs.bulk.stranger", fact="resources 1")
def test_anothers_run_is_not_canceled(skyvern: Caller) -> None:
    run_id = started(skyvern)
    assert bulk(skyvern.stranger(), run_id) == {"cancelled": [], "failed": [run_id]}
    assert skyvern.call("get_run", run_id=run_id).ok()["status"] != "canceled"


@case("runs.bulk.over", fact="runs 3.6, resources 12")
def test_workflow_run_that_is_over_counts_as_canceled(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    assert bulk(skyvern, run_id) == {"cancelled": [run_id], "failed": []}


@case("runs.bulk.task", fact="runs 3.6")
def test_task_that_is_over_cannot_be_canceled(skyvern: Caller) -> None:
    run_id = task(skyvern)
    skyvern.call("cancel_run", run_id=run_id)
    assert bulk(skyvern, run_id) == {"cancelled": [], "failed": [run_id]}


@case("runs.bulk.none", fact="runs 3.6")
def test_nothing_may_be_canceled(skyvern: Caller) -> None:
    assert bulk(skyvern) == {"cancelled": [], "failed": []}


@case("runs.bulk.many", fact="runs 3.6, resources 12")
def test_at_most_a_hundred_are_canceled(skyvern: Caller) -> None:
    skyvern.call("bulk_cancel_runs", run_ids=["wr_1"] * 101).invalid(
        ("too_long", "body", "run_ids")
    )
    assert bulk(skyvern, *["wr_1"] * 100) == {"cancelled": [], "failed": ["wr_1"]}


@case("runs.bulk.body", fact="runs 3.6", raw_only="the SDK's method needs ids")
def test_ids_are_needed(skyvern: Caller) -> None:
    skyvern.call("bulk_cancel_runs").invalid(("missing", "body"))
    skyvern.send("POST", "/v1/runs/cancel", json={}).invalid(("missing", "body", "run_ids"))


# --- once more ----------------------------------------------------------------------------------


@case("runs.retry", fact="runs 3.5")
def test_run_is_run_once_more_as_it_was(skyvern: Caller) -> None:
    run_id = ended(skyvern, parameters={"who": "me"}, webhook_url="https://h.test/hook")
    again = skyvern.call("retry_workflow_run", workflow_run_id=run_id).ok()
    assert (again["status"], again["run_type"]) == ("created", "workflow_run")
    assert again["run_id"] != run_id
    assert again["run_request"]["parameters"] == {"who": "me"}
    assert again["run_request"]["webhook_url"] == "https://h.test/hook"
    assert again["run_request"]["run_with"] == "agent"


@case("runs.retry.defaults", fact="runs 3.5")
def test_defaults_of_the_first_run_are_given_again(skyvern: Caller) -> None:
    again = skyvern.call("retry_workflow_run", workflow_run_id=ended(skyvern)).ok()
    assert again["run_request"]["parameters"] == {"who": "nobody"}


@case("runs.retry.version", fact="runs 3.5")
def test_version_that_ran_runs_again(skyvern: Caller) -> None:
    wpid = workflow(skyvern, "Old name")
    run_id = ended(skyvern, wpid)
    renamed = {"title": "New name", "workflow_definition": {"parameters": [], "blocks": [LONG]}}
    skyvern.call("update_workflow", workflow_id=wpid, json_definition=renamed).ok()
    again = skyvern.call("retry_workflow_run", workflow_run_id=run_id).ok()
    assert again["run_request"]["title"] == "Old name"


@case("runs.retry.live", fact="runs 3.5")
def test_live_run_is_not_run_again(skyvern: Caller) -> None:
    skyvern.call("retry_workflow_run", workflow_run_id=started(skyvern)).refused(
        400, "Only terminal workflow runs can be retried"
    )


@case("runs.retry.unknown", fact="resources 12, 13")
@pytest.mark.parametrize("run_id", ["wr_1", "anything"])
def test_unknown_run_is_not_run_again(skyvern: Caller, run_id: str) -> None:
    skyvern.call("retry_workflow_run", workflow_run_id=run_id).refused(
        404, f"Workflow run not found {run_id}"
    )


@case("runs.retry.task", fact="runs 3.5")
def test_task_is_not_run_again(skyvern: Caller) -> None:
    run_id = task(skyvern)
    skyvern.call("retry_workflow_run", workflow_run_id=run_id).refused(
        404, f"Workflow run not found {run_id}"
    )


@case("runs.retry.stranger", fact="resources 1")
def test_anothers_run_is_not_run_again(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    skyvern.stranger().call("retry_workflow_run", workflow_run_id=run_id).refused(
        404, f"Workflow run not found {run_id}"
    )


@case("runs.retry.deleted", fact="runs 3.5")
def test_run_of_a_deleted_workflow_is_not_run_again(skyvern: Caller) -> None:
    wpid = workflow(skyvern)
    run_id = ended(skyvern, wpid)
    skyvern.call("delete_workflow", workflow_id=wpid).ok()
    skyvern.call("retry_workflow_run", workflow_run_id=run_id).refused(
        404, f"Workflow not found for run {run_id}"
    )


@case("runs.retry.body", fact="runs 3.5", raw_only="the SDK sends none")
def test_body_is_not_read(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    path = f"/v1/agents/runs/{run_id}/retry"
    again = skyvern.send("POST", path, json={"parameters": {"who": "other"}}).ok()
    assert again["run_request"]["parameters"] == {"who": "nobody"}


@case("runs.retry.listed", fact="runs 3.5", alone=True)
def test_run_says_nothing_of_the_one_before_it(skyvern: Caller) -> None:
    run_id = ended(skyvern)
    again = skyvern.call("retry_workflow_run", workflow_run_id=run_id).ok()["run_id"]
    assert listed(skyvern) == [again, run_id]
    row = skyvern.call("get_workflow_runs").ok()[0]
    assert (row["workflow_run_id"], row["retried_from_workflow_run_id"]) == (again, None)
