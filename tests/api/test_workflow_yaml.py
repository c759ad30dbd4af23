"""Definitions in YAML: the bounds of the kit's reader, which no recording shows."""

from __future__ import annotations

import subprocess
import sys

import pytest

from skyvern_testkit.api.workflows.yamltext import MAX_CHARACTERS, MAX_DEPTH
from skyvern_testkit.fake.fake import FakeSkyvern
from tests.api.asking import ask, refused, send

AGENTS = "POST /v1/agents"
END = "workflow_definition: {parameters: [], blocks: []}\n"


@pytest.fixture
def fake() -> FakeSkyvern:
    return FakeSkyvern(seed=5)


def laughs(levels: int) -> str:
    """Ten times ten times ten ... values in a few lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        inner = ", ".join([f"*a{level - 1}"] * 10)
        lines.append(f"a{level}: &a{level} [{inner}]")
    return "\n".join([*lines, "title: T", END])


def nested(depth: int) -> str:
    return f"title: T\nmore: {'[' * depth}{']' * depth}\n{END}"


def chained(times: int) -> str:
    """Each list holds the one before, so that aliases make the depth."""
    lines = ["a0: &a0 []", *(f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, times))]
    return "\n".join([*lines, "title: T", END])


@pytest.mark.parametrize("text", [laughs(3), nested(MAX_DEPTH - 10), chained(MAX_DEPTH - 10)])
def test_what_is_within_the_bounds_is_read(fake: FakeSkyvern, text: str):
    assert ask(fake, AGENTS, yaml_definition=text)["title"] == "T"


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (laughs(9), "of 100,000 values"),
        (nested(MAX_DEPTH + 10), "nested 200 deep"),
        (nested(50_000), "nested 200 deep"),
        (chained(MAX_DEPTH + 10), "nested 200 deep"),
        (f"title: T\n{END}#{'x' * MAX_CHARACTERS}", "of 1,048,576 characters"),
    ],
    ids=["laughs", "nested", "nested without end", "chained", "long"],
)
def test_what_is_beyond_the_bounds_is_said_so(fake: FakeSkyvern, text: str, bound: str):
    detail = f"skyvern-testkit reads YAML {bound} at most; the real server reads more."

    assert refused(fake, AGENTS, yaml_definition=text) == (501, detail)


@pytest.mark.parametrize(
    "text", ["&a [*a]", "title: T\nmodel: &a {b: *a}", f"title: &a [[*a]]\n{END}"]
)
def test_what_holds_itself_is_no_definition(fake: FakeSkyvern, text: str):
    assert refused(fake, AGENTS, yaml_definition=text) == (
        500,
        "Failed to create workflow. Error: maximum recursion depth exceeded",
    )


def test_bytes_that_are_no_text_are_refused(fake: FakeSkyvern):
    status, _ = refused(
        fake, AGENTS, yaml_definition=f"title: T\nmodel: {{a: !!binary /w==}}\n{END}"
    )

    assert status == 500
    assert ask(fake, "GET /v1/agents") == []


def test_the_reader_is_imported_by_the_first_definition_in_yaml():
    program = (
        "import sys\n"
        "from skyvern_testkit.fake.fake import FakeSkyvern\n"
        "from tests.api.asking import ask\n"
        "fake = FakeSkyvern()\n"
        "definition = {'title': 'T', 'workflow_definition': {'parameters': [], 'blocks': []}}\n"
        "ask(fake, 'POST /v1/agents', json_definition=definition)\n"
        "print('yaml' in sys.modules)\n"
        f"ask(fake, 'POST /v1/agents', yaml_definition='title: T\\n' + {END!r})\n"
        "print('yaml' in sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )

    assert done.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("ending", ["1", "1.5"])
def test_numbers_in_sixties_take_no_time(ending):
    """Read as YAML 1.1 has it, they take time by the square of their length."""
    response = send(FakeSkyvern(), "POST /v1/agents", yaml_definition="a: " + "1:" * 5000 + ending)
    assert response.status == 501
    assert b"4,300" in response.body
