"""The pytest plugin that runs cases: ``-p skyvern_testkit.contract.plugin``.

It knows nothing of the plugin that users have, and needs nothing of it: a case has its world, or its
organisation, from the fixture ``skyvern``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from skyvern_testkit.contract.calling import Caller, NotHere
from skyvern_testkit.contract.cases import DRIVERS, MARK, Case
from skyvern_testkit.contract.real import RealServerError
from skyvern_testkit.contract.report import Ledger
from skyvern_testkit.contract.targets import TARGETS, Asked, Target, UnknownTarget, target_named

__all__ = ["case_of"]

FIXTURE: Final = "skyvern"
OPTIONS: Final[dict[str, tuple[str, str | None, str]]] = {
    "target": (f"{'|'.join(TARGETS)}|URL", "fake", "what the cases are run against"),
    "drivers": (",".join(DRIVERS), ",".join(DRIVERS), "how their calls are made"),
    "python": ("PATH", None, "interpreter with the real server, where the target is real"),
    "report": ("FILE", None, "write what was found as JSON"),
}
"""``--contract-NAME``: metavar, default, help. The API key of a URL comes as SKYVERN_API_KEY: it is a secret."""

TARGET: Final = pytest.StashKey[Target]()
LEDGER: Final = pytest.StashKey[Ledger]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--contract-target`` and its like."""
    group = parser.getgroup("contract", "skyvern-testkit: the contract")
    for name, (metavar, default, text) in OPTIONS.items():
        group.addoption(f"--contract-{name}", metavar=metavar, default=default, help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Choose the target; it is opened by the first case."""
    config.addinivalue_line("markers", f"{MARK}(case): a case of the contract")
    given: dict[str, Any] = {name: config.getoption(f"contract_{name}") for name in OPTIONS}
    python = Path(given["python"]) if given["python"] else None
    asked = Asked(given["target"], os.environ.get("SKYVERN_API_KEY"), python)
    try:
        config.stash[TARGET] = target_named(asked)
    except UnknownTarget as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[LEDGER] = Ledger()


def case_of(item: pytest.Item) -> Case | None:
    """What the case says of itself, if the test is one."""
    mark = item.get_closest_marker(MARK)
    return None if mark is None else mark.args[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A case is run once by each driver."""
    if FIXTURE in metafunc.fixturenames:
        drivers = str(metafunc.config.getoption("contract_drivers")).split(",")
        if unknown := set(drivers) - set(DRIVERS):
            raise pytest.UsageError(f"no driver: {', '.join(unknown)}")
        metafunc.parametrize(FIXTURE, drivers, indirect=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    """``-k`` knows a case by its name too."""
    if (case := case_of(item)) is not None:
        item.extra_keyword_matches.add(case.name)


@pytest.hookimpl(trylast=True)  # what -k leaves out is nobody's business
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Set aside what cannot be run here, each with its reason, and refuse two cases of one name."""
    ledger, target = config.stash[LEDGER], config.stash[TARGET]
    functions: dict[str, set[str]] = {}
    aside: list[pytest.Item] = []
    for item in items:
        case = case_of(item)
        if case is None:
            continue
        functions.setdefault(case.name, set()).add(item.nodeid.partition("[")[0])
        driver = _driver(item)
        if reason := _why_not(case, driver, target):
            aside.append(item)
            ledger.not_run(case.name, driver, reason)
    if doubled := [
        f"{name}: {', '.join(sorted(f))}" for name, f in functions.items() if len(f) > 1
    ]:
        raise pytest.UsageError("one name, one case:\n" + "\n".join(doubled))
    if aside:
        config.hook.pytest_deselected(items=aside)
        items[:] = [item for item in items if item not in set(aside)]


def _why_not(case: Case, driver: str, target: Target) -> str | None:
    if driver != "raw" and case.raw_only is not None:
        return f"raw only: {case.raw_only}"
    if not target.is_ours and case.ours_only is not None:
        return f"not on a real server: {case.ours_only}"
    if target.is_shared and case.alone:
        return "the organisation may hold other things"
    return None


def _driver(item: pytest.Item) -> str:
    called: Any = getattr(item, "callspec", None)
    return "raw" if called is None else called.params.get(FIXTURE, "raw")


@pytest.fixture
def skyvern(request: pytest.FixtureRequest) -> Iterator[Caller]:
    """An organisation of the case's own on the target, and a driver to call it by."""
    with ExitStack() as stack:
        try:
            place = stack.enter_context(request.config.stash[TARGET].open())
            caller = Caller(place, request.param, stack)
        except RealServerError as error:
            pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
        except NotHere as reason:
            pytest.skip(str(reason))
        yield caller


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, Any, Any]:
    """What the target cannot do is not the case's failure."""
    try:
        return (yield)
    except NotHere as reason:
        pytest.skip(str(reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write the verdict down."""
    report = yield
    case = case_of(item)
    if case is not None and (report.when == "call" or not report.passed):
        ledger, driver = item.config.stash[LEDGER], _driver(item)
        if report.skipped:
            ledger.not_run(case.name, driver, _reason(report))
        else:
            ledger.ran(case.name, driver, passed=report.passed)
    return report


def _reason(report: pytest.TestReport) -> str:
    return str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "skipped"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the report, if one is asked for, and leave the target."""
    target = session.config.stash.get(TARGET, None)
    if target is None:
        return
    path = session.config.getoption("contract_report")
    if path:
        found = session.config.stash[LEDGER].report(target)
        Path(path).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    target.close()
