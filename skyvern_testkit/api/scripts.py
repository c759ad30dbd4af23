"""Scripts: uploaded, deployed, compared (facts: resources 11; recorded ``scripts``, ``scripts_versions``)."""

from __future__ import annotations

from base64 import b64decode
from enum import StrEnum
from pathlib import PurePosixPath, PureWindowsPath
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.runs.reading import find_run
from skyvern_testkit.wire.errors import Invalid, Refusal, ServerCrash, Unstorable, check_storable
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp, timestamp_or_none
from skyvern_testkit.world.script_cache import latest_versions, versions_of
from skyvern_testkit.world.scripts import ScriptFile, ScriptVersion

__all__ = ["ENDPOINTS", "FileBody", "code_of", "read_files"]

_MISSING: Final = "Script not found"
_NO_VERSION: Final = "Script version not found"
_SQL_MAX: Final = 2**63 - 1


# --- requests ---------------------------------------------------------------------------------


class Encoding(StrEnum):
    BASE64 = "base64"
    UTF8 = "utf-8"


def _checked(path: str) -> str:
    plain = "\\" not in path and "\0" not in path and not PureWindowsPath(path).drive
    if not plain or {"", ".", ".."}.intersection(path.split("/")):
        raise ValueError(
            "Script file path must be a relative POSIX path without empty, '.', '..', absolute, "
            "drive-qualified, backslash, or null-byte segments"
        )
    return path


class FileBody(Lazy):
    path: Annotated[str, AfterValidator(_checked)]
    content: Annotated[str, Field(repr=False)]
    encoding: Encoding = Encoding.BASE64
    mime_type: str | None = None


class CreateBody(Lazy):
    workflow_id: str | None = None
    run_id: str | None = None
    files: list[FileBody] | None = None


class DeployBody(Lazy):
    files: list[FileBody]


class ListQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1)] = 10


class CompareQuery(Lazy):
    base: int
    compare: int


class RunsQuery(Lazy):
    page_size: Annotated[int, Field(ge=1, le=100)] = 10
    version: int | None = None


def read_files(call: Call, bodies: list[FileBody] | None) -> tuple[ScriptFile, ...]:
    """The files of a request as they are kept.

    Raises:
        Refusal: 400 for content that is not what it is said to be, and for a path named twice.
    """
    found: dict[str, ScriptFile] = {}
    for body in bodies or []:
        content = _content(body)
        if body.path in found:
            raise Refusal(400, f"Duplicate script file path '{body.path}'")
        found[body.path] = ScriptFile(body.path, content, body.mime_type, call.now)
    return tuple(found.values())


def _content(body: FileBody) -> bytes:
    if body.encoding is Encoding.UTF8:
        return body.content.encode()
    try:
        content = b64decode(body.content, validate=True)
    except ValueError:
        raise Refusal(400, f"File '{body.path}' is not valid base64") from None
    if body.path.endswith(".py"):
        try:
            content.decode()
        except UnicodeDecodeError:
            raise Refusal(400, f"Python file '{body.path}' is not valid UTF-8") from None
    return content


def _can_be_kept(files: tuple[ScriptFile, ...]) -> bool:
    return all(_storable(file.path, file.mime_type) for file in files)


def _storable(*values: str | None) -> bool:
    try:
        check_storable(*values)
    except Unstorable:
        return False
    return True


# --- answers ----------------------------------------------------------------------------------


def _tree(files: tuple[ScriptFile, ...]) -> JsonObject:
    """The files as they are shown: only the first part of a path, a folder without what is in it."""
    tree: JsonObject = {}
    for file in files:
        name, *deeper = PurePosixPath(file.path).parts
        tree[name] = {
            "type": "directory" if deeper else "file",
            "size": None if deeper else len(file.content),
            "mime_type": None if deeper else file.mime_type,
            "content_hash": None if deeper else file.digest,
            "created_at": timestamp(file.created_at),
            "children": {} if deeper else None,
        }
    return tree


def _made(row: ScriptVersion, count: int, tree: JsonObject) -> JsonObject:
    return {
        "script_id": row.script_id,
        "version": row.version,
        "run_id": row.run_id,
        "file_count": count,
        "file_tree": tree,
        "created_at": timestamp(row.created_at),
    }


def _shown(row: ScriptVersion) -> JsonObject:
    return {
        "script_revision_id": row.id,
        "script_id": row.script_id,
        "organization_id": row.organization_id,
        "run_id": row.run_id,
        "version": row.version,
        "created_at": timestamp(row.created_at),
        "modified_at": timestamp(row.modified_at),
        "deleted_at": timestamp_or_none(row.deleted_at),
    }


def code_of(row: ScriptVersion | None) -> JsonObject:
    """The code of a version, or of none."""
    return {
        "blocks": dict(row.blocks) if row else {},
        "main_script": row.main_script if row else None,
        "script_id": row.script_id if row else None,
        "version": row.version if row else None,
    }


# --- handlers ---------------------------------------------------------------------------------


