"""Which kinds of row a world has: one table each."""

from __future__ import annotations

from typing import Final

from skyvern_testkit.world.billing import BillingState
from skyvern_testkit.world.credentials import AuthToken, CredentialFolder
from skyvern_testkit.world.custom_llms import CustomLlm
from skyvern_testkit.world.rows import (
    Artifact,
    Credential,
    Folder,
    Organization,
    Profile,
    Row,
    Run,
    Session,
    TotpCode,
    Upload,
    Workflow,
)
from skyvern_testkit.world.schedules import Schedule
from skyvern_testkit.world.scripts import CachedScript, ScriptVersion
from skyvern_testkit.world.tags import TagEvent, TagKey, TagValue

__all__ = ["TABLES"]

TABLES: Final[tuple[type[Row], ...]] = (
    Organization,
    Workflow,
    Folder,
    Session,
    Profile,
    Credential,
    CredentialFolder,
    AuthToken,
    BillingState,
    TotpCode,
    Artifact,
    Upload,
    Run,
    TagEvent,
    TagKey,
    TagValue,
    Schedule,
    ScriptVersion,
    CachedScript,
    CustomLlm,
)
