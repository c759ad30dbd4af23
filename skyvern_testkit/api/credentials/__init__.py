"""Credentials (facts: resources 7). What is secret is stored and never answered."""

from skyvern_testkit.api.credentials import folders, handlers

__all__ = ["ENDPOINTS"]

ENDPOINTS = (*handlers.ENDPOINTS, *folders.ENDPOINTS)
