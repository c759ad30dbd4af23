"""The app that shows the codes of a seed (RFC 6238), set up with the seed alone or an ``otpauth`` URI."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from skyvern_testkit.wire.times import SECOND

__all__ = ["Authenticator", "usable_seed"]

MIN_SEED_BYTES: Final = 14
"""PyOTP 2.12 refuses shorter ones, among them the popular test seed JBSWY3DPEHPK3PXP."""
LONGEST_PERIOD: Final = 120
_DIGITS: Final = (6, 7, 8)
_ALGORITHMS: Final[dict[str, Callable[..., Any]]] = {
    "SHA1": hashlib.sha1,
    "SHA256": hashlib.sha256,
    "SHA512": hashlib.sha512,
}


@dataclass(frozen=True, slots=True)
class Authenticator:
    """How codes are made: of the seed, in ``digits``, each for ``period`` seconds."""

    seed: str = field(repr=False)
    digits: int = 6
    period: int = 30
    algorithm: str = "SHA1"
    is_steam: bool = False

    @classmethod
    def of(cls, text: str) -> Authenticator | None:
        """The app that a text sets up, or None: it is neither a long enough seed nor a right URI."""
        if text.lower().startswith("otpauth:"):
            return _of_uri(text)
        seed = text.replace(" ", "").replace("-", "").upper()
        return cls(seed) if _is_seed(seed) else None

    def code(self, now: int) -> str:
        """The code that it shows at that instant (nanoseconds since the Unix epoch)."""
        from pyotp.contrib.steam import Steam
        from pyotp.totp import TOTP

        if self.is_steam:
            return Steam(self.seed, interval=self.period).at(now // SECOND)
        digest = _ALGORITHMS[self.algorithm]
        totp = TOTP(self.seed, digits=self.digits, digest=digest, interval=self.period)
        return totp.at(now // SECOND)

    def seconds_left(self, now: int) -> int:
        """For how many seconds more it shows that code."""
        return self.period - now // SECOND % self.period


def _of_uri(text: str) -> Authenticator | None:
    parts = urlsplit(text)
    pairs = parse_qsl(parts.query)
    said = dict(pairs)
    if parts.netloc.lower() != "totp" or len(said) < len(pairs) or "counter" in said:
        return None
    try:
        digits, period = int(said.get("digits", 6)), int(said.get("period", 30))
    except ValueError:
        return None
    seed, algorithm = said.get("secret", "").upper(), said.get("algorithm", "SHA1")
    right = (
        _is_seed(seed)
        and digits in _DIGITS
        and 0 < period <= LONGEST_PERIOD
        and algorithm in _ALGORITHMS
    )
    is_steam = said.get("encoder") == "steam"
    return Authenticator(seed, digits, period, algorithm, is_steam) if right else None


def _is_seed(seed: str) -> bool:
    try:
        return len(base64.b32decode(seed + "=" * (-len(seed) % 8))) >= MIN_SEED_BYTES
    except (binascii.Error, ValueError):
        return False


def usable_seed(text: str | None) -> str | None:
    """The seed, or the URI that sets an authenticator up, as it is kept; None if it cannot be used."""
    text = (text or "").strip()
    app = Authenticator.of(text)
    if app is None:
        return None
    return text if text.lower().startswith("otpauth:") else app.seed
