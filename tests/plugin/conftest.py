"""pytest in pytest: suites of a user, run with the plugin."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module

import pytest

import skyvern_testkit

# After a run in this process, pytester forgets every module that was imported in it, and leaves the
# package with names of the forgotten ones. So all are imported before; it also saves the time.
for name in ("skyvern", "skyvern.client", "trio", "anyio._backends._trio", "hypothesis"):
    import_module(name)
for module in pkgutil.walk_packages(skyvern_testkit.__path__, "skyvern_testkit."):
    import_module(module.name)

Suite = Callable[..., pytest.RunResult]


@pytest.fixture
def suite(pytester: pytest.Pytester) -> Suite:
    """Runs a test module: ``suite(source, "--option", ini="...", **further_files)``."""

    def run(source: str, *options: str, ini: str = "", **files: str) -> pytest.RunResult:
        pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\n{ini}")
        pytester.makepyfile(**{"test_user": source, **files})
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q", *options)

    return run
