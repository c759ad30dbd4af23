"""Single actions: what a test says of them, and what cannot be recorded without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from skyvern_testkit import fake_skyvern
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.script import completed
from skyvern_testkit.script.actions import SdkAction
from skyvern_testkit.world.rows import Workflow
from skyvern_testkit.world.schemas import conforms
from tests.api.asking import ask

URL = "https://shop.example/cart"


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern(seed=11)


def result(fake: FakeSkyvern, kind: str, prompt: str = "", **sent: Any) -> Any:
    said = "intention" if kind.startswith("ai_") else "prompt"
    action = {"type": kind, said: prompt, **sent}
    return ask(fake, "POST /v1/sdk/run_action", url=URL, action=action)["result"]


def test_the_rule_said_last_wins(fake: FakeSkyvern):
    fake.on_action(type="extract").answer("any")
    fake.on_action(prompt="*price*").answer("price")
    assert result(fake, "extract", "the price") == "price"
    assert result(fake, "extract", "the name") == "any"
    assert result(fake, "ai_click", "the price") == "price"


def test_a_pattern_may_be_of_several_types_and_of_a_page(fake: FakeSkyvern):
    fake.on_action(type="ai_*", url="*/cart").answer("clicked")
    fake.on_action(type="ai_*", url="*/login").answer("never")
    assert result(fake, "ai_select_option", "a size") == "clicked"


def test_a_function_is_given_the_action(fake: FakeSkyvern):
    seen: list[SdkAction] = []

    def typed(action: SdkAction) -> str:
        seen.append(action)
        return "typed"

    fake.on_action(type="ai_input_text").answer(typed)
    assert result(fake, "ai_input_text", "the name", value="Ada") == "typed"
    (action,) = seen
    assert (action.type, action.prompt, action.url) == ("ai_input_text", "the name", URL)
    assert action.fields["value"] == "Ada"


def test_null_can_be_answered(fake: FakeSkyvern):
    fake.on_action(type="locate_element").answer(None)
    assert result(fake, "locate_element", "a button") is None


def test_an_error_of_a_function_comes_out_and_leaves_nothing(fake: FakeSkyvern):
    def wrong(_: SdkAction) -> str:
        raise ZeroDivisionError

    fake.on_action().answer(wrong)
    with pytest.raises(ZeroDivisionError):
        result(fake, "validate", "is it?")
    assert fake.runs == []
    assert list(fake.world.rows(Workflow)) == []
    assert [type(error) for error in fake.failures] == [ZeroDivisionError]


@pytest.mark.parametrize(
    ("kind", "name"), [("extract", "extract_schema"), ("prompt", "response_schema")]
)
def test_what_is_not_said_conforms_to_the_schema(fake: FakeSkyvern, kind: str, name: str):
    schema = {
        "type": "object",
        "properties": {"items": {"type": "array", "items": {"type": "integer"}, "minItems": 2}},
        "required": ["items"],
    }
    assert conforms(result(fake, kind, "all", **{name: schema}), schema) == []


def test_an_action_that_no_rule_fits_is_told(fake: FakeSkyvern):
    fake.on_action(type="extract", prompt="*price*").answer(1)
    result(fake, "extract", "the name")
    result(fake, "validate", "is it?")  # no rule is about such actions
    (advice,) = fake.world.advice
    assert advice.kind == "action_unmatched"
    assert advice.text == (
        "no rule fits this extract ('the name'); there is "
        "on_action(type='extract', prompt='*price*')"
    )


def test_an_unknown_type_is_refused_at_once(fake: FakeSkyvern):
    with pytest.raises(ValueError, match=r"'clik' fits no type .* Did you mean 'ai_click'\?"):
        fake.on_action(type="clik")


def test_an_answer_must_be_json(fake: FakeSkyvern):
    said = fake.on_action(type="extract")
    with pytest.raises(TypeError):
        said.answer(object())
    with pytest.raises(TypeError, match="at least one"):
        said.answer()
    assert fake.unanswered == [said]
    said.answer({"price": 1})
    assert fake.unanswered == []


def test_a_fork_goes_on_by_itself(fake: FakeSkyvern):
    fake.on_action().answer(1, 2, 3)
    assert result(fake, "extract") == 1
    twin = fake.fork()
    assert [result(twin, "extract"), result(twin, "extract")] == [2, 3]
    assert result(fake, "extract") == 2
    twin.on_action().answer("twin's")
    assert (result(twin, "extract"), result(fake, "extract")) == ("twin's", 3)


def test_actions_use_up_no_scripts_of_runs(fake: FakeSkyvern):
    fake.on().play(completed({"price": 1}))
    result(fake, "extract", "x")
    assert fake.world.rule_uses == {}
    assert fake.next_due() is None


def test_a_session_that_was_acted_in_can_become_a_profile(fake: FakeSkyvern):
    session = ask(fake, "POST /v1/browser_sessions", generate_browser_profile=True)
    session_id = session["browser_session_id"]
    ask(
        fake,
        "POST /v1/sdk/run_action",
        url=URL,
        browser_session_id=session_id,
        action={"type": "ai_act", "intention": "log in"},
    )
    ask(fake, f"POST /v1/browser_sessions/{session_id}/close")
    fake.advance(fake.world.now + 60 * 10**9)
    made = ask(fake, "POST /v1/browser_profiles", name="shop", browser_session_id=session_id)
    assert made["browser_profile_id"].startswith("bp_")


def test_an_action_that_nobody_asked_for_is_told_of():
    with fake_skyvern() as fake:
        fake.on_action(type="extract").answer(1)
        assert "on_action(type='extract').answer(...): no action matched" in fake.complaints()
