"""A fake on a clock: the one place where requests, the world's events and the time of its clients meet."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Protocol, assert_never

from skyvern_testkit.api.call import After, Until
from skyvern_testkit.clock import (
    Clock,
    ClockError,
    Flag,
    HandClock,
    RealClock,
    running_library,
)
from skyvern_testkit.fake.exchange import Broken, Forever
from skyvern_testkit.fake.fake import FakeSkyvern
from skyvern_testkit.fake.journal import Entry
from skyvern_testkit.transport.agenda import Agenda, Item
from skyvern_testkit.transport.polling import after_poll, settled
from skyvern_testkit.wire.http import Request, Response
from skyvern_testkit.wire.times import seconds as to_nanoseconds
from skyvern_testkit.world.events import Effect, EffectResult
from skyvern_testkit.world.rows import Run

__all__ = ["Front", "OutOfPatience", "Talk"]


@dataclass(frozen=True, slots=True)
class OutOfPatience:
    """The client's own timeout ended the wait for an answer."""


class Courier(Protocol):
    """Who delivers effects; called with the lock free."""

    def start(self, effect: Effect) -> None:
        """Deliver it where the client runs."""
        ...

    def start_here(self, effect: Effect) -> None:
        """Deliver it in this call."""
        ...


class Front:
    """A fake, a clock, and the lock under which the one is moved by the other.

    Args:
        fake: the fake; its world begins at the clock's present.
        clock: started and stopped by somebody else.
        courier: delivers the effects.
        by_polls: time passes because runs are looked at; the clock is then a :class:`HandClock`.
    """

    def __init__(
        self, fake: FakeSkyvern, clock: Clock, courier: Courier, *, by_polls: bool = False
    ) -> None:
        self.fake = fake
        self.clock = clock
        self.lock = clock.lock
        self.agenda = Agenda()
        self.is_open = False
        self.servers: set[int] = set()
        """Threads whose event loops serve requests: nothing of a client's may run there."""
        self._courier = courier
        self._pace = clock if by_polls and isinstance(clock, HandClock) else None
        self._zero = fake.world.now - clock.now_ns
        self._line = _WorldTimeline(self)
        self._listeners: dict[int, list[Callable[[], None]]] = {}
        self.describe: list[Callable[[], str]] = [self._last_requests]
        """What is said at the end of an error of the clock."""

    # --- time -----------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The present, in nanoseconds since the Unix epoch, as the world is to see it."""
        return max(self._zero + self.clock.now_ns, self.fake.world.now)

    def instant(self, clock_ns: int) -> int:
        """That moment of the clock in nanoseconds since the Unix epoch."""
        return self._zero + clock_ns

    def on_clock(self, instant: int) -> int:
        """That instant in the clock's own nanoseconds."""
        return instant - self._zero

    def open(self) -> None:
        """Let the world's events fall due on the clock."""
        self.clock.attach(
            self._line, describe=lambda: "\n".join(said for it in self.describe if (said := it()))
        )
        self.is_open = True

    def close(self) -> None:
        """What is still due is never played; later requests are refused."""
        self.is_open = False
        self.clock.detach(self._line)
        with self.lock:
            for exchange in self.fake.unread:
                exchange.abandon()

    @contextlib.contextmanager
    def moving(self) -> Generator[None]:
        """The world, brought to the present and held still for whoever changes it."""
        with self.lock:
            self.fake.advance(self.now)
            yield
        self.served()

    def later(self, seconds: float, do: Callable[[], object]) -> Item:
        """Let `do` be called after so many seconds of the clock, with the world at that time.

        Raises:
            ValueError: a negative number.
        """
        if seconds < 0:
            raise ValueError(f"nothing can be done {-seconds} seconds ago")
        with self.lock:
            item = self.agenda.at(self.now + to_nanoseconds(seconds), do)
        self.look_again()
        return item

    def play(self, instant: int) -> None:
        """Play world and agenda until that instant, in order; the world first. Lock held."""
        try:
            while (due := self.agenda.next_due()) is not None and due <= instant:
                self.fake.advance(due)
                self.agenda.run_first()
            self.fake.advance(instant)
        finally:
            self.dispatch()

    # --- requests -------------------------------------------------------------------------

    def talk(
        self, request: Request, *, patience: float | None = None, is_participant: bool = True
    ) -> Talk:
        """Take a request of a client that waits at most `patience` seconds for its answer.

        Args:
            request: what was sent.
            patience: seconds; None: it waits as long as it takes.
            is_participant: the caller is the client, so its event loop or thread is on the clock.

        Raises:
            ClockError: the fake is over, or the caller's event loop does not follow its clock.
            TooManyRequests: the fuse.
        """
        if not self.is_open:
            raise ClockError(
                f"{request.method} {request.path} was sent to a fake Skyvern that is over: its test, "
                "or its `with fake_skyvern()` block, has ended. Make the client inside."
            )
        if is_participant:
            self.clock.check_participant()
        return Talk(self, request, patience, is_participant=is_participant)

    def bring_to(self, now: int, *, is_participant: bool) -> None:
        """Let what is due by then happen, for a request. Lock held.

        Where a thread keeps real time, chance alone says whether that or a request comes first to a script that
        raises: a client behind a socket, who is not the test, is served in either case.
        """
        while True:
            try:
                self.fake.advance(now)
            except Exception as error:
                if is_participant or not isinstance(self.clock, RealClock):
                    raise
                self.clock.keep(error)
            else:
                return

    def served(self, *, blocking: bool = False) -> None:
        """A client was served: what the world wants done goes out.

        Args:
            blocking: the client is a sync one. If it blocks an event loop meanwhile, that loop
                cannot deliver anything, so it is done in this call.
        """
        self.look_again()
        self.dispatch(here=blocking and running_library() is not None)

    # --- time by polls --------------------------------------------------------------------

    @property
    def is_by_polls(self) -> bool:
        """Does time pass because runs are looked at?"""
        return self._pace is not None

    def hurry(self, end: int | None) -> bool:
        """Let time pass to the end of a wait, where nothing else would move it; did it? Lock held."""
        if self._pace is None or end is None:
            return False
        self._pace.move_to(self.on_clock(end))
        return True

    def answered(self, entry: Entry) -> None:
        """A poll was answered: where polls move time, they do it now. Lock held."""
        if self._pace is None or entry.operation != "get_run":
            return
        run = self.fake.world.get(Run, entry.params["run_id"])
        if run is not None:
            self._pace.move_to(self.on_clock(after_poll(self.fake.world, run)))

    def _settle(self, run_id: str) -> None:
        """Nobody polls a run that is over: what follows its end follows at once. Lock held."""
        run = self.fake.world.get(Run, run_id)
        if self._pace is None or run is None or run.is_live:
            return
        if (end := settled(self.fake.world, run)) is not None:
            self._pace.move_to(self.on_clock(end))

    # --- effects --------------------------------------------------------------------------

    def dispatch(self, *, here: bool = False) -> None:
        """Hand every effect that is due to where the client runs."""
        with self.lock:
            effects = self.fake.take_effects()
        self.look_again()  # one may wait for its time
        for effect in effects:
            if here:
                self._courier.start_here(effect)
            else:
                self.clock.call_in_client(functools.partial(self._courier.start, effect))

    def when_done(self, effect_id: int, do: Callable[[], None]) -> None:
        """Call `do` when that effect has been done. Lock held."""
        self._listeners.setdefault(effect_id, []).append(do)

    def effect_done(self, effect: Effect, result: EffectResult) -> None:
        """Tell the world what became of an effect, and whoever waits for it."""
        with self.moving():
            self.fake.effect_done(effect, result)
            self._settle(effect.run.id)
            is_over = effect.id in self.fake.world.results
            listeners = self._listeners.pop(effect.id, []) if is_over else []
        for listener in listeners:
            listener()

    def look_again(self) -> None:
        """Tell a real clock that what is due next may have changed."""
        if isinstance(self.clock, RealClock):
            self.clock.changed()

    def _last_requests(self) -> str:
        requests = self.fake.journal.render(last=5)
        return f"The last requests to the fake Skyvern:\n{requests}" if requests else ""


