"""Folders: what recordings, whose requests are apart in time, cannot show."""

from __future__ import annotations

import pytest

from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.world.rows import Workflow
from tests.api.asking import ask

EMPTY = {"title": "T", "workflow_definition": {"parameters": [], "blocks": []}}


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern(seed=11)


def folder(fake: FakeSkyvern, title: str) -> str:
    return str(ask(fake, "POST /v1/folders", title=title)["folder_id"])


def titles(fake: FakeSkyvern) -> str:
    return " ".join(item["title"] for item in ask(fake, "GET /v1/folders"))


def test_the_last_changed_is_first_though_no_time_has_passed(fake: FakeSkyvern):
    a, b = folder(fake, "a"), folder(fake, "b")
    assert titles(fake) == "b a"

    ask(fake, f"PUT /v1/folders/{a}", description="changed")
    assert titles(fake) == "a b"

    ask(fake, f"POST /v1/agents?folder_id={b}", json_definition=EMPTY)
    ask(fake, f"POST /v1/agents?folder_id={b}", json_definition=EMPTY)
    assert titles(fake) == "b a"

    made = ask(fake, f"POST /v1/agents?folder_id={a}", json_definition=EMPTY)
    assert titles(fake) == "a b"

    ask(fake, f"PUT /v1/agents/{made['workflow_permanent_id']}/folder", folder_id=b)
    assert titles(fake) == "b a"

    ask(fake, f"PUT /v1/folders/{a}", description="again")
    folder(fake, "c")
    assert titles(fake) == "c a b"


def test_a_change_is_never_before_the_making(fake: FakeSkyvern):
    a = folder(fake, "a")

    changed = ask(fake, f"PUT /v1/folders/{a}", title="b")

    assert changed["modified_at"] > changed["created_at"]


def test_a_fork_has_folders_of_its_own(fake: FakeSkyvern):
    a = folder(fake, "a")
    twin = fake.fork()

    ask(fake, f"DELETE /v1/folders/{a}?delete_workflows=true")

    assert titles(fake) == ""
    assert titles(twin) == "a"


def test_the_workflow_behind_a_task_of_engine_2_is_in_no_folder_and_can_be_read():
    fake = FakeSkyvern()
    ask(fake, "POST /v1/run/tasks", prompt="p", engine="skyvern-2.0")
    assert ask(fake, "POST /v1/folders", title="F")["workflow_count"] == 0
    (hidden,) = fake.world.rows(Workflow)
    read = ask(fake, f"GET /v1/workflows/{hidden.permanent_id}")
    assert (read["status"], read["folder_id"], read["run_with"]) == (
        "auto_generated",
        None,
        "agent",
    )
