"""Where a run finds its second-factor code (facts: runs 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skyvern_testkit.script import CodeFound, Family
from skyvern_testkit.wire.jsontext import JsonObject
from skyvern_testkit.wire.times import MILLISECOND
from skyvern_testkit.world.authenticator import Authenticator
from skyvern_testkit.world.blocks import current_block
from skyvern_testkit.world.rows import Credential, Row, Run, TotpCode
from skyvern_testkit.world.world import World

__all__ = [
    "Sources",
    "normal_identifier",
    "seed_code",
    "sources_of",
    "stored_code",
    "why_not",
]


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run may look at, in the order in which it looks: seed, URL, stored codes."""

    seed: str | None = None
    url: str | None = None
    identifier: str | None = None

    @property
    def polled(self) -> str:
        """How the failure reason names what was polled."""
        if self.url:
            return f"totp_verification_url={self.url.partition('?')[0]}"
        return f"totp_identifier={self.identifier}"


def sources_of(world: World, run: Run, need: CodeFound) -> Sources:
    """The sources that count for this run.

    An identifier that the script names stands for the block's own. The run-level fields of
    ``run_workflow`` never reach a block; those of tasks, logins and downloads do.
    """
    block = current_block(run)
    definition: JsonObject = block.definition if block else {}
    credential = _credential(world, run, definition)
    identifier = (
        need.identifier
        or definition.get("totp_identifier")
        or run.totp_identifier
        or (credential.totp_identifier if credential else None)
    )
    return Sources(
        credential.totp_seed if credential else None,
        definition.get("totp_verification_url") or run.totp_url,
        identifier,
    )


def _credential(world: World, run: Run, definition: JsonObject) -> Credential | None:
    """What a login was given, or the block at work has among its parameters."""
    given: list[object] = []
    for parameter in definition.get("parameters") or ():
        if parameter.get("workflow_parameter_type") == "credential_id":
            given.append(run.input.parameters.get(parameter.get("key")))
        else:
            given.append(parameter.get("credential_id"))
    for credential_id in (*given, run.credential_id):
        if isinstance(credential_id, str):
            found = world.get(Credential, credential_id, run.organization_id)
            if found is not None:
                return found
    return None


def seed_code(seed: str, now: int) -> str:
    """The RFC 6238 code of a stored seed (or otpauth URI) at that instant."""
    app = Authenticator.of(seed) or Authenticator(seed)
    return app.code(now)


def normal_identifier(identifier: str) -> str:
    """The form in which identifiers are compared: e-mail in lower case, phone digits only."""
    text = identifier.strip()
    if "@" in text:
        return text.lower()
    digits = "".join(character for character in text if character.isdigit())
    if len(digits) >= 7 and all(character in "+-() .0123456789" for character in text):
        return digits
    return text


def stored_code(world: World, run: Run, identifier: str) -> str | None:
    """The newest stored code that this run may use, or None. It is not used up by that."""
    for code in reversed(list(world.rows(TotpCode, run.organization_id))):
        if why_not(world, run, code, identifier) is None:
            return code.code
    return None


_SAME_MOMENT: Final = MILLISECOND
"""The instants of a run are a few microseconds apart where the world's time stands still."""


def why_not(world: World, run: Run, code: TotpCode, identifier: str | None) -> str | None:
    """Why this run may not use that code, in words for the test; None if it may.

    What holds for ever comes first: in the end every code was sent too long ago.
    """
    if identifier is None or normal_identifier(code.identifier) != normal_identifier(identifier):
        return f"sent to {code.identifier!r}, and the run looks for {identifier!r}"
    if code.otp_type != "totp" or not code.code:
        return "there is no code in it"
    if code.expired_at is not None and code.expired_at <= world.now:
        return "expired"
    if code.task_id is not None and code.task_id not in _tasks(run):
        return f"only for {code.task_id}"
    if code.workflow_run_id is not None and code.workflow_run_id not in (run.id, run.hidden_run_id):
        return f"only for {code.workflow_run_id}"
    if run.family is Family.WORKFLOW and not _after_start(run, code):
        return "sent before the run began, which counts in a workflow"
    if code.created_at < world.now - world.timing.code_window:
        return "sent too long ago"
    return None


def _after_start(run: Run, code: TotpCode) -> bool:
    """Where time stands still between the two, ids say which was first: they grow."""
    if run.started_at is None or code.created_at < run.started_at - _SAME_MOMENT:
        return False
    return code.created_at > run.created_at or _number(code) > _number(run)


def _number(row: Row) -> int:
    number = row.id.rpartition("_")[2]
    return int(number) if number.isdecimal() else 0


def _tasks(run: Run) -> tuple[str | None, ...]:
    block = current_block(run)
    return (run.id, block.task_id if block else None)
