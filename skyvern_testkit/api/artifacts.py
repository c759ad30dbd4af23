"""What runs leave behind: the list of a run's artifacts, and their bytes."""

from __future__ import annotations

import hmac
import re
from enum import StrEnum
from typing import Final
from urllib.parse import quote

from skyvern_testkit.api.call import Answer, Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.files import artifact_url, checksum, signature_of, wire_filename
from skyvern_testkit.script import Family
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.http import Headers
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp
from skyvern_testkit.world.advice import advise
from skyvern_testkit.world.drawing import content_of
from skyvern_testkit.world.rows import Artifact, Run, Upload

__all__ = ["ENDPOINTS", "artifact_body"]


class ArtifactType(StrEnum):
    RECORDING = "recording"
    AUDIO = "audio"
    SESSION_REPLAY = "session_replay"
    EVAL_SCORE = "eval_score"
    EVAL_TRAJECTORY = "eval_trajectory"
    EVAL_RUBRICS = "eval_rubrics"
    BROWSER_CONSOLE_LOG = "browser_console_log"
    BROWSER_SESSION_ACTION_LOG = "browser_session_action_log"
    SKYVERN_LOG = "skyvern_log"
    SKYVERN_LOG_RAW = "skyvern_log_raw"
    SCREENSHOT = "screenshot"
    SCREENSHOT_LLM = "screenshot_llm"
    SCREENSHOT_ACTION = "screenshot_action"
    SCREENSHOT_FINAL = "screenshot_final"
    SCREENSHOT_PROXY = "screenshot_proxy"
    SCREENSHOT_PRE_SUBMIT = "screenshot_pre_submit"
    LLM_PROMPT = "llm_prompt"
    LLM_REQUEST = "llm_request"
    LLM_RESPONSE = "llm_response"
    LLM_RESPONSE_PARSED = "llm_response_parsed"
    LLM_RESPONSE_RENDERED = "llm_response_rendered"
    VISIBLE_ELEMENTS_ID_CSS_MAP = "visible_elements_id_css_map"
    VISIBLE_ELEMENTS_ID_FRAME_MAP = "visible_elements_id_frame_map"
    VISIBLE_ELEMENTS_TREE = "visible_elements_tree"
    VISIBLE_ELEMENTS_TREE_TRIMMED = "visible_elements_tree_trimmed"
    VISIBLE_ELEMENTS_TREE_IN_PROMPT = "visible_elements_tree_in_prompt"
    HASHED_HREF_MAP = "hashed_href_map"
    VISIBLE_ELEMENTS_ID_XPATH_MAP = "visible_elements_id_xpath_map"
    HTML = "html"
    HTML_SCRAPE = "html_scrape"
    HTML_ACTION = "html_action"
    HTML_PRE_SUBMIT = "html_pre_submit"
    TRACE = "trace"
    HAR = "har"
    SCRIPT_FILE = "script_file"
    PDF = "pdf"
    STEP_ARCHIVE = "step_archive"
    TASK_ARCHIVE = "task_archive"
    DOWNLOAD = "download"
    UNKNOWN = "unknown"


def get_artifact(call: Call) -> JsonObject:
    """One artifact, as the list of its run has it (recorded group ``artifacts``)."""
    artifact_id = call.params["artifact_id"]
    artifact = call.find(Artifact, artifact_id, f"Artifact not found {artifact_id}")
    return artifact_body(call, call.world.run(artifact.run_id), artifact)


def get_artifact_signed_url(call: Call) -> JsonObject:
    """An address that opens the artifact without a key (recorded: ``extras.signed_own``)."""
    artifact_id = call.params["artifact_id"]
    artifact = call.find(Artifact, artifact_id, f"Artifact not found {artifact_id}")
    url = artifact_url(call.world.run(artifact.run_id), artifact, call.links)
    return {"artifact_id": artifact.id, "signed_url": url, "expires_at": None}


class ArtifactsQuery(Lazy):
    artifact_type: list[ArtifactType] | None = None


def get_run_artifacts(call: Call) -> list[JsonObject]:
    """A run's artifacts, oldest first; of an unknown run there are none (facts: runs 6).

    Those of a 2.0 task are found under its hidden workflow run alone (recorded life ``t2_nav``).
    """
    run_id = call.params["run_id"]
    runs = call.world.rows(Run, call.organization_id)
    run = next((row for row in runs if run_id == (row.hidden_run_id or row.id)), None)
    if run is None:
        who = call.organization_id
        advise(call.world, "artifacts_of_nobody", organization_id=who, run=run_id)
        return []
    wanted = call.query.artifact_type
    found = [
        artifact
        for artifact in call.world.rows(Artifact, call.organization_id)
        if artifact.run_id == run.id
        and (not wanted or artifact.type in wanted)
        and (run.is_over or artifact.type != "download")  # stored at the end alone
    ]
    return [artifact_body(call, run, artifact) for artifact in sorted(found, key=_age)]


def _age(artifact: Artifact) -> int:
    return artifact.created_at


