"""A running world prints its script back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from skyvern_testkit import (
    RunScript,
    completed,
    failed,
    fake_skyvern,
    queued,
    remote_skyvern,
    running,
)
from skyvern_testkit.control.desk import Desk
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fakefiles import read_fake
from skyvern_testkit.script.fakefile import parse_fake
from skyvern_testkit.transport.server import serving
from tests.world.stage import NAVIGATION, WAIT, Stage

ROOT = Path(__file__).parents[2]


def again(text: str) -> FakeSkyvern:
    fake = FakeSkyvern()
    fake.populate(parse_fake("printed", text))
    return fake


@pytest.mark.parametrize("name", ["invoice_extraction", "invoice_portal", "flaky_portal"])
def test_a_shipped_world_comes_back(name: str):
    fake = FakeSkyvern()
    fake.populate(read_fake(name, ROOT))
    text = fake.as_yaml()
    twin = again(text)
    assert twin.as_yaml().partition("format:")[2] == text.partition("format:")[2]
    assert [rule.match for rule in twin.world.rules] == [rule.match for rule in fake.world.rules]
    assert [rule.scripts for rule in twin.world.rules] == [it.scripts for it in fake.world.rules]


def test_a_world_made_by_requests_comes_back():
    stage = Stage()
    stage.session()
    stage.ask("POST /v1/browser_profiles", name="Portal", description="Logged in")
    stage.workflow(NAVIGATION, WAIT, title="Fetch", persist_browser_session=True)
    twin = again(stage.fake.as_yaml())
    assert twin.as_yaml() == stage.fake.as_yaml()
    (workflow,) = parse_fake("x", twin.as_yaml()).of_kind("workflows")
    assert workflow.body["persist_browser_session"] is True
    blocks = workflow.body["workflow_definition"]["blocks"]
    assert [block["label"] for block in blocks] == ["go", "pause"]
    assert blocks[0]["navigation_goal"] == "Go on"


def test_rules_as_code_say_the_same_rules():
    fake = FakeSkyvern()
    fake.on(prompt="*x*").play(RunScript(queued(2), running(3), completed({"n": 1})), failed("No"))
    fake.on(url=re.compile("^https://a'b"), parameters={"region": "EU"}).play(completed())
    twin = FakeSkyvern()
    names = {"fake": twin, "re": re, "RunScript": RunScript, "queued": queued}
    exec(fake.as_code(), {**names, "running": running, "completed": completed, "failed": failed})  # noqa: S102 - it is what is tested
    assert twin.world.rules == fake.world.rules


def test_what_no_file_can_hold_is_named_and_secrets_are_hidden():
    with fake_skyvern() as fake:
        fake.credential(password="hunter2", totp="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")

        @fake.on(prompt="*").play
        def flow(run):
            yield completed()

        text = fake.as_yaml()
        assert "# left out: " in text
        assert "flow" in text
        assert "hunter2" not in text
        assert "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" not in text
        assert "flow" in fake.as_code()
        again(text)


def test_over_http():
    with (
        fake_skyvern(clock="manual", one_organization=False) as world,
        serving(world, control=Desk(world)) as server,
        remote_skyvern(server.url) as fake,
        remote_skyvern(server.url) as other,
    ):
        fake.on(prompt="*x*").play(failed("Wall"))
        assert fake.as_code() == "fake.on(prompt='*x*').play(RunScript(failed('Wall')))\n"
        assert "Wall" in fake.as_yaml()
        assert other.as_code() == ""


def test_what_single_actions_answer_comes_back():
    fake = FakeSkyvern()
    fake.on_action(type="extract", prompt=re.compile("price")).answer({"price": 1}, None)
    fake.on_action(type="validate").answer(bool)
    text = fake.as_yaml()
    assert text.startswith("# left out: on_action(type='validate'): the answer bool is a function")
    twin = again(text)
    assert twin.as_yaml().partition("format:")[2] == text.partition("format:")[2]
    (rule,) = twin.world.action_rules
    assert (rule.match, rule.answers) == (
        fake.world.action_rules[0].match,
        ({"price": 1}, None),
    )
    assert fake.as_code().splitlines() == [
        "fake.on_action(type='extract', prompt=re.compile('price')).answer({'price': 1}, None)",
        "fake.on_action(type='validate').answer(bool)",
    ]


def test_a_workflow_that_refers_to_its_parameters_comes_back():
    stage = Stage()
    loop = {"block_type": "for_loop", "loop_blocks": [{**WAIT, "label": "inner"}]}
    mail = {"block_type": "send_email", "sender": "a@b.example", "recipients": ["c@d.example"]}
    mail |= {"subject": "s", "body": "b"}
    stage.ask(
        "POST /v1/workflows",
        json_definition={
            "title": "References",
            "workflow_definition": {
                "parameters": [
                    {
                        "parameter_type": "workflow",
                        "key": "items",
                        "workflow_parameter_type": "json",
                        "default_value": ["tea"],
                    },
                    {"parameter_type": "aws_secret", "key": "host", "aws_key": "HOST"},
                    {"parameter_type": "context", "key": "same", "source_parameter_key": "items"},
                ],
                "blocks": [
                    {**loop, "label": "by_key", "loop_over_parameter_key": "items"},
                    {
                        **loop,
                        "label": "by_reference",
                        "loop_variable_reference": "{{ items }}",
                        "loop_blocks": [{**WAIT, "label": "other"}],
                    },
                    {**mail, "label": "mail", "smtp_host_secret_parameter_key": "host"},
                    {**mail, "label": "own", "custom_smtp_host": "smtp.b.example"},
                ],
            },
        },
    )
    text = stage.fake.as_yaml()
    assert again(text).as_yaml() == text
    (workflow,) = parse_fake("x", text).of_kind("workflows")
    asked = workflow.body["workflow_definition"]
    by_key, by_reference, by_secret, own = asked["blocks"]
    assert asked["parameters"][-1]["source_parameter_key"] == "items"
    assert by_key["loop_over_parameter_key"] == "items"
    assert "loop_over_parameter_key" not in by_reference
    assert by_secret["smtp_host_secret_parameter_key"] == "host"
    assert not own.keys() & {"smtp_host", "smtp_host_secret_parameter_key"}
