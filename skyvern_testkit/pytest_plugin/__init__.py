"""The pytest plugin: fixtures, the ``skyvern`` mark, options and ini keys, and a report of failing tests.

pytest imports this module in every suite of every project that has the kit installed. So it imports
only the standard library and pytest itself until a test uses one of its fixtures, and touches no
test that does not.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

from skyvern_testkit.pytest_plugin import settings, summary, target

if TYPE_CHECKING:
    from skyvern.client import Skyvern as SyncSkyvern
    from skyvern.library.skyvern import Skyvern

    from skyvern_testkit.clock import Clock
    from skyvern_testkit.faults import Faults
    from skyvern_testkit.transport.codes import TotpCodes
    from skyvern_testkit.transport.inprocess import InProcessSkyvern
    from skyvern_testkit.transport.resources import Resource
    from skyvern_testkit.transport.server import Server
    from skyvern_testkit.transport.webhooks import Webhooks

WORLD: Final = pytest.StashKey["InProcessSkyvern"]()


# --- options ------------------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--skyvern-seed`` and its like, and ini keys of the same names."""
    settings.add_options(parser)
    summary.add_options(parser)
    target.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark, and begin the summary if one is asked for."""
    config.addinivalue_line("markers", settings.DESCRIPTION)
    summary.begin(config, WORLD)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Refuse wrong options before any test runs; a wrong mark fails its own test.

    A test that has the mark has a fake, whether it asks for a fixture or not.
    """
    settings.check(config, items)
    for item in items:
        names: list[str] | None = getattr(item, "fixturenames", None)
        if names is not None and settings.is_marked(item) and "skyvern_fake" not in names:
            names.insert(0, "skyvern_fake")
    target.skip_what_is_scripted(config, items)


# --- fixtures -----------------------------------------------------------------------------------


@pytest.fixture
def skyvern_fake(request: pytest.FixtureRequest) -> Iterator[InProcessSkyvern]:
    """One fake Skyvern for this test, in memory, on virtual time."""
    from skyvern_testkit.fakefiles import FakeNotFound
    from skyvern_testkit.script.fakefile import FakeFileError

    node: pytest.Item = request.node
    with ExitStack() as stack:
        try:
            fake = stack.enter_context(target.opening(node))
        except (FakeFileError, FakeNotFound) as error:
            pytest.fail(f"{node.nodeid}: {error}", pytrace=False)
        node.stash[WORLD] = fake
        yield fake


@pytest.fixture
def skyvern_client(request: pytest.FixtureRequest) -> Skyvern:
    """The installed SDK's ``Skyvern``, wired to this test's fake, or to ``--skyvern-target``."""
    made: Skyvern = target.clients(request).client()
    return made


@pytest.fixture
def skyvern_sync_client(request: pytest.FixtureRequest) -> SyncSkyvern:
    """The installed SDK's synchronous ``skyvern.client.Skyvern``, wired as :func:`skyvern_client`."""
    made: SyncSkyvern = target.clients(request).sync_client()
    return made


@pytest.fixture
def skyvern_server(skyvern_fake: InProcessSkyvern) -> Iterator[Server]:
    """This test's fake behind a real socket: ``.url`` and ``.api_key`` for clients of any kind.

    Each look at a run brings it to its next step, unless the test says ``clock=``.
    """
    from skyvern_testkit.control.desk import Desk
    from skyvern_testkit.transport.server import serving

    with serving(skyvern_fake, control=Desk(skyvern_fake)) as server:
        yield server


@pytest.fixture
def skyvern_totp(skyvern_fake: InProcessSkyvern) -> TotpCodes:
    """Sends second-factor codes to this test's fake, now or later."""
    return skyvern_fake.totp


@pytest.fixture
def skyvern_webhooks(skyvern_fake: InProcessSkyvern) -> Webhooks:
    """Receives the webhooks of this test's fake."""
    webhooks = skyvern_fake.webhooks
    len(
        webhooks
    )  # where none can be received the test is skipped now, not when it has begun things
    return webhooks


@pytest.fixture
def skyvern_session(skyvern_fake: InProcessSkyvern) -> Resource:
    """A browser session that is there; call it to make more."""
    return skyvern_fake.session()


@pytest.fixture
def skyvern_profile(skyvern_fake: InProcessSkyvern) -> Resource:
    """A browser profile that is there; call it to make more."""
    return skyvern_fake.profile()


@pytest.fixture
def skyvern_credential(skyvern_fake: InProcessSkyvern) -> Resource:
    """A stored password credential; call it to make more."""
    return skyvern_fake.credential()


@pytest.fixture
def skyvern_faults(skyvern_fake: InProcessSkyvern) -> Faults:
    """What goes wrong on purpose in this test's fake."""
    return skyvern_fake.faults


@pytest.fixture
def skyvern_clock(skyvern_fake: InProcessSkyvern) -> Clock:
    """The time that this test shares with its fake."""
    return skyvern_fake.clock


# --- a test and its time ------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    """Event loops of tests that use the kit are made by us, before any fixture runs."""
    if not settings.needs_our_loops(item):
        return (yield)
    from skyvern_testkit.clock import patched_loops

    with patched_loops():
        return (yield)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, Any, Any]:
    """A test with a wrong mark is an error that names it, once other plugins have begun the test."""
    settings.refuse(item)
    with target.skip_what_cannot_travel(item.config):
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
    """Seed ``random`` again: others (pytest-randomly) seed it between the fixtures and the test."""
    fake = pyfuncitem.stash.get(WORLD, None)
    if fake is not None:
        import random

        random.seed(fake.seed)
    return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """What a script has raised fails the test, even if the code under test has swallowed it."""
    try:
        with target.skip_what_cannot_travel(item.config):
            result = yield
    except BaseException:
        if (fake := item.stash.get(WORLD, None)) is not None:
            fake.forgive()  # the report shows them
        raise
    if (fake := item.stash.get(WORLD, None)) is not None:
        if isinstance(item, pytest.Function):
            function: Callable[..., object] = item.obj
            fake.forgive_caught_in(function)
        fake.verify()
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failing test shows what happened in its world."""
    report = yield
    fake = item.stash.get(WORLD, None)
    if fake is not None and not report.passed:
        fake.strict = False  # there is something worse, or nothing at all, to tell
    if fake is not None and report.failed:
        shown = call.excinfo.value if call.excinfo else None
        report.sections.append((f"Skyvern ({report.when})", fake.report(besides=shown)))
    return report
