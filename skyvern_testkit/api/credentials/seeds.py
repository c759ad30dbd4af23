"""The seed of an authenticator: what the server says to one that it cannot use."""

from __future__ import annotations

from typing import Any, Final

from skyvern_testkit.api.credentials.requests import TotpType
from skyvern_testkit.wire.errors import Refusal
from skyvern_testkit.world.authenticator import usable_seed

__all__ = ["check_seed"]

_KEY_REQUIRED: Final = {
    "error_code": "authenticator_key_required",
    "message": (
        "Authenticator key is required. Paste the raw setup key or full otpauth:// URI "
        "from the website's 2FA setup screen."
    ),
}
_KEY_INVALID: Final = {
    "error_code": "invalid_authenticator_key",
    "message": (
        "Invalid authenticator key. Paste the raw Base32 setup key or full otpauth:// URI "
        "from the website's 2FA setup screen."
    ),
}


def check_seed(credential: Any) -> None:
    """Only the type ``authenticator`` is checked; with any other the seed may be anything."""
    if getattr(credential, "totp_type", None) is not TotpType.AUTHENTICATOR:
        return
    if not (credential.totp or "").strip():
        raise Refusal(400, _KEY_REQUIRED)
    if usable_seed(credential.totp) is None:
        raise Refusal(400, _KEY_INVALID)
