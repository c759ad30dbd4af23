"""Fakes by name: where they are found, what the world makes of them, and that the shipped ones work."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

from skyvern_testkit.fake.doing import do
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fakefiles import (
    FakeNotFound,
    check_fake,
    fake_folders,
    fake_names,
    find_fake,
    load_fake,
    read_fake,
)
from skyvern_testkit.script import RunScript, completed, running, session_closed
from skyvern_testkit.script.fakefile import FakeFileError, parse_script
from skyvern_testkit.wire.times import SECOND
from skyvern_testkit.world.rows import Credential, Profile, Session
from skyvern_testkit.world.schemas import conforms
from tests.api.asking import ask, send

ROOT = Path(__file__).parents[1]
SHIPPED = ["flaky_portal", "invoice_extraction", "invoice_portal"]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "fakes").mkdir()
    return tmp_path


@pytest.fixture
def write(project):
    def write_fake(text, name="portal.yaml"):
        path = project / "fakes" / name
        path.write_text("format: 1\n" + dedent(text), encoding="utf-8")
        return path

    return write_fake


class TestFinding:
    def test_shipped_fakes_are_found_without_a_project(self, tmp_path):
        assert sorted(fake_names(tmp_path)) == SHIPPED

    def test_a_projects_own_fake_hides_a_shipped_one(self, write, project):
        own = write("description: mine", "invoice_portal.yaml")
        assert find_fake("invoice_portal", project) == own
        assert find_fake("flaky_portal", project).parent == fake_folders(project)[-1]

    @pytest.mark.parametrize("name", ["portal.yaml", "portal.yml"])
    def test_both_endings_of_yaml_do(self, write, project, name):
        path = write("", name)
        assert find_fake("portal", project) == path

    def test_a_path_is_taken_from_the_root(self, write, project):
        path = write("")
        assert find_fake("fakes/portal.yaml", project) == path
        assert find_fake(path) == path

    def test_a_miss_names_the_nearest_and_where_it_looked(self, tmp_path):
        with pytest.raises(FakeNotFound) as caught:
            find_fake("invoice_portl", tmp_path)
        text = str(caught.value)
        assert "there is no fake `invoice_portl`. Did you mean `invoice_portal`" in text
        assert "There are: flaky_portal, invoice_extraction, invoice_portal." in text
        assert f"{tmp_path / 'fakes'} (there is no such folder)" in text

    @pytest.mark.parametrize("name", ["nope.yaml", "fakes/nope.yml", "../portal", ""])
    def test_what_is_not_there_is_not_found(self, project, name):
        with pytest.raises(FakeNotFound):
            find_fake(name, project)


class TestReading:
    def test_errors_name_the_file_from_the_root(self, write, project):
        write("runs: [play: compleeted]")
        with pytest.raises(FakeFileError, match=r"^fakes/portal.yaml: 1 problem"):
            read_fake("portal", project)

    def test_other_encodings_are_refused_where_they_show(self, project):
        (project / "fakes" / "portal.yaml").write_bytes(b"format: 1\ndescription: caf\xe9\n")
        with pytest.raises(FakeFileError, match=r"portal.yaml:2:17\n    the byte 0xe9 is no UTF-8"):
            read_fake("portal", project)

    def test_a_byte_order_mark_does_no_harm(self, project):
        (project / "fakes" / "portal.yaml").write_bytes(b"\xef\xbb\xbfformat: 1\n")
        assert read_fake("portal", project).rules == ()


class TestLoading:
    def test_everything_is_there_under_its_chosen_id(self, write, project):
        write("""
            credentials:
              - {id: cred_2, name: Portal, credential_type: password,
                 credential: {username: demo, password: secret, totp_identifier: a@example.com}}
            profiles: [{id: bp_4, name: Logged in}]
            sessions: [{id: pbs_6, timeout: 90, browser_profile_id: bp_4}]
            workflows:
              - id: wpid_8
                title: Wait
                workflow_definition:
                  parameters: []
                  blocks: [{block_type: wait, label: wait, wait_sec: 1}]
        """)
        fake = FakeSkyvern()
        loaded = load_fake(fake, "portal", project)
        assert loaded.ids == {
            "credentials": ("cred_2",),
            "profiles": ("bp_4",),
            "sessions": ("pbs_6",),
            "workflows": ("wpid_8",),
        }
        credential = fake.world.get(Credential, "cred_2", fake.organization_id)
        assert credential is not None
        assert credential.totp_identifier == "a@example.com"
        session = fake.world.get(Session, "pbs_6", fake.organization_id)
        assert session is not None
        assert (session.timeout_minutes, session.browser_profile_id) == (90, "bp_4")
        workflow = fake.world.workflow("wpid_8", fake.organization_id)
        assert workflow is not None
        assert workflow.title == "Wait"

    def test_what_has_no_id_gets_one_of_the_worlds_own(self, write, project):
        write("profiles: [{name: A}, {name: B}]")
        first, second = load_fake(FakeSkyvern(), "portal", project).ids["profiles"]
        assert first.startswith("bp_")
        assert first != second

    def test_nothing_of_it_is_in_the_journal_and_no_fault_strikes(self, write, project):
        write("profiles: [{name: A}]")
        fake = FakeSkyvern()
        fake.faults.on("create_browser_profile").answer(503)
        load_fake(fake, "portal", project)
        assert not fake.journal.calls()

    def test_rules_are_those_of_on_and_a_later_one_wins(self, write, project):
        write("""
            runs:
              - play: [running: 1, completed: {output: general}]
              - {on: {prompt: "*special*"}, play: [running: 1, completed: {output: special}]}
        """)
        fake = FakeSkyvern()
        load_fake(fake, "portal", project)
        for prompt in ("something special", "something else"):
            do(fake, "run_task", {"prompt": prompt, "url": "https://example.com"})
        fake.advance(fake.world.now + 10 * SECOND)
        assert [run.output for run in fake.runs] == ["special", "general"]

    def test_the_same_file_gives_the_same_world(self, write, project):
        write("profiles: [{name: A}]\nsessions: [{}]")
        one, other = FakeSkyvern(seed=3), FakeSkyvern(seed=3)
        load_fake(one, "portal", project)
        load_fake(other, "portal", project)
        assert one.world.diff(other.world) == {}


class TestWhatTheWorldRefuses:
    WORKFLOW = """
        workflows:
          - id: wpid_2
            title: A
            workflow_definition:
              parameters: []
              blocks:
                - {block_type: extraction, label: rows, data_extraction_goal: Rows%s}
    """

    TOTP = (
        "credentials: [{name: A, credential_type: password, "
        "credential: {username: x, totp_type: authenticator, totp: %s}}]"
    )

    @pytest.mark.parametrize(
        ("text", "path", "says"),
        [
            ("sessions: [{timeout: 3}]", "sessions[0].timeout", "greater than or equal to 5"),
            ("sessions: [{timeoutt: 60}]", "sessions[0].timeoutt",
             "the server would ignore `timeoutt` here. Did you mean `timeout`?"),
            ("sessions: [{browser_profile_id: bp_9}]", "sessions[0]", "Browser profile bp_9 not found"),
            ("profiles: [{name: A}, {name: A}]", "profiles[1]", "already exists"),
            ("profiles: [{name: ''}]", "profiles[0].name", "at least 1 character"),
            ("profiles: [{name: A, workflow_run_id: wr_1}]", "profiles[0]", "WorkflowRun wr_1 not found"),
            ("credentials: [{name: A, credential_type: password, credential: {password: x}}]",
             "credentials[0].credential", "Field required"),
            ("credentials: [{name: A, credential_type: pass, credential: {username: x}}]",
             "credentials[0].credential_type", "'password', 'credit_card' or 'secret'"),
            (TOTP % "SHORT", "credentials[0]", "Invalid authenticator key"),
            (WORKFLOW % ", data_shema: {}",
             "workflows[0].workflow_definition.blocks[0].data_shema", "Did you mean `data_schema`"),
            (WORKFLOW % ", parameter_keys: [nope]", "workflows[0]", "references undefined parameter"),
            (WORKFLOW.replace("extraction", "extracton") % "",
             "workflows[0].workflow_definition.blocks[0]", "extracton"),
            (WORKFLOW.replace("data_extraction_goal: Rows", "title: B") % "",
             "workflows[0].workflow_definition.blocks[0]", "Field required"),
        ],
    )  # fmt: skip
    def test_the_servers_own_words_stand_where_the_trouble_is(
        self, write, project, text, path, says
    ):
        write(text)
        with pytest.raises(FakeFileError) as caught:
            check_fake("portal", project)
        (problem,) = caught.value.problems
        assert problem.place.path == path
        assert says in problem.text
        assert problem.place.line > 1

    def test_what_the_grammar_and_the_world_refuse_is_one_error(self, write, project):
        write("sessions: [{timeout: 3}]\nruns: [play: compleeted]")
        with pytest.raises(FakeFileError) as caught:
            load_fake(FakeSkyvern(), "portal", project)
        assert [it.place.path for it in caught.value.problems] == [
            "sessions[0].timeout",
            "runs[0].play",
        ]

    def test_nothing_is_made_unless_all_is_right(self, write, project):
        write("profiles: [{name: A}]\nruns: [play: completed]\nsessions: [{timeout: 3}]")
        fake = FakeSkyvern()
        before = fake.world.fork()
        with pytest.raises(FakeFileError):
            load_fake(fake, "portal", project)
        assert fake.world.diff(before) == {}
        assert fake.world.rules == ()
        assert fake.world.new_id("x") == before.new_id("x")

    def test_an_id_that_the_world_has_already_is_refused(self, write, project):
        write("profiles: [{id: bp_2, name: A}]\n" + dedent(self.WORKFLOW % ""))
        fake = FakeSkyvern()
        load_fake(fake, "portal", project)
        with pytest.raises(FakeFileError) as caught:
            load_fake(fake, "portal", project)
        assert [it.place.path for it in caught.value.problems] == [
            "profiles[0].id",
            "workflows[0].id",
        ]
        assert len(list(fake.world.rows(Profile))) == 1


@pytest.mark.parametrize("name", SHIPPED)
def test_each_shipped_fake_is_right_and_says_what_it_is_for(name, tmp_path):
    file = check_fake(name, tmp_path)
    assert file.description
    assert file.text.startswith("# ")
    assert all(resource.id for resource in file.resources)


@pytest.fixture
def shipped(tmp_path):
    def load(name):
        fake = FakeSkyvern()
        return fake, load_fake(fake, name, tmp_path).ids["workflows"]

    return load


def started(fake, workflow_id, **parameters):
    asked = {"workflow_id": workflow_id, "parameters": parameters}
    return do(fake, "run_workflow", asked)["run_id"]


def later(fake, seconds):
    fake.advance(fake.world.now + seconds * SECOND)


class TestInvoiceExtraction:
    @pytest.mark.parametrize(("month", "count"), [("2026-01", 3), ("2026-02", 0)])
    def test_its_output_satisfies_its_own_schema(self, shipped, month, count):
        fake, (workflow_id,) = shipped("invoice_extraction")
        started(fake, workflow_id, supplier_url="https://example.com", month=month)
        later(fake, 60)
        (run,) = fake.runs
        workflow = fake.world.workflow(workflow_id, fake.organization_id)
        assert run.status == "completed"
        (extracted,) = run.output["extracted_information"]
        assert len(extracted["invoices"]) == count
        assert workflow is not None
        assert conforms(extracted, workflow.blocks[0]["data_schema"]) == []

    def test_march_fails(self, shipped):
        fake, (workflow_id,) = shipped("invoice_extraction")
        started(fake, workflow_id, supplier_url="https://example.com", month="2026-03")
        later(fake, 60)
        assert fake.runs[0].status == "failed"


class TestInvoicePortal:
    def logged_in(self, fake, workflow_id):
        return started(
            fake,
            workflow_id,
            portal_url="https://portal.example.com",
            credential="cred_210000000000000002",
        )

    def test_a_login_goes_on_when_the_code_has_come(self, shipped):
        fake, (login, _) = shipped("invoice_portal")
        run_id = self.logged_in(fake, login)
        later(fake, 25)
        assert fake.run(run_id).status == "running"
        code = {"totp_identifier": "billing@acme.example.com", "content": "483920"}
        do(fake, "send_totp_code", code)
        later(fake, 20)
        assert fake.run(run_id).status == "completed"
        later(fake, 30)
        profile = {"name": "from the run", "workflow_run_id": run_id}
        assert do(fake, "create_browser_profile", profile)["browser_profile_id"]

    def test_a_login_without_a_code_is_terminated(self, shipped):
        fake, (login, _) = shipped("invoice_portal")
        run_id = self.logged_in(fake, login)
        later(fake, 16 * 60)
        run = fake.run(run_id)
        assert (run.status, run.errors[0]["error_code"]) == ("terminated", "OTP_TIMEOUT")

    def test_invoices_are_listed_and_downloaded(self, shipped):
        fake, (_, listing) = shipped("invoice_portal")
        started(fake, listing, portal_url="https://portal.example.com", since="2026-07-01")
        goal = {"navigation_goal": "Open invoice A-2 and download it", "url": "https://example.com"}
        do(fake, "download_files", goal)
        later(fake, 60)
        listed, downloaded = fake.runs
        assert [it["number"] for it in listed.output["extracted_information"][0]["invoices"]] == [
            "A-1",
            "A-2",
        ]
        assert (downloaded.status, len(downloaded.downloads)) == ("completed", 1)


class TestFlakyPortal:
    @pytest.mark.parametrize(
        ("case", "minutes", "attempts"),
        [
            ("recovers", 5, "failed failed completed"),
            ("never recovers", 5, "failed failed failed"),
            ("too slow", 40, "timed_out timed_out timed_out"),
            ("times out", 5, "timed_out timed_out timed_out"),
            ("hangs", 40, "timed_out timed_out timed_out"),
        ],
    )
    def test_each_case_ends_as_it_says(self, shipped, case, minutes, attempts):
        fake, (workflow_id,) = shipped("flaky_portal")
        run_id = started(fake, workflow_id, case=case)
        later(fake, minutes * 60)
        assert [str(it.status) for it in fake.run(run_id).attempts] == attempts.split()

    def test_between_two_attempts_the_end_is_none(self, shipped):
        fake, (workflow_id,) = shipped("flaky_portal")
        run_id = started(fake, workflow_id)
        later(fake, 30)
        assert (fake.run(run_id).status, fake.run(run_id).retry_pending) == ("failed", True)

    def test_one_waits_for_the_test(self, shipped):
        fake, (workflow_id,) = shipped("flaky_portal")
        run_id = started(fake, workflow_id, case="waits")
        later(fake, 60)
        assert fake.run(run_id).status == "running"
        assert fake.signal("portal is back") == 1
        later(fake, 10)
        assert fake.run(run_id).status == "completed"


EXAMPLES = re.findall(
    r"^```yaml\n(.*?)^```",
    (ROOT / "docs" / "fakes.md").read_text("utf-8"),
    re.MULTILINE | re.DOTALL,
)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.splitlines()[0])
def test_the_files_and_scripts_of_the_documentation_are_right(write, project, text):
    if text.startswith(("format:", "runs:", "actions:")):
        write(text.removeprefix("format: 1"))
        check_fake("portal", project)
    else:
        parse_script(text)


class TestOrganizations:
    """Every key has its own organisation in a served world; each begins with the same."""

    WORLD = """
        credentials: [{id: cred_2, name: Portal, credential_type: password,
                       credential: {username: demo, password: secret}}]
        profiles: [{id: bp_4, name: Logged in}]
        sessions: [{id: pbs_6, timeout: 90, browser_profile_id: bp_4}]
        workflows:
          - id: wpid_8
            title: Wait
            workflow_definition:
              parameters: []
              blocks: [{block_type: wait, label: wait, wait_sec: 1}]
        runs: [{play: [running: 1, completed: {output: theirs}]}]
    """

    def served(self, write, project) -> FakeSkyvern:
        write(self.WORLD)
        fake = FakeSkyvern(one_organization=False)
        ask(fake, "GET /v1/browser_sessions", key="early")
        load_fake(fake, "portal", project)
        return fake

    def test_the_file_is_there_for_keys_that_came_before_and_after(self, write, project):
        fake = self.served(write, project)
        for key in ("early", "late", fake.api_key):
            (session,) = ask(fake, "GET /v1/browser_sessions", key=key)
            (profile,) = ask(fake, "GET /v1/browser_profiles", key=key)
            (credential,) = ask(fake, "GET /v1/credentials", key=key)
            (workflow,) = ask(fake, "GET /v1/workflows", key=key)
            assert session["browser_session_id"] == "pbs_6"
            assert profile["browser_profile_id"] == "bp_4"
            assert credential["credential_id"] == "cred_2"
            assert workflow["workflow_permanent_id"] == "wpid_8"
            assert session["organization_id"] == workflow["organization_id"]

    def test_what_one_key_does_no_other_sees(self, write, project):
        fake = self.served(write, project)
        ask(fake, "GET /v1/browser_sessions", key="late")
        ask(fake, "POST /v1/browser_sessions/pbs_6/close", key="late")
        send(fake, "DELETE /v1/browser_profiles/bp_4", key="early")
        send(fake, "POST /v1/credentials/cred_2/delete", key="early")

        def seen(key: str) -> tuple[str, int, int]:
            session = ask(fake, "GET /v1/browser_sessions/pbs_6", key=key)
            profile = send(fake, "GET /v1/browser_profiles/bp_4", key=key)
            credential = send(fake, "GET /v1/credentials/cred_2", key=key)
            return session["status"], profile.status, credential.status

        assert seen("early") == ("created", 404, 404)
        assert seen("late") == ("completed", 200, 200)
        assert seen(fake.api_key) == ("created", 200, 200)

    def test_a_session_that_ends_is_no_others(self, write, project):
        fake = self.served(write, project)
        fake.on(workflow="wpid_8").play(RunScript(running(until=session_closed()), completed()))
        body = {"workflow_id": "wpid_8", "browser_session_id": "pbs_6"}
        runs = {
            key: ask(fake, "POST /v1/run/workflows", key=key, **body)["run_id"]
            for key in ("early", "late")
        }
        fake.advance(fake.world.now + 10 * SECOND)
        ask(fake, "POST /v1/browser_sessions/pbs_6/close", key="late")
        fake.advance(fake.world.now + 10 * SECOND)
        assert fake.run(runs["late"]).is_over
        assert not fake.run(runs["early"]).is_over

    def test_rules_are_for_the_runs_of_all(self, write, project):
        fake = self.served(write, project)
        made = ask(fake, "POST /v1/run/workflows", key="late", workflow_id="wpid_8")
        fake.advance(fake.world.now + 10 * SECOND)
        assert fake.run(made["run_id"]).output == "theirs"

    def test_a_registered_key_of_a_new_organization_has_it_too(self, write, project):
        write(self.WORLD)
        fake = FakeSkyvern(strict_keys=True)
        load_fake(fake, "portal", project)
        fake.keys.add("another")
        assert len(ask(fake, "GET /v1/browser_sessions", key="another")) == 1

    def test_a_fork_furnishes_its_own_organizations(self, write, project):
        fake = self.served(write, project)
        twin = fake.fork()
        assert len(ask(twin, "GET /v1/browser_sessions", key="new")) == 1
        assert set(fake.keys) == {"early", fake.api_key}
