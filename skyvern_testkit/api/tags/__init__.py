"""Tags of workflows and of workflow runs (facts: resources 5)."""

from skyvern_testkit.api.tags import register, subjects
from skyvern_testkit.api.tags.searching import tagged

__all__ = ["ENDPOINTS", "tagged"]

ENDPOINTS = (*subjects.ENDPOINTS, *register.ENDPOINTS)
