"""Folders of credentials: routes that the public schema does not name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from skyvern_testkit.api.call import Call, Endpoint, page_of
from skyvern_testkit.api.credentials.answers import credential_body
from skyvern_testkit.api.fields import Lazy
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import timestamp
from skyvern_testkit.world.credentials import CredentialFolder
from skyvern_testkit.world.rows import Credential

__all__ = ["ENDPOINTS"]

_Title = Annotated[str, Field(min_length=1, max_length=255)]


class CreateCredentialFolder(Lazy):
    title: _Title
    description: str | None = None


class UpdateCredentialFolder(Lazy):
    title: _Title | None = None
    description: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> UpdateCredentialFolder:
        if self.title is None and self.description is None:
            raise ValueError("at least one of 'title' or 'description' must be provided")
        return self


class FoldersQuery(Lazy):
    page: Annotated[int, Field(ge=1)] = 1
    page_size: Annotated[int, Field(ge=1, le=500)] = 100
    search: str | None = None


class MoveCredential(Lazy):
    folder_id: str | None


def _asked(call: Call) -> CredentialFolder:
    folder_id = call.params["folder_id"]
    return call.find(CredentialFolder, folder_id, f"Credential folder {folder_id} not found")


def _inside(call: Call, folder: CredentialFolder) -> list[Credential]:
    rows = call.world.rows(Credential, call.organization_id)
    return [row for row in rows if row.settings["folder_id"] == folder.id]


def _shown(call: Call, folder: CredentialFolder) -> JsonObject:
    return {
        "title": folder.title,
        "description": folder.description,
        "folder_id": folder.id,
        "organization_id": folder.organization_id,
        "credential_count": len(_inside(call, folder)),
        "created_at": timestamp(folder.created_at),
        "modified_at": timestamp(folder.modified_at),
    }


def create_credential_folder(call: Call) -> JsonObject:
    title, description = call.body.title, call.body.description
    made = call.world.make(
        CredentialFolder, call.organization_id, title=title, description=description
    )
    return _shown(call, made)


def get_credential_folder(call: Call) -> JsonObject:
    return _shown(call, _asked(call))


def get_credential_folders(call: Call) -> list[JsonObject]:
    """The last changed one first; ``search`` is a part of title or description, in any case."""
    query: FoldersQuery = call.query
    rows = sorted(
        call.world.rows(CredentialFolder, call.organization_id),
        key=lambda row: (row.modified_at, int(row.id.rpartition("_")[2])),
        reverse=True,
    )
    text = (query.search or "").lower()
    found = [row for row in rows if text in f"{row.title}\n{row.description or ''}".lower()]
    return [_shown(call, row) for row in page_of(found, query.page, query.page_size)]


def update_credential_folder(call: Call) -> JsonObject:
    folder = _asked(call)
    asked = {name: value for name, value in call.body.model_dump().items() if value is not None}
    return _shown(call, call.world.change(folder, **asked))


def delete_credential_folder(call: Call) -> JsonObject:
    """The credentials stay, in no folder."""
    folder = _asked(call)
    for row in _inside(call, folder):
        call.world.change(row, settings={**row.settings, "folder_id": None})
    call.world.change(folder, deleted_at=call.now)
    return {"status": "deleted", "folder_id": folder.id}


def move_credential(call: Call) -> JsonObject:
    """Into a folder, which counts as changed by it, or with null (or no text) out of any."""
    credential_id, folder_id = call.params["credential_id"], call.body.folder_id or None
    credential = call.find(Credential, credential_id, f"Credential {credential_id} not found")
    if folder_id is not None:
        missing = Refusal(400, f"Credential folder {folder_id} not found")
        call.world.change(call.find(CredentialFolder, folder_id, missing))
    settings = {**credential.settings, "folder_id": folder_id}
    return credential_body(call.world.change(credential, settings=settings))


ENDPOINTS = (
    Endpoint(
        "create_credential_folder",
        create_credential_folder,
        body=CreateCredentialFolder,
        registered_first=True,
    ),
    Endpoint("get_credential_folder", get_credential_folder, registered_first=True),
    Endpoint(
        "get_credential_folders", get_credential_folders, query=FoldersQuery, registered_first=True
    ),
    Endpoint(
        "update_credential_folder",
        update_credential_folder,
        body=UpdateCredentialFolder,
        registered_first=True,
    ),
    Endpoint("delete_credential_folder", delete_credential_folder, registered_first=True),
    Endpoint("move_credential", move_credential, body=MoveCredential),
)
