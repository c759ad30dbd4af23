"""The organisation of a key, what a key is worth, and workflows as raw YAML: hidden routes."""

import json
from typing import Any

import pytest

from skyvern_testkit.contract import Caller, Outcome, case

HIDDEN = "a route outside the public schema: the SDK has no method for it"
FLOW = b"title: Flow\nworkflow_definition:\n  parameters: []\n  blocks: []\n"
YAML = {"content-type": "text/plain"}


def update(skyvern: Caller, **body: Any) -> Outcome:
    headers = {"content-type": "application/json"}
    content = json.dumps(body).encode()
    return skyvern.send("PUT", "/api/v1/organizations", content=content, headers=headers)


@case("organizations.me", fact="recorded: organizations", raw_only=HIDDEN)
def test_a_key_opens_one_organisation(skyvern: Caller) -> None:
    me = skyvern.call("get_current_organization").ok()
    assert skyvern.call("get_organizations").ok() == {"organizations": [me]}


@case("organizations.update", fact="recorded: organizations", raw_only=HIDDEN)
def test_a_setting_is_kept_and_null_leaves_it(skyvern: Caller) -> None:
    update(skyvern, max_steps_per_run=7).ok()
    kept = update(skyvern, max_steps_per_run=None).ok()
    assert kept["max_steps_per_run"] == 7


@case("organizations.update.expiry", fact="recorded: organizations", raw_only=HIDDEN)
def test_addresses_are_good_for_an_hour_at_least(skyvern: Caller) -> None:
    asked = update(skyvern, artifact_url_expiry_seconds=60)
    asked.refused(400, "artifact_url_expiry_seconds must be between 3600 and 604800 seconds")


@case("organizations.keys", fact="recorded: organizations", raw_only=HIDDEN)
def test_its_keys_are_shown(skyvern: Caller) -> None:
    me = skyvern.call("get_current_organization").ok()["organization_id"]
    (key,) = skyvern.call("get_api_keys", organization_id=me).ok()["api_keys"]
    assert (key["token_type"], key["valid"], bool(key["token"])) == ("api", True, True)


@case("organizations.keys.foreign", fact="recorded: organizations", raw_only=HIDDEN)
def test_the_keys_of_others_are_not(skyvern: Caller) -> None:
    me = skyvern.call("get_current_organization").ok()["organization_id"]
    asked = skyvern.stranger().call("get_api_keys", organization_id=me)
    asked.refused(403, "You do not have permission to access this organization")


@case("auth_status.ok", fact="recorded: status", raw_only=HIDDEN)
def test_a_key_that_counts(skyvern: Caller) -> None:
    assert skyvern.call("get_auth_status").ok() == {"status": "ok"}


@pytest.mark.parametrize(
    ("key", "status"), [("", "missing_api_key"), ("'quoted'", "invalid_format")]
)
@case("auth_status.worthless", fact="recorded: status", raw_only=HIDDEN)
def test_a_key_that_does_not_is_no_error(skyvern: Caller, key: str, status: str) -> None:
    assert skyvern.with_key(key).call("get_auth_status").ok()["status"] == status


@case("workflows.raw.create", fact="resources 1, paths and aliases", raw_only=HIDDEN)
def test_yaml_needs_no_wrapper_there(skyvern: Caller) -> None:
    made = skyvern.send("POST", "/api/v1/workflows", content=FLOW, headers=YAML).ok()
    assert (made["title"], made["version"]) == ("Flow", 1)


@case("workflows.raw.update", fact="resources 1, paths and aliases", raw_only=HIDDEN)
def test_an_update_is_the_next_version(skyvern: Caller) -> None:
    made = skyvern.send("POST", "/api/v1/workflows", content=FLOW, headers=YAML).ok()
    path = f"/api/v1/workflows/{made['workflow_permanent_id']}"
    assert skyvern.send("PUT", path, content=FLOW, headers=YAML).ok()["version"] == 2


@case("workflows.template", fact="resources 3", raw_only=HIDDEN)
def test_a_template_stays_one_in_its_next_version(skyvern: Caller) -> None:
    made = skyvern.send("POST", "/api/v1/workflows", content=FLOW, headers=YAML).ok()
    path = f"/v1/workflows/{made['workflow_permanent_id']}"
    skyvern.send("PUT", f"{path}/template?is_template=true").ok()
    skyvern.send("PUT", f"/api{path}", content=FLOW, headers=YAML).ok()
    assert skyvern.send("GET", path).ok()["is_template"] is True


@case("workflows.templates.open", fact="recorded: rawyaml", raw_only=HIDDEN)
def test_templates_of_all_are_none_and_need_no_key(skyvern: Caller) -> None:
    assert skyvern.with_key("").call("get_workflow_templates").ok() == []


@case("webhook_receiver.unsigned", fact="recorded: status", raw_only=HIDDEN)
def test_the_receiver_wants_a_signature(skyvern: Caller) -> None:
    asked = skyvern.send("POST", "/api/v1/webhook", content=b"{}")
    asked.refused(400, "Missing webhook signature or timestamp")
