"""Files that clients upload, to be attached to runs (facts: resources 11; recorded group ``uploads``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import quote

from skyvern_testkit.api.call import Answer, Call, Endpoint
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.api.files import upload_url
from skyvern_testkit.api.validation import check_body, refuse
from skyvern_testkit.wire.errors import Invalid, Refusal, ServerCrash
from skyvern_testkit.wire.forms import FormValue, MalformedForm, UploadedFile, read_form
from skyvern_testkit.wire.http import Request
from skyvern_testkit.wire.jsontext import Json, JsonObject
from skyvern_testkit.wire.times import SECOND, timestamp
from skyvern_testkit.world.rows import Upload

__all__ = ["ENDPOINTS", "attach_files", "check_files"]

MAX_SIZE: Final = 30 * 1024 * 1024
"""Bytes of one file; one more is refused."""
LONGEST: Final = 365
"""Days that a file can be kept, where it is asked how many."""
DAY: Final = 24 * 3600 * SECOND
MAX_NAME: Final = 255 - len("file_600000000000000000_")
"""Bytes of a name that a file system takes, beside the id that the server puts before it."""


class _Settings(Lazy):
    """The form's other field."""

    retention_days: int | None = None


@dataclass(frozen=True, slots=True)
class _Form:
    file: FormValue | None
    retention_days: FormValue | None

    def settings(self) -> _Settings:
        """What is asked for besides.

        Raises:
            Refusal: 422 with all that is wrong in the form.
        """
        asked = self.retention_days or None
        if isinstance(asked, UploadedFile):
            found: Json = {"filename": asked.filename}
        else:
            found = asked
        checked, wrong = check_body(_Settings, {"retention_days": found}, required=True)
        if not isinstance(self.file, UploadedFile):
            wrong = [_no_file(self.file), *wrong]
        if wrong:
            raise refuse(wrong, reduced=False)
        settings: _Settings = checked
        days = settings.retention_days
        if days is not None and not 1 <= days <= LONGEST:
            raise Refusal(422, f"retention_days must be between 1 and {LONGEST}")
        return settings


def read_upload(request: Request) -> _Form:
    """The form: the server reads it, and weighs the file, before it looks at the key.

    Raises:
        Refusal: 400 for a form that cannot be read, 413 for a file that is too large.
    """
    try:
        form = read_form(request.header("content-type"), request.body)
    except MalformedForm as error:
        raise Refusal(400, str(error)) from None
    file = form.get("file")
    if isinstance(file, UploadedFile) and len(file.content) > MAX_SIZE:
        raise Refusal(413, "File size exceeds the maximum allowed size (30.0 MB)")
    return _Form(file, form.get("retention_days"))


def upload_file(call: Call) -> JsonObject:
    """Keep an uploaded file; its signed address gives its bytes back."""
    form: _Form = call.body
    days = form.settings().retention_days
    file = cast("UploadedFile", form.file)
    if "\0" in file.filename:
        raise ServerCrash("ValueError")
    upload = call.world.make(
        Upload,
        call.organization_id,
        filename=_kept_name(file.filename) if file.filename else None,
        content=file.content,
        content_type=file.content_type or "application/octet-stream",
    )
    return {
        "s3_uri": _s3_uri(upload),
        "presigned_url": upload_url(upload, call.links),
        "file_id": upload.id,
        "expires_at": None if days is None else timestamp(call.now + days * DAY),
    }


def _no_file(value: str | None) -> Invalid:
    """What is wrong with a field that is a text, or is not there; an empty text is not there."""
    where = ("body", "file")
    if not value:
        return Invalid("missing", where, "Field required", None)
    words = "Value error, Expected UploadFile, received: <class 'str'>"
    return Invalid("value_error", where, words, value, {"error": {}})


def _kept_name(name: str) -> str:
    """The name without folders, and cut before its ending where it is too long."""
    name = name.rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    if len(name.encode()) <= MAX_NAME or not stem or len(ending.encode()) >= MAX_NAME:
        stem, dot, ending = name, "", ""
    room = MAX_NAME - len((dot + ending).encode())
    return stem.encode()[:room].decode("utf-8", "ignore") + dot + ending


def _s3_uri(upload: Upload) -> str:
    day = timestamp(upload.created_at).partition("T")[0]
    return f"s3://skyvern-uploads/{upload.organization_id}/{day}/{quote(upload.stored_name)}"


def delete_file(call: Call) -> Answer:
    """Delete a file, whether a run has it or not."""
    file_id = call.params["file_id"]
    upload = call.find(Upload, file_id, f"File {file_id} not found")
    call.world.change(upload, deleted_at=call.now, content=b"")
    return Answer(204, raw=b"")  # no content type, unlike other 204s


def check_files(call: Call, file_ids: Sequence[str] | None) -> None:
    """Refuse files that cannot be attached to another run.

    Raises:
        Refusal: 422 that names them.
    """
    missing = [file_id for file_id in file_ids or () if not _is_free(call, file_id)]
    if missing:
        raise Refusal(
            422,
            "These file ids are not available to attach — each must name a file uploaded by this "
            "organization that is not deleted and not already attached to another run: "
            + ", ".join(missing),
        )


def _is_free(call: Call, file_id: str) -> bool:
    upload = call.world.get(Upload, file_id, call.organization_id)
    return upload is not None and upload.run_id is None


def attach_files(call: Call, file_ids: Sequence[str] | None, run_id: str) -> None:
    """Give the files to the run."""
    for file_id in file_ids or ():
        upload = call.world.get(Upload, file_id, call.organization_id)
        if upload is not None:
            call.world.change(upload, run_id=run_id)


ENDPOINTS: Final = (
    Endpoint("upload_file", upload_file, form=read_upload),
    Endpoint("delete_file", delete_file),
)
