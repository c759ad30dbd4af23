"""``--skyvern-summary=FILE``: what each test cost its world, as JSON for programs.

The file holds ``{"tests": [...]}``, one object a test in the order in which they ended::

    {
        "nodeid": "tests/test_login.py::test_the_code_is_late",
        "outcome": "passed",
        "requests": 9,
        "virtual_seconds": 40.0,
        "real_seconds": 0.05,
    }

``outcome`` is ``passed``, ``failed`` or ``skipped``; a test without ``skyvern_fake`` has no requests and
no virtual seconds.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import pytest

if TYPE_CHECKING:
    from skyvern_testkit.transport.inprocess import InProcessSkyvern

__all__ = ["add_options", "begin"]

PROPERTY: Final = "skyvern"
"""In reports' ``user_properties``, which come home from pytest-xdist's workers."""


def add_options(parser: pytest.Parser) -> None:
    """``--skyvern-summary=FILE``."""
    parser.getgroup("skyvern").addoption(
        "--skyvern-summary",
        metavar="FILE",
        default=None,
        help="write requests, virtual and real time of every test to this file, as JSON",
    )


def begin(config: pytest.Config, world: pytest.StashKey[InProcessSkyvern]) -> None:
    """Keep a summary, if it is asked for.

    Args:
        config: of the session.
        world: where tests keep their fake.
    """
    file = config.getoption("skyvern_summary")
    if file is None:
        return
    config.pluginmanager.register(_Measure(world), "skyvern-measure")
    if not hasattr(config, "workerinput"):  # pytest-xdist: only the controller writes
        path = config.invocation_params.dir / file
        config.pluginmanager.register(_Summary(path), "skyvern-summary")


class _Measure:
    """Where tests run: notes in each report what its world has seen."""

    def __init__(self, world: pytest.StashKey[InProcessSkyvern]) -> None:
        self._world = world

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        fake = item.stash.get(self._world, None)
        if fake is not None and report.when == "call":
            seen = {"requests": fake.journal.total, "virtual_seconds": round(fake.clock.now, 9)}
            report.user_properties.append((PROPERTY, seen))
        return report


class _Summary:
    """Where reports come together: one entry a test, written when all is over."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._tests: dict[str, dict[str, Any]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        entry = self._tests.setdefault(
            report.nodeid,
            {
                "nodeid": report.nodeid,
                "outcome": report.outcome,
                "requests": 0,
                "virtual_seconds": 0.0,
                "real_seconds": 0.0,
            },
        )
        if report.outcome != "passed":
            entry["outcome"] = report.outcome
        entry["real_seconds"] = round(entry["real_seconds"] + report.duration, 6)
        for name, seen in report.user_properties:
            if name == PROPERTY:
                entry.update(cast("dict[str, Any]", seen))

    def pytest_sessionfinish(self) -> None:
        text = json.dumps({"tests": list(self._tests.values())}, indent=1)
        self._path.write_text(text + "\n", "utf-8")
