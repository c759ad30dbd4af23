"""The seed of an authenticator: which the server takes."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from skyvern_testkit.api.credentials.requests import TotpType
from skyvern_testkit.wire.errors import Refusal

__all__ = ["check_seed", "usable_seed"]

MIN_SEED_BYTES: Final = 14
"""PyOTP 2.12 refuses shorter ones, among them the popular test seed JBSWY3DPEHPK3PXP."""

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


def usable_seed(text: str | None) -> str | None:
    """The Base32 seed (or the ``otpauth`` URI with one) that codes can be made of, or None."""
    text = (text or "").strip()
    if text.lower().startswith("otpauth:"):
        parts = urlsplit(text)
        secrets = parse_qs(parts.query).get("secret", [""])
        return text if parts.netloc.lower() == "totp" and usable_seed(secrets[0]) else None
    seed = text.replace(" ", "").replace("-", "").upper()
    try:
        length = len(base64.b32decode(seed + "=" * (-len(seed) % 8)))
    except (binascii.Error, ValueError):
        return None
    return seed if length >= MIN_SEED_BYTES else None


def check_seed(credential: Any) -> None:
    """Only the type ``authenticator`` is checked; with any other the seed may be anything."""
    if getattr(credential, "totp_type", None) is not TotpType.AUTHENTICATOR:
        return
    if not (credential.totp or "").strip():
        raise Refusal(400, _KEY_REQUIRED)
    if usable_seed(credential.totp) is None:
        raise Refusal(400, _KEY_INVALID)
