"""A fake Skyvern with everything at hand that a test in the same process wants of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from skyvern_testkit.clock import Clock
from skyvern_testkit.fake.doing import do
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.forcing import Force
from skyvern_testkit.fake.journal import virtual_seconds
from skyvern_testkit.transport.clients import Clients
from skyvern_testkit.transport.codes import TotpCodes
from skyvern_testkit.transport.delivery import Courier
from skyvern_testkit.transport.front import Front
from skyvern_testkit.transport.httpx_transports import FakeTransport, SyncFakeTransport
from skyvern_testkit.transport.report import advice_of, complaints, render
from skyvern_testkit.transport.resources import Furnishing
from skyvern_testkit.transport.verdict import Verdict
from skyvern_testkit.transport.webhooks import Webhooks
from skyvern_testkit.world.world import Advice

__all__ = ["InProcessSkyvern"]


class InProcessSkyvern(FakeSkyvern, Verdict, Clients, Furnishing):
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
        Verdict.__init__(self, strict=strict)
        self._courier = Courier(self._raised_elsewhere)
        self.front = Front(self, clock, self._courier, by_polls=by_polls)
        self.webhooks = Webhooks(self.front)
        self._courier.begin(self.front, self.webhooks)
        self.totp = TotpCodes(
            self._do, self.front.later, lambda: self.front.now, self.webhooks.receive
        )
        self.transport = FakeTransport(self)
        self.sync_transport = SyncFakeTransport(self)

    def __repr__(self) -> str:
        return f"<InProcessSkyvern at {self.elapsed:g} s: {self.journal.total} requests>"

    # --- what a test does to the world ----------------------------------------------------

    def signal(self, name: str) -> int:
        with self.front.moving():
            return super().signal(name)

    def fire_webhook(self, run_id: str, *, url: str | None = None) -> None:
        with self.front.moving():
            super().fire_webhook(run_id, url=url)

    def _force(self, id: str, wanted: Force) -> None:
        with self.front.moving():
            super()._force(id, wanted)

    def later(self, seconds: float, do: Callable[..., object], *args: Any) -> None:
        """Call a function after so many virtual seconds: ``fake.later(25, fake.signal, "approved")``.

        It is called by the clock, between two steps of the client, and must not wait.

        Raises:
            ValueError: a negative number.
        """
        self.front.later(seconds, lambda: do(*args))

    def _do(self, operation: str, body: dict[str, Any]) -> Any:
        with self.front.moving():
            return do(self, operation, body)

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
    def seed(self) -> int:
        """Of all that looks random in it."""
        return self.world.seed

    @property
    def base_url(self) -> str:
        """The address in its answers."""
        return self.links.base_url

    @property
    def failures(self) -> list[BaseException]:
        """What scripts, conditions and webhook receivers have raised, whether or not the client saw it."""
        return [*super().failures, *self._raised_elsewhere]

    def complaints(self) -> list[str]:
        """What ``strict`` objects to, one line each."""
        return complaints(self)

    @property
    def advice(self) -> list[Advice]:
        """What the real server would have accepted in silence, and a test's author wants to know."""
        return advice_of(self)

    # --- made, opened and closed by fake_skyvern() ----------------------------------------

    def open(self) -> None:
        """Let time pass in this world."""
        self.front.open()

    def shut(self) -> None:
        """Refuse further requests; what is still due is dropped."""
        self._courier.is_open = False
        self.front.close()