class _WorldTimeline:
    """The world and the agenda as one line of events, in the clock's nanoseconds."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def __repr__(self) -> str:
        return "<the world of a fake Skyvern>"

    def next_due(self) -> int | None:
        dues = (self._front.fake.next_due(), self._front.agenda.next_due())
        due = min((due for due in dues if due is not None), default=None)
        return None if due is None else self._front.on_clock(due)

    def advance(self, to: int) -> None:
        self._front.play(max(self._front.now, self._front.instant(to)))

    def reaches_client(self) -> bool:
        return self._front.agenda.reaches_client() or self._front.fake.reaches_client()


class Talk:
    """One request and its way to an answer, for transports of any kind.

    Call :meth:`go_on` until it gives something else than a :class:`Flag`; wait for each flag.
    """

    def __init__(
        self, front: Front, request: Request, patience: float | None, *, is_participant: bool
    ) -> None:
        self._front = front
        self._is_participant = is_participant
        self._alarm: Item | None = None
        self._pending: Until | After | Forever | None = None
        with front.lock:
            self._deadline = None if patience is None else front.now + to_nanoseconds(patience)
            front.bring_to(front.now, is_participant=is_participant)
            self._exchange = front.fake.begin(request)
            self._what = f"the answer to {request.method} {request.path}"

    def go_on(self) -> Response | Broken | OutOfPatience | Flag:
        """The answer, or a flag to wait for.

        Raises:
            Exception: a script of the user's went wrong.
        """
        with self._front.lock:
            return self._step()

    def _step(self) -> Response | Broken | OutOfPatience | Flag:
        self._silence()
        now = self._front.now
        while True:
            if self._is_ready(now):
                self._front.bring_to(now, is_participant=self._is_participant)
                step = self._exchange.step(now)
                if isinstance(step, Response | Broken):
                    self._front.answered(self._exchange.entry)
                    return step
                self._pending = step
            elif self._deadline is not None and now >= self._deadline:
                self._leave()
                return OutOfPatience()
            elif not self._front.hurry(self.end):
                return self._wait()
            now = self._front.now

    def _is_ready(self, now: int) -> bool:
        match self._pending:
            case None:
                return True
            case Until(at=at):
                return now >= at
            case After(effect_id=effect_id):
                return effect_id in self._front.fake.world.results
            case Forever():
                return False
        assert_never(self._pending)

    def _wait(self) -> Flag:
        """A flag that is set when it is worth looking again: not later than the client gives up."""
        flag = self._front.clock.flag(self._what)
        if isinstance(self._pending, After):
            self._front.when_done(self._pending.effect_id, flag.set)
        if self.end is not None:
            self._alarm = self._front.agenda.at(self.end, flag.set)
        return flag

    @property
    def waits_for_effect(self) -> bool:
        """Is it not time that it waits for?"""
        return isinstance(self._pending, After)

    @property
    def end(self) -> int | None:
        """When the wait is over at the latest, if time alone ends it."""
        answered = self._pending.at if isinstance(self._pending, Until) else None
        return min((end for end in (answered, self._deadline) if end is not None), default=None)

    def abandon(self) -> None:
        """The client went away."""
        with self._front.lock:
            self._silence()
            self._leave()
        self._front.look_again()

    def _leave(self) -> None:
        """Nobody reads the answer any more; the work goes on, as on a real server. Lock held."""
        if self._exchange.entry.outcome != "waiting":
            return
        if self._front.is_open and isinstance(self._pending, Until | After):
            self._front.fake.leave(self._exchange)
            self._work_on()
        else:
            self._exchange.abandon()

    def _work_on(self) -> None:
        """Do what can be done by now, and come back for the rest. Lock held."""
        front = self._front
        while front.is_open and self._is_ready(front.fake.world.now):
            step = self._exchange.step(front.fake.world.now)
            if isinstance(step, Response | Broken):
                return
            self._pending = step
        match self._pending:
            case Until(at=at):
                front.agenda.at(at, self._work_on, is_heard=False)
            case After(effect_id=effect_id):
                front.when_done(effect_id, self._work_on_after_effect)
            case _:
                self._exchange.abandon()

    def _work_on_after_effect(self) -> None:
        with self._front.moving():
            self._work_on()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._front.agenda.forget(self._alarm)
            self._alarm = None
