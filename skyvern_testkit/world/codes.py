"""Where a run finds its second-factor code (facts: runs 9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from skyvern_testkit.script import CodeFound, Family
from skyvern_testkit.wire.times import MILLISECOND
from skyvern_testkit.world.authenticator import Authenticator
from skyvern_testkit.world.rows import Credential, Run, TotpCode
from skyvern_testkit.world.world import World

__all__ = ["Sources", "normal_identifier", "seed_code", "sources_of", "stored_code"]


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
    credential = world.get(Credential, run.credential_id, run.organization_id)
    seed = credential.totp_seed if credential else None
    own = run.totp_identifier or (credential.totp_identifier if credential else None)
    return Sources(seed, run.totp_url, need.identifier or own)


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
    """The newest stored code that this run may use, or None."""
    wanted = normal_identifier(identifier)
    eligible = [
        code
        for code in world.rows(TotpCode, run.organization_id)
        if normal_identifier(code.identifier) == wanted and _may_use(world, run, code)
    ]
    return eligible[-1].code if eligible else None


_SAME_MOMENT: Final = MILLISECOND
"""The instants of a run are a few microseconds apart where the world's time stands still."""


def _may_use(world: World, run: Run, code: TotpCode) -> bool:
    if not code.code or code.created_at < world.now - world.timing.code_window:
        return False
    if code.expired_at is not None and code.expired_at <= world.now:
        return False
    if code.task_id is not None and code.task_id != run.id:
        return False
    if code.workflow_run_id is not None and code.workflow_run_id not in (run.id, run.hidden_run_id):
        return False
    if run.family is Family.WORKFLOW:  # a task takes codes sent before it began
        return run.started_at is not None and code.created_at >= run.started_at - _SAME_MOMENT
    return True
