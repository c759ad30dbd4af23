"""Credentials (facts: resources 7). What is secret is stored and never answered."""

from skyvern_testkit.api.credentials.handlers import ENDPOINTS
from skyvern_testkit.api.credentials.seeds import usable_seed

__all__ = ["ENDPOINTS", "usable_seed"]
