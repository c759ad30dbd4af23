"""Every legal history of a run, walked along the table of legal moves."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from skyvern_testkit.script import (
    FINAL,
    LEGAL,
    RUN_TYPES,
    START,
    UNSET,
    CodeFound,
    Download,
    Family,
    RunScript,
    State,
    Step,
    Unset,
    after,
    bridge,
    canceled,
    completed,
    created,
    failed,
    needs_totp,
    never,
    paused,
    queued,
    running,
    terminated,
    timed_out,
)
from skyvern_testkit.strategies.outputs import outputs
from skyvern_testkit.wire.jsontext import Json

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

__all__ = ["RUN_TYPE_OF", "every_move", "run_scripts"]

RUN_TYPE_OF: Final[Mapping[str, str]] = {
    **{name: name for name in RUN_TYPES},
    "task": "task_v1",
    "workflow": "workflow_run",
    "login": "workflow_run",
    "download": "workflow_run",
}
"""What people call a kind of run, and its ``run_type`` on the wire."""

LONGEST: Final = 3600.0
MOST_STEPS: Final = 8
"""After so many steps a history comes to its end."""

_WAY_ON: Final = {State.CREATED: 4, State.QUEUED: 4, State.RUNNING: 5, State.PAUSED: 1}
"""How often a run in that state goes on, against one for each way to end: most come to work."""

_SIMPLEST_FIRST: Final = (
    State.COMPLETED,
    State.RUNNING,
    State.QUEUED,
    State.FAILED,
    State.TERMINATED,
    State.TIMED_OUT,
    State.CANCELED,
    State.PAUSED,
)
"""The order in which shrinking prefers what comes next."""

_ACTIVITIES: Final = ("Open the page", "Fill in the form", "Click 'Next'", "Read the table")
_REASONS: Final = (
    "The page did not load",
    "Failed to navigate to url https://example.com. Error message: net::ERR_CONNECTION_RESET",
    "Zugang gesperrt: 3 Fehlversuche \N{EM DASH} bitte später",
)
_FILES: Final = (
    Download("invoice.pdf", b"%PDF-1.7"),
    Download("report.csv", b"number,total\n1,9.50\n"),
    Download("Rechnung Übersicht.pdf", b""),
)


def run_scripts(
    kind: str = "task",
    *,
    output_schema: Json | None = None,
    outputs_from: SearchStrategy[Json] | None = None,
    error_codes: Collection[str] = (),
    totp: str | None = None,
    longest: float = LONGEST,
    hangs: bool = True,
    ends: Collection[State | str] = FINAL,
) -> SearchStrategy[RunScript]:
    """Legal histories of one kind of run, by the table of its moves (facts: runs 3).

    All its ways through the table, with stretches of virtual time, what the agent does, files,
    and every end: also a cancel from outside, in each state in which a run can be canceled. The
    simplest, towards which Hypothesis shrinks, is ``completed()``.

    A retried run takes one script for each attempt: draw several, and ``.play(*scripts)``.

    Args:
        kind: ``"task"``, ``"task_v2"``, ``"workflow"``, ``"login"``, ``"download"``, or a
            ``run_type`` as on the wire.
        output_schema: completed runs have outputs that conform to it; default: what the real
            server would have given for the request.
        outputs_from: or outputs of your own, such as ones that do not conform.
        error_codes: of the caller's ``error_code_mapping``; some failures name one.
        totp: some histories wait for a second-factor code under this identifier; None: none does.
        longest: virtual seconds that a run takes at most, waits for codes not counted.
        hangs: some histories never end. Only a client that gives up comes to an end then.
        ends: the final states in which a history may end.

    Raises:
        ValueError: an unknown kind, a state that is not final, or a schema without instances.
    """
    family = _family(kind)
    final = frozenset(map(State, ends))
    if not final or not final <= FINAL:
        wrong = ", ".join(sorted(final - FINAL)) or "nothing"
        raise ValueError(f"a run can end as {', '.join(sorted(FINAL))}, not as {wrong}")
    if not 0 <= longest < float("inf"):
        raise ValueError(f"a run cannot take up to {longest} seconds")
    if outputs_from is None and output_schema is not None:
        outputs_from = outputs(output_schema)
    ending = _endings(outputs_from, tuple(error_codes))
    return _histories(family, ending, totp, longest, hangs=hangs, final=final)


@st.composite
def _histories(
    draw: DrawFn,
    family: Family,
    ending: _Ending,
    totp: str | None,
    longest: float,
    *,
    hangs: bool,
    final: frozenset[State],
) -> RunScript:
    if draw(st.integers(0, 4)) == 0:  # only how it ends: the run has its default life before
        possible = [state for state in _SIMPLEST_FIRST if state in final]
        return RunScript(ending.drawn(draw, draw(st.sampled_from(possible)), worked=True))
    steps: list[Step] = []
    current, left = START[family], longest
    while True:
        stretch, left = draw(_stretches(current, left, totp))
        steps += stretch
        ways = _ways(family, current, final, must_end=len(steps) >= MOST_STEPS)
        if hangs:
            ways.append(None)
        following = draw(st.sampled_from(ways))
        if following is None:
            steps[-1] = _hanging(steps[-1])
            break
        if following in FINAL:
            steps.append(ending.drawn(draw, following, worked=current is State.RUNNING))
            break
        current = following
    return RunScript(*_told_shortly(family, steps))


def _ways(
    family: Family, current: State, final: frozenset[State], *, must_end: bool
) -> list[State | None]:
    """What may come next, the simplest first, the usual way more often."""
    possible = LEGAL[family][current]
    ends = possible & final
    weights = dict.fromkeys(ends, 1)
    if not (must_end and ends):
        weights |= dict.fromkeys(possible - FINAL, _WAY_ON[current])
    return [state for state in _SIMPLEST_FIRST for _ in range(weights.get(state, 0))]


# --- each by itself ---------------------------------------------------------------------------------


def every_move(
    kind: str = "task",
    *,
    totp: str | None = None,
    longest: float = LONGEST,
    hangs: bool = True,
) -> tuple[RunScript, ...]:
    """Short histories that together make every legal move of that kind of run, the simplest first.

    Not drawn, always the same: a list for ``parametrize``, and where
    :func:`~skyvern_testkit.explore` begins.

    Args:
        kind: as for :func:`run_scripts`.
        totp: one waits for a code under this identifier.
        longest: one works for so many virtual seconds.
        hangs: in each state that is not final, one stays for ever.

    Raises:
        ValueError: an unknown kind.
    """
    family = _family(kind)
    found = [RunScript(completed()), RunScript(running(longest), completed())]
    if totp is not None:
        found.append(RunScript(running(_A_WHILE), needs_totp(totp), running(_A_WHILE), completed()))
    for state in (state for state in State if state in LEGAL[family] and state not in FINAL):
        way = _way(family, START[family], state)
        if hangs:
            found.append(RunScript(*map(_plain, way[:-1]), Step(state, never())))
        for following in _SIMPLEST_FIRST:
            if following in LEGAL[family][state]:
                whole = [*way, *_way(family, following, State.COMPLETED)]
                found.append(RunScript(*map(_plain, whole)))
    return tuple(dict.fromkeys(found))


def _family(kind: str) -> Family:
    if kind not in RUN_TYPE_OF:
        raise ValueError(f"there is no kind of run {kind!r} (kinds: {', '.join(RUN_TYPE_OF)})")
    return RUN_TYPES[RUN_TYPE_OF[kind]]


_A_WHILE: Final = 15.0
"""Long enough for a client that looks every ten seconds to see the state."""


def _plain(state: State) -> Step:
    return Step(state) if state in FINAL else Step(state, after(_A_WHILE))


def _way(family: Family, start: State, goal: State) -> list[State]:
    """The shortest legal way; only the start, where the start is final."""
    ways = [[start]]
    for way in ways:
        if way[-1] is goal or start in FINAL:
            return way
        ways += [[*way, state] for state in _SIMPLEST_FIRST if state in LEGAL[family][way[-1]]]
    raise AssertionError(f"no way from {start} to {goal}")


# --- stretches of time ------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _seconds(most: float) -> SearchStrategy[float]:
    """Mostly short, since each ten seconds cost a client a poll; also broken ones, and long ones."""
    short = int(min(most, 60))
    return st.one_of(
        st.integers(0, min(short, 15)),
        st.integers(0, short),
        st.integers(0, short * 1000).map(lambda milliseconds: milliseconds / 1000),
        st.integers(0, int(most)),
    )


_WAITS: Final[Mapping[State, Callable[[float], Step]]] = {
    State.CREATED: created,
    State.QUEUED: queued,
    State.PAUSED: paused,
}


@st.composite
def _stretches(
    draw: DrawFn, state: State, left: float, totp: str | None
) -> tuple[list[Step], float]:
    """The steps of one stay in a state, and the time that is left after it."""
    steps: list[Step] = []
    for _ in range(draw(st.integers(1, 3)) if state is State.RUNNING else 1):
        if state is State.RUNNING and totp is not None and draw(st.integers(0, 5)) == 5:
            steps.append(needs_totp(totp))
            continue
        seconds = draw(_seconds(left))
        left -= seconds
        if state is State.RUNNING:
            doing = draw(st.sampled_from((None, *_ACTIVITIES)))
            steps.append(running(seconds, step=doing))
        else:
            steps.append(_WAITS[state](seconds))
    return steps, left


def _hanging(step: Step) -> Step:
    """The same step, for ever."""
    if isinstance(step.until, CodeFound):
        return running(until=never())
    return Step(step.state, never(), activity=step.activity)


_INSTANT: Final = (created(), queued(), running())


def _told_shortly(family: Family, steps: list[Step]) -> list[Step]:
    """Without those first steps that take no time and that the run goes through anyway."""
    while (
        len(steps) > 2 and steps[0] in _INSTANT and _path(family, steps[1:]) == _path(family, steps)
    ):
        steps = steps[1:]
    return steps


def _path(family: Family, steps: list[Step]) -> list[State]:
    """The states that a run goes through, one entry a stay."""
    path = [START[family]]
    for step in steps:
        if step.state is not path[-1]:
            path += [*bridge(family, path[-1], step.state), step.state]
    return path


# --- ends -------------------------------------------------------------------------------------------


_Parts = tuple[Json | Unset, str | None, str | None, list[Download]]


@dataclass(frozen=True, slots=True)
class _Ending:
    """How runs end: of all that an end can say, drawn for every end, though few use it all.

    Else shrinking, to which less is simpler, would prefer a cancel to a completed run.
    """

    parts: SearchStrategy[_Parts]

    def drawn(self, draw: DrawFn, state: State, *, worked: bool) -> Step:
        """A step in that state; who never worked has downloaded nothing."""
        output, reason, code, files = draw(self.parts)
        files = files if worked else []
        match state:
            case State.COMPLETED:
                return completed(output, downloads=files)
            case State.FAILED:
                return failed(reason, error_code=code, downloads=files)
            case State.TERMINATED:
                return terminated(reason, error_code=code, downloads=files)
            case State.TIMED_OUT:
                return timed_out(reason)
            case _:
                return canceled()


def _endings(results: SearchStrategy[Json] | None, codes: tuple[str, ...]) -> _Ending:
    return _Ending(
        st.tuples(
            st.just(UNSET) if results is None else results,
            st.one_of(
                st.none(),
                st.sampled_from(_REASONS),
                st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=30),
            ),
            st.one_of(st.none(), st.sampled_from(codes)) if codes else st.none(),
            st.lists(st.sampled_from(_FILES), max_size=2, unique_by=_name),
        )
    )


def _name(file: Download) -> str:
    return file.filename
