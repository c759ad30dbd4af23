"""Workflows (agents): their definitions, versions and lists (facts: resources 3).

The tables of :mod:`blocks` and :mod:`parameters` say what a definition may hold. ``models`` makes
the request models of them, ``checks`` finds what no model can, ``definition`` makes the answer;
``handlers`` are the operations.
"""

from skyvern_testkit.api.workflows import handlers, raw, templates
from skyvern_testkit.api.workflows.answers import render
from skyvern_testkit.api.workflows.making import make_workflow

__all__ = ["ENDPOINTS", "make_workflow", "render"]

ENDPOINTS = (*handlers.ENDPOINTS, *raw.ENDPOINTS, *templates.ENDPOINTS)