def artifact_body(call: Call, run: Run, artifact: Artifact) -> JsonObject:
    """An artifact as every list has it."""
    work = run.hidden_run_id or run.id
    return {
        "created_at": timestamp(artifact.created_at),
        "modified_at": timestamp(artifact.modified_at),
        "artifact_id": artifact.id,
        "artifact_type": artifact.type,
        "uri": f"s3://skyvern-artifacts/{artifact.organization_id}/{run.id}/"
        f"{artifact.id}_{wire_filename(run, artifact)}",
        "bundle_key": None,
        "checksum": checksum(artifact) if artifact.type == "download" else None,
        "file_size": _size(call, run, artifact),
        "task_id": artifact.task_id,
        "step_id": artifact.step_id,
        "workflow_run_id": None if run.family is Family.TASK else work,
        "workflow_run_block_id": artifact.workflow_run_block_id,
        "run_id": work,
        "browser_session_id": None,
        "observer_cruise_id": None,
        "observer_thought_id": None,
        "ai_suggestion_id": None,
        "signed_url": artifact_url(run, artifact, call.links),
        "archived": False,
        "organization_id": artifact.organization_id,
    }


def _size(call: Call, run: Run, artifact: Artifact) -> int:
    """Bytes; by its row a recording that still grows has none (recorded lives)."""
    if artifact.type == "recording" and artifact.id == run.recording:
        growing = not run.recording_is_final and run.browser_session_id is None
        if growing:
            return 0
    return len(content_of(call.world, artifact))


_RANGE = re.compile(r"bytes=\s*(\d*)-(\d*)$", re.IGNORECASE)


class ContentQuery(Lazy):
    sig: str | None = None
    expiry: str | None = None
    kid: str | None = None


_SIGNATURE: Final = ("sig", "expiry", "kid")


def get_artifact_content(call: Call) -> Answer:
    """The bytes of an artifact: with a key, or with the signature of its URL."""
    artifact_id, part = call.params["artifact_id"], call.request.header("range")
    signed = all(getattr(call.query, name) is not None for name in _SIGNATURE)
    if signed:
        _check_signature(call, artifact_id)
        upload = call.world.get(Upload, artifact_id)
        if upload is not None:
            name = upload.filename or upload.id
            return _ranged(upload.content, upload.content_type, part, filename=name, attached=True)
    artifact = call.world.get(Artifact, artifact_id, None if signed else call.organization_id)
    if artifact is None:
        raise Refusal(404, f"Artifact not found {artifact_id}")
    run = call.world.run(artifact.run_id)
    filename = wire_filename(run, artifact)
    recorded = artifact.type == "recording" and filename.endswith(".mp4")
    return _ranged(
        content_of(call.world, artifact),
        "video/mp4" if recorded else artifact.content_type,
        part,
        filename=filename,
        attached=artifact.type == "download",
    )


def _check_signature(call: Call, artifact_id: str) -> None:
    """Refuse an address whose signature is wrong or too old."""
    sig, expiry = call.query.sig, call.query.expiry
    right = signature_of(artifact_id, expiry, call.links)
    if not (expiry.isdigit() and hmac.compare_digest(right.encode(), sig.encode())):
        raise Refusal(403, "Invalid artifact URL signature")
    if int(expiry) * SECOND < call.now:
        raise Refusal(403, "Artifact URL has expired")


_ANY_PAGE: Final = (
    "content-security-policy",
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
)
"""What a browser may do with HTML that came from some web page: nothing."""


_NO_END = re.compile(":0+")
"""The last none bytes: as if no part was asked for."""
_NOT_PLAIN = re.compile(r"[^ !#-\[\]-~]")
"""What may not stand between the quotes of a header."""


def _ranged(
    content: bytes, content_type: str, asked: str | None, *, filename: str, attached: bool
) -> Answer:
    """The file, or the part of it that was asked for (recorded life ``artifact_reads``)."""
    size = len(content)
    shown = "inline"
    if attached:
        plain = _NOT_PLAIN.sub("_", filename)
        shown = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
    head: Headers = (
        ("content-disposition", shown),
        ("cache-control", "private, no-cache"),
        ("x-content-type-options", "nosniff"),
        ("accept-ranges", "bytes"),
        *((_ANY_PAGE,) if content_type.startswith("text/html") else ()),
    )
    kind = ("content-type", content_type)
    match = _RANGE.match(asked.strip()) if asked else None
    if match is None or match.groups() == ("", "") or _NO_END.fullmatch(":".join(match.groups())):
        return Answer(200, headers=(*head, kind), raw=content)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size or stop <= start:
        return Answer(416, headers=(*head, ("content-range", f"bytes */{size}")), raw=b"")
    part = ("content-range", f"bytes {start}-{stop - 1}/{size}")
    return Answer(206, headers=(*head, part, kind), raw=content[start:stop])


ENDPOINTS: Final = (
    Endpoint("get_artifact", get_artifact),
    Endpoint("get_artifact_signed_url", get_artifact_signed_url),
    Endpoint("get_run_artifacts", get_run_artifacts, query=ArtifactsQuery),
    Endpoint(
        "artifacts.get_artifact_content",
        get_artifact_content,
        query=ContentQuery,
        opened_by=_SIGNATURE,
    ),
)
