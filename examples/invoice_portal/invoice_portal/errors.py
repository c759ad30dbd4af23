"""What can go wrong, in the words of this program."""

from __future__ import annotations

from typing import Any, Final

__all__ = [
    "ACCOUNT_LOCKED",
    "LOGGED_OUT",
    "AccountLocked",
    "LoggedOut",
    "PortalError",
    "ProfileNotReady",
    "RunFailed",
    "RunTooLong",
    "SecondFactorMissing",
    "SessionLost",
    "UnexpectedOutput",
    "failure_of",
]


class PortalError(Exception):
    """Anything that keeps us from the invoices."""


class RunFailed(PortalError):
    """A run ended, and not well.

    Attributes:
        run_id: the run.
        status: ``failed``, ``terminated``, ``timed_out`` or ``canceled``.
        codes: the error codes it ended with, ours or Skyvern's own.
    """

    def __init__(self, run: Any) -> None:
        self.run_id: str = run.run_id
        self.status: str = run.status
        self.codes = codes_of(run)
        super().__init__(f"{run.run_id} {run.status}: {run.failure_reason or 'no reason given'}")


class LoggedOut(RunFailed):
    """The portal no longer knows the saved browser profile."""


class AccountLocked(RunFailed):
    """The portal has locked the account; trying again makes it worse."""


class SecondFactorMissing(RunFailed):
    """Nobody sent the login code in time."""


class SessionLost(PortalError):
    """The browser session ended while we were using it."""


class RunTooLong(PortalError):
    """A run did not end in time; it has been canceled."""


class ProfileNotReady(PortalError):
    """Skyvern has not stored the browser of a login, however often we asked."""


class UnexpectedOutput(PortalError):
    """A run completed without what it was to bring."""


LOGGED_OUT: Final = "LOGGED_OUT"
ACCOUNT_LOCKED: Final = "ACCOUNT_LOCKED"

_BY_CODE: Final[dict[str, type[RunFailed]]] = {
    ACCOUNT_LOCKED: AccountLocked,
    LOGGED_OUT: LoggedOut,
    "OTP_TIMEOUT": SecondFactorMissing,  # Skyvern's own
}


def codes_of(run: Any) -> frozenset[str]:
    """The error codes that a run shows."""
    return frozenset(str(error["error_code"]) for error in run.errors or ())


def failure_of(run: Any) -> RunFailed:
    """The error for a run that ended badly, under the name that says what to do about it."""
    codes = codes_of(run)
    return next((kind for code, kind in _BY_CODE.items() if code in codes), RunFailed)(run)
