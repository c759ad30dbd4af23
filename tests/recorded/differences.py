"""Where the fake answers otherwise than the recorded server on purpose, each with its reason.

A row that no longer differs fails its test, so the table stays as short as the truth.
"""

from __future__ import annotations

KNOWN: dict[str, str] = {}
"""Name of an exchange -> why the fake's answer is another."""
