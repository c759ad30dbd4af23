"""Which operation a request asks for, and the real server's 404, 405 and 307."""

from __future__ import annotations

import pytest

from skyvern_testkit.api.routing import ROUTER, Matched, Redirect, Unroutable
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.operations import TABLE


def match(method: str, path: str):
    return ROUTER.match(Request.to(method, path))


@pytest.mark.parametrize(
    ("method", "path"), [route for operation in TABLE for route in operation.routes]
)
def test_every_spelling_leads_to_an_operation(method: str, path: str):
    found = match(method, path.replace("{", "").replace("}", ""))
    assert isinstance(found, Matched)


@pytest.mark.parametrize(
    ("method", "path", "operation", "params"),
    [
        ("GET", "/v1/runs/tsk_1", "get_run", {"run_id": "tsk_1"}),
        ("GET", "/v1/runs/cancel", "get_run", {"run_id": "cancel"}),  # facts: resources 1
        ("POST", "/v1/agents/runs", "update_workflow", {"workflow_id": "runs"}),
        ("GET", "/v1/workflows/runs", "get_workflow_runs", {}),
        ("POST", "/v1/run/workflows/", "run_workflow", {}),
        ("DELETE", "/api/v1/credentials/cred_1", "delete_credential", {"credential_id": "cred_1"}),
        ("POST", "/api/v1/totp", "send_totp_code", {}),
        ("GET", "/v1/%61gents", "get_workflows", {}),
    ],
)
def test_a_request_finds_its_operation(method: str, path: str, operation: str, params: dict):
    found = match(method, path)
    assert isinstance(found, Matched)
    assert (found.operation.name, found.params) == (operation, params)


@pytest.mark.parametrize(
    "path",
    ["/", "/v2/runs", "/V1/runs", "/v1//runs", "//v1/runs", "/v1/runs/a%2Fb", "/api/v1/agents"],
)
def test_a_path_that_no_route_has_is_404(path: str):
    assert match("GET", path) == Unroutable()


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/agents", "POST"),  # facts: resources 1: only the first route's methods
        ("HEAD", "/v1/version", "GET"),
        ("GET", "/v1/agents/", "POST"),
        ("GET", "/v1/agents/wpid_1/", "POST"),
    ],
)
def test_a_wrong_method_is_405_with_the_first_route_s_method(method: str, path: str, allow: str):
    assert match(method, path) == Unroutable(allow)


@pytest.mark.parametrize(
    ("method", "path", "to"),
    [
        ("GET", "/v1/agents/wpid_1/versions/", "/v1/agents/wpid_1/versions"),
        ("POST", "/v1/run/tasks/login/", "/v1/run/tasks/login"),
        ("GET", "/v1/schedules/", "/v1/schedules"),
    ],
)
def test_a_missing_slash_twin_is_redirected(method: str, path: str, to: str):
    assert match(method, path) == Redirect(to)


def test_a_declined_route_says_why_it_is_not_served():
    fake = FakeSkyvern()
    answer = fake.handle(Request.to("POST", "/v1/workflow/copilot/steer", body=b"{}"))
    assert answer.status == 501
    assert "only Skyvern's own web application calls it" in answer.body.decode()
    assert fake.handle(Request.to("PUT", "/v1/workflow/copilot/steer")).status == 405
