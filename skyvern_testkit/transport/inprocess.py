"""A fake Skyvern with everything at hand that a test in the same process wants of it."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Generator
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any, Final

import httpx

from skyvern_testkit.clock import Clock
from skyvern_testkit.fake.doing import do
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.journal import virtual_seconds
from skyvern_testkit.transport.codes import TotpCodes
from skyvern_testkit.transport.delivery import Courier
from skyvern_testkit.transport.front import Front
from skyvern_testkit.transport.httpx_transports import FakeTransport, SyncFakeTransport
from skyvern_testkit.transport.interception import API_HOSTS, RealSkyvernRefused, intercepting
from skyvern_testkit.transport.report import complaints, render
from skyvern_testkit.transport.resources import Resource
from skyvern_testkit.transport.webhooks import Webhooks

if TYPE_CHECKING:
    from skyvern.client import Skyvern as SyncSkyvern
    from skyvern.library.skyvern import Skyvern

__all__ = ["InProcessSkyvern", "StrictFailure"]


MOST_FAILURES: Final = 10
"""Further ones say nothing new."""

_EXPECTED: Final = (
    "The code under test went on after this. A test that expects it says so: fake.forgive()"
)


class StrictFailure(AssertionError):
    """``strict=True``: something was planned and not used, or not planned and used."""


class InProcessSkyvern(FakeSkyvern):
    """A fake Skyvern and its clock, in the process of the client. Made by :func:`fake_skyvern`.

    Attributes:
        clock: the time that the client and this world share.
        webhooks: who receives webhooks, and those that were received.
        totp: sends second-factor codes.
        transport: for an ``httpx.AsyncClient`` of your own.
        sync_transport: for an ``httpx.Client`` of your own.
    """

    def __init__(
        self, clock: Clock, *, strict: bool = False, by_polls: bool = False, **options: Any
    ) -> None:
        super().__init__(**options)
        self.clock = clock
        self.strict = strict
        self._raised_elsewhere: list[BaseException] = []
        self._told: list[BaseException] = []
        self._was_verified = False
        self._courier = Courier(self._raised_elsewhere)
        self.front = Front(self, clock, self._courier, by_polls=by_polls)
        self.webhooks = Webhooks(self.front)
        self._courier.begin(self.front, self.webhooks)
        self.totp = TotpCodes(self.front)
        self.transport = FakeTransport(self)
        self.sync_transport = SyncFakeTransport(self)
        self._names = 0

    def __repr__(self) -> str:
        return f"<InProcessSkyvern at {self.elapsed:g} s: {self.journal.total} requests>"

    # --- clients --------------------------------------------------------------------------

    def client(self, **options: Any) -> Skyvern:
        """The installed SDK's ``skyvern.Skyvern``, wired to this world.

        Args:
            options: for its constructor; ``api_key`` is the world's own by default.

        Raises:
            ModuleNotFoundError: no SDK is installed.
        """
        from skyvern_testkit.transport import sdk

        return sdk.client(self.transport, **{"api_key": self.api_key, **options})

    def sync_client(self, **options: Any) -> SyncSkyvern:
        """The installed SDK's ``skyvern.client.Skyvern``; see :meth:`client`."""
        from skyvern_testkit.transport import sdk

        return sdk.sync_client(self.sync_transport, **{"api_key": self.api_key, **options})

    def http(self, **options: Any) -> httpx.Client:
        """A plain httpx client of this world: ``fake.http().get("/v1/runs/...")``.

        Args:
            options: for ``httpx.Client``; base_url and the key's header are set already.
        """
        return httpx.Client(**self._plain(options), transport=self.sync_transport)

    def async_http(self, **options: Any) -> httpx.AsyncClient:
        """As :meth:`http`, async."""
        return httpx.AsyncClient(**self._plain(options), transport=self.transport)

    def _plain(self, options: dict[str, Any]) -> dict[str, Any]:
        headers = httpx.Headers({"x-api-key": self.api_key})
        headers.update(options.pop("headers", None))
        return {"base_url": self.links.base_url, "headers": headers, **options}

    @contextlib.contextmanager
    def intercept(self, *hosts: str) -> Generator[InProcessSkyvern]:
        """Inside, every httpx request for Skyvern's own hosts comes to this world.

        Also of clients that were made before, at import time. Other hosts are not touched.

        Args:
            hosts: further ones, such as ``"localhost:8000"`` (the SDK's environment LOCAL).
        """
        with intercepting(self, (*API_HOSTS, *hosts)):
            yield self

    # --- what a test does to the world ----------------------------------------------------

    def signal(self, name: str) -> int:
        with self.front.moving():
            return super().signal(name)

    def later(self, seconds: float, do: Callable[..., object], *args: Any) -> None:
        """Call a function after so many virtual seconds: ``fake.later(25, fake.signal, "approved")``.

        It is called by the clock, between two steps of the client, and must not wait.

        Raises:
            ValueError: a negative number.
        """
        self.front.later(seconds, lambda: do(*args))

    def session(self, **settings: Any) -> Resource:
        """A new browser session.

        Args:
            settings: as for the SDK's ``create_browser_session`` (``timeout`` in minutes, ...).

        Raises:
            ValueError: the server would refuse them.
        """
        return self._make("create_browser_session", "browser_session_id", self.session, settings)

    def profile(self, **settings: Any) -> Resource:
        """A new browser profile, empty unless a source is named.

        Args:
            settings: as for the SDK's ``create_browser_profile``; the name is made up if not given.

        Raises:
            ValueError: the server would refuse them.
        """
        given = {"name": self._new_name("Profile"), **settings}
        return self._make("create_browser_profile", "browser_profile_id", self.profile, given)

    def credential(
        self,
        *,
        name: str | None = None,
        username: str = "demo@example.com",
        password: str = "correct horse battery staple",
        totp: str | None = None,
        totp_identifier: str | None = None,
        **settings: Any,
    ) -> Resource:
        """A new stored credential, of kind ``password`` unless the settings say otherwise.

        Args:
            name: made up if not given.
            username: of the account.
            password: of the account.
            totp: seed of its second factor (base32 or an ``otpauth://`` URI).
            totp_identifier: under which codes are sent, where there is no seed.
            settings: as for the SDK's ``create_credential``; ``credential_type`` and ``credential``
                together give another kind.

        Raises:
            ValueError: the server would refuse them.
        """
        secret: dict[str, Any] = {"username": username, "password": password}
        if totp is not None:
            secret |= {"totp": totp, "totp_type": "authenticator"}
        if totp_identifier is not None:
            secret |= {"totp_identifier": totp_identifier}
            secret.setdefault("totp_type", "email" if "@" in totp_identifier else "text")
        given = {
            "name": name or self._new_name("Credential"),
            "credential_type": "password",
            "credential": secret,
            **settings,
        }
        return self._make("create_credential", "credential_id", self.credential, given)

    def _make(
        self, operation: str, id_field: str, again: Callable[..., Resource], body: dict[str, Any]
    ) -> Resource:
        with self.front.moving():
            answer = do(self, operation, body)
        return Resource(answer[id_field], answer, again)

    def _new_name(self, kind: str) -> str:
        self._names += 1
        return f"{kind} {self._names}"

    # --- what happened --------------------------------------------------------------------

    @property
    def elapsed(self) -> float:
        """Seconds on the clock since the world began."""
        return virtual_seconds(self.front.now, self.world.epoch)

    def report(self, *, besides: BaseException | None = None) -> str:
        """What happened in this world, for people: secrets hidden, of bounded length.

        Args:
            besides: an error that is shown anyway, with its causes: their tracebacks are left out.
        """
        return render(self, besides=besides)

    @property
    def failures(self) -> list[BaseException]:
        """What scripts, conditions and webhook receivers have raised, whether or not the client saw it."""
        return [*super().failures, *self._raised_elsewhere]

    def refused(self, error: RealSkyvernRefused) -> None:
        """A request was stopped that would have left for the real Skyvern.

        It fails the test also if the code under test swallows the error.
        """
        if len(self._raised_elsewhere) < MOST_FAILURES:  # a client may try for ever
            self._raised_elsewhere.append(error)

    def complaints(self) -> list[str]:
        """What ``strict`` objects to, one line each."""
        return complaints(self)

    def forgive(self, *errors: BaseException) -> None:
        """These failures are known, so they do not fail the test any more; none given: all there are."""
        self._told += errors or self.failures

    def forgive_caught_in(self, function: Callable[..., object]) -> None:
        """Refused requests whose error came out of the code under test, as far as into the test.

        Args:
            function: the test.
        """
        code: CodeType | None = getattr(inspect.unwrap(function), "__code__", None)
        if code is None:
            return
        inside = code.co_qualname + ".<locals>."
        for error in self.failures:
            frame = _caught_in(error)
            if (
                frame is not None
                and frame.f_code.co_filename == code.co_filename
                and f"{frame.f_code.co_qualname}.<locals>.".startswith(inside)
            ):
                self.forgive(error)

    def verify(self) -> None:
        """Raise what the code under test has swallowed; with ``strict``, also name what is odd.

        Raises:
            BaseException: the first failure that has not come out yet, with its own traceback.
            StrictFailure: see :meth:`complaints`.
        """
        untold = [
            error
            for error in self.failures
            if not _is_among(error, self._told) and not _is_running(_caught_in(error))
        ]
        if untold:
            self.forgive(*untold)
            for other in untold[1:]:
                untold[0].add_note(f"and another one: {other!r}")
            if isinstance(untold[0], RealSkyvernRefused):
                untold[0].add_note(_EXPECTED)
            raise untold[0]
        if self.strict and not self._was_verified:
            self._was_verified = True
            if found := self.complaints():
                raise StrictFailure("strict=True:\n" + "\n".join(f"- {line}" for line in found))

    # --- made, opened and closed by fake_skyvern() ----------------------------------------

    def open(self) -> None:
        """Let time pass in this world."""
        self.front.open()

    def shut(self) -> None:
        """Refuse further requests; what is still due is dropped."""
        self._courier.is_open = False
        self.front.close()


def _caught_in(error: BaseException) -> FrameType | None:
    """Where the error of a refused request got to; whatever else went wrong fails the test anyway."""
    if not isinstance(error, RealSkyvernRefused) or error.__traceback__ is None:
        return None
    return error.__traceback__.tb_frame


def _is_running(wanted: FrameType | None) -> bool:
    """Is it among those who called: who has the fake open, and caught the error itself?"""
    frame = inspect.currentframe() if wanted is not None else None
    while frame is not None and frame is not wanted:
        frame = frame.f_back
    return frame is not None


def _is_among(error: BaseException, errors: list[BaseException]) -> bool:
    return any(error is other for other in errors)
