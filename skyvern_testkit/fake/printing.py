"""A running world printed back: the fake file, or the Python, that makes another like it.

What a file cannot hold (a function that decides, the secrets of credentials) is named in a comment,
never written; runs and what they left are the past, and no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Final, cast

from pydantic import BaseModel

from skyvern_testkit.api.workflows.models import request_model
from skyvern_testkit.api.workflows.smtp import OWN_KEYS
from skyvern_testkit.fake.redact import redact_text
from skyvern_testkit.script import RunScript, Script
from skyvern_testkit.script.actions import ActionMatch, ActionRule
from skyvern_testkit.script.fakefile.writing import write_yaml
from skyvern_testkit.script.match import Match, shown
from skyvern_testkit.script.printing import answers_as_json, rule_as_json
from skyvern_testkit.script.printing import as_code as script_as_code
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.world.rows import Credential, Profile, Session, Workflow
from skyvern_testkit.world.schemas import is_list, is_object
from skyvern_testkit.world.world import Rule

if TYPE_CHECKING:
    from skyvern_testkit.fake.fake import FakeSkyvern

__all__ = ["world_as_code", "world_as_yaml"]

HIDDEN: Final = "hidden"
"""Stands for every secret."""


def world_as_code(fake: FakeSkyvern, organization_id: str | None = None) -> str:
    """The rules of a world as the Python that says them, in order; the last one wins.

    Args:
        fake: whose world.
        organization_id: only its own rules, and those for all; None: every rule.
    """
    lines = [_rule_code(rule) for rule in _rules(fake, organization_id)]
    lines += [_action_code(rule) for rule in _action_rules(fake, organization_id)]
    return "".join(f"{line}\n" for line in lines)


def _rules(fake: FakeSkyvern, organization_id: str | None) -> list[Rule]:
    return [
        rule
        for rule in fake.world.rules
        if organization_id is None or rule.organization_id in (None, organization_id)
    ]


def _action_rules(fake: FakeSkyvern, organization_id: str | None) -> list[ActionRule]:
    rules = fake.world.action_rules
    return [rule for rule in rules if organization_id is None or rule.is_of(organization_id)]


def _rule_code(rule: Rule) -> str:
    scripts = ", ".join(_script_code(script) for script in rule.scripts)
    return redact_text(f"fake.on({_match_code(rule.match)}).play({scripts})")


def _action_code(rule: ActionRule) -> str:
    answers = ", ".join(
        getattr(answer, "__qualname__", repr(answer)) if callable(answer) else repr(answer)
        for answer in rule.answers
    )
    return redact_text(f"fake.on_action({_match_code(rule.match)}).answer({answers})")


def _match_code(match: Match | ActionMatch) -> str:
    return ", ".join(
        f"{item.name}={_pattern_code(value)}"
        for item in fields(match)
        if (value := getattr(match, item.name)) is not None
    )


def _pattern_code(value: Any) -> str:
    if isinstance(value, re.Pattern):
        pattern = cast("re.Pattern[str]", value)
        flags = pattern.flags & ~re.UNICODE
        return f"re.compile({pattern.pattern!r}{f', {flags}' if flags else ''})"
    return shown(value)


def _script_code(script: Script) -> str:
    return script_as_code(script) if isinstance(script, RunScript) else script.name


def world_as_yaml(fake: FakeSkyvern, organization_id: str | None = None) -> str:
    """A world as a fake file: its resources and rules.

    Args:
        fake: whose world.
        organization_id: whose resources; default: the world's own organisation's.
    """
    who = organization_id or fake.organization_id
    left_out: list[str] = []
    told: dict[str, Json] = {"format": 1}
    kinds: dict[str, list[Json]] = {
        "credentials": list(_credentials(fake, who, left_out)),
        "profiles": list(_profiles(fake, who)),
        "sessions": list(_sessions(fake, who)),
        "workflows": list(_workflows(fake, who)),
        "runs": list(_runs(fake, organization_id, left_out)),
        "actions": list(_actions(fake, organization_id, left_out)),
    }
    told |= {kind: items for kind, items in kinds.items() if items}
    comments = "".join(f"# left out: {line}\n" for line in left_out)
    return comments + write_yaml(told)


def _runs(fake: FakeSkyvern, who: str | None, left_out: list[str]) -> Iterator[Json]:
    for rule in _rules(fake, who):
        try:
            yield rule_as_json(rule.match, rule.scripts)
        except ValueError as error:
            left_out.append(redact_text(f"{shown(str(rule.match))}: {error}").replace("\n", " "))


def _actions(fake: FakeSkyvern, who: str | None, left_out: list[str]) -> Iterator[Json]:
    for rule in _action_rules(fake, who):
        try:
            yield answers_as_json(rule.match, rule.answers)
        except ValueError as error:
            left_out.append(redact_text(f"{rule.match}: {error}").replace("\n", " "))


def _some(values: Mapping[str, Any]) -> JsonObject:
    return {name: value for name, value in values.items() if value not in (None, False, [], {})}


def _credentials(fake: FakeSkyvern, who: str, left_out: list[str]) -> Iterator[Json]:
    for row in fake.world.rows(Credential, who):
        if row.type != "password":
            left_out.append(f"credential {row.id}: a {row.type}, which is all secret")
            continue
        secret = _some(
            {
                "username": row.shown.get("username"),
                "password": HIDDEN,
                "totp_type": None if row.totp_seed else str(row.shown.get("totp_type")),
                "totp_identifier": row.totp_identifier,
            }
        )
        if row.totp_seed:
            left_out.append(f"the seed of credential {row.id}: a secret")
        yield {
            "id": row.id,
            "name": row.name,
            "credential_type": row.type,
            "credential": {name: value for name, value in secret.items() if value != "none"},
        }


def _profiles(fake: FakeSkyvern, who: str) -> Iterator[Json]:
    for row in fake.world.rows(Profile, who):
        if not row.is_managed:  # else a run of its workflow makes it again
            yield _some({"id": row.id, "name": row.name, "description": row.description})


def _sessions(fake: FakeSkyvern, who: str) -> Iterator[Json]:
    for row in fake.world.rows(Session, who):
        if not row.is_over:
            yield _some(
                {
                    "id": row.id,
                    "timeout": row.timeout_minutes,
                    "browser_profile_id": row.browser_profile_id,
                    "generate_browser_profile": row.generate_browser_profile,
                }
            )


# --- workflows ------------------------------------------------------------------------------------

_MADE: Final = frozenset(
    {"output_parameter", "workflow_id", "created_at", "modified_at", "deleted_at", "version"}
)
"""Fields of an answer that the server makes."""


def _workflows(fake: FakeSkyvern, who: str) -> Iterator[Json]:
    seen = dict.fromkeys(row.permanent_id for row in fake.world.rows(Workflow, who))
    for permanent_id in seen:
        row = fake.world.workflow(permanent_id, who)
        if row is None or row.settings.get("status") == "auto_generated":
            continue
        asked: JsonObject = {
            "title": row.title,
            **_some(row.settings),
            "workflow_definition": _definition(row.definition, _declared(row.definition)),
        }
        model = request_model().model_validate(asked)
        yield {"id": permanent_id, **cast("JsonObject", _known(model, asked))}


_REFERENCES: Final = {
    "loop_over": "loop_over_parameter_key",
    "source": "source_parameter_key",
    **{
        f"smtp_{name}": f"smtp_{name}_secret_parameter_key"
        for name in ("host", "port", "username", "password")
    },
}
"""Fields of an answer that hold a whole parameter -> those of a request, which hold its key."""


def _declared(definition: JsonObject) -> frozenset[str]:
    parameters = cast("list[JsonObject]", definition.get("parameters") or [])
    return frozenset(str(item["key"]) for item in parameters if not _is_servers(item))


def _definition(value: Json, declared: frozenset[str]) -> Json:
    """A definition as it was asked for, of one as it is answered.

    Args:
        value: it, or a part of it.
        declared: the keys of its parameters; the server puts some in that nobody can ask for.
    """
    match value:
        case {"parameters": list(), "block_type": _}:
            keys = [item["key"] for item in cast("list[JsonObject]", value["parameters"])]
            rest = {name: part for name, part in value.items() if name != "parameters"}
            return {
                **cast("JsonObject", _definition(rest, declared)),
                **({"parameter_keys": keys} if keys else {}),
            }
        case dict():
            given = cast("JsonObject", value)
            return {
                name: _definition(part, declared)
                for name, part in (_asked(field, given, declared) for field in given)
                if name not in _MADE and part is not None
            }
        case _ if is_list(value):
            return [_definition(part, declared) for part in value if not _is_made(part)]
        case _:
            return value


def _asked(name: str, given: JsonObject, declared: frozenset[str]) -> tuple[str, Json]:
    """A field as it was asked for: of a parameter, its key."""
    part = given[name]
    if name not in _REFERENCES or not is_object(part) or "parameter_type" not in part:
        return name, part
    is_said = part["key"] in declared and not given.get("loop_variable_reference")
    return _REFERENCES[name], part["key"] if is_said else None


def _is_made(part: Json) -> bool:
    """Is it a parameter that nobody has asked for?"""
    return is_object(part) and (part.get("parameter_type") == "output" or _is_servers(part))


def _is_servers(part: JsonObject) -> bool:
    return part.get("parameter_type") == "aws_secret" and part.get("aws_key") in OWN_KEYS


def _known(model: Any, value: Any) -> Any:
    """Without the fields that no request has."""
    if isinstance(model, BaseModel) and isinstance(value, dict):
        known = type(model).model_fields
        given = cast("JsonObject", value)
        return {
            name: _known(getattr(model, name), part)
            for name, part in given.items()
            if name in known
        }
    if is_list(model) and is_list(value):
        return [_known(one, part) for one, part in zip(model, value, strict=False)]
    return value
