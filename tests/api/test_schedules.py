"""Schedules on virtual time: what recordings and cases cannot wait for. The rest is recorded."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from skyvern_testkit import Deadlock, fake_skyvern
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import RunScript, completed, running
from skyvern_testkit.wire.times import from_datetime
from tests.api.asking import ask, refused, send, wait

DAY = 24 * 3600
WAITS = {"block_type": "wait", "label": "w", "wait_sec": 1}
NIGHTLY: Any = {
    "title": "nightly",
    "workflow_definition": {"parameters": [], "blocks": [WAITS]},
}


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern()  # its world begins at 2026-01-01T00:00:00Z


def make(fake, *parameters, blocks=(WAITS,), **more):
    """A workflow; returns the path of its schedules."""
    definition = {"parameters": list(parameters), "blocks": list(blocks)}
    body = {"title": "nightly", "workflow_definition": definition, **more}
    workflow = ask(fake, "POST /v1/agents", json_definition=body)["workflow_permanent_id"]
    return f"/v1/agents/{workflow}/schedules"


def plan(fake, path, **body):
    """A new schedule; returns its own path."""
    made = ask(fake, f"POST {path}", **{"timezone": "UTC", **body})["schedule"]
    return f"{path}/{made['workflow_schedule_id']}"


def begun(fake):
    """When runs began: minutes of the world."""
    epoch = fake.world.epoch
    return [round((run.created_at - epoch) / 60e9, 6) for run in fake.runs]


def text(key, **more):
    return {
        "parameter_type": "workflow",
        "key": key,
        "workflow_parameter_type": "string",
        **more,
    }


def test_a_cron_schedule_starts_a_run_at_each_of_its_instants(fake):
    plan(fake, make(fake), cron_expression="*/20 * * * *")

    wait(fake, 3600 - 1)
    assert begun(fake) == [20, 40]
    wait(fake, 1)
    assert begun(fake) == [20, 40, 60]


def test_an_interval_begins_one_interval_from_now_or_when_it_is_told(fake):
    path = make(fake)
    plan(fake, path, interval_seconds=600)
    wait(fake, 1200)
    assert begun(fake) == [10, 20]

    plan(fake, path, interval_seconds=3600, first_fire_at="2026-01-01T00:25:00Z")
    wait(fake, 300)
    assert begun(fake) == [10, 20, 25]


def test_a_one_time_schedule_tells_which_run_it_has_started(fake):
    once = plan(fake, make(fake), run_at="2026-01-01T00:05:00Z")

    wait(fake, 299)
    assert ask(fake, f"GET {once}")["schedule"]["dispatch_status"] == "pending"
    wait(fake, 1)
    told = ask(fake, f"GET {once}")
    (run,) = fake.runs
    assert told["next_runs"] == []
    assert (told["schedule"]["dispatch_status"], told["schedule"]["workflow_run_id"]) == (
        "fired",
        run.id,
    )
    assert run.id.startswith("wr_sched_")
    wait(fake, 10 * DAY)
    assert len(fake.runs) == 1


@pytest.mark.parametrize("after", [60, 59.999999])
def test_a_one_time_schedule_is_at_least_a_minute_ahead(fake, after):
    moment = datetime.fromtimestamp(fake.world.now / 1e9 + 120, UTC)
    wait(fake, 120 - after)
    answer = send(fake, f"POST {make(fake)}", timezone="UTC", run_at=moment.isoformat())
    assert answer.status == (200 if after == 60 else 422)


def test_a_run_is_of_the_latest_version_with_the_parameters_of_the_schedule(fake):
    path = make(fake, text("who", default_value="nobody"))
    plan(fake, path, run_at="2026-01-01T00:05:00Z", parameters={"who": "Ada"})
    definition = {
        "parameters": [text("who"), text("where", default_value="here")],
        "blocks": [WAITS],
    }
    ask(
        fake,
        f"POST {path.removesuffix('/schedules')}",
        json_definition={"title": "nightly", "workflow_definition": definition},
    )

    wait(fake, 600)
    (run,) = fake.runs
    request = ask(fake, f"GET /v1/runs/{run.id}")["run_request"]
    assert request["parameters"] == {"who": "Ada", "where": "here"}
    assert run.trigger_type == "scheduled"


def test_a_schedule_whose_run_is_refused_tells_the_test(fake):
    path = make(fake, text("n", default_value="x"))
    once = plan(fake, path, run_at="2026-01-01T00:05:00Z")
    definition = {"parameters": [text("needed")], "blocks": [WAITS]}
    ask(
        fake,
        f"POST {path.removesuffix('/schedules')}",
        json_definition={"title": "nightly", "workflow_definition": definition},
    )

    wait(fake, 600)
    assert begun(fake) == []
    assert ask(fake, f"GET {once}")["schedule"]["dispatch_status"] == "pending"
    (advice,) = [item.text for item in fake.world.advice if item.kind == "schedule_idle"]
    assert "Missing value for parameter needed" in advice


def test_a_script_is_for_scheduled_runs_too(fake):
    fake.on(parameters={"who": "Ada"}).play(RunScript(running(seconds=90), completed({"n": 1})))
    path = make(fake, text("who"))
    plan(fake, path, cron_expression="0 * * * *", parameters={"who": "Ada"})

    wait(fake, 3600 + 60)
    (run,) = fake.runs
    assert ask(fake, f"GET /v1/runs/{run.id}")["status"] == "running"
    wait(fake, 30)
    assert ask(fake, f"GET /v1/runs/{run.id}")["status"] == "completed"


def test_runs_of_a_schedule_overlap(fake):
    fake.on().play(RunScript(running(seconds=900), completed()))
    plan(fake, make(fake), cron_expression="*/5 * * * *")

    wait(fake, 601)
    assert [run.status for run in fake.runs] == ["running", "running"]


@pytest.mark.parametrize("how", ["disable", "delete", "update", "workflow"])
def test_what_was_paused_changed_or_deleted_comes_too_late(fake, how):
    path = make(fake)
    hourly = plan(fake, path, cron_expression="0 * * * *")
    match how:
        case "disable":
            ask(fake, f"POST {hourly}/disable")
        case "delete":
            ask(fake, f"DELETE {hourly}")
        case "update":
            ask(fake, f"PUT {hourly}", timezone="UTC", cron_expression="30 12 * * *")
        case _:
            ask(fake, f"POST {path.removesuffix('/schedules')}/delete")

    wait(fake, 12 * 3600)
    assert begun(fake) == []
    wait(fake, 12 * 3600)
    assert begun(fake) == ([12.5 * 60] if how == "update" else [])


def test_a_canceled_schedule_does_not_start_its_run(fake):
    once = plan(fake, make(fake), run_at="2026-01-01T00:05:00Z")
    ask(fake, f"POST {once}/cancel")
    wait(fake, DAY)
    assert begun(fake) == []


def test_a_schedule_that_goes_on_starts_no_run_that_it_missed(fake):
    hourly = plan(fake, make(fake), cron_expression="0 * * * *", enabled=False)
    wait(fake, 150 * 60)
    ask(fake, f"POST {hourly}/enable")
    ask(fake, f"POST {hourly}/enable")
    wait(fake, 60 * 60)
    assert begun(fake) == [180]


def test_changed_clocks_move_the_run_in_utc_and_not_on_the_wall():
    fake = FakeSkyvern(epoch=from_datetime(datetime(2026, 3, 27, tzinfo=UTC)))
    plan(fake, make(fake), timezone="Europe/Berlin", cron_expression="0 9 * * *")
    wait(fake, 4 * DAY)
    hours = [datetime.fromtimestamp(run.created_at / 1e9, UTC).hour for run in fake.runs]
    assert hours == [8, 8, 7, 7]  # 9 o'clock; Sunday is the 29th


def test_a_wall_time_that_comes_twice_is_due_once():
    fake = FakeSkyvern(epoch=from_datetime(datetime(2026, 10, 24, 12, tzinfo=UTC)))
    plan(fake, make(fake), timezone="Europe/Berlin", cron_expression="30 2 * * *")
    wait(fake, 2 * DAY)
    times = [datetime.fromtimestamp(run.created_at / 1e9, UTC) for run in fake.runs]
    assert [f"{time:%d %H:%M}" for time in times] == ["25 00:30", "26 01:30"]


def test_a_cron_expression_with_a_last_year_ends(fake):
    path = make(fake)
    answer = send(fake, f"POST {path}", timezone="UTC", cron_expression="0 0 1 2,3 * 0 2026")
    assert answer.status == 500  # it is kept, but has not the five instants that are told
    wait(fake, 400 * DAY)
    assert len(fake.runs) == 2


def test_another_organisation_has_schedules_of_its_own():
    fake = FakeSkyvern(one_organization=False)
    once = plan(fake, make(fake), cron_expression="0 * * * *")
    assert refused(fake, f"GET {once}", key="another-key")[0] == 404
    assert ask(fake, "GET /v1/schedules", key="another-key")["total_count"] == 0


def test_a_fork_goes_its_own_way(fake):
    plan(fake, make(fake), cron_expression="0 * * * *")
    twin = fake.fork()
    wait(twin, 2 * 3600)
    assert (len(fake.runs), len(twin.runs)) == (0, 2)
    wait(fake, 2 * 3600)
    assert [run.id for run in fake.runs] == [run.id for run in twin.runs]


def test_a_year_of_days_is_played_at_once(fake):
    plan(fake, make(fake), cron_expression="@daily")
    wait(fake, 365 * DAY)
    assert len(fake.runs) == 365


def test_a_client_that_sleeps_sees_the_runs_of_its_schedule():
    with fake_skyvern() as skyvern:

        async def client_code():
            client = skyvern.client()
            workflow = await client.create_workflow(json_definition=NIGHTLY)
            made = await client.schedules.create(
                workflow.workflow_permanent_id, timezone="UTC", interval_seconds=600
            )
            await asyncio.sleep(1500)
            schedule = await client.schedules.get(
                workflow.workflow_permanent_id, made.schedule.workflow_schedule_id
            )
            assert schedule.next_runs
            assert made.next_runs
            return schedule.next_runs[0] - made.next_runs[0]

        ahead = asyncio.run(client_code())
        assert ahead.total_seconds() == 1200
        assert len(skyvern.runs) == 2


def test_a_schedule_keeps_no_client_waiting():
    with fake_skyvern() as skyvern:

        async def client_code():
            client = skyvern.client()
            workflow = await client.create_workflow(json_definition=NIGHTLY)
            await client.schedules.create(
                workflow.workflow_permanent_id, timezone="UTC", cron_expression="*/5 * * * *"
            )
            await asyncio.Event().wait()

        with pytest.raises(Deadlock):
            asyncio.run(client_code())


def test_the_webhook_of_a_scheduled_run_is_worth_waiting_for(fake):
    path = make(fake, webhook_callback_url="https://example.com/hook")
    once = plan(fake, path, run_at="2026-01-01T00:05:00Z")
    assert fake.reaches_client()
    ask(fake, f"POST {once}/cancel")
    assert not fake.reaches_client()