def create_script(call: Call) -> JsonObject:
    """A new script; the workflow that it names need not exist, the run must."""
    asked: CreateBody = call.body
    failed = Refusal(500, "Failed to create script")
    if not _storable(asked.run_id):
        raise failed
    if asked.run_id:
        find_run(call, asked.run_id, f"Run_id {asked.run_id} not found")
    files = read_files(call, asked.files)
    row = call.world.make(
        ScriptVersion,
        call.organization_id,
        script_id=call.world.new_id("s"),
        version=1,
        run_id=asked.run_id,
        files=files if _can_be_kept(files) else (),
    )
    if not _can_be_kept(files):
        raise failed
    return _made(row, len(files), _tree(files))


def _versions(call: Call) -> list[ScriptVersion]:
    return versions_of(call.world, call.params["script_id"], call.organization_id)


def _latest(call: Call) -> ScriptVersion:
    rows = _versions(call)
    if not rows:
        raise Refusal(404, _MISSING)
    return rows[-1]


def get_scripts(call: Call) -> list[JsonObject]:
    """Every script by its latest version, the one changed last first."""
    rows = latest_versions(call.world, call.organization_id)
    return [_shown(row) for row in page_of(rows, call.query.page, call.query.page_size)]


def get_script(call: Call) -> JsonObject:
    return _shown(_latest(call))


def deploy_script(call: Call) -> JsonObject:
    """A further version: what is not named anew comes over from the one before."""
    latest = _latest(call)
    files = read_files(call, call.body.files)
    fits = _can_be_kept(files)
    kept = {file.path: file for file in (*latest.files, *(files if fits else ()))}
    row = call.world.make(
        ScriptVersion,
        call.organization_id,
        script_id=latest.script_id,
        version=latest.version + 1,
        run_id=latest.run_id,
        files=tuple(kept.values()),
        blocks=latest.blocks,
    )
    if not fits:  # the version is there by then
        raise Refusal(500, "Failed to deploy script")
    return _made(row, len(files), {})


def run_script(_: Call) -> JsonObject:
    """The open-source server runs none, and looks for none."""
    raise Refusal(400, "Not implemented")


def get_script_versions(call: Call) -> JsonObject:
    return {
        "versions": [
            {
                "version": row.version,
                "script_revision_id": row.id,
                "created_at": timestamp(row.created_at),
                "run_id": row.run_id,
            }
            for row in reversed(_versions(call))
        ]
    }


def _number(call: Call) -> int:
    """The version in the path, read as the server reads numbers: ``1.0`` is one, too."""
    text = call.params["version"]
    whole, _, fraction = text.strip().partition(".")
    try:
        number = int(whole) if not fraction.strip("0") else None
    except ValueError:
        number = None
    if number is None:
        item = Invalid(
            "int_parsing",
            ("path", "version"),
            "Input should be a valid integer, unable to parse string as an integer",
            text,
        )
        raise Refusal(422, [item.full()])
    if abs(number) > _SQL_MAX:
        raise ServerCrash("OverflowError")
    return number


def _version(call: Call, number: int, refusal: str) -> ScriptVersion:
    found = next((row for row in _versions(call) if row.version == number), None)
    if found is None:
        raise Refusal(404, refusal)
    return found


def get_script_version(call: Call) -> JsonObject:
    return code_of(_version(call, _number(call), _NO_VERSION))


def get_script_version_detail(call: Call) -> JsonObject:
    row = _version(call, _number(call), _NO_VERSION)
    return {
        "script_id": row.script_id,
        "script_revision_id": row.id,
        "version": row.version,
        "created_at": timestamp(row.created_at),
        "run_id": row.run_id,
        "blocks": dict(row.blocks),
        "main_script": row.main_script,
        "fallback_episode_count": 0,
    }


def compare_script_versions(call: Call) -> JsonObject:
    asked: CompareQuery = call.query
    base = _version(call, asked.base, f"Base version {asked.base} not found")
    other = _version(call, asked.compare, f"Compare version {asked.compare} not found")
    sides = {"base": base, "compare": other}
    shown: JsonObject = {"script_id": base.script_id}
    for side, row in sides.items():
        shown |= {
            f"{side}_version": row.version,
            f"{side}_blocks": dict(row.blocks),
            f"{side}_main_script": row.main_script,
            f"{side}_created_at": timestamp(row.created_at),
            f"{side}_run_id": row.run_id,
        }
    return shown


def get_script_runs(call: Call) -> JsonObject:
    """Runs that were played by the script: the fake's runs play yours instead, so there are none."""
    _latest(call)
    version: int | None = call.query.version
    if version is not None and all(row.version != version for row in _versions(call)):
        raise Refusal(404, f"Script version {version} not found")
    return {"runs": [], "total_count": 0, "status_counts": {}, "avg_fallbacks_per_run": None}


ENDPOINTS = (
    Endpoint("create_script", create_script, body=CreateBody),
    Endpoint("get_scripts", get_scripts, query=ListQuery),
    Endpoint("get_script", get_script),
    Endpoint("deploy_script", deploy_script, body=DeployBody),
    Endpoint("scripts.run_script", run_script),
    Endpoint("get_script_versions", get_script_versions),
    Endpoint("get_script_version", get_script_version),
    Endpoint("get_script_version_detail", get_script_version_detail),
    Endpoint("compare_script_versions", compare_script_versions, query=CompareQuery),
    Endpoint("get_script_runs", get_script_runs, query=RunsQuery),
)
