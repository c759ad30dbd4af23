"""Addresses of files that runs leave behind; the fake serves what is behind them."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache
from urllib.parse import urlencode

from skyvern_testkit.api.call import Links
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp, timestamp_z
from skyvern_testkit.world.rows import Artifact, Run, Upload

__all__ = ["artifact_url", "checksum", "file_info", "signature_of", "upload_url", "wire_filename"]

KEY_ID = "testkit"
_LIFE = 24 * 3600


def signature_of(artifact_id: str, expiry: str, links: Links) -> str:
    """The signature that opens a file without a key until ``expiry`` (Unix seconds)."""
    text = f"{artifact_id}.{expiry}".encode()
    return hmac.new(links.url_secret, text, hashlib.sha256).hexdigest()


def artifact_url(run: Run, artifact: Artifact, links: Links) -> str:
    """A signed address of the artifact's bytes, good for a day of virtual time."""
    expiry = str(artifact.created_at // SECOND + _LIFE)
    return _signed(artifact.id, wire_filename(run, artifact), artifact.type, expiry, links)


def upload_url(upload: Upload, links: Links) -> str:
    """A signed address of an uploaded file, good for a day of virtual time.

    The real service's leads to its object store; this one leads to the fake, so that it can be
    opened.
    """
    expiry = str(upload.created_at // SECOND + _LIFE)
    return _signed(upload.id, upload.stored_name, "upload", expiry, links)


@lru_cache(maxsize=4_096)  # every poll of a run names the same files again
def _signed(artifact_id: str, name: str, kind: str, expiry: str, links: Links) -> str:
    query = {
        "artifact_name": name,
        "artifact_type": kind,
        "expiry": expiry,
        "kid": KEY_ID,
        "sig": signature_of(artifact_id, expiry, links),
    }
    return f"{links.base_url}/v1/artifacts/{artifact_id}/content?{urlencode(query)}"


def wire_filename(run: Run, artifact: Artifact) -> str:
    """The name under which the server keeps the file.

    A recording changes from ``.webm`` to ``.mp4`` when it is final (facts: runs 4); everything else
    keeps the name the script gave it, although the real server renames downloads: a test that
    looks for ``invoice.pdf`` is clearer than one that looks for a made-up name (docs: limits).
    """
    if artifact.type == "recording" and (run.recording_is_final or run.recording != artifact.id):
        return artifact.filename.replace(".webm", ".mp4")
    return artifact.filename


def checksum(artifact: Artifact) -> str:
    """The SHA-256 of a download's bytes, in hex."""
    return hashlib.sha256(artifact.content or b"").hexdigest()


def file_info(run: Run, artifact: Artifact, links: Links) -> JsonObject:
    """An entry of ``downloaded_files``; it is stored, and has an id, when the run is over."""
    return {
        "url": artifact_url(run, artifact, links),
        "checksum": checksum(artifact),
        "filename": artifact.filename,
        "file_size": len(artifact.content or b""),
        "modified_at": timestamp(artifact.modified_at)
        if run.is_over
        else timestamp_z(artifact.modified_at),
        "artifact_id": artifact.id if run.is_over else None,
    }
