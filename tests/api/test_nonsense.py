"""Whatever is sent is answered: nonsense never comes out as an exception, and changes nothing."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyvern_testkit.api.call import Endpoint
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Request
from tests.api.asking import ask, send

SERVED = sorted(endpoints().values(), key=lambda endpoint: endpoint.name)
EXAMPLES = 20
"""Of each operation."""

TEXTS = (
    *("", "0", "null", "ß", "\0", "completed", "pbs_1", "https://example.com", "US-CA", "UTC"),
    *("0001-01-01T00:00:00+14:00", "http://[", "{{ x }}", "bitwarden", "password", "totp"),
)
WORDS = st.sampled_from(TEXTS)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 400)
    | st.sampled_from([2**31, 2**63, -(2**63) - 1, 0.5, 1e308])
    | WORDS
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
VALID: dict[str, dict] = {
    "create_browser_profile": {"name": "other"},
    "create_credential": {
        "name": "c",
        "credential_type": "password",
        "credential": {"username": "u", "password": "p"},
    },
    "create_workflow": {
        "json_definition": {"title": "T", "workflow_definition": {"parameters": [], "blocks": []}}
    },
    "extend_browser_session": {"additional_minutes": 5},
    "login": {"credential_type": "skyvern", "url": "https://example.com"},
    "run_task": {"prompt": "p", "url": "https://example.com"},
    "send_totp_code": {"totp_identifier": "me", "content": "482913"},
}
"""What nonsense is mixed with, so that some of it gets past the models."""

JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def names_of(model: type | None) -> list[str]:
    return [] if model is None else list(model.model_fields)  # type: ignore[attr-defined]


def objects(names: list[str]) -> st.SearchStrategy[dict]:
    return st.dictionaries(st.sampled_from([*names, "zzz"]), JSON, max_size=5)


def ids(fake: FakeSkyvern) -> dict[str, str]:
    """One of each kind, so that some nonsense finds something to be about."""
    workflow = ask(
        fake,
        "POST /v1/workflows",
        json_definition={"title": "T", "workflow_definition": {"parameters": [], "blocks": []}},
    )["workflow_permanent_id"]
    run = ask(fake, "POST /v1/run/tasks", prompt="p", url="https://example.com")["run_id"]
    profile = ask(fake, "POST /v1/browser_profiles", name="p")["browser_profile_id"]
    return {
        "run_id": run,
        "workflow_run_id": run,
        "workflow_id": workflow,
        "workflow_permanent_id": workflow,
        "profile_id": profile,
        "browser_session_id": ask(fake, "POST /v1/browser_sessions")["browser_session_id"],
    }


@pytest.mark.parametrize("endpoint", SERVED, ids=lambda endpoint: endpoint.name)
def test_nonsense_is_answered_and_what_is_refused_changes_nothing(endpoint: Endpoint):
    world = FakeSkyvern()
    known = ids(world)
    operation = endpoint.operation
    params = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]

    @settings(max_examples=EXAMPLES, derandomize=True, database=None, deadline=None)
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        fake = world.fork()
        path = operation.path
        for name in params:
            choice = data.draw(st.sampled_from([known.get(name, "x_1"), "zzz"]) | WORDS)
            path = path.replace("{" + name + "}", quote(choice, safe="") or "%20")
        query = data.draw(st.dictionaries(st.sampled_from([*names_of(endpoint.query), "z"]), WORDS))
        fields = objects(names_of(endpoint.body))
        valid = VALID.get(endpoint.name, {})
        body = data.draw(JSON | fields | fields.map(lambda some: {**valid, **some}))
        headers = (("x-api-key", fake.api_key), ("content-type", "application/json"))
        request = Request.to(
            operation.method,
            f"{path}?{urlencode(query)}",
            headers=headers,
            body=json.dumps(body).encode() if endpoint.body else b"",
        )
        before = fake.world.fork()
        answer = fake.handle(request)
        if answer.status >= 400:
            assert fake.world.diff(before) == {}

    tried()


@pytest.mark.parametrize("name", VALID)
def test_one_odd_field_in_a_valid_request_is_answered(name: str):
    endpoint = endpoints()[name]
    world = FakeSkyvern()
    known = ids(world)
    for field in names_of(endpoint.body):
        for text in TEXTS:
            fake = world.fork()
            before = fake.world.fork()
            what = f"{endpoint.operation.method} {endpoint.operation.path.format(**known)}"
            if send(fake, what, **{**VALID[name], field: text}).status >= 400:
                assert fake.world.diff(before) == {}, (field, text)
