"""Making a fake file come true in a world, all of it or nothing.

Resources are made by the handlers of the API itself, so whatever the real server refuses is refused
here, at the line of the file where it stands. First everything is made in a fork of the world.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import BaseModel

from skyvern_testkit.api.call import Endpoint
from skyvern_testkit.api.endpoints import endpoints
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.performing import TakesTime, perform
from skyvern_testkit.script.fakefile import KINDS, FakeFile, FakeFileError, Problem, Resource
from skyvern_testkit.script.fakefile.nodes import Node
from skyvern_testkit.script.fakefile.problems import nearest
from skyvern_testkit.wire.errors import Refusal, ServerCrash
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Credential, Organization, Profile, Row, Session
from skyvern_testkit.world.schemas import is_list, is_object
from skyvern_testkit.world.sdk_actions import add_action_rule
from skyvern_testkit.world.world import Rule

__all__ = ["Loaded", "check", "furnish", "load"]


@dataclass(frozen=True, slots=True)
class Maker:
    """How a resource of a fake file is made.

    Args:
        operation: the operation that makes it.
        id: the field of the answer that has its id.
        wrapped: the field of the request that the file's mapping goes into.
        table: its rows, where the id is a row's own.
    """

    operation: str
    id: str
    wrapped: str | None = None
    table: type[Row] | None = None


_MAKERS: Final[Mapping[str, Maker]] = {
    "credentials": Maker("create_credential", "credential_id", table=Credential),
    "profiles": Maker("create_browser_profile", "browser_profile_id", table=Profile),
    "sessions": Maker("create_browser_session", "browser_session_id", table=Session),
    "workflows": Maker("create_workflow", "workflow_permanent_id", wrapped="json_definition"),
}

_CREDENTIAL_MODELS: Final = {
    "password": "NonEmptyPasswordCredential",
    "credit_card": "NonEmptyCreditCardCredential",
    "secret": "SecretCredential",
}
"""The server's error lists every kind of credential; a person meant one."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a fake file has become.

    Args:
        ids: kind of resource (``workflows``, ...) -> the ids, in the file's order.
        rules: which runs play what, in the file's order.
    """

    ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    rules: tuple[Rule, ...] = ()


def check(
    fake: FakeSkyvern, file: FakeFile, organization_id: str | None = None
) -> tuple[Problem, ...]:
    """What this world would refuse of a fake file, for one organisation or all; it stays as it is."""
    twin = fake.fork()
    problems: list[Problem] = []
    for one in _organizations(twin, organization_id):
        for resource in file.resources:
            try:
                _make(twin, resource, one)
            except _Refused as refused:
                problems += [
                    file.problem(resource.node.at(*way), text) for way, text in refused.reasons
                ]
    return tuple(dict.fromkeys(problems))


def furnish(fake: FakeSkyvern, file: FakeFile, organization_id: str) -> dict[str, tuple[str, ...]]:
    """Make the resources of a fake file in one organisation.

    Returns:
        kind of resource -> the ids, in the file's order.

    Raises:
        FakeFileError: the world refuses something; what stands before it in the file is made.
    """
    ids: dict[str, tuple[str, ...]] = dict.fromkeys(KINDS, ())
    for resource in file.resources:
        try:
            ids[resource.kind] += (_make(fake, resource, organization_id),)
        except _Refused as refused:
            problems = [file.problem(resource.node.at(*way), text) for way, text in refused.reasons]
            raise FakeFileError(file.source, problems) from None
    return ids


def _organizations(fake: FakeSkyvern, organization_id: str | None) -> list[str]:
    if organization_id is not None:
        return [organization_id]
    return [row.id for row in fake.world.rows(Organization)]


def load(fake: FakeSkyvern, file: FakeFile, organization_id: str | None = None) -> Loaded:
    """Make everything that a fake file describes, in one organisation or in all that there are.

    Use :meth:`FakeSkyvern.populate`, which thinks of those to come, too.

    Raises:
        FakeFileError: the world refuses something; then nothing was made.
    """
    problems = check(fake, file, organization_id)
    if problems:
        raise FakeFileError(file.source, problems)
    made = {one: furnish(fake, file, one) for one in _organizations(fake, organization_id)}
    ids = made[organization_id or fake.organization_id]
    rules = [fake.world.add_rule(it.match, it.scripts, organization_id) for it in file.rules]
    for it in file.actions:
        add_action_rule(fake.world, it.match, it.answers, organization_id)
    return Loaded(ids, tuple(rules))


Way = tuple[str | int, ...]


class _Refused(Exception):
    """A resource cannot be made: where in its mapping, and why."""

    def __init__(self, reasons: list[tuple[Way, str]]) -> None:
        super().__init__(reasons)
        self.reasons = reasons


def _make(fake: FakeSkyvern, resource: Resource, organization_id: str) -> str:
    maker = _MAKERS[resource.kind]
    world = fake.world
    if resource.id is not None:
        if _is_taken(fake, maker, resource.id, organization_id):
            raise _Refused([(("id",), f"the world has a `{resource.id}` already")])
        world.chosen_ids[KINDS[resource.kind].prefix] = resource.id
    try:
        answer = _served(fake, endpoints()[maker.operation], resource, maker, organization_id)
    finally:
        world.chosen_ids.clear()
    return str(answer[maker.id])


def _is_taken(fake: FakeSkyvern, maker: Maker, id: str, organization_id: str) -> bool:
    if maker.table is None:
        return bool(fake.world.workflow_versions(id, organization_id))
    return fake.world.get_deleted(maker.table, id, organization_id) is not None


def _served(
    fake: FakeSkyvern,
    endpoint: Endpoint,
    resource: Resource,
    maker: Maker,
    organization_id: str,
) -> JsonObject:
    asked: Json = {maker.wrapped: resource.body} if maker.wrapped else resource.body
    try:
        done = perform(fake, endpoint, asked, organization_id=organization_id)
    except Refusal as refusal:
        raise _Refused(_meant(_reasons(refusal.detail), resource)) from None
    except ServerCrash as crash:
        text = f"the real server crashes on this: {crash.name}"
        raise _Refused([((), text)]) from None
    except TakesTime:
        text = "this would take time: a fake begins with what is there at once"
        raise _Refused([((), text)]) from None
    model = getattr(done.call.body, maker.wrapped) if maker.wrapped else done.call.body
    if unknown := list(_unknown(model, resource.node)):
        raise _Refused(unknown)
    answer: JsonObject = done.answer
    return answer


def _reasons(detail: Json) -> list[tuple[Way, str]]:
    """The places and texts of a ``detail``: a 422 list, an object with a message, or a text."""
    if is_list(detail):
        return [(tuple(item["loc"]), item["msg"]) for item in detail]
    if is_object(detail):
        return [((), str(detail.get("message", detail)))]
    return [((), str(detail))]


def _meant(reasons: list[tuple[Way, str]], resource: Resource) -> list[tuple[Way, str]]:
    """Without what the server says about the kinds of credential that this one is not."""
    model = _CREDENTIAL_MODELS.get(str(resource.body.get("credential_type")))
    if resource.kind != "credentials" or model is None:
        return reasons
    others = set(_CREDENTIAL_MODELS.values()) - {model}
    return [
        (way, text)
        for way, text in reasons
        if not any(other in str(step) for step in way for other in others)
    ] or reasons


def _unknown(model: Any, node: Node, way: Way = ()) -> Iterator[tuple[Way, str]]:
    """Fields that the real server would ignore: in a file they are mistakes."""
    if isinstance(model, BaseModel) and node.fields is not None:
        known = type(model).model_fields
        for name, part in node.fields.items():
            if name in known:
                yield from _unknown(getattr(model, name), part, (*way, name))
            elif way or name != "id":
                yield (*way, name), f"the server would ignore `{name}` here.{nearest(name, known)}"
    elif is_list(model) and node.items is not None:
        for index, (item, part) in enumerate(zip(model, node.items, strict=False)):
            yield from _unknown(item, part, (*way, index))
