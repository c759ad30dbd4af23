"""A dialect says nothing that its own SDK could not read: the words of the table against those of the released wheels.

``contracts/sdk_words.json`` holds what each release knows, read from the wheels by ``make sdk-matrix``.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from pydantic import TypeAdapter, ValidationError

from skyvern_testkit.api.artifacts import ArtifactType
from skyvern_testkit.api.credentials.requests import CredentialType, TotpType, VaultType
from skyvern_testkit.api.dialects import NEWEST, dialect_named
from skyvern_testkit.api.difference import RELEASES
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.api.fields import ProxyLocation
from skyvern_testkit.api.runs.requests import RunEngine
from skyvern_testkit.api.sessions import Extensions, PersistentBrowserType
from skyvern_testkit.api.workflows.blocks import BLOCKS
from skyvern_testkit.api.workflows.parameters import PARAMETERS
from skyvern_testkit.api.workflows.words import ENUMERATIONS
from skyvern_testkit.contractfiles import read_contract
from skyvern_testkit.fake.fake import FakeSkyvern
from tests.api.asking import ask, refused
from tools.sdk_matrix.releases import within

OURS: Final[dict[str, tuple[str, set[str]]]] = {
    "RunEngine": ("RunEngine", {*RunEngine}),
    "ProxyLocation": ("ProxyLocation", {*ProxyLocation}),
    "Extensions": ("Extensions", {*Extensions}),
    "PersistentBrowserType": ("PersistentBrowserType", {*PersistentBrowserType}),
    "CredentialTypeOutput": ("CredentialType", {*CredentialType}),
    "CredentialVaultType": ("VaultType", {*VaultType}),
    "TotpType": ("TotpType", {*TotpType}),
    "ArtifactType": ("ArtifactType", {*ArtifactType}),
    "FileType": ("FileType", set(ENUMERATIONS["FileType"].split())),
    "FileStorageType": ("FileStorageType", set(ENUMERATIONS["FileStorageType"].split())),
    "block_type": ("BlockType", {row.type for row in BLOCKS}),
    "parameter_type": ("ParameterType", {row.type for row in PARAMETERS}),
}
"""As the SDK calls it -> as the table does, and the words of the newest release."""

UNREADABLE: Final = {"data_export", "terminate", "web_search"}
"""Blocks that the newest server takes, and the newest SDK cannot read (contracts/recorded, blocks)."""


def sdk_words(name: str, release: str) -> set[str]:
    known: dict[str, str] = read_contract("sdk_words.json")[name]
    return {
        word
        for word, releases in known.items()
        if any(release in within(part) for part in releases.split(", "))
    }


def our_words(name: str, release: str) -> set[str]:
    ours, newest = OURS[name]
    missing = dialect_named(release).missing_words
    return {str(word) for word in newest if (ours, str(word)) not in missing}


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_dialect_takes_the_words_of_its_sdk_and_no_others(name: str, release: str):
    known = sdk_words(name, release)
    if not known:
        return  # nothing takes one: the field came later, which is another row's business
    unread = UNREADABLE if release == NEWEST else set()
    assert our_words(name, release) - unread <= known
    assert known & {str(word) for word in OURS[name][1]} <= our_words(name, release)


@pytest.mark.parametrize("release", ["1.0.0", "1.0.2", "1.0.11", "1.0.24", "1.0.32", "1.0.37"])
def test_a_block_that_the_sdk_could_not_read_back_is_refused(release: str):
    body = endpoints()["create_workflow"].body
    assert body is not None
    adapter = TypeAdapter(dialect_named(release).model_of("create_workflow", body))

    def is_tag(word: str) -> bool:
        block = {"block_type": word, "label": "b"}
        definition = {"parameters": [], "blocks": [block]}
        asked: Any = {"json_definition": {"title": "T", "workflow_definition": definition}}
        try:
            adapter.validate_python(asked)
        except ValidationError as error:
            return all(item["type"] != "union_tag_invalid" for item in error.errors())
        return True

    taken = {row.type for row in BLOCKS if is_tag(row.type)}
    assert taken == sdk_words("block_type", release) & {row.type for row in BLOCKS}


def test_a_block_in_yaml_or_in_a_loop_is_refused_as_well():
    fake = FakeSkyvern(dialect="1.0.31")
    condition = {"expression": "{{ more }}"}
    inner = {"block_type": "while_loop", "label": "w", "loop_blocks": [], "condition": condition}
    loop = {
        "block_type": "for_loop",
        "label": "f",
        "loop_blocks": [inner],
        "loop_variable_reference": "{{ all }}",
    }
    definition = {
        "title": "T",
        "workflow_definition": {"parameters": [], "blocks": [loop]},
    }
    assert ask(FakeSkyvern(dialect="1.0.32"), "POST /v1/workflows", json_definition=definition)
    status, detail = refused(fake, "POST /v1/workflows", json_definition=definition)
    assert (status, detail[0]["type"]) == (422, "literal_error")  # as of any word inside a loop
    text = "{title: T, workflow_definition: {parameters: [], blocks: [{block_type: while_loop}]}}"
    status, detail = refused(fake, "POST /v1/workflows", yaml_definition=text)
    assert status == 422
    assert "Input tag 'while_loop' found using 'block_type'" in detail


@pytest.mark.parametrize("release", RELEASES)
def test_every_engine_that_is_taken_gives_a_run_that_the_sdk_can_read(release: str):
    fake = FakeSkyvern(dialect=release)
    for engine in sorted(our_words("RunEngine", release) - {"ui-tars"}):  # a server must be set up
        run = ask(fake, "POST /v1/run/tasks", prompt="p", url="https://example.com", engine=engine)
        read = ask(fake, f"GET /v1/runs/{run['run_id']}")
        assert read["run_type"] in sdk_words("run_type", release)


def test_a_word_of_a_later_release_is_refused_with_the_words_of_this_one():
    fake = FakeSkyvern(dialect="1.0.48")
    status, detail = refused(
        fake, "POST /v1/run/tasks", prompt="p", url="https://example.com", engine="skyvern-3.0"
    )
    assert (status, detail[0]["type"], detail[0]["loc"]) == (422, "enum", ["body", "engine"])
    assert "'yutori-navigator'" in detail[0]["msg"]
    assert "skyvern-3.0" not in detail[0]["msg"]


def test_a_default_that_came_later_was_no_default():
    block = {"block_type": "file_url_parser", "label": "b", "file_url": "https://example.com/a"}
    definition = {"title": "T", "workflow_definition": {"parameters": [], "blocks": [block]}}
    fake = FakeSkyvern(dialect="1.0.31")
    status, detail = refused(fake, "POST /v1/workflows", json_definition=definition)
    assert (status, detail[0]["type"], detail[0]["loc"][-1]) == (422, "missing", "file_type")
    assert ask(FakeSkyvern(dialect="1.0.32"), "POST /v1/workflows", json_definition=definition)
