"""Schedules of workflows: making, changing, pausing and canceling them, and what they tell."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, case

WAIT = {"block_type": "wait", "label": "pause", "wait_sec": 1}
MONDAYS = {"timezone": "UTC", "cron_expression": "0 9 * * 1"}
ONCE = {"timezone": "UTC", "run_at": "2095-01-01T00:00:00Z"}
HOURLY = {"timezone": "UTC", "interval_seconds": 3600}

FIELDS = [
    *("workflow_schedule_id", "organization_id", "workflow_permanent_id", "cron_expression"),
    *("interval_seconds", "first_fire_at", "run_at", "dispatch_status", "workflow_run_id"),
    *("timezone", "enabled", "parameters", "temporal_schedule_id", "name", "description"),
    *("created_at", "modified_at", "deleted_at"),
]
LISTED = [
    *("workflow_schedule_id", "organization_id", "workflow_permanent_id", "workflow_title"),
    *("cron_expression", "interval_seconds", "first_fire_at", "run_at", "dispatch_status"),
    *("workflow_run_id", "timezone", "enabled", "parameters", "name", "description", "next_run"),
    *("created_at", "modified_at"),
]


def new_workflow(skyvern: Caller, *parameters: Any, title: str = "Flow") -> str:
    definition = {"parameters": list(parameters), "blocks": [WAIT]}
    body = {"title": title, "workflow_definition": definition}
    made: str = skyvern.call("create_workflow", json_definition=body).ok()["workflow_permanent_id"]
    return made


def parameter(key: str, kind: str = "string", **more: Any) -> dict[str, Any]:
    return {
        "parameter_type": "workflow",
        "key": key,
        "workflow_parameter_type": kind,
        **more,
    }


class Plan:
    """A schedule of a new workflow, and what is done to it."""

    def __init__(self, skyvern: Caller, **asked: Any) -> None:
        self.skyvern = skyvern
        self.workflow = new_workflow(skyvern)
        made = skyvern.call("schedules.create", workflow_permanent_id=self.workflow, **asked)
        self.made = made.ok()
        self.id = self.made["schedule"]["workflow_schedule_id"]

    def ask(self, name: str, **asked: Any) -> Any:
        ids = {"workflow_permanent_id": self.workflow, "workflow_schedule_id": self.id}
        return self.skyvern.call(name, **ids, **asked)


def create(skyvern: Caller, **asked: Any) -> Any:
    workflow = new_workflow(skyvern)
    return skyvern.call("schedules.create", workflow_permanent_id=workflow, **asked)


# --- making one ---------------------------------------------------------------------------------


@case("schedules.create.cron", fact="resources 6, 14")
def test_cron_schedule_tells_its_next_five_runs(skyvern: Caller) -> None:
    made = create(skyvern, **MONDAYS).ok()
    schedule = made["schedule"]
    assert list(made) == ["schedule", "next_runs"]
    assert list(schedule) == FIELDS
    assert schedule["workflow_schedule_id"].startswith("wfs_")
    assert (schedule["cron_expression"], schedule["timezone"]) == ("0 9 * * 1", "UTC")
    assert (schedule["enabled"], schedule["dispatch_status"]) == (True, None)
    moments = [datetime.fromisoformat(run) for run in made["next_runs"]]
    assert len(moments) == 5
    assert all((moment.weekday(), moment.hour) == (0, 9) for moment in moments)


@case("schedules.create.interval", fact="resources 6")
def test_interval_begins_one_interval_from_now(skyvern: Caller) -> None:
    made = create(skyvern, **HOURLY).ok()
    first = made["schedule"]["first_fire_at"]
    assert made["next_runs"][0] == first
    moments = [datetime.fromisoformat(run) for run in made["next_runs"]]
    assert {later - sooner for sooner, later in pairwise(moments)} == {timedelta(hours=1)}


@case("schedules.create.interval.first_fire_at", fact="resources 6")
def test_first_tick_of_an_interval_may_be_told(skyvern: Caller) -> None:
    made = create(skyvern, **HOURLY, first_fire_at="2095-01-01T02:00:00+02:00").ok()
    assert made["schedule"]["first_fire_at"] == "2095-01-01T00:00:00Z"
    assert made["next_runs"][:2] == ["2095-01-01T00:00:00Z", "2095-01-01T01:00:00Z"]


@case("schedules.create.once", fact="resources 6")
def test_one_time_schedule_waits_for_its_only_run(skyvern: Caller) -> None:
    made = create(skyvern, **ONCE).ok()
    assert made["next_runs"] == ["2095-01-01T00:00:00Z"]
    schedule = made["schedule"]
    assert (schedule["run_at"], schedule["dispatch_status"]) == ("2095-01-01T00:00:00Z", "pending")
    assert schedule["workflow_run_id"] is None


@case("schedules.create.once.fraction", fact="resources 6")
def test_instants_are_whole_seconds(skyvern: Caller) -> None:
    made = create(skyvern, timezone="UTC", run_at="2095-01-01T00:00:00.999999Z").ok()
    assert made["schedule"]["run_at"] == "2095-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "asked",
    [
        pytest.param({}, id="none"),
        pytest.param({"cron_expression": "0 9 * * 1", "interval_seconds": 300}, id="two"),
        pytest.param({"interval_seconds": 300, "run_at": "2095-01-01T00:00:00Z"}, id="once too"),
        pytest.param({"first_fire_at": "2095-01-01T00:00:00Z"}, id="first alone"),
    ],
)
@case("schedules.create.one_kind", fact="resources 6")
def test_schedule_is_of_just_one_kind(skyvern: Caller, asked: dict[str, Any]) -> None:
    (item,) = create(skyvern, timezone="UTC", **asked).invalid(("value_error", "body"))
    assert item["msg"] == (
        "Value error, Set exactly one of cron_expression, interval_seconds or run_at"
    )


@case("schedules.create.first_fire_at.alone", fact="resources 6")
def test_only_an_interval_has_a_first_tick(skyvern: Caller) -> None:
    asked = create(skyvern, **MONDAYS, first_fire_at="2095-01-01T00:00:00Z")
    (item,) = asked.invalid(("value_error", "body"))
    assert item["msg"] == "Value error, first_fire_at requires interval_seconds"


@case("schedules.create.once.paused", fact="recorded schedules_life.fourth")
def test_one_time_schedule_is_never_made_paused(skyvern: Caller) -> None:
    (item,) = create(skyvern, **ONCE, enabled=False).invalid(("value_error", "body"))
    assert item["msg"] == (
        "Value error, A one-time schedule cannot be disabled; cancel it or change run_at instead"
    )


@pytest.mark.parametrize("seconds", [299, 0, -1])
@case("schedules.create.interval.short", fact="resources 6")
def test_interval_is_at_least_five_minutes(skyvern: Caller, seconds: int) -> None:
    create(skyvern, timezone="UTC", interval_seconds=seconds).invalid(
        ("greater_than_equal", "body", "interval_seconds")
    )


@case("schedules.create.interval.shortest", fact="resources 6")
def test_interval_of_five_minutes_is_taken(skyvern: Caller) -> None:
    create(skyvern, timezone="UTC", interval_seconds=300).ok()


@pytest.mark.parametrize("field", ["run_at", "first_fire_at"])
@case("schedules.create.soon", fact="resources 6")
def test_instants_are_a_minute_ahead(skyvern: Caller, field: str) -> None:
    kind = {"interval_seconds": 300} if field == "first_fire_at" else {}
    asked = create(skyvern, timezone="UTC", **kind, **{field: "2020-01-01T02:00:00+02:00"})
    (item,) = asked.invalid(("value_error", "body", field))
    assert item["msg"] == f"{field} must be at least 60 seconds in the future"
    assert item["input"] == "2020-01-01T00:00:00+00:00"
    assert "ctx" not in item


@pytest.mark.parametrize("field", ["run_at", "first_fire_at"])
@case("schedules.create.naive", fact="resources 6", raw_only="the SDK sends a zone")
def test_instants_have_a_zone(skyvern: Caller, field: str) -> None:
    kind = {"interval_seconds": 300} if field == "first_fire_at" else {}
    asked = create(skyvern, timezone="UTC", **kind, **{field: "2095-01-01T00:00:00"})
    asked.invalid(("timezone_aware", "body", field))


@case("schedules.create.late", fact="recorded schedules.edge.4")
def test_one_time_schedule_is_of_this_century(skyvern: Caller) -> None:
    create(skyvern, timezone="UTC", run_at="2100-12-31T23:59:59Z").ok()
    asked = create(skyvern, timezone="UTC", run_at="2101-01-01T00:00:00Z")
    (item,) = asked.invalid(("value_error", "body", "run_at"))
    assert item["msg"] == "Value error, run_at must be no later than 2100-12-31T23:59:59+00:00"


@pytest.mark.parametrize(
    "expression", ["", "x", "* * * *", "60 * * * *", "0 24 * * *", "5-1 * * * *", "0 9 15W * *"]
)
@case("schedules.create.cron.unreadable", fact="resources 6")
def test_unreadable_cron_expression_is_refused(skyvern: Caller, expression: str) -> None:
    create(skyvern, timezone="UTC", cron_expression=expression).refused(
        400, "Invalid cron expression"
    )


@pytest.mark.parametrize(
    "expression", ["* * * * *", "*/4 * * * *", "*/7 * * * *", "0,58 1,2 * * *", "0 0 9 * * *"]
)
@case("schedules.create.cron.often", fact="resources 6")
def test_cron_expression_is_due_every_five_minutes_at_most(
    skyvern: Caller, expression: str
) -> None:
    create(skyvern, timezone="UTC", cron_expression=expression).refused(
        400, "Cron interval must be at least 5 minutes"
    )


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 9 1 1 * 0 2095"])
@case("schedules.create.cron.never", fact="resources 6")
def test_cron_expression_is_due_twice_at_least(skyvern: Caller, expression: str) -> None:
    create(skyvern, timezone="UTC", cron_expression=expression).refused(
        400, "failed to find next date"
    )


@pytest.mark.parametrize(
    "expression", ["@daily", "*/5 * * * *", "0 9 * * mon-fri", "0 9 L * *", "0 9 * * 5#2"]
)
@case("schedules.create.cron.words", fact="resources 6")
def test_cron_expression_may_have_words(skyvern: Caller, expression: str) -> None:
    made = create(skyvern, timezone="UTC", cron_expression=expression).ok()
    assert made["schedule"]["cron_expression"] == expression
    assert len(made["next_runs"]) == 5


@pytest.mark.parametrize("zone", ["Mars/X", "utc", "", "GMT+2", "europe/berlin", "+02:00"])
@case("schedules.create.timezone.unknown", fact="resources 6")
def test_unknown_time_zone_is_refused(skyvern: Caller, zone: str) -> None:
    create(skyvern, timezone=zone, cron_expression="0 9 * * 1").refused(
        400, f"Invalid timezone '{zone}'"
    )


@case("schedules.create.timezone", fact="resources 6")
def test_cron_expression_is_read_in_its_time_zone(skyvern: Caller) -> None:
    made = create(skyvern, timezone="EST", cron_expression="0 9 1 7 *").ok()
    assert {run[4:] for run in made["next_runs"]} == {"-07-01T14:00:00Z"}


@case("schedules.create.timezone.needed", fact="resources 6", raw_only="the SDK asks for it")
def test_time_zone_is_needed(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern)
    asked = skyvern.send(
        "POST", f"/v1/agents/{workflow}/schedules", json={"cron_expression": "0 9 * * 1"}
    )
    asked.invalid(("missing", "body", "timezone"))


@case("schedules.create.order", fact="recorded schedules.order.*")
def test_calendar_is_looked_at_before_zone_time_and_workflow(skyvern: Caller) -> None:
    def refusal(**asked: Any) -> Any:
        return skyvern.call("schedules.create", workflow_permanent_id="wpid_1", **asked)

    past = "2020-01-01T00:00:00Z"
    refusal(timezone="Mars/X", cron_expression="x").refused(400, "Invalid cron expression")
    refusal(timezone="Mars/X", run_at=past).refused(400, "Invalid timezone 'Mars/X'")
    refusal(timezone="UTC", run_at=past).invalid(("value_error", "body", "run_at"))
    refusal(**MONDAYS).refused(404, "Workflow wpid_1 not found")


# --- parameters ---------------------------------------------------------------------------------


@case("schedules.parameters", fact="resources 6")
def test_parameters_are_kept_but_for_null(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, parameter("a"), parameter("b", "integer", default_value=1))
    made = skyvern.call(
        "schedules.create",
        workflow_permanent_id=workflow,
        **MONDAYS,
        parameters={"a": "x", "b": None},
    ).ok()
    assert made["schedule"]["parameters"] == {"a": "x"}


@case("schedules.parameters.empty", fact="resources 6")
def test_empty_parameters_are_none(skyvern: Caller) -> None:
    assert create(skyvern, **MONDAYS, parameters={}).ok()["schedule"]["parameters"] is None


@case("schedules.parameters.unknown", fact="resources 6")
def test_unknown_parameters_are_refused(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, parameter("a"))
    skyvern.call(
        "schedules.create",
        workflow_permanent_id=workflow,
        **MONDAYS,
        parameters={"z": 1, "y": None},
    ).refused(400, f"Unknown schedule parameters for workflow {workflow}: y, z")


@case("schedules.parameters.missing", fact="recorded schedules.needy.*")
def test_parameters_without_a_default_are_needed(skyvern: Caller) -> None:
    workflow = new_workflow(
        skyvern, parameter("m"), parameter("k"), parameter("o", default_value="x")
    )
    skyvern.call("schedules.create", workflow_permanent_id=workflow, **MONDAYS).refused(
        400, f"Missing schedule parameters for workflow {workflow}: k, m"
    )


@case("schedules.parameters.type", fact="recorded schedules.needy.5")
def test_types_of_parameters_are_not_looked_at(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, parameter("m", "integer"))
    skyvern.call(
        "schedules.create",
        workflow_permanent_id=workflow,
        **MONDAYS,
        parameters={"m": "no number"},
    ).ok()


@case("schedules.parameters.credential", fact="recorded schedules.needy.10")
def test_credentials_among_parameters_are_looked_at(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, parameter("c", "credential_id"))
    skyvern.call(
        "schedules.create",
        workflow_permanent_id=workflow,
        **MONDAYS,
        parameters={"c": "cred_1"},
    ).refused(400, "Invalid credential ID: cred_1. Failed to resolve to a valid credential.")


# --- reading ------------------------------------------------------------------------------------


@case("schedules.get", fact="resources 6")
def test_schedule_is_read_as_it_was_made(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS, name="n", description="")
    assert plan.ask("schedules.get").ok() == plan.made
    assert plan.made["schedule"]["description"] == ""


@pytest.mark.parametrize(
    "name",
    [
        *("schedules.get", "schedules.delete", "schedules.enable", "schedules.disable"),
        "schedules.cancel",
    ],
)
@case("schedules.unknown", fact="resources 6")
def test_workflow_is_looked_for_before_the_schedule(skyvern: Caller, name: str) -> None:
    def refusal(workflow: str, schedule: str) -> Any:
        return skyvern.call(name, workflow_permanent_id=workflow, workflow_schedule_id=schedule)

    plan = Plan(skyvern, **MONDAYS)
    refusal("wpid_1", plan.id).refused(404, "Workflow wpid_1 not found")
    refusal(plan.workflow, "wfs_1").refused(404, "Schedule wfs_1 not found")
    refusal(new_workflow(skyvern), plan.id).refused(404, f"Schedule {plan.id} not found")


@case("schedules.foreign", fact="resources 6")
def test_schedules_of_others_are_not_there(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    stranger = skyvern.stranger()
    stranger.call(
        "schedules.get", workflow_permanent_id=plan.workflow, workflow_schedule_id=plan.id
    ).refused(404, f"Workflow {plan.workflow} not found")


@case("schedules.list", fact="resources 6")
def test_schedules_of_a_workflow_are_listed(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    second = skyvern.call("schedules.create", workflow_permanent_id=plan.workflow, **HOURLY).ok()
    listed = skyvern.call("schedules.list", workflow_permanent_id=plan.workflow).ok()
    assert listed == {"schedules": [plan.made["schedule"], second["schedule"]]}


@case("schedules.list.unknown", fact="resources 6")
def test_schedules_of_no_workflow_are_not_listed(skyvern: Caller) -> None:
    skyvern.call("schedules.list", workflow_permanent_id="wpid_1").refused(
        404, "Workflow wpid_1 not found"
    )


@case("schedules.list_all", fact="resources 6, 14", alone=True)
def test_all_schedules_are_listed_newest_first(skyvern: Caller) -> None:
    plans = [Plan(skyvern, **asked) for asked in (MONDAYS, ONCE)]
    listed = skyvern.call("schedules.list_all").ok()
    assert [row["workflow_schedule_id"] for row in listed["schedules"]] == [
        plan.id for plan in reversed(plans)
    ]
    assert (listed["total_count"], listed["page"], listed["page_size"]) == (2, 1, 10)
    newest = listed["schedules"][0]
    assert list(newest) == LISTED
    assert (newest["workflow_title"], newest["next_run"]) == ("Flow", "2095-01-01T00:00:00Z")


@case("schedules.list_all.page", fact="resources 6", alone=True)
def test_list_of_all_has_pages(skyvern: Caller) -> None:
    plans = [Plan(skyvern, **MONDAYS) for _ in range(3)]
    second = skyvern.call("schedules.list_all", page=2, page_size=2).ok()
    assert [row["workflow_schedule_id"] for row in second["schedules"]] == [plans[0].id]
    assert (second["total_count"], second["page"], second["page_size"]) == (3, 2, 2)
    assert skyvern.call("schedules.list_all", page=9).ok()["schedules"] == []


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"page": 0}, ("greater_than_equal", "query", "page")),
        ({"page_size": 0}, ("greater_than_equal", "query", "page_size")),
        ({"page_size": 101}, ("less_than_equal", "query", "page_size")),
        ({"status": "x"}, ("literal_error", "query", "status")),
    ],
)
@case("schedules.list_all.limits", fact="resources 6")
def test_list_of_all_has_limits(
    skyvern: Caller, asked: dict[str, Any], problem: tuple[str, ...]
) -> None:
    skyvern.raw.call("schedules.list_all", **asked).invalid(problem)


@case("schedules.list_all.status", fact="resources 6", alone=True)
def test_list_of_all_may_be_of_active_or_paused_ones(skyvern: Caller) -> None:
    active, paused = Plan(skyvern, **MONDAYS), Plan(skyvern, **MONDAYS, enabled=False)
    canceled = Plan(skyvern, **ONCE)
    canceled.ask("schedules.cancel").ok()

    def ids(**asked: Any) -> list[str]:
        rows = skyvern.call("schedules.list_all", **asked).ok()["schedules"]
        return [row["workflow_schedule_id"] for row in rows]

    assert ids(status="active") == [active.id]
    assert ids(status="paused") == [paused.id]
    assert ids() == [canceled.id, paused.id, active.id]


@case("schedules.list_all.next_run", fact="recorded schedules_life.all.7", alone=True)
def test_only_what_will_run_has_a_next_run_in_the_list(skyvern: Caller) -> None:
    Plan(skyvern, **MONDAYS, enabled=False)
    Plan(skyvern, **ONCE).ask("schedules.cancel").ok()
    rows = skyvern.call("schedules.list_all").ok()["schedules"]
    assert [row["next_run"] for row in rows] == [None, None]


@case("schedules.list_all.search", fact="recorded: schedules_life.all", alone=True)
def test_list_of_all_is_searched_by_title(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, title="100% sure")
    skyvern.call("schedules.create", workflow_permanent_id=workflow, **MONDAYS).ok()
    Plan(skyvern, **MONDAYS)

    def found(text: str) -> int:
        count: int = skyvern.call("schedules.list_all", search=text).ok()["total_count"]
        return count

    assert (found("SURE"), found("100%"), found("%"), found("_"), found("wfs")) == (1, 1, 1, 0, 0)


# --- changing -----------------------------------------------------------------------------------


@case("schedules.update", fact="resources 6")
def test_update_replaces_everything(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS, name="n", description="d")
    changed = plan.ask("schedules.update", timezone="EST", cron_expression="0 9 1 7 *").ok()
    schedule = changed["schedule"]
    assert (schedule["name"], schedule["description"]) == (None, None)
    assert (schedule["timezone"], schedule["cron_expression"]) == ("EST", "0 9 1 7 *")
    assert schedule["created_at"] == plan.made["schedule"]["created_at"]
    assert plan.ask("schedules.get").ok() == changed


@case("schedules.update.paused", fact="recorded schedules_life.put.*")
def test_update_leaves_a_paused_schedule_paused(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS, enabled=False)
    assert plan.ask("schedules.update", **MONDAYS).ok()["schedule"]["enabled"] is False
    assert plan.ask("schedules.update", **MONDAYS, enabled=True).ok()["schedule"]["enabled"] is True


@case("schedules.update.interval", fact="recorded schedules_life.put.interval_first")
def test_update_keeps_when_an_interval_began(skyvern: Caller) -> None:
    plan = Plan(skyvern, **HOURLY, first_fire_at="2095-01-01T00:00:00Z")
    changed = plan.ask("schedules.update", timezone="UTC", interval_seconds=7200).ok()["schedule"]
    assert changed["first_fire_at"] == "2095-01-01T00:00:00Z"


@case("schedules.update.recurring", fact="recorded schedules_life.put.to_interval")
def test_cron_schedule_may_become_an_interval(skyvern: Caller) -> None:
    changed = Plan(skyvern, **MONDAYS).ask("schedules.update", **HOURLY).ok()["schedule"]
    assert (changed["cron_expression"], changed["interval_seconds"]) == (None, 3600)
    assert changed["first_fire_at"] is not None


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        pytest.param(MONDAYS, ONCE, id="once"),
        pytest.param(ONCE, MONDAYS, id="cron"),
        pytest.param(ONCE, {"timezone": "X", "cron_expression": "x"}, id="looked at first"),
    ],
)
@case("schedules.update.kind", fact="resources 6")
def test_schedule_stays_recurring_or_one_time(
    skyvern: Caller, made: dict[str, Any], asked: dict[str, Any]
) -> None:
    Plan(skyvern, **made).ask("schedules.update", **asked).refused(
        422,
        "A schedule cannot switch between one-time and recurring; create a new schedule instead",
    )


@case("schedules.update.refused", fact="resources 6")
def test_refused_update_changes_nothing(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    plan.ask("schedules.update", timezone="X", cron_expression="0 9 * * 1").refused(
        400, "Invalid timezone 'X'"
    )
    plan.ask("schedules.update", **MONDAYS, parameters={"z": 1}).refused(400)
    assert plan.ask("schedules.get").ok() == plan.made


@case("schedules.update.once", fact="resources 6")
def test_one_time_schedule_can_be_moved(skyvern: Caller) -> None:
    moved = (
        Plan(skyvern, **ONCE)
        .ask("schedules.update", timezone="UTC", run_at="2096-01-01T00:00:00Z")
        .ok()
    )
    assert moved["next_runs"] == ["2096-01-01T00:00:00Z"]
    assert moved["schedule"]["dispatch_status"] == "pending"


# --- pausing, canceling, deleting ---------------------------------------------------------------


@case("schedules.disable", fact="resources 6")
def test_paused_schedule_still_tells_its_next_runs(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    for name, enabled in (
        ("schedules.disable", False),
        ("schedules.disable", False),
        ("schedules.enable", True),
    ):
        told = plan.ask(name).ok()
        assert told["schedule"]["enabled"] is enabled
        assert told["next_runs"] == plan.made["next_runs"]


@pytest.mark.parametrize("name", ["schedules.enable", "schedules.disable"])
@case("schedules.disable.once", fact="resources 6")
def test_one_time_schedule_cannot_be_paused(skyvern: Caller, name: str) -> None:
    Plan(skyvern, **ONCE).ask(name).refused(
        422,
        "A one-time schedule cannot be paused or resumed; cancel it, or update run_at to move it",
    )


@case("schedules.cancel", fact="resources 6")
def test_canceled_schedule_has_no_next_run(skyvern: Caller) -> None:
    plan = Plan(skyvern, **ONCE)
    told = plan.ask("schedules.cancel").ok()
    assert (told["schedule"]["dispatch_status"], told["next_runs"]) == ("canceled", [])
    assert told["schedule"]["enabled"] is True
    assert plan.ask("schedules.get").ok() == told


@case("schedules.cancel.final", fact="resources 6")
def test_canceled_schedule_never_changes_again(skyvern: Caller) -> None:
    plan = Plan(skyvern, **ONCE)
    plan.ask("schedules.cancel").ok()
    over = f"Schedule {plan.id} already fired or was canceled, so it can no longer change"
    plan.ask("schedules.cancel").refused(409, over)
    plan.ask("schedules.update", timezone="X", run_at="2095-01-01T00:00:00Z").refused(409, over)


@pytest.mark.parametrize("made", [MONDAYS, HOURLY], ids=["cron", "interval"])
@case("schedules.cancel.recurring", fact="resources 6")
def test_recurring_schedule_cannot_be_canceled(skyvern: Caller, made: dict[str, Any]) -> None:
    Plan(skyvern, **made).ask("schedules.cancel").refused(
        422,
        "Only a one-time schedule can be canceled; disable or delete a recurring schedule instead",
    )


@case("schedules.delete", fact="resources 6")
def test_deleted_schedule_is_gone(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    assert plan.ask("schedules.delete").ok() == {"ok": True}
    for name in ("schedules.get", "schedules.delete", "schedules.enable"):
        plan.ask(name).refused(404, f"Schedule {plan.id} not found")
    listed = skyvern.call("schedules.list", workflow_permanent_id=plan.workflow).ok()
    assert listed == {"schedules": []}


@case("schedules.delete.with_workflow", fact="resources 3")
def test_schedules_go_with_their_workflow_for_good(skyvern: Caller) -> None:
    plan = Plan(skyvern, **MONDAYS)
    skyvern.call("delete_workflow", workflow_id=plan.workflow).ok()
    plan.ask("schedules.get").refused(404, f"Workflow {plan.workflow} not found")
    body = {"title": "Back", "workflow_definition": {"parameters": [], "blocks": [WAIT]}}
    skyvern.call("update_workflow", workflow_id=plan.workflow, json_definition=body).ok()
    plan.ask("schedules.get").refused(404, f"Schedule {plan.id} not found")


# --- runs ---------------------------------------------------------------------------------------


@case(
    "schedules.fire.once",
    fact="resources 6",
    ours_only="a self-hosted server starts scheduled runs one by one, and minutes late",
)
def test_due_schedule_starts_a_run_and_tells_which(skyvern: Caller) -> None:
    workflow = new_workflow(skyvern, parameter("who"))
    ids = {"workflow_permanent_id": workflow}
    moment = datetime.fromtimestamp(skyvern.fake.world.now / 1e9, UTC) + timedelta(seconds=90)
    made = skyvern.call(
        "schedules.create",
        **ids,
        timezone="UTC",
        run_at=moment.isoformat(),
        parameters={"who": "Ada"},
    ).ok()
    skyvern.wait(120)
    schedule_id = made["schedule"]["workflow_schedule_id"]
    told = skyvern.call("schedules.get", **ids, workflow_schedule_id=schedule_id).ok()
    assert (told["schedule"]["dispatch_status"], told["next_runs"]) == ("fired", [])
    run = skyvern.call("get_run", run_id=told["schedule"]["workflow_run_id"]).ok()
    assert run["run_request"]["parameters"] == {"who": "Ada"}
    skyvern.call("schedules.cancel", **ids, workflow_schedule_id=schedule_id).refused(409)
