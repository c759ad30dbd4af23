"""Whose turn it is: the one place that decides when virtual time jumps, and to where.

Each participant that has nothing to do calls :meth:`Scheduler.rest`. Whoever rests last finds that nobody runs and
conducts: it gives the turn to the first participant that is due, or else jumps to the next timer or event. One
participant gets the turn at a time, in order of (deadline, enlisting), so several threads take turns in the same order
in every run.

Two locks, always taken in this order: the clock's own (shared with the world, held while events are played) and the
scheduler's (never held while foreign code runs).
"""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, TypeVar

from skyvern_testkit.clock._last_words import deadlock, exceeded, held_too_long
from skyvern_testkit.clock._participants import Hold, Job, Participant, State
from skyvern_testkit.clock._stdlib import get_ident, real_monotonic

if TYPE_CHECKING:
    from collections.abc import Callable

    from skyvern_testkit.clock._base import Clock
    from skyvern_testkit.clock._flag import Flag

__all__ = ["Scheduler"]

T = TypeVar("T")

GLANCE = 0.02
"""Real seconds between two looks at a running participant's thread: nothing tells us when a thread has ended."""


class Scheduler:
    """Participants, holds and turns of one :class:`VirtualClock`."""

    def __init__(self, clock: Clock, *, cap: float, max_virtual_ns: int) -> None:
        self.clock = clock
        self.now_ns = 0
        self.participants: dict[int, Participant] = {}
        self.home: Participant | None = None
        """The participant whose errors the test sees: the thread that started the clock."""
        self.flags: list[Flag] = []
        self.failure: BaseException | None = None
        """An error raised in a thread that is not the test's, for the test to raise at its end."""
        self.cap = cap
        self.max_virtual_ns = max_virtual_ns
        # Reentrant: the garbage collector may close a forgotten `with clock.hold():` at any moment.
        self._inner = threading.RLock()
        self._enlisted = 0
        self.holds: dict[Hold, None] = {}
        self._jobs: dict[int, list[Job]] = {}
        self._quiet_until = 0.0
        self._newcomers: dict[threading.Thread | Job, float] = {}
        self._still_since: float | None = None
        self._conductor: int | None = None
        self.stopped = False

    # -- participants ------------------------------------------------------------------------------------------------

    def me(self) -> Participant | None:
        """The calling thread's participant, if it is one."""
        known = self.participants.get(get_ident())
        # Thread idents are used again: a dead namesake does not make this thread a participant.
        return known if known is not None and known.thread is threading.current_thread() else None

    def enlist(self) -> Participant:
        """Make the calling thread a participant."""
        if (known := self.me()) is not None:
            return known
        ident = get_ident()
        with self._inner:
            self._enlisted += 1
            me = self.participants[ident] = Participant(threading.current_thread(), self._enlisted)
            self._newcomers.pop(me.thread, None)
            for job in self._jobs.get(ident, ()):
                self._newcomers.pop(job, None)
                job.participant = me
                if job.hold is not None:
                    job.hold.owner = me
        return me

    def dismiss(self, participant: Participant) -> None:
        """Its thread takes part no more."""
        with self._inner:
            self._drop(participant)
        self.nudge()

    def _drop(self, participant: Participant) -> None:
        ident = participant.thread.ident or 0
        if self.participants.get(ident) is participant:
            del self.participants[ident]

    # -- holds -------------------------------------------------------------------------------------------------------

    def hold(self, hold: Hold) -> None:
        """Time stands still until :meth:`unhold`."""
        with self._inner:
            self.holds[hold] = None
            self._still_since = None

    def unhold(self, hold: Hold, *, quiet: float = 0.0) -> None:
        """Drop `hold`; time stays still for another `quiet` real seconds."""
        with self._inner:
            if self.holds.pop(hold, self) is self:
                return
            self._still_since = None
            if quiet:
                self._quiet_until = max(self._quiet_until, real_monotonic() + quiet)
        self.nudge()

    def be_quiet(self, seconds: float) -> None:
        """Time stays still for `seconds` of real time: something came from outside and more may follow."""
        with self._inner:
            self._quiet_until = max(self._quiet_until, real_monotonic() + seconds)

    def expect(self, newcomer: threading.Thread | Job, seconds: float) -> None:
        """A participant has started it, and it may be about to take part.

        Time stands still until it does, or has ended, for at most `seconds` of real time: else whoever is started
        first would be far ahead before the second has sent its first request.
        """
        with self._inner:
            self._newcomers[newcomer] = real_monotonic() + seconds

    def begin_job(self, job: Job) -> None:
        """The calling thread of a pool begins `job`."""
        with self._inner:
            self._newcomers.pop(threading.current_thread(), None)  # the pool's; the job may be one
            self._jobs.setdefault(get_ident(), []).append(job)
            known = self.me()
            if known is not None and job.hold is not None:
                job.hold.owner = known  # a participant of old does the work: it is watched itself

    def end_job(self, job: Job) -> None:
        """The calling thread is done with `job`; its hold counts again until the result has been delivered."""
        with self._inner:
            self._newcomers.pop(job, None)
            stack = self._jobs.get(get_ident(), [])
            if job in stack:
                stack.remove(job)
            if not stack:
                self._jobs.pop(get_ident(), None)
            if job.hold is not None:
                job.hold.owner = None

    # -- resting -----------------------------------------------------------------------------------------------------

    def rest(
        self,
        deadline: int | None,
        why: str,
        nap: Callable[[float], T],
        wake: Callable[[], None],
        flag: Flag | None = None,
    ) -> T | None:
        """The calling participant waits for its turn.

        Args:
          deadline: when it wants to go on (ns), or None: only if released, or if something real happens.
          why: what it waits for, for error messages.
          nap: waits up to so many real seconds (0: only looks, inf: for ever), or until `wake` is called. Something
            true means that real work has come up; it ends the rest and is returned.
          wake: ends a nap, from any thread.
          flag: ends the rest when it is set. Whoever sets it calls :meth:`nudge`.
        """
        me = self.enlist()
        self.lie_down(me, deadline, why, wake, flag)
        try:
            while True:
                # Look only after lying down: a callback that another thread schedules now either shows in the nap or
                # finds us resting and releases us.
                if ready := nap(0):
                    return ready
                if (seconds := self.step(me)) is None:
                    break
                if me.errands:
                    while me.errands:
                        me.errands.pop(0)()  # may itself sleep, or send requests
                    self.lie_down(me, deadline, why, wake, flag)
                elif seconds and (ready := nap(seconds)):
                    return ready
        finally:
            error = self.get_up(me)
        if error is not None:
            raise error
        return None

    def lie_down(
        self,
        me: Participant,
        deadline: int | None,
        why: str,
        wake: Callable[[], None],
        flag: Flag | None = None,
    ) -> None:
        """The calling participant rests from now on; see :meth:`rest`."""
        with self._inner:
            me.state, me.deadline, me.flag, me.released = State.RESTING, deadline, flag, False
            me.why, me.wake = why, wake

    def get_up(self, me: Participant) -> BaseException | None:
        """The calling participant runs again; returns the error that it is to raise, if there is one."""
        with self._inner:
            me.state, me.deadline, me.flag, me.released = State.RUNNING, None, None, False
            error, me.error = me.error, None
        return error

    def step(self, me: Participant) -> float | None:
        """One decision by resting `me`: None if the turn is its own, else how long to nap and then ask again.

        Raises the error of a script, or what the clock has to say, if this thread is the one to say it.
        """
        with self.clock.lock:
            with self._inner:
                if me.released or self.stopped:
                    return None
                left = self._time_left()
                wait, chosen = self._decide()
            if chosen is me:
                return None
            if chosen is not None:
                chosen.wake()
                return GLANCE
            try:
                return self._jump(left) if wait is None else self._stand_still(wait, left)
            except BaseException as error:  # noqa: BLE001 - a script may raise anything: it comes out in the test
                return self._tell(me, error)
            finally:
                with self._inner:
                    if self._conductor == get_ident():
                        self._conductor = None
                    if me.errands:
                        me.state = State.RUNNING

    def _decide(self) -> tuple[float | None, Participant | None]:
        """Either how long to wait (real seconds), or who has the turn, or neither: the caller conducts now.

        Inner lock held.
        """
        if (wait := self._wait()) is not None:
            return wait, None
        if (chosen := self._first_due()) is not None:
            chosen.released, chosen.state = True, State.RUNNING
            self._still_since = None
            return None, chosen
        if any(hold.counts for hold in self.holds):
            return math.inf, None
        if (quiet := self._quiet_until - real_monotonic()) > 0:
            self._still_since = None
            return quiet, None
        if self._awaits_newcomers():
            self._still_since = None
            return GLANCE, None
        self._conductor = get_ident()
        return None, None

    def _stand_still(self, wait: float, left: float) -> float:
        """How long to nap, if the cap leaves time for it."""
        if left <= 0:
            raise held_too_long(self)
        return min(wait, left)

    def _wait(self) -> float | None:
        """How long to wait for those who run, in real seconds; None if nobody does. Inner lock held."""
        if self._conductor is not None:
            return GLANCE
        for participant in [p for p in self.participants.values() if not p.thread.is_alive()]:
            self._drop(participant)
        return GLANCE if any(p.state is State.RUNNING for p in self.participants.values()) else None

    def _awaits_newcomers(self) -> bool:
        now = real_monotonic()
        for newcomer, until in list(self._newcomers.items()):
            if until <= now or (isinstance(newcomer, threading.Thread) and not newcomer.is_alive()):
                del self._newcomers[newcomer]
        return bool(self._newcomers)

    def _first_due(self) -> Participant | None:
        due: list[tuple[int, int, Participant]] = []
        for p in self._resting():
            if p.flag is not None and p.flag.is_set:
                due.append((self.now_ns, p.index, p))
            elif p.deadline is not None and p.deadline <= self.now_ns:
                due.append((p.deadline, p.index, p))
        return min(due)[2] if due else None

    def _resting(self) -> list[Participant]:
        return [p for p in self.participants.values() if p.state is State.RESTING]

    def _jump(self, left: float) -> float:
        """Move time to whatever comes first. Returns how long to nap then, in real seconds."""
        deadline = min(
            (p.deadline for p in self._resting() if p.deadline is not None), default=None
        )
        worlds = self.clock.timelines
        event = worlds.next_due()
        if deadline is None and (event is None or not worlds.reach_client()):
            # A thread that is no participant may still bring what a parked one waits for: give it real time.
            if left > 0 and any(p.state is State.PARKED for p in self.participants.values()):
                return left
            raise deadlock(self)
        target = min(at for at in (deadline, event) if at is not None)
        if target > self.max_virtual_ns:
            raise exceeded(self)
        self._still_since = None
        # The clock shows an event's own time while it is played, and at equal times the world goes before the client.
        self.now_ns = max(self.now_ns, target)
        if event is not None and event <= target:
            worlds.play(target)
        return 0

    def _time_left(self) -> float:
        """Real seconds for which time may still stand still, before the cap ends it. Inner lock held."""
        now = real_monotonic()
        if self._still_since is None:
            self._still_since = now
        return self._still_since + self.cap - now

    def _tell(self, me: Participant, error: BaseException) -> float:
        """Raise `error` where the test sees it: in the thread that started the clock if that rests, else here."""
        self._still_since = None
        home = self.home
        if home is not None and home is not me:
            with self._inner:
                told = home.state is State.RESTING
                if told:
                    home.error, home.released, home.state = error, True, State.RUNNING
                else:
                    self.failure = self.failure or error
            if told:
                home.wake()
                return GLANCE
        raise error

    # -- other threads -----------------------------------------------------------------------------------------------

    def poke(self, participant: Participant) -> None:
        """Something was scheduled on the participant's loop: it runs from now on. The caller wakes its selector."""
        with self._inner:
            if participant.state is State.RESTING:
                participant.state, participant.released = State.RUNNING, True

    def park(self, me: Participant, on: object) -> None:
        """The calling participant is about to wait for another thread."""
        with self._inner:
            if me.state is State.RUNNING:
                me.state, me.parked_on = State.PARKED, on
        self.nudge()

    def unpark(self, participant: Participant) -> None:
        """What a parked participant waited for has come."""
        with self._inner:
            if participant.state is State.PARKED:
                participant.state, participant.parked_on = State.RUNNING, None
                self._still_since = None

    def parked_on(self, thing: object) -> list[Participant]:
        """Who is parked on `thing`."""
        return [p for p in list(self.participants.values()) if p.parked_on is thing]

    def nudge(self) -> None:
        """Something changed: let one resting participant decide again."""
        with self._inner:
            if self._conductor is not None:
                return  # who conducts looks again by itself
            resting = next(
                (p for p in self.participants.values() if p.state is State.RESTING), None
            )
        if resting is not None:
            resting.wake()

    def start(self) -> None:
        """The calling thread is the test's; nobody else takes part yet."""
        with self._inner:
            self.stopped = False
            self.participants.clear()
            self.holds.clear()
            self._jobs.clear()
            self._newcomers.clear()
        self.failure, self._still_since, self._quiet_until = None, None, 0.0
        self.home = self.enlist()

    def stop(self) -> None:
        """Let go of everyone who rests."""
        with self._inner:
            self.stopped = True
            resting = [p for p in self.participants.values() if p.state is State.RESTING]
        for participant in resting:
            participant.wake()

    def run_later(self, fn: Callable[[], None]) -> bool:
        """If the calling thread plays the world: run `fn` in it once it has let go of the world. Else refuse."""
        me = self.me()
        if me is None or self._conductor != get_ident():
            return False
        me.errands.append(fn)
        return True
